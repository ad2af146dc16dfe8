// SPDX-License-Identifier: GPL-2.0-only
/*
 * places.c - where a capture was made, by number.
 *
 * Most packets are of the place of the one before. A file may name 2^32 interfaces, one a packet: the
 * others are found by a hash whose seed it does not know.
 */
#include "capture/places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "capture/flow_table.h"

#define SLOTS (1u << 17) /* a power of two; half of them stay empty */

struct place {
	uint32_t interface;
	uint32_t ifindex;
	char name[96];
};

struct places {
	const char *file;
	uint64_t seed;
	uint64_t refused;
	uint16_t last;
	unsigned int n;
	struct place **list; /* they do not move */
	uint16_t *slots;     /* number + 1; 0 = empty */
};

struct places *places__new(const char *file)
{
	struct places *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->file = file;
	if (getrandom(&p->seed, sizeof(p->seed), GRND_NONBLOCK) < 0)
		p->seed = 0;
	p->list = calloc(PLACES_MAX, sizeof(struct place *));
	p->slots = calloc(SLOTS, sizeof(*p->slots));
	if (p->list && p->slots)
		return p;
	places__free(p);
	return NULL;
}

void places__free(struct places *p)
{
	unsigned int i;

	if (!p)
		return;
	for (i = 0; p->list && i < p->n; i++)
		free(p->list[i]);
	free(p->list);
	free(p->slots);
	free(p);
}

static bool is_at(const struct place *at, uint32_t interface, uint32_t ifindex)
{
	return at->interface == interface && at->ifindex == ifindex;
}

static void name_place(const struct places *p, struct place *at, const char *name)
{
	if (at->ifindex)
		snprintf(at->name, sizeof(at->name), "if%u", at->ifindex);
	else if (*name)
		snprintf(at->name, sizeof(at->name), "%s", name);
	else if (at->interface)
		snprintf(at->name, sizeof(at->name), "%.80s:%u", p->file, at->interface);
	else
		snprintf(at->name, sizeof(at->name), "%s", p->file);
}

/* Its slot, or the one that it would have. */
static uint32_t slot_of(const struct places *p, uint32_t interface, uint32_t ifindex)
{
	uint64_t key = (uint64_t)interface << 32 | ifindex;
	uint32_t at = (uint32_t)hash_mix(hash_mix(key + p->seed) ^ p->seed) & (SLOTS - 1);

	while (p->slots[at] && !is_at(p->list[p->slots[at] - 1], interface, ifindex))
		at = (at + 1) & (SLOTS - 1);
	return at;
}

uint16_t places__find(struct places *p, uint32_t interface, uint32_t ifindex, const char *name)
{
	struct place *place;
	uint32_t slot;

	if (p->last < p->n && is_at(p->list[p->last], interface, ifindex))
		return p->last;
	slot = slot_of(p, interface, ifindex);
	if (p->slots[slot])
		return p->last = (uint16_t)(p->slots[slot] - 1);
	place = p->n < PLACES_MAX ? malloc(sizeof(*place)) : NULL;
	if (!place) {
		p->refused++;
		return PLACES_MAX;
	}
	*place = (struct place){ .interface = interface, .ifindex = ifindex };
	name_place(p, place, name);
	p->list[p->n] = place;
	p->slots[slot] = (uint16_t)(p->n + 1);
	return p->last = (uint16_t)p->n++;
}

const char *places__name(const struct places *p, uint32_t number)
{
	return number < PLACES_MAX && p->list[number] ? p->list[number]->name : p->file;
}

unsigned int places__n(const struct places *p)
{
	return p->n;
}

uint64_t places__refused(const struct places *p)
{
	return p->refused;
}
