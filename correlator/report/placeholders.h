/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * placeholders.h - what a {name} in a template stands for. A placeholder is a row of one table.
 */
#ifndef PLACEHOLDERS_H
#define PLACEHOLDERS_H

#include "report/template.h"

struct placeholder {
	const char *name;
	void (*print)(FILE *out, const struct reset_case *c, const struct report_context *ctx);
	const char *in_general; /* if there is no case: for the pages of `rstscope causes` */
};

/* The printer of a placeholder; few need all that it is given. */
#define PRINTER(name)                                                            \
	static void p_##name(__attribute__((unused)) FILE *out,                  \
			     __attribute__((unused)) const struct reset_case *c, \
			     __attribute__((unused)) const struct report_context *ctx)

/* Each ends with a row without a name. */
extern const struct placeholder placeholders_segment[];
extern const struct placeholder placeholders_kernel[];
extern const struct placeholder placeholders_host[];
extern const struct placeholder placeholders_connection[];

#endif
