/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * clsact_order.h - who else has filters on a clsact qdisc, and which priority ours takes among them.
 */
#ifndef CLSACT_ORDER_H
#define CLSACT_ORDER_H

#include <stdint.h>

#include "host/clsact.h"

/* Priorities up to here are looked at one by one. */
#define CLSACT_LOW 64

/* One hook, in chain 0, where packets begin. */
struct clsact_order {
	uint16_t ours;	       /* the priority of the filter of our program; 0 = it is not there */
	unsigned int n_before; /* filters of others that packets meet before it */
	uint16_t before;       /* the priority of the last of these, */
	uint32_t before_id;    /* its program (0: it is not of BPF), */
	char before_name[64];  /* and its name, or its kind */
	uint64_t taken;	       /* bit N: somebody has priority N < CLSACT_LOW */
	uint16_t lowest;       /* of others, rstscopes excepted; 0 = nobody is there */
};

/** clsact_look() - who is there, seen from the filter of @prog_id (0 = none); 0 or -errno */
int clsact_look(struct netlink *nl, uint32_t ifindex, enum clsact_direction dir, uint32_t prog_id,
		struct clsact_order *ret);

/**
 * clsact_choose() - a priority of our own: before all others where that can be
 *
 * Not 1, which most agents take for theirs, and clear before they use it; unless only so ours comes
 * first. One that somebody has is never shared: who removes what is there would remove both.
 */
uint16_t clsact_choose(const struct clsact_order *order);

#endif
