// SPDX-License-Identifier: GPL-2.0-only
/*
 * proxy_sides.c - what a process passed on from one connection to another.
 */
#include "diagnose/proxy_sides.h"

#include "diagnose/classify.h"

/* What counts of a connection: data, and the SYN that opened it. */
static bool carries(const struct packet *p)
{
	return p->len || is_bare_syn(p);
}

static void add_time(uint64_t *times, unsigned int *n, uint64_t ts_ns)
{
	if (*n < SIDE_TIMES_MAX)
		times[(*n)++] = ts_ns;
}

/* By the SYN; where that was overwritten, by the ports: clients have the higher one. */
static bool is_opened_from(const struct reset_case *c, const struct tuple *in)
{
	unsigned int i;

	for (i = 0; i < c->asked.n_history; i++)
		if (is_bare_syn(&c->asked.history[i]))
			return tuple_equal(&c->asked.history[i].tuple, in);
	return in->sport > in->dport;
}

static bool read_side(const struct reset_case *c, const struct owner *who, const struct tuple *in,
		      struct proxy_side *ret)
{
	const struct tuple out = tuple_reverse(in);
	unsigned int i = c->asked.n_history;

	if (c->seen.kind != CASE_RESET || !who->known || !who->pid)
		return false;
	*ret = (struct proxy_side){
		.pid = who->pid,
		.is_server = is_opened_from(c, in),
		.rst_ns = c->seen.rst.ts_ns,
		.rst = c->seen.rst.tuple,
	};
	while (i--) {
		const struct packet *p = &c->asked.history[i];

		if (carries(p) && tuple_equal(&p->tuple, in))
			add_time(ret->in_ns, &ret->n_in, p->ts_ns);
		else if (carries(p) && tuple_equal(&p->tuple, &out))
			add_time(ret->out_ns, &ret->n_out, p->ts_ns);
	}
	return true;
}

bool proxy_side_taken(const struct reset_case *c, struct proxy_side *ret)
{
	return c->diagnosis.origin == ORIGIN_REMOTE &&
	       read_side(c, &c->asked.victim, &c->seen.rst.tuple, ret);
}

bool proxy_side_sent(const struct reset_case *c, struct proxy_side *ret)
{
	const struct tuple in = tuple_reverse(&c->seen.rst.tuple);

	return c->diagnosis.origin == ORIGIN_LOCAL && !(c->diagnosis.facts_yes & FACT(IN_EXIT)) &&
	       read_side(c, &c->asked.owner, &in, ret);
}

/* Something that came in by @from went out by @to. */
static bool passed_on(const struct proxy_side *from, const struct proxy_side *to)
{
	unsigned int i, o;

	for (i = 0; i < from->n_in; i++)
		for (o = 0; o < to->n_out; o++)
			if (to->out_ns[o] >= from->in_ns[i] &&
			    to->out_ns[o] - from->in_ns[i] <= PASSED_ON_NS)
				return true;
	return false;
}

bool proxy_sides_fit(const struct proxy_side *taken, const struct proxy_side *sent)
{
	return taken->pid == sent->pid && taken->is_server != sent->is_server &&
	       sent->rst_ns >= taken->rst_ns && sent->rst_ns - taken->rst_ns <= HANDED_ON_NS &&
	       (passed_on(taken, sent) || passed_on(sent, taken));
}
