/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * flow_table.h - the conversations of a capture that are followed, at most a million at a time.
 *
 * They expire in the capture's own time, a while after their last segment. A lookup is two misses of the
 * cache: do each of the steps, hash, flow_table__fetch_slot(), flow_table__fetch() and
 * flow_table__find(), for a whole batch of segments.
 */
#ifndef FLOW_TABLE_H
#define FLOW_TABLE_H

#include <string.h>

#include "capture/flow.h"

struct flow_table;

static inline uint64_t hash_mix(uint64_t v)
{
	v ^= v >> 32;
	v *= 0xd6e8feb86659fd93ull;
	v ^= v >> 32;
	return v;
}

/** hash_end() - of an address and a port; @seed: so that nobody can make them collide */
static inline uint64_t hash_end(uint64_t seed, const uint8_t addr[16], uint16_t port)
{
	uint64_t words[2];

	memcpy(words, addr, sizeof(words));
	return hash_mix((words[0] ^ seed) * 0x9e3779b97f4a7c15ull ^ words[1] ^
			(uint64_t)port << 16);
}

/** hash_segment() - of its conversation, the same for both directions */
static inline uint64_t hash_segment(uint64_t seed, const struct segment *s)
{
	return hash_mix(hash_end(seed, s->saddr, s->sport) + hash_end(seed, s->daddr, s->dport));
}

/** flow_table__new() - NULL with errno. @seed: of the hashes that it will be asked for */
struct flow_table *flow_table__new(uint64_t seed);

void flow_table__fetch_slot(const struct flow_table *t, uint64_t hash);
void flow_table__fetch(const struct flow_table *t, uint64_t hash);

/**
 * flow_table__find() - the conversation of a segment; NULL: there is none yet
 * @ret_side: which of its sides has sent it
 */
struct flow *flow_table__find(const struct flow_table *t, uint64_t hash, const struct segment *s,
			      unsigned int *ret_side);

/**
 * flow_table__add() - a new conversation, whose side 0 has sent the segment; NULL when out of memory
 * @now_ns: the newest time of the capture
 *
 * Others may be forgotten. What is returned holds until the next call.
 */
struct flow *flow_table__add(struct flow_table *t, uint64_t hash, const struct segment *s,
			     uint64_t ts_ns, uint64_t now_ns);

/** flow_table__evicted() - so many were forgotten for want of room, though they were not over */
uint64_t flow_table__evicted(const struct flow_table *t);

/** flow_table__free() - takes NULL */
void flow_table__free(struct flow_table *t);

#endif
