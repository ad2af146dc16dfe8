/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * timeouts.h - after how long idle connections are closed, by default: advice, not proof.
 */
#ifndef TIMEOUTS_H
#define TIMEOUTS_H

#include <stdint.h>

struct idle_timeout {
	const char *whose;
	uint32_t ms;
	const char *source; /* where it is documented */
};

/**
 * timeout_fit() - the @i-th known default that a silence of @idle_ns may have been; NULL after the last
 *
 * A timer may run late, but not early: up to a tenth, at most a second, more.
 */
const struct idle_timeout *timeout_fit(uint64_t idle_ns, unsigned int i);

#endif
