// SPDX-License-Identifier: GPL-2.0-only
/*
 * group_option.c - --group, as all commands that report resets take it.
 */
#include "cmd/group_option.h"

#include <string.h>

/* No other option of a command may have it. */
#define OPT_GROUP 0x1100

static const struct argp_option options[] = {
	{ "group", OPT_GROUP, "incident|cause|service|owner|pod|source", 0,
	  "Sum up the resets by this (report: by incident, if not given)", 0 },
	{ 0 },
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct group_option *o = state->input;
	unsigned int by;

	if (key != OPT_GROUP)
		return ARGP_ERR_UNKNOWN;
	for (by = 0; by < N_GROUP_BYS && strcmp(group_by_id(by), arg) != 0; by++)
		;
	if (by == N_GROUP_BYS)
		argp_error(state,
			   "--group takes incident, cause, service, owner, pod or source, not '%s'",
			   arg);
	o->given = true;
	o->by = by;
	return 0;
}

const struct argp group_option_argp = { .options = options, .parser = parse_option };
