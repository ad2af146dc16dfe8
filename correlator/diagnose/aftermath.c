// SPDX-License-Identifier: GPL-2.0-only
/*
 * aftermath.c - resets that only follow from an earlier one of the same connection.
 *
 * Whoever is reset does not know it yet, or never hears of it: what it has sent meanwhile meets no
 * connection, and each such segment is answered by one more RST.
 */
#include "diagnose/aftermath.h"

#include <string.h>

/* On another interface of this host a RST is seen again within this time. */
#define PASSED_ON_NS 1000000u

static bool is_the_same(const struct packet *a, const struct packet *b)
{
	return tuple_equal(&a->tuple, &b->tuple) && a->seq == b->seq && a->ack == b->ack &&
	       a->flags == b->flags && a->ipid == b->ipid &&
	       (a->ifindex != b->ifindex || a->hook != b->hook) &&
	       b->ts_ns - a->ts_ns < PASSED_ON_NS;
}

/* Where its receiver had got to: one out of place was ignored (RFC 5961, section 3). */
static bool is_in_place(const struct reset_case *c, const struct packet *rst)
{
	unsigned int i;

	for (i = 0; i < c->asked.n_history; i++) {
		const struct packet *p = &c->asked.history[i];

		if (p->flags & FLAG_RST)
			continue;
		if (tuple_equal(&p->tuple, &rst->tuple) ? segment_end(p) == rst->seq :
							  p->flags & FLAG_ACK && p->ack == rst->seq)
			return true;
	}
	return false;
}

static bool is_earlier(const struct reset_case *c, const struct packet *p)
{
	return p->ts_ns < c->seen.rst.ts_ns && !is_the_same(p, &c->seen.rst) && is_in_place(c, p);
}

const struct packet *first_reset(const struct reset_case *c)
{
	const struct packet *first = NULL;
	bool talked[2] = { false, false };
	unsigned int i;

	if (c->seen.kind != CASE_RESET)
		return NULL;
	for (i = 0; i < c->asked.n_history; i++) {
		const struct packet *p = &c->asked.history[i];

		if (p->flags & FLAG_RST) {
			if (!first && is_earlier(c, p)) {
				first = p;
				memset(talked, 0, sizeof(talked));
			}
			continue;
		}
		if (!first)
			continue;
		talked[tuple_equal(&p->tuple, &c->seen.rst.tuple)] = true;
		/* It was ignored: a connection that was reset has segments of one end at best. */
		if (is_bare_syn(p) || (talked[0] && talked[1]))
			first = NULL;
	}
	return first;
}

bool is_finished(const struct reset_case *c)
{
	bool finished[2] = { false, false };
	unsigned int i;

	for (i = 0; i < c->asked.n_history; i++) {
		const struct packet *p = &c->asked.history[i];

		if (is_bare_syn(p))
			finished[0] = finished[1] = false;
		if (p->flags & FLAG_FIN)
			finished[tuple_equal(&p->tuple, &c->seen.rst.tuple)] = true;
	}
	return finished[0] && finished[1];
}
