/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * source.h - cases from files: what `watch` has kept, or captures of others.
 *
 * A kind of file is one function here and one line in source.c.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include "input.h"
#include "report.h"

struct source_config {
	const char *const *files; /* "-" = standard input */
	unsigned int n_files;
	/*
	 * A case, classified; borrowed for the call, as are its texts. Return 0, or -errno to end
	 * the reading.
	 */
	int (*on_case)(void *ctx, struct reset_case *c, const struct report_context *report);
	/* What is worth knowing and ends nothing: a file that was cut, or the clocks of several. */
	void (*on_warning)(void *ctx, const char *text);
	void (*on_notice)(void *ctx, const char *text);
	void *ctx;
	bool progress; /* draw a bar on standard error */
};

/* One run over the files; the readers' side of it. */
struct vantages;

struct source {
	const struct source_config *cfg;
	struct vantages *vantages; /* of several captures; NULL = there is only one file */
	unsigned long cases;	   /* handed out; shown by another thread meanwhile */
	char *why;		   /* for the message when a reader fails */
	size_t why_len;
};

/**
 * source_read() - hand out the cases of all files, in the order of the files; several captures are
 * taken for views of the same traffic, and their cases come last, in the order of time
 * @why: on failure, what is wrong, with the name of the file
 *
 * Cases that were handed out before a failure are good.
 *
 * Return: 0; -EBADMSG for a file that is not what it seems or of no kind that we know; the error
 * of on_case or of the system.
 */
int source_read(const struct source_config *cfg, char *why, size_t why_len);

/* --- for the readers ----------------------------------------------------------------------- */

/** source_fail() - note why, and return @err */
int source_fail(struct source *s, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

void source_warn(struct source *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void source_tell(struct source *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** source_emit() - hand out one case */
int source_emit(struct source *s, struct reset_case *c, const struct report_context *report);

/**
 * source_document() - one document of the evidence sink: parse, classify, hand out
 *
 * Return: 0; -EPROTO with @bad set if it is none; the error of on_case.
 */
int source_document(struct source *s, json_t *document, char *bad, size_t bad_len);

/** source_evidence() - a file of `watch --evidence` */
int source_evidence(struct source *s, struct input *in);

/** source_capture() - a pcap or pcapng file */
int source_capture(struct source *s, struct input *in);

#endif
