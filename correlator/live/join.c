// SPDX-License-Identifier: GPL-2.0-only
/*
 * join.c - bring the RSTs on the wire and the kernel's own accounts together.
 *
 * Exact first: the BPF side matched the two on their CPU and left the ids. Else by tuple, both
 * NAT images, and by the rule that ties a reset's numbers to the segment or socket it is from.
 */
#include "live/join.h"

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
/* From one interface to the other in the same softirq run. */
#define FORWARD_NS 1000000ull

/* Sockets that took another connection's segment, and how long their peers may take to reset. */
#define MAX_CLASHES 64
#define CLASH_NS 3000000000ull

#define N_BUCKETS 1024 /* a power of two */

/* One id by which the other view may know a case: of a sighting, or of the account it met. */
struct id_link {
	struct id_link *next;
	struct slot *slot;
	uint64_t id;
};

#define MAX_IDS (2 * CASE_SIGHTINGS_MAX)

struct slot {
	struct slot *next; /* open: by age; spare: any */
	struct slot *same_number;
	struct id_link ids[MAX_IDS];
	unsigned int n_ids;
	struct view_slot *account;		    /* whose view the case has */
	bool dropped;				    /* not to be told: part of another case now */
	uint64_t lost_before;			    /* events lost before this case began */
	struct kernel_event kernel, receive, clash; /* what the case refers to */
	struct reset_case c;
};

struct view_slot {
	struct kernel_event view;
	bool claimed;
	bool used;
};

/* A socket that took another connection's segment; its peer may reset it for the answer. */
struct clash {
	struct kernel_event view; /* call == CALL_NONE: free */
	struct conntrack ct;	  /* of the segment, as conntrack said then */
};

struct join {
	struct join_ops ops;
	struct join_stats stats;
	struct slot *open; /* oldest first */
	struct slot **open_end;
	struct slot *spare;
	struct slot *pool;
	struct slot *by_number[N_BUCKETS]; /* of open cases, by number_of() */
	struct id_link *by_id[N_BUCKETS];
	struct view_slot *views; /* ring, newest at next_view - 1 */
	unsigned int next_view;
	uint64_t newest_ts;   /* of the open cases */
	uint64_t lost_before; /* events lost when no case was open */
	uint64_t lost_by_last_read;
	unsigned int n_stalls;		   /* open cases of that kind */
	struct clash clashes[MAX_CLASHES]; /* ring, newest at next_clash - 1 */
	unsigned int next_clash;
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

static unsigned int bucket(uint64_t key)
{
	return (unsigned int)((key * 0x9e3779b97f4a7c15ull) >> 54) % N_BUCKETS;
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
static bool made_by_segment(const struct packet *rst, const struct kernel_event *k, bool exact)
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

static bool made_by_socket(const struct packet *rst, const struct kernel_event *k, bool exact)
{
	if (!(rst->flags & FLAG_ACK) || rst->ack != k->sock.rcv_nxt)
		return false;
	if (exact)
		return tuple_equal(&rst->tuple, &k->sock.tuple);
	/* NAT may change both ends, as after a clash of ports: then both numbers must fit. */
	return same_destination(&rst->tuple, &k->sock.tuple) ||
	       same_source(&rst->tuple, &k->sock.tuple) || rst->seq == k->sock.snd_nxt;
}

static bool taken_by_socket(const struct packet *rst, const struct kernel_event *k, bool exact)
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

	for (i = 0; i < c->seen.n_sightings; i++)
		if (c->seen.sightings[i].hook == HOOK_TC_EGRESS && !c->seen.sightings[i].forwarded)
			return true;
	return false;
}

/* Did the BPF side see these two meet? The id is the account's, or the one that it noted. */
static bool is_linked(const struct slot *s, const struct kernel_event *k)
{
	unsigned int i;

	if (k->call == CALL_RECEIVE || (s->account && s->account->view.id == k->id))
		return false;
	for (i = 0; i < s->n_ids; i++)
		if (s->ids[i].id == k->id || (k->join_id && s->ids[i].id == k->join_id))
			return true;
	return false;
}

static bool fits(const struct reset_case *c, const struct kernel_event *k, bool exact)
{
	if (c->seen.kind == CASE_STALL || distance(c->seen.rst.ts_ns, k->ts_ns) > SETTLE_NS)
		return false;
	switch (k->call) {
	case CALL_PASSIVE:
	case CALL_REJECT:
		return c->seen.kernel->call == CALL_NONE && was_sent(c) &&
		       made_by_segment(&c->seen.rst, k, exact);
	case CALL_ACTIVE:
		return c->seen.kernel->call == CALL_NONE && was_sent(c) &&
		       made_by_socket(&c->seen.rst, k, exact);
	case CALL_RECEIVE:
		return c->seen.receive->call == CALL_NONE &&
		       taken_by_socket(&c->seen.rst, k, exact);
	default:
		return false;
	}
}

static void give(struct slot *s, struct view_slot *v)
{
	v->claimed = true;
	if (v->view.call == CALL_RECEIVE) {
		s->receive = v->view;
		s->c.seen.receive = &s->receive;
		return;
	}
	/* An id has the last word: what only fitted by its numbers waits for another RST again. */
	if (s->account)
		s->account->claimed = false;
	s->account = v;
	s->kernel = v->view;
	s->c.seen.kernel = &s->kernel;
	s->c.asked.ct = v->view.ct;
}

/* The number_of() that a reset with this account has. */
static uint32_t foretold_number(const struct kernel_event *k)
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
		give(s, v);
	return fitting;
}

static bool place_by_id(struct join *j, struct view_slot *v)
{
	const uint64_t ids[] = { v->view.id, v->view.join_id };
	struct id_link *l;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		for (l = j->by_id[bucket(ids[i])]; l && ids[i]; l = l->next) {
			if (l->id == ids[i] && is_linked(l->slot, &v->view)) {
				give(l->slot, v);
				return true;
			}
		}
	}
	return false;
}

static bool place_by_tuple(struct join *j, struct view_slot *v, bool exact)
{
	struct slot *s;

	for (s = j->by_number[bucket(foretold_number(&v->view))]; s; s = s->same_number)
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

static bool matches(const struct slot *s, const struct kernel_event *k, enum match how)
{
	return how == MATCH_ID ? is_linked(s, k) : fits(&s->c, k, how == MATCH_EXACT);
}

/* A new RST: has the kernel spoken of it already? */
static void find_views(struct join *j, struct slot *s)
{
	unsigned int i, how;

	for (how = 0; how < N_MATCHES; how++) {
		for (i = 1; i <= MAX_VIEWS; i++) {
			struct view_slot *v = &j->views[(j->next_view - i) % MAX_VIEWS];

			/* Accounts come nearly in order; a late one must not hide the rest. */
			if (!v->used ||
			    distance(s->c.seen.rst.ts_ns, v->view.ts_ns) > 10 * SETTLE_NS)
				break;
			if (!v->claimed && matches(s, &v->view, (enum match)how))
				give(s, v);
		}
	}
}

static bool has_sighting(const struct reset_case *c, const struct packet *p)
{
	unsigned int i;

	for (i = 0; i < c->seen.n_sightings; i++)
		if (c->seen.sightings[i].ifindex == p->ifindex &&
		    c->seen.sightings[i].hook == p->hook)
			return true;
	return false;
}

/* Is @p the RST of the case, met again on another interface? */
static bool is_same_reset(const struct reset_case *c, const struct packet *p)
{
	if (p->seq != c->seen.rst.seq || p->ack != c->seen.rst.ack || p->flags != c->seen.rst.flags)
		return false;
	if (distance(p->ts_ns, c->seen.rst.ts_ns) > SIGHTING_NS || has_sighting(c, p))
		return false;
	if (tuple_equal(&p->tuple, &c->seen.rst.tuple))
		return true;
	/* A gateway may have rewritten its ends, but not its numbers. */
	if (!p->forwarded || c->seen.rst.hook == HOOK_TC_EGRESS)
		return false;
	return same_source(&p->tuple, &c->seen.rst.tuple) ||
	       same_destination(&p->tuple, &c->seen.rst.tuple) ||
	       (p->cpu == c->seen.rst.cpu && distance(p->ts_ns, c->seen.rst.ts_ns) < FORWARD_NS);
}

static void add_sighting(struct reset_case *c, const struct packet *p)
{
	if (c->seen.n_sightings == CASE_SIGHTINGS_MAX)
		return;
	c->seen.sightings[c->seen.n_sightings++] = (struct sighting){
		.ts_ns = p->ts_ns,
		.tuple = p->tuple,
		.ifindex = p->ifindex,
		.hook = p->hook,
		.ttl = p->ttl,
		.forwarded = p->forwarded,
	};
}

static struct slot *find_slot(struct join *j, const struct packet *rst)
{
	struct slot *s;

	for (s = j->by_number[bucket(number_of(rst))]; s; s = s->same_number)
		if (is_same_reset(&s->c, rst))
			return s;
	return NULL;
}

static void enter_id(struct join *j, struct slot *s, uint64_t id)
{
	struct id_link *l, **head = &j->by_id[bucket(id)];

	if (!id || s->n_ids == MAX_IDS)
		return;
	l = &s->ids[s->n_ids++];
	*l = (struct id_link){ *head, s, id };
	*head = l;
}

static void leave_ids(struct join *j, struct slot *s)
{
	struct id_link **at;
	unsigned int i;

	for (i = 0; i < s->n_ids; i++) {
		at = &j->by_id[bucket(s->ids[i].id)];
		while (*at != &s->ids[i])
			at = &(*at)->next;
		*at = s->ids[i].next;
	}
}

/* By event time: mostly at the end, for events come nearly in order. */
static void enter_by_age(struct join *j, struct slot *s)
{
	struct slot **at = &j->open;

	if (!j->open || j->newest_ts <= s->c.seen.first_ts) {
		j->newest_ts = s->c.seen.first_ts;
		at = j->open_end;
	}
	while (*at && (*at)->c.seen.first_ts <= s->c.seen.first_ts)
		at = &(*at)->next;
	s->next = *at;
	*at = s;
	if (!s->next)
		j->open_end = &s->next;
}

static void leave(struct join *j, struct slot *s)
{
	struct slot **at = &j->by_number[bucket(number_of(&s->c.seen.rst))];

	while (*at != s)
		at = &(*at)->same_number;
	*at = s->same_number;
	leave_ids(j, s);
	j->open = s->next;
	if (!j->open)
		j->open_end = &j->open;
}

static struct slot *open_slot(struct join *j, const struct wire_event *w)
{
	struct slot *s = j->spare, **number;

	if (!s) {
		j->stats.refused++;
		return NULL;
	}
	j->spare = s->next;
	memset(s, 0, sizeof(*s));
	case_init(&s->c);
	s->lost_before = j->lost_before;
	s->c.seen.first_ts = w->rst.ts_ns;
	s->c.seen.rst = w->rst;
	s->c.seen.answers = w->answers;
	s->c.seen.answer_match = w->match;
	number = &j->by_number[bucket(number_of(&s->c.seen.rst))];
	s->same_number = *number;
	*number = s;
	enter_by_age(j, s);
	j->stats.cases++;
	return s;
}

/* Does the RST answer what that socket said to its peer? */
static bool is_clash_answered(const struct clash *cl, const struct packet *rst)
{
	const struct kernel_sock *sk = &cl->view.sock;

	return cl->view.call != CALL_NONE && rst->ts_ns >= cl->view.ts_ns &&
	       rst->ts_ns - cl->view.ts_ns <= CLASH_NS && rst->seq == sk->rcv_nxt &&
	       same_end(rst->tuple.saddr, rst->tuple.sport, sk->tuple.daddr, sk->tuple.dport);
}

/* The stalled handshake is now part of the reset's case. */
static void drop_stall(struct join *j, uint64_t view_id)
{
	struct slot *s;

	for (s = j->open; s; s = s->next)
		if (s->c.seen.kind == CASE_STALL && s->c.seen.clash->id == view_id)
			s->dropped = true;
}

static void refer_to_clash(struct slot *s, const struct kernel_event *k)
{
	s->clash = *k;
	s->c.seen.clash = &s->clash;
}

/* A RST that came in: was it one of our own sockets that provoked it? */
static void find_clash(struct join *j, struct slot *s)
{
	unsigned int i;

	for (i = 1; i <= MAX_CLASHES && !was_sent(&s->c); i++) {
		const struct clash *cl = &j->clashes[(j->next_clash - i) % MAX_CLASHES];

		if (!is_clash_answered(cl, &s->c.seen.rst))
			continue;
		refer_to_clash(s, &cl->view);
		s->clash.ct = cl->ct;
		drop_stall(j, cl->view.id);
		return;
	}
}

static void on_wire(struct join *j, const struct wire_event *w)
{
	struct slot *s = find_slot(j, &w->rst);
	bool opened = !s;

	if (!s)
		s = open_slot(j, w);
	if (!s)
		return;
	add_sighting(&s->c, &w->rst);
	enter_id(j, s, w->id);
	enter_id(j, s, w->join_id);
	if (s->c.seen.answer_match != ANSWER_EXACT && w->match == ANSWER_EXACT) {
		s->c.seen.answers = w->answers;
		s->c.seen.answer_match = w->match;
	}
	if (w->now.asked && !s->c.seen.now.asked)
		s->c.seen.now = w->now;
	find_views(j, s);
	if (!opened)
		return;
	find_clash(j, s);
	j->ops.opened(j->ops.ctx, &s->c);
}

/* A SYN that is sent again is no news. */
static struct clash *find_same_syn(struct join *j, const struct kernel_event *k)
{
	unsigned int i;

	for (i = 0; i < MAX_CLASHES; i++) {
		struct clash *cl = &j->clashes[i];

		if (cl->view.call == CALL_CHALLENGE && cl->view.segment_seq == k->segment_seq &&
		    tuple_equal(&cl->view.segment, &k->segment) &&
		    tuple_equal(&cl->view.sock.tuple, &k->sock.tuple))
			return cl;
	}
	return NULL;
}

static struct clash *keep_clash(struct join *j, const struct kernel_event *k)
{
	struct clash *cl = &j->clashes[j->next_clash++ % MAX_CLASHES];

	*cl = (struct clash){ .view = *k, .ct = k->ct };
	return cl;
}

/* Opens a case of its own: perhaps nobody will ever reset anything. */
static void open_stall(struct join *j, struct clash *cl)
{
	struct wire_event syn = { .rst = cl->view.seen,
				  .answers = cl->view.seen,
				  .match = ANSWER_EXACT };
	struct slot *s;

	/* Whoever sends SYNs must not take the room of resets. */
	if (j->n_stalls == MAX_CLASHES)
		return;
	s = open_slot(j, &syn);
	if (!s)
		return;
	j->n_stalls++;
	s->c.seen.kind = CASE_STALL;
	refer_to_clash(s, &cl->view);
	add_sighting(&s->c, &syn.rst);
	j->ops.opened(j->ops.ctx, &s->c);
	s->clash.ct = cl->ct = s->c.asked.ct;
}

static void on_clash(struct join *j, const struct kernel_event *k)
{
	struct clash *cl = k->call == CALL_CHALLENGE ? find_same_syn(j, k) : NULL;

	if (cl) {
		cl->view.ts_ns = k->ts_ns;
		return;
	}
	cl = keep_clash(j, k);
	if (k->call == CALL_CHALLENGE)
		open_stall(j, cl);
}

/* The account that found the window open has come before, with or without its RST. */
static void close_window(struct join *j, const struct kernel_event *k)
{
	struct slot *s;
	unsigned int i;

	for (i = 0; i < MAX_VIEWS; i++)
		if (j->views[i].used && j->views[i].view.id == k->join_id)
			j->views[i].view.window.end_ns = k->window.end_ns;
	for (s = j->open; s; s = s->next)
		if (s->c.seen.kernel->id == k->join_id)
			s->kernel.window.end_ns = k->window.end_ns;
}

static void on_kernel(struct join *j, const struct kernel_event *k)
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
	else if (ev->kernel.call == CALL_WINDOW)
		close_window(j, &ev->kernel);
	else if (ev->kernel.call == CALL_CHALLENGE || ev->kernel.call == CALL_TIMEWAIT)
		on_clash(j, &ev->kernel);
	else
		on_kernel(j, &ev->kernel);
}

static uint64_t lost_so_far(const struct join *j)
{
	return j->ops.lost ? j->ops.lost(j->ops.ctx) : 0;
}

void join__read_begins(struct join *j)
{
	if (!j->open)
		j->lost_before = j->lost_by_last_read;
	j->lost_by_last_read = lost_so_far(j);
}

static void complete_first(struct join *j, uint64_t lost)
{
	struct slot *s = j->open;

	leave(j, s);
	s->c.asked.lost_events = lost - s->lost_before;
	j->n_stalls -= s->c.seen.kind == CASE_STALL;
	if (!s->dropped)
		j->ops.completed(j->ops.ctx, &s->c);
	else if (j->ops.dropped)
		j->ops.dropped(j->ops.ctx, &s->c);
	s->next = j->spare;
	j->spare = s;
}

uint64_t join__next_ns(const struct join *j)
{
	return j->open ? j->open->c.seen.first_ts + SETTLE_NS : UINT64_MAX;
}

void join__tick(struct join *j, uint64_t now_ns)
{
	uint64_t lost;

	if (join__next_ns(j) > now_ns)
		return;
	/* Once for all that are due: asking may cost a system call for each probe. */
	lost = lost_so_far(j);
	while (join__next_ns(j) <= now_ns)
		complete_first(j, lost);
}

void join__flush(struct join *j)
{
	uint64_t lost = lost_so_far(j);
	unsigned int i;

	while (j->open)
		complete_first(j, lost);
	for (i = 0; i < MAX_VIEWS; i++) {
		struct view_slot *v = &j->views[i];

		if (v->used && !v->claimed && v->view.call != CALL_RECEIVE)
			j->stats.unclaimed++;
		v->used = false;
	}
}
