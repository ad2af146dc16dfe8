// SPDX-License-Identifier: GPL-2.0-only
/*
 * observations.c - several captures of the same traffic.
 *
 * NAT changes addresses and ports, and leaves sequence numbers, lengths and flags: by these a segment
 * is known again in another capture. Of what both have, each direction gives one bound of the
 * difference between their clocks, as in NTP.
 */
#include "capture/observations.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diagnose/classify.h"

#define PRINTS (1u << 20) /* per capture; a power of two. The newest stay. */
#define VANTAGES_MAX 64
#define RESETS_MAX 200000
/* Two sightings of one RST, once the clocks are aligned. */
#define SAME_NS 1000000000ull
/* What both have must be of the same time, for numbers come round. */
#define SHARED_NS 3600000000000ll
#define SHARED_MIN 3
#define PLACE_BITS CAPTURE_PLACE_BITS

struct print {
	uint64_t id;
	uint64_t ts_ns;
	uint32_t from; /* a hash of the source: which of the two directions */
	uint8_t ttl;
	uint8_t repeated; /* seen more than once: of no use for the clocks */
	uint16_t place;
};

struct kept {
	struct kept *next; /* with the same bucket */
	uint64_t vantages; /* bits: where the RST was seen */
	unsigned int vantage;
	bool joined; /* part of another now */
	struct capture_case w;
};

struct observation_point {
	struct observations *all;
	unsigned int index;
	char *name;
	char **places;
	unsigned int n_places;
	struct print *prints;
	int64_t offset_ns; /* of its clock, from that of the first */
	int64_t error_ns;  /* +- */
	uint64_t last_ns;  /* of its segments, by its own clock */
	unsigned int shared;
	bool aligned;
};

struct observations {
	struct observation_point *list[VANTAGES_MAX];
	unsigned int n;
	struct kept **resets;
	size_t n_resets;
	size_t room;
	uint64_t left_out;
};

struct observations *observations__new(void)
{
	return calloc(1, sizeof(struct observations));
}

void observations__free(struct observations *all)
{
	unsigned int i, j;
	size_t k;

	if (!all)
		return;
	for (i = 0; i < all->n; i++) {
		struct observation_point *v = all->list[i];

		for (j = 0; j < v->n_places; j++)
			free(v->places[j]);
		free(v->places);
		free(v->prints);
		free(v->name);
		free(v);
	}
	for (k = 0; k < all->n_resets; k++)
		free(all->resets[k]);
	free(all->resets);
	free(all);
}

struct observation_point *observations__begin(struct observations *all, const char *name)
{
	struct observation_point *v = all->n < VANTAGES_MAX ? calloc(1, sizeof(*v)) : NULL;

	if (!v)
		return NULL;
	v->all = all;
	v->index = all->n;
	v->name = strdup(name);
	v->prints = calloc(PRINTS, sizeof(*v->prints));
	all->list[all->n++] = v;
	return v->name && v->prints ? v : NULL;
}

static uint64_t print_id(uint32_t seq, uint32_t ack, uint32_t len, uint8_t flags)
{
	uint64_t h = ((uint64_t)seq << 32 | (flags & FLAG_ACK ? ack : 0)) * 0x9e3779b97f4a7c15ull;

	h ^= (h >> 29) ^ ((uint64_t)len << 8 | (flags & 0x3f)) * 0xbf58476d1ce4e5b9ull;
	return (h ^ h >> 32) | 1;
}

static struct print *find_print(const struct observation_point *v, uint64_t id)
{
	struct print *p = &v->prints[(id >> 20) & (PRINTS - 1)];

	return p->id == id ? p : NULL;
}

static uint32_t hash_source(const uint8_t *addr, uint16_t port)
{
	uint32_t w[4];

	memcpy(w, addr, sizeof(w));
	return (w[0] ^ w[1] * 3 ^ w[2] * 5 ^ w[3] * 7 ^ port) * 0x9e3779b1u;
}

void observation_point__see(struct observation_point *v, const struct tracked_segment *seg)
{
	const struct segment *s = &seg->s;
	uint64_t id = print_id(s->seq, s->ack, s->len, s->flags);
	struct print *p = &v->prints[(id >> 20) & (PRINTS - 1)];

	if (seg->ts_ns > v->last_ns)
		v->last_ns = seg->ts_ns;
	if (p->id == id) {
		p->repeated = true;
		return;
	}
	*p = (struct print){ .id = id,
			     .ts_ns = seg->ts_ns,
			     .from = hash_source(s->saddr, s->sport),
			     .ttl = s->ttl,
			     .place = seg->interface };
}

static uint32_t global_place(const struct observation_point *v, uint32_t place)
{
	return v->index << PLACE_BITS | (place & ((1u << PLACE_BITS) - 1));
}

static void place_all(const struct observation_point *v, struct capture_case *w)
{
	unsigned int i;

	w->rst.ifindex = global_place(v, w->rst.ifindex);
	w->answers.ifindex = global_place(v, w->answers.ifindex);
	for (i = 0; i < w->n_sightings; i++)
		w->sightings[i].ifindex = global_place(v, w->sightings[i].ifindex);
	for (i = 0; i < w->n_history; i++)
		w->history[i].ifindex = global_place(v, w->history[i].ifindex);
}

int observation_point__take(struct observation_point *v, const struct capture_case *w)
{
	struct observations *all = v->all;
	struct kept *k, **grown;

	if (all->n_resets == RESETS_MAX) {
		all->left_out++;
		return 0;
	}
	if (all->n_resets == all->room) {
		size_t room = all->room ? all->room * 2 : 64;

		grown = realloc(all->resets, room * sizeof(struct kept *));
		if (!grown)
			return -ENOMEM;
		all->resets = grown;
		all->room = room;
	}
	k = malloc(offsetof(struct kept, w) + capture_case_size(w));
	if (!k)
		return -ENOMEM;
	k->vantage = v->index;
	k->vantages = 1ull << v->index;
	k->joined = false;
	memcpy(&k->w, w, capture_case_size(w));
	place_all(v, &k->w);
	all->resets[all->n_resets++] = k;
	return 0;
}

int observation_point__end(struct observation_point *v,
			   const char *(*place_name)(void *ctx, uint32_t i), void *ctx,
			   unsigned int n_places)
{
	unsigned int i;

	v->places = calloc(n_places + 1, sizeof(*v->places));
	if (!v->places)
		return -ENOMEM;
	for (i = 0; i < n_places; i++) {
		const char *place = place_name(ctx, i);
		int n = strcmp(place, v->name) ? asprintf(&v->places[i], "%s:%s", v->name, place) :
						 asprintf(&v->places[i], "%s", v->name);

		if (n < 0)
			return -ENOMEM;
		v->n_places++;
	}
	return 0;
}

/* --- clocks ------------------------------------------------------------------------------------------ */

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* What both have, as differences of time: those that one side sent, and the other's. */
struct differences {
	int64_t *ns[2];
	unsigned int n[2];
};

static bool gather(const struct observation_point *a, const struct observation_point *b,
		   struct differences *d)
{
	uint32_t i;
	unsigned int way;

	for (way = 0; way < 2; way++) {
		d->ns[way] = malloc(PRINTS * sizeof(*d->ns[way]));
		d->n[way] = 0;
		if (!d->ns[way])
			return false;
	}
	for (i = 0; i < PRINTS; i++) {
		const struct print *p = &a->prints[i], *q = p->id ? find_print(b, p->id) : NULL;
		int64_t diff;

		if (!q || p->repeated || q->repeated)
			continue;
		diff = (int64_t)(q->ts_ns - p->ts_ns);
		if (diff < -SHARED_NS || diff > SHARED_NS)
			continue;
		/* A router on the way tells the direction; on one link, the sender's side does. */
		way = p->ttl != q->ttl ? p->ttl < q->ttl : p->from & 1;
		d->ns[way][d->n[way]++] = diff;
	}
	return true;
}

/* Half-way between the two directions; without one of them, what there is. */
static void estimate(struct observation_point *b, const struct observation_point *a,
		     struct differences *d)
{
	int64_t middle[2] = { 0, 0 };
	unsigned int way;

	for (way = 0; way < 2; way++) {
		qsort(d->ns[way], d->n[way], sizeof(*d->ns[way]), by_value);
		if (d->n[way])
			middle[way] = d->ns[way][d->n[way] / 2];
	}
	if (!d->n[0])
		middle[0] = middle[1];
	if (!d->n[1])
		middle[1] = middle[0];
	b->shared = d->n[0] + d->n[1];
	b->offset_ns = a->offset_ns + middle[0] / 2 + middle[1] / 2;
	b->error_ns = llabs(middle[0] - middle[1]) / 2;
	b->aligned = true;
}

static void notice(const struct observations_ops *ops, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void notice(const struct observations_ops *ops, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	ops->notice(ops->ctx, text);
}

static void align(struct observations *all, struct observation_point *b,
		  const struct observations_ops *ops)
{
	struct differences d = { { NULL, NULL }, { 0, 0 } };
	unsigned int i;

	for (i = 0; i < all->n && !b->aligned; i++) {
		struct observation_point *a = all->list[i];

		if (a == b || !a->aligned)
			continue;
		if (gather(a, b, &d) && d.n[0] + d.n[1] >= SHARED_MIN)
			estimate(b, a, &d);
		free(d.ns[0]);
		free(d.ns[1]);
	}
	if (!b->aligned)
		notice(ops,
		       "%s shares no segments with the captures before it: its clock is taken "
		       "as it is",
		       b->name);
	else
		notice(ops,
		       "the clock of %s is %.3f ms %s that of %s (%u shared segments, +-%.3f ms)",
		       b->name, (double)llabs(b->offset_ns) / 1e6,
		       b->offset_ns < 0 ? "behind" : "ahead of", all->list[0]->name, b->shared,
		       (double)b->error_ns / 1e6);
}

static void shift(struct capture_case *w, int64_t offset_ns)
{
	uint64_t by = (uint64_t)offset_ns;
	unsigned int i;

	w->rst.ts_ns -= by;
	w->answers.ts_ns -= by;
	w->history_since_ns -= by;
	w->conversation.finished_ns -= by;
	for (i = 0; i < w->n_sightings; i++)
		w->sightings[i].ts_ns -= by;
	for (i = 0; i < w->n_history; i++)
		w->history[i].ts_ns -= by;
}

/* --- one reset, seen twice ------------------------------------------------------------------------------ */

static bool has_end_in_common(const struct tuple *a, const struct tuple *b)
{
	return (a->sport == b->sport && !memcmp(a->saddr, b->saddr, 16)) ||
	       (a->dport == b->dport && !memcmp(a->daddr, b->daddr, 16));
}

static bool is_same(const struct kept *a, const struct kept *b)
{
	uint64_t apart = a->w.rst.ts_ns > b->w.rst.ts_ns ? a->w.rst.ts_ns - b->w.rst.ts_ns :
							   b->w.rst.ts_ns - a->w.rst.ts_ns;

	if (a->vantages & b->vantages || a->w.rst.seq != b->w.rst.seq ||
	    a->w.rst.ack != b->w.rst.ack || a->w.rst.flags != b->w.rst.flags || apart > SAME_NS)
		return false;
	/* Behind NAT on both sides only what it answers is left to compare. */
	return has_end_in_common(&a->w.rst.tuple, &b->w.rst.tuple) ||
	       (a->w.answer_match == ANSWER_EXACT && b->w.answer_match == ANSWER_EXACT &&
		a->w.answers.seq == b->w.answers.seq && a->w.answers.len == b->w.answers.len);
}

/* The nearer to the sender; on one link, the earlier. */
static bool is_nearer(const struct kept *a, const struct kept *b)
{
	if (a->w.rst.ttl != b->w.rst.ttl)
		return a->w.rst.ttl > b->w.rst.ttl;
	return a->w.rst.ts_ns < b->w.rst.ts_ns;
}

static void join(struct kept *to, struct kept *from)
{
	unsigned int i;

	to->vantages |= from->vantages;
	from->joined = true;
	for (i = 0; i < from->w.n_sightings && to->w.n_sightings < CASE_SIGHTINGS_MAX; i++)
		to->w.sightings[to->w.n_sightings++] = from->w.sightings[i];
}

#define BUCKETS 4096

static void join_all(struct observations *all)
{
	static struct kept *buckets[BUCKETS];
	size_t i;

	memset(buckets, 0, sizeof(buckets));
	for (i = 0; i < all->n_resets; i++) {
		struct kept *k = all->resets[i], *other;
		unsigned int b = ((k->w.rst.seq ^ k->w.rst.ack) * 0x9e3779b1u) >> 20;

		for (other = buckets[b]; other && !k->joined; other = other->next) {
			if (other->joined || !is_same(other, k))
				continue;
			if (is_nearer(k, other))
				join(k, other);
			else
				join(other, k);
			break;
		}
		k->next = buckets[b];
		buckets[b] = k;
	}
}

/* Is this capture between the RST's sender and the one that has the RST? By the sender's segments. */
static const struct print *nearer_print(const struct observation_point *v, const struct kept *k)
{
	unsigned int i;

	for (i = 0; i < k->w.n_history; i++) {
		const struct packet *p = &k->w.history[i];
		const struct print *q = find_print(v, print_id(p->seq, p->ack, p->len, p->flags));

		if (q && tuple_equal(&p->tuple, &k->w.rst.tuple) && !(p->flags & FLAG_RST) &&
		    q->ttl > p->ttl)
			return q;
	}
	return NULL;
}

/* Whatever made the RST may have kept the segment that it answers from going on. */
static void look_for_absence(struct observations *all, struct kept *k)
{
	unsigned int i;

	for (i = 0; i < all->n; i++) {
		const struct observation_point *v = all->list[i];
		const struct print *near;

		/* It must have gone on for long enough to have the RST. */
		if (k->vantages >> i & 1 || !v->aligned ||
		    v->last_ns - (uint64_t)v->offset_ns < k->w.rst.ts_ns + (uint64_t)v->error_ns)
			continue;
		near = nearer_print(v, k);
		if (!near || find_print(v, print_id(k->w.rst.seq, k->w.rst.ack, 0, k->w.rst.flags)))
			continue;
		k->w.conversation.absent_at_sender = true;
		k->w.conversation.nearer_ifindex = global_place(v, near->place);
		return;
	}
}

/* --- handing out --------------------------------------------------------------------------------------- */

static const char *place_name(void *ctx, uint32_t place)
{
	const struct observations *all = ctx;
	const struct observation_point *v = all->list[place >> PLACE_BITS];
	uint32_t i = place & ((1u << PLACE_BITS) - 1);

	return i < v->n_places ? v->places[i] : v->name;
}

static const char *no_line(void *ctx, const struct frame *f)
{
	(void)ctx;
	(void)f;
	return NULL;
}

static int by_time(const void *a, const void *b)
{
	const struct kept *x = *(struct kept *const *)a, *y = *(struct kept *const *)b;

	return x->w.rst.ts_ns < y->w.rst.ts_ns ? -1 : x->w.rst.ts_ns > y->w.rst.ts_ns;
}

static int emit(struct observations *all, const struct observations_ops *ops, const struct kept *k)
{
	static struct reset_case c;
	struct report_context report = {
		.host = all->list[k->vantage]->name,
		.view = "none",
		.ifname = place_name,
		.ifname_ctx = all,
		.source_line = no_line,
	};

	capture_case_unpack(&k->w, &c);
	classify(&c);
	return ops->emit(ops->ctx, &c, &report);
}

static void warn_of_left_out(const struct observations *all, const struct observations_ops *ops)
{
	char text[128];

	if (!all->left_out)
		return;
	snprintf(text, sizeof(text),
		 "%llu resets were left out: of several captures at once, %d can be joined",
		 (unsigned long long)all->left_out, RESETS_MAX);
	ops->warn(ops->ctx, text);
}

int observations__finish(struct observations *all, const struct observations_ops *ops)
{
	unsigned int i;
	size_t k;
	int err = 0;

	for (i = 0; i < all->n; i++) {
		if (i)
			align(all, all->list[i], ops);
		else
			all->list[i]->aligned = true;
	}
	for (k = 0; k < all->n_resets; k++)
		shift(&all->resets[k]->w, all->list[all->resets[k]->vantage]->offset_ns);
	if (all->n_resets)
		qsort(all->resets, all->n_resets, sizeof(struct kept *), by_time);
	join_all(all);
	for (k = 0; k < all->n_resets && !err; k++) {
		if (all->resets[k]->joined)
			continue;
		look_for_absence(all, all->resets[k]);
		err = emit(all, ops, all->resets[k]);
	}
	warn_of_left_out(all, ops);
	return err;
}
