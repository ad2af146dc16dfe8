/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * programs.h - what to change where, by the program whose socket it was: its own settings and log.
 */
#ifndef PROGRAMS_H
#define PROGRAMS_H

#include "diagnose/causes.h"

struct program_advice {
	struct advice advice;
	const char *program; /* what its users call it */
	const char *names;   /* of its processes: "a,b" */
	/* "a,b": of these resets; NULL: of those that met a request (see impact.h) */
	const char *causes;
	const char *source; /* where the program's documentation says so */
};

/** program_advice_next() - the first row after @before (NULL: of all) on resets by @cause; NULL: none */
const struct program_advice *program_advice_next(const struct program_advice *before,
						 const char *cause);

/** program_advice_of() - the row that fits the owner of @c's socket and its reset; NULL: there is none */
const struct program_advice *program_advice_of(const struct reset_case *c);

#endif
