// SPDX-License-Identifier: GPL-2.0-only
/*
 * clashes.c - the sockets that lately took another connection's segment.
 */
#include "live/clashes.h"

#include <stddef.h>

/* How long a peer may take to reset the connection. */
#define CLASH_NS 3000000000ull

void clashes__add(struct clashes *cl, struct accounts *a, struct account *acc)
{
	struct clash *at = &cl->ring[cl->next++ % MAX_CLASHES];

	accounts__release(a, at->account);
	*at = (struct clash){ .account = acc, .last_ns = acc->k.ts_ns };
}

static bool is_repeated(const struct kernel_event *old, const struct kernel_event *k)
{
	return old->call == CALL_CHALLENGE && old->segment_seq == k->segment_seq &&
	       tuple_equal(&old->segment, &k->segment) &&
	       tuple_equal(&old->sock.tuple, &k->sock.tuple);
}

bool clashes__repeat(struct clashes *cl, const struct kernel_event *k)
{
	unsigned int i;

	if (k->call != CALL_CHALLENGE)
		return false;
	for (i = 0; i < MAX_CLASHES; i++) {
		if (cl->ring[i].account && is_repeated(&cl->ring[i].account->k, k)) {
			cl->ring[i].last_ns = k->ts_ns;
			return true;
		}
	}
	return false;
}

static bool is_answered(const struct clash *cl, const struct packet *rst)
{
	struct tuple back = tuple_reverse(&cl->account->k.sock.tuple);

	return rst->ts_ns >= cl->last_ns && rst->ts_ns - cl->last_ns <= CLASH_NS &&
	       rst->seq == cl->account->k.sock.rcv_nxt && tuple_same_source(&rst->tuple, &back);
}

struct account *clashes__answered(const struct clashes *cl, const struct packet *rst)
{
	unsigned int i;

	for (i = 1; i <= MAX_CLASHES; i++) {
		const struct clash *at = &cl->ring[(cl->next - i) % MAX_CLASHES];

		if (at->account && is_answered(at, rst))
			return at->account;
	}
	return NULL;
}
