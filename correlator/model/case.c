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

bool is_made_next_door(const struct reset_case *c)
{
	return c->asked.netns.foreign && c->seen.kernel->call != CALL_NONE;
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

/* A challenge ACK leaves at once. */
#define CHALLENGE_NS 20000000ull

void after_see(struct after_rst *after, const struct packet *rst, const uint32_t *acked,
	       uint64_t under_way_ns, const struct packet *p)
{
	uint64_t later = p->ts_ns > rst->ts_ns ? p->ts_ns - rst->ts_ns : 0;
	bool bare = !p->len && (p->flags & (FLAG_SYN | FLAG_FIN | FLAG_RST | FLAG_ACK)) == FLAG_ACK;

	if (later && p->flags & FLAG_SYN)
		after->reopened = true;
	if (!later || after->reopened || p->flags & FLAG_RST || tuple_equal(&p->tuple, &rst->tuple))
		return;
	if (bare && acked && p->ack == *acked && later < CHALLENGE_NS && !after->went_on)
		after->challenged = true;
	else if (later > under_way_ns)
		after->went_on = true;
}

void case_choose_answer(struct reset_case *c)
{
	choose_answer(&c->seen.rst, c->asked.history, c->asked.n_history, &c->seen.answers,
		      &c->seen.answer_match);
}

/* The other image of @t, of the four that an entry has: two of each direction. */
static bool translate(const struct conntrack *ct, const struct tuple *t, struct tuple *ret)
{
	struct tuple orig_back = tuple_reverse(&ct->orig), reply_back = tuple_reverse(&ct->reply);

	if (!ct->has_entry)
		return false;
	if (tuple_equal(t, &ct->orig))
		*ret = reply_back;
	else if (tuple_equal(t, &ct->reply))
		*ret = orig_back;
	else if (tuple_equal(t, &orig_back))
		*ret = ct->reply;
	else if (tuple_equal(t, &reply_back))
		*ret = ct->orig;
	else
		return false;
	return true;
}

static unsigned int add_image(struct tuple *list, unsigned int n, const struct tuple *t)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (tuple_equal(&list[i], t))
			return n;
	if (n < CASE_IMAGES_MAX)
		list[n++] = *t;
	return n;
}

static unsigned int images(const struct reset_case *c, const struct conntrack *gone,
			   struct tuple ret[CASE_IMAGES_MAX])
{
	const struct kernel_event *k = c->seen.kernel;
	const struct conntrack *const entries[] = { &c->asked.ct, &k->ct, gone };
	unsigned int n = 0, i, j;
	struct tuple t;

	n = add_image(ret, n, &c->seen.rst.tuple);
	for (i = 0; i < c->seen.n_sightings; i++)
		n = add_image(ret, n, &c->seen.sightings[i].tuple);
	if (k->has_segment) {
		t = tuple_reverse(&k->segment);
		n = add_image(ret, n, &t);
	} else if (k->call == CALL_ACTIVE && k->sock.present) {
		n = add_image(ret, n, &k->sock.tuple);
	}
	for (i = 0; i < n; i++)
		for (j = 0; j < sizeof(entries) / sizeof(entries[0]); j++)
			if (translate(entries[j], &ret[i], &t))
				n = add_image(ret, n, &t);
	return n;
}

unsigned int case_images(const struct reset_case *c, struct tuple ret[CASE_IMAGES_MAX])
{
	return images(c, &c->asked.gone.ct, ret);
}

unsigned int case_images_now(const struct reset_case *c, struct tuple ret[CASE_IMAGES_MAX])
{
	return images(c, &no_account.ct, ret);
}

const struct tuple *case_segment(const struct reset_case *c)
{
	if (c->seen.kernel->has_segment)
		return &c->seen.kernel->segment;
	if (c->seen.answer_match != ANSWER_NONE)
		return &c->seen.answers.tuple;
	return NULL;
}
