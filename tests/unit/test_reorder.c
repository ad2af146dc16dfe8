// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_reorder.c - a capture tells the same whether its file has the packets in the order of time or, as
 * far as captures do, out of it.
 */
#include "capture/reorder.h"
#include "wire.h"

static unsigned long long seed;

static uint32_t below(uint32_t n)
{
	return (uint32_t)(test_random(&seed) % n);
}

/* --- the heap itself -------------------------------------------------------------------------------- */

#define MANY 200000

static uint64_t times[MANY];

/* Returns how many came out in another order than that of @times. */
static unsigned int pass(unsigned int n, bool several)
{
	struct reorder *r = reorder__new();
	const struct tracked_segment *out;
	unsigned int i, got = 0, disorder = 0;
	uint64_t last = 0;

	for (i = 0; i < n; i++) {
		struct tracked_segment seg = { .ts_ns = times[i], .s = { .seq = i } };

		reorder__put(r, &seg, several);
		if ((i + 1) % REORDER_BATCH && i < n - 1)
			continue;
		while ((out = reorder__take(r, i == n - 1))) {
			disorder += out->ts_ns < last || out->ts_ns != times[out->s.seq];
			last = out->ts_ns;
			got++;
		}
		/* What is still in there comes from then on. */
		last = i < n - 1 && reorder__time(r) > last ? reorder__time(r) : last;
	}
	check_int(got, n, "as many come out as went in");
	reorder__free(r);
	return disorder;
}

static void test_heap(void)
{
	unsigned int i;

	for (i = 0; i < MANY; i++)
		times[i] = T0 + i * 1000ull;
	check_int(pass(MANY, false), 0, "what is in order stays so");
	for (i = 0; i < MANY; i++)
		times[i] = T0 + i * 1000ull + below(900000);
	check_int(pass(MANY, false), 0, "less than a millisecond is put right");
	for (i = 0; i < MANY; i++)
		times[i] = T0 + i * 50000ull + below(250000000);
	check_int(pass(MANY, true), 0, "a quarter of a second is, of several interfaces");
	check(pass(MANY, false) > 0, "but not of one");
	/* 300 ms are more packets than are kept: then it does what it can, and loses none. */
	for (i = 0; i < MANY; i++)
		times[i] = T0 + i * 100ull + (i & 1) * 200000000ull;
	pass(MANY, true);
}

/* The clock was set back: what the file has first comes first. */
static void test_step_back(void)
{
	static const uint64_t steps[] = { 10000, 10001, 5000, 5002, 5001, 9000 };
	struct reorder *r = reorder__new();
	const struct tracked_segment *out;
	char order[32] = "";
	unsigned int i;

	check_int(reorder__time(r), 0, "at first there is no time");
	check(!reorder__take(r, true), "nor a segment");
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		struct tracked_segment seg = { .ts_ns = steps[i] * MS, .s = { .seq = i } };

		reorder__put(r, &seg, true);
	}
	while ((out = reorder__take(r, true)))
		snprintf(order + strlen(order), 4, "%u ", out->s.seq);
	check_str(order, "0 1 2 4 3 5 ", "a clock that was set back begins anew");
	reorder__free(r);
	reorder__free(NULL);
}

static void test_same_time(void)
{
	struct reorder *r = reorder__new();
	const struct tracked_segment *out;
	unsigned int i, wrong = 0;

	for (i = 0; i < 60; i++) {
		struct tracked_segment seg = { .ts_ns = T0, .s = { .seq = i } };

		reorder__put(r, &seg, true);
	}
	for (i = 0; (out = reorder__take(r, true)); i++)
		wrong += out->s.seq != i;
	check_int(wrong, 0, "segments of the same time stay in the order of the file");
	reorder__free(r);
}

/* --- what a capture tells ----------------------------------------------------------------------------- */

#define PACKETS_MAX 64

struct captured {
	struct wire_segment segment;
	unsigned int interface;
};

/* A block of pcapng around what @w has from @from on is not known yet: its length. */
static void close_block(struct wire *w, size_t from)
{
	uint32_t len;

	while (w->n % 4)
		wire_put8(w, 0);
	len = (uint32_t)(w->n + 4 - from);
	memcpy(w->bytes + from + 4, &len, 4);
	wire_host32(w, len);
}

static void open_file(struct wire *w, unsigned int interfaces)
{
	static const uint32_t section[] = { 0x0a0d0d0a, 28,	    0x1a2b3c4d, 1,
					    UINT32_MAX, UINT32_MAX, 28 };
	static const uint32_t interface[] = { 1, 20, 101, 0, 20 };

	w->n = 0;
	wire_put(w, section, sizeof(section));
	while (interfaces--)
		wire_put(w, interface, sizeof(interface));
}

static void put_captured(struct wire *w, const struct captured *c, uint8_t af)
{
	uint64_t us = 1795600000000000ull + c->segment.us;
	size_t from = w->n;
	static struct wire packet;

	packet.n = 0;
	wire_ip(&packet, &c->segment, af);
	wire_host32(w, 6);
	wire_host32(w, 0);
	wire_host32(w, c->interface);
	wire_host32(w, (uint32_t)(us >> 32));
	wire_host32(w, (uint32_t)us);
	wire_host32(w, (uint32_t)packet.n);
	wire_host32(w, (uint32_t)packet.n);
	wire_put(w, packet.bytes, packet.n);
	close_block(w, from);
}

/* A connection through a router that captures on both sides. */
static unsigned int route(struct captured *c, unsigned int delay_us)
{
	static const struct wire_segment steps[] = {
		{ .us = 0, .flags = "S", .seq = 100 },
		{ .us = 300, .from_server = true, .flags = "SA", .seq = 500, .ack = 101 },
		{ .us = 600, .flags = "A", .seq = 101, .ack = 501 },
		{ .us = 900, .flags = "PA", .seq = 101, .ack = 501, .len = 10 },
		{ .us = 1200, .from_server = true, .flags = "A", .seq = 501, .ack = 111 },
		{ .us = 1500,
		  .from_server = true,
		  .flags = "PA",
		  .seq = 501,
		  .ack = 111,
		  .len = 9 },
		{ .us = 1800, .flags = "RA", .seq = 111, .ack = 501 },
		{ .us = 3000000, .flags = "S", .seq = 900, .port = 40001 },
	};
	unsigned int i, n = 0;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		c[n] = (struct captured){ steps[i], steps[i].from_server };
		c[n++].segment.ttl = 64;
		c[n] = (struct captured){ steps[i], !steps[i].from_server };
		c[n].segment.us += delay_us;
		c[n++].segment.ttl = 63;
	}
	return n;
}

static const struct outcome *read_captured(const struct captured *c, unsigned int n,
					   unsigned int interfaces, uint8_t af)
{
	static struct wire w;
	unsigned int i;

	open_file(&w, interfaces);
	for (i = 0; i < n; i++)
		put_captured(&w, &c[i], af);
	return wire_read(w.bytes, w.n);
}

/* By what their buffers have delayed them: at most so many microseconds. */
static void shuffle(struct captured *c, unsigned int n, uint32_t most_us)
{
	uint64_t delayed[PACKETS_MAX];
	unsigned int i, at;

	for (i = 0; i < n; i++) {
		struct captured moved = c[i];
		uint64_t us = moved.segment.us + below(most_us + 1);

		for (at = i; at > 0 && delayed[at - 1] > us; at--) {
			delayed[at] = delayed[at - 1];
			c[at] = c[at - 1];
		}
		delayed[at] = us;
		c[at] = moved;
	}
}

/* Places are numbered as they come up in the file. */
static bool is_same_sighting(const struct sighting *a, const struct sighting *b)
{
	return a->ts_ns == b->ts_ns && a->ttl == b->ttl;
}

static bool is_same_case(const struct reset_case *a, const struct reset_case *b)
{
	unsigned int i;

	for (i = 0; i < a->seen.n_sightings && i < b->seen.n_sightings; i++)
		if (!is_same_sighting(&a->seen.sightings[i], &b->seen.sightings[i]))
			return false;
	return a->diagnosis.cause == b->diagnosis.cause &&
	       a->diagnosis.confidence == b->diagnosis.confidence &&
	       a->seen.rst.ts_ns == b->seen.rst.ts_ns && a->seen.rst.ttl == b->seen.rst.ttl &&
	       b->seen.rst.ifindex == b->seen.sightings[0].ifindex &&
	       a->seen.n_sightings == b->seen.n_sightings &&
	       a->asked.n_history == b->asked.n_history &&
	       !strcmp(a->seen.conversation.history, b->seen.conversation.history);
}

static void test_buffers(const struct family *f)
{
	static struct reset_case want;
	struct captured c[PACKETS_MAX];
	const struct outcome *o;
	unsigned int n = route(c, 5), i, different = 0;

	o = read_captured(c, n, 2, f->af);
	want = o->cases[0];
	check_int(o->n, 1, "%s: a router passes one reset on", f->name);
	check_str(want.diagnosis.cause->id, "forwarded", "%s: which is said", f->name);
	check_int(want.diagnosis.confidence, CONF_CERTAIN, "%s: for certain", f->name);
	check_int(want.seen.n_sightings, 2, "%s: with both places", f->name);
	for (i = 0; i < 300; i++) {
		n = route(c, 5);
		shuffle(c, n, i < 100 ? 20 : 250000);
		o = read_captured(c, n, 2, f->af);
		different += o->n != 1 || !is_same_case(&want, &o->cases[0]);
	}
	check_int(different, 0, "%s: however its interfaces' buffers were read", f->name);
}

/* One interface, whose packets several processors took. */
static void test_queues(const struct family *f)
{
	static struct reset_case want;
	struct captured c[PACKETS_MAX];
	const struct outcome *o;
	unsigned int round, i, n, different = 0;

	for (round = 0; round < 100; round++) {
		n = route(c, 5);
		for (i = 0; i < n / 2; i++)
			c[i] = c[2 * i], c[i].interface = 0;
		if (round)
			shuffle(c, n / 2, 800);
		o = read_captured(c, n / 2, 1, f->af);
		if (!round)
			want = o->cases[0];
		different += o->n != 1 || !is_same_case(&want, &o->cases[0]);
	}
	check_int(different, 0, "%s: packets of one interface, less than a millisecond apart",
		  f->name);
}

/* What left the router stands in the file before all that came in: farther than is put right. */
static void test_far(const struct family *f)
{
	struct captured c[PACKETS_MAX], sorted[PACKETS_MAX];
	const struct outcome *o;
	unsigned int n = route(c, 5000), i, at = 0;

	for (i = 1; i < n; i += 2)
		sorted[at++] = c[i];
	for (i = 0; i < n; i += 2)
		sorted[at++] = c[i];
	o = read_captured(sorted, n, 2, f->af);
	check_int(o->n, 2, "%s: time that goes back by seconds loses no reset", f->name);
}

static int keep_case(void *ctx, const struct capture_case *c)
{
	struct outcome *o = ctx;

	capture_case_unpack(c, &o->cases[o->n++]);
	return 0;
}

/* As it comes where the heap is full. */
static void test_tracker(const struct family *f)
{
	static struct outcome o;
	struct flow_tracker *t = flow_tracker__new(keep_case, &o);
	struct captured c[PACKETS_MAX];
	unsigned int n = route(c, 20), i;
	static struct wire w;

	o.n = 0;
	for (i = 0; i < n - 2; i++) {
		struct captured *out = &c[i ^ 1];
		struct capture_packet p = { .ts_ns = T0 + out->segment.us * 1000, .data = w.bytes };
		struct tracked_segment seg = { .ts_ns = p.ts_ns,
					       .interface = (uint16_t)out->interface };

		w.n = 0;
		wire_ip(&w, &out->segment, f->af);
		p.len = p.caplen = (uint32_t)w.n;
		check_int(segment_parse(&p, 101, &seg.s), SEGMENT_TCP, "%s: segment %u is read",
			  f->name, i);
		flow_tracker__prepare(t, &seg);
		flow_tracker__add(t, &seg);
	}
	flow_tracker__advance(t, T0 + 900 * MS);
	check_int(o.n, 0, "%s: a reset waits for what may come", f->name);
	flow_tracker__advance(t, T0 + 1100 * MS);
	check_int(o.n, 1, "%s: its places are one reset, wherever the file has them", f->name);
	check_int(o.cases[0].seen.n_sightings, 2, "%s: both are there", f->name);
	check_int(o.cases[0].seen.rst.ttl, 64, "%s: it is where it was first", f->name);
	check_int(o.cases[0].seen.sightings[1].ttl, 63, "%s: and then where it went", f->name);
	flow_tracker__free(t);
}

int main(void)
{
	const struct family *f;

	seed = 20261130;
	test_heap();
	test_step_back();
	test_same_time();
	for_each_family(f)
	{
		test_buffers(f);
		test_queues(f);
		test_far(f);
		test_tracker(f);
	}
	return test_done();
}
