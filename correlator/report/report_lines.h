/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report_lines.h - the sentences of a classified case, and what documents of all formats share.
 */
#ifndef REPORT_LINES_H
#define REPORT_LINES_H

#include "diagnose/classify.h"
#include "report/template.h"

/* All facts, the effect, a race, and what was lost. */
#define LINES_MAX (FACT_MAX + 4)

/* Sentences of one kind; report_lines_free() takes them. */
struct report_lines {
	size_t n;
	const char *line[LINES_MAX];
	char *owned[LINES_MAX];
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

const char *kind_name(enum case_kind kind);
const char *origin_name(enum origin o);
const char *type_name(enum reset_type t);
const char *confidence_name(enum confidence conf);

/** format_time() - RFC 3339 with nanoseconds, UTC unless @ctx says otherwise; @buf holds at least 40 bytes */
void format_time(char *buf, size_t len, uint64_t ts_ns, const struct report_context *ctx);

#endif
