// SPDX-License-Identifier: GPL-2.0-only
/*
 * fit.c - can this RST be the one that the kernel's account speaks of?
 */
#include "live/fit.h"

#include <string.h>

#include "live/key_index.h"

/* The number that the rules tie to the maker: ACK where there is one, else SEQ. */
static uint32_t number_of(const struct packet *rst)
{
	return rst->flags & FLAG_ACK ? rst->ack : rst->seq;
}

static struct packet segment_of(const struct kernel_event *k)
{
	return (struct packet){
		.seq = k->segment_seq,
		.ack = k->segment_ack,
		.len = k->segment_len,
		.flags = k->segment_flags,
	};
}

/* The number_of() that a RST with this account has. */
static uint32_t foretold_number(const struct kernel_event *k)
{
	struct packet segment = segment_of(k);

	if (role_of(k) == ROLE_TAKER || k->call == CALL_ACTIVE)
		return k->sock.rcv_nxt;
	return k->segment_flags & FLAG_ACK ? k->segment_ack : segment_end(&segment);
}

/* The tuple that a RST with this account has where nothing is translated. */
static struct tuple foretold_tuple(const struct kernel_event *k)
{
	if (k->call == CALL_ACTIVE)
		return k->sock.tuple;
	return tuple_reverse(role_of(k) == ROLE_TAKER ? &k->sock.tuple : &k->segment);
}

static uint64_t tuple_key(const struct tuple *t)
{
	uint64_t words[4], key = (uint64_t)t->sport << 32 | (uint64_t)t->dport << 8 | t->family;
	unsigned int i;

	memcpy(words, t->saddr, 16);
	memcpy(words + 2, t->daddr, 16);
	for (i = 0; i < 4; i++)
		key = key_mix(key, words[i]);
	return key;
}

/* A socket takes a RST that lies anywhere in its window: by tuple the number is left open. */
static uint64_t make_key(enum role role, enum fit_by by, const struct tuple *t, uint32_t number)
{
	uint64_t kind = role * N_FITS + by;

	if (by == FIT_NUMBER)
		return key_mix(kind, number);
	return key_mix(tuple_key(t), role == ROLE_TAKER ? kind : key_mix(kind, number));
}

uint64_t fit_key_of_reset(const struct packet *rst, enum role role, enum fit_by by)
{
	return make_key(role, by, &rst->tuple, role == ROLE_TAKER ? rst->seq : number_of(rst));
}

uint64_t fit_key_of_account(const struct kernel_event *k, enum fit_by by)
{
	struct tuple t = foretold_tuple(k);

	if (k->call != CALL_PASSIVE && k->call != CALL_REJECT && k->call != CALL_ACTIVE &&
	    k->call != CALL_RECEIVE)
		return 0;
	return make_key(role_of(k), by, &t, foretold_number(k));
}

static bool is_reverse(const struct tuple *a, const struct tuple *b)
{
	struct tuple r = tuple_reverse(b);

	return tuple_equal(a, &r);
}

/* Does the RST's tuple fit the flow of @ct in either of its two images? */
static bool is_image(const struct tuple *rst, const struct conntrack *ct)
{
	return ct->has_entry && (is_reverse(rst, &ct->orig) || tuple_equal(rst, &ct->reply) ||
				 tuple_equal(rst, &ct->orig) || is_reverse(rst, &ct->reply));
}

/*
 * A connection whose source port another one still holds, behind a redirect: conntrack gives it a
 * free port on its way in, and the RST the one that the peer knows. Nothing but that port changes.
 */
static bool is_other_port(const struct tuple *a, const struct tuple *b)
{
	return tuple_same_source(a, b) && !memcmp(a->daddr, b->daddr, sizeof(a->daddr));
}

static bool made_by_segment(const struct packet *rst, const struct kernel_event *k, enum fit_by by)
{
	struct packet segment = segment_of(k);
	struct tuple back = tuple_reverse(&k->segment);

	if (!reset_answers(rst, &segment))
		return false;
	if (by == FIT_TUPLE)
		return tuple_equal(&rst->tuple, &back);
	/* NAT may still change the source on the way out; the peer stays the peer. */
	return is_image(&rst->tuple, &k->ct) || tuple_same_destination(&rst->tuple, &back) ||
	       is_other_port(&rst->tuple, &back);
}

static bool made_by_socket(const struct packet *rst, const struct kernel_event *k, enum fit_by by)
{
	if (!(rst->flags & FLAG_ACK) || rst->ack != k->sock.rcv_nxt)
		return false;
	if (by == FIT_TUPLE)
		return tuple_equal(&rst->tuple, &k->sock.tuple);
	/* NAT may change both ends, as after a clash of ports: then both numbers must fit. */
	return tuple_same_destination(&rst->tuple, &k->sock.tuple) ||
	       tuple_same_source(&rst->tuple, &k->sock.tuple) || rst->seq == k->sock.snd_nxt;
}

static bool taken_by_socket(const struct packet *rst, const struct kernel_event *k, enum fit_by by)
{
	struct tuple back = tuple_reverse(&k->sock.tuple);

	if (by == FIT_TUPLE)
		return tuple_equal(&rst->tuple, &back);
	/* Behind NAT one end differs; then the numbers must fit exactly. */
	return rst->seq == k->sock.rcv_nxt && (tuple_same_source(&rst->tuple, &back) ||
					       tuple_same_destination(&rst->tuple, &back));
}

bool fits(const struct packet *rst, const struct kernel_event *k, enum fit_by by)
{
	switch (k->call) {
	case CALL_PASSIVE:
	case CALL_REJECT:
		return made_by_segment(rst, k, by);
	case CALL_ACTIVE:
		return made_by_socket(rst, k, by);
	case CALL_RECEIVE:
		return taken_by_socket(rst, k, by);
	default:
		return false;
	}
}

struct packet foretold_reset(const struct kernel_event *k)
{
	bool acks = k->call == CALL_ACTIVE || !(k->segment_flags & FLAG_ACK);

	return (struct packet){
		.ts_ns = k->ts_ns,
		.tuple = foretold_tuple(k),
		.seq = k->call == CALL_ACTIVE ? k->sock.snd_nxt :
		       acks		      ? 0 :
						k->segment_ack,
		.ack = acks ? foretold_number(k) : 0,
		.cpu = k->cpu,
		.flags = acks ? FLAG_RST | FLAG_ACK : FLAG_RST,
		.hook = HOOK_KERNEL,
	};
}
