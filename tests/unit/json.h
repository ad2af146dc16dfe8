/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * json.h - what the writers write, as text and read again.
 */
#ifndef TEST_JSON_H
#define TEST_JSON_H

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "archive/case_json.h"
#include "report/report_json.h"

/* Frees the writer; free() the text. */
static inline char *written(struct json_writer *w)
{
	size_t len;
	const char *text = json_writer__text(w, &len);
	char *copy = text ? strdup(text) : NULL;

	json_writer__free(w);
	return copy;
}

static inline char *report_text(const struct reset_case *c, const struct report_context *ctx)
{
	struct json_writer *w = json_writer__new();

	report_json(w, c, ctx);
	return written(w);
}

static inline char *case_text(const struct reset_case *c)
{
	struct json_writer *w = json_writer__new();

	case_to_json(w, NULL, c);
	return written(w);
}

/* Strictly; frees the text. */
static inline json_t *parsed(char *text)
{
	json_t *o = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;

	free(text);
	return o;
}

#endif
