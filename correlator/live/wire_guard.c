// SPDX-License-Identifier: GPL-2.0-only
/*
 * wire_guard.c - when to attach again what others have removed, and what was not seen meanwhile.
 */
#include "live/wire_guard.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/log.h"

#define NS_PER_SEC 1000000000ull
/* What has held for so long is calm: the next loss is the first again. */
#define CALM_NS (60 * NS_PER_SEC)
#define DELAY_MAX_S 60u
/*
 * Who removes a qdisc may be about to make his own, and fail where ours is there before. Later it
 * is his, and he has removed ours for the last time.
 */
#define SETTLE_NS (NS_PER_SEC / 5)

/* An interface from which something was removed. */
struct guarded {
	struct guarded *next;
	uint32_t ifindex;
	uint64_t lost_ns;  /* the gap's begin; 0 = it is attached */
	uint64_t found_ns; /* it was attached last; 0 = never again yet */
	uint64_t retry_ns;
	unsigned int delay_s; /* before the last attempt; 0 = but SETTLE_NS */
	int err;	      /* of the last attempt */
	bool muted;	      /* it is said that it goes on like this */
};

struct wire_guard {
	struct guard_ops ops;
	struct guarded *list;
	uint64_t whole_ns; /* the end of the last gap; 0 = there was none */
	struct guard_gaps gaps;
};

struct wire_guard *wire_guard__new(const struct guard_ops *ops)
{
	struct wire_guard *g = calloc(1, sizeof(*g));

	if (g)
		g->ops = *ops;
	return g;
}

static uint64_t now_ns(const struct wire_guard *g)
{
	return g->ops.now_ns(g->ops.ctx);
}

static const char *name_of(const struct wire_guard *g, const struct guarded *e)
{
	return g->ops.name(g->ops.ctx, e->ifindex);
}

static struct guarded *find(const struct wire_guard *g, uint32_t ifindex)
{
	struct guarded *e = g->list;

	while (e && e->ifindex != ifindex)
		e = e->next;
	return e;
}

static struct guarded *enter(struct wire_guard *g, uint32_t ifindex)
{
	struct guarded *e = find(g, ifindex);

	if (e)
		return e;
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->ifindex = ifindex;
	e->next = g->list;
	g->list = e;
	return e;
}

static void drop(struct wire_guard *g, struct guarded *e)
{
	struct guarded **at = &g->list;

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	free(e);
}

static unsigned int next_delay(unsigned int delay_s)
{
	if (!delay_s)
		return 1;
	return 2 * delay_s < DELAY_MAX_S ? 2 * delay_s : DELAY_MAX_S;
}

static uint64_t after(uint64_t now, unsigned int delay_s)
{
	return now + (delay_s ? delay_s * NS_PER_SEC : SETTLE_NS);
}

static void end_gap(struct wire_guard *g, struct guarded *e, uint64_t now)
{
	g->gaps.ns += now - e->lost_ns;
	g->whole_ns = now;
	e->lost_ns = 0;
	e->found_ns = now;
	e->err = 0;
}

static void say_attached(const struct wire_guard *g, const struct guarded *e, uint64_t gap_ns)
{
	if (e->muted)
		debug("'%s': attached again after %.3f s", name_of(g, e), (double)gap_ns / 1e9);
	else
		warning("'%s': attached again; nothing was recorded there for %.3f s",
			name_of(g, e), (double)gap_ns / 1e9);
}

static void say_refused(const struct wire_guard *g, struct guarded *e, int err)
{
	if (err != e->err)
		warning("'%s': cannot attach again: %s; trying at least once a minute",
			name_of(g, e), error_name(err));
	e->err = err;
}

static void try_again(struct wire_guard *g, struct guarded *e)
{
	int err = g->ops.attach(g->ops.ctx, e->ifindex);
	uint64_t now = now_ns(g), gap = now - e->lost_ns;

	/* Its end will be reported, and forgotten then. */
	if (err == -ENODEV) {
		e->retry_ns = UINT64_MAX;
		return;
	}
	if (err) {
		say_refused(g, e, err);
		e->delay_s = next_delay(e->delay_s);
		e->retry_ns = after(now, e->delay_s);
		return;
	}
	end_gap(g, e, now);
	say_attached(g, e, gap);
}

static void say_lost(const struct wire_guard *g, struct guarded *e, const char *what)
{
	bool goes_on = e->delay_s == DELAY_MAX_S;

	if (!e->delay_s)
		warning("'%s': somebody has removed our programs from %s", name_of(g, e), what);
	else if (!e->muted)
		warning("'%s': our programs were removed from %s again; nothing is recorded there "
			"for %u s%s",
			name_of(g, e), what, e->delay_s,
			goes_on ? ", and so whenever it happens again, without a further warning" :
				  "");
	e->muted |= goes_on;
}

void wire_guard__look(struct wire_guard *g, uint32_t ifindex, uint64_t since_ns)
{
	const char *what = g->ops.missing(g->ops.ctx, ifindex);
	uint64_t now = now_ns(g);
	struct guarded *e;

	if (!what)
		return;
	e = enter(g, ifindex);
	if (!e || e->lost_ns)
		return;
	e->delay_s = e->found_ns ? next_delay(e->delay_s) : 0;
	e->lost_ns = since_ns && since_ns < now ? since_ns : now;
	e->retry_ns = after(now, e->delay_s);
	g->gaps.n++;
	say_lost(g, e, what);
}

static bool is_calm(const struct guarded *e, uint64_t now)
{
	return !e->lost_ns && now >= e->found_ns + CALM_NS;
}

void wire_guard__turn(struct wire_guard *g)
{
	struct guarded *e, *next;

	for (e = g->list; e; e = next) {
		uint64_t now = now_ns(g);

		next = e->next;
		if (e->lost_ns && now >= e->retry_ns)
			try_again(g, e);
		if (!is_calm(e, now))
			continue;
		if (e->muted)
			notice("'%s': our programs are no more removed", name_of(g, e));
		drop(g, e);
	}
}

uint64_t wire_guard__next_ns(const struct wire_guard *g)
{
	uint64_t next = UINT64_MAX;
	const struct guarded *e;

	for (e = g->list; e; e = e->next) {
		uint64_t at = e->lost_ns ? e->retry_ns : e->found_ns + CALM_NS;

		next = at < next ? at : next;
	}
	return next;
}

void wire_guard__forget(struct wire_guard *g, uint32_t ifindex)
{
	struct guarded *e = find(g, ifindex);

	if (!e)
		return;
	if (e->lost_ns)
		end_gap(g, e, now_ns(g));
	drop(g, e);
}

uint64_t wire_guard__whole_since_ns(const struct wire_guard *g)
{
	const struct guarded *e;

	for (e = g->list; e; e = e->next)
		if (e->lost_ns)
			return now_ns(g);
	return g->whole_ns;
}

struct guard_gaps wire_guard__gaps(const struct wire_guard *g)
{
	struct guard_gaps gaps = g->gaps;
	const struct guarded *e;

	for (e = g->list; e; e = e->next)
		if (e->lost_ns)
			gaps.ns += now_ns(g) - e->lost_ns;
	return gaps;
}

void wire_guard__free(struct wire_guard *g)
{
	struct guarded *e;

	if (!g)
		return;
	while ((e = g->list)) {
		g->list = e->next;
		free(e);
	}
	free(g);
}
