/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * clock_offset.h - how far apart the clocks of two captures are, by the segments that both have.
 */
#ifndef CLOCK_OFFSET_H
#define CLOCK_OFFSET_H

#include "capture/fingerprints.h"

struct clock_offset {
	int64_t ns;	  /* of the second, from the first */
	int64_t error_ns; /* +- */
	unsigned int shared;
};

/* Of one capture: a sample of all its segments, and of those that its resets' histories have. */
struct clock_segments {
	const struct fingerprints *all;
	const struct fingerprints *of_resets;
};

/** clock_offset() - false: they have too little in common, or there is no memory */
bool clock_offset(const struct clock_segments *a, const struct clock_segments *b,
		  struct clock_offset *ret);

#endif
