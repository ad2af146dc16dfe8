/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * clock.h - the clock that all times of packets, events and timers are of.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>
#include <time.h>

/** monotonic_ns() - CLOCK_MONOTONIC, as bpf_ktime_get_ns() has it */
static inline uint64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

#endif
