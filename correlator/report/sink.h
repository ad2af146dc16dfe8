/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sink.h - where classified cases go. A sink is one file and one line in sink.c.
 */
#ifndef SINK_H
#define SINK_H

#include "report/report_json.h"

struct sink;

struct sink_ops {
	const char *name;
	/* 0 or -errno; c is borrowed for the call. */
	int (*emit)(struct sink *s, const struct reset_case *c, const struct report_context *ctx);
};

struct sink {
	const struct sink_ops *ops;
	FILE *out;
	bool colour;
	bool lazy; /* nobody waits for each reset: leave it in the buffer */
};

extern const struct sink_ops sink_text;
extern const struct sink_ops sink_brief;
extern const struct sink_ops sink_json;
extern const struct sink_ops sink_evidence;

/** sink_open() - by name ("text", "brief", "json", "evidence"); -EINVAL: no such sink */
int sink_open(struct sink *s, const char *name, FILE *out);

/**
 * evidence_document() - all that an answer was derived from, and how to name things in it
 *
 * Return: a new reference; NULL when out of memory.
 */
json_t *evidence_document(const struct reset_case *c, const struct report_context *ctx);

/** sink_flush() - after each reset, unless lazy; 0 or -errno */
int sink_flush(struct sink *s);

#endif
