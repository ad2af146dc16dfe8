// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_case.c - the small questions that one asks of packets and cases everywhere.
 */
#include "samples.h"

static void test_tuples(const struct family *f)
{
	struct tuple t = make_tuple(f->af, LOCAL, 80, PEER, 40000), r = tuple_reverse(&t), rr, u;
	size_t i;

	rr = tuple_reverse(&r);
	check(tuple_equal(&t, &rr), "a tuple that is reversed twice is the same again (%s)",
	      f->name);
	check(!tuple_equal(&t, &r), "a tuple is not its own reverse (%s)", f->name);
	check_int(r.sport, 40000, "the reverse has the ports exchanged (%s)", f->name);
	check_int(r.family, f->af, "the reverse keeps the family (%s)", f->name);
	for (i = 0; i < 16; i++) {
		u = t;
		u.daddr[i] ^= 0x80;
		if (tuple_equal(&t, &u))
			break;
	}
	check_int(i, 16, "every byte of an address counts for equality (%s)", f->name);
	u = t;
	u.family = f->af == AF_INET ? AF_INET6 : AF_INET;
	check(!tuple_equal(&t, &u), "the family counts for equality (%s)", f->name);
}

static void test_ends(void)
{
	static const struct {
		const char *name;
		uint32_t seq, len;
		const char *flags;
		uint32_t want;
	} rows[] = {
		{ "a pure ACK takes no sequence number", 100, 0, "A", 100 },
		{ "a SYN takes one sequence number", 100, 0, "S", 101 },
		{ "a FIN takes one sequence number after its data", 100, 10, "FPA", 111 },
		{ "SYN and FIN together take two", 100, 0, "SF", 102 },
		{ "the end of a segment wraps at 2^32", 0xffffffff, 1, "FA", 1 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct packet p = { .seq = rows[i].seq,
				    .len = rows[i].len,
				    .flags = make_flags(rows[i].flags) };

		check_int(segment_end(&p), rows[i].want, "%s", rows[i].name);
	}
}

static void test_answers(void)
{
	static const struct {
		const char *name;
		struct packet segment;
		struct packet rst;
		bool want;
	} rows[] = {
		{ "RST.seq == ACK of the segment is its answer",
		  { .ack = 7, .flags = FLAG_ACK },
		  { .seq = 7, .flags = FLAG_RST },
		  true },
		{ "another RST.seq is no answer",
		  { .ack = 7, .flags = FLAG_ACK },
		  { .seq = 8, .flags = FLAG_RST },
		  false },
		{ "RST+ACK is no answer to a segment with ACK",
		  { .ack = 7, .flags = FLAG_ACK },
		  { .seq = 7, .flags = FLAG_RST | FLAG_ACK },
		  false },
		{ "RST+ACK of seq + 1 answers a SYN",
		  { .seq = 99, .flags = FLAG_SYN },
		  { .ack = 100, .flags = FLAG_RST | FLAG_ACK },
		  true },
		{ "RST+ACK that forgets the SYN's own number is no answer",
		  { .seq = 99, .flags = FLAG_SYN },
		  { .ack = 99, .flags = FLAG_RST | FLAG_ACK },
		  false },
		{ "RST+ACK with a sequence number is no answer to a SYN",
		  { .seq = 99, .flags = FLAG_SYN },
		  { .seq = 5, .ack = 100, .flags = FLAG_RST | FLAG_ACK },
		  false },
		{ "a SYN with data counts its data",
		  { .seq = 99, .len = 10, .flags = FLAG_SYN },
		  { .ack = 110, .flags = FLAG_RST | FLAG_ACK },
		  true },
		{ "a segment without any flag is answered by its end",
		  { .seq = 0xfffffffe, .len = 4 },
		  { .ack = 2, .flags = FLAG_RST | FLAG_ACK },
		  true },
		{ "nothing answers a RST",
		  { .ack = 7, .flags = FLAG_RST | FLAG_ACK },
		  { .seq = 7, .flags = FLAG_RST },
		  false },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		check_int(reset_answers(&rows[i].rst, &rows[i].segment), rows[i].want, "%s",
			  rows[i].name);
}

static void test_segment(void)
{
	struct reset_case c;

	case_init(&c);
	check(!case_segment(&c), "nobody knows the segment of an empty case");
	c.seen.answer_match = ANSWER_NEWEST;
	check(case_segment(&c) == &c.seen.answers.tuple, "the segment seen on the wire is taken");
	own_account(&c.seen.kernel)->has_segment = true;
	check(case_segment(&c) == &c.seen.kernel->segment,
	      "the segment as TCP saw it goes before the one on the wire");
}

/* A client at PEER:40000 asks LOCAL:443, and DNAT makes INNER:81 of it. */
static void test_images(const struct family *f)
{
	struct tuple images[CASE_IMAGES_MAX], outer, inner;
	struct reset_case c;

	case_init(&c);
	c.seen.rst.tuple = inner = make_tuple(f->af, INNER, 81, PEER, 40000);
	outer = make_tuple(f->af, LOCAL, 443, PEER, 40000);
	check_int(case_images(&c, images), 1, "without NAT there is one image (%s)", f->name);
	c.asked.ct = (struct conntrack){
		.has_entry = true,
		.dnat = true,
		.orig = tuple_reverse(&outer),
		.reply = inner,
	};
	check_int(case_images(&c, images), 2, "conntrack's entry has another (%s)", f->name);
	check(tuple_equal(&images[0], &inner) && tuple_equal(&images[1], &outer),
	      "the RST as it was seen comes first, then in front of DNAT (%s)", f->name);
	c.seen.rst.tuple = tuple_reverse(&outer);
	check_int(case_images(&c, images), 2, "a RST of the client, too (%s)", f->name);
	inner = tuple_reverse(&inner);
	check(tuple_equal(&images[1], &inner), "is translated to the server's (%s)", f->name);
	c.asked.ct.orig.sport++;
	c.asked.ct.reply.dport++;
	check_int(case_images(&c, images), 1, "another connection's entry says nothing (%s)",
		  f->name);
	c.seen.sightings[c.seen.n_sightings++].tuple = c.seen.rst.tuple;
	c.seen.sightings[c.seen.n_sightings++].tuple = inner;
	check_int(case_images(&c, images), 2, "each sighting counts, once (%s)", f->name);
}

int main(void)
{
	const struct family *f;

	for_each_family(f) test_tuples(f);
	for_each_family(f) test_images(f);
	test_ends();
	test_answers();
	test_segment();
	return test_done();
}
