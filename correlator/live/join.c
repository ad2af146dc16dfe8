// SPDX-License-Identifier: GPL-2.0-only
/*
 * join.c - bring the RSTs on the wire and the kernel's own accounts together.
 *
 * Exact first: the BPF side matched the two on their CPU and left the ids. Else by tuple, both
 * NAT images, and by the rule that ties a reset's numbers to the segment or socket it is from.
 * Whichever of the two comes first waits in an index for the other:
 *
 *      RST on the wire                                        account of the kernel
 *            |                                                         |
 *            |  same tuple and numbers: one more sighting              |
 *            v                                                         v
 *      struct slot, one a case   --- looks up ids, fit keys --->  struct account
 *      in by_id, by_fit, under       <-- looks up ids, fit keys ---  in accounts.c, under
 *        the ids of its sightings,                                 its id and the RST's,
 *        fit keys of both roles                                    fit keys of its role
 *            |                                                         |
 *            |  kernel, receive, clash: references, each a holder      |
 *            +-------------------------------------------------------->+
 *            |
 *      open -> s -> s -> s    by age; after SETTLE_NS the first is completed, lets go of its
 *                             accounts and is spare again
 *
 *      clashes                ring of accounts, held too: of sockets that took another
 *                             connection's segment; the peer's RST may come seconds later
 *
 * With accounts of other namespaces, one of those that finds no slot opens one: its RST may cross none
 * of the interfaces here. If it does, that slot becomes the RST's (become_seen()).
 *
 * So a place in one of the pools is not used again before its last holder is gone, and nothing is
 * searched but chains of equal keys.
 */
#include "live/join.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "live/clashes.h"
#include "live/sightings.h"

#define MAX_CASES 4096
/* How long a case waits for its other sightings and for the kernel's account. */
#define SETTLE_NS 100000000ull

/* Ids by which the kernel may know a case: of each sighting, and of the account that it met. */
#define MAX_IDS (2 * CASE_SIGHTINGS_MAX)

struct slot {
	struct slot *next; /* open: by age; spare: any */
	struct key_link fit_by[N_ROLES][N_FITS];
	struct key_link ids[MAX_IDS];
	unsigned int n_ids;
	struct account *kernel, *receive, *clash; /* what the case refers to; NULL = nothing */
	uint64_t lost_before;			  /* events lost before this case began */
	bool dropped;				  /* part of another case now */
	struct reset_case c;
};

struct join {
	struct join_ops ops;
	struct join_stats stats;
	struct slot *open; /* oldest first */
	struct slot **open_end;
	struct slot *spare;
	struct slot *pool;
	unsigned int n_touched;		/* places of the pool that were ever used */
	struct key_index by_id, by_fit; /* of open cases */
	struct accounts *accounts;
	uint64_t newest_ts;   /* of the open cases */
	uint64_t lost_before; /* events lost when no case was open */
	uint64_t lost_by_last_read;
	unsigned int n_stalls; /* open cases of that kind */
	struct clashes clashes;
};

struct join *join__new(const struct join_ops *ops)
{
	struct join *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->ops = *ops;
	j->open_end = &j->open;
	/* Not touched before it is needed, and what was used last is used next. */
	j->pool = calloc(MAX_CASES, sizeof(*j->pool));
	j->accounts = accounts__new(3 * MAX_CASES + MAX_CLASHES, &j->stats.unclaimed);
	if (!j->pool || !j->accounts) {
		join__free(j);
		errno = ENOMEM;
		return NULL;
	}
	return j;
}

void join__free(struct join *j)
{
	if (!j)
		return;
	accounts__free(j->accounts);
	free(j->pool);
	free(j);
}

const struct join_stats *join__stats(const struct join *j)
{
	return &j->stats;
}

/* --- a case and an account --------------------------------------------------------------- */

/* Of a namespace whose interfaces are not watched: to those that are, its RST comes in. */
static bool is_foreign(const struct join *j, const struct kernel_event *k)
{
	return j->ops.netns && k->netns && k->netns != j->ops.netns;
}

static bool lacks(const struct join *j, const struct slot *s, enum role role)
{
	if (role == ROLE_TAKER)
		return !s->receive;
	return !s->kernel && (j->ops.netns || sightings_were_sent(&s->c));
}

static bool may_refer(const struct join *j, const struct slot *s, const struct kernel_event *k,
		      enum fit_by by)
{
	return s->c.seen.kind != CASE_STALL && lacks(j, s, role_of(k)) &&
	       (role_of(k) == ROLE_TAKER || sightings_were_sent(&s->c) || is_foreign(j, k)) &&
	       time_between(s->c.seen.rst.ts_ns, k->ts_ns) <= SETTLE_NS &&
	       fits(&s->c.seen.rst, k, by);
}

static void refer(struct join *j, struct slot *s, struct account *acc)
{
	accounts__take(j->accounts, acc);
	if (role_of(&acc->k) == ROLE_TAKER) {
		s->receive = acc;
		s->c.seen.receive = &acc->k;
		return;
	}
	/* An id has the last word: what only fitted by its numbers waits for another RST again. */
	if (s->kernel) {
		accounts__wait(j->accounts, s->kernel);
		accounts__release(j->accounts, s->kernel);
	}
	s->kernel = acc;
	s->c.seen.kernel = &acc->k;
	s->c.asked.ct = acc->k.ct;
	/* What was asked before, was asked of our own namespace. */
	if (is_foreign(j, &acc->k)) {
		s->c.asked.ct_asked = false;
		s->c.asked.nat_rules = NAT_RULES_NOT_READ;
	}
}

/* Did the BPF side see these two meet? The id is the account's, or the one that it noted. */
static bool refer_by_id(struct join *j, struct account *acc, uint64_t id)
{
	struct key_link *l = id ? key_index__first(&j->by_id, key_of_id(id)) : NULL;

	if (l)
		refer(j, l->value, acc);
	return l;
}

static bool refer_by_fit(struct join *j, struct account *acc, enum fit_by by)
{
	uint64_t key = fit_key_of_account(&acc->k, by);
	struct key_link *l = key ? key_index__first(&j->by_fit, key) : NULL;

	while (l && !may_refer(j, l->value, &acc->k, by))
		l = key_link__next(l);
	if (l)
		refer(j, l->value, acc);
	return l;
}

/* A new account of the kernel: does an open case wait for it? */
static void find_case(struct join *j, struct account *acc)
{
	if (role_of(&acc->k) == ROLE_MAKER &&
	    (refer_by_id(j, acc, acc->k.id) || refer_by_id(j, acc, acc->k.join_id)))
		return;
	if (!refer_by_fit(j, acc, FIT_TUPLE))
		refer_by_fit(j, acc, FIT_NUMBER);
}

/* A new id of a case: is an account there that is known by it? */
static void find_by_id(struct join *j, struct slot *s, uint64_t id)
{
	struct key_link *l = id ? accounts__by_id(j->accounts, id) : NULL;
	struct account *acc;

	for (; l; l = key_link__next(l)) {
		acc = l->value;
		if (acc->waiting && role_of(&acc->k) == ROLE_MAKER) {
			refer(j, s, acc);
			return;
		}
	}
}

static bool find_by_fit(struct join *j, struct slot *s, enum role role, enum fit_by by)
{
	struct key_link *l =
		accounts__by_key(j->accounts, fit_key_of_reset(&s->c.seen.rst, role, by));
	struct account *acc;

	for (; l; l = key_link__next(l)) {
		acc = l->value;
		if (acc->waiting && may_refer(j, s, &acc->k, by)) {
			refer(j, s, acc);
			return true;
		}
	}
	return false;
}

/* A new sighting: has the kernel reported the RST already? */
static void find_accounts(struct join *j, struct slot *s, const struct wire_event *w)
{
	enum role role;

	find_by_id(j, s, w->id);
	find_by_id(j, s, w->join_id);
	for (role = ROLE_MAKER; role < N_ROLES; role++)
		if (lacks(j, s, role) && !find_by_fit(j, s, role, FIT_TUPLE))
			find_by_fit(j, s, role, FIT_NUMBER);
}

/* --- a case and its sightings -------------------------------------------------------------- */

static struct slot *find_slot_by(struct join *j, const struct packet *rst, enum fit_by by)
{
	struct key_link *l = key_index__first(&j->by_fit, fit_key_of_reset(rst, ROLE_MAKER, by));

	while (l && !sightings_is_one_of(&((struct slot *)l->value)->c, rst))
		l = key_link__next(l);
	return l ? l->value : NULL;
}

/* One that only the kernel has told of so far; NAT of its own namespace may have changed its ends. */
static struct slot *find_unseen(struct join *j, const struct packet *rst, enum fit_by by)
{
	struct key_link *l = key_index__first(&j->by_fit, fit_key_of_reset(rst, ROLE_MAKER, by));
	const struct slot *s;

	for (; l; l = key_link__next(l)) {
		s = l->value;
		if (s->kernel && !s->c.seen.n_sightings && fits(rst, &s->kernel->k, by) &&
		    time_between(rst->ts_ns, s->c.seen.first_ts) <= SETTLE_NS)
			return l->value;
	}
	return NULL;
}

static struct slot *find_slot(struct join *j, const struct packet *rst)
{
	struct slot *s = find_slot_by(j, rst, FIT_TUPLE);

	if (!s && rst->forwarded)
		s = find_slot_by(j, rst, FIT_NUMBER);
	if (!s && j->ops.netns)
		s = find_unseen(j, rst, FIT_TUPLE);
	return s || !j->ops.netns ? s : find_unseen(j, rst, FIT_NUMBER);
}

static void enter_id(struct join *j, struct slot *s, uint64_t id)
{
	if (id && s->n_ids < MAX_IDS)
		key_index__enter(&j->by_id, &s->ids[s->n_ids++], key_of_id(id), s);
}

static void enter_keys(struct join *j, struct slot *s)
{
	enum role role;
	enum fit_by by;

	for (role = ROLE_MAKER; role < N_ROLES; role++)
		for (by = FIT_TUPLE; by < N_FITS; by++)
			key_index__enter(&j->by_fit, &s->fit_by[role][by],
					 fit_key_of_reset(&s->c.seen.rst, role, by), s);
}

static void leave_keys(struct slot *s)
{
	enum role role;
	enum fit_by by;

	for (role = ROLE_MAKER; role < N_ROLES; role++)
		for (by = FIT_TUPLE; by < N_FITS; by++)
			key_link__leave(&s->fit_by[role][by]);
}

static void leave_ids(struct slot *s)
{
	unsigned int i;

	for (i = 0; i < s->n_ids; i++)
		key_link__leave(&s->ids[i]);
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

static struct slot *take_spare(struct join *j)
{
	struct slot *s = j->spare;

	if (s)
		j->spare = s->next;
	else if (j->n_touched < MAX_CASES)
		s = &j->pool[j->n_touched++];
	return s;
}

static struct slot *open_slot(struct join *j, const struct wire_event *w)
{
	struct slot *s = take_spare(j);

	if (!s) {
		j->stats.refused++;
		return NULL;
	}
	s->n_ids = 0;
	s->kernel = s->receive = s->clash = NULL;
	s->dropped = false;
	s->lost_before = j->lost_before;
	case_init(&s->c);
	s->c.seen.first_ts = w->rst.ts_ns;
	s->c.seen.rst = w->rst;
	s->c.seen.answers = w->answers;
	s->c.seen.answer_match = w->match;
	s->c.seen.before_start = w->before_start;
	enter_keys(j, s);
	enter_by_age(j, s);
	j->stats.cases++;
	return s;
}

/* --- a socket that took another connection's segment ----------------------------------------- */

/* The stalled handshake is now part of the reset's case. */
static void drop_stall(struct join *j, const struct account *clash)
{
	struct slot *s;

	for (s = j->open; j->n_stalls && s; s = s->next)
		if (s->c.seen.kind == CASE_STALL && s->clash == clash)
			s->dropped = true;
}

static void refer_to_clash(struct slot *s, struct account *acc)
{
	acc->holders++;
	s->clash = acc;
	s->c.seen.clash = &acc->k;
}

/* A RST that came in: was it one of our own sockets that provoked it? */
static void find_clash(struct join *j, struct slot *s)
{
	struct account *acc =
		sightings_were_sent(&s->c) ? NULL : clashes__answered(&j->clashes, &s->c.seen.rst);

	if (!acc)
		return;
	drop_stall(j, acc);
	refer_to_clash(s, acc);
}

/* From now on it is what came by, and no longer what the kernel's account foretold. */
static void become_seen(struct join *j, struct slot *s, const struct wire_event *w)
{
	leave_keys(s);
	s->c.seen.rst = w->rst;
	s->c.seen.answers = w->answers;
	s->c.seen.answer_match = w->match;
	enter_keys(j, s);
}

/* Where the RST was seen first: what it is on its way later, others have made of it. */
static void see_maker(struct reset_case *c, const struct wire_event *w)
{
	if (w->rst.ts_ns > c->seen.first_ts || w->maker == MAKER_NOT_ASKED)
		return;
	c->seen.maker = w->maker;
	c->seen.came_by = w->came_by;
}

static void on_wire(struct join *j, const struct wire_event *w)
{
	struct slot *s = find_slot(j, &w->rst);
	bool opened = !s;

	if (!s)
		s = open_slot(j, w);
	else if (!s->c.seen.n_sightings)
		become_seen(j, s, w);
	if (!s)
		return;
	sightings_add(&s->c, &w->rst);
	enter_id(j, s, w->id);
	enter_id(j, s, w->join_id);
	if (s->c.seen.answer_match != ANSWER_EXACT && w->match == ANSWER_EXACT) {
		s->c.seen.answers = w->answers;
		s->c.seen.answer_match = w->match;
	}
	if (w->now.asked && !s->c.seen.now.asked)
		s->c.seen.now = w->now;
	see_maker(&s->c, w);
	find_accounts(j, s, w);
	if (!opened)
		return;
	find_clash(j, s);
	j->ops.opened(j->ops.ctx, &s->c);
}

/* Another namespace made a reset. Perhaps its RST never comes by: on its loopback, or to its neighbour. */
static void open_unseen(struct join *j, struct account *acc)
{
	struct wire_event w = { .rst = foretold_reset(&acc->k) };
	struct slot *s = open_slot(j, &w);

	if (!s)
		return;
	refer(j, s, acc);
	enter_id(j, s, acc->k.id);
	enter_id(j, s, acc->k.join_id);
	j->ops.opened(j->ops.ctx, &s->c);
}

/* Opens a case of its own: perhaps nobody will ever reset anything. */
static void open_stall(struct join *j, struct account *acc)
{
	struct wire_event syn = { .rst = acc->k.syn, .answers = acc->k.syn, .match = ANSWER_EXACT };
	struct slot *s;

	/* Whoever sends SYNs must not take the room of resets. */
	if (j->n_stalls == MAX_CLASHES)
		return;
	s = open_slot(j, &syn);
	if (!s)
		return;
	j->n_stalls++;
	s->c.seen.kind = CASE_STALL;
	refer_to_clash(s, acc);
	sightings_add(&s->c, &syn.rst);
	j->ops.opened(j->ops.ctx, &s->c);
	/* What was looked up now holds for the reset too that may come seconds later. */
	acc->k.ct = s->c.asked.ct;
}

static void on_clash(struct join *j, const struct kernel_event *k)
{
	struct account *acc;

	/* A SYN that is sent again is no news. */
	if (clashes__repeat(&j->clashes, k))
		return;
	acc = accounts__add(j->accounts, k);
	clashes__add(&j->clashes, j->accounts, acc);
	if (k->call == CALL_CHALLENGE)
		open_stall(j, acc);
}

/* --- events, and the end of a case ------------------------------------------------------------ */

/* The account that found the window open has come before, with or without its RST. */
static void close_window(struct join *j, const struct kernel_event *k)
{
	struct key_link *l = k->join_id ? accounts__by_id(j->accounts, k->join_id) : NULL;

	for (; l; l = key_link__next(l)) {
		struct account *acc = l->value;

		if (acc->k.id == k->join_id)
			acc->k.window.end_ns = k->window.end_ns;
	}
}

static void on_kernel(struct join *j, const struct kernel_event *k)
{
	struct account *acc = accounts__add(j->accounts, k);

	accounts__wait(j->accounts, acc);
	find_case(j, acc);
	if (acc->waiting && role_of(k) == ROLE_MAKER && fit_key_of_account(k, FIT_TUPLE) &&
	    is_foreign(j, k))
		open_unseen(j, acc);
	/* It is held by the case now, or while it waits. */
	accounts__release(j->accounts, acc);
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

static void leave(struct join *j, struct slot *s)
{
	leave_keys(s);
	leave_ids(s);
	j->open = s->next;
	if (!j->open)
		j->open_end = &j->open;
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
	accounts__release(j->accounts, s->kernel);
	accounts__release(j->accounts, s->receive);
	accounts__release(j->accounts, s->clash);
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

	while (j->open)
		complete_first(j, lost);
	accounts__flush(j->accounts);
}
