// SPDX-License-Identifier: GPL-2.0-only
/*
 * case.c - the small questions that one asks of packets and cases everywhere.
 */
#include "model/case.h"

#include <string.h>

const struct kernel_event no_account = { .call = CALL_NONE };

void case_init(struct reset_case *c)
{
	memset(c, 0, sizeof(*c));
	c->seen.kernel = c->seen.receive = c->seen.clash = &no_account;
	c->asked.src_local = c->asked.dst_local = -1;
}

struct tuple tuple_reverse(const struct tuple *t)
{
	struct tuple r = { .sport = t->dport, .dport = t->sport, .family = t->family };

	memcpy(r.saddr, t->daddr, sizeof(r.saddr));
	memcpy(r.daddr, t->saddr, sizeof(r.daddr));
	return r;
}

bool tuple_equal(const struct tuple *a, const struct tuple *b)
{
	return a->family == b->family && a->sport == b->sport && a->dport == b->dport &&
	       !memcmp(a->saddr, b->saddr, sizeof(a->saddr)) &&
	       !memcmp(a->daddr, b->daddr, sizeof(a->daddr));
}

bool tuple_same_source(const struct tuple *a, const struct tuple *b)
{
	return a->sport == b->sport && !memcmp(a->saddr, b->saddr, sizeof(a->saddr));
}

bool tuple_same_destination(const struct tuple *a, const struct tuple *b)
{
	return a->dport == b->dport && !memcmp(a->daddr, b->daddr, sizeof(a->daddr));
}

uint32_t segment_end(const struct packet *p)
{
	return p->seq + p->len + !!(p->flags & FLAG_SYN) + !!(p->flags & FLAG_FIN);
}

bool reset_answers(const struct packet *rst, const struct packet *segment)
{
	if (segment->flags & FLAG_RST)
		return false;
	if (segment->flags & FLAG_ACK)
		return !(rst->flags & FLAG_ACK) && segment->ack == rst->seq;
	return (rst->flags & FLAG_ACK) && rst->seq == 0 && rst->ack == segment_end(segment);
}

void choose_answer(const struct packet *rst, const struct packet *history, unsigned int n_history,
		   struct packet *answers, enum answer_match *match)
{
	unsigned int i;

	if (*match == ANSWER_EXACT)
		return;
	for (i = n_history; i-- > 0;) {
		const struct packet *p = &history[i];
		struct tuple back = tuple_reverse(&p->tuple);

		if (tuple_equal(&back, &rst->tuple) && reset_answers(rst, p)) {
			*answers = *p;
			*match = ANSWER_EXACT;
			return;
		}
	}
	if (*match == ANSWER_NONE && n_history) {
		*answers = history[n_history - 1];
		*match = ANSWER_NEWEST;
	}
}

void case_choose_answer(struct reset_case *c)
{
	choose_answer(&c->seen.rst, c->asked.history, c->asked.n_history, &c->seen.answers,
		      &c->seen.answer_match);
}

const struct tuple *case_segment(const struct reset_case *c)
{
	if (c->seen.kernel->has_segment)
		return &c->seen.kernel->segment;
	if (c->seen.answer_match != ANSWER_NONE)
		return &c->seen.answers.tuple;
	return NULL;
}
