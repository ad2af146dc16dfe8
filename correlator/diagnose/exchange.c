// SPDX-License-Identifier: GPL-2.0-only
/*
 * exchange.c - what the packets before a RST tell of its connection.
 *
 * A packet may be there several times, once for each interface: only what advances counts.
 */
#include "diagnose/exchange.h"

#include <string.h>

/* Linux assigns ports from here on (net.ipv4.ip_local_port_range); services have lower ones. */
#define LOCAL_PORTS_FROM 32768
/* Numbers of one connection lie closer together (RFC 7323, 2.3). */
#define NEAR (1 << 30)

static bool is_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

static bool is_near(uint32_t a, uint32_t b)
{
	int32_t d = (int32_t)(a - b);

	return d > -NEAR && d < NEAR;
}

/* A SYN that opens another connection between the same ports. */
static bool begins_anew(const struct exchange *x, enum end e, const struct packet *p)
{
	const struct end_view *v = &x->end[e];

	if ((p->flags & (FLAG_SYN | FLAG_ACK | FLAG_RST)) != FLAG_SYN)
		return false;
	return !v->syn || v->next - 1 != p->seq || v->data || x->reset_before;
}

static void begin(struct exchange *x)
{
	memset(x, 0, sizeof(*x));
	x->opener = x->last_from = NOBODY;
}

static void follow_syn(struct exchange *x, enum end e, const struct packet *p)
{
	if (begins_anew(x, e, p))
		begin(x);
	x->opener = p->flags & FLAG_ACK ? other_end(e) : e;
	x->whole |= !(p->flags & FLAG_ACK);
	x->end[e].syn = true;
}

static void follow_data(struct exchange *x, enum end e, const struct packet *p, uint32_t fresh)
{
	struct end_view *v = &x->end[e];

	if (x->last_from != e) {
		if (x->runs == 1 || x->runs == 2)
			x->first_runs[x->runs - 1] = x->run_bytes;
		x->data_before_ns = x->last_data_ns;
		x->run_ns = p->ts_ns;
		x->run_bytes = 0;
		x->run_ack = p->ack;
		x->runs++;
	}
	x->last_from = e;
	x->last_data_ns = p->ts_ns;
	x->run_bytes += fresh;
	x->data_since = true;
	v->last_len = p->len;
	v->shortest = !v->data || p->len < v->shortest ? p->len : v->shortest;
	v->data = true;
}

static void follow_acks(struct exchange *x, enum end e, const struct packet *p)
{
	struct end_view *v = &x->end[e];

	if (!(p->flags & FLAG_ACK))
		return;
	if (!v->has_acked || is_after(p->ack, v->acked))
		v->acked = p->ack;
	v->has_acked = true;
}

static bool anything_under_way(const struct exchange *x)
{
	uint32_t n;

	return (x->last_from != NOBODY && x->last_from == x->opener) ||
	       (exchange_unacked(x, SENDER, &n) && n) || (exchange_unacked(x, RECEIVER, &n) && n);
}

static void follow_reset(struct exchange *x)
{
	x->lost_before |= anything_under_way(x);
	x->reset_before = true;
	x->data_since = false;
}

static void follow(struct exchange *x, enum end e, const struct packet *p)
{
	struct end_view *v = &x->end[e];
	uint32_t data_end, end = segment_end(p);

	if (p->flags & FLAG_RST) {
		follow_reset(x);
		return;
	}
	if (p->flags & FLAG_SYN)
		follow_syn(x, e, p);
	data_end = p->seq + p->len;
	if (p->len && (!v->heard || is_after(data_end, v->next)))
		follow_data(x, e, p,
			    v->heard && is_after(v->next, p->seq) ? data_end - v->next : p->len);
	if (!v->heard || is_after(end, v->next))
		v->next = end;
	v->heard = true;
	if (p->flags & FLAG_FIN && !v->fin) {
		v->fin = true;
		x->fin_ns[e] = p->ts_ns;
		x->fin_idle_ns[e] = x->last_data_ns ? p->ts_ns - x->last_data_ns : 0;
	}
	follow_acks(x, e, p);
}

/* An active reset has both numbers; one that answers a segment has the number that this one has acknowledged. */
static void follow_own_numbers(struct exchange *x, const struct packet *rst)
{
	struct end_view *s = &x->end[SENDER], *r = &x->end[RECEIVER];

	if (!(rst->flags & FLAG_ACK)) {
		if (!r->has_acked || (is_near(rst->seq, r->acked) && is_after(rst->seq, r->acked)))
			r->acked = rst->seq;
		r->has_acked = true;
		return;
	}
	if (!rst->seq)
		return;
	if (!s->heard || (is_near(rst->seq, s->next) && is_after(rst->seq, s->next)))
		s->next = rst->seq;
	if (!s->has_acked || (is_near(rst->ack, s->acked) && is_after(rst->ack, s->acked)))
		s->acked = rst->ack;
	s->heard = s->has_acked = true;
}

/* Where the SYN was not seen. */
static enum end opener_by_port(const struct tuple *t)
{
	if (t->sport >= LOCAL_PORTS_FROM && t->dport < LOCAL_PORTS_FROM)
		return SENDER;
	if (t->dport >= LOCAL_PORTS_FROM && t->sport < LOCAL_PORTS_FROM)
		return RECEIVER;
	return NOBODY;
}

static enum end end_of(const struct reset_case *c, const struct packet *p)
{
	struct tuple back = tuple_reverse(&p->tuple);

	if (tuple_equal(&p->tuple, &c->seen.rst.tuple))
		return SENDER;
	return tuple_equal(&back, &c->seen.rst.tuple) ? RECEIVER : NOBODY;
}

/* What the RST answers was not accepted. */
static void follow_refused(struct exchange *x, const struct packet *p)
{
	struct end_view *s = &x->end[SENDER];

	follow(x, RECEIVER, p);
	if (s->has_acked || p->flags & FLAG_SYN)
		return;
	s->acked = p->seq;
	s->has_acked = true;
}

/* The only packet that is known. A bare ACK tells whose data came before it. */
static void follow_alone(struct exchange *x, enum end e, const struct packet *p)
{
	follow(x, e, p);
	if (p->len || (p->flags & (FLAG_SYN | FLAG_FIN | FLAG_RST | FLAG_ACK)) != FLAG_ACK)
		return;
	x->last_from = other_end(e);
	x->end[other_end(e)].data = true;
}

void exchange_read(const struct reset_case *c, struct exchange *ret)
{
	const struct conversation *v = &c->seen.conversation;
	unsigned int i;

	begin(ret);
	for (i = 0; i < c->asked.n_history; i++) {
		enum end e = end_of(c, &c->asked.history[i]);

		if (e != NOBODY)
			follow(ret, e, &c->asked.history[i]);
	}
	if (c->seen.answer_match == ANSWER_EXACT && end_of(c, &c->seen.answers) == RECEIVER)
		follow_refused(ret, &c->seen.answers);
	/* Where all others are overwritten, BPF may still have found the newest. */
	if (c->seen.answer_match == ANSWER_NEWEST && !c->asked.n_history &&
	    end_of(c, &c->seen.answers) != NOBODY)
		follow_alone(ret, end_of(c, &c->seen.answers), &c->seen.answers);
	follow_own_numbers(ret, &c->seen.rst);
	if (ret->opener == NOBODY && v->known && v->whole)
		ret->opener = v->sender_opened ? SENDER : RECEIVER;
	if (ret->opener == NOBODY)
		ret->opener = opener_by_port(&c->seen.rst.tuple);
}

bool exchange_unacked(const struct exchange *x, enum end e, uint32_t *ret)
{
	const struct end_view *v = &x->end[e], *o = &x->end[other_end(e)];
	uint32_t n;

	if (!v->heard || !o->has_acked || !is_near(v->next, o->acked)) {
		*ret = 0;
		return x->whole && !v->data;
	}
	n = is_after(v->next, o->acked) ? v->next - o->acked : 0;
	*ret = n && v->fin ? n - 1 : n;
	return true;
}
