// SPDX-License-Identifier: GPL-2.0-only
/*
 * same_reset.c - is it one RST, seen twice?
 */
#include "model/same_reset.h"

bool same_reset(struct reset_marks a, struct reset_marks b, uint64_t within_ns)
{
	uint64_t apart = a.ts_ns > b.ts_ns ? a.ts_ns - b.ts_ns : b.ts_ns - a.ts_ns;

	return a.seq == b.seq && a.ack == b.ack && a.flags == b.flags && apart <= within_ns;
}
