/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report_json.h - a classified case as a document; every field is named here and nowhere else.
 */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include <jansson.h>

#include "diagnose/classify.h"
#include "report/template.h"

/* Sentences of one kind; report_lines_free() takes them. */
struct report_lines {
	char **line;
	size_t n;
};

/**
 * report_evidence() - why the cause is the cause: the facts that it needs, as sentences
 * @all: also what was looked for and is absent
 */
struct report_lines report_evidence(const struct reset_case *c, const struct report_context *ctx,
				    bool all);

/** report_missing() - what would have decided between the candidates */
struct report_lines report_missing(const struct reset_case *c, const struct report_context *ctx);

void report_lines_free(struct report_lines *lines);

/**
 * report_json() - the document of docs/report.schema.json
 *
 * Return: a new reference, or NULL when out of memory.
 */
json_t *report_json(const struct reset_case *c, const struct report_context *ctx);

const char *kind_name(enum case_kind kind);
const char *origin_name(enum origin o);
const char *type_name(enum reset_type t);
const char *confidence_name(enum confidence conf);

/** format_time() - RFC 3339 with nanoseconds, UTC; @buf holds at least 40 bytes */
void format_time(char *buf, size_t len, uint64_t ts_ns, const struct report_context *ctx);

#endif
