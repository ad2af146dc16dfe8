/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * impact_option.h - --only, as all commands that report resets take it.
 */
#ifndef IMPACT_OPTION_H
#define IMPACT_OPTION_H

#include <argp.h>
#include <string.h>

#include "diagnose/impact.h"

#define IMPACT_OPTION_HELP                                                                       \
	"Only report resets with one of these impacts: harmful, refused, none, probe, ignored, " \
	"unknown"

static inline void impact_option_check(struct argp_state *state, const char *list)
{
	const char *unknown = impact_list_unknown(list);

	if (unknown)
		argp_error(state,
			   "--only: unknown impact '%.*s' (harmful, refused, none, probe, ignored, "
			   "unknown)",
			   (int)strcspn(unknown, ","), unknown);
}

#endif
