// SPDX-License-Identifier: GPL-2.0-only
/*
 * sink_store.c - the store (SQLite) as a sink.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "archive/sinks.h"

/* The age of what is stored counts also where nothing happens. */
#define KEEP_CHECK_NS 60000000000u

struct state {
	struct store_config cfg;
	struct store *store; /* NULL = it could not be reopened */
};

static int open_store(struct sink *s)
{
	struct state *st = s->own;

	st->store = store__open(&st->cfg, s->why, sizeof(s->why));
	return st->store ? 0 : -errno;
}

static int start_store(struct sink *s, const struct sink_config *cfg)
{
	struct state *st = calloc(1, sizeof(*st));

	s->own = st;
	if (!st)
		return -ENOMEM;
	if (cfg->own)
		st->cfg = *(const struct store_config *)cfg->own;
	/* SQLite wants a file. */
	if (!cfg->path || !strcmp(cfg->path, "-"))
		return -EINVAL;
	st->cfg.path = cfg->path;
	s->flush_every_ns = st->cfg.keep_ns ? KEEP_CHECK_NS : 0;
	return open_store(s);
}

static int say_why(struct sink *s, int err)
{
	struct state *st = s->own;

	if (err)
		snprintf(s->why, sizeof(s->why), "%s", store__why(st->store));
	return err;
}

static int emit_store(struct sink *s, const struct reset_case *c, const struct report_context *ctx)
{
	return say_why(s, store__add(((struct state *)s->own)->store, c, ctx));
}

static int flush_store(struct sink *s, uint64_t wall_ns)
{
	return say_why(s, store__flush(((struct state *)s->own)->store, wall_ns));
}

static int note_clock(struct sink *s, const struct clock_step *step,
		      const struct report_context *ctx)
{
	return say_why(s, store__clock_set(((struct state *)s->own)->store, step, ctx));
}

static int reopen_store(struct sink *s)
{
	struct state *st = s->own;

	if (st->store && store__is_same_file(st->store))
		return 0;
	store__close(st->store);
	return open_store(s);
}

static void close_store(struct sink *s)
{
	struct state *st = s->own;

	if (st)
		store__close(st->store);
	free(st);
}

const struct sink_ops sink_store = {
	.name = "store",
	.open = start_store,
	.emit = emit_store,
	.flush = flush_store,
	.reopen = reopen_store,
	.close = close_store,
	.clock_set = note_clock,
};
