/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reader.h - cases from files: what `watch` has kept, or captures of others.
 *
 * A kind of file is one function here and one line in reader.c.
 */
#ifndef READER_H
#define READER_H

#include <jansson.h>

#include "capture/input.h"
#include "report/report_json.h"

struct reader_config {
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
	bool shared;   /* on_case writes to the terminal that has the bar */
};

/* One run over the files; the readers' side of it. */
struct observations;
struct observation_point;
struct joined_case;
struct kept_document;
struct progress;
struct incidents;

struct reader {
	const struct reader_config *cfg;
	struct observations *vantages;	 /* of several captures; NULL = there is only one file */
	struct observation_point *point; /* of the file that is read, where there are several */
	struct kept_document *documents; /* those of all files, until they are joined */
	size_t documents_bytes;
	bool warned_of_room;
	struct incidents *incidents;
	struct progress *progress; /* while a capture is read; NULL = there is no bar */
	unsigned long cases;	   /* handed out; shown by another thread meanwhile */
	char *why;		   /* for the message when a reader fails */
	size_t why_len;
};

/**
 * reader_read() - hand out the cases of all files; several files are taken for views of the same
 * traffic: a reset that is in more than one is one case, and cases come in the order of time
 * @why: on failure, what is wrong, with the name of the file
 *
 * Cases that were handed out before a failure are good.
 *
 * Return: 0; -EBADMSG for a file that is not what it seems or of no kind that we know; the error
 * of on_case or of the system.
 */
int reader_read(const struct reader_config *cfg, char *why, size_t why_len);

/* --- for the readers ----------------------------------------------------------------------- */

/** reader_fail() - note why, and return @err */
int reader_fail(struct reader *s, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

void reader_warn(struct reader *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void reader_tell(struct reader *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** reader_emit() - hand out one case */
int reader_emit(struct reader *s, struct reset_case *c, const struct report_context *report);

/**
 * reader_document() - one document of the evidence sink: parse, classify, hand out
 *
 * Return: 0; -EPROTO with @bad set if it is none; the error of on_case.
 */
int reader_document(struct reader *s, json_t *document, char *bad, size_t bad_len);

/** reader_joined_document() - classify and hand out one that was kept, with what other files show */
int reader_joined_document(struct reader *s, const struct kept_document *kept,
			   const struct joined_case *joined);

void reader_forget_documents(struct reader *s);

/** reader_evidence() - a file of `watch --evidence` */
int reader_evidence(struct reader *s, struct input *in);

/** reader_capture() - a pcap or pcapng file */
int reader_capture(struct reader *s, struct input *in);

#endif
