/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * same_reset.h - is it one RST, seen twice?
 */
#ifndef SAME_RESET_H
#define SAME_RESET_H

#include "model/case.h"

/* Sightings on one host, by one clock, lie closer together than this; */
#define SAME_HOST_NS 50000000ull
/* those on different hosts, by clocks that were brought into line, than this. */
#define SAME_PATH_NS 1000000000ull

/* What neither NAT nor a router changes. */
struct reset_marks {
	uint64_t ts_ns;
	uint32_t seq;
	uint32_t ack;
	uint8_t flags;
};

static inline struct reset_marks reset_marks(const struct packet *p)
{
	return (struct reset_marks){ p->ts_ns, p->seq, p->ack, p->flags };
}

/**
 * same_reset() - equal numbers and flags, at most @within_ns apart
 *
 * A RST is never retransmitted, but two equal ones may answer two equal segments: that the places
 * differ, and that the tuples agree as far as NAT lets them, is the caller's to compare.
 */
bool same_reset(struct reset_marks a, struct reset_marks b, uint64_t within_ns);

#endif
