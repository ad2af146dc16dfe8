/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ring_state.h - how full the rings of a recorder are, of whatever version it is.
 */
#ifndef RING_STATE_H
#define RING_STATE_H

#include <stdint.h>

#define RING_HEAD_SIZE 64 /* what the rings of all versions begin with */

struct ring_cpu {
	uint64_t recorded;  /* ever */
	uint64_t held;	    /* of them; 0 also when the size is not known */
	uint64_t oldest_ns; /* CLOCK_MONOTONIC, of what is held; 0 = none, or not known */
	uint64_t newest_ns;
};

struct ring_state {
	uint32_t abi;	/* 0 = nothing recorded yet */
	uint32_t slots; /* of each CPU; 0 = not known */
	unsigned int n_cpus;
	struct ring_cpu *cpus;
};

/** ring_room() - for how many records a ring of @size bytes is made; 0 = it has another layout */
uint32_t ring_room(uint32_t size);

/**
 * ring_state_read() - @size: of one CPU's ring in bytes
 *
 * Return: 0 or -errno.
 */
int ring_state_read(int ring_fd, uint32_t size, uint32_t cpus, struct ring_state *ret);
void ring_state_free(struct ring_state *state);

#endif
