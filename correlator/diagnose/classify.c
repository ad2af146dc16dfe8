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

#include "diagnose/impact.h"

static bool holds(const struct way *w, const struct reset_case *c)
{
	return !(w->needs & ~c->diagnosis.facts_yes) && !(w->forbids & ~c->diagnosis.facts_no);
}

/* The fact that contradicts the way; -1 if none does. */
static int contradiction(const struct way *w, const struct reset_case *c)
{
	fact_set against =
		(w->needs & c->diagnosis.facts_no) | (w->forbids & c->diagnosis.facts_yes);

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
	return c->diagnosis.cause ? proven_way(c->diagnosis.cause, c) : NULL;
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

	for (b = c->diagnosis.cause->behind;
	     b < c->diagnosis.cause->behind + CAUSE_BEHIND_MAX && b->id; b++)
		if (!strcmp(b->id, other->id) && !(b->needs & ~c->diagnosis.facts_yes))
			return true;
	return false;
}

/* Something speaks for it: worth saying why it is not the cause. */
static bool is_neighbour(const struct cause *cause, const struct reset_case *c)
{
	unsigned int i;

	for (i = 0; is_way(cause->ways, i); i++)
		if (cause->ways[i].needs & c->diagnosis.facts_yes & ~FACT(SENT_HERE))
			return true;
	return false;
}

static void weigh_others(struct reset_case *c)
{
	bool unsure = c->diagnosis.confidence != CONF_CERTAIN,
	     capture = c->diagnosis.facts_yes & FACT(CAPTURE);
	size_t i;

	for (i = 0; i + 1 < n_causes; i++) {
		const struct cause *cause = &causes[i];
		int fact;

		if (cause == c->diagnosis.cause)
			continue;
		fact = ruled_out_by(cause, c);
		if (is_behind(cause, c) &&
		    (fact < 0 || c->diagnosis.cause->origin == ORIGIN_LOCAL)) {
			if (c->diagnosis.n_candidates < CASE_CAUSES_MAX)
				c->diagnosis.candidates[c->diagnosis.n_candidates++] = cause;
		} else if (fact < 0) {
			if (capture && (cause->rank.tells_where || cause->rank.live))
				continue;
			if (unsure && c->diagnosis.n_candidates < CASE_CAUSES_MAX)
				c->diagnosis.candidates[c->diagnosis.n_candidates++] = cause;
		} else if (is_neighbour(cause, c) && c->diagnosis.n_ruled_out < CASE_CAUSES_MAX) {
			c->diagnosis.ruled_out[c->diagnosis.n_ruled_out++] =
				(struct ruled_out){ cause, fact };
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
	switch (c->seen.kernel->call) {
	case CALL_PASSIVE:
		return TYPE_PASSIVE;
	case CALL_ACTIVE:
		return TYPE_ACTIVE;
	case CALL_REJECT:
		return TYPE_NETFILTER;
	default:
		break;
	}
	if (c->diagnosis.cause->type != TYPE_UNKNOWN)
		return c->diagnosis.cause->type;
	if (c->seen.kind == CASE_STALL)
		return TYPE_UNKNOWN;
	return type_by_shape(&c->seen.rst);
}

static enum origin origin_of(const struct reset_case *c)
{
	/* Where a capture was taken, it seldom tells. */
	if (c->diagnosis.cause->origin != ORIGIN_UNKNOWN &&
	    !(c->diagnosis.facts_yes & FACT(CAPTURE)))
		return c->diagnosis.cause->origin;
	if (c->seen.kind == CASE_STALL || (c->diagnosis.facts_yes & FACT(SENT_HERE)))
		return ORIGIN_LOCAL;
	if (c->diagnosis.facts_yes & FACT(PASSED_THROUGH))
		return ORIGIN_FORWARDED;
	return c->diagnosis.facts_yes & FACT(ARRIVED_HERE) ? ORIGIN_REMOTE : ORIGIN_UNKNOWN;
}

static int score(const struct cause *cause, const struct reset_case *c)
{
	const struct rank *r = &cause->rank;

	return fact_count(r->hints & c->diagnosis.facts_yes) -
	       fact_count(r->hints & c->diagnosis.facts_no) -
	       2 * fact_count(r->unlikely_if & c->diagnosis.facts_yes) - (int)r->seldom;
}

/* Best first; the table's order stays among equals. */
static void rank_candidates(struct reset_case *c)
{
	int scores[CASE_CAUSES_MAX];
	unsigned int i, at;

	for (i = 0; i < c->diagnosis.n_candidates; i++) {
		const struct cause *cause = c->diagnosis.candidates[i];
		int own = score(cause, c);

		for (at = i; at > 0 && scores[at - 1] < own; at--) {
			scores[at] = scores[at - 1];
			c->diagnosis.candidates[at] = c->diagnosis.candidates[at - 1];
		}
		scores[at] = own;
		c->diagnosis.candidates[at] = cause;
	}
}

void classify(struct reset_case *c)
{
	const struct way *way = NULL;
	size_t i;

	facts_gather(c);
	impact_judge(c);
	c->diagnosis.n_candidates = 0;
	c->diagnosis.n_ruled_out = 0;
	for (i = 0; i < n_causes; i++) {
		c->diagnosis.cause = &causes[i];
		way = proven_way(c->diagnosis.cause, c);
		if (way)
			break;
	}
	c->diagnosis.confidence = way ? way->confidence : CONF_NONE;
	if (!way)
		c->diagnosis.cause = &causes[n_causes - 1];
	weigh_others(c);
	if (c->diagnosis.facts_yes & FACT(CAPTURE))
		rank_candidates(c);
	c->diagnosis.origin = origin_of(c);
	c->diagnosis.type = type_of(c);
}
