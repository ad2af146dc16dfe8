/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * evidence.h - a case before it is classified, as a JSON object and back.
 *
 * All that an answer was derived from, so that it can be derived again elsewhere: without root,
 * by another version, in a test. Members that are 0 are left out.
 */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include <jansson.h>

#include "case.h"

/** evidence_json() - NULL when out of memory */
json_t *evidence_json(const struct reset_case *c);

/**
 * evidence_parse() - the inverse
 * @c: filled as before classify(); its texts are borrowed from @o
 * @why: on failure, the member that is wrong, and how
 *
 * Return: 0; -EPROTO for a member that is unknown, of the wrong type, or out of range.
 */
int evidence_parse(const json_t *o, struct reset_case *c, char *why, size_t why_len);

#endif
