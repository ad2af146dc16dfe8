// SPDX-License-Identifier: GPL-2.0-only
/*
 * merge.c - the same reset in other files: known again, and added to a case.
 */
#include "capture/merge.h"

#include <stdlib.h>
#include <string.h>

#include "model/same_reset.h"

bool is_same_segment(const struct packet *a, const struct packet *b)
{
	return a->seq == b->seq && a->ack == b->ack && a->len == b->len && a->flags == b->flags;
}

static void add_sightings(struct reset_case *c, const struct capture_case *from, uint64_t by,
			  uint32_t mark)
{
	unsigned int i;

	for (i = 0; i < from->n_sightings && c->seen.n_sightings < CASE_SIGHTINGS_MAX; i++) {
		struct sighting *s = &c->seen.sightings[c->seen.n_sightings++];

		*s = from->sightings[i];
		s->ts_ns += by;
		s->ifindex |= mark;
	}
}

static bool has_segment(const struct reset_case *c, const struct packet *p)
{
	unsigned int i;

	for (i = 0; i < c->asked.n_history; i++)
		if (is_same_segment(&c->asked.history[i], p))
			return true;
	return is_same_segment(&c->seen.rst, p);
}

/* How a connection began says more than what was in its middle. */
static unsigned int least_telling(const struct packet *list, unsigned int n)
{
	unsigned int i;

	for (i = 0; i + 1 < n; i++)
		if (!(list[i].flags & (FLAG_SYN | FLAG_FIN | FLAG_RST)))
			return i;
	return 0;
}

static void insert(struct looked_up *asked, const struct packet *p)
{
	struct packet list[CASE_HISTORY_MAX + 1];
	unsigned int n = asked->n_history, at = n, out;

	while (at && asked->history[at - 1].ts_ns > p->ts_ns)
		at--;
	memcpy(list, asked->history, at * sizeof(*p));
	list[at] = *p;
	memcpy(list + at + 1, asked->history + at, (n - at) * sizeof(*p));
	if (++n > CASE_HISTORY_MAX) {
		out = least_telling(list, n);
		memmove(list + out, list + out + 1, (n - out - 1) * sizeof(*p));
		n--;
	}
	memcpy(asked->history, list, n * sizeof(*p));
	asked->n_history = n;
}

static void add_history(struct reset_case *c, const struct capture_case *from, uint64_t by,
			uint32_t mark)
{
	unsigned int i;

	for (i = 0; i < from->n_history; i++) {
		struct packet p = from->history[i];

		p.ts_ns += by;
		p.ifindex |= mark;
		if (!has_segment(c, &p))
			insert(&c->asked, &p);
	}
}

/* It is of the sender and its peer, wherever it was seen. */
static void take_conversation(struct conversation *to, const struct conversation *from, uint64_t by)
{
	bool absent = to->absent_at_sender;
	uint32_t nearer = to->nearer_ifindex;

	if (!to->known || !from->known || to->whole || !from->whole)
		return;
	*to = *from;
	to->finished_ns += by;
	to->absent_at_sender = absent;
	to->nearer_ifindex = nearer;
}

void merge_case(struct reset_case *c, const struct capture_case *from, int64_t shift_ns,
		uint32_t place_mark)
{
	uint64_t by = (uint64_t)shift_ns;

	add_sightings(c, from, by, place_mark);
	add_history(c, from, by, place_mark);
	take_conversation(&c->seen.conversation, &from->conversation, by);
}

/* --- is it the same reset? ----------------------------------------------------------------------- */

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* Do both connections have a segment in common? Behind NAT on both sides nothing else tells. */
static bool shares_segment(const struct capture_case *a, const struct capture_case *b)
{
	unsigned int i, j;

	if (a->answer_match == ANSWER_EXACT && b->answer_match == ANSWER_EXACT &&
	    a->answers.seq == b->answers.seq && a->answers.len == b->answers.len)
		return true;
	for (i = 0; i < a->n_history; i++)
		for (j = 0; j < b->n_history; j++)
			if (is_same_segment(&a->history[i], &b->history[j]) &&
			    distance(a->history[i].ts_ns, b->history[j].ts_ns) <= SAME_PATH_NS &&
			    !(a->history[i].flags & FLAG_RST))
				return true;
	return false;
}

unsigned int reset_likeness(const struct capture_case *a, const struct capture_case *b,
			    unsigned int *budget)
{
	const struct tuple *s = &a->rst.tuple, *t = &b->rst.tuple;
	unsigned int alike = 0;

	if (!same_reset(reset_marks(&a->rst), reset_marks(&b->rst), SAME_PATH_NS))
		return 0;
	alike += s->sport == t->sport && !memcmp(s->saddr, t->saddr, 16) ? 4 : 0;
	alike += s->dport == t->dport && !memcmp(s->daddr, t->daddr, 16) ? 4 : 0;
	if (!alike && (!*budget || !shares_segment(a, b))) {
		*budget -= *budget > 0;
		return 0;
	}
	return 1 + alike + (s->sport == t->sport) + (s->dport == t->dport) +
	       2 * (a->rst.ipid == b->rst.ipid);
}
