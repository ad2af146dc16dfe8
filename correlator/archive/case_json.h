/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * case_json.h - a case before it is classified, as a JSON object and back.
 *
 * All that an answer was derived from, so that it can be derived again elsewhere: without root,
 * by another version, in a test. Members that are 0 are left out.
 *
 * Format 2 has names for the values of enumerations, where format 1 had numbers; what a capture shows of
 * a connection; and text that is not UTF-8, as json__bytes() writes it.
 */
#ifndef CASE_JSON_H
#define CASE_JSON_H

#include <jansson.h>

#include "base/json_writer.h"
#include "model/case.h"
#include "report/template.h"

#define CASE_FORMAT 2

/* A case that was read, with the accounts that it refers to: not to be copied. */
struct stored_case {
	struct reset_case c;
	struct kernel_event accounts[3];
	struct user_stack user_stack;
};

/** case_to_json() - write it; @key as in json_writer.h */
void case_to_json(struct json_writer *w, const char *key, const struct reset_case *c);

/** case_json_restore() - turn what json__bytes() wrote into texts, anywhere in @o */
void case_json_restore(json_t *o);

/**
 * case_from_json() - the inverse
 * @ret: its case is filled as before classify(); its texts are borrowed from @o
 * @why: on failure, the member that is wrong, and how
 *
 * Return: 0; -EPROTO for a member that is unknown, of the wrong type, or out of range.
 */
int case_from_json(const json_t *o, struct stored_case *ret, char *why, size_t why_len);

/** evidence_document() - write all that an answer was derived from, and how to name things in it */
void evidence_document(struct json_writer *w, const struct reset_case *c,
		       const struct report_context *ctx);

#endif
