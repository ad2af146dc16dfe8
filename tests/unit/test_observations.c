// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_observations.c - several captures of one traffic, with NAT between them or not: whose clock is how
 * far off, which of their resets are one, and which one is in fact missing.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "capture/observations.h"
#include "diagnose/causes.h"
#include "samples.h"

/* Out of memory, when it is wanted. */
static bool no_memory;

int asprintf(char **ret, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = no_memory ? -1 : vasprintf(ret, fmt, args);
	va_end(args);
	return n;
}

static unsigned long long seed;

/* --- captures ------------------------------------------------------------------------------------------ */

/* What one capture shows of the connections: under other addresses, with another clock. */
struct view {
	struct observation_point *point;
	struct flow_tracker *tracker;
	uint8_t af;
	uint8_t client, server; /* hosts, and ports */
	uint16_t client_port, server_port;
	int64_t clock_ns;
	uint8_t hops[2];  /* from the client, from the server */
	int64_t delay_ns; /* of what the client has sent */
	uint64_t last_ns;
};

static int take(void *ctx, const struct capture_case *c)
{
	const struct view *v = ctx;

	return observation_point__take(v->point, c);
}

static void begin(struct observations *all, struct view *v, const char *name)
{
	v->point = observations__begin(all, name);
	v->tracker = flow_tracker__new(take, v);
}

static void add(struct view *v, struct tracked_segment *seg)
{
	flow_tracker__prepare(v->tracker, seg);
	observation_point__see(v->point, seg);
	flow_tracker__add(v->tracker, seg);
	v->last_ns = seg->ts_ns;
}

struct sent {
	uint64_t us;
	bool from_server;
	const char *flags;
	uint32_t seq, ack, len;
	uint16_t ipid;
};

static void see(struct view *v, const struct sent *s, unsigned int connection)
{
	uint16_t client_port = (uint16_t)(v->client_port + connection);
	struct tuple t = make_tuple(v->af, v->client, client_port, v->server, v->server_port);
	struct tracked_segment seg = {
		.ts_ns = T0 + s->us * 1000 + (uint64_t)v->clock_ns +
			 (uint64_t)(s->from_server ? -v->delay_ns : v->delay_ns),
		.s = { .seq = s->seq,
		       .ack = s->ack,
		       .len = s->len,
		       .flags = make_flags(s->flags),
		       .ipid = s->ipid,
		       .family = v->af,
		       .window = 500,
		       .wscale = WSCALE_NONE,
		       .ttl = (uint8_t)(64 - v->hops[s->from_server]) },
	};

	if (s->from_server)
		t = tuple_reverse(&t);
	memcpy(seg.s.saddr, t.saddr, 16);
	memcpy(seg.s.daddr, t.daddr, 16);
	seg.s.sport = t.sport;
	seg.s.dport = t.dport;
	add(v, &seg);
}

/* Segments that nobody else has, from then on; a third of them SYNs. */
static void see_others(struct view *v, unsigned int n)
{
	uint64_t ts_ns = v->last_ns ? v->last_ns : T0 + (uint64_t)v->clock_ns - 1000000 * MS;
	unsigned int i;

	for (i = 0; i < n; i++) {
		unsigned long long r = test_random(&seed);
		struct tracked_segment seg = {
			.ts_ns = ts_ns += 200,
			.s = { .seq = (uint32_t)r,
			       .ack = (uint32_t)(r >> 32),
			       .len = i % 3 ? i % 1000 : 0,
			       .flags = i % 3 ? FLAG_ACK : FLAG_SYN,
			       .ttl = 64,
			       .family = AF_INET },
		};

		observation_point__see(v->point, &seg);
	}
	v->last_ns = ts_ns;
}

/* --- what comes of them -------------------------------------------------------------------------------- */

struct result {
	unsigned int n;
	struct reset_case cases[4];
	unsigned int forged;
	int64_t most_apart_ns; /* sightings of one reset */
	unsigned int wrong;    /* its places are of other ports */
	char texts[16384];
	char names[2][64]; /* of the first one's places */
	int fail;	   /* what the next case is answered with */
};

static int on_case(void *ctx, struct reset_case *c, const struct report_context *report)
{
	struct result *r = ctx;
	unsigned int i;

	if (r->n < ARRAY_SIZE(r->cases))
		r->cases[r->n] = *c;
	for (i = 0; i < c->seen.n_sightings && i < 2 && !r->n; i++)
		snprintf(r->names[i], sizeof(r->names[i]), "%s",
			 report->ifname(report->ifname_ctx, c->seen.sightings[i].ifindex));
	for (i = 1; i < c->seen.n_sightings; i++) {
		int64_t apart = (int64_t)(c->seen.sightings[i].ts_ns - c->seen.rst.ts_ns);

		r->most_apart_ns =
			llabs(apart) > r->most_apart_ns ? llabs(apart) : r->most_apart_ns;
		r->wrong += c->seen.sightings[i].tuple.dport != c->seen.rst.tuple.dport;
	}
	r->n++;
	r->forged += !strcmp(c->diagnosis.cause->id, "forged");
	return r->fail;
}

static void on_text(void *ctx, const char *text)
{
	struct result *r = ctx;
	size_t have = strlen(r->texts);

	snprintf(r->texts + have, sizeof(r->texts) - have, "%s\n", text);
}

static const char *interface_name(void *ctx, uint32_t i)
{
	(void)ctx, (void)i;
	return "eth0";
}

/* Ends the captures and asks. */
static void finish(struct observations *all, struct view *views, unsigned int n, struct result *r)
{
	struct observations_ops ops = { on_case, NULL, on_text, on_text, r };
	unsigned int i;

	memset(r, 0, sizeof(*r));
	for (i = 0; i < n; i++) {
		flow_tracker__flush(views[i].tracker);
		observation_point__end(views[i].point, interface_name, NULL, 1);
		flow_tracker__free(views[i].tracker);
	}
	observations__finish(all, &ops);
	observations__free(all);
}

/* --- scenarios ------------------------------------------------------------------------------------------- */

enum nat { NO_NAT, DNAT, SNAT, FULL_NAT, NATS };

static const char *const nat_names[] = { "without NAT", "with DNAT", "with SNAT", "with full NAT" };

/* The client's end and the server's, and a router between. */
static void make_views(struct view v[2], uint8_t af, enum nat nat, int64_t clock_ns)
{
	v[0] = (struct view){ .af = af,
			      .client = PEER,
			      .client_port = 40000,
			      .server = LOCAL,
			      .server_port = 80,
			      .hops = { 0, 1 } };
	v[1] = (struct view){ .af = af,
			      .client = PEER,
			      .client_port = 40000,
			      .server = LOCAL,
			      .server_port = 80,
			      .hops = { 1, 0 },
			      .clock_ns = clock_ns,
			      .delay_ns = 100000 };
	if (nat == DNAT || nat == FULL_NAT)
		v[1].server = INNER, v[1].server_port = 8080;
	if (nat == SNAT || nat == FULL_NAT)
		v[1].client = OTHER, v[1].client_port = 20000;
}

static const struct sent talk[] = {
	{ 0, false, "S", 100, 0, 0, 1 },      { 400, true, "SA", 7000, 101, 0, 2 },
	{ 800, false, "A", 101, 7001, 0, 3 }, { 1200, false, "PA", 101, 7001, 10, 4 },
	{ 1600, true, "A", 7001, 111, 0, 5 }, { 2000, true, "PA", 7001, 111, 20, 6 },
};

enum making { ACTIVE, ANSWER, MAKINGS };

static const char *const making_names[] = { "of a socket", "that answers" };

static const struct sent resets[] = {
	{ 2400, false, "RA", 111, 7001, 0, 7 },
	{ 2400, false, "R", 7021, 0, 0, 7 },
};

static void converse(struct view *v, unsigned int connection, uint32_t base)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(talk); i++) {
		struct sent s = talk[i];

		s.seq += base;
		s.ack += s.ack ? base : 0;
		see(v, &s, connection);
	}
}

static struct sent reset_of(enum making how, uint32_t base)
{
	struct sent s = resets[how];

	/* What answers the server's segment has its number; here the client's socket is no more. */
	s.seq = how == ANSWER ? 111 : s.seq;
	s.seq += base;
	s.ack += s.ack ? base : 0;
	return s;
}

static const struct sent later = { 9000000, false, "S", 31337, 0, 0, 9 };

/* Both captures have all of it, in a sea of others' segments. */
static void test_same(const struct family *f, enum nat nat, enum making how, unsigned int others)
{
	struct observations *all = observations__new();
	static struct result r;
	struct view v[2];
	unsigned int i;
	uint32_t base = (uint32_t)test_random(&seed);

	make_views(v, f->af, nat, 1250 * (int64_t)MS);
	for (i = 0; i < 2; i++) {
		struct sent s = reset_of(how, base);

		begin(all, &v[i], i ? "server.pcap" : "client.pcap");
		see_others(&v[i], others);
		converse(&v[i], 0, base);
		see(&v[i], &s, 0);
		see(&v[i], &later, 5);
		see_others(&v[i], others);
	}
	finish(all, v, 2, &r);
	check_int(r.n, 1, "%s, %s, %u others: a RST %s is one reset", f->name, nat_names[nat],
		  others, making_names[how]);
	check_int(r.cases[0].seen.n_sightings, 2, "... with both places");
	check_int(r.forged, 0, "... and nobody has forged it");
	check(r.most_apart_ns < (int64_t)MS, "... the clocks are aligned");
	check_has(r.texts, "the clock of server.pcap is 1250.0",
		  "... and their offset is said (%s)", r.texts);
	check_str(r.names[0], "client.pcap:eth0", "... the sender's place comes first");
	check_str(r.names[1], "server.pcap:eth0", "... then the other");
}

/* The one that is nearer to the sender has not got the RST. */
static void test_missing(const struct family *f, enum nat nat, unsigned int others)
{
	struct observations *all = observations__new();
	static struct result r;
	struct view v[2];
	unsigned int i;
	struct sent s = reset_of(ACTIVE, 0);

	make_views(v, f->af, nat, 0);
	for (i = 0; i < 2; i++) {
		begin(all, &v[i], i ? "server" : "client");
		converse(&v[i], 0, 0);
		if (i)
			see(&v[i], &s, 0);
		see_others(&v[i], others);
		see(&v[i], &later, 5);
	}
	finish(all, v, 2, &r);
	check_int(r.n, 1, "%s, %s, %u others: what only one end has is one reset", f->name,
		  nat_names[nat], others);
	check_int(r.cases[0].seen.n_sightings, 1, "... of one place");
	check_int(r.forged, 1, "... that the sender's end has not seen");
	check_int(r.cases[0].seen.conversation.nearer_ifindex, 0,
		  "... which is said of the right one");
}

/* It proves nothing if that capture had ended before, or begun after. */
static void test_not_missing(const struct family *f)
{
	struct observations *all = observations__new();
	static struct result r;
	struct view v[2];
	struct sent s = reset_of(ACTIVE, 0);

	make_views(v, f->af, NO_NAT, 0);
	begin(all, &v[0], "client");
	converse(&v[0], 0, 0);
	begin(all, &v[1], "server");
	converse(&v[1], 0, 0);
	see(&v[1], &s, 0);
	see(&v[1], &later, 5);
	finish(all, v, 2, &r);
	check_int(r.n, 1, "%s: one reset", f->name);
	check_int(r.forged, 0, "%s: a capture that had ended does not prove it forged", f->name);
}

/* More RSTs and SYNs than are kept: what may have been dropped is not known to be absent. */
static void test_many_missing(void)
{
	struct observations *all = observations__new();
	static struct result r;
	struct view v[2];
	unsigned int i, c;

	make_views(v, AF_INET, NO_NAT, 0);
	for (i = 0; i < 2; i++) {
		begin(all, &v[i], i ? "server" : "client");
		for (c = 0; c < 200; c++) {
			struct sent s = reset_of(ACTIVE, c * 100003);

			converse(&v[i], c, c * 100003);
			if (i)
				see(&v[i], &s, c);
		}
		see_others(&v[i], i ? 0 : 6000000);
		see(&v[i], &later, 5000);
	}
	finish(all, v, 2, &r);
	check_int(r.n, 200, "200 connections, 6 million others: as many resets");
	check(r.forged > 0 && r.forged < 150, "what may have been dropped is left open (%u forged)",
	      r.forged);
}

/* A scanner's segments have the same numbers for each port. */
static void test_scan(const struct family *f)
{
	struct observations *all = observations__new();
	static struct result r;
	struct view v[2];
	unsigned int i, c;

	make_views(v, f->af, DNAT, 0);
	for (i = 0; i < 2; i++) {
		begin(all, &v[i], i ? "server" : "client");
		converse(&v[i], 900, 77);
		for (c = 0; c < 100; c++) {
			struct sent syn = { 10000 + 20 * c, false, "S", 4242, 0, 0, 0 };
			struct sent rst = { 10010 + 20 * c, true, "RA", 0, 4243, 0, 0 };

			see(&v[i], &syn, c);
			see(&v[i], &rst, c);
		}
		see(&v[i], &later, 950);
	}
	finish(all, v, 2, &r);
	check_int(r.n, 100, "%s: 100 ports of a scan are 100 resets in two captures", f->name);
	check_int(r.wrong, 0, "%s: each with its own port in both", f->name);
}

/* Shared traffic far back in one capture, and without any. */
static void test_clocks(void)
{
	struct observations *all = observations__new();
	static struct result r;
	struct view v[3];
	unsigned int i, c;

	make_views(v, AF_INET, FULL_NAT, -40 * (int64_t)MS);
	v[2] = v[1];
	for (i = 0; i < 3; i++) {
		begin(all, &v[i], i == 2 ? "third" : i ? "second" : "first");
		for (c = 0; i < 2 && c < 50; c++)
			converse(&v[i], c, c * 1000003);
		see_others(&v[i], i ? 4000000 : 1000);
	}
	finish(all, v, 3, &r);
	check_has(r.texts, "the clock of second is 40.000 ms behind that of first",
		  "what is shared may lie 4 million segments back (%s)", r.texts);
	check_has(r.texts, "third shares no segments",
		  "a clock that cannot be compared is taken as it is");
}

/* Of the third by way of the second, which alone has something of both. */
static void test_chain(const struct family *f)
{
	struct observations *all = observations__new();
	static struct result r;
	struct view v[3];
	unsigned int i;
	struct sent s = reset_of(ACTIVE, 3);

	make_views(v, f->af, NO_NAT, 100 * (int64_t)MS);
	v[2] = v[1];
	v[2].clock_ns = 300 * (int64_t)MS;
	for (i = 0; i < 3; i++) {
		begin(all, &v[i], i == 2 ? "c" : i ? "b" : "a");
		if (i < 2)
			converse(&v[i], 0, 1);
		if (i)
			converse(&v[i], 1, 3);
		if (i)
			see(&v[i], &s, 1);
		see(&v[i], &later, 9);
	}
	finish(all, v, 3, &r);
	check_has(r.texts, "the clock of b is 100.000 ms ahead of that of a", "%s: the second",
		  f->name);
	check_has(r.texts, "the clock of c is 300.000 ms ahead of that of a",
		  "%s: and the third by way of the second (%s)", f->name, r.texts);
	check_int(r.n, 1, "%s: their reset is one", f->name);
}

/* --- bounds ---------------------------------------------------------------------------------------------- */

/* The capture near the sender began too late; the other one has the handshake. */
static void test_beginning(const struct family *f, enum nat nat)
{
	struct observations *all = observations__new();
	struct sent rst = reset_of(ACTIVE, 0);
	struct view views[2];
	static struct result r;
	unsigned int i;

	make_views(views, f->af, nat, 5 * MS);
	begin(all, &views[0], "late");
	begin(all, &views[1], "whole");
	for (i = 0; i < ARRAY_SIZE(talk); i++) {
		if (i >= 3)
			see(&views[0], &talk[i], 0);
		see(&views[1], &talk[i], 0);
	}
	see(&views[0], &rst, 0);
	see(&views[1], &rst, 0);
	finish(all, views, 2, &r);
	check_int(r.n, 1, "a reset in two captures is one, %s (%s)", nat_names[nat], f->name);
	check(r.cases[0].seen.conversation.whole,
	      "its beginning is known if either has it, %s (%s)", nat_names[nat], f->name);
	check_int(r.cases[0].asked.n_history, ARRAY_SIZE(talk),
		  "its history has each segment once, %s (%s)", nat_names[nat], f->name);
	check_int(r.cases[0].asked.history[0].flags, FLAG_SYN, "... the SYN first, %s (%s)",
		  nat_names[nat], f->name);
	check(r.cases[0].diagnosis.facts_no & FACT(JUST_OPENED),
	      "... and facts are drawn from it, %s (%s)", nat_names[nat], f->name);
}

static void test_bounds(void)
{
	struct observations *all = observations__new();
	struct observation_point *point = NULL;
	static struct result r;
	struct observations_ops ops = { on_case, NULL, on_text, on_text, &r };
	static struct capture_case c;
	unsigned int i;
	int err = 0;

	for (i = 0; i < 64; i++)
		point = observations__begin(all, "x");
	check(point, "64 captures can be compared");
	check(!observations__begin(all, "y"), "but no more");
	memset(&r, 0, sizeof(r));
	for (i = 0; i < 200003; i++) {
		c.rst.seq = i;
		err |= observation_point__take(point, &c);
	}
	check_int(err, 0, "as many resets as one likes are taken");
	r.fail = -EPIPE;
	check_int(observations__finish(all, &ops), -EPIPE, "the error of who takes them ends it");
	check_int(r.n, 1, "at once");
	check_has(r.texts, "3 resets were dropped", "of more than 200000 it is said how many (%s)",
		  r.texts + strlen(r.texts) - 80);
	observations__free(all);
	observations__free(NULL);
}

static void test_no_memory(void)
{
	struct observations *all = observations__new();
	struct observation_point *point = observations__begin(all, "x");

	no_memory = true;
	check_int(observation_point__end(point, interface_name, NULL, 3), -ENOMEM,
		  "names for which there is no memory are an error");
	no_memory = false;
	observations__free(all);
}

int main(void)
{
	const struct family *f;
	unsigned int nat, how, i;

	seed = 20261130;
	for_each_family(f)
	{
		for (nat = 0; nat < NATS; nat++)
			for (how = 0; how < MAKINGS; how++)
				test_same(f, nat, how, 0);
		test_missing(f, NO_NAT, 0);
		test_missing(f, FULL_NAT, 0);
		test_not_missing(f);
		test_beginning(f, NO_NAT);
		test_beginning(f, FULL_NAT);
		test_scan(f);
		test_chain(f);
	}
	for (i = 0; i < 5; i++)
		test_same(&families[i & 1], FULL_NAT, i & 1, 800000);
	test_missing(&families[0], FULL_NAT, 700000);
	test_many_missing();
	test_clocks();
	test_bounds();
	test_no_memory();
	return test_done();
}
