/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * names.h - what the values of enumerations are called in files. A name never changes once released.
 */
#ifndef NAMES_H
#define NAMES_H

/* The name of a value; NULL: there is no such value. Values count from 0 on. */
typedef const char *(*value_name)(unsigned int v);

const char *hook_id(unsigned int v);
const char *heading_id(unsigned int v);
const char *case_kind_id(unsigned int v);
const char *answer_match_id(unsigned int v);
const char *ct_state_id(unsigned int v);
const char *kernel_call_id(unsigned int v);
const char *lookup_id(unsigned int v);
const char *window_kind_id(unsigned int v);
const char *maker_id(unsigned int v);
const char *tristate_id(unsigned int v);
const char *nat_rules_id(unsigned int v);

/** name_parse() - the value of this name; -1: there is none */
int name_parse(value_name names, const char *text);

#endif
