// SPDX-License-Identifier: GPL-2.0-only
/*
 * sink.c - several sinks at once, and what happens when one fails.
 *
 * Whatever happens to one, the others and the watch go on: only standard output, for which it was
 * started, ends it.
 */
#include "report/sink.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "host/file_owner.h"

#define NS_PER_SEC 1000000000ull
#define RETRY_MIN_NS NS_PER_SEC
#define RETRY_MAX_NS (60 * NS_PER_SEC)
/* So many resets are flushed at once in a storm, whatever the caller does. */
#define FLUSH_EVERY 512

struct entry {
	struct entry *next;
	struct sink sink;
	struct file_owner owner;
	bool is_stdout;
	bool failed; /* and it was said */
	bool closed; /* could not be reopened */
	uint64_t unflushed;
	uint64_t flush_ns; /* when it is due though nothing was emitted */
	uint64_t lost;
	uint64_t retry_ns;
	uint64_t wait_ns;
};

struct sinks {
	struct entry *first; /* as they were added */
};

struct sinks *sinks__new(void)
{
	return calloc(1, sizeof(struct sinks));
}

static bool is_stdout(const char *path)
{
	return !path || !strcmp(path, "-");
}

static const char *why(const struct sink *s, int err)
{
	return *s->why ? s->why : error_name(err);
}

static void close_sink(struct entry *e)
{
	file_owner_enter(&e->owner);
	if (e->sink.ops->close)
		e->sink.ops->close(&e->sink);
	file_owner_leave(&e->owner);
}

static int open_sink(struct entry *e, const struct sink_config *cfg)
{
	int err;

	file_owner_enter(&e->owner);
	err = e->sink.ops->open(&e->sink, cfg);
	file_owner_leave(&e->owner);
	if (!err)
		return 0;
	error("open %s '%s': %s", e->sink.ops->name, e->is_stdout ? "-" : cfg->path,
	      why(&e->sink, err));
	close_sink(e);
	return err;
}

int sinks__add(struct sinks *l, const struct sink_ops *ops, const struct sink_config *cfg)
{
	struct entry *e = calloc(1, sizeof(*e)), **at = &l->first;
	int err;

	if (!e)
		return -ENOMEM;
	e->sink = (struct sink){ .ops = ops, .path = cfg->path };
	e->flush_ns = ops->flush ? 0 : UINT64_MAX;
	e->is_stdout = is_stdout(cfg->path);
	if (!e->is_stdout)
		e->owner = file_owner_of(cfg->path);
	err = open_sink(e, cfg);
	if (err) {
		free(e);
		return err;
	}
	while (*at)
		at = &(*at)->next;
	*at = e;
	return 0;
}

bool sinks__has(const struct sinks *l, const char *path)
{
	const struct entry *e;

	for (e = l->first; e; e = e->next)
		if (is_stdout(path) ? e->is_stdout : !e->is_stdout && !strcmp(e->sink.path, path))
			return true;
	return false;
}

bool sinks__need_setuid(const struct sinks *l)
{
	const struct entry *e;

	for (e = l->first; e; e = e->next)
		if (e->owner.other)
			return true;
	return false;
}

/* --- the policy -------------------------------------------------------------------------------- */

/* It lacks @lost resets, the last of which was at @ts_ns. */
static void miss(struct entry *e, uint64_t lost, uint64_t ts_ns)
{
	struct sink_gap *gap = &e->sink.gap;

	if (!lost)
		return;
	if (!gap->resets || ts_ns < gap->from_ns)
		gap->from_ns = ts_ns;
	gap->until_ns = ts_ns;
	gap->resets += lost;
	e->lost += lost;
}

static int fail(struct entry *e, int err, uint64_t now_ns)
{
	if (e->is_stdout)
		return err;
	e->sink.gap.err = err;
	if (!e->failed)
		warning("write %s '%s': %s; continuing without it; dropped resets are counted",
			e->sink.ops->name, e->sink.path, why(&e->sink, err));
	e->failed = true;
	e->wait_ns = e->wait_ns ? 2 * e->wait_ns : RETRY_MIN_NS;
	if (e->wait_ns > RETRY_MAX_NS)
		e->wait_ns = RETRY_MAX_NS;
	e->retry_ns = now_ns + e->wait_ns;
	return 0;
}

static void succeed(struct entry *e)
{
	if (e->failed)
		warning("%s '%s': writable again; %" PRIu64 " resets are missing",
			e->sink.ops->name, e->sink.path, e->sink.gap.resets);
	e->failed = false;
	e->wait_ns = 0;
	e->sink.gap = (struct sink_gap){ 0 };
	*e->sink.why = 0;
}

static bool must_wait(const struct entry *e, uint64_t now_ns)
{
	return e->failed && now_ns < e->retry_ns;
}

static int reopen_sink(struct entry *e, uint64_t now_ns)
{
	int err;

	file_owner_enter(&e->owner);
	err = e->sink.ops->reopen ? e->sink.ops->reopen(&e->sink) : 0;
	file_owner_leave(&e->owner);
	e->closed = err != 0;
	return err ? fail(e, err, now_ns) : 0;
}

static int flush_sink(struct entry *e, uint64_t now_ns, uint64_t wall_ns)
{
	bool emitted = e->unflushed;
	int err;

	if (e->closed || !e->sink.ops->flush || (!emitted && now_ns < e->flush_ns))
		return 0;
	e->flush_ns = e->sink.flush_every_ns ? now_ns + e->sink.flush_every_ns : UINT64_MAX;
	file_owner_enter(&e->owner);
	err = e->sink.ops->flush(&e->sink, wall_ns);
	file_owner_leave(&e->owner);
	if (err)
		miss(e, e->unflushed, now_ns);
	else if (emitted)
		succeed(e);
	e->unflushed = 0;
	return err ? fail(e, err, now_ns) : 0;
}

static int emit_to(struct entry *e, const struct reset_case *c, const struct report_context *ctx,
		   uint64_t now_ns)
{
	int err;

	file_owner_enter(&e->owner);
	err = e->sink.ops->emit(&e->sink, c, ctx);
	file_owner_leave(&e->owner);
	e->unflushed++;
	if (err) {
		miss(e, e->unflushed, c->seen.rst.ts_ns);
		e->unflushed = 0;
		return fail(e, err, now_ns);
	}
	if (!e->sink.ops->flush) {
		e->unflushed = 0;
		succeed(e);
	}
	if (e->unflushed < FLUSH_EVERY)
		return 0;
	return flush_sink(e, now_ns, wall_time(c->seen.rst.ts_ns, ctx));
}

int sinks__emit(struct sinks *l, const struct reset_case *c, const struct report_context *ctx,
		uint64_t now_ns)
{
	struct entry *e;
	int err = 0, failed;

	for (e = l->first; e; e = e->next) {
		if (!must_wait(e, now_ns) && e->closed)
			reopen_sink(e, now_ns);
		if (must_wait(e, now_ns)) {
			miss(e, 1, c->seen.rst.ts_ns);
			continue;
		}
		failed = emit_to(e, c, ctx, now_ns);
		err = err ? err : failed;
	}
	return err;
}

int sinks__flush(struct sinks *l, uint64_t now_ns, uint64_t wall_ns)
{
	struct entry *e;
	int err = 0, failed;

	for (e = l->first; e; e = e->next) {
		failed = flush_sink(e, now_ns, wall_ns);
		err = err ? err : failed;
	}
	return err;
}

void sinks__want(struct sinks *l, const struct reset_case *c, struct recall *what)
{
	struct entry *e;

	for (e = l->first; e; e = e->next)
		if (e->sink.ops->want)
			e->sink.ops->want(&e->sink, c, what);
}

void sinks__keep(struct sinks *l, const struct packet_list *list, struct reset_case *c)
{
	struct entry *e;

	for (e = l->first; e; e = e->next)
		if (e->sink.ops->keep)
			e->sink.ops->keep(&e->sink, list, c);
}

void sinks__clock_set(struct sinks *l, const struct clock_step *step,
		      const struct report_context *ctx)
{
	struct entry *e;
	int err;

	for (e = l->first; e; e = e->next) {
		if (!e->sink.ops->clock_set || must_wait(e, step->ts_ns) || e->closed)
			continue;
		flush_sink(e, step->ts_ns, step->ts_ns + (uint64_t)step->wall_offset_ns);
		file_owner_enter(&e->owner);
		err = e->sink.ops->clock_set(&e->sink, step, ctx);
		file_owner_leave(&e->owner);
		if (err)
			fail(e, err, step->ts_ns);
	}
}

void sinks__reopen(struct sinks *l, uint64_t now_ns, uint64_t wall_ns)
{
	struct entry *e;

	for (e = l->first; e; e = e->next) {
		flush_sink(e, now_ns, wall_ns);
		reopen_sink(e, now_ns);
	}
}

uint64_t sinks__next_ns(const struct sinks *l)
{
	uint64_t next = UINT64_MAX;
	const struct entry *e;

	for (e = l->first; e; e = e->next) {
		uint64_t due = e->closed ? e->retry_ns : e->flush_ns;

		if (due < next)
			next = due;
	}
	return next;
}

void sinks__retry(struct sinks *l, uint64_t now_ns)
{
	struct entry *e;

	for (e = l->first; e; e = e->next)
		if (e->closed && !must_wait(e, now_ns))
			reopen_sink(e, now_ns);
}

void sinks__print_losses(const struct sinks *l, FILE *out)
{
	const struct entry *e;

	for (e = l->first; e; e = e->next)
		if (e->lost)
			fprintf(out, "%s '%s': %" PRIu64 " resets could not be written\n",
				e->sink.ops->name, e->is_stdout ? "-" : e->sink.path, e->lost);
}

void sinks__free(struct sinks *l)
{
	struct entry *e;

	while (l && (e = l->first)) {
		l->first = e->next;
		close_sink(e);
		free(e);
	}
	free(l);
}
