/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * time_choice.h - --since, --until and --local-time, as the commands that read files take them.
 */
#ifndef TIME_CHOICE_H
#define TIME_CHOICE_H

#include <argp.h>

#include "report/template.h"

struct time_choice {
	uint64_t since_ns; /* ns since 1970 */
	uint64_t until_ns; /* if has_end */
	bool has_end;
	bool local_time; /* in what people read */
};

/** time_choice_argp - a child of the command's parser; its input is a struct time_choice */
extern const struct argp time_choice_argp;

/** is_in_time() - is the case's RST of that time? */
bool is_in_time(const struct time_choice *t, const struct reset_case *c,
		const struct report_context *report);

#endif
