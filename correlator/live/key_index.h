/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * key_index.h - values by a 64-bit key, of which several may share one; a hash table with chains.
 *
 * The links lie in the values themselves, so that nothing is allocated and a value can leave
 * without a search. A link that is all zero is in no index.
 */
#ifndef KEY_INDEX_H
#define KEY_INDEX_H

#include <stdint.h>

#define KEY_INDEX_BUCKETS 4096 /* a power of two */

struct key_link {
	struct key_link *next;
	struct key_link **at; /* what points here; NULL = in no index */
	uint64_t key;
	void *value;
};

struct key_index {
	struct key_link *buckets[KEY_INDEX_BUCKETS];
};

/** key_mix() - a key of two parts; others may have the same by chance */
uint64_t key_mix(uint64_t a, uint64_t b);

/** key_of_id() - a key that no other id has */
uint64_t key_of_id(uint64_t id);

void key_index__enter(struct key_index *ix, struct key_link *l, uint64_t key, void *value);

/** key_link__leave() - harmless for one that is in no index */
void key_link__leave(struct key_link *l);

/** key_index__first() - the newest of @key; NULL = none */
struct key_link *key_index__first(const struct key_index *ix, uint64_t key);

/** key_link__next() - the next older of the same key; NULL = none */
struct key_link *key_link__next(const struct key_link *l);

#endif
