// SPDX-License-Identifier: GPL-2.0-only
/*
 * key_index.c - values by a 64-bit key, of which several may share one.
 */
#include "live/key_index.h"

#include <stddef.h>

/* A bijection: multiplied by an odd number, and the upper bits brought down. */
uint64_t key_of_id(uint64_t id)
{
	uint64_t x = (id + 1) * 0x9e3779b97f4a7c15ull;

	return (x ^ x >> 29) * 0xbf58476d1ce4e5b9ull;
}

uint64_t key_mix(uint64_t a, uint64_t b)
{
	return key_of_id(key_of_id(a) + b);
}

static struct key_link *find(struct key_link *l, uint64_t key)
{
	while (l && l->key != key)
		l = l->next;
	return l;
}

void key_index__enter(struct key_index *ix, struct key_link *l, uint64_t key, void *value)
{
	struct key_link **head = &ix->buckets[(key >> 32) % KEY_INDEX_BUCKETS];

	*l = (struct key_link){ .next = *head, .at = head, .key = key, .value = value };
	if (l->next)
		l->next->at = &l->next;
	*head = l;
}

void key_link__leave(struct key_link *l)
{
	if (!l->at)
		return;
	*l->at = l->next;
	if (l->next)
		l->next->at = l->at;
	l->at = NULL;
}

struct key_link *key_index__first(const struct key_index *ix, uint64_t key)
{
	return find(ix->buckets[(key >> 32) % KEY_INDEX_BUCKETS], key);
}

struct key_link *key_link__next(const struct key_link *l)
{
	return find(l->next, l->key);
}
