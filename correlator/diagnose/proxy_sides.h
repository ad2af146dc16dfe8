/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * proxy_sides.h - the two connections of a proxy: a reset that its process took on one, and the one that
 * it sends on the other.
 *
 *     client ---- C ----> proxy ---- U ----> upstream
 *                  request: in by C, out by U within PASSED_ON_NS
 *                                    <---- RST, taken
 *            <---- RST, sent by the same process soon after
 *
 * Two connections of one process that are reset in the same moment need not belong together. These do
 * if the process is the server of one and the client of the other, and passed on what it got; and if
 * that fits no other reset that it took.
 */
#ifndef PROXY_SIDES_H
#define PROXY_SIDES_H

#include "model/case.h"

#define PASSED_ON_NS 50000000u /* PROXY_SIDES_BECAUSE states it */
/* From the reset that it took to the one that it sends. */
#define HANDED_ON_NS 500000000ull

/* Template of the evidence, of the reset that was sent: what was seen, whichever way it went. */
#define PROXY_SIDES_BECAUSE                                                                     \
	"{owner.name} had taken a RST from {other.src} {other.ago} before; a segment had left " \
	"by one of these two connections within 50 ms of what came in by the other"

#define SIDE_TIMES_MAX 8

/* One connection as its process saw it. */
struct proxy_side {
	uint32_t pid;
	bool is_server;	 /* the other end opened it */
	uint64_t rst_ns; /* CLOCK_MONOTONIC, as all times here */
	struct tuple rst;
	unsigned int n_in, n_out;
	uint64_t in_ns
		[SIDE_TIMES_MAX]; /* when the newest data, or the SYN, came; the newest first */
	uint64_t out_ns[SIDE_TIMES_MAX];
};

/** proxy_side_taken() - of a case whose RST a process of this host took; false: of none */
bool proxy_side_taken(const struct reset_case *c, struct proxy_side *ret);

/** proxy_side_sent() - of a case whose RST a process of this host sent; false: of none */
bool proxy_side_sent(const struct reset_case *c, struct proxy_side *ret);

/** proxy_sides_fit() - did the process hand on by @sent what it took by @taken? */
bool proxy_sides_fit(const struct proxy_side *taken, const struct proxy_side *sent);

#endif
