// SPDX-License-Identifier: GPL-2.0-only
/*
 * watch.c - from events to reported resets.
 */
#include "cmd/watch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "cmd/closes.h"
#include "cmd/watch_lookup.h"
#include "diagnose/impact.h"
#include "diagnose/incidents.h"
#include "live/join.h"

#define NS_PER_SEC 1000000000ull
#define EVENTS_PER_TICK 64
#define GROUPS_SHOWN 20
/* What the kernel says of a RST may come so long after it. */
#define GRACE_NS 10000000ull
/* After the end, what still waits is reported for so long, and then only counted. */
#define DRAIN_NS (2 * NS_PER_SEC)
/* Less is the jitter of reading two clocks one after the other. */
#define CLOCK_STEP_MIN_NS 1000000

struct watch {
	struct watch_config cfg;
	struct lookup_state lookups;
	struct join *join;
	struct incidents *incidents;
	struct groups *groups; /* NULL = they were not asked for */
	struct report_context report;
	struct clock_step step;	    /* the last one; ts_ns == 0: none yet */
	int64_t old_wall_offset_ns; /* before it */
	uint64_t end_ns;	    /* what happens later is not ours */
	uint64_t n_events;
	uint64_t by_cause[64];
	uint64_t by_impact[N_IMPACTS]; /* also of those that are not chosen */
	uint64_t left_out;
	uint64_t reported;
	uint64_t unread;     /* events that came too late to be joined */
	uint64_t unreported; /* cases that nobody would read */
	bool too_late;
	bool warned;
	bool done;
	int err; /* of standard output */
};

static uint64_t now_ns(const struct watch *w)
{
	return w->cfg.host->now_ns(w->cfg.host->ctx);
}

static bool is_in_direction(const struct watch *w, const struct reset_case *c)
{
	bool out = c->seen.sightings[0].hook == HOOK_TC_EGRESS || is_made_next_door(c);

	return w->cfg.direction == DIRECTION_BOTH || (w->cfg.direction == DIRECTION_OUT) == out;
}

/* --- one case ----------------------------------------------------------------------------------- */

static void on_opened(void *ctx, struct reset_case *c)
{
	struct watch *w = ctx;

	look_up_at_once(&w->lookups, c);
}

static void forget_packets(struct reset_case *c)
{
	free(c->asked.kept);
	c->asked.kept = NULL;
	c->asked.n_kept = 0;
}

/* A case of before the step is reported after it, and happened by the clock of before. */
static void set_wall_offset(struct watch *w, uint64_t ts_ns)
{
	bool before = ts_ns < w->step.ts_ns;

	if (w->step.ts_ns)
		w->report.wall_offset_ns = before ? w->old_wall_offset_ns : w->step.wall_offset_ns;
}

/* What is not chosen may still be the first of those that are. */
static void place_case(struct watch *w, struct reset_case *c)
{
	struct incident_scene at = { w->report.host, w->report.wall_offset_ns };

	incidents__add(w->incidents, c, &at);
}

static void report_case(struct watch *w, struct reset_case *c)
{
	if (!filter__matches_case(w->cfg.filter, c) || !is_in_direction(w, c))
		return;
	if (w->done) {
		w->unreported += w->err != 0;
		return;
	}
	look_up_at_end(&w->lookups, c);
	classify(c);
	/* A challenge ACK is the right answer to a SYN of the same connection. */
	if (c->seen.kind == CASE_STALL && !(c->diagnosis.facts_yes & FACT(CLASH)))
		return;
	set_wall_offset(w, c->seen.rst.ts_ns);
	place_case(w, c);
	w->by_impact[c->diagnosis.impact.kind]++;
	if (!case_is_chosen(&w->cfg.choice, c)) {
		w->left_out++;
		return;
	}
	w->err = sinks__emit(w->cfg.sinks, c, &w->report, now_ns(w));
	if (w->err) {
		w->unreported++;
		w->done = true;
		return;
	}
	if (w->groups)
		groups__add(w->groups, c, &w->report);
	w->by_cause[c->diagnosis.cause - causes]++;
	w->done = ++w->reported == w->cfg.count;
}

static void on_completed(void *ctx, struct reset_case *c)
{
	report_case(ctx, c);
	forget_packets(c);
}

static void on_dropped(void *ctx, struct reset_case *c)
{
	(void)ctx;
	forget_packets(c);
}

/* --- events ------------------------------------------------------------------------------------- */

/* What may have shown something of a reset, and did not, for whichever reason. */
static uint64_t lost_so_far(void *ctx)
{
	const struct watch_host *h = ((struct watch *)ctx)->cfg.host;

	return h->lost(h->ctx) + h->missed(h->ctx);
}

struct watch *watch__new(const struct watch_config *cfg)
{
	struct watch *w = calloc(1, sizeof(*w));
	struct join_ops ops = {
		.opened = on_opened,
		.completed = on_completed,
		.dropped = on_dropped,
		.lost = lost_so_far,
		.netns = cfg->netns,
		.ctx = w,
	};

	if (!w)
		return NULL;
	w->cfg = *cfg;
	w->lookups = (struct lookup_state){ .host = cfg->host, .sinks = cfg->sinks };
	w->report = *cfg->report;
	w->report.wall_offset_ns = cfg->host->wall_offset_ns(cfg->host->ctx);
	w->end_ns = UINT64_MAX;
	w->join = join__new(&ops);
	w->incidents = incidents__new();
	w->groups = cfg->group.given ? groups__new(cfg->group.by) : NULL;
	w->lookups.closes = closes__new();
	if (w->join && w->incidents && w->lookups.closes && !w->groups == !cfg->group.given)
		return w;
	watch__free(w);
	errno = ENOMEM;
	return NULL;
}

static void warn_of_losses(struct watch *w)
{
	if (w->warned || !(w->cfg.host->lost(w->cfg.host->ctx) || join__stats(w->join)->refused))
		return;
	w->warned = true;
	warning("RST rate exceeds capacity; some resets were dropped (see the summary)");
}

static bool is_past_end(const struct watch *w, uint64_t ns, uint64_t grace_ns)
{
	return ns > w->end_ns && ns - w->end_ns > grace_ns;
}

/*
 * In a storm the ring never runs empty, so due work must not wait for that. Uses event time: if
 * reading was delayed, a case must not be closed too soon.
 */
static void tick_within_turn(struct watch *w, uint64_t ts_ns)
{
	warn_of_losses(w);
	join__tick(w->join, ts_ns);
	w->too_late = is_past_end(w, now_ns(w), DRAIN_NS);
}

int watch__event(struct watch *w, const struct event *ev)
{
	uint64_t ts = ev->kind == EVENT_WIRE ? ev->wire.rst.ts_ns : ev->kernel.ts_ns;

	if (w->done || is_past_end(w, ts, GRACE_NS))
		return -ECANCELED;
	if (ev->kind == EVENT_WIRE && ts > w->end_ns)
		return 0;
	if (w->too_late) {
		w->unread += ev->kind == EVENT_WIRE;
		return 0;
	}
	if (ev->kind == EVENT_KERNEL)
		look_up_holder(&w->lookups, &ev->kernel);
	join__event(w->join, ev);
	if (++w->n_events % EVENTS_PER_TICK == 0)
		tick_within_turn(w, ts);
	return w->done ? -ECANCELED : 0;
}

void watch__check_clock(struct watch *w)
{
	int64_t now = w->cfg.host->wall_offset_ns(w->cfg.host->ctx);
	int64_t before = w->step.ts_ns ? w->step.wall_offset_ns : w->report.wall_offset_ns;
	int64_t step = now - before;

	if (llabs(step) < CLOCK_STEP_MIN_NS)
		return;
	notice("the wall clock was set %s by %.3f s, or the machine was suspended",
	       step < 0 ? "back" : "forward", (double)llabs(step) / 1e9);
	w->old_wall_offset_ns = before;
	w->step = (struct clock_step){ .ts_ns = now_ns(w), .step_ns = step, .wall_offset_ns = now };
	set_wall_offset(w, w->step.ts_ns);
	sinks__clock_set(w->cfg.sinks, &w->step, &w->report);
}

static uint64_t wall_ns(const struct watch *w)
{
	return now_ns(w) + (uint64_t)w->cfg.host->wall_offset_ns(w->cfg.host->ctx);
}

static void flush_sinks(struct watch *w)
{
	int err = sinks__flush(w->cfg.sinks, now_ns(w), wall_ns(w));

	if (!err || w->err)
		return;
	w->err = err;
	w->done = true;
}

static int read_events(struct watch *w)
{
	const struct watch_host *h = w->cfg.host;
	int err;

	join__read_begins(w->join);
	h->read_dropped(h->ctx, now_ns(w));
	err = h->read_events(h->ctx);
	warn_of_losses(w);
	return err;
}

int watch__turn(struct watch *w)
{
	uint64_t began = now_ns(w);
	int err;

	watch__check_clock(w);
	err = read_events(w);
	/* All that had been said when the reading began is known now. */
	join__tick(w->join, began);
	flush_sinks(w);
	sinks__retry(w->cfg.sinks, now_ns(w));
	return err;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t watch__next_ns(const struct watch *w)
{
	return earlier(earlier(join__next_ns(w->join), w->end_ns), sinks__next_ns(w->cfg.sinks));
}

bool watch__is_over(const struct watch *w)
{
	return w->done || now_ns(w) >= w->end_ns;
}

void watch__end_after(struct watch *w, uint64_t ns)
{
	w->end_ns = earlier(w->end_ns, now_ns(w) + ns);
}

void watch__stop(struct watch *w)
{
	watch__end_after(w, 0);
}

int watch__finish(struct watch *w)
{
	int err;

	watch__stop(w);
	watch__check_clock(w);
	err = w->done ? 0 : read_events(w);
	join__flush(w->join);
	flush_sinks(w);
	return err;
}

int watch__output_error(const struct watch *w)
{
	return w->err;
}

void watch__reopen(struct watch *w)
{
	sinks__reopen(w->cfg.sinks, now_ns(w), wall_ns(w));
}

void watch__free(struct watch *w)
{
	if (!w)
		return;
	join__free(w->join);
	incidents__free(w->incidents);
	groups__free(w->groups);
	free(w->lookups.recalled.packets);
	closes__free(w->lookups.closes);
	free(w);
}

/* --- the summary -------------------------------------------------------------------------------- */

static void print_unread(const struct watch_counts *n, FILE *out)
{
	static const struct {
		int count;
		const char *name;
	} kinds[] = {
		{ RST_CNT_FRAGMENT, "fragments" },
		{ RST_CNT_TRUNCATED, "truncated packets" },
		{ RST_CNT_MALFORMED, "malformed packets" },
		{ RST_CNT_EXT_LIMIT, "packets with too many headers" },
		{ RST_CNT_NO_SLOT, "packets on CPUs without a recorder" },
	};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (n->packets[kinds[i].count])
			fprintf(out, ", %" PRIu64 " %s not decoded", n->packets[kinds[i].count],
				kinds[i].name);
}

static void print_losses(const struct watch *w, const struct watch_counts *n, FILE *out)
{
	uint64_t lost = n->lost + join__stats(w->join)->refused + w->unread;

	fprintf(out, "%" PRIu64 " segments recorded, %" PRIu64 " events lost", n->recorded, lost);
	if (n->missed)
		fprintf(out, ", %" PRIu64 " probes skipped", n->missed);
	print_unread(n, out);
	if (w->lookups.without_history)
		fprintf(out, ", %" PRIu64 " resets reported without history (too many at once)",
			w->lookups.without_history);
	if (incidents__forgotten(w->incidents))
		fprintf(out, ", %" PRIu64 " earlier resets not compared with later ones (too many)",
			incidents__forgotten(w->incidents));
	if (w->unreported)
		fprintf(out, ", %" PRIu64 " resets not written to standard output", w->unreported);
	if (n->ct_losses)
		fprintf(out, ", conntrack events lost %" PRIu64 " times", n->ct_losses);
	if (n->user_stacks_skipped)
		fprintf(out, ", %" PRIu64 " user stacks skipped (too many at once)",
			n->user_stacks_skipped);
	if (n->gaps)
		fprintf(out, ", programs removed by others %" PRIu64 " times for %.1f s in all",
			n->gaps, (double)n->gap_ns / 1e9);
}

void watch__print_summary(const struct watch *w, FILE *out)
{
	const struct join_stats *st = join__stats(w->join);
	struct watch_counts n = { 0 };
	size_t i;

	w->cfg.host->count(w->cfg.host->ctx, &n);
	fprintf(out, "%" PRIu64 " reset%s", w->reported, w->reported == 1 ? "" : "s");
	for (i = 0; i < n_causes; i++)
		if (w->by_cause[i])
			fprintf(out, ", %" PRIu64 " %s", w->by_cause[i], causes[i].id);
	if (w->left_out) {
		fprintf(out, ", %" PRIu64 " not reported (", w->left_out);
		case_choice_print(&w->cfg.choice, out);
		fputc(')', out);
	}
	if (w->reported || w->left_out)
		fputs("\nimpact: ", out);
	impact_counts_print(w->by_impact, out);
	fputc('\n', out);
	print_losses(w, &n, out);
	if (st->unclaimed && !st->refused && !n.lost && !w->unread)
		fprintf(out, "\n%" PRIu64 " kernel reset%s not seen on any watched interface",
			st->unclaimed, st->unclaimed == 1 ? "" : "s");
	fputc('\n', out);
	if (w->groups)
		groups__print(w->groups, out, GROUPS_SHOWN, false);
}
