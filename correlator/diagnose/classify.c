// SPDX-License-Identifier: GPL-2.0-only
/*
 * classify.c - match a case's facts with the catalogue.
 *
 * A cause is named when all that it needs is proven and all that forbids it is disproven. It
 * remains a candidate as long as nothing contradicts it, and it is ruled out by the first fact
 * that does.
 */
#include "diagnose/classify.h"

#include <string.h>

static bool holds(const struct way *w, const struct reset_case *c)
{
	return !(w->needs & ~c->facts_yes) && !(w->forbids & ~c->facts_no);
}

/* The fact that contradicts the way; -1 if none does. */
static int contradiction(const struct way *w, const struct reset_case *c)
{
	fact_set against = (w->needs & c->facts_no) | (w->forbids & c->facts_yes);

	return fact_first(against);
}

static bool is_way(const struct way *ways, unsigned int i)
{
	return i < CAUSE_WAYS_MAX && ways[i].confidence != CONF_NONE;
}

static const struct way *proven_way(const struct cause *cause, const struct reset_case *c)
{
	unsigned int i;

	for (i = 0; is_way(cause->ways, i); i++)
		if (holds(&cause->ways[i], c))
			return &cause->ways[i];
	return NULL;
}

const struct way *cause_way(const struct reset_case *c)
{
	return c->cause ? proven_way(c->cause, c) : NULL;
}

/* A cause is still possible while one of its ways is not contradicted. */
static int ruled_out_by(const struct cause *cause, const struct reset_case *c)
{
	int first = -1;
	unsigned int i;

	for (i = 0; is_way(cause->ways, i); i++) {
		int fact = contradiction(&cause->ways[i], c);

		if (fact < 0)
			return -1;
		if (first < 0)
			first = fact;
	}
	return first;
}

/* Causes at the other host are not to be seen here, neither proven nor disproven. */
static bool is_behind(const struct cause *other, const struct reset_case *c)
{
	const struct behind *b;

	for (b = c->cause->behind; b < c->cause->behind + CAUSE_BEHIND_MAX && b->id; b++)
		if (!strcmp(b->id, other->id) && !(b->needs & ~c->facts_yes))
			return true;
	return false;
}

/* Something speaks for it: worth saying why it is not the cause. */
static bool is_neighbour(const struct cause *cause, const struct reset_case *c)
{
	unsigned int i;

	for (i = 0; is_way(cause->ways, i); i++)
		if (cause->ways[i].needs & c->facts_yes & ~FACT(SENT_HERE))
			return true;
	return false;
}

static void weigh_others(struct reset_case *c)
{
	bool unsure = c->confidence != CONF_CERTAIN, capture = c->facts_yes & FACT(CAPTURE);
	size_t i;

	for (i = 0; i + 1 < n_causes; i++) {
		const struct cause *cause = &causes[i];
		int fact;

		if (cause == c->cause)
			continue;
		fact = ruled_out_by(cause, c);
		if (is_behind(cause, c) && (fact < 0 || c->cause->origin == ORIGIN_LOCAL)) {
			if (c->n_candidates < CASE_CAUSES_MAX)
				c->candidates[c->n_candidates++] = cause;
		} else if (fact < 0) {
			if (capture && cause->rank.tells_where)
				continue;
			if (unsure && c->n_candidates < CASE_CAUSES_MAX)
				c->candidates[c->n_candidates++] = cause;
		} else if (is_neighbour(cause, c) && c->n_ruled_out < CASE_CAUSES_MAX) {
			c->ruled_out[c->n_ruled_out++] = (struct ruled_out){ cause, fact };
		}
	}
}

/* RFC 9293, 3.10.7.1: without an ACK, or from sequence number 0 and without a window. */
static enum reset_type type_by_shape(const struct packet *rst)
{
	if (!(rst->flags & FLAG_ACK))
		return TYPE_PASSIVE;
	return rst->seq == 0 && rst->window == 0 ? TYPE_PASSIVE : TYPE_ACTIVE;
}

static enum reset_type type_of(const struct reset_case *c)
{
	switch (c->kernel.call) {
	case CALL_PASSIVE:
		return TYPE_PASSIVE;
	case CALL_ACTIVE:
		return TYPE_ACTIVE;
	case CALL_REJECT:
		return TYPE_NETFILTER;
	default:
		break;
	}
	if (c->cause->type != TYPE_UNKNOWN)
		return c->cause->type;
	if (c->kind == CASE_STALL)
		return TYPE_UNKNOWN;
	return type_by_shape(&c->rst);
}

static enum origin origin_of(const struct reset_case *c)
{
	/* Where a capture was taken, it seldom tells. */
	if (c->cause->origin != ORIGIN_UNKNOWN && !(c->facts_yes & FACT(CAPTURE)))
		return c->cause->origin;
	if (c->kind == CASE_STALL || (c->facts_yes & FACT(SENT_HERE)))
		return ORIGIN_LOCAL;
	if (c->facts_yes & FACT(PASSED_THROUGH))
		return ORIGIN_FORWARDED;
	return c->facts_yes & FACT(ARRIVED_HERE) ? ORIGIN_REMOTE : ORIGIN_UNKNOWN;
}

static int score(const struct cause *cause, const struct reset_case *c)
{
	const struct rank *r = &cause->rank;

	return fact_count(r->hints & c->facts_yes) - fact_count(r->hints & c->facts_no) -
	       2 * fact_count(r->unlikely_if & c->facts_yes) - (int)r->seldom;
}

/* Best first; the table's order stays among equals. */
static void rank_candidates(struct reset_case *c)
{
	int scores[CASE_CAUSES_MAX];
	unsigned int i, at;

	for (i = 0; i < c->n_candidates; i++) {
		const struct cause *cause = c->candidates[i];
		int own = score(cause, c);

		for (at = i; at > 0 && scores[at - 1] < own; at--) {
			scores[at] = scores[at - 1];
			c->candidates[at] = c->candidates[at - 1];
		}
		scores[at] = own;
		c->candidates[at] = cause;
	}
}

void classify(struct reset_case *c)
{
	const struct way *way = NULL;
	size_t i;

	facts_gather(c);
	c->n_candidates = 0;
	c->n_ruled_out = 0;
	for (i = 0; i < n_causes; i++) {
		c->cause = &causes[i];
		way = proven_way(c->cause, c);
		if (way)
			break;
	}
	c->confidence = way ? way->confidence : CONF_NONE;
	if (!way)
		c->cause = &causes[n_causes - 1];
	weigh_others(c);
	if (c->facts_yes & FACT(CAPTURE))
		rank_candidates(c);
	c->origin = origin_of(c);
	c->type = type_of(c);
}
