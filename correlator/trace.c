// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace.c - follow the conversations of a capture, and hand out its resets.
 *
 * A conversation takes two cache lines. Its packets are records of one ring, each with the way back
 * to the one before. A reset waits for a second of the capture's time, to see whether its sender
 * goes on as if nothing had been, and where else it is seen.
 */
#include "trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#define RING_BITS 20
#define RING_RECORDS (1u << RING_BITS)
#define FLOWS_MAX (1u << 20)
#define FLOWS_CHUNK (1u << 14)
#define PENDING_MAX (1u << 12) /* a power of two */
#define PORTS_MAX (1u << 16)   /* a power of two */
#define PORTS_BUCKET 8	       /* a power of two */
#define MARKS (1u << 22)       /* bits; a power of two */
#define NS_PER_S 1000000000ull
#define IDLE_NS (300 * NS_PER_S)
#define OVER_NS (60 * NS_PER_S)
#define SETTLE_NS NS_PER_S
/* Sightings of one RST lie closer together. */
#define SIGHTING_NS (NS_PER_S / 20)
/* What was under way when the RST left comes within this. */
#define UNDER_WAY_NS 1000000ull
/* Slots that are looked at for each new conversation, and when there is no room. */
#define SWEEP 2
#define SWEEP_FULL 8
/* Resets; about as many as a history has packets. */
#define FETCH_AHEAD 12
#define NONE UINT32_MAX

enum seen {
	SEEN_SYN = 0x01,
	SEEN_SYN_ACK = 0x02,
	SEEN_ACK = 0x04,
	SEEN_DATA = 0x08,
	SEEN_FIN = 0x10,
	SEEN_RST = 0x20,
	SEEN_AGAIN = 0x40,
	SEEN_NO_WINDOW = 0x80,
};

/* What one side has sent. */
struct half {
	uint32_t isn;	 /* of its SYN, else of the first that was seen */
	uint32_t next;	 /* after the last that it has sent */
	uint32_t acked;	 /* the highest ACK number that it has sent */
	uint32_t fin_ms; /* since the conversation began */
	uint16_t window;
	uint8_t wscale;
	uint8_t seen;	   /* enum seen; 0 = nothing has come from it */
	uint8_t probes;	   /* keepalive probes since the other side was last heard */
	uint8_t has_acked; /* acked holds */
	uint8_t aborted;   /* by a RST that answers nothing */
	uint8_t pad;
};

#define LETTERS_MAX 17

struct flow {
	uint64_t first_ns;
	uint64_t last_ns;
	uint8_t addr[2][16]; /* [0] sent the first segment */
	uint16_t port[2];
	struct half half[2];
	uint32_t record;  /* number of its newest, its low 32 bits */
	uint32_t pending; /* number of its newest reset that waits, plus 1; 0 = none */
	uint8_t family;	  /* 0 = a free slot, whose `record` is the next free one */
	uint8_t opened;	  /* which side has, or is taken to have */
	uint8_t n_letters;
	char letters[LETTERS_MAX];
};

_Static_assert(sizeof(struct flow) == 128, "two cache lines");

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
	struct {
		uint64_t ts_ns;
		uint16_t interface;
		uint8_t heading;
		uint8_t ttl;
	} sightings[CASE_SIGHTINGS_MAX];
};

struct slot {
	uint32_t hash;
	uint32_t flow; /* index + 1; 0 = empty */
};

struct trace {
	int (*on_reset)(void *ctx, const struct wire_case *c);
	void *ctx;
	struct trace_stats stats;
	uint64_t seed;
	uint64_t start_ns; /* of the first segment */
	uint64_t now_ns;   /* of the newest */
	struct record *ring;
	uint64_t records;   /* ever written */
	bool several;	    /* places, or directions: a packet may be there twice */
	struct flow *flows; /* room for FLOWS_MAX; what was never used takes no memory */
	uint32_t n_flows;   /* slots that were ever used */
	uint32_t n_used;
	uint32_t free; /* a list; NONE = empty */
	uint32_t hand; /* of the sweep */
	struct slot *slots;
	uint32_t slot_mask;
	struct pending *pending;
	uint32_t first_pending; /* numbers; all in between wait */
	uint32_t next_pending;
	uint64_t *ports; /* hashes of endpoints that have accepted a connection */
	uint64_t *marks; /* bits: hashes of conversations to follow; NULL = all */
	struct wire_case c;
};

/* --- making ---------------------------------------------------------------------------------- */

static void *reserve(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	/* Random access over 100 MB is mostly misses of the TLB otherwise. */
	madvise(p, size, MADV_HUGEPAGE);
	return p;
}

static void release(void *p, size_t size)
{
	if (p)
		munmap(p, size);
}

struct trace *trace__new(int (*on_reset)(void *ctx, const struct wire_case *c), void *ctx)
{
	struct trace *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->on_reset = on_reset;
	t->ctx = ctx;
	t->free = NONE;
	if (getrandom(&t->seed, sizeof(t->seed), GRND_NONBLOCK) < 0)
		t->seed = 0;
	t->slot_mask = FLOWS_CHUNK * 2 - 1;
	t->slots = reserve((t->slot_mask + 1) * sizeof(*t->slots));
	t->ring = reserve(RING_RECORDS * sizeof(*t->ring));
	t->flows = reserve(FLOWS_MAX * sizeof(*t->flows));
	t->ports = reserve(PORTS_MAX * sizeof(*t->ports));
	t->pending = reserve(PENDING_MAX * sizeof(*t->pending));
	if (t->slots && t->ring && t->flows && t->ports && t->pending)
		return t;
	trace__free(t);
	errno = ENOMEM;
	return NULL;
}

void trace__free(struct trace *t)
{
	if (!t)
		return;
	release(t->ring, RING_RECORDS * sizeof(*t->ring));
	release(t->flows, FLOWS_MAX * sizeof(*t->flows));
	release(t->ports, PORTS_MAX * sizeof(*t->ports));
	release(t->pending, PENDING_MAX * sizeof(*t->pending));
	release(t->slots, ((size_t)t->slot_mask + 1) * sizeof(*t->slots));
	free(t->marks);
	free(t);
}

const struct trace_stats *trace__stats(const struct trace *t)
{
	return &t->stats;
}

/* --- the table of conversations --------------------------------------------------------------- */

static uint64_t mix(uint64_t v)
{
	v ^= v >> 32;
	v *= 0xd6e8feb86659fd93ull;
	v ^= v >> 32;
	return v;
}

static uint64_t hash_end(const struct trace *t, const uint8_t *addr, uint16_t port)
{
	uint64_t words[2];

	memcpy(words, addr, sizeof(words));
	return mix((words[0] ^ t->seed) * 0x9e3779b97f4a7c15ull ^ words[1] ^ (uint64_t)port << 16);
}

/* The same for both directions. */
static uint64_t segment_hash(const struct trace *t, const struct segment *s)
{
	return mix(hash_end(t, s->saddr, s->sport) + hash_end(t, s->daddr, s->dport));
}

int trace__follow_marked(struct trace *t)
{
	t->marks = calloc(MARKS / 64, sizeof(*t->marks));
	return t->marks ? 0 : -ENOMEM;
}

void trace__mark(struct trace *t, const struct trace_segment *seg)
{
	uint64_t bit = segment_hash(t, &seg->s) & (MARKS - 1);

	t->marks[bit / 64] |= 1ull << bit % 64;
}

/* Also some of those that were not marked, where bits are the same. */
static bool is_marked(const struct trace *t, uint64_t hash)
{
	uint64_t bit = hash & (MARKS - 1);

	return !t->marks || t->marks[bit / 64] >> bit % 64 & 1;
}

void trace__prepare(const struct trace *t, struct trace_segment *seg)
{
	seg->hash = segment_hash(t, &seg->s);
	if (t->marks)
		__builtin_prefetch(&t->marks[(seg->hash & (MARKS - 1)) / 64]);
	else
		__builtin_prefetch(&t->slots[seg->hash & t->slot_mask]);
}

void trace__fetch(const struct trace *t, const struct trace_segment *seg)
{
	const struct slot *slot = &t->slots[seg->hash & t->slot_mask];

	if (t->marks && is_marked(t, seg->hash))
		__builtin_prefetch(slot);
	if (t->marks || !slot->flow)
		return;
	__builtin_prefetch(&t->flows[slot->flow - 1], 1);
	__builtin_prefetch((const char *)&t->flows[slot->flow - 1] + 64, 1);
}

static bool is_end(const struct flow *f, unsigned int side, const uint8_t *addr, uint16_t port)
{
	return f->port[side] == port && !memcmp(f->addr[side], addr, 16);
}

/* Which side sent it; -1: it is of another conversation. */
static int side_of(const struct flow *f, const struct segment *s)
{
	if (f->family != s->family)
		return -1;
	if (is_end(f, 0, s->saddr, s->sport) && is_end(f, 1, s->daddr, s->dport))
		return 0;
	if (is_end(f, 1, s->saddr, s->sport) && is_end(f, 0, s->daddr, s->dport))
		return 1;
	return -1;
}

static struct flow *find_flow(struct trace *t, const struct trace_segment *seg, int *ret_side)
{
	uint32_t at = (uint32_t)seg->hash & t->slot_mask;

	for (; t->slots[at].flow; at = (at + 1) & t->slot_mask) {
		struct flow *f;

		if (t->slots[at].hash != (uint32_t)(seg->hash >> 32))
			continue;
		f = &t->flows[t->slots[at].flow - 1];
		*ret_side = side_of(f, &seg->s);
		if (*ret_side >= 0)
			return f;
	}
	return NULL;
}

static uint64_t flow_hash(const struct trace *t, const struct flow *f)
{
	return mix(hash_end(t, f->addr[0], f->port[0]) + hash_end(t, f->addr[1], f->port[1]));
}

static void insert_slot(struct trace *t, uint64_t hash, uint32_t index)
{
	uint32_t at = (uint32_t)hash & t->slot_mask;

	while (t->slots[at].flow)
		at = (at + 1) & t->slot_mask;
	t->slots[at] = (struct slot){ (uint32_t)(hash >> 32), index + 1 };
}

/* Linear probing without tombstones: what follows moves up. */
static void remove_slot(struct trace *t, uint32_t index)
{
	uint32_t hole = (uint32_t)flow_hash(t, &t->flows[index]) & t->slot_mask, at;

	while (t->slots[hole].flow != index + 1)
		hole = (hole + 1) & t->slot_mask;
	for (at = (hole + 1) & t->slot_mask; t->slots[at].flow; at = (at + 1) & t->slot_mask) {
		uint32_t home =
			(uint32_t)flow_hash(t, &t->flows[t->slots[at].flow - 1]) & t->slot_mask;

		if (((at - home) & t->slot_mask) < ((at - hole) & t->slot_mask))
			continue;
		t->slots[hole] = t->slots[at];
		hole = at;
	}
	t->slots[hole] = (struct slot){ 0 };
}

static int grow_slots(struct trace *t)
{
	struct slot *old = t->slots;
	uint32_t n = t->slot_mask + 1, i;

	t->slots = reserve((size_t)n * 2 * sizeof(*t->slots));
	if (!t->slots) {
		t->slots = old;
		return -ENOMEM;
	}
	t->slot_mask = n * 2 - 1;
	for (i = 0; i < n; i++)
		if (old[i].flow)
			insert_slot(t, flow_hash(t, &t->flows[old[i].flow - 1]), old[i].flow - 1);
	release(old, n * sizeof(*old));
	return 0;
}

static struct pending *pending_at(struct trace *t, uint32_t number)
{
	return &t->pending[number % PENDING_MAX];
}

/* The conversation's newest reset that still waits; NULL if none does. */
static struct pending *pending_of(struct trace *t, const struct flow *f)
{
	uint32_t number = f->pending - 1;

	if (!f->pending || number - t->first_pending >= t->next_pending - t->first_pending)
		return NULL;
	return pending_at(t, number);
}

static void forget(struct trace *t, uint32_t index)
{
	struct flow *f = &t->flows[index];

	remove_slot(t, index);
	f->family = 0;
	f->record = t->free;
	t->free = index;
	t->n_used--;
}

static bool is_over(const struct flow *f)
{
	return ((f->half[0].seen | f->half[1].seen) & SEEN_RST) ||
	       (f->half[0].seen & f->half[1].seen & SEEN_FIN);
}

static void sweep(struct trace *t, unsigned int n)
{
	while (n-- && t->n_flows) {
		struct flow *f;

		t->hand = (t->hand + 1) % t->n_flows;
		f = &t->flows[t->hand];
		if (f->family && t->now_ns > f->last_ns &&
		    t->now_ns - f->last_ns > (is_over(f) ? OVER_NS : IDLE_NS))
			forget(t, t->hand);
	}
}

/* No room: of some that the hand meets, the one that was longest silent; rather one that is over. */
static void evict(struct trace *t)
{
	uint32_t oldest = NONE;
	unsigned int i;

	for (i = 0; i < SWEEP_FULL; i++) {
		const struct flow *f, *best;

		t->hand = (t->hand + 1) % t->n_flows;
		f = &t->flows[t->hand];
		best = oldest == NONE ? f : &t->flows[oldest];
		if (is_over(f) != is_over(best) ? is_over(f) : f->last_ns <= best->last_ns)
			oldest = t->hand;
	}
	if (!is_over(&t->flows[oldest]))
		t->stats.evicted++;
	forget(t, oldest);
}

static struct flow *take_slot(struct trace *t)
{
	uint32_t index;

	sweep(t, SWEEP);
	if (t->free == NONE && t->n_flows == FLOWS_MAX)
		evict(t);
	if (t->free == NONE)
		return &t->flows[t->n_flows++];
	index = t->free;
	t->free = t->flows[index].record;
	return &t->flows[index];
}

static struct flow *new_flow(struct trace *t, const struct trace_segment *seg)
{
	const struct segment *s = &seg->s;
	struct flow *f;

	if ((t->n_used + 1) * 2 > t->slot_mask + 1 && grow_slots(t))
		return NULL;
	f = take_slot(t);
	*f = (struct flow){
		.first_ns = seg->ts_ns,
		.port = { s->sport, s->dport },
		.family = s->family,
	};
	memcpy(f->addr[0], s->saddr, 16);
	memcpy(f->addr[1], s->daddr, 16);
	insert_slot(t, seg->hash, (uint32_t)(f - t->flows));
	t->n_used++;
	t->stats.conversations++;
	return f;
}

/* --- what a conversation looks like -------------------------------------------------------------- */

static void add_letter(struct flow *f, unsigned int side, char letter)
{
	if (f->n_letters < LETTERS_MAX)
		f->letters[f->n_letters++] =
			side == f->opened && letter != '^' ? (char)(letter - 'a' + 'A') : letter;
}

static void see(struct flow *f, unsigned int side, enum seen what, char letter)
{
	if (f->half[side].seen & what)
		return;
	f->half[side].seen |= (uint8_t)what;
	add_letter(f, side, letter);
}

/* A SYN that opens another connection between the same two ports. */
static bool begins_anew(const struct flow *f, unsigned int side, const struct segment *s)
{
	const struct half *h = &f->half[side];

	if ((s->flags & (FLAG_SYN | FLAG_ACK | FLAG_RST)) != FLAG_SYN)
		return false;
	return h->seen && (!(h->seen & SEEN_SYN) || s->seq != h->isn || is_over(f));
}

static void begin_anew(struct flow *f, unsigned int side, uint64_t ts_ns)
{
	memset(f->half, 0, sizeof(f->half));
	f->n_letters = 0;
	f->opened = (uint8_t)side;
	f->first_ns = ts_ns;
	f->pending = 0;
}

/* Who answers a SYN has not opened the connection, though its segment is the first that we see. */
static void guess_opener(struct flow *f, unsigned int side, const struct segment *s)
{
	if (f->half[0].seen || f->half[1].seen)
		return;
	f->opened = (uint8_t)side;
	if ((s->flags & (FLAG_SYN | FLAG_ACK)) == (FLAG_SYN | FLAG_ACK)) {
		f->opened = !side;
		add_letter(f, side, '^');
	}
}

static bool is_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

static bool is_probe(const struct half *h, const struct segment *s)
{
	return h->seen && !(s->flags & (FLAG_SYN | FLAG_FIN | FLAG_RST)) && s->len <= 1 &&
	       s->seq == h->next - 1;
}

static void follow_sequence(struct flow *f, unsigned int side, const struct segment *s)
{
	struct half *h = &f->half[side];
	uint32_t end = s->seq + s->len + !!(s->flags & FLAG_SYN) + !!(s->flags & FLAG_FIN);

	if (!h->seen) {
		h->isn = s->seq;
		h->next = end;
		h->wscale = WSCALE_NONE;
	} else if (is_probe(h, s)) {
		h->probes += h->probes < UINT8_MAX;
	} else if (is_after(end, h->next)) {
		h->next = end;
	} else if (end != s->seq) {
		see(f, side, SEEN_AGAIN, 't');
	}
	if (s->flags & FLAG_ACK && (!h->has_acked || is_after(s->ack, h->acked))) {
		h->acked = s->ack;
		h->has_acked = true;
	}
}

static void follow_flags(struct flow *f, unsigned int side, const struct segment *s, uint64_t ts_ns)
{
	if (s->flags & FLAG_SYN)
		see(f, side, s->flags & FLAG_ACK ? SEEN_SYN_ACK : SEEN_SYN,
		    s->flags & FLAG_ACK ? 'h' : 's');
	else if (s->flags & FLAG_ACK && !s->len && !(s->flags & FLAG_FIN))
		see(f, side, SEEN_ACK, 'a');
	if (s->len)
		see(f, side, SEEN_DATA, 'd');
	if (s->flags & FLAG_FIN && !(f->half[side].seen & SEEN_FIN)) {
		see(f, side, SEEN_FIN, 'f');
		f->half[side].fin_ms = (uint32_t)((ts_ns - f->first_ns) / 1000000);
	}
	if (!s->window && s->flags & FLAG_ACK && !(s->flags & FLAG_SYN))
		see(f, side, SEEN_NO_WINDOW, 'w');
}

static void follow(struct flow *f, unsigned int side, const struct segment *s, uint64_t ts_ns)
{
	struct half *h = &f->half[side];

	follow_sequence(f, side, s);
	if (s->flags & FLAG_SYN && s->wscale != WSCALE_NONE)
		h->wscale = s->wscale;
	h->window = s->window;
	f->half[!side].probes = 0;
	follow_flags(f, side, s, ts_ns);
}

/* --- ports that have accepted a connection --------------------------------------------------------- */

/* A bucket is a cache line. */
static uint64_t *port_bucket(const struct trace *t, uint64_t hash)
{
	return &t->ports[hash % (PORTS_MAX / PORTS_BUCKET) * PORTS_BUCKET];
}

static void note_open_port(struct trace *t, const struct segment *s)
{
	uint64_t h = hash_end(t, s->saddr, s->sport) | 1;
	uint64_t *bucket = port_bucket(t, h >> 1);
	unsigned int i;

	for (i = 0; i < PORTS_BUCKET && bucket[i]; i++)
		if (bucket[i] == h)
			return;
	bucket[i < PORTS_BUCKET ? i : h >> 32 & (PORTS_BUCKET - 1)] = h;
}

/* From a full bucket, a port may have been pushed out: then nobody knows. */
static enum tristate is_port_open(const struct trace *t, const uint8_t *addr, uint16_t port)
{
	uint64_t h = hash_end(t, addr, port) | 1;
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
static void place(struct wire_case *c, const struct packet *p)
{
	unsigned int at = c->n_history++;

	for (; at > 0 && c->history[at - 1].ts_ns > p->ts_ns; at--)
		c->history[at] = c->history[at - 1];
	c->history[at] = *p;
}

static void recall(struct trace *t, const struct pending *p, struct wire_case *c)
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
static void choose_refused_segment(const struct pending *p, struct wire_case *c)
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
		    end == s->seq || !is_after(end, sender->acked))
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

static const char *state_of(const struct flow *f, unsigned int side)
{
	const struct half *opener = &f->half[f->opened], *other = &f->half[!f->opened];
	bool established = opener->seen & SEEN_SYN && other->seen & SEEN_SYN_ACK;

	if (side == f->opened && established)
		return "RSTO";
	if (side == f->opened)
		return opener->seen & SEEN_SYN ? "RSTOS0" : "OTH";
	if (established)
		return "RSTR";
	if (opener->seen & SEEN_SYN)
		return "REJ";
	return other->seen & SEEN_SYN_ACK ? "RSTRH" : "OTH";
}

/* Was the newest segment of the other side within the window that the sender had offered? */
static enum tristate in_window(const struct flow *f, unsigned int side, const struct packet *seg)
{
	const struct half *h = &f->half[side];
	unsigned int scale = h->wscale;
	uint32_t edge;

	if (!h->has_acked || !(h->seen & (SEEN_SYN | SEEN_SYN_ACK)))
		return KNOWN_NOTHING;
	/* Scaling holds only if both have offered it. */
	if (scale == WSCALE_NONE || f->half[!side].wscale == WSCALE_NONE)
		scale = 0;
	edge = h->acked + ((uint32_t)h->window << scale);
	return is_after(seg->seq + seg->len, edge) || is_after(h->acked, seg->seq + seg->len) ?
		       KNOWN_NO :
		       KNOWN_YES;
}

static void tell_conversation(struct trace *t, const struct pending *p, struct wire_case *c)
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
		v->in_window = in_window(f, side, &c->answers);
	v->reset_before = sender->seen & SEEN_RST;
	v->aborted_before = sender->aborted;
	v->went_on = p->went_on;
	v->went_on_ttl = p->went_on_ttl;
	snprintf(v->state, sizeof(v->state), "%s", state_of(f, side));
	snprintf(v->history, sizeof(v->history), "%.*s%c", (int)f->n_letters, f->letters,
		 side == f->opened ? 'R' : 'r');
}

static void tell_sightings(const struct pending *p, struct wire_case *c)
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
static void fetch_ahead(struct trace *t)
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
static int complete_pending(struct trace *t)
{
	const struct pending *p = pending_at(t, t->first_pending++);
	struct wire_case *c = &t->c;

	fetch_ahead(t);
	memset(c, 0, offsetof(struct wire_case, sightings));
	c->rst = packet_of(&p->flow, &p->rst);
	tell_sightings(p, c);
	recall(t, p, c);
	choose_refused_segment(p, c);
	choose_answer(&c->rst, c->history, c->n_history, &c->answers, &c->answer_match);
	c->history_since_ns =
		t->records > RING_RECORDS ? t->ring[t->records % RING_RECORDS].ts_ns : t->start_ns;
	tell_conversation(t, p, c);
	t->stats.resets++;
	return t->on_reset(t->ctx, c);
}

static void add_sighting(struct pending *p, const struct record *r)
{
	if (p->n_sightings == CASE_SIGHTINGS_MAX)
		return;
	p->sightings[p->n_sightings].ts_ns = r->ts_ns;
	p->sightings[p->n_sightings].interface = r->interface;
	p->sightings[p->n_sightings].heading = (uint8_t)r->heading;
	p->sightings[p->n_sightings++].ttl = r->ttl;
}

/* The same RST at another place: not one more. */
static bool is_sighting(const struct pending *p, const struct record *r)
{
	const struct record *first = &p->rst;

	return first->from == r->from && first->seq == r->seq && first->ack == r->ack &&
	       first->flags == r->flags && first->ipid == r->ipid &&
	       r->ts_ns - first->ts_ns < SIGHTING_NS &&
	       (first->interface != r->interface || first->heading != r->heading ||
		first->ttl != r->ttl);
}

static int add_reset(struct trace *t, struct flow *f, const struct record *r)
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
	see(f, r->from, SEEN_RST, 'r');
	f->half[r->from].aborted |= r->flags & FLAG_ACK && r->seq;
	return err;
}

/* Nothing comes from a socket that has sent a RST. */
static void follow_pending(struct pending *p, const struct record *r)
{
	const struct half *sender = &p->flow.half[p->rst.from];

	if (r->from != p->rst.from || r->flags & (FLAG_SYN | FLAG_RST) || !sender->seen ||
	    r->ts_ns < p->rst.ts_ns + UNDER_WAY_NS || is_after(sender->next, r->seq + r->len))
		return;
	p->went_on = true;
	p->went_on_ttl = r->ttl;
}

/* --- the stream ------------------------------------------------------------------------------------ */

static const struct record *write_record(struct trace *t, struct flow *f, unsigned int side,
					 const struct trace_segment *seg, bool is_new)
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
static int complete_due(struct trace *t, uint64_t ts_ns)
{
	int err = 0;

	if (!t->stats.segments++)
		t->start_ns = ts_ns;
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
static bool is_copy(const struct trace *t, const struct record *r)
{
	uint64_t number = t->records - 1;
	const struct record *o = r;
	unsigned int i;

	for (i = 0; i < COPIES_MAX && o->back && o->back <= number; i++) {
		number -= o->back;
		o = &t->ring[number % RING_RECORDS];
		if (o->from == r->from && o->seq == r->seq && o->ack == r->ack &&
		    o->len == r->len && o->flags == r->flags && o->ipid == r->ipid &&
		    r->ts_ns - o->ts_ns < SIGHTING_NS &&
		    (o->interface != r->interface || o->heading != r->heading))
			return true;
	}
	return false;
}

int trace__add(struct trace *t, const struct trace_segment *seg)
{
	const struct segment *s = &seg->s;
	const struct record *r;
	struct pending *p;
	struct flow *f;
	int side = 0, err = complete_due(t, seg->ts_ns);
	bool is_new;

	if (err)
		return err;
	if ((s->flags & (FLAG_SYN | FLAG_ACK | FLAG_RST)) == (FLAG_SYN | FLAG_ACK))
		note_open_port(t, s);
	t->several |= seg->interface || s->direction != DIRECTION_UNKNOWN;
	if (!is_marked(t, seg->hash) && !(s->flags & FLAG_RST))
		return 0;
	f = find_flow(t, seg, &side);
	is_new = !f;
	if (is_new)
		f = new_flow(t, seg);
	if (!f)
		return -ENOMEM;
	f->last_ns = seg->ts_ns;
	if (begins_anew(f, (unsigned int)side, s))
		begin_anew(f, (unsigned int)side, seg->ts_ns);
	guess_opener(f, (unsigned int)side, s);
	r = write_record(t, f, (unsigned int)side, seg, is_new);
	if (s->flags & FLAG_RST)
		return add_reset(t, f, r);
	if (t->several && is_copy(t, r))
		return 0;
	p = pending_of(t, f);
	if (p)
		follow_pending(p, r);
	follow(f, (unsigned int)side, s, seg->ts_ns);
	return 0;
}

int trace__flush(struct trace *t)
{
	int err = 0;

	while (!err && t->first_pending != t->next_pending)
		err = complete_pending(t);
	return err;
}
