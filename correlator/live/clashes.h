/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * clashes.h - the sockets that lately took another connection's segment: the peer may reset them for
 * the answer, seconds later.
 */
#ifndef CLASHES_H
#define CLASHES_H

#include "live/accounts.h"

#define MAX_CLASHES 64

struct clash {
	struct account *account; /* held; NULL = free */
	uint64_t last_ns;	 /* when it was last reported */
};

/* A ring, all zero at first; what it holds goes when accounts__free() is called. */
struct clashes {
	struct clash ring[MAX_CLASHES];
	unsigned int next;
};

/** clashes__add() - keeps @acc and takes over the caller's hold on it; the oldest is released */
void clashes__add(struct clashes *cl, struct accounts *a, struct account *acc);

/** clashes__repeat() - is it a SYN that is known and was sent again? Then that is noted. */
bool clashes__repeat(struct clashes *cl, const struct kernel_event *k);

/** clashes__answered() - the socket to whose words @rst is the answer; NULL = none */
struct account *clashes__answered(const struct clashes *cl, const struct packet *rst);

#endif
