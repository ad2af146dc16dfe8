// SPDX-License-Identifier: GPL-2.0-only
/*
 * sink_recording.c - the recording (pcapng) as a sink: with each reset, the packets of its flow.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "archive/sinks.h"
#include "base/log.h"

/* What comes after the RST until the case is complete. */
#define AFTER_PACKETS 64
#define PRE_PACKETS 100

struct state {
	struct recording_sink_config cfg;
	struct recording *recording;
	struct packet_list after; /* the RST, of the reset that is being written */
	uint64_t resets;
};

static int open_recording(struct sink *s, const struct sink_config *cfg)
{
	static const struct recording_sink_config defaults = { .pre_packets = PRE_PACKETS };
	struct state *st = calloc(1, sizeof(*st));

	s->own = st;
	if (!st)
		return -ENOMEM;
	st->cfg = cfg->own ? *(const struct recording_sink_config *)cfg->own : defaults;
	st->cfg.file.path = cfg->path ? cfg->path : "-";
	st->cfg.file.host = cfg->host;
	st->cfg.file.stop_fd = cfg->stop_fd;
	st->recording = recording__open(&st->cfg.file);
	return st->recording ? 0 : -errno;
}

/* As they are on the wire on both sides of NAT here. */
static void add_flows(const struct reset_case *c, struct recall *what)
{
	recall_add(what, &c->seen.rst.tuple);
	if (c->seen.kernel->has_segment)
		recall_add(what, &c->seen.kernel->segment);
	if (c->asked.ct.has_entry) {
		recall_add(what, &c->asked.ct.orig);
		recall_add(what, &c->asked.ct.reply);
	}
}

static void want_past(struct sink *s, const struct reset_case *c, struct recall *what)
{
	const struct recording_sink_config *cfg = &((struct state *)s->own)->cfg;

	add_flows(c, what);
	if (what->max < cfg->pre_packets)
		what->max = cfg->pre_packets;
}

/* Whoever watches frees c->asked.kept. */
static void keep_past(struct sink *s, const struct packet_list *list, struct reset_case *c)
{
	const struct recording_sink_config *cfg = &((struct state *)s->own)->cfg;
	uint64_t from = cfg->pre_ns && cfg->pre_ns < c->seen.rst.ts_ns ?
				c->seen.rst.ts_ns - cfg->pre_ns :
				0;
	unsigned int n = 0;

	if (c->asked.kept)
		return;
	while (n < list->n && n < cfg->pre_packets && list->packets[list->n - 1 - n].ts_ns >= from)
		n++;
	c->asked.kept = malloc((n + 1) * sizeof(*c->asked.kept));
	if (!c->asked.kept)
		return;
	if (n)
		memcpy(c->asked.kept, list->packets + list->n - n, n * sizeof(*c->asked.kept));
	c->asked.n_kept = n;
}

/* Returns how many there are, at the end of st->after. */
static unsigned int recall_after(struct state *st, const struct reset_case *c)
{
	struct recall what = {
		.from_ns = c->seen.rst.ts_ns,
		.until_ns = UINT64_MAX,
		.max = AFTER_PACKETS,
	};

	if (!st->cfg.recall)
		return 0;
	add_flows(c, &what);
	st->cfg.recall(st->cfg.recall_ctx, &what, &st->after);
	return st->after.n < AFTER_PACKETS ? st->after.n : AFTER_PACKETS;
}

/* With the packets since the RST. What was not kept, as in a storm, is at least in the case. */
static int emit_recording(struct sink *s, const struct reset_case *c,
			  const struct report_context *ctx)
{
	const struct packet *before = c->asked.kept ? c->asked.kept : c->asked.history;
	unsigned int n = c->asked.kept ? c->asked.n_kept : c->asked.n_history, n_after;
	struct packet *all = malloc((n + AFTER_PACKETS) * sizeof(*all));
	struct state *st = s->own;
	int err;

	if (!all)
		return -ENOMEM;
	memcpy(all, before, n * sizeof(*all));
	n_after = recall_after(st, c);
	if (n_after)
		memcpy(all + n, st->after.packets + st->after.n - n_after, n_after * sizeof(*all));
	err = recording__add(st->recording, c, ctx, &s->gap, all, n + n_after);
	free(all);
	st->resets += !err;
	return err;
}

static int note_clock(struct sink *s, const struct clock_step *step,
		      const struct report_context *ctx)
{
	return recording__clock_set(((struct state *)s->own)->recording, step, ctx);
}

static int reopen_recording(struct sink *s)
{
	return recording__reopen(((struct state *)s->own)->recording);
}

static void say_where(const struct state *st, bool is_stdout)
{
	if (is_stdout)
		notice("%" PRIu64 " resets recorded", st->resets);
	else
		notice("%" PRIu64 " resets recorded: rstscope explain -r '%s'", st->resets,
		       recording__path(st->recording));
}

static void close_recording(struct sink *s)
{
	struct state *st = s->own;
	int err;

	if (st && st->recording) {
		say_where(st, !strcmp(recording__path(st->recording), "-"));
		err = recording__close(st->recording);
		if (err)
			warning("close the recording: %s; it may be incomplete", error_name(err));
	}
	if (st)
		free(st->after.packets);
	free(st);
}

const struct sink_ops sink_recording = {
	.name = "recording",
	.open = open_recording,
	.emit = emit_recording,
	.reopen = reopen_recording,
	.close = close_recording,
	.want = want_past,
	.keep = keep_past,
	.clock_set = note_clock,
};
