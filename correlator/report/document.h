/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * document.h - a report of many resets, in one of several formats.
 *
 * A format is one file and one line in document.c. Cases come one by one and are not kept.
 */
#ifndef DOCUMENT_H
#define DOCUMENT_H

#include "report/summary.h"

struct document;

struct document_ops {
	const char *name;   /* of the format */
	const char *suffix; /* of files of this format, with the dot */
	/* All return 0 or -errno. Cases are borrowed for the call. */
	int (*begin)(struct document *d);
	int (*add)(struct document *d, const struct reset_case *c,
		   const struct report_context *report);
	int (*end)(struct document *d, const struct summary *s);
	void (*free)(struct document *d); /* after a failed begin too */
};

struct document {
	const struct document_ops *ops;
	FILE *out;
	const char *title; /* foreign text */
	bool details;	   /* of every reset, however many there are */
	uint64_t n;	   /* cases that were added */
	FILE *spool; /* what comes after the summary, which is known last; formats may use it */
	void *priv;
};

extern const struct document_ops document_text;
extern const struct document_ops document_markdown;
extern const struct document_ops document_json;
extern const struct document_ops document_html;

/** document_format() - by name; NULL if there is none */
const struct document_ops *document_format(const char *name);

/** document_format_of() - by a file's suffix; NULL if it has none that we know */
const struct document_ops *document_format_of(const char *path);

/** document_unspool() - write what was spooled; 0 or -errno */
int document_unspool(struct document *d);

/** document_error() - 0, or the -errno of the stream */
int document_error(FILE *out);

#endif
