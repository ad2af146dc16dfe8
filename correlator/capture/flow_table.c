// SPDX-License-Identifier: GPL-2.0-only
/*
 * flow_table.c - the conversations of a capture that are followed.
 *
 * Open addressing over an array of conversations, each of two cache lines.
 */
#include "capture/flow_table.h"

#include <errno.h>
#include <stdlib.h>

#include "base/lazy_array.h"

#define FLOWS_MAX (1u << 20)
#define SLOTS_FIRST (1u << 15)
#define NS_PER_S 1000000000ull
#define IDLE_NS (300 * NS_PER_S)
#define OVER_NS (60 * NS_PER_S)
/* Conversations that are looked at for each new one, and when there is no room. */
#define SWEEP 2
#define SWEEP_FULL 8
#define NONE UINT32_MAX

struct slot {
	uint32_t hash;
	uint32_t flow; /* index + 1; 0 = empty */
};

struct flow_table {
	uint64_t evicted;
	uint64_t seed;
	struct flow *flows; /* room for FLOWS_MAX; what was never used takes no memory */
	uint32_t n_flows;   /* that were ever used */
	uint32_t n_used;
	uint32_t free; /* a list; NONE = empty */
	uint32_t hand; /* of the sweep */
	struct slot *slots;
	uint32_t slot_mask;
};

struct flow_table *flow_table__new(uint64_t seed)
{
	struct flow_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->seed = seed;
	t->free = NONE;
	t->slot_mask = SLOTS_FIRST - 1;
	t->slots = reserve((t->slot_mask + 1) * sizeof(*t->slots));
	t->flows = reserve(FLOWS_MAX * sizeof(*t->flows));
	if (t->slots && t->flows)
		return t;
	flow_table__free(t);
	errno = ENOMEM;
	return NULL;
}

void flow_table__free(struct flow_table *t)
{
	if (!t)
		return;
	release(t->flows, FLOWS_MAX * sizeof(*t->flows));
	release(t->slots, ((size_t)t->slot_mask + 1) * sizeof(*t->slots));
	free(t);
}

uint64_t flow_table__evicted(const struct flow_table *t)
{
	return t->evicted;
}

void flow_table__fetch_slot(const struct flow_table *t, uint64_t hash)
{
	__builtin_prefetch(&t->slots[hash & t->slot_mask]);
}

void flow_table__fetch(const struct flow_table *t, uint64_t hash)
{
	uint32_t flow = t->slots[hash & t->slot_mask].flow;

	if (!flow)
		return;
	__builtin_prefetch(&t->flows[flow - 1], 1);
	__builtin_prefetch((const char *)&t->flows[flow - 1] + 64, 1);
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

struct flow *flow_table__find(const struct flow_table *t, uint64_t hash, const struct segment *s,
			      unsigned int *ret_side)
{
	uint32_t at = (uint32_t)hash & t->slot_mask;

	for (; t->slots[at].flow; at = (at + 1) & t->slot_mask) {
		struct flow *f;
		int side;

		if (t->slots[at].hash != (uint32_t)(hash >> 32))
			continue;
		f = &t->flows[t->slots[at].flow - 1];
		side = side_of(f, s);
		if (side < 0)
			continue;
		*ret_side = (unsigned int)side;
		return f;
	}
	return NULL;
}

static uint64_t flow_hash(const struct flow_table *t, const struct flow *f)
{
	return hash_mix(hash_end(t->seed, f->addr[0], f->port[0]) +
			hash_end(t->seed, f->addr[1], f->port[1]));
}

static void insert_slot(struct flow_table *t, uint64_t hash, uint32_t index)
{
	uint32_t at = (uint32_t)hash & t->slot_mask;

	while (t->slots[at].flow)
		at = (at + 1) & t->slot_mask;
	t->slots[at] = (struct slot){ (uint32_t)(hash >> 32), index + 1 };
}

/* Linear probing without tombstones: what follows moves up. */
static void remove_slot(struct flow_table *t, uint32_t index)
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

static int grow_slots(struct flow_table *t)
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

static void forget(struct flow_table *t, uint32_t index)
{
	struct flow *f = &t->flows[index];

	remove_slot(t, index);
	f->family = 0;
	f->record = t->free;
	t->free = index;
	t->n_used--;
}

static void sweep(struct flow_table *t, uint64_t now_ns)
{
	unsigned int n = SWEEP;

	while (n-- && t->n_flows) {
		struct flow *f;

		t->hand = (t->hand + 1) % t->n_flows;
		f = &t->flows[t->hand];
		if (f->family && now_ns > f->last_ns &&
		    now_ns - f->last_ns > (flow_is_over(f) ? OVER_NS : IDLE_NS))
			forget(t, t->hand);
	}
}

/* No room: of some that the hand meets, the one that was longest silent; rather one that is over. */
static void evict(struct flow_table *t)
{
	uint32_t oldest = NONE;
	unsigned int i;

	for (i = 0; i < SWEEP_FULL; i++) {
		const struct flow *f, *best;

		t->hand = (t->hand + 1) % t->n_flows;
		f = &t->flows[t->hand];
		best = oldest == NONE ? f : &t->flows[oldest];
		if (flow_is_over(f) != flow_is_over(best) ? flow_is_over(f) :
							    f->last_ns <= best->last_ns)
			oldest = t->hand;
	}
	if (!flow_is_over(&t->flows[oldest]))
		t->evicted++;
	forget(t, oldest);
}

static struct flow *take_slot(struct flow_table *t, uint64_t now_ns)
{
	uint32_t index;

	sweep(t, now_ns);
	if (t->free == NONE && t->n_flows == FLOWS_MAX)
		evict(t);
	if (t->free == NONE)
		return &t->flows[t->n_flows++];
	index = t->free;
	t->free = t->flows[index].record;
	return &t->flows[index];
}

struct flow *flow_table__add(struct flow_table *t, uint64_t hash, const struct segment *s,
			     uint64_t ts_ns, uint64_t now_ns)
{
	struct flow *f;

	if ((t->n_used + 1) * 2 > t->slot_mask + 1 && grow_slots(t))
		return NULL;
	f = take_slot(t, now_ns);
	*f = (struct flow){
		.first_ns = ts_ns,
		.port = { s->sport, s->dport },
		.family = s->family,
	};
	memcpy(f->addr[0], s->saddr, 16);
	memcpy(f->addr[1], s->daddr, 16);
	insert_slot(t, hash, (uint32_t)(f - t->flows));
	t->n_used++;
	return f;
}
