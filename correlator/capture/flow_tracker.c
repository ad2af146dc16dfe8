// SPDX-License-Identifier: GPL-2.0-only
/*
 * flow_tracker.c - follow the conversations of a capture, and hand out its resets.
 *
 * A conversation takes two cache lines. Its packets are records of one ring, each with the way back
 * to the one before. A reset waits for a second of the capture's time, to see whether its sender
 * goes on as if nothing had been, and where else it is seen.
 */
#include "capture/flow_tracker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/lazy_array.h"
#include "capture/flow_table.h"
#include "model/same_reset.h"

#define RING_BITS 20
#define RING_RECORDS (1u << RING_BITS)
#define PENDING_MAX (1u << 12) /* a power of two */
#define PORTS_MAX (1u << 16)   /* a power of two */
#define PORTS_BUCKET 8	       /* a power of two */
#define MARKS (1u << 22)       /* bits; a power of two */
#define NS_PER_S 1000000000ull
#define SETTLE_NS NS_PER_S
/* What was under way when the RST left comes within this. */
#define UNDER_WAY_NS 1000000ull
/* What the RST's receiver had sent before it got there; few paths are longer. */
#define RECEIVER_UNDER_WAY_NS (NS_PER_S / 2)
/* Resets; about as many as a history has packets. */
#define FETCH_AHEAD 12

struct record {
	uint64_t ts_ns;
	uint32_t seq;
	uint32_t ack;
	uint32_t len;
	/* So many records before is the conversation's last; 0 = there is none. */
	uint32_t back : RING_BITS;
	uint32_t from : 1;    /* which half */
	uint32_t heading : 2; /* enum heading */
	uint32_t marks : 9;   /* enum packet_mark */
	uint16_t window;
	uint16_t ipid;
	uint16_t interface;
	uint8_t flags;
	uint8_t ttl;
};

_Static_assert(sizeof(struct record) == 32, "two of them in a cache line, a million in the ring");

struct pending {
	struct flow flow; /* as it was before the RST */
	struct record rst;
	uint64_t number;  /* of the RST's record */
	uint64_t fetched; /* of that of its history which is on its way from memory */
	uint8_t n_sightings;
	bool went_on;
	uint8_t went_on_ttl;
	struct after_rst after;
	struct {
		uint64_t ts_ns;
		uint16_t interface;
		uint8_t heading;
		uint8_t ttl;
	} sightings[CASE_SIGHTINGS_MAX];
};

struct flow_tracker {
	int (*on_reset)(void *ctx, const struct capture_case *c);
	void *ctx;
	uint64_t seed;
	uint64_t start_ns; /* of the first segment */
	uint64_t now_ns;   /* of the newest */
	struct record *ring;
	uint64_t records; /* ever written */
	bool begun;
	bool several; /* places, or directions: a packet may be there twice */
	struct flow_table *flows;
	struct pending *pending;
	uint32_t first_pending; /* numbers; all in between wait */
	uint32_t next_pending;
	uint64_t *ports; /* hashes of endpoints that have accepted a connection */
	uint64_t *marks; /* bits: hashes of conversations to follow; NULL = all */
	struct capture_case c;
};

/* --- making ---------------------------------------------------------------------------------- */

struct flow_tracker *flow_tracker__new(int (*on_reset)(void *ctx, const struct capture_case *c),
				       void *ctx)
{
	struct flow_tracker *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->on_reset = on_reset;
	t->ctx = ctx;
	if (getrandom(&t->seed, sizeof(t->seed), GRND_NONBLOCK) < 0)
		t->seed = 0;
	t->ring = reserve(RING_RECORDS * sizeof(*t->ring));
	t->flows = flow_table__new(t->seed);
	t->ports = reserve(PORTS_MAX * sizeof(*t->ports));
	t->pending = reserve(PENDING_MAX * sizeof(*t->pending));
	if (t->ring && t->flows && t->ports && t->pending)
		return t;
	flow_tracker__free(t);
	errno = ENOMEM;
	return NULL;
}

void flow_tracker__free(struct flow_tracker *t)
{
	if (!t)
		return;
	release(t->ring, RING_RECORDS * sizeof(*t->ring));
	flow_table__free(t->flows);
	release(t->ports, PORTS_MAX * sizeof(*t->ports));
	release(t->pending, PENDING_MAX * sizeof(*t->pending));
	free(t->marks);
	free(t);
}

uint64_t flow_tracker__evicted(const struct flow_tracker *t)
{
	return flow_table__evicted(t->flows);
}

/* --- which conversations to follow ------------------------------------------------------------- */

int flow_tracker__follow_marked(struct flow_tracker *t)
{
	t->marks = calloc(MARKS / 64, sizeof(*t->marks));
	return t->marks ? 0 : -ENOMEM;
}

void flow_tracker__follow_all(struct flow_tracker *t)
{
	free(t->marks);
	t->marks = NULL;
}

void flow_tracker__mark(struct flow_tracker *t, const struct segment *s)
{
	uint64_t bit = hash_segment(t->seed, s) & (MARKS - 1);

	__atomic_fetch_or(&t->marks[bit / 64], 1ull << bit % 64, __ATOMIC_RELAXED);
}

/* Also some of those that were not marked, where bits are the same. */
static bool is_marked(const struct flow_tracker *t, uint64_t hash)
{
	uint64_t bit = hash & (MARKS - 1);

	return !t->marks || t->marks[bit / 64] >> bit % 64 & 1;
}

/* The first segment tells when the capture began. */
bool flow_tracker__follows(const struct flow_tracker *t, const struct segment *s)
{
	return !t->begun || is_marked(t, hash_segment(t->seed, s));
}

void flow_tracker__prepare(const struct flow_tracker *t, struct tracked_segment *seg)
{
	seg->hash = hash_segment(t->seed, &seg->s);
	if (t->marks)
		__builtin_prefetch(&t->marks[(seg->hash & (MARKS - 1)) / 64]);
	else
		flow_table__fetch_slot(t->flows, seg->hash);
}

void flow_tracker__fetch(const struct flow_tracker *t, const struct tracked_segment *seg)
{
	if (!t->marks)
		flow_table__fetch(t->flows, seg->hash);
	else if (is_marked(t, seg->hash))
		flow_table__fetch_slot(t->flows, seg->hash);
}

static struct pending *pending_at(struct flow_tracker *t, uint32_t number)
{
	return &t->pending[number % PENDING_MAX];
}

/* The conversation's newest reset that still waits; NULL if none does. */
static struct pending *pending_of(struct flow_tracker *t, const struct flow *f)
{
	uint32_t number = f->pending - 1;

	if (!f->pending || number - t->first_pending >= t->next_pending - t->first_pending)
		return NULL;
	return pending_at(t, number);
}

/* --- ports that have accepted a connection --------------------------------------------------------- */

/* A bucket is a cache line. */
static uint64_t *port_bucket(const struct flow_tracker *t, uint64_t hash)
{
	return &t->ports[hash % (PORTS_MAX / PORTS_BUCKET) * PORTS_BUCKET];
}

static void note_open_port(struct flow_tracker *t, const struct segment *s)
{
	uint64_t h = hash_end(t->seed, s->saddr, s->sport) | 1;
	uint64_t *bucket = port_bucket(t, h >> 1);
	unsigned int i;

	for (i = 0; i < PORTS_BUCKET && bucket[i]; i++)
		if (bucket[i] == h)
			return;
	bucket[i < PORTS_BUCKET ? i : h >> 32 & (PORTS_BUCKET - 1)] = h;
}

/* From a full bucket, a port may have been pushed out: then nobody knows. */
static enum tristate is_port_open(const struct flow_tracker *t, const uint8_t *addr, uint16_t port)
{
	uint64_t h = hash_end(t->seed, addr, port) | 1;
	const uint64_t *bucket = port_bucket(t, h >> 1);
	unsigned int i;

	for (i = 0; i < PORTS_BUCKET && bucket[i]; i++)
		if (bucket[i] == h)
			return KNOWN_YES;
	return i < PORTS_BUCKET ? KNOWN_NO : KNOWN_NOTHING;
}

/* --- resets -------------------------------------------------------------------------------------- */

static struct tuple tuple_of(const struct flow *f, unsigned int from)
{
	struct tuple t = { .sport = f->port[from], .dport = f->port[!from], .family = f->family };

	memcpy(t.saddr, f->addr[from], 16);
	memcpy(t.daddr, f->addr[!from], 16);
	return t;
}

static struct packet packet_of(const struct flow *f, const struct record *r)
{
	return (struct packet){
		.ts_ns = r->ts_ns,
		.tuple = tuple_of(f, r->from),
		.seq = r->seq,
		.ack = r->ack,
		.len = r->len,
		.ifindex = r->interface,
		.window = r->window,
		.ipid = r->ipid,
		.flags = r->flags,
		.ttl = r->ttl,
		.marks = (uint8_t)r->marks,
		.hook = HOOK_PCAP,
		.heading = (enum heading)r->heading,
	};
}

/* Captures of several interfaces are not always in the order of time. */
static void place(struct capture_case *c, const struct packet *p)
{
	unsigned int at = c->n_history++;

	for (; at > 0 && c->history[at - 1].ts_ns > p->ts_ns; at--)
		c->history[at] = c->history[at - 1];
	c->history[at] = *p;
}

static void recall(struct flow_tracker *t, const struct pending *p, struct capture_case *c)
{
	uint64_t number = p->number;
	uint32_t back = p->rst.back;

	while (back && c->n_history < CASE_HISTORY_MAX) {
		const struct record *r;
		struct packet packet;

		if (back > number || t->records - (number - back) > RING_RECORDS) {
			c->lost_packets++;
			break;
		}
		number -= back;
		r = &t->ring[number % RING_RECORDS];
		packet = packet_of(&p->flow, r);
		place(c, &packet);
		back = r->back;
	}
}

/*
 * The sender had ended its side, and each segment that came after was refused: the first RST answers
 * the first of them, though the capture, if it was not made at the sender, has them all before it.
 */
static void choose_refused_segment(const struct pending *p, struct capture_case *c)
{
	const struct half *sender = &p->flow.half[p->rst.from];
	unsigned int i, answered = 0;

	if (!(sender->seen & SEEN_FIN) || c->rst.flags & FLAG_ACK || c->rst.seq != sender->next)
		return;
	for (i = 0; i < c->n_history; i++)
		answered += c->history[i].flags & FLAG_RST && c->history[i].seq == c->rst.seq &&
			    tuple_equal(&c->history[i].tuple, &c->rst.tuple);
	for (i = 0; i < c->n_history; i++) {
		const struct packet *s = &c->history[i];
		uint32_t end = s->seq + s->len + !!(s->flags & FLAG_FIN);

		if (tuple_equal(&s->tuple, &c->rst.tuple) || !reset_answers(&c->rst, s) ||
		    end == s->seq || !seq_is_after(end, sender->acked))
			continue;
		if (answered) {
			answered--;
			continue;
		}
		c->answers = *s;
		c->answer_match = ANSWER_EXACT;
		return;
	}
}

static void tell_conversation(struct flow_tracker *t, const struct pending *p,
			      struct capture_case *c)
{
	const struct flow *f = &p->flow;
	unsigned int side = p->rst.from;
	const struct half *sender = &f->half[side], *peer = &f->half[!side];
	struct conversation *v = &c->conversation;

	v->known = true;
	v->whole = f->half[f->opened].seen & SEEN_SYN;
	v->sender_opened = side == f->opened && sender->seen & SEEN_SYN;
	v->sender_finished = sender->seen & SEEN_FIN;
	v->peer_finished = peer->seen & SEEN_FIN;
	v->sender_silent = !(sender->seen & ~(SEEN_SYN_ACK | SEEN_ACK | SEEN_AGAIN)) &&
			   (!sender->seen || sender->next == sender->isn + 1);
	v->finished_ns = f->first_ns + sender->fin_ms * 1000000ull;
	v->sender_isn = sender->isn;
	v->none_missing = c->rst.seq == sender->next;
	if (c->rst.flags & FLAG_ACK && c->rst.seq && peer->seen & (SEEN_SYN | SEEN_SYN_ACK))
		v->received = c->rst.ack - peer->isn > 1u + !!(peer->seen & SEEN_FIN) ? KNOWN_YES :
											KNOWN_NO;
	v->probes = sender->probes;
	v->syn_sent = !(sender->seen & ~(SEEN_SYN | SEEN_AGAIN)) && sender->seen & SEEN_SYN &&
		      !sender->has_acked;
	v->port_open = is_port_open(t, f->addr[side], f->port[side]);
	if (c->answer_match == ANSWER_EXACT)
		v->in_window = flow_in_window(f, side, &c->answers);
	v->reset_before = sender->seen & SEEN_RST;
	v->aborted_before = sender->aborted;
	v->went_on = p->went_on;
	v->went_on_ttl = p->went_on_ttl;
	snprintf(v->state, sizeof(v->state), "%s", flow_state(f, side));
	snprintf(v->history, sizeof(v->history), "%.*s%c", (int)f->n_letters, f->letters,
		 side == f->opened ? 'R' : 'r');
}

static void tell_sightings(const struct pending *p, struct capture_case *c)
{
	unsigned int i;

	for (i = 0; i < p->n_sightings; i++)
		c->sightings[i] = (struct sighting){
			.ts_ns = p->sightings[i].ts_ns,
			.tuple = c->rst.tuple,
			.ifindex = p->sightings[i].interface,
			.hook = HOOK_PCAP,
			.heading = (enum heading)p->sightings[i].heading,
			.ttl = p->sightings[i].ttl,
		};
	c->n_sightings = p->n_sightings;
}

/*
 * The way back through a history is one miss of the cache after the other. The resets that are due
 * next go one step each ahead of recall().
 */
static void fetch_ahead(struct flow_tracker *t)
{
	uint32_t i, end = t->first_pending + FETCH_AHEAD;

	for (i = t->first_pending; i != t->next_pending && i != end; i++) {
		struct pending *p = pending_at(t, i);
		uint32_t back = p->fetched == p->number ? p->rst.back :
							  t->ring[p->fetched % RING_RECORDS].back;

		if (back > p->fetched)
			continue;
		p->fetched -= back;
		__builtin_prefetch(&t->ring[p->fetched % RING_RECORDS]);
	}
}

/* The oldest one. */
static int complete_pending(struct flow_tracker *t)
{
	const struct pending *p = pending_at(t, t->first_pending++);
	struct capture_case *c = &t->c;

	fetch_ahead(t);
	memset(c, 0, offsetof(struct capture_case, sightings));
	c->rst = packet_of(&p->flow, &p->rst);
	tell_sightings(p, c);
	recall(t, p, c);
	choose_refused_segment(p, c);
	choose_answer(&c->rst, c->history, c->n_history, &c->answers, &c->answer_match);
	c->history_since_ns =
		t->records > RING_RECORDS ? t->ring[t->records % RING_RECORDS].ts_ns : t->start_ns;
	tell_conversation(t, p, c);
	c->after = p->after;
	c->after.looked = true;
	return t->on_reset(t->ctx, c);
}

/* The reset is where it was first in time, which the file need not have first. */
static void move_reset(struct pending *p, const struct record *r)
{
	p->rst.ts_ns = r->ts_ns;
	p->rst.interface = r->interface;
	p->rst.heading = r->heading;
	p->rst.ttl = r->ttl;
}

static void add_sighting(struct pending *p, const struct record *r)
{
	unsigned int at = p->n_sightings;

	if (at == CASE_SIGHTINGS_MAX)
		return;
	for (; at > 0 && p->sightings[at - 1].ts_ns > r->ts_ns; at--)
		p->sightings[at] = p->sightings[at - 1];
	p->sightings[at].ts_ns = r->ts_ns;
	p->sightings[at].interface = r->interface;
	p->sightings[at].heading = (uint8_t)r->heading;
	p->sightings[at].ttl = r->ttl;
	p->n_sightings++;
	if (!at)
		move_reset(p, r);
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static struct reset_marks marks_of(const struct record *r)
{
	return (struct reset_marks){ r->ts_ns, r->seq, r->ack, r->flags };
}

/* The same RST at another place: not one more. */
static bool is_sighting(const struct pending *p, const struct record *r)
{
	const struct record *first = &p->rst;

	return same_reset(marks_of(first), marks_of(r), SAME_HOST_NS) && first->from == r->from &&
	       first->ipid == r->ipid &&
	       (first->interface != r->interface || first->heading != r->heading ||
		first->ttl != r->ttl);
}

static int add_reset(struct flow_tracker *t, struct flow *f, const struct record *r)
{
	struct pending *p = pending_of(t, f);
	int err = 0;

	if (p && is_sighting(p, r)) {
		add_sighting(p, r);
		return 0;
	}
	if (t->next_pending - t->first_pending == PENDING_MAX)
		err = complete_pending(t);
	p = pending_at(t, t->next_pending++);
	f->pending = t->next_pending;
	*p = (struct pending){
		.flow = *f,
		.rst = *r,
		.number = t->records - 1,
		.fetched = t->records - 1,
	};
	add_sighting(p, r);
	flow_see(f, r->from, SEEN_RST, 'r');
	f->half[r->from].aborted |= r->flags & FLAG_ACK && r->seq;
	return err;
}

/* Nothing comes from a socket that has taken a RST. */
static void follow_after(struct pending *p, const struct record *r)
{
	const struct half *receiver = &p->flow.half[!p->rst.from];
	struct packet rst = packet_of(&p->flow, &p->rst), seg = packet_of(&p->flow, r);

	after_see(&p->after, &rst, receiver->has_acked ? &receiver->acked : NULL,
		  RECEIVER_UNDER_WAY_NS, &seg);
}

/* Nothing comes from a socket that has sent a RST. */
static void follow_pending(struct pending *p, const struct record *r)
{
	const struct half *sender = &p->flow.half[p->rst.from];

	follow_after(p, r);
	if (r->from != p->rst.from || r->flags & (FLAG_SYN | FLAG_RST) || !sender->seen ||
	    r->ts_ns < p->rst.ts_ns + UNDER_WAY_NS || seq_is_after(sender->next, r->seq + r->len))
		return;
	p->went_on = true;
	p->went_on_ttl = r->ttl;
}

/* --- the stream ------------------------------------------------------------------------------------ */

static const struct record *write_record(struct flow_tracker *t, struct flow *f, unsigned int side,
					 const struct tracked_segment *seg, bool is_new)
{
	static const uint8_t headings[] = { HEADING_UNKNOWN, HEADING_IN, HEADING_OUT };
	uint32_t back = (uint32_t)t->records - f->record;
	struct record *r = &t->ring[t->records % RING_RECORDS];
	const struct segment *s = &seg->s;

	*r = (struct record){
		.ts_ns = seg->ts_ns,
		.seq = s->seq,
		.ack = s->ack,
		.len = s->len,
		.back = is_new || back >= RING_RECORDS ? 0 : back,
		.window = s->window,
		.ipid = s->ipid,
		.interface = seg->interface,
		.flags = s->flags,
		.ttl = s->ttl,
		.marks = s->marks,
		.from = side & 1,
		.heading = headings[s->direction] & 3,
	};
	f->record = (uint32_t)t->records++;
	return r;
}

/* Also where the capture's time stands still or goes back. */
static int complete_due(struct flow_tracker *t, uint64_t ts_ns)
{
	int err = 0;

	if (!t->begun)
		t->start_ns = ts_ns;
	t->begun = true;
	if (ts_ns > t->now_ns)
		t->now_ns = ts_ns;
	while (!err && t->first_pending != t->next_pending &&
	       pending_at(t, t->first_pending)->rst.ts_ns + SETTLE_NS < t->now_ns)
		err = complete_pending(t);
	return err;
}

/* How far back the same packet may be, that another interface had before. */
#define COPIES_MAX 4

/* Is it a packet that was seen elsewhere just before, and not one that was sent again? */
static bool is_copy(const struct flow_tracker *t, const struct record *r)
{
	uint64_t number = t->records - 1;
	const struct record *o = r;
	unsigned int i;

	for (i = 0; i < COPIES_MAX && o->back && o->back <= number; i++) {
		number -= o->back;
		o = &t->ring[number % RING_RECORDS];
		if (o->from == r->from && o->seq == r->seq && o->ack == r->ack &&
		    o->len == r->len && o->flags == r->flags && o->ipid == r->ipid &&
		    distance(r->ts_ns, o->ts_ns) <= SAME_HOST_NS &&
		    (o->interface != r->interface || o->heading != r->heading))
			return true;
	}
	return false;
}

int flow_tracker__add(struct flow_tracker *t, const struct tracked_segment *seg)
{
	const struct segment *s = &seg->s;
	const struct record *r;
	unsigned int side = 0;
	struct pending *p;
	struct flow *f;
	int err = complete_due(t, seg->ts_ns);
	bool is_new;

	if (err)
		return err;
	if ((s->flags & (FLAG_SYN | FLAG_ACK | FLAG_RST)) == (FLAG_SYN | FLAG_ACK))
		note_open_port(t, s);
	t->several |= seg->interface || s->direction != DIRECTION_UNKNOWN;
	if (!is_marked(t, seg->hash) && !(s->flags & FLAG_RST))
		return 0;
	f = flow_table__find(t->flows, seg->hash, s, &side);
	is_new = !f;
	if (is_new)
		f = flow_table__add(t->flows, seg->hash, s, seg->ts_ns, t->now_ns);
	if (!f)
		return -ENOMEM;
	f->last_ns = seg->ts_ns;
	flow_open(f, side, s, seg->ts_ns);
	r = write_record(t, f, side, seg, is_new);
	if (s->flags & FLAG_RST)
		return add_reset(t, f, r);
	if (t->several && is_copy(t, r))
		return 0;
	p = pending_of(t, f);
	if (p)
		follow_pending(p, r);
	flow_follow(f, side, s, seg->ts_ns);
	return 0;
}

int flow_tracker__advance(struct flow_tracker *t, uint64_t ts_ns)
{
	return t->begun ? complete_due(t, ts_ns) : 0;
}

int flow_tracker__flush(struct flow_tracker *t)
{
	int err = 0;

	while (!err && t->first_pending != t->next_pending)
		err = complete_pending(t);
	return err;
}
