/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wire_guard.h - when to attach again what others have removed, and what was not seen meanwhile.
 *
 * Knows no kernel: it is told when to look, and looks and attaches by its operations. After 0.2 s
 * the first time; who removes it again and again is not fought: the waits grow from 1 s to 60 s.
 */
#ifndef WIRE_GUARD_H
#define WIRE_GUARD_H

#include <stdint.h>

struct wire_guard;

struct guard_ops {
	/* What is no more attached, in words ("tc ingress, tc egress"); NULL = nothing is missing. */
	const char *(*missing)(void *ctx, uint32_t ifindex);
	/* Attach that again; 0 or -errno, -ENODEV: there is no such interface. */
	int (*attach)(void *ctx, uint32_t ifindex);
	const char *(*name)(void *ctx, uint32_t ifindex);
	uint64_t (*now_ns)(void *ctx); /* CLOCK_MONOTONIC */
	void *ctx;
};

/** wire_guard__new() - NULL with errno */
struct wire_guard *wire_guard__new(const struct guard_ops *ops);

/**
 * wire_guard__look() - something may have been removed from this interface
 * @since_ns: when it was there for sure; 0 = until just now
 */
void wire_guard__look(struct wire_guard *g, uint32_t ifindex, uint64_t since_ns);

/** wire_guard__turn() - do what is due */
void wire_guard__turn(struct wire_guard *g);

/** wire_guard__next_ns() - when there is something to do; UINT64_MAX = nothing */
uint64_t wire_guard__next_ns(const struct wire_guard *g);

/** wire_guard__forget() - the interface has gone */
void wire_guard__forget(struct wire_guard *g, uint32_t ifindex);

/** wire_guard__whole_since_ns() - since when all that was attached has been; 0 = always; now, if it is not */
uint64_t wire_guard__whole_since_ns(const struct wire_guard *g);

struct guard_gaps {
	unsigned int n;
	uint64_t ns; /* all together, up to now */
};

/** wire_guard__gaps() - how often and how long an interface was not watched */
struct guard_gaps wire_guard__gaps(const struct wire_guard *g);

/** wire_guard__free() - takes NULL */
void wire_guard__free(struct wire_guard *g);

#endif
