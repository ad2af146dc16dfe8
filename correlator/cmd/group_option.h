/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * group_option.h - --group, as all commands that report resets take it.
 */
#ifndef GROUP_OPTION_H
#define GROUP_OPTION_H

#include <argp.h>

#include "report/groups.h"

struct group_option {
	bool given;
	enum group_by by; /* incident, if it was not given */
};

/** group_option_argp - a child of the command's parser; its input is a struct group_option */
extern const struct argp group_option_argp;

#endif
