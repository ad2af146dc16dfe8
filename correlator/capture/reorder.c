// SPDX-License-Identifier: GPL-2.0-only
/*
 * reorder.c - segments of a capture in the order of time: a heap of those that were read last.
 */
#include "capture/reorder.h"

#include <errno.h>
#include <stdlib.h>

#include "base/lazy_array.h"

#define ROOM (1u << 14)
/* dumpcap hands out what an interface has every 250 ms. */
#define SEVERAL_NS 300000000ull
#define ONE_NS 1000000ull

struct entry {
	uint64_t ts_ns;
	uint32_t epoch;
	uint32_t number; /* of those of the same time, the one that was put first comes first */
	uint32_t slot;
};

struct reorder {
	struct tracked_segment *slots;
	uint32_t free[ROOM]; /* a stack: those that were used last are used next */
	struct entry heap[ROOM];
	uint32_t n;
	uint32_t number;
	/* Of the clock, which was set back so often: what was before comes before. */
	uint32_t epoch;
	uint64_t newest_ns; /* of this epoch */
	uint64_t window_ns;
};

struct reorder *reorder__new(void)
{
	struct reorder *r = calloc(1, sizeof(*r));
	uint32_t i;

	if (!r)
		return NULL;
	r->slots = reserve(ROOM * sizeof(*r->slots));
	for (i = 0; i < ROOM; i++)
		r->free[i] = ROOM - 1 - i;
	if (r->slots)
		return r;
	reorder__free(r);
	errno = ENOMEM;
	return NULL;
}

void reorder__free(struct reorder *r)
{
	if (!r)
		return;
	release(r->slots, ROOM * sizeof(*r->slots));
	free(r);
}

static bool is_before(const struct entry *a, const struct entry *b)
{
	if (a->epoch != b->epoch)
		return a->epoch < b->epoch;
	if (a->ts_ns != b->ts_ns)
		return a->ts_ns < b->ts_ns;
	return (int32_t)(a->number - b->number) < 0;
}

void reorder__put(struct reorder *r, const struct tracked_segment *seg, bool several)
{
	struct entry e = { .ts_ns = seg->ts_ns, .number = r->number++ };
	uint32_t at = r->n;

	r->window_ns = several ? SEVERAL_NS : ONE_NS;
	if (r->newest_ns > seg->ts_ns && r->newest_ns - seg->ts_ns > r->window_ns) {
		r->epoch++;
		r->newest_ns = seg->ts_ns;
	} else if (seg->ts_ns > r->newest_ns) {
		r->newest_ns = seg->ts_ns;
	}
	e.epoch = r->epoch;
	e.slot = r->free[ROOM - 1 - r->n++];
	r->slots[e.slot] = *seg;
	for (; at && is_before(&e, &r->heap[(at - 1) / 2]); at = (at - 1) / 2)
		r->heap[at] = r->heap[(at - 1) / 2];
	r->heap[at] = e;
}

static bool is_due(const struct reorder *r, const struct entry *e)
{
	return r->n > ROOM - REORDER_BATCH || e->epoch != r->epoch ||
	       r->newest_ns - e->ts_ns > r->window_ns;
}

static void remove_first(struct reorder *r)
{
	const struct entry last = r->heap[--r->n];
	uint32_t at = 0, child;

	for (; (child = 2 * at + 1) < r->n; at = child) {
		if (child + 1 < r->n && is_before(&r->heap[child + 1], &r->heap[child]))
			child++;
		if (!is_before(&r->heap[child], &last))
			break;
		r->heap[at] = r->heap[child];
	}
	r->heap[at] = last;
}

const struct tracked_segment *reorder__take(struct reorder *r, bool all)
{
	uint32_t slot;

	if (!r->n || !(all || is_due(r, &r->heap[0])))
		return NULL;
	slot = r->heap[0].slot;
	remove_first(r);
	r->free[ROOM - 1 - r->n] = slot;
	return &r->slots[slot];
}

uint64_t reorder__time(const struct reorder *r)
{
	return r->newest_ns > r->window_ns ? r->newest_ns - r->window_ns : 0;
}
