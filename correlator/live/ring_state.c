// SPDX-License-Identifier: GPL-2.0-only
/*
 * ring_state.c - how full the rings of a recorder are, of whatever version it is.
 *
 * Only two records of a ring are looked at, and only their times. BPF writes meanwhile: a time may
 * be that of the record which has just taken the place.
 */
#include "live/ring_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rst_ring.h"

/* What rings of all versions begin with; version 2 leaves all but the head zero. */
struct ring_head {
	uint64_t head;
	uint32_t abi;
	uint32_t slots;
};

static uint64_t time_at(const struct rst_ring *ring, uint64_t slot)
{
	return __atomic_load_n(&ring->rec[slot].ts_ns, __ATOMIC_RELAXED);
}

static void read_times(const struct rst_ring *ring, uint32_t slots, struct ring_cpu *cpu)
{
	uint64_t head = cpu->recorded;

	if (!head || !slots)
		return;
	cpu->held = head < slots ? head : slots;
	cpu->newest_ns = time_at(ring, (head - 1) & (slots - 1));
	cpu->oldest_ns = time_at(ring, head < slots ? 0 : head & (slots - 1));
}

uint32_t ring_room(uint32_t size)
{
	uint32_t slots = RST_RING_SLOTS;

	while (slots && rst_ring_bytes(slots) != size)
		slots /= 2;
	return slots;
}

/* A power of two that fits; where the ring does not say it, version 2 has one size unless asked. */
static uint32_t believable_slots(const struct ring_head *head, uint32_t size)
{
	uint32_t slots = head->abi ? head->slots : RST_RING_SLOTS;

	if (!slots || slots & (slots - 1) || slots > ring_room(size))
		return 0;
	return slots;
}

static void read_rings(const char *rings, uint32_t size, struct ring_state *state)
{
	const struct ring_head *head;
	unsigned int i;

	for (i = 0; i < state->n_cpus; i++) {
		head = (const void *)(rings + (size_t)i * size);
		state->cpus[i].recorded = __atomic_load_n(&head->head, __ATOMIC_ACQUIRE);
		if (!state->cpus[i].recorded)
			continue;
		state->abi = head->abi ? head->abi : 2;
		state->slots = believable_slots(head, size);
		read_times((const void *)head, state->slots, &state->cpus[i]);
	}
}

int ring_state_read(int ring_fd, uint32_t size, uint32_t cpus, struct ring_state *ret)
{
	struct ring_state state = { .n_cpus = cpus };
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t length = ((size_t)cpus * size + page - 1) / page * page;
	void *rings = mmap(NULL, length, PROT_READ, MAP_SHARED, ring_fd, 0);

	if (rings == MAP_FAILED)
		return -errno;
	state.cpus = calloc(cpus, sizeof(*state.cpus));
	if (state.cpus)
		read_rings(rings, size, &state);
	munmap(rings, length);
	if (!state.cpus)
		return -ENOMEM;
	*ret = state;
	return 0;
}

void ring_state_free(struct ring_state *state)
{
	free(state->cpus);
	state->cpus = NULL;
}
