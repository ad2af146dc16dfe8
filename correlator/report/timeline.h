/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * timeline.h - what happened around one reset, in the order of time: segments, and what the kernel
 * decided.
 */
#ifndef TIMELINE_H
#define TIMELINE_H

#include "report/template.h"

struct moment {
	int64_t ns; /* from the RST; negative = before */
	char where[80];
	char what[256]; /* escaped */
	bool matters;	/* the RST, what it answers, a decision */
};

struct timeline {
	struct moment *moments;
	size_t n;
};

/** timeline_make() - timeline_free() it; without moments when out of memory */
struct timeline timeline_make(const struct reset_case *c, const struct report_context *report);

void timeline_free(struct timeline *t);

/** format_delay() - as format_duration() does, with a sign; at least DURATION_TEXT_MAX bytes */
void format_delay(char *buf, size_t len, int64_t ns);

#endif
