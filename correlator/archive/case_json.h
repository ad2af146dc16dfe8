/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * case_json.h - a case before it is classified, as a JSON object and back.
 *
 * All that an answer was derived from, so that it can be derived again elsewhere: without root,
 * by another version, in a test. Members that are 0 are left out.
 */
#ifndef CASE_JSON_H
#define CASE_JSON_H

#include <jansson.h>

#include "model/case.h"
#include "report/template.h"

/* A case that was read, with the accounts that it refers to: not to be copied. */
struct stored_case {
	struct reset_case c;
	struct kernel_event accounts[3];
};

/** case_to_json() - NULL when out of memory */
json_t *case_to_json(const struct reset_case *c);

/**
 * case_from_json() - the inverse
 * @ret: its case is filled as before classify(); its texts are borrowed from @o
 * @why: on failure, the member that is wrong, and how
 *
 * Return: 0; -EPROTO for a member that is unknown, of the wrong type, or out of range.
 */
int case_from_json(const json_t *o, struct stored_case *ret, char *why, size_t why_len);

/**
 * evidence_document() - all that an answer was derived from, and how to name things in it
 *
 * Return: a new reference; NULL when out of memory.
 */
json_t *evidence_document(const struct reset_case *c, const struct report_context *ctx);

#endif
