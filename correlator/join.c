// SPDX-License-Identifier: GPL-2.0-only
/*
 * join.c - bring the RSTs on the wire and the kernel's own accounts together.
 *
 * Exact first: the BPF side matched the two on their CPU and left the ids. Else by tuple, both
 * NAT images, and by the rule that ties a reset's numbers to the segment or socket it is from.
 */
#include "join.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Open cases, and accounts of the kernel that still wait for their RST. */
#define MAX_CASES 4096
#define MAX_VIEWS 4096
/* How long a case waits for its other sightings and for the kernel's account. */
#define SETTLE_NS 100000000ull
/* Sightings of one RST on one host lie closer together than this. */
#define SIGHTING_NS 50000000ull

#define N_BUCKETS 1024 /* a power of two */

struct slot {
	struct slot *next;	  /* open: by age; spare: any */
	struct slot *same_number; /* chains of the two tables */
	struct slot *same_id;
	struct reset_case c;
};

struct view_slot {
	struct kernel_view view;
	bool claimed;
	bool used;
};

struct join {
	struct join_ops ops;
	struct join_stats stats;
	struct slot *open; /* oldest first */
	struct slot **open_end;
	struct slot *spare;
	struct slot *pool;
	struct slot *by_number[N_BUCKETS]; /* of open cases, by number_of() */
	struct slot *by_id[N_BUCKETS];	   /* by wire_id */
	struct view_slot *views;	   /* ring, newest at next_view - 1 */
	unsigned int next_view;
};

struct join *join__new(const struct join_ops *ops)
{
	struct join *j = calloc(1, sizeof(*j));
	unsigned int i;

	if (!j)
		return NULL;
	j->ops = *ops;
	j->open_end = &j->open;
	j->pool = calloc(MAX_CASES, sizeof(*j->pool));
	j->views = calloc(MAX_VIEWS, sizeof(*j->views));
	if (!j->pool || !j->views) {
		join__free(j);
		errno = ENOMEM;
		return NULL;
	}
	for (i = 0; i < MAX_CASES; i++) {
		j->pool[i].next = j->spare;
		j->spare = &j->pool[i];
	}
	return j;
}

void join__free(struct join *j)
{
	if (!j)
		return;
	free(j->pool);
	free(j->views);
	free(j);
}

const struct join_stats *join__stats(const struct join *j)
{
	return &j->stats;
}

static struct slot **bucket(struct slot **table, uint64_t key)
{
	return &table[(key * 0x9e3779b97f4a7c15ull) >> 54];
}

/* The number that all sightings of a RST share, and that its cause foretells. */
static uint32_t number_of(const struct packet *rst)
{
	return rst->seq ? rst->seq : rst->ack;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static bool same_end(const uint8_t *a, uint16_t aport, const uint8_t *b, uint16_t bport)
{
	return aport == bport && !memcmp(a, b, 16);
}

static bool same_source(const struct tuple *a, const struct tuple *b)
{
	return same_end(a->saddr, a->sport, b->saddr, b->sport);
}

static bool same_destination(const struct tuple *a, const struct tuple *b)
{
	return same_end(a->daddr, a->dport, b->daddr, b->dport);
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

/* @exact: the tuple as it is, not one that NAT may have changed */
static bool made_by_segment(const struct packet *rst, const struct kernel_view *k, bool exact)
{
	struct packet segment = {
		.seq = k->segment_seq,
		.ack = k->segment_ack,
		.len = k->segment_len,
		.flags = k->segment_flags,
	};

	if (!reset_answers(rst, &segment))
		return false;
	if (exact)
		return is_reverse(&rst->tuple, &k->segment);
	/* NAT may still change the source on the way out; the peer stays the peer. */
	return is_image(&rst->tuple, &k->ct) ||
	       same_end(rst->tuple.daddr, rst->tuple.dport, k->segment.saddr, k->segment.sport);
}

static bool made_by_socket(const struct packet *rst, const struct kernel_view *k, bool exact)
{
	if (!(rst->flags & FLAG_ACK) || rst->ack != k->sock.rcv_nxt)
		return false;
	if (exact)
		return tuple_equal(&rst->tuple, &k->sock.tuple);
	return same_destination(&rst->tuple, &k->sock.tuple) ||
	       same_source(&rst->tuple, &k->sock.tuple);
}

static bool taken_by_socket(const struct packet *rst, const struct kernel_view *k, bool exact)
{
	const struct tuple *sk = &k->sock.tuple;

	if (exact)
		return is_reverse(&rst->tuple, sk);
	/* Behind NAT one end differs; then the numbers must fit exactly. */
	if (rst->seq != k->sock.rcv_nxt)
		return false;
	return same_end(rst->tuple.saddr, rst->tuple.sport, sk->daddr, sk->dport) ||
	       same_end(rst->tuple.daddr, rst->tuple.dport, sk->saddr, sk->sport);
}

static bool was_sent(const struct reset_case *c)
{
	unsigned int i;

	for (i = 0; i < c->n_sightings; i++)
		if (c->sightings[i].hook == HOOK_TC_EGRESS && !c->sightings[i].forwarded)
			return true;
	return false;
}

static bool has_join_id(const struct reset_case *c, const struct kernel_view *k)
{
	unsigned int i;

	if (c->kernel.call != CALL_NONE || k->call == CALL_RECEIVE)
		return false;
	if (c->kernel_id && c->kernel_id == k->id)
		return true;
	for (i = 0; k->join_id && i < c->n_sightings; i++)
		if (c->wire_id[i] == k->join_id)
			return true;
	return false;
}

static bool fits(const struct reset_case *c, const struct kernel_view *k, bool exact)
{
	if (distance(c->rst.ts_ns, k->ts_ns) > SETTLE_NS)
		return false;
	switch (k->call) {
	case CALL_PASSIVE:
	case CALL_REJECT:
		return c->kernel.call == CALL_NONE && was_sent(c) &&
		       made_by_segment(&c->rst, k, exact);
	case CALL_ACTIVE:
		return c->kernel.call == CALL_NONE && was_sent(c) &&
		       made_by_socket(&c->rst, k, exact);
	case CALL_RECEIVE:
		return c->receive.call == CALL_NONE && taken_by_socket(&c->rst, k, exact);
	default:
		return false;
	}
}

static void give(struct reset_case *c, struct view_slot *v)
{
	v->claimed = true;
	if (v->view.call == CALL_RECEIVE) {
		c->receive = v->view;
		return;
	}
	c->kernel = v->view;
	c->ct = v->view.ct;
}

/* The number_of() that a reset with this account has. */
static uint32_t foretold_number(const struct kernel_view *k)
{
	if (k->call == CALL_ACTIVE)
		return k->sock.snd_nxt;
	if (k->call == CALL_RECEIVE)
		return k->sock.rcv_nxt;
	if (k->segment_flags & FLAG_ACK && k->segment_ack)
		return k->segment_ack;
	return k->segment_seq + k->segment_len + !!(k->segment_flags & FLAG_SYN) +
	       !!(k->segment_flags & FLAG_FIN);
}

static bool give_if_it_fits(struct slot *s, struct view_slot *v, bool exact)
{
	bool fitting = fits(&s->c, &v->view, exact);

	if (fitting)
		give(&s->c, v);
	return fitting;
}

static bool place_by_id(struct join *j, struct view_slot *v)
{
	struct slot *s;

	for (s = *bucket(j->by_id, v->view.join_id); s && v->view.join_id; s = s->same_id) {
		if (has_join_id(&s->c, &v->view)) {
			give(&s->c, v);
			return true;
		}
	}
	for (s = *bucket(j->by_number, foretold_number(&v->view)); s; s = s->same_number) {
		if (has_join_id(&s->c, &v->view)) {
			give(&s->c, v);
			return true;
		}
	}
	return false;
}

static bool place_by_tuple(struct join *j, struct view_slot *v, bool exact)
{
	struct slot *s;

	for (s = *bucket(j->by_number, foretold_number(&v->view)); s; s = s->same_number)
		if (give_if_it_fits(s, v, exact))
			return true;
	/* An active reset may have been cut to the window, a received one need not be exact. */
	if (v->view.call != CALL_ACTIVE && v->view.call != CALL_RECEIVE)
		return false;
	for (s = j->open; s; s = s->next)
		if (give_if_it_fits(s, v, exact))
			return true;
	return false;
}

/* A new account of the kernel: does an open case wait for it? */
static void place_view(struct join *j, struct view_slot *v)
{
	if (!place_by_id(j, v) && !place_by_tuple(j, v, true))
		place_by_tuple(j, v, false);
}

enum match { MATCH_ID, MATCH_EXACT, MATCH_NAT, N_MATCHES };

static bool matches(const struct reset_case *c, const struct kernel_view *k, enum match how)
{
	return how == MATCH_ID ? has_join_id(c, k) : fits(c, k, how == MATCH_EXACT);
}

/* A new RST: has the kernel spoken of it already? */
static void find_views(struct join *j, struct reset_case *c)
{
	unsigned int i, how;

	for (how = 0; how < N_MATCHES; how++) {
		for (i = 1; i <= MAX_VIEWS; i++) {
			struct view_slot *v = &j->views[(j->next_view - i) % MAX_VIEWS];

			/* Accounts come nearly in order; a late one must not hide the rest. */
			if (!v->used || distance(c->rst.ts_ns, v->view.ts_ns) > 10 * SETTLE_NS)
				break;
			if (!v->claimed && matches(c, &v->view, (enum match)how))
				give(c, v);
		}
	}
}

static bool has_sighting(const struct reset_case *c, const struct packet *p)
{
	unsigned int i;

	for (i = 0; i < c->n_sightings; i++)
		if (c->sightings[i].ifindex == p->ifindex && c->sightings[i].hook == p->hook)
			return true;
	return false;
}

/* Is @p the RST of the case, met again on another interface? */
static bool is_same_reset(const struct reset_case *c, const struct packet *p)
{
	if (p->seq != c->rst.seq || p->ack != c->rst.ack || p->flags != c->rst.flags)
		return false;
	if (distance(p->ts_ns, c->rst.ts_ns) > SIGHTING_NS || has_sighting(c, p))
		return false;
	if (tuple_equal(&p->tuple, &c->rst.tuple))
		return true;
	/* A gateway may have rewritten one of its ends, not both and not its numbers. */
	return (p->forwarded || c->rst.forwarded) && (same_source(&p->tuple, &c->rst.tuple) ||
						      same_destination(&p->tuple, &c->rst.tuple));
}

static void add_sighting(struct reset_case *c, const struct packet *p, uint64_t wire_id)
{
	if (c->n_sightings == CASE_SIGHTINGS_MAX)
		return;
	c->wire_id[c->n_sightings] = wire_id;
	c->sightings[c->n_sightings++] = (struct sighting){
		.ts_ns = p->ts_ns,
		.tuple = p->tuple,
		.ifindex = p->ifindex,
		.hook = p->hook,
		.ttl = p->ttl,
		.forwarded = p->forwarded,
	};
}

static struct reset_case *find_case(struct join *j, const struct packet *rst)
{
	struct slot *s;

	for (s = *bucket(j->by_number, number_of(rst)); s; s = s->same_number)
		if (is_same_reset(&s->c, rst))
			return &s->c;
	return NULL;
}

static void enter(struct join *j, struct slot *s)
{
	struct slot **number = bucket(j->by_number, number_of(&s->c.rst));
	struct slot **id = bucket(j->by_id, s->c.wire_id[0]);

	s->same_number = *number;
	*number = s;
	s->same_id = *id;
	*id = s;
	*j->open_end = s;
	j->open_end = &s->next;
}

static void leave(struct join *j, struct slot *s)
{
	struct slot **at = bucket(j->by_number, number_of(&s->c.rst));

	while (*at != s)
		at = &(*at)->same_number;
	*at = s->same_number;
	at = bucket(j->by_id, s->c.wire_id[0]);
	while (*at != s)
		at = &(*at)->same_id;
	*at = s->same_id;
	j->open = s->next;
	if (!j->open)
		j->open_end = &j->open;
}

static struct reset_case *open_case(struct join *j, const struct wire_event *w)
{
	struct slot *s = j->spare;

	if (!s) {
		j->stats.refused++;
		return NULL;
	}
	j->spare = s->next;
	memset(s, 0, sizeof(*s));
	s->c.first_ts = w->rst.ts_ns;
	s->c.wire_id[0] = w->id;
	s->c.rst = w->rst;
	s->c.answers = w->answers;
	s->c.answer_match = w->match;
	s->c.dst_local = -1;
	enter(j, s);
	j->stats.cases++;
	return &s->c;
}

static void on_wire(struct join *j, const struct wire_event *w)
{
	struct reset_case *c = find_case(j, &w->rst);
	bool opened = !c;

	if (!c)
		c = open_case(j, w);
	if (!c)
		return;
	add_sighting(c, &w->rst, w->id);
	if (w->join_id)
		c->kernel_id = w->join_id;
	if (c->answer_match != ANSWER_EXACT && w->match == ANSWER_EXACT) {
		c->answers = w->answers;
		c->answer_match = w->match;
	}
	find_views(j, c);
	if (opened)
		j->ops.opened(j->ops.ctx, c);
}

static void on_kernel(struct join *j, const struct kernel_view *k)
{
	struct view_slot *v = &j->views[j->next_view++ % MAX_VIEWS];

	if (v->used && !v->claimed && v->view.call != CALL_RECEIVE)
		j->stats.unclaimed++;
	*v = (struct view_slot){ .view = *k, .used = true };
	place_view(j, v);
}

void join__event(struct join *j, const struct event *ev)
{
	if (ev->kind == EVENT_WIRE)
		on_wire(j, &ev->wire);
	else
		on_kernel(j, &ev->kernel);
}

static void complete_first(struct join *j)
{
	struct slot *s = j->open;

	leave(j, s);
	j->ops.completed(j->ops.ctx, &s->c);
	s->next = j->spare;
	j->spare = s;
}

uint64_t join__next_ns(const struct join *j)
{
	return j->open ? j->open->c.first_ts + SETTLE_NS : UINT64_MAX;
}

void join__tick(struct join *j, uint64_t now_ns)
{
	while (join__next_ns(j) <= now_ns)
		complete_first(j);
}

void join__flush(struct join *j)
{
	unsigned int i;

	while (j->open)
		complete_first(j);
	for (i = 0; i < MAX_VIEWS; i++) {
		struct view_slot *v = &j->views[i];

		if (v->used && !v->claimed && v->view.call != CALL_RECEIVE)
			j->stats.unclaimed++;
		v->used = false;
	}
}
