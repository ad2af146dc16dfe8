// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_watch.c - what watch does with events, on a host that is a table, with a clock of ours.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "cmd/watch.h"
#include "samples.h"

#define SETTLE (100 * MS)
#define SECOND (1000 * MS)
#define MAX_EVENTS 4096
#define MAX_CASES 4096

/* --- sinks that remember, and fail when told to ---------------------------------------------------- */

struct probe {
	struct reset_case *cases;
	int64_t *wall_offsets;
	unsigned int n; /* taken */
	unsigned int tried;
	unsigned int flushed;
	unsigned int reopened;
	unsigned int steps;
	struct clock_step step;
	struct sink_gap gap; /* before the last one */
	int err, reopen_err, flush_err;
};

static struct probe out, side, slow; /* standard output; written at once; flushed */

static void probe_start(struct probe *p)
{
	free(p->cases);
	free(p->wall_offsets);
	*p = (struct probe){ .cases = calloc(MAX_CASES, sizeof(*p->cases)),
			     .wall_offsets = calloc(MAX_CASES, sizeof(*p->wall_offsets)) };
}

static int probe_open(struct sink *s, const struct sink_config *cfg)
{
	s->own = (void *)cfg->own;
	return 0;
}

static int probe_emit(struct sink *s, const struct reset_case *c, const struct report_context *ctx)
{
	struct probe *p = s->own;

	p->tried++;
	if (p->err)
		return p->err;
	p->gap = s->gap;
	p->wall_offsets[p->n] = ctx->wall_offset_ns;
	p->cases[p->n++] = *c;
	return 0;
}

static int probe_flush(struct sink *s, uint64_t wall_ns)
{
	struct probe *p = s->own;

	(void)wall_ns;
	p->flushed++;
	return p->flush_err;
}

static int probe_reopen(struct sink *s)
{
	struct probe *p = s->own;

	p->reopened++;
	return p->reopen_err;
}

static int probe_clock(struct sink *s, const struct clock_step *step,
		       const struct report_context *ctx)
{
	struct probe *p = s->own;

	(void)ctx;
	p->steps++;
	p->step = *step;
	return p->err;
}

static const struct sink_ops probe_ops = {
	.name = "probe",
	.open = probe_open,
	.emit = probe_emit,
	.reopen = probe_reopen,
	.clock_set = probe_clock,
};

static const struct sink_ops slow_ops = {
	.name = "slow",
	.open = probe_open,
	.emit = probe_emit,
	.flush = probe_flush,
	.reopen = probe_reopen,
};

/* --- the host ----------------------------------------------------------------------------------------- */

static struct host {
	uint64_t now, cpu;
	int64_t wall_offset;
	uint64_t recall_costs; /* CPU time */
	uint64_t read_costs;   /* time, each event */
	struct event events[MAX_EVENTS];
	unsigned int first, last; /* that wait */
	unsigned int asked_for_losses;
	uint64_t lost, missed, gaps;
	bool ct_active, ct_has_entry, ct_without_nat;
	unsigned int lookups, recalls, owners, remembered, victims, searches, user_stacks;
	bool dropped;
	uint64_t dropped_ts;
	int local;
	struct watch *watch;
	struct sinks *sinks;
} host;

static uint64_t now_ns(void *ctx)
{
	(void)ctx;
	return host.now;
}

static int64_t wall_offset_ns(void *ctx)
{
	(void)ctx;
	return host.wall_offset;
}

static uint64_t cpu_ns(void *ctx)
{
	(void)ctx;
	return host.cpu;
}

static int read_events(void *ctx)
{
	int err = 0;

	(void)ctx;
	while (!err && host.first < host.last) {
		host.now += host.read_costs;
		err = watch__event(host.watch, &host.events[host.first++]);
	}
	return 0;
}

static uint64_t lost(void *ctx)
{
	(void)ctx;
	host.asked_for_losses++;
	return host.lost;
}

static uint64_t missed(void *ctx)
{
	(void)ctx;
	return host.missed;
}

static uint32_t views(void *ctx)
{
	(void)ctx;
	return 0x1ff;
}

static int recall(void *ctx, const struct recall *what, struct packet_list *list)
{
	(void)ctx, (void)what;
	list->n = 0;
	host.recalls++;
	host.cpu += host.recall_costs;
	return 0;
}

static int fins(void *ctx, uint64_t after_ns, uint64_t until_ns, struct packet_list *list)
{
	(void)ctx, (void)after_ns, (void)until_ns;
	list->n = 0;
	return 0;
}

static void find_suspects(void *ctx, struct reset_case *c)
{
	(void)ctx;
	c->asked.suspects.asked = true;
}

static void find_hook_suspects(void *ctx, uint32_t ifindex, bool ingress, struct reset_case *c)
{
	(void)ingress;
	(void)ifindex;
	find_suspects(ctx, c);
}

static void find_guest(void *ctx, uint32_t ifindex, struct reset_case *c)
{
	(void)ctx;
	(void)ifindex;
	(void)c;
}

static void find_owner(void *ctx, struct reset_case *c)
{
	(void)ctx, (void)c;
	host.owners++;
}

static void remember_owner(void *ctx, const struct kernel_event *k)
{
	(void)ctx, (void)k;
	host.remembered++;
}

static void find_victim(void *ctx, bool may_search, struct reset_case *c)
{
	(void)ctx, (void)c;
	host.victims++;
	host.searches += may_search;
}

static void find_user_stack(void *ctx, struct reset_case *c)
{
	(void)ctx, (void)c;
	host.user_stacks++;
}

static int is_local(void *ctx, const uint8_t *addr, uint8_t family)
{
	(void)ctx, (void)addr, (void)family;
	return host.local;
}

static enum nat_rules nat_rules(void *ctx)
{
	(void)ctx;
	return NAT_RULES_NONE;
}

static bool ct_is_active(void *ctx)
{
	(void)ctx;
	return host.ct_active;
}

static int ct_lookup(void *ctx, const struct tuple *t, struct conntrack *ret)
{
	(void)ctx;
	host.lookups++;
	if (!host.ct_has_entry)
		return 0;
	*ret = (struct conntrack){
		.has_entry = true,
		.dnat = !host.ct_without_nat,
		.orig = *t,
	};
	ret->reply = make_tuple(AF_INET, LOCAL, 80, PEER, 55555);
	return 1;
}

static void read_dropped(void *ctx, uint64_t until_ns)
{
	(void)ctx, (void)until_ns;
}

static bool find_dropped(void *ctx, const struct tuple *t, struct gone_mapping *ret)
{
	(void)ctx, (void)t;
	*ret = (struct gone_mapping){ .known = true, .ts_ns = host.dropped_ts };
	return host.dropped;
}

static void count(void *ctx, struct watch_counts *ret)
{
	(void)ctx;
	ret->lost = host.lost;
	ret->missed = host.missed;
	ret->gaps = host.gaps;
	ret->gap_ns = host.gaps * 1500 * MS;
}

static const struct watch_host host_ops = {
	.now_ns = now_ns,
	.wall_offset_ns = wall_offset_ns,
	.cpu_ns = cpu_ns,
	.read_events = read_events,
	.lost = lost,
	.missed = missed,
	.views = views,
	.recall = recall,
	.fins = fins,
	.remember_owner = remember_owner,
	.find_owner = find_owner,
	.find_victim = find_victim,
	.find_user_stack = find_user_stack,
	.find_raw_sockets = find_suspects,
	.find_programs = find_hook_suspects,
	.find_guest = find_guest,
	.is_local = is_local,
	.nat_rules = nat_rules,
	.ct_is_active = ct_is_active,
	.ct_lookup = ct_lookup,
	.read_dropped = read_dropped,
	.find_dropped = find_dropped,
	.count = count,
};

/* --- scripts ------------------------------------------------------------------------------------------ */

static void add(const struct sink_ops *ops, const char *path, struct probe *p)
{
	struct sink_config cfg = { .path = path, .host = "lab", .own = p };

	probe_start(p);
	if (sinks__add(host.sinks, ops, &cfg))
		abort();
}

static void end(void)
{
	watch__free(host.watch);
	sinks__free(host.sinks);
}

static void start_with(struct watch_config cfg)
{
	end();
	/* Not by a literal, which a compiler may first make on the stack: it has megabytes. */
	memset(&host, 0, sizeof(host));
	host.now = T0;
	host.sinks = sinks__new();
	host.local = 1;
	add(&probe_ops, "-", &out);
	add(&probe_ops, "side", &side);
	add(&slow_ops, "slow", &slow);
	cfg.host = &host_ops;
	cfg.sinks = host.sinks;
	cfg.report = &sample_context;
	host.watch = watch__new(&cfg);
}

static void start(void)
{
	start_with((struct watch_config){ 0 });
}

/* A RST that leaves now: LOCAL:80 to PEER:40000, seq @n. */
static struct event sent(uint32_t n)
{
	return (struct event){
		.kind = EVENT_WIRE,
		.wire = { .id = 1000 + n,
			  .rst = { .ts_ns = host.now,
				   .tuple = make_tuple(AF_INET, LOCAL, 80, PEER, 40000),
				   .seq = n,
				   .flags = FLAG_RST,
				   .ifindex = 2,
				   .hook = HOOK_TC_EGRESS } },
	};
}

static struct event came(uint32_t n)
{
	struct event ev = sent(n);

	ev.wire.rst.hook = HOOK_TC_INGRESS;
	ev.wire.rst.tuple = tuple_reverse(&ev.wire.rst.tuple);
	return ev;
}

/* TCP gave a SYN to the socket of another connection, and answered with a challenge ACK. */
static struct event challenge(bool by_nat)
{
	return (struct event){
		.kind = EVENT_KERNEL,
		.kernel = { .id = 7,
			    .ts_ns = host.now,
			    .call = CALL_CHALLENGE,
			    .has_segment = true,
			    .segment = make_tuple(AF_INET, PEER, 40000, LOCAL, by_nat ? 6050 : 80),
			    .segment_seq = 99,
			    .segment_flags = FLAG_SYN,
			    .sock = { .present = true,
				      .tuple = make_tuple(AF_INET, LOCAL, 80, PEER, 40000) },
			    .syn = { .ts_ns = host.now,
				     .tuple = make_tuple(AF_INET, PEER, 40000, LOCAL,
							 by_nat ? 6050 : 80),
				     .seq = 99,
				     .flags = FLAG_SYN,
				     .hook = HOOK_TC_INGRESS } },
	};
}

static void wait_in_ring(struct event ev)
{
	host.events[host.last++] = ev;
}

static void turn(uint64_t later_ns)
{
	host.now += later_ns;
	watch__turn(host.watch);
}

/* One after the other, each @apart_ns later; read at once. */
static void send_some(unsigned int n, uint64_t apart_ns)
{
	static uint32_t number = 1;

	while (n-- > 0) {
		wait_in_ring(sent(number++ * 1000));
		host.now += apart_ns;
	}
}

static void settle(void)
{
	turn(0);
	turn(2 * SETTLE);
}

static bool summary_has(const char *part)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	bool has;

	watch__print_summary(host.watch, to);
	sinks__print_losses(host.sinks, to);
	fclose(to);
	has = strstr(text, part);
	if (!has)
		test_value("summary \"", text);
	free(text);
	return has;
}

/* --- which resets ------------------------------------------------------------------------------------- */

static void test_one(void)
{
	start();
	wait_in_ring(sent(1));
	turn(0);
	check_int(out.n, 0, "a reset is not reported while the kernel may still say something");
	check_int(watch__next_ns(host.watch), T0 + SETTLE, "and that is when it is due");
	turn(SETTLE);
	check_int(out.n, 1, "then it is");
	check_int(side.n, 1, "to each sink");
	check_int(slow.n, 1, "also to one that gathers");
	check_int(slow.flushed, 2, "which is flushed in the same turn, and was at the start");
	check(summary_has("1 reset, 1 "), "the summary counts it by cause");
	check_int(watch__next_ns(host.watch), UINT64_MAX, "and nothing is due any more");
}

static void test_filter(void)
{
	char why[256];
	struct filter *f = filter__compile("src port 80", why, sizeof(why));

	start_with((struct watch_config){ .filter = f });
	wait_in_ring(came(1));
	wait_in_ring(sent(2));
	settle();
	check_int(out.n, 1, "a filter lets through what it names");
	check_int(out.cases[0].seen.rst.seq, 2, "and nothing else");
	end();
	memset(&host, 0, sizeof(host));
	filter__free(f);
}

static void test_direction(void)
{
	static const struct {
		enum direction direction;
		unsigned int n;
		uint32_t first;
		const char *name;
	} rows[] = {
		{ DIRECTION_IN, 1, 1, "only those that came in" },
		{ DIRECTION_OUT, 1, 2, "only those that went out" },
		{ DIRECTION_BOTH, 2, 1, "both" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		start_with((struct watch_config){ .direction = rows[i].direction });
		wait_in_ring(came(1));
		wait_in_ring(sent(2));
		settle();
		check_int(out.n, rows[i].n, "%s are reported", rows[i].name);
		check_int(out.cases[0].seen.rst.seq, rows[i].first, "%s: the right one",
			  rows[i].name);
	}
}

/* --- ends --------------------------------------------------------------------------------------------- */

static void test_count(void)
{
	start_with((struct watch_config){ .count = 3 });
	send_some(1000, MS);
	turn(0);
	check_int(out.n, 3, "-c 3 in a storm reports three");
	check(watch__is_over(host.watch), "and then it is over");
	check(host.first < 300, "without reading all that waits (%u of 1000)", host.first);
	watch__finish(host.watch);
	check_int(out.n, 3, "and nothing is added at the end");
	check(summary_has("3 resets,"), "nor in the summary");
}

static void test_duration(void)
{
	start();
	turn(0);
	watch__end_after(host.watch, 50 * SECOND);
	check_int(watch__next_ns(host.watch), T0 + 50 * SECOND, "--duration is when it is due");
	host.now += 50 * SECOND - 10 * MS;
	send_some(20, MS);
	check(!watch__is_over(host.watch) || host.now >= T0 + 50 * SECOND, "not before");
	turn(0);
	check(watch__is_over(host.watch), "then it is over");
	watch__finish(host.watch);
	check_int(out.n, 11, "what happened until then is reported, and no more");
	start();
	turn(0);
	watch__end_after(host.watch, 400ull * 86400 * SECOND);
	check_int(watch__next_ns(host.watch), T0 + 400ull * 86400 * SECOND,
		  "a duration of 400 days is that long");
}

/* The ring never becomes empty: by the time an event is read, the next ones wait. */
static void test_duration_in_storm(void)
{
	start();
	watch__end_after(host.watch, 1 * SECOND);
	host.now += SECOND / 2;
	send_some(MAX_EVENTS, MS);
	host.now = T0 + SECOND / 2;
	host.read_costs = MS;
	turn(0);
	check(watch__is_over(host.watch),
	      "--duration ends the reading of a ring that is never empty");
	check(host.first < 600, "soon after its time (%u of %u events)", host.first, MAX_EVENTS);
}

static void test_left_in_ring(void)
{
	start();
	send_some(500, 10000);
	watch__stop(host.watch);
	check_int(out.n, 0, "events wait when a signal comes");
	watch__finish(host.watch);
	check_int(out.n, 500, "all of them are reported before the end");
	check(summary_has("500 resets"), "and counted");
	check(summary_has(" 0 events lost"), "and none was lost");
}

static void test_late(void)
{
	start();
	wait_in_ring(sent(1));
	watch__stop(host.watch);
	host.now += 5 * MS;
	wait_in_ring(sent(2));
	host.now += SECOND;
	wait_in_ring(sent(3));
	wait_in_ring(sent(4));
	watch__finish(host.watch);
	check_int(out.n, 1, "a reset of after the end is not reported");
	check_int(host.first, 3, "and ends the reading, once it is certainly later");
}

static void test_too_many_left(void)
{
	char part[64];

	start();
	host.read_costs = 10 * MS;
	send_some(2000, 1000);
	watch__stop(host.watch);
	watch__finish(host.watch);
	check(out.n > 100 && out.n < 400, "at the end reading takes two seconds at most (%u told)",
	      out.n);
	check_int(host.first, 2000, "what is left is counted");
	snprintf(part, sizeof(part), "%u events lost", 2000 - out.n);
	check(summary_has(part), "so that reported and lost are what was sent");
}

/* --- in a storm --------------------------------------------------------------------------------------- */

static void test_budget(void)
{
	unsigned int i, hurried = 0;

	start();
	host.recall_costs = 10 * MS;
	send_some(100, MS);
	settle();
	check_int(out.n, 100, "a storm is reported");
	for (i = 0; i < out.n; i++)
		hurried += out.cases[i].asked.hurried;
	check_int(host.recalls, 25, "with history as long as that takes a quarter of a second");
	check_int(hurried, 75, "then without, and each case says so");
	check(summary_has("75 resets reported without history"), "and so does the summary");
	host.now += 2 * SECOND;
	send_some(1, MS);
	settle();
	check(!out.cases[100].asked.hurried, "the next second has a quarter of its own");
}

static void test_losses(void)
{
	start();
	turn(0);
	wait_in_ring(sent(1));
	turn(0);
	host.lost = 3;
	turn(SETTLE);
	check_int(out.cases[0].asked.lost_events, 3,
		  "what is lost while a case is open is its own");
	turn(SECOND);
	turn(SECOND);
	wait_in_ring(sent(2));
	turn(0);
	turn(SETTLE);
	check_int(out.cases[1].asked.lost_events, 0, "what was lost before is not");
	wait_in_ring(sent(3));
	turn(0);
	host.missed = 2;
	turn(SETTLE);
	check_int(out.cases[2].asked.lost_events, 2, "a probe that was skipped counts like a loss");
	check(summary_has("3 events lost, 2 probes skipped"), "the summary has both");
	host.gaps = 2;
	check(summary_has("programs removed by others 2 times for 3.0 s in all"),
	      "the time without programs is part of it");
}

static void test_asks_once(void)
{
	start();
	send_some(50, 1000);
	turn(0);
	host.asked_for_losses = 0;
	turn(SETTLE);
	check_int(out.n, 50, "fifty resets become due in one turn");
	check(host.asked_for_losses <= 3, "and the losses are asked for %u times, not fifty",
	      host.asked_for_losses);
}

/* --- what is asked ------------------------------------------------------------------------------------ */

static void test_conntrack(void)
{
	start();
	wait_in_ring(sent(1));
	settle();
	check_int(host.lookups, 0, "conntrack is not asked where it is not loaded");
	check(out.cases[0].asked.ct_asked, "and that is an answer");
	start();
	host.ct_active = true;
	wait_in_ring(sent(1));
	turn(0);
	check_int(host.lookups, 2, "else at once, for both directions");
	host.ct_has_entry = true;
	turn(SETTLE);
	check_int(host.lookups, 2, "and not later: an entry of after the reset proves nothing");
	check(!out.cases[0].asked.ct.has_entry, "such an entry is not in the case");
}

/* Of before nothing is known but packets, and what is so now proves nothing. */
static void test_before_start(void)
{
	struct event ev;

	start();
	host.ct_active = true;
	host.local = 1;
	ev = sent(1);
	ev.wire.before_start = true;
	wait_in_ring(ev);
	settle();
	check_int(out.n, 1, "a reset of before the start is reported");
	check(out.cases[0].seen.before_start && !out.cases[0].asked.views,
	      "... as one that no kernel view has seen");
	check(!host.lookups && !host.owners && !out.cases[0].asked.ct_asked,
	      "... neither conntrack nor the owner is asked for");
	check_int(host.recalls, 1, "... but its history");
	check_int(out.cases[0].asked.src_local, 1, "... and whether its addresses are ours");
	wait_in_ring(sent(2));
	settle();
	check(out.n == 2 && !out.cases[1].seen.before_start && out.cases[1].asked.views,
	      "the next one is like any other");
}

static void test_dropped(void)
{
	start();
	wait_in_ring(sent(1));
	turn(0);
	host.dropped = true;
	host.dropped_ts = T0 + 10 * MS;
	turn(SETTLE);
	check(out.cases[0].asked.gone.known,
	      "a dropped mapping may be reported soon after the reset");
	start();
	wait_in_ring(sent(1));
	turn(0);
	host.dropped = true;
	host.dropped_ts = T0 + 30 * MS;
	turn(SETTLE);
	check(!out.cases[0].asked.gone.known,
	      "one that is reported later has nothing to do with it");
	start();
	host.ct_active = host.ct_has_entry = host.ct_without_nat = host.dropped = true;
	host.dropped_ts = T0;
	wait_in_ring(sent(1));
	settle();
	check(out.cases[0].asked.gone.known && out.cases[0].asked.ct.has_entry,
	      "an entry without NAT, made in the middle, does not hide the mapping that was dropped");
	start();
	host.ct_active = host.ct_has_entry = host.dropped = true;
	host.dropped_ts = T0;
	wait_in_ring(sent(1));
	settle();
	check(!out.cases[0].asked.gone.known,
	      "one that translates makes an earlier one irrelevant");
}

static void test_local(void)
{
	start();
	wait_in_ring(sent(1));
	wait_in_ring(came(2));
	settle();
	check_int(out.cases[0].asked.src_local, 1,
		  "whether its source is ours is asked of one that went");
	check_int(out.cases[0].asked.dst_local, -1, "... and not its destination");
	check_int(out.cases[1].asked.dst_local, 1, "its destination of one that came");
	check_int(out.cases[1].asked.src_local, -1, "... and not its source");
	check_int(host.owners, 4, "an owner that is not known at once is looked for again");
}

static void test_stall(void)
{
	start();
	host.ct_active = host.ct_has_entry = true;
	host.recall_costs = SECOND;
	send_some(1, 0);
	wait_in_ring(challenge(true));
	turn(0);
	check_int(host.lookups, 2, "conntrack is asked for a stall even where there is no time");
	turn(SETTLE);
	check_int(out.n, 2, "a SYN that another connection's socket took is reported");
	check_int(out.cases[1].seen.kind, CASE_STALL, "... as a stall");
	start();
	wait_in_ring(challenge(false));
	settle();
	check_int(out.n, 0, "a challenge ACK within one connection is as it must be");
}

/* --- sinks that fail ---------------------------------------------------------------------------------- */

static void emit_one(void)
{
	send_some(1, 0);
	settle();
}

static void test_side_fails(void)
{
	start();
	side.err = -ENOSPC;
	emit_one();
	check_int(out.n, 1, "a side output that fails keeps nothing from the others");
	check(!watch__is_over(host.watch), "nor does it end the watch");
	check_int(side.tried, 1, "it was tried");
	emit_one();
	check_int(side.tried, 1, "and is left alone for a while");
	host.now += SECOND;
	emit_one();
	check_int(side.tried, 2, "then it is tried again");
	host.now += SECOND;
	emit_one();
	check_int(side.tried, 2, "after a longer while each time");
	host.now += SECOND;
	side.err = 0;
	emit_one();
	check_int(side.n, 1, "once it works it goes on");
	check_int(side.gap.resets, 4, "and knows what it has missed");
	check_int(side.gap.err, -ENOSPC, "and why");
	check(side.gap.from_ns == out.cases[0].seen.rst.ts_ns &&
		      side.gap.until_ns == out.cases[3].seen.rst.ts_ns,
	      "and from when until when");
	emit_one();
	check_int(side.gap.resets, 0, "but says so once");
	check_int(out.n, 6, "standard output has all six");
	check(summary_has("probe 'side': 4 resets could not be written"),
	      "the summary counts them");
}

static void test_backoff(void)
{
	unsigned int i;

	start();
	side.err = -EIO;
	for (i = 0; i < 3600; i++) {
		host.now += SECOND - 2 * SETTLE;
		emit_one();
	}
	check(side.tried > 60 && side.tried < 75,
	      "a sink that fails for an hour is tried about once a minute (%u times)", side.tried);
	check(summary_has("3600 resets could not be written"), "and all that it lacks is counted");
}

static void test_flush_fails(void)
{
	start();
	slow.flush_err = -ENOSPC;
	send_some(7, 0);
	settle();
	check_int(out.n, 7, "what cannot be flushed keeps nothing from the others");
	check(summary_has("slow 'slow': 7 resets could not be written"), "all of it is counted");
	check(!watch__is_over(host.watch), "the watch goes on");
}

static void test_stdout_fails(void)
{
	start();
	out.err = -EPIPE;
	emit_one();
	check(watch__is_over(host.watch), "standard output that fails ends the watch");
	check_int(watch__output_error(host.watch), -EPIPE, "and says why");
	check_int(side.n, 1, "the others have that reset");
	check(summary_has("0 resets"), "it does not count as reported");
	check(summary_has("1 resets not written to standard output"), "but as not taken");
}

/* A second signal, while a pipe that nobody reads blocks the last writes. */
static void test_stdout_interrupted(void)
{
	start();
	send_some(5, 0);
	watch__stop(host.watch);
	out.err = -EINTR;
	watch__finish(host.watch);
	check_int(out.tried, 1, "a stop while standard output blocks is not tried again");
	check(summary_has("5 resets not written to standard output"), "what is left is counted");
}

static void test_reopen(void)
{
	start();
	watch__reopen(host.watch);
	check(out.reopened == 1 && side.reopened == 1 && slow.reopened == 1,
	      "all sinks look for their files again");
	side.reopen_err = -EACCES;
	watch__reopen(host.watch);
	emit_one();
	check_int(side.n, 0, "one that cannot have its file does without");
	check(watch__next_ns(host.watch) != UINT64_MAX, "there is a time for it to try again");
	side.reopen_err = 0;
	turn(2 * SECOND);
	check_int(side.reopened, 3, "then it is");
	emit_one();
	check_int(side.n, 1, "and goes on");
	check_int(side.gap.resets, 1, "with what it has missed");
}

/* --- the wall clock ----------------------------------------------------------------------------------- */

static void test_clock(void)
{
	start();
	host.wall_offset = 500000;
	wait_in_ring(sent(1));
	settle();
	check_int(side.steps, 0, "half a millisecond is no step");
	check_int(out.wall_offsets[0], 0, "and changes no time");
	wait_in_ring(sent(2));
	turn(0);
	host.now += 10 * MS;
	host.wall_offset = (int64_t)(3600 * SECOND);
	watch__check_clock(host.watch);
	check_int(side.steps, 1, "a step is said to the sinks");
	check_int(side.step.step_ns, 3600 * SECOND, "... how far");
	check_int(side.step.wall_offset_ns, 3600 * SECOND, "... and to where");
	wait_in_ring(sent(3));
	settle();
	check_int(out.wall_offsets[1], 0, "a reset of before it has the time of before");
	check_int(out.wall_offsets[2], 3600 * SECOND, "one of after it the new one");
	host.wall_offset = -(int64_t)(10 * SECOND);
	wait_in_ring(sent(4));
	settle();
	check_int(side.steps, 2, "without a word from the kernel, the next turn notices");
	check_int(side.step.step_ns, -(int64_t)(3610 * SECOND), "also a step back");
	settle();
	check_int(side.steps, 2, "and once");
}

int main(void)
{
	/* The warnings of what fails here on purpose. */
	log_threshold = LOG_ERROR;
	test_one();
	test_filter();
	test_direction();
	test_count();
	test_duration();
	test_duration_in_storm();
	test_left_in_ring();
	test_late();
	test_too_many_left();
	test_budget();
	test_losses();
	test_asks_once();
	test_conntrack();
	test_before_start();
	test_dropped();
	test_local();
	test_stall();
	test_side_fails();
	test_backoff();
	test_flush_fails();
	test_stdout_fails();
	test_stdout_interrupted();
	test_reopen();
	test_clock();
	end();
	free(out.cases), free(side.cases), free(slow.cases);
	free(out.wall_offsets), free(side.wall_offsets), free(slow.wall_offsets);
	return test_done();
}
