/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * attached_state.h - what an attached recorder has recorded and counted, of whatever version it is.
 */
#ifndef ATTACHED_STATE_H
#define ATTACHED_STATE_H

#include "live/attached.h"
#include "live/ring_state.h"

/* What the programs count, by the names that scripts see. */
enum attached_count {
	ATTACHED_RESETS,
	ATTACHED_FRAGMENTS,
	ATTACHED_TRUNCATED,
	ATTACHED_MALFORMED,
	ATTACHED_JUMBO,
	ATTACHED_GSO,
	ATTACHED_EXT_LIMIT,
	ATTACHED_NO_SLOT,
	ATTACHED_UNREAD,    /* since version 3 */
	ATTACHED_LOST_WIRE, /* up to version 2; then each reader has its own */
	ATTACHED_LOST_KERNEL,
	N_ATTACHED_COUNTS,
};

struct attached_state {
	struct ring_state rings;
	uint64_t recorded; /* packets, on all CPUs */
	uint64_t held;
	uint64_t oldest_ns; /* CLOCK_MONOTONIC: of all CPUs' oldest the oldest; 0 = none */
	uint64_t newest_ns;
	uint64_t count[N_ATTACHED_COUNTS];
	bool counted[N_ATTACHED_COUNTS]; /* by this version */
};

/** attached_state_read() - 0 or -errno */
int attached_state_read(const struct attached_recorder *r, struct attached_state *ret);
void attached_state_free(struct attached_state *state);

#endif
