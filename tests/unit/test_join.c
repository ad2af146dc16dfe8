// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_join.c - RSTs on the wire and the kernel's accounts, in every order.
 */
#include <stdlib.h>
#include <time.h>

#include "live/join.h"
#include "samples.h"

#define SETTLE (100 * MS) /* join.h: a case is complete when its window has passed */
#define TABLE 4096	  /* join.c: open cases, and accounts that wait */

/* What came out, by order of completion. */
struct outcome {
	struct reset_case *cases;
	struct kernel_event (*accounts)[3]; /* theirs: the join's own are used again */
	unsigned int n, room;
	unsigned int opened;
	uint64_t lost; /* events, as the join is told */
};

static void on_opened(void *ctx, struct reset_case *c)
{
	struct outcome *o = ctx;

	(void)c;
	o->opened++;
}

static const struct kernel_event *kept(struct kernel_event *room, const struct kernel_event *k)
{
	*room = *k;
	return k->call == CALL_NONE ? &no_account : room;
}

static void keep(struct reset_case *to, struct kernel_event accounts[3], const struct reset_case *c)
{
	*to = *c;
	to->seen.kernel = kept(&accounts[0], c->seen.kernel);
	to->seen.receive = kept(&accounts[1], c->seen.receive);
	to->seen.clash = kept(&accounts[2], c->seen.clash);
}

static void on_completed(void *ctx, struct reset_case *c)
{
	struct outcome *o = ctx;

	if (o->n < o->room)
		keep(&o->cases[o->n], o->accounts[o->n], c);
	o->n++;
}

static struct outcome out;

static uint64_t lost_events(void *ctx)
{
	return ((struct outcome *)ctx)->lost;
}

static void end(void)
{
	free(out.cases);
	free(out.accounts);
}

/* @netns: our own, where accounts come of others, too; else 0 */
static struct join *start_in(unsigned int room, uint32_t netns)
{
	struct join_ops ops = { .opened = on_opened,
				.completed = on_completed,
				.lost = lost_events,
				.netns = netns,
				.ctx = &out };

	end();
	out = (struct outcome){
		.cases = calloc(room, sizeof(*out.cases)),
		.accounts = calloc(room, sizeof(*out.accounts)),
		.room = room,
	};
	return join__new(&ops);
}

static struct join *start(unsigned int room)
{
	return start_in(room, 0);
}

/* A passive RST of ours, as it left: LOCAL:80 to PEER:40000, seq @n. */
static struct event sent(uint8_t af, uint32_t n)
{
	return (struct event){
		.kind = EVENT_WIRE,
		.wire = { .id = 1000 + n,
			  .rst = { .ts_ns = T0 + MS,
				   .tuple = make_tuple(af, LOCAL, 80, PEER, 40000),
				   .seq = n,
				   .flags = FLAG_RST,
				   .ifindex = 2,
				   .hook = HOOK_TC_EGRESS } },
	};
}

/* The same kind of RST, met where it comes in. */
static struct event came(uint8_t af, uint32_t n)
{
	struct event ev = sent(af, n);

	ev.wire.id += 100000;
	ev.wire.rst.hook = HOOK_TC_INGRESS;
	return ev;
}

/* TCP's account of sent(): it answered PEER:40000 to LOCAL:80, ack @n. */
static struct event passive(uint8_t af, uint32_t n)
{
	return (struct event){
		.kind = EVENT_KERNEL,
		.kernel = { .id = 500000 + n,
			    .ts_ns = T0 + MS - 1000,
			    .call = CALL_PASSIVE,
			    .has_segment = true,
			    .segment = make_tuple(af, PEER, 40000, LOCAL, 80),
			    .segment_ack = n,
			    .segment_flags = FLAG_ACK },
	};
}

/* An active RST of ours and TCP's account of it; the number stands in ACK. */
static struct event sent_active(uint8_t af, uint32_t n)
{
	struct event ev = sent(af, 77);

	ev.wire.id = 1000 + n;
	ev.wire.rst.ack = n;
	ev.wire.rst.flags = FLAG_RST | FLAG_ACK;
	return ev;
}

static struct event active(uint8_t af, uint32_t n)
{
	struct event ev = passive(af, n);

	ev.kernel.call = CALL_ACTIVE;
	ev.kernel.has_segment = false;
	ev.kernel.sock = (struct kernel_sock){
		.tuple = make_tuple(af, LOCAL, 80, PEER, 40000),
		.rcv_nxt = n,
		.present = true,
		.full = true,
	};
	return ev;
}

/* The socket PEER has here took a RST that came in: rst is LOCAL to PEER. */
static struct event receive(uint8_t af, uint32_t n)
{
	struct event ev = active(af, n);

	ev.kernel.id += 100000;
	ev.kernel.call = CALL_RECEIVE;
	ev.kernel.sock.tuple = make_tuple(af, PEER, 40000, LOCAL, 80);
	return ev;
}

static void feed(struct join *j, struct event ev)
{
	join__event(j, &ev);
}

/* Feeds two events, then ends; is the account in the one case? */
static bool are_joined(struct event first, struct event second)
{
	struct join *j = start(4);
	bool joined;

	feed(j, first);
	feed(j, second);
	join__flush(j);
	joined = out.n == 1 && out.cases[0].seen.kernel->call != CALL_NONE &&
		 join__stats(j)->unclaimed == 0;
	join__free(j);
	return joined;
}

static void check_joined(const char *name, const struct family *f, struct event wire,
			 struct event kernel, bool want)
{
	check_int(are_joined(kernel, wire), want, "%s (%s)", name, f->name);
	check_int(are_joined(wire, kernel), want, "%s, also when the RST comes first (%s)", name,
		  f->name);
}

static void test_ids(const struct family *f)
{
	/* NAT of both ends, and numbers that fit nothing: only the id can tell. */
	struct event w = sent(f->af, 1), k = passive(f->af, 2);

	w.wire.rst.tuple = make_tuple(f->af, OTHER, 6050, INNER, 50000);
	check_joined("without ids and without anything in common, nothing is joined", f, w, k,
		     false);
	w.wire.join_id = k.kernel.id;
	check_joined("the RST's note of the account's id joins them", f, w, k, true);
	w.wire.join_id = 0;
	k.kernel.join_id = w.wire.id;
	check_joined("the account's note of the RST's id joins them", f, w, k, true);
	k.kernel.join_id = w.wire.id + 1;
	check_joined("the id of another RST joins nothing", f, w, k, false);
}

static void test_id_of_later_sighting(const struct family *f)
{
	struct event first = sent_active(f->af, 5), second = first, k = active(f->af, 5);
	struct join *j = start(4);

	/* A VLAN on an interface: the account notes the last one that the RST crossed. */
	first.wire.rst.tuple = make_tuple(f->af, OTHER, 6050, INNER, 50000);
	second.wire.rst.tuple = first.wire.rst.tuple;
	second.wire.rst.ifindex = 3;
	second.wire.id = first.wire.id + 1;
	k.kernel.join_id = second.wire.id;
	feed(j, first);
	feed(j, second);
	feed(j, k);
	join__flush(j);
	check(out.n == 1 && out.cases[0].seen.kernel->call == CALL_ACTIVE,
	      "an account that notes the id of a later sighting is joined too (%s)", f->name);
	join__free(j);
}

static void test_id_before_fit(const struct family *f)
{
	/* Two equal RSTs: each account goes to the RST that it met. */
	struct event w1 = sent(f->af, 1), w2 = sent(f->af, 1), k1 = passive(f->af, 1), k2 = k1;
	struct join *j = start(4);

	w2.wire.id++;
	w2.wire.rst.ts_ns += 10;
	k2.kernel.id++;
	w1.wire.join_id = k1.kernel.id;
	w2.wire.join_id = k2.kernel.id;
	feed(j, k1);
	feed(j, k2);
	feed(j, w1);
	feed(j, w2);
	join__flush(j);
	check(out.n == 2 && out.cases[0].seen.kernel->id == k1.kernel.id &&
		      out.cases[1].seen.kernel->id == k2.kernel.id,
	      "ids go before what fits by numbers (%s)", f->name);
	join__free(j);
}

static void test_id_replaces_fit(const struct family *f)
{
	/* The first sighting takes an equal account by its numbers; then the id arrives. */
	struct event in = came(f->af, 1), w = sent(f->af, 1), k1 = passive(f->af, 1), k2 = k1;
	struct join *j = start(4);

	k2.kernel.id++;
	in.wire.rst.hook = HOOK_TC_EGRESS;
	in.wire.rst.ifindex = 9;
	w.wire.join_id = k1.kernel.id;
	feed(j, k1);
	feed(j, k2);
	feed(j, in);
	feed(j, w);
	join__flush(j);
	check(out.n == 1 && out.cases[0].seen.kernel->id == k1.kernel.id,
	      "the account with the id has the last word (%s)", f->name);
	check_int(join__stats(j)->unclaimed, 1,
		  "the account that an id replaces waits for another RST again (%s)", f->name);
	join__free(j);
}

static void test_rules(const struct family *f)
{
	struct event w, k;

	w = sent(f->af, 7);
	k = passive(f->af, 7);
	check_joined("RST.seq == ACK of the segment joins a passive reset", f, w, k, true);
	k.kernel.segment_ack = 8;
	check_joined("another ACK does not", f, w, k, false);

	k = passive(f->af, 0);
	k.kernel.segment_flags = FLAG_SYN;
	k.kernel.segment_seq = 41;
	w = sent(f->af, 0);
	w.wire.rst.flags = FLAG_RST | FLAG_ACK;
	w.wire.rst.ack = 42;
	check_joined("RST.ack == SEQ + 1 of the SYN joins a passive reset", f, w, k, true);

	k = passive(f->af, 7);
	k.kernel.call = CALL_REJECT;
	check_joined("netfilter's REJECT follows the same rule", f, sent(f->af, 7), k, true);
	check_joined("RST.ack == rcv_nxt joins an active reset", f, sent_active(f->af, 7),
		     active(f->af, 7), true);
	check_joined("another rcv_nxt does not", f, sent_active(f->af, 7), active(f->af, 8), false);
	check_joined("a reset that only came in is not one that we sent", f, came(f->af, 7),
		     passive(f->af, 7), false);
	w = sent(f->af, 7);
	w.wire.rst.forwarded = true;
	check_joined("a reset that is passed on is not one that we sent", f, w, passive(f->af, 7),
		     false);
	k = passive(f->af, 7);
	k.kernel.segment = make_tuple(f->af, OTHER, 1, INNER, 2);
	check_joined("equal numbers of other hosts do not", f, sent(f->af, 7), k, false);
	k = passive(f->af, 7);
	k.kernel.ts_ns -= 2 * SETTLE;
	check_joined("equal numbers of long ago do not", f, sent(f->af, 7), k, false);
	w = sent(f->af == AF_INET ? AF_INET6 : AF_INET, 7);
	check_joined("equal numbers of the other family do not", f, w, passive(f->af, 7), false);
}

/* conntrack gave the connection another source port, as an old one still holds its own. */
static void test_source_port(const struct family *f)
{
	struct event w = sent(f->af, 7), k = passive(f->af, 7);

	k.kernel.segment = make_tuple(f->af, PEER, 17165, LOCAL, 80);
	check_joined("the peer's port may have been changed on the way in", f, w, k, true);
	k.kernel.segment = make_tuple(f->af, OTHER, 17165, LOCAL, 80);
	check_joined("... but not for another peer with the same number", f, w, k, false);
	k.kernel.segment = make_tuple(f->af, PEER, 17165, LOCAL, 81);
	check_joined("... nor when the local port is another one as well", f, w, k, false);
	k = passive(f->af, 8);
	k.kernel.segment = make_tuple(f->af, PEER, 17165, LOCAL, 80);
	check_joined("... nor for another number", f, w, k, false);
}

static void test_nat(const struct family *f)
{
	struct event w = sent(f->af, 7), k = passive(f->af, 7);

	/* REDIRECT 6050 to 80: the segment was translated, the RST left as :6050. */
	w.wire.rst.tuple = make_tuple(f->af, LOCAL, 6050, PEER, 40000);
	check_joined("the RST of a redirected flow leaves with the port asked for", f, w, k, true);

	/* Both ends translated: only conntrack's entry shows the other image. */
	w.wire.rst.tuple = make_tuple(f->af, LOCAL, 6050, OTHER, 1234);
	check_joined("without an entry, a RST with both ends changed is nobody's", f, w, k, false);
	k.kernel.ct.has_entry = true;
	k.kernel.ct.orig = make_tuple(f->af, OTHER, 1234, LOCAL, 6050);
	k.kernel.ct.reply = make_tuple(f->af, LOCAL, 80, PEER, 40000);
	check_joined("the original image of the entry joins it", f, w, k, true);
	w.wire.rst.tuple = make_tuple(f->af, LOCAL, 80, PEER, 40000);
	check_joined("the reply image of the entry joins it", f, w, k, true);

	w = sent_active(f->af, 7);
	w.wire.rst.tuple = make_tuple(f->af, OTHER, 6050, PEER, 40000);
	check_joined("an active reset whose source was translated is joined", f, w,
		     active(f->af, 7), true);
	w.wire.rst.tuple = make_tuple(f->af, LOCAL, 80, OTHER, 1234);
	check_joined("an active reset whose destination was translated is joined", f, w,
		     active(f->af, 7), true);
	k = active(f->af, 7);
	w.wire.rst.tuple = make_tuple(f->af, LOCAL, 6050, OTHER, 1234);
	w.wire.rst.seq = k.kernel.sock.snd_nxt;
	check_joined("both ends translated: both numbers join an active reset", f, w, k, true);
	w.wire.rst.seq++;
	check_joined("one number does not", f, w, k, false);
}

/* A scanner uses one port and one sequence number for all the ports that it tries. */
static void test_scanner(const struct family *f)
{
	struct event w[2], k[2];
	struct join *j = start(4);
	unsigned int i, right = 0;

	for (i = 0; i < 2; i++) {
		uint16_t port = (uint16_t)(80 + i);

		k[i] = passive(f->af, 0);
		k[i].kernel.id += i;
		k[i].kernel.segment = make_tuple(f->af, PEER, 40000, LOCAL, port);
		k[i].kernel.segment_seq = 99;
		k[i].kernel.segment_flags = FLAG_SYN;
		w[i] = sent(f->af, 0);
		w[i].wire.id += i;
		w[i].wire.rst.tuple = make_tuple(f->af, LOCAL, port, PEER, 40000);
		w[i].wire.rst.flags = FLAG_RST | FLAG_ACK;
		w[i].wire.rst.ack = 100;
	}
	feed(j, k[0]);
	feed(j, k[1]);
	feed(j, w[0]);
	feed(j, w[1]);
	join__flush(j);
	for (i = 0; i < out.n && i < 2; i++)
		right += out.cases[i].seen.kernel->segment.dport ==
			 out.cases[i].seen.rst.tuple.sport;
	check_int(right, 2, "equal numbers to two ports: the account of the same port wins (%s)",
		  f->name);
	join__free(j);
}

static void test_receive(const struct family *f)
{
	struct event w = came(f->af, 7), k = receive(f->af, 7);
	struct join *j = start(4);

	feed(j, w);
	feed(j, k);
	join__flush(j);
	check(out.n == 1 && out.cases[0].seen.receive->call == CALL_RECEIVE &&
		      out.cases[0].seen.kernel->call == CALL_NONE,
	      "the socket that took a RST stands beside who sent it (%s)", f->name);
	join__free(j);

	j = start(4);
	feed(j, sent(f->af, 7));
	w.wire.rst.tuple = make_tuple(f->af, LOCAL, 80, PEER, 40000);
	feed(j, w);
	feed(j, passive(f->af, 7));
	feed(j, k);
	join__flush(j);
	check(out.n == 1 && out.cases[0].seen.receive->call == CALL_RECEIVE &&
		      out.cases[0].seen.kernel->call == CALL_PASSIVE,
	      "on loopback one case has both accounts (%s)", f->name);
	join__free(j);

	j = start(4);
	feed(j, k);
	join__flush(j);
	check_int(join__stats(j)->unclaimed, 0, "a RST that was received is none that we sent (%s)",
		  f->name);
	join__free(j);

	j = start(4);
	w.wire.rst.tuple = make_tuple(f->af, LOCAL, 80, OTHER, 1234);
	k.kernel.sock.rcv_nxt = 8;
	feed(j, w);
	feed(j, k);
	join__flush(j);
	check(out.n == 1 && out.cases[0].seen.receive->call == CALL_NONE,
	      "half of a tuple without the number takes no RST (%s)", f->name);
	join__free(j);
}

static void test_sightings(const struct family *f)
{
	struct join *j = start(16);
	struct event w = sent(f->af, 7);
	unsigned int i;

	for (i = 0; i < 3; i++) {
		w.wire.rst.ifindex = 2 + i;
		w.wire.rst.ts_ns += 1000;
		feed(j, w);
	}
	w.wire.rst.hook = HOOK_TC_INGRESS;
	feed(j, w);
	join__flush(j);
	check_int(out.n, 1, "one RST on three interfaces and both ways is one case (%s)", f->name);
	check_int(out.cases[0].seen.n_sightings, 4, "... with four sightings (%s)", f->name);
	check_int(out.opened, 1, "... that was opened once (%s)", f->name);
	join__free(j);

	j = start(16);
	feed(j, sent(f->af, 7));
	feed(j, sent(f->af, 7));
	join__flush(j);
	check_int(out.n, 2, "two equal RSTs on one interface are two cases (%s)", f->name);
	join__free(j);

	j = start(16);
	w = sent(f->af, 7);
	feed(j, w);
	w.wire.rst.ifindex = 3;
	w.wire.rst.ts_ns += SETTLE;
	feed(j, w);
	join__flush(j);
	check_int(out.n, 2, "equal RSTs that lie far apart are two cases (%s)", f->name);
	join__free(j);

	j = start(16);
	for (i = 0; i < 20; i++) {
		w = sent(f->af, 7);
		w.wire.rst.ifindex = 2 + i;
		feed(j, w);
	}
	join__flush(j);
	check(out.n == 1 && out.cases[0].seen.n_sightings == CASE_SIGHTINGS_MAX,
	      "more interfaces than there is room for do no harm (%s)", f->name);
	join__free(j);
}

static void test_passed_on(const struct family *f)
{
	static const struct {
		const char *name;
		uint8_t src;
		uint16_t sport;
		uint8_t dst;
		uint16_t dport;
		bool forwarded;
		unsigned int want;
	} rows[] = {
		{ "a RST that is passed on unchanged is one case", PEER, 40000, LOCAL, 80, true,
		  1 },
		{ "a gateway may change its destination", PEER, 40000, INNER, 8080, true, 1 },
		{ "a gateway may change its source", OTHER, 6050, LOCAL, 80, true, 1 },
		{ "a gateway may change both ends", OTHER, 6050, INNER, 8080, true, 1 },
		{ "what is not passed on does not change", PEER, 40000, INNER, 8080, false, 2 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct event in = came(f->af, 7), on = sent(f->af, 7);
		struct join *j = start(4);

		in.wire.rst.tuple = make_tuple(f->af, PEER, 40000, LOCAL, 80);
		on.wire.rst.tuple =
			make_tuple(f->af, rows[i].src, rows[i].sport, rows[i].dst, rows[i].dport);
		on.wire.rst.forwarded = rows[i].forwarded;
		on.wire.rst.ifindex = 3;
		feed(j, in);
		feed(j, on);
		join__flush(j);
		check_int(out.n, rows[i].want, "%s (%s)", rows[i].name, f->name);
		join__free(j);
	}
}

static void test_answers(const struct family *f)
{
	struct event first = came(f->af, 7), second = sent(f->af, 7);
	struct join *j = start(4);

	first.wire.match = ANSWER_NEWEST;
	first.wire.answers.seq = 1;
	second.wire.match = ANSWER_EXACT;
	second.wire.answers.seq = 2;
	feed(j, first);
	feed(j, second);
	join__flush(j);
	check(out.cases[0].seen.answer_match == ANSWER_EXACT && out.cases[0].seen.answers.seq == 2,
	      "the exact answer of a later sighting replaces a guess (%s)", f->name);
	join__free(j);

	j = start(4);
	feed(j, second);
	feed(j, first);
	join__flush(j);
	check(out.cases[0].seen.answer_match == ANSWER_EXACT && out.cases[0].seen.answers.seq == 2,
	      "a guess never replaces the exact answer (%s)", f->name);
	join__free(j);
}

/* One reading: so many events are lost before it, one RST is read, and it is completed or not. */
static void read_one(struct join *j, uint64_t lost, uint32_t n, bool complete)
{
	out.lost += lost;
	join__read_begins(j);
	feed(j, sent(AF_INET, n));
	if (complete)
		join__tick(j, T0 + MS + SETTLE);
}

static void test_losses(void)
{
	static const uint64_t want[] = { 5, 0, 4, 7, 7 };
	struct join *j = start(8);
	unsigned int i;

	read_one(j, 5, 0, true);
	join__read_begins(j);
	read_one(j, 0, 1, true);
	read_one(j, 4, 2, true);
	read_one(j, 0, 3, false);
	out.lost += 3;
	read_one(j, 0, 4, false);
	out.lost += 4;
	join__flush(j);
	for (i = 0; i < ARRAY_SIZE(want); i++)
		check_int(out.cases[i].asked.lost_events, want[i],
			  "case %u counts the events that may have belonged to it", i);
	join__free(j);
}

static void test_unclaimed(void)
{
	struct join *j = start(4);
	unsigned int i;

	feed(j, passive(AF_INET, 7));
	check_int(join__stats(j)->unclaimed, 0, "an account may still be claimed");
	join__flush(j);
	check_int(join__stats(j)->unclaimed, 1, "an account without a RST is unclaimed at the end");
	check_int(out.n, 0, "... and makes no case");
	join__flush(j);
	check_int(join__stats(j)->unclaimed, 1, "... and is counted once");
	join__free(j);

	j = start(4);
	for (i = 0; i < TABLE + 10; i++) {
		struct event k = passive(AF_INET, 100 + i);

		k.kernel.ts_ns += i;
		feed(j, k);
	}
	check_int(join__stats(j)->unclaimed, 10, "accounts that must make room are unclaimed");
	join__flush(j);
	check_int(join__stats(j)->unclaimed, TABLE + 10, "every account is counted in the end");
	join__free(j);

	j = start(4);
	for (i = 0; i < 3; i++) {
		struct event k = passive(AF_INET, 100 + i);

		k.kernel.ts_ns += i * 1500 * MS;
		feed(j, k);
	}
	check_int(join__stats(j)->unclaimed, 2, "nobody waits for a RST longer than a second");
	join__free(j);
}

#define HOME 7
#define NEXT_DOOR 8

static struct event in_netns(struct event k, uint32_t netns)
{
	k.kernel.netns = netns;
	return k;
}

/* One case of @w and @k, in either order, if any; how often it was seen, and whether with account. */
static void check_next_door(const char *name, const struct family *f, uint32_t home, struct event w,
			    struct event k, bool want)
{
	struct event both[2] = { w, k };
	unsigned int order;

	for (order = 0; order < 2; order++) {
		struct join *j = start_in(4, home);
		bool got;

		feed(j, both[order]);
		feed(j, both[!order]);
		join__flush(j);
		got = out.n == 1 && out.cases[0].seen.n_sightings == 1 &&
		      out.cases[0].seen.rst.hook == w.wire.rst.hook &&
		      out.cases[0].seen.kernel->call == k.kernel.call;
		check_int(got, want, "%s, %s first (%s)", name, order ? "account" : "RST", f->name);
		join__free(j);
	}
}

static void test_next_door(const struct family *f)
{
	struct event w = came(f->af, 7), k = in_netns(passive(f->af, 7), NEXT_DOOR);
	struct join *j;

	check_next_door("a RST that comes in has the account of another namespace", f, HOME, w, k,
			true);
	check_next_door("... not where only one is watched", f, 0, w, k, false);
	check_next_door("... nor that of our own namespace", f, HOME, w, in_netns(k, HOME), false);
	check_next_door("... nor that of one that is not known", f, HOME, w, in_netns(k, 0), false);
	/* Its own NAT has given it another port. */
	w.wire.rst.tuple = make_tuple(f->af, LOCAL, 8080, PEER, 40000);
	check_next_door("... also behind NAT there", f, HOME, w, k, true);
	w.wire.rst.seq++;
	check_next_door("... not if the numbers differ", f, HOME, w, k, false);

	j = start_in(4, HOME);
	feed(j, in_netns(active(f->af, 9), NEXT_DOOR));
	feed(j, in_netns(passive(f->af, 9), HOME));
	join__flush(j);
	check_int(out.n, 1, "what another namespace reset is a case without a RST (%s)", f->name);
	check_int(out.cases[0].seen.n_sightings, 0, "... that was seen nowhere (%s)", f->name);
	check_int(out.cases[0].seen.rst.hook, HOOK_KERNEL, "... but by the kernel (%s)", f->name);
	check_int(out.cases[0].seen.rst.flags, FLAG_RST | FLAG_ACK, "... whose flags follow (%s)",
		  f->name);
	check_int(out.cases[0].seen.rst.ack, 9, "... and its numbers (%s)", f->name);
	check_int(join__stats(j)->unclaimed, 1, "what our own did is counted, as ever (%s)",
		  f->name);
	join__free(j);
}

/* Accounts that nobody claims, more than there is room for. */
static void flood(struct join *j, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		feed(j, passive(AF_INET6, 1000000 + i));
}

/* In a storm thousands of accounts come while a case is open: none must take the place of its own. */
static void test_flood(const struct family *f)
{
	struct event w = sent(f->af, 1), other = sent(f->af, 2), same = other,
		     right = passive(f->af, 9);
	struct join *j = start(4);

	/* The first case has an account by its numbers; then the storm; then the one with its id. */
	feed(j, passive(f->af, 1));
	feed(j, w);
	flood(j, TABLE - 1);
	feed(j, passive(f->af, 2));
	feed(j, other);
	right.kernel.join_id = w.wire.id;
	feed(j, right);
	/* A second RST equal to the other one, whose account is taken. */
	same.wire.id += 50;
	same.wire.rst.ts_ns += 10;
	feed(j, same);
	join__flush(j);
	check_int(out.n, 3, "a storm of accounts opens no case (%s)", f->name);
	check_int(out.cases[0].seen.kernel->id, right.kernel.id,
		  "the account with the id has the last word, also in a storm (%s)", f->name);
	check(out.cases[1].seen.kernel->id == 500002 && out.cases[2].seen.kernel->call == CALL_NONE,
	      "an account that is taken is not given to a second RST, also in a storm (%s)",
	      f->name);
	join__free(j);
}

/* What a case refers to stays as it was, however many accounts come before it is completed. */
static void test_account_stays(const struct family *f)
{
	struct join *j = start(4);

	feed(j, passive(f->af, 1));
	feed(j, sent(f->af, 1));
	flood(j, 3 * TABLE);
	join__flush(j);
	check(out.n == 1 && out.cases[0].seen.kernel->id == 500001 &&
		      out.cases[0].seen.kernel->segment_ack == 1,
	      "a case keeps its account through a storm of %u others (%s)", 3 * TABLE, f->name);
	join__free(j);
}

static void test_late_view(const struct family *f)
{
	struct event k = passive(f->af, 7), old = passive(f->af, 8), w = sent(f->af, 7);
	struct join *j = start(4);

	old.kernel.ts_ns -= 3 * SETTLE;
	feed(j, k);
	feed(j, old);
	feed(j, w);
	join__flush(j);
	check(out.n == 1 && out.cases[0].seen.kernel->id == k.kernel.id,
	      "an account that comes late does not hide the one before it (%s)", f->name);
	join__free(j);
}

static void test_time(void)
{
	struct join *j = start(4);
	struct event w;

	check(join__next_ns(j) == UINT64_MAX, "without a case nothing is due");
	join__tick(j, UINT64_MAX - 1);
	check_int(out.n, 0, "a tick without a case completes nothing");
	w = sent(AF_INET, 1);
	feed(j, w);
	check_int(join__next_ns(j), w.wire.rst.ts_ns + SETTLE, "a case is due after its window");
	w = sent(AF_INET, 2);
	w.wire.rst.ts_ns += 10 * MS;
	feed(j, w);
	check_int(join__next_ns(j), T0 + MS + SETTLE, "the oldest is due first");
	join__tick(j, T0 + MS + SETTLE - 1);
	check_int(out.n, 0, "a tick before its time completes nothing");
	join__tick(j, T0 + MS + SETTLE);
	check(out.n == 1 && out.cases[0].seen.rst.seq == 1,
	      "a tick at its time completes the oldest only");
	check_int(join__next_ns(j), T0 + 11 * MS + SETTLE, "then the next is due");
	join__tick(j, UINT64_MAX - 1);
	check(out.n == 2 && join__next_ns(j) == UINT64_MAX, "a late tick completes all");
	join__free(j);

	j = start(4);
	w = sent(AF_INET, 1);
	w.wire.rst.ts_ns += 40 * MS;
	feed(j, w);
	feed(j, sent(AF_INET, 2));
	check_int(join__next_ns(j), T0 + MS + SETTLE,
		  "the oldest is due first, also when it came last");
	join__tick(j, T0 + MS + SETTLE);
	check(out.n == 1 && out.cases[0].seen.rst.seq == 2,
	      "the oldest is completed first, also when it came last");
	join__free(j);
}

static void test_full(void)
{
	struct join *j = start(2 * TABLE);
	unsigned int i, lost = 0;
	bool *seen = calloc(2 * TABLE, sizeof(*seen));

	for (i = 0; i < TABLE + 5; i++) {
		struct event w = sent(i & 1 ? AF_INET6 : AF_INET, i);

		feed(j, w);
	}
	check_int(join__stats(j)->cases, TABLE, "the table takes as many cases as it has room for");
	check_int(join__stats(j)->refused, 5, "the RSTs beyond are counted");
	check_int(out.opened, TABLE, "... and are not opened");
	feed(j, passive(AF_INET6, 1));
	feed(j, passive(AF_INET, TABLE - 2));
	join__flush(j);
	for (i = 0; i < out.n; i++)
		seen[out.cases[i].seen.rst.seq] = true;
	for (i = 0; i < TABLE; i++)
		lost += !seen[i];
	check_int(lost, 0, "a full table loses nothing that is in it");
	check(out.cases[1].seen.kernel->call == CALL_PASSIVE &&
		      out.cases[TABLE - 2].seen.kernel->call == CALL_PASSIVE,
	      "a full table still joins");
	feed(j, sent(AF_INET, TABLE + 100));
	join__flush(j);
	check(out.n == TABLE + 1 && out.cases[TABLE].seen.n_sightings == 1 &&
		      out.cases[TABLE].seen.kernel->call == CALL_NONE,
	      "a place that is used again starts empty");
	free(seen);
	join__free(j);
}

/* --- random orders ------------------------------------------------------------------------ */

#define RESETS_MAX 6
#define EVENTS_MAX (RESETS_MAX * 2 * 5)

struct scene {
	struct event events[EVENTS_MAX];
	unsigned int n;
	unsigned int resets;		 /* different ones */
	unsigned int copies[RESETS_MAX]; /* equal RSTs of it on the wire */
	unsigned int views[RESETS_MAX];	 /* accounts of it */
	unsigned int places[RESETS_MAX]; /* where each copy is seen */
};

static unsigned int below(unsigned long long *state, unsigned int n)
{
	return (unsigned int)(test_random(state) % n);
}

static void add_event(struct scene *s, struct event ev)
{
	s->events[s->n++] = ev;
}

/* Reset @r: one or two equal RSTs, seen in one to three places, with or without accounts. */
static void add_reset(struct scene *s, unsigned int r, bool copies, unsigned long long *rnd)
{
	uint8_t af = below(rnd, 2) ? AF_INET6 : AF_INET;
	bool is_active = below(rnd, 2), noted = below(rnd, 2);
	unsigned int copy, place;

	s->copies[r] = 1 + (copies && !below(rnd, 4));
	s->places[r] = 1 + below(rnd, 3);
	for (copy = 0; copy < s->copies[r]; copy++) {
		struct event w = is_active ? sent_active(af, r + 1) : sent(af, r + 1);
		struct event k = is_active ? active(af, r + 1) : passive(af, r + 1);

		k.kernel.id += 1000 * copy;
		k.kernel.ts_ns += below(rnd, 20) * MS;
		for (place = 0; place < s->places[r]; place++) {
			struct event seen = w;

			seen.wire.id = 10000 * (r + 1) + 100 * copy + place;
			seen.wire.rst.ifindex = 2 + place;
			seen.wire.rst.ts_ns += below(rnd, 20) * MS;
			if (place == 2)
				seen.wire.rst.hook = HOOK_TC_INGRESS;
			if (!place && noted && !is_active)
				seen.wire.join_id = k.kernel.id;
			if (!place && noted && is_active)
				k.kernel.join_id = seen.wire.id;
			add_event(s, seen);
		}
		if (below(rnd, 4)) {
			add_event(s, k);
			s->views[r]++;
		}
	}
}

static void shuffle(struct scene *s, unsigned long long *rnd)
{
	unsigned int i;

	for (i = s->n; i > 1; i--) {
		unsigned int at = below(rnd, i);
		struct event ev = s->events[i - 1];

		s->events[i - 1] = s->events[at];
		s->events[at] = ev;
	}
}

static unsigned int number_of(const struct reset_case *c)
{
	return (c->seen.rst.flags & FLAG_ACK ? c->seen.rst.ack : c->seen.rst.seq) - 1;
}

/* NULL, or what is wrong with what came out. @all: must every account have found its RST? */
static const char *fault_of(const struct scene *s, const struct join *j, bool all)
{
	unsigned int cases[RESETS_MAX] = { 0 }, sightings[RESETS_MAX] = { 0 };
	unsigned int claimed[RESETS_MAX] = { 0 }, i, k;

	for (i = 0; i < out.n; i++) {
		const struct reset_case *c = &out.cases[i];
		unsigned int r = number_of(c);

		cases[r]++;
		sightings[r] += c->seen.n_sightings;
		if (c->seen.kernel->call == CALL_NONE)
			continue;
		if ((c->seen.kernel->id - 500001) % 1000 != r)
			return "a case holds the account of another reset";
		claimed[r]++;
		for (k = 0; k < i; k++)
			if (out.cases[k].seen.kernel->id == c->seen.kernel->id)
				return "an account was claimed twice";
	}
	for (i = 0; i < s->resets; i++) {
		if (cases[i] != s->copies[i])
			return "a RST has no case, or more than one";
		if (sightings[i] != s->copies[i] * s->places[i])
			return "a sighting is missing, or was counted twice";
		if (all && claimed[i] != s->views[i])
			return "an account that fits was not claimed";
	}
	return all && join__stats(j)->unclaimed ? "accounts were miscounted" : NULL;
}

/* @copies: also equal RSTs on one interface, where it is open which gets the account. */
static void test_permutations(const char *name, bool copies)
{
	const char *seed_text = getenv("SEED");
	unsigned long long seed = seed_text ? strtoull(seed_text, NULL, 0) : 20261004, rnd = seed;
	struct join *j = start(64);
	const char *fault = NULL;
	unsigned int round, i;

	for (round = 0; round < 5000 && !fault; round++) {
		struct scene s = { .n = 0 };

		out.n = 0;
		s.resets = 1 + below(&rnd, RESETS_MAX);
		for (i = 0; i < s.resets; i++)
			add_reset(&s, i, copies, &rnd);
		shuffle(&s, &rnd);
		for (i = 0; i < s.n; i++)
			join__event(j, &s.events[i]);
		join__flush(j);
		fault = fault_of(&s, j, !copies);
	}
	join__free(j);
	check_str(fault, NULL, "5000 random orders: %s", name);
	if (fault)
		printf("#   round %u of SEED=%llu\n", round, seed);
}

/* --- speed -------------------------------------------------------------------------------- */

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* No limit is asserted: the number is for people, who see it grow. */
static void measure(unsigned int n, unsigned int places, bool strangers)
{
	struct join *j = start(1);
	unsigned int i, p, events = 0;
	double begin = seconds(), took;

	for (i = 0; i < n; i++) {
		struct event k = passive(AF_INET, i), w = sent(AF_INET, i);

		k.kernel.ts_ns = T0 + i * 1000;
		feed(j, k);
		events++;
		if (strangers) {
			k = receive(AF_INET, n + i);
			k.kernel.sock.tuple = make_tuple(AF_INET, OTHER, 1, INNER, 2);
			k.kernel.ts_ns = T0 + i * 1000;
			feed(j, k);
			events++;
		}
		for (p = 0; p < places; p++) {
			w.wire.rst.ts_ns = T0 + i * 1000 + p;
			w.wire.rst.ifindex = 2 + p;
			feed(j, w);
			events++;
		}
	}
	took = seconds() - begin;
	join__flush(j);
	printf("# %u open cases, %u sightings each%s: %.0f events/s, %.1f ms in all\n", n, places,
	       strangers ? ", as many accounts that nobody claims" : "", events / took,
	       took * 1000);
	check_int(out.n, n, "%u open cases with %u sightings each all complete", n, places);
	check_int(join__stats(j)->unclaimed, 0, "... and every account is claimed");
	join__free(j);
}

/* LOCAL:80's socket for PEER:40000 answered a SYN to LOCAL:6050 with a challenge ACK. */
static struct event challenge(uint8_t af, uint32_t n, uint32_t syn_seq)
{
	struct event ev = active(af, n);

	ev.kernel.id = 700000 + n;
	ev.kernel.ts_ns = T0;
	ev.kernel.call = CALL_CHALLENGE;
	ev.kernel.has_segment = true;
	ev.kernel.segment = make_tuple(af, PEER, 40000, LOCAL, 6050);
	ev.kernel.segment_seq = syn_seq;
	ev.kernel.syn = (struct packet){ .ts_ns = T0,
					 .tuple = ev.kernel.segment,
					 .seq = syn_seq,
					 .flags = FLAG_SYN,
					 .hook = HOOK_TC_INGRESS };
	return ev;
}

/* The peer's RST for what that socket said: PEER:40000 to @port, seq @n. */
static struct event answer(uint8_t af, uint32_t n, uint16_t port)
{
	struct event ev = came(af, n);

	ev.wire.rst.tuple = make_tuple(af, PEER, 40000, LOCAL, port);
	return ev;
}

static void test_stall(const struct family *f)
{
	struct join *j = start(4);

	feed(j, challenge(f->af, 5, 900));
	feed(j, challenge(f->af, 5, 900));
	join__flush(j);
	check_int(out.n, 1, "a SYN that is sent again stalls once (%s)", f->name);
	check(out.cases[0].seen.kind == CASE_STALL &&
		      out.cases[0].seen.clash->call == CALL_CHALLENGE &&
		      out.cases[0].seen.answers.seq == 900,
	      "a challenge ACK without a RST is a stall of its own (%s)", f->name);
	join__free(j);
}

static void test_clash(const struct family *f, uint16_t port, const char *name)
{
	struct join *j = start(4);

	feed(j, challenge(f->af, 5, 900));
	feed(j, answer(f->af, 5, port));
	join__flush(j);
	check_int(out.n, 1, "%s: the reset and the stall are one case (%s)", name, f->name);
	check(out.cases[0].seen.kind == CASE_RESET && out.cases[0].seen.clash->id == 700005,
	      "%s: the reset knows what it answers (%s)", name, f->name);
	join__free(j);
}

static void test_no_clash(const struct family *f)
{
	struct event other = answer(f->af, 6, 80), late = answer(f->af, 5, 80);
	struct join *j = start(8);

	late.wire.rst.ts_ns = T0 + 4000 * MS;
	feed(j, challenge(f->af, 5, 900));
	feed(j, other);
	feed(j, late);
	join__flush(j);
	check_int(out.n, 3, "another number, or much later: three cases (%s)", f->name);
	check(out.cases[1].seen.clash->call == CALL_NONE &&
		      out.cases[2].seen.clash->call == CALL_NONE,
	      "neither reset answers the challenge ACK (%s)", f->name);
	join__free(j);
}

/* TIME_WAIT says nothing as long as nobody resets it. */
static void test_timewait_clash(const struct family *f)
{
	struct event tw = challenge(f->af, 5, 900);
	struct join *j = start(4);

	tw.kernel.call = CALL_TIMEWAIT;
	feed(j, tw);
	join__flush(j);
	check_int(out.n, 0, "a TIME_WAIT socket that took a SYN is no case by itself (%s)",
		  f->name);
	join__free(j);
	j = start(4);
	feed(j, tw);
	feed(j, answer(f->af, 5, 6050));
	join__flush(j);
	check(out.n == 1 && out.cases[0].seen.clash->call == CALL_TIMEWAIT,
	      "the reset that answers it knows it (%s)", f->name);
	join__free(j);
}

/* The end of a window comes after the account that found it open, and before or after the RST. */
static void test_window(const struct family *f, bool before_rst)
{
	struct event account = passive(f->af, 5), end = account;
	struct join *j = start(4);

	account.kernel.window = (struct hash_window){ WINDOW_HANDSHAKE, T0, 0, 1, 0, 0 };
	end.kernel = (struct kernel_event){ .id = 1,
					    .join_id = account.kernel.id,
					    .call = CALL_WINDOW,
					    .window = { .end_ns = T0 + 7 } };
	feed(j, account);
	if (before_rst)
		feed(j, end);
	feed(j, sent(f->af, 5));
	if (!before_rst)
		feed(j, end);
	join__flush(j);
	check(out.n == 1 && out.cases[0].seen.kernel->window.end_ns == T0 + 7,
	      "the window's end is known, told %s the RST (%s)", before_rst ? "before" : "after",
	      f->name);
	join__free(j);
}

int main(void)
{
	const struct family *f;

	for_each_family(f)
	{
		test_ids(f);
		test_id_of_later_sighting(f);
		test_id_before_fit(f);
		test_id_replaces_fit(f);
		test_rules(f);
		test_nat(f);
		test_source_port(f);
		test_scanner(f);
		test_receive(f);
		test_next_door(f);
		test_sightings(f);
		test_passed_on(f);
		test_answers(f);
		test_late_view(f);
		test_stall(f);
		test_clash(f, 80, "the first connection direct");
		test_clash(f, 6050, "the first connection redirected");
		test_no_clash(f);
		test_timewait_clash(f);
		test_window(f, true);
		test_window(f, false);
		test_flood(f);
		test_account_stays(f);
	}
	test_unclaimed();
	test_losses();
	test_time();
	test_full();
	test_permutations("each RST has one case and its own account, each account one claim",
			  false);
	test_permutations("equal RSTs have a case each, no account is claimed twice", true);
	measure(100, 3, false);
	measure(1000, 3, false);
	measure(4000, 3, false);
	measure(4000, 3, true);
	end();
	return test_done();
}
