/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * case_choice.h - --only, --cause and --owner, as all commands that report resets take them.
 */
#ifndef CASE_CHOICE_H
#define CASE_CHOICE_H

#include <argp.h>
#include <stdio.h>

#include "model/case.h"

/* Arguments as they were given, borrowed; NULL = all. */
struct case_choice {
	const char *impacts; /* by commas */
	const char *causes;  /* ids, likewise */
	const char *owner;   /* glob */
};

/** case_choice_argp - a child of the command's parser; its input is a struct case_choice */
extern const struct argp case_choice_argp;

/** case_is_chosen() - does a classified case fit all of them? */
bool case_is_chosen(const struct case_choice *choice, const struct reset_case *c);

/** case_choice_print() - the options that were given: "--only, --owner" */
void case_choice_print(const struct case_choice *choice, FILE *out);

#endif
