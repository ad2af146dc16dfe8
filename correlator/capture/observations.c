// SPDX-License-Identifier: GPL-2.0-only
/*
 * observations.c - several captures of the same traffic.
 *
 * NAT changes addresses and ports, and leaves sequence numbers, lengths and flags: by these a segment
 * is known again in another capture, and their clocks are aligned.
 */
#include "capture/observations.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "capture/clock_offset.h"
#include "capture/fingerprints.h"
#include "capture/flow_table.h"
#include "capture/merge.h"
#include "diagnose/classify.h"
#include "model/same_reset.h"

#define VANTAGES_MAX 64
#define RESETS_MAX 200000
#define PLACE_BITS CAPTURE_PLACE_BITS

struct kept {
	struct kept *next; /* with the same bucket */
	uint64_t vantages; /* bits: where the RST was seen */
	unsigned int vantage;
	bool joined;		 /* part of another now */
	bool is_strong;		 /* of its holder's: names a cause */
	void *own;		 /* of a case that its holder keeps; NULL = w is all there is */
	struct kept *parts;	 /* the same reset in other files */
	struct kept *other_part; /* of the same case */
	struct capture_case w;
};

struct observation_point {
	struct observations *all;
	unsigned int index;
	char *name;
	char **places;
	unsigned int n_places;
	struct fingerprints *segments;
	struct fingerprints *of_resets; /* those of their histories */
	int64_t offset_ns;		/* of its clock, from that of the first */
	int64_t error_ns;		/* +- */
	uint64_t last_ns;		/* of its segments, by its own clock */
	unsigned int shared;
	bool aligned;
	bool is_partial; /* it has only what belongs to resets */
};

struct observations {
	struct observation_point *list[VANTAGES_MAX];
	unsigned int n;
	struct kept **resets;
	size_t n_resets;
	size_t room;
	uint64_t left_out;
	uint64_t seed;
};

struct observations *observations__new(void)
{
	struct observations *all = calloc(1, sizeof(*all));

	if (all && getrandom(&all->seed, sizeof(all->seed), GRND_NONBLOCK) < 0)
		all->seed = 0;
	return all;
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
		fingerprints__free(v->segments);
		fingerprints__free(v->of_resets);
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
	v->segments = fingerprints__new(all->seed);
	v->of_resets = fingerprints__new(all->seed);
	all->list[all->n++] = v;
	return v->name && v->segments && v->of_resets ? v : NULL;
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
	struct fingerprint p = {
		.id = fingerprint_id(s->seq, s->ack, s->len, s->flags),
		.ts_ns = seg->ts_ns,
		.from = hash_source(s->saddr, s->sport),
		.ttl = s->ttl,
		.place = seg->interface,
	};

	if (seg->ts_ns > v->last_ns)
		v->last_ns = seg->ts_ns;
	fingerprints__add(v->segments, &p, s->flags);
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

static struct fingerprint fingerprint_of(const struct packet *s)
{
	return (struct fingerprint){
		.id = fingerprint_id(s->seq, s->ack, s->len, s->flags),
		.ts_ns = s->ts_ns,
		.from = hash_source(s->tuple.saddr, s->tuple.sport),
		.ttl = s->ttl,
		.place = (uint16_t)s->ifindex,
	};
}

static void keep_segment(struct observation_point *v, const struct packet *s)
{
	struct fingerprint p = fingerprint_of(s);

	fingerprints__add(v->of_resets, &p, s->flags);
}

/* By these a reset that several captures have aligns their clocks, however many others there are. */
static void keep_segments(struct observation_point *v, const struct capture_case *w)
{
	unsigned int i;

	keep_segment(v, &w->rst);
	for (i = 0; i < w->n_history; i++)
		keep_segment(v, &w->history[i]);
}

/* NULL when out of memory. */
static struct kept *keep(struct observation_point *v, const struct capture_case *w)
{
	struct observations *all = v->all;
	struct kept *k, **grown;

	if (all->n_resets == all->room) {
		size_t room = all->room ? all->room * 2 : 64;

		grown = realloc(all->resets, room * sizeof(struct kept *));
		if (!grown)
			return NULL;
		all->resets = grown;
		all->room = room;
	}
	k = malloc(offsetof(struct kept, w) + capture_case_size(w));
	if (!k)
		return NULL;
	memset(k, 0, offsetof(struct kept, w));
	k->vantage = v->index;
	k->vantages = 1ull << v->index;
	keep_segments(v, w);
	memcpy(&k->w, w, capture_case_size(w));
	place_all(v, &k->w);
	all->resets[all->n_resets++] = k;
	return k;
}

int observation_point__take(struct observation_point *v, const struct capture_case *w)
{
	if (v->all->n_resets == RESETS_MAX) {
		v->all->left_out++;
		return 0;
	}
	return keep(v, w) ? 0 : -ENOMEM;
}

/* Of its packets nothing else is known than what its cases have. */
static void see_history(struct observation_point *v, const struct capture_case *w)
{
	unsigned int i;

	for (i = 0; i < w->n_history; i++) {
		struct fingerprint p = fingerprint_of(&w->history[i]);

		fingerprints__add(v->segments, &p, w->history[i].flags);
	}
}

int observation_point__take_own(struct observation_point *v, const struct capture_case *w,
				bool is_reset, bool is_strong, void *own)
{
	struct kept *k;

	v->is_partial = true;
	if (v->all->n_resets == RESETS_MAX)
		return -ENOSPC;
	k = keep(v, w);
	if (!k)
		return -ENOMEM;
	see_history(v, w);
	k->own = own;
	k->is_strong = is_strong;
	/* A handshake that stalled is in no other file. */
	if (!is_reset)
		k->vantages = UINT64_MAX;
	return 0;
}

int observation_point__place(struct observation_point *v, const char *name)
{
	char *place = NULL, **grown;
	unsigned int i;

	if (asprintf(&place, "%s:%s", v->name, name) < 0)
		return -ENOMEM;
	for (i = 0; i < v->n_places; i++) {
		if (!strcmp(v->places[i], place)) {
			free(place);
			return (int)i;
		}
	}
	grown = realloc(v->places, (v->n_places + 1) * sizeof(*grown));
	if (!grown || v->n_places >> PLACE_BITS) {
		free(place);
		return -ENOMEM;
	}
	v->places = grown;
	v->places[v->n_places] = place;
	return (int)v->n_places++;
}

int observation_point__end(struct observation_point *v,
			   const char *(*place_name)(void *ctx, uint32_t i), void *ctx,
			   unsigned int n_places)
{
	unsigned int i;

	if (v->is_partial)
		return 0;
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
	struct clock_segments to = { b->segments, b->of_resets };
	unsigned int i;

	for (i = 0; i < all->n && !b->aligned; i++) {
		const struct observation_point *a = all->list[i];
		struct clock_segments from = { a->segments, a->of_resets };
		struct clock_offset offset;

		if (a == b || !a->aligned || !clock_offset(&from, &to, &offset))
			continue;
		b->offset_ns = a->offset_ns + offset.ns;
		b->error_ns = offset.error_ns;
		b->shared = offset.shared;
		b->aligned = true;
	}
	/* What belongs to resets only may well have nothing in common with what belongs to others. */
	if (!b->aligned && b->is_partial)
		return;
	if (!b->aligned)
		notice(ops,
		       "%s shares no segments with the files before it: assuming no clock "
		       "offset",
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

/* Who names a cause; else the nearer to the sender; on one link, the earlier. */
static bool tells_more(const struct kept *a, const struct kept *b)
{
	if (a->is_strong != b->is_strong)
		return a->is_strong;
	if (a->w.rst.ttl != b->w.rst.ttl)
		return a->w.rst.ttl > b->w.rst.ttl;
	return a->w.rst.ts_ns < b->w.rst.ts_ns;
}

static void join(struct kept *to, struct kept *from)
{
	struct kept **end = &from->parts;

	to->vantages |= from->vantages;
	from->joined = true;
	while (*end)
		end = &(*end)->other_part;
	*end = to->parts;
	from->other_part = from->parts;
	from->parts = NULL;
	to->parts = from;
}

#define BUCKETS (1u << 16)
/* Resets with the same numbers in the same second; of them, those that have no end in common. */
#define COMPARED_MAX 256
#define HISTORIES_MAX 8

/* The most alike, or, of those, the nearest in time; @newest: those with the same bucket. */
static struct kept *find_same(struct kept *newest, const struct kept *k)
{
	struct kept *other, *best = NULL;
	unsigned int n, alike, most = 0, budget = HISTORIES_MAX;

	for (other = newest, n = 0; other && n < COMPARED_MAX; other = other->next, n++) {
		if (k->w.rst.ts_ns - other->w.rst.ts_ns > SAME_PATH_NS)
			break;
		alike = other->joined || other->vantages & k->vantages ?
				0 :
				reset_likeness(&other->w, &k->w, &budget);
		if (alike > most) {
			most = alike;
			best = other;
		}
	}
	return best;
}

/* They are in the order of time. */
static int join_all(struct observations *all)
{
	struct kept **buckets = calloc(BUCKETS, sizeof(struct kept *));
	size_t i;

	if (!buckets)
		return -ENOMEM;
	for (i = 0; i < all->n_resets; i++) {
		struct kept *k = all->resets[i], *other;
		uint64_t numbers = (uint64_t)k->w.rst.seq << 32 | k->w.rst.ack;
		uint32_t b = (uint32_t)hash_mix(numbers ^ all->seed) & (BUCKETS - 1);

		other = find_same(buckets[b], k);
		if (other && tells_more(k, other))
			join(k, other);
		else if (other)
			join(other, k);
		if (k->joined)
			continue;
		k->next = buckets[b];
		buckets[b] = k;
	}
	free(buckets);
	return 0;
}

/* Is this capture between the RST's sender and the one that has the RST? By the sender's segments. */
static const struct fingerprint *nearer_segment(const struct observation_point *v,
						const struct kept *k)
{
	unsigned int i;

	for (i = 0; i < k->w.n_history; i++) {
		const struct packet *p = &k->w.history[i];
		const struct fingerprint *q = fingerprints__find(
			v->segments, fingerprint_id(p->seq, p->ack, p->len, p->flags));

		if (q && tuple_equal(&p->tuple, &k->w.rst.tuple) && !(p->flags & FLAG_RST) &&
		    q->ttl > p->ttl)
			return q;
	}
	return NULL;
}

/* It would be there, if it had come by. */
static bool is_absent(const struct observation_point *v, const struct packet *rst)
{
	uint64_t id = fingerprint_id(rst->seq, rst->ack, rst->len, rst->flags);

	return fingerprints__keeps(v->segments, id, rst->flags) &&
	       !fingerprints__find(v->segments, id);
}

/* Whatever made the RST may have kept the segment that it answers from going on. */
static void look_for_absence(struct observations *all, struct kept *k)
{
	unsigned int i;

	for (i = 0; i < all->n; i++) {
		const struct observation_point *v = all->list[i];
		const struct fingerprint *near;

		/* It must have gone on for long enough to have the RST. */
		if (k->vantages >> i & 1 || !v->aligned || v->is_partial ||
		    v->last_ns - (uint64_t)v->offset_ns < k->w.rst.ts_ns + (uint64_t)v->error_ns)
			continue;
		near = nearer_segment(v, k);
		if (!near || !is_absent(v, &k->w.rst))
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

static void merge_parts(const struct kept *k, struct reset_case *c, int64_t shift_ns, uint32_t mark)
{
	const struct kept *part;

	for (part = k->parts; part; part = part->other_part)
		merge_case(c, &part->w, shift_ns, mark);
}

void joined_case__merge(const struct joined_case *j, struct reset_case *c, int64_t wall_offset_ns)
{
	merge_parts(j->kept, c, -wall_offset_ns, PLACE_ELSEWHERE);
}

const char *joined_case__place(const struct joined_case *j, uint32_t ifindex)
{
	return place_name(j->all, ifindex & ~PLACE_ELSEWHERE);
}

static int emit(struct observations *all, const struct observations_ops *ops, struct kept *k)
{
	struct reset_case c;
	struct report_context report = {
		.host = all->list[k->vantage]->name,
		.view = "none",
		.ifname = place_name,
		.ifname_ctx = all,
		.source_line = no_line,
	};

	struct joined_case joined = { all, k, all->list[k->vantage]->offset_ns };

	if (k->own)
		return ops->emit_own(ops->ctx, k->own, &joined);
	capture_case_unpack(&k->w, &c);
	merge_parts(k, &c, 0, 0);
	classify(&c);
	return ops->emit(ops->ctx, &c, &report);
}

static void warn_of_left_out(const struct observations *all, const struct observations_ops *ops)
{
	char text[128];

	if (!all->left_out)
		return;
	snprintf(text, sizeof(text),
		 "%llu resets were dropped: at most %d can be matched across captures",
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
	err = join_all(all);
	for (k = 0; k < all->n_resets && !err; k++) {
		if (all->resets[k]->joined)
			continue;
		look_for_absence(all, all->resets[k]);
		err = emit(all, ops, all->resets[k]);
	}
	warn_of_left_out(all, ops);
	return err;
}
