/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sink.h - where classified cases go, any number of places at once.
 *
 * A sink is one file with one struct sink_ops. What happens when it fails is decided here, for all
 * of them alike.
 */
#ifndef SINK_H
#define SINK_H

#include "report/report_json.h"

struct sink;
struct fold;
struct recall; /* live/recorder.h */
struct packet_list;

/* What a sink that failed has missed since; times are CLOCK_MONOTONIC. */
struct sink_gap {
	uint64_t resets; /* 0 = nothing is missing */
	uint64_t from_ns;
	uint64_t until_ns;
	int err;
};

/* The wall clock was set, or the machine has slept. */
struct clock_step {
	uint64_t ts_ns;		/* when that was noticed, CLOCK_MONOTONIC */
	int64_t step_ns;	/* how far it went; negative: back */
	int64_t wall_offset_ns; /* as from now on, see struct report_context */
};

struct sink_config {
	const char *path; /* NULL or "-" = standard output; must live as long as the sink */
	const char *host; /* this machine's name; likewise */
	const void
		*own; /* what only this kind of sink understands; NULL = its defaults; likewise */
	int stop_fd;  /* readable: do not wait for whoever reads standard output; 0 = wait */
};

/* All return 0 or -errno. Only name and emit must be there. */
struct sink_ops {
	const char *name; /* "json", and "json 'FILE'" in messages */
	int (*open)(struct sink *s, const struct sink_config *cfg);
	/* c is borrowed for the call. */
	int (*emit)(struct sink *s, const struct reset_case *c, const struct report_context *ctx);
	/*
	 * All since the last flush is safe, or, on failure, lost. NULL: so it is after each emit.
	 * @wall_ns: the wall clock
	 */
	int (*flush)(struct sink *s, uint64_t wall_ns);
	/* A new file under the same name, unless it is the same file still. */
	int (*reopen)(struct sink *s);
	void (*close)(struct sink *s); /* also after a failed open */
	/*
	 * A case was opened, and the flow's past will not wait until it is complete: what the sink
	 * wants of it beyond the case's history, and its part of what was found.
	 */
	void (*want)(struct sink *s, const struct reset_case *c, struct recall *what);
	void (*keep)(struct sink *s, const struct packet_list *list, struct reset_case *c);
	int (*clock_set)(struct sink *s, const struct clock_step *step,
			 const struct report_context *ctx);
};

struct sink {
	const struct sink_ops *ops;
	FILE *out;
	const char *path;
	void *own;	     /* the sink's state */
	struct sink_gap gap; /* before the case that is being emitted */
	char why[256];	     /* of the last failure, in its own words; "" = the error's */
	bool is_file;	     /* out was opened by sink_file_open(), over fd */
	bool can_cut;	     /* it has a size */
	int fd;
	int stop_fd;		 /* of its struct sink_config */
	int64_t size;		 /* of its whole lines */
	uint64_t flush_every_ns; /* also where nothing was emitted; 0 = then never */
	bool colour;
	struct fold *fold; /* of text; NULL = each reset is printed whole */
	bool lazy;	   /* nobody waits for each reset: leave it in the buffer */
};

extern const struct sink_ops sink_text;
extern const struct sink_ops sink_brief;
extern const struct sink_ops sink_json;

/** sink_open() - "text", "brief" or "json", on a stream; -EINVAL: no such sink */
int sink_open(struct sink *s, const char *name, FILE *out);

/** sink_text_fold() - from now on, print of an incident the first reset, and lines; 0 or -errno */
int sink_text_fold(struct sink *s);

/** sink_text_unfold() - print what was not counted in a line yet, and no more of it; 0 or -errno */
int sink_text_unfold(struct sink *s);

/** sink_text_whole - configuration of a text sink that is not to fold */
extern const char sink_text_whole[];

/** sink_flush() - after each reset, unless lazy; 0 or -errno: then half a line is taken back */
int sink_flush(struct sink *s);

typedef void (*sink_document_fn)(struct json_writer *w, const struct reset_case *c,
				 const struct report_context *ctx);

/** sink_emit_document() - a JSON document as one line; 0 or -errno */
int sink_emit_document(struct sink *s, const struct reset_case *c, const struct report_context *ctx,
		       sink_document_fn write);

/* open, reopen and close of sinks that write lines to s->out */
int sink_file_open(struct sink *s, const struct sink_config *cfg);
int sink_file_reopen(struct sink *s);
void sink_file_close(struct sink *s);

/* --- several, and what happens when one fails ------------------------------------------------ */

struct sinks;

/** sinks__new() - NULL with errno */
struct sinks *sinks__new(void);

/** sinks__add() - open one more; 0 or -errno, which has been logged */
int sinks__add(struct sinks *l, const struct sink_ops *ops, const struct sink_config *cfg);

/** sinks__has() - does one write to @path? NULL or "-": to standard output */
bool sinks__has(const struct sinks *l, const char *path);

/** sinks__need_setuid() - does one write to a directory of another user? See host/file_owner.h */
bool sinks__need_setuid(const struct sinks *l);

/** sinks__want(), sinks__keep() - as in struct sink_ops, of all */
void sinks__want(struct sinks *l, const struct reset_case *c, struct recall *what);
void sinks__keep(struct sinks *l, const struct packet_list *list, struct reset_case *c);

/**
 * sinks__emit() - to all of them
 *
 * One that fails is said once, what it misses is counted, and it is tried again, less and less
 * often. Only standard output is worth the end of the watch.
 *
 * Return: 0, or the -errno of standard output.
 */
int sinks__emit(struct sinks *l, const struct reset_case *c, const struct report_context *ctx,
		uint64_t now_ns);

/** sinks__flush() - likewise; @wall_ns is the wall clock */
int sinks__flush(struct sinks *l, uint64_t now_ns, uint64_t wall_ns);

void sinks__clock_set(struct sinks *l, const struct clock_step *step,
		      const struct report_context *ctx);

/** sinks__reopen() - the files may have been moved away */
void sinks__reopen(struct sinks *l, uint64_t now_ns, uint64_t wall_ns);

/** sinks__next_ns() - when to call sinks__flush() and sinks__retry() at the latest */
uint64_t sinks__next_ns(const struct sinks *l);

/** sinks__retry() - those that could not be reopened, once that is due */
void sinks__retry(struct sinks *l, uint64_t now_ns);

/** sinks__print_losses() - a line for each that lacks resets */
void sinks__print_losses(const struct sinks *l, FILE *out);

/** sinks__free() - close all; takes NULL */
void sinks__free(struct sinks *l);

#endif
