// SPDX-License-Identifier: GPL-2.0-only
/*
 * fingerprints.c - which segments a capture has, in a table of fixed size.
 *
 * When it is full, half of those go that are of the more numerous kind, marks or others: the kind
 * has a level, and keeps what has so many zero bits at the top of its fingerprint. Two captures with
 * levels 3 and 5 have in common all that have 5.
 */
#include "capture/fingerprints.h"

#include <errno.h>
#include <stdlib.h>

#include "base/lazy_array.h"
#include "capture/flow_table.h"

#define SLOTS (1u << 20) /* a power of two */
#define FULL (SLOTS / 4 * 3)
#define LEVEL_MAX 64

struct fingerprints {
	struct fingerprint *slots;
	uint64_t seed;
	uint32_t n[2]; /* of others, of marks */
	unsigned int level[2];
};

static bool is_mark(uint8_t flags)
{
	return flags & (FLAG_SYN | FLAG_RST);
}

uint64_t fingerprint_id(uint32_t seq, uint32_t ack, uint32_t len, uint8_t flags)
{
	uint64_t h = ((uint64_t)seq << 32 | (flags & FLAG_ACK ? ack : 0)) * 0x9e3779b97f4a7c15ull;

	h ^= (h >> 29) ^ ((uint64_t)len << 8 | (flags & 0x3f)) * 0xbf58476d1ce4e5b9ull;
	h = hash_mix(h ^ h >> 29);
	return (h ^ h >> 32) | 1;
}

struct fingerprints *fingerprints__new(uint64_t seed)
{
	struct fingerprints *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->seed = seed;
	f->slots = reserve(SLOTS * sizeof(*f->slots));
	if (f->slots)
		return f;
	free(f);
	errno = ENOMEM;
	return NULL;
}

void fingerprints__free(struct fingerprints *f)
{
	if (!f)
		return;
	release(f->slots, SLOTS * sizeof(*f->slots));
	free(f);
}

static uint32_t home_of(const struct fingerprints *f, uint64_t id)
{
	return (uint32_t)hash_mix(hash_mix(id + f->seed) ^ f->seed) & (SLOTS - 1);
}

static bool passes(uint64_t id, unsigned int level)
{
	return level < LEVEL_MAX && !(level && id >> (LEVEL_MAX - level));
}

/* Where it is, or would be. */
static uint32_t slot_of(const struct fingerprints *f, uint64_t id)
{
	uint32_t at = home_of(f, id);

	while (f->slots[at].id && f->slots[at].id != id)
		at = (at + 1) & (SLOTS - 1);
	return at;
}

/* Linear probing without tombstones: what follows moves up. */
static void remove_slot(struct fingerprints *f, uint32_t hole)
{
	uint32_t at;

	f->n[f->slots[hole].is_mark]--;
	for (at = (hole + 1) & (SLOTS - 1); f->slots[at].id; at = (at + 1) & (SLOTS - 1)) {
		uint32_t home = home_of(f, f->slots[at].id);

		if (((at - home) & (SLOTS - 1)) < ((at - hole) & (SLOTS - 1)))
			continue;
		f->slots[hole] = f->slots[at];
		hole = at;
	}
	f->slots[hole] = (struct fingerprint){ 0 };
}

/* What moves into a slot was never looked at before, or has passed: it comes from behind. */
static void thin_out(struct fingerprints *f)
{
	unsigned int kind = f->n[true] > f->n[false];
	uint32_t at = 0;

	f->level[kind]++;
	while (at < SLOTS) {
		const struct fingerprint *p = &f->slots[at];

		if (p->id && p->is_mark == kind && !passes(p->id, f->level[kind]))
			remove_slot(f, at);
		else
			at++;
	}
}

void fingerprints__add(struct fingerprints *f, const struct fingerprint *p, uint8_t flags)
{
	struct fingerprint *slot;

	if (!fingerprints__keeps(f, p->id, flags))
		return;
	slot = &f->slots[slot_of(f, p->id)];
	if (slot->id) {
		slot->repeated |= slot->ts_ns != p->ts_ns;
		return;
	}
	*slot = *p;
	slot->is_mark = is_mark(flags);
	slot->is_weak = !(flags & FLAG_ACK);
	f->n[slot->is_mark]++;
	while (fingerprints__n(f) >= FULL)
		thin_out(f);
}

const struct fingerprint *fingerprints__find(const struct fingerprints *f, uint64_t id)
{
	const struct fingerprint *p = &f->slots[slot_of(f, id)];

	return p->id ? p : NULL;
}

bool fingerprints__keeps(const struct fingerprints *f, uint64_t id, uint8_t flags)
{
	return passes(id, f->level[is_mark(flags)]);
}

const struct fingerprint *fingerprints__next(const struct fingerprints *f, size_t *at)
{
	while (*at < SLOTS) {
		const struct fingerprint *p = &f->slots[(*at)++];

		if (p->id)
			return p;
	}
	return NULL;
}

size_t fingerprints__n(const struct fingerprints *f)
{
	return (size_t)f->n[false] + f->n[true];
}
