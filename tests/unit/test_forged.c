// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_forged.c - which traits of a RST speak for another sender, and when they suffice.
 */
#include "scene.h"

/* A RST that came in from PEER; what a row leaves out is as the peer's kernel makes it. */
static const struct row {
	const char *name;
	bool active;	  /* the connection's socket sent it, else TCP answers data of ours */
	uint32_t ahead;	  /* of the number that it should have */
	bool acked;	  /* the peer has acknowledged that data */
	uint8_t peer_ttl; /* 0 = 64 */
	uint8_t rst_ttl;
	uint16_t window;
	uint16_t peer_id; /* of its first segment; 0 = all have 0 */
	uint16_t id_step;
	uint16_t rst_id;
	uint32_t trip_us;				    /* of the peer's replies, */
	uint32_t delay_us;				    /* and of the RST */
	bool elsewhere;					    /* by another interface */
	bool is_forged, is_not, is_open_in6, is_forged_in6; /* neither: open */
} rows[] = {
	{ .name = "the peer's own answer", .is_not = true },
	{ .name = "the peer's own, active",
	  .active = true,
	  .peer_id = 7,
	  .rst_id = 10,
	  .is_not = true },
	{ .name = "an answer to a peer whose application sets TTL 1", .peer_ttl = 1 },
	{ .name = "..., 2", .peer_ttl = 2 },
	{ .name = "..., 100", .peer_ttl = 100 },
	{ .name = "..., 255, as far away", .peer_ttl = 255, .is_not = true },
	{ .name = "..., 255, three hops away", .peer_ttl = 252, .rst_ttl = 61, .is_not = true },
	{ .name = "TTL 1, and the socket's own reset",
	  .active = true,
	  .peer_ttl = 1,
	  .rst_ttl = 1,
	  .is_not = true },
	{ .name = "a socket's reset with another TTL than the socket's",
	  .active = true,
	  .peer_ttl = 50,
	  .rst_ttl = 200,
	  .is_forged = true },
	{ .name = "... but the next IP id",
	  .active = true,
	  .peer_ttl = 50,
	  .rst_ttl = 200,
	  .peer_id = 7,
	  .rst_id = 10,
	  .is_forged_in6 = true },
	{ .name = "another TTL alone", .rst_ttl = 200 },
	{ .name = "... and a window", .rst_ttl = 200, .window = 512, .is_forged = true },
	{ .name = "... and an IP id out of order",
	  .rst_ttl = 200,
	  .peer_id = 7,
	  .rst_id = 40000,
	  .is_forged = true,
	  .is_open_in6 = true },
	{ .name = "... and nothing to answer", .rst_ttl = 200, .acked = true, .is_forged = true },
	{ .name = "... and too soon",
	  .rst_ttl = 200,
	  .trip_us = 20000,
	  .delay_us = 1000,
	  .is_forged = true },
	{ .name = "... and in the peer's time",
	  .rst_ttl = 200,
	  .trip_us = 20000,
	  .delay_us = 20000 },
	{ .name = "... and soon, as everything on a short path",
	  .rst_ttl = 200,
	  .trip_us = 900,
	  .delay_us = 10 },
	{ .name = "... and by another interface, where TTLs are not compared",
	  .rst_ttl = 200,
	  .elsewhere = true },
	{ .name = "by another interface with a window",
	  .elsewhere = true,
	  .window = 512,
	  .is_forged = true },
	{ .name = "the peer's TTL, but a window", .window = 512 },
	{ .name = "the peer's TTL, but a window, an IP id and nothing to answer",
	  .window = 512,
	  .peer_id = 7,
	  .rst_id = 40000,
	  .acked = true,
	  .is_forged = true,
	  .is_open_in6 = true },
	{ .name = "another TTL and a guessed number",
	  .rst_ttl = 200,
	  .ahead = 1000,
	  .is_forged = true },
	{ .name = "a host that counts in larger steps: its ids tell nothing",
	  .rst_ttl = 200,
	  .peer_id = 7,
	  .id_step = 3000,
	  .rst_id = 40000 },
	{ .name = "ids that wrap around",
	  .active = true,
	  .peer_id = 65534,
	  .rst_id = 1,
	  .is_not = true },
	{ .name = "TTL 1, a window and nothing to answer",
	  .peer_ttl = 1,
	  .window = 512,
	  .acked = true,
	  .is_forged = true },
};

static struct packet *add(struct reset_case *c, bool from_peer, const char *flags, uint64_t us)
{
	struct packet *p = &c->asked.history[c->asked.n_history];

	*p = scene_packet(c, from_peer, flags, 0, c->asked.n_history);
	p->ts_ns = T0 + us * 1000;
	p->seq = from_peer ? 500 : 100;
	p->ack = from_peer ? 100 : 500;
	c->asked.n_history++;
	return p;
}

/* The peer accepts, we send 100 bytes, and it answers an earlier 10 and then the 100. */
static void add_history(struct reset_case *c, const struct row *r)
{
	uint32_t trip = r->trip_us ? r->trip_us : 50;
	struct packet *p;

	p = add(c, false, "S", 0);
	p->seq = 99;
	add(c, true, "SA", trip)->seq = 499;
	p = add(c, false, "PA", trip + 10);
	p->len = 10;
	add(c, true, "A", 2 * trip + 10)->ack = 110;
	p = add(c, false, "PA", 2 * trip + 20);
	p->seq = 110;
	p->len = 100;
	/* What is the number that our bytes acknowledge comes with the last of them. */
	if (!r->acked)
		add(c, true, "A", 2 * trip + 20)->ack = 110;
	else
		add(c, true, "A", 3 * trip + 20)->ack = 210;
}

static void fill_in_peer(struct reset_case *c, const struct row *r)
{
	unsigned int i, n = 0;

	for (i = 0; i < c->asked.n_history; i++) {
		struct packet *p = &c->asked.history[i];

		if (!tuple_equal(&p->tuple, &c->seen.rst.tuple))
			continue;
		p->ttl = r->peer_ttl ? r->peer_ttl : 64;
		p->ifindex = r->elsewhere ? 3 : 2;
		p->ipid = r->peer_id ?
				  (uint16_t)(r->peer_id + n++ * (r->id_step ? r->id_step : 1)) :
				  0;
	}
}

static struct reset_case build(const struct row *r, uint8_t af)
{
	struct scene s = { .place = IN, .asked = true };
	struct reset_case c = scene_build(&s, af);
	const struct packet *last;

	add_history(&c, r);
	fill_in_peer(&c, r);
	last = &c.asked.history[4];
	c.seen.rst.flags = r->active ? FLAG_RST | FLAG_ACK : FLAG_RST;
	c.seen.rst.seq = 500 + r->ahead;
	c.seen.rst.ack = r->active ? 110 : 0;
	c.seen.rst.window = r->active ? 500 : r->window;
	c.seen.rst.ttl = r->rst_ttl ? r->rst_ttl : 64;
	c.seen.rst.ipid = af == AF_INET ? r->rst_id : 0;
	c.seen.rst.ts_ns =
		last->ts_ns + (r->delay_us ? r->delay_us : 4 * r->trip_us + 100) * 1000ull;
	case_choose_answer(&c);
	return c;
}

static void test_rows(const struct family *f)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct reset_case c = build(r, f->af);
		bool forged = f->af == AF_INET ?
				      r->is_forged :
				      (r->is_forged && !r->is_open_in6) || r->is_forged_in6;

		classify(&c);
		check_str(c.diagnosis.cause->id, forged ? "forged" : "remote", "%s (%s)", r->name,
			  f->name);
		check_int(fact_in(c.diagnosis.facts_no, FACT_FORGED), r->is_not,
			  "%s: ruled out or not (%s)", r->name, f->name);
		check(!fact_in(c.diagnosis.facts_yes, FACT_DOUBTFUL) || (!forged && !r->is_not),
		      "%s: in doubt only where it is open (%s)", r->name, f->name);
	}
}

/* Where it is open, both are named, and why. */
static void test_balance(void)
{
	struct reset_case c = build(&rows[2], AF_INET);
	fact_set speak_for, speak_against;
	unsigned int i;
	bool is_candidate = false;

	classify(&c);
	witness_facts(&c, &speak_for, &speak_against);
	check(speak_for == FACT(FOREIGN_TTL), "the TTL speaks for another sender");
	check(speak_against == FACT(SET_TTL), "that it is no system's speaks against one");
	check(fact_in(c.diagnosis.facts_yes, FACT_DOUBTFUL), "that is said");
	for (i = 0; i < c.diagnosis.n_candidates; i++)
		is_candidate |= !strcmp(c.diagnosis.candidates[i]->id, "forged");
	check(is_candidate, "forged stays possible");
}

/* As if the data that is answered had come so much later. */
static struct reset_case build_late(const struct row *r, unsigned int ms)
{
	struct reset_case c = build(r, AF_INET);
	unsigned int i;

	for (i = 4; i < c.asked.n_history; i++)
		c.asked.history[i].ts_ns += ms * MS;
	c.seen.rst.ts_ns += ms * MS;
	/* We had acknowledged what the peer said last, in a segment that it could be an answer to as well. */
	memmove(&c.asked.history[5], &c.asked.history[4],
		(c.asked.n_history - 4) * sizeof(c.asked.history[0]));
	c.asked.history[4] = scene_packet(&c, false, "A", 0, 4);
	c.asked.history[4].ts_ns = c.asked.history[3].ts_ns;
	c.asked.history[4].seq = 110;
	c.asked.history[4].ack = 500;
	c.asked.n_history++;
	c.seen.answer_match = ANSWER_NONE;
	case_choose_answer(&c);
	return c;
}

/* A device that forgets idle connections answers for the peer; so does a peer that has forgotten them itself. */
static void test_silence(void)
{
	static const struct {
		struct row row;
		unsigned int silent_ms;
		bool want;
		const char *name;
	} cases[] = {
		{ { .rst_ttl = 200 }, 5000, true, "from elsewhere, after 5 s" },
		{ { .rst_ttl = 63 }, 300000, true, "from one hop nearer, after minutes" },
		{ { .rst_ttl = 200, .window = 512 }, 60000, true, "one that is forged" },
		{ { .rst_ttl = 200 }, 4900, false, "before 5 s" },
		{ { .rst_ttl = 200 }, 0, false, "at once" },
		{ { .rst_ttl = 0 }, 300000, false, "the peer's own" },
		{ { .peer_ttl = 1 }, 300000, false, "of a peer whose application sets the TTL" },
		{ { .active = true, .peer_ttl = 50, .rst_ttl = 200 },
		  300000,
		  false,
		  "not an answer" },
	};
	struct reset_case c;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		c = build_late(&cases[i].row, cases[i].silent_ms);
		classify(&c);
		check_int(fact_in(c.diagnosis.facts_yes, FACT_SILENT_BEFORE), cases[i].want,
			  "forgotten on the path: %s", cases[i].name);
	}
	c = build_late(&cases[0].row, 5000);
	c.asked.history_since_ns = c.asked.history[5].ts_ns;
	classify(&c);
	check(!fact_in(c.diagnosis.facts_yes, FACT_SILENT_BEFORE),
	      "forgotten on the path: not if packets may be missing");
}

int main(void)
{
	test_silence();
	test_rows(&families[0]);
	test_rows(&families[1]);
	test_balance();
	return test_done();
}
