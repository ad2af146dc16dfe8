// SPDX-License-Identifier: GPL-2.0-only
/*
 * clock_offset.c - how far apart the clocks of two captures are.
 *
 * Of what both have, each direction gives one bound of the difference, as in NTP.
 */
#include "capture/clock_offset.h"

#include <stdlib.h>

/* What both have must be of the same time, for numbers come round. */
#define SHARED_NS 3600000000000ll
#define SHARED_MIN 3

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* What both have, as differences of time: those that one side sent, and the other's. */
struct differences {
	int64_t *ns[2];
	unsigned int n[2];
	bool weak; /* those without an ACK number count too */
};

/* A router on the way tells the direction; on one link, the sender's side does. */
static unsigned int way_of(const struct fingerprint *p, const struct fingerprint *q)
{
	return p->ttl != q->ttl ? p->ttl < q->ttl : p->from & 1;
}

static uint64_t count_weak(const struct fingerprints *f)
{
	const struct fingerprint *p;
	uint64_t n = 0;
	size_t at = 0;

	while ((p = fingerprints__next(f, &at)))
		n += p->is_weak;
	return n;
}

/*
 * SYNs have 32 bits of their own: of 65 536 on each side, one pair is alike by chance. They count
 * where that cannot be.
 */
static bool trusts_weak(const struct clock_segments *a, const struct clock_segments *b)
{
	return count_weak(a->all) * count_weak(b->all) < (1ull << 32) / 100;
}

static bool begin_differences(struct differences *d, const struct clock_segments *a)
{
	size_t most = fingerprints__n(a->all) + fingerprints__n(a->of_resets) + 1;

	d->ns[0] = malloc(most * sizeof(*d->ns[0]));
	d->ns[1] = malloc(most * sizeof(*d->ns[1]));
	return d->ns[0] && d->ns[1];
}

static void compare(struct differences *d, const struct fingerprint *p, const struct fingerprint *q)
{
	int64_t diff = (int64_t)(q->ts_ns - p->ts_ns);
	unsigned int way = way_of(p, q);

	if (p->repeated || q->repeated || (p->is_weak && !d->weak))
		return;
	if (diff >= -SHARED_NS && diff <= SHARED_NS)
		d->ns[way][d->n[way]++] = diff;
}

static void gather(struct differences *d, const struct clock_segments *a,
		   const struct clock_segments *b)
{
	const struct fingerprint *p, *q;
	size_t at;

	for (at = 0; (p = fingerprints__next(a->all, &at));) {
		q = fingerprints__find(b->all, p->id);
		if (q)
			compare(d, p, q);
	}
	/* And what was not kept of all of them. */
	for (at = 0; (p = fingerprints__next(a->of_resets, &at));) {
		q = fingerprints__find(b->of_resets, p->id);
		if (q && !(fingerprints__find(a->all, p->id) && fingerprints__find(b->all, p->id)))
			compare(d, p, q);
	}
}

/* Half-way between the two directions; without one of them, what there is. */
static void estimate(const struct differences *d, struct clock_offset *ret)
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
	ret->shared = d->n[0] + d->n[1];
	ret->ns = middle[0] / 2 + middle[1] / 2;
	ret->error_ns = llabs(middle[0] - middle[1]) / 2;
}

bool clock_offset(const struct clock_segments *a, const struct clock_segments *b,
		  struct clock_offset *ret)
{
	struct differences d = { .weak = trusts_weak(a, b) };
	bool known = false;

	if (begin_differences(&d, a)) {
		gather(&d, a, b);
		known = d.n[0] + d.n[1] >= SHARED_MIN;
		if (known)
			estimate(&d, ret);
	}
	free(d.ns[0]);
	free(d.ns[1]);
	return known;
}
