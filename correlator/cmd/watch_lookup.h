/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watch_lookup.h - what is asked of the host about one case: at once, and once it is complete.
 */
#ifndef WATCH_LOOKUP_H
#define WATCH_LOOKUP_H

#include "cmd/watch.h"

struct lookup_state {
	const struct watch_host *host;
	struct sinks *sinks;
	struct packet_list recalled; /* of the case that is being opened; freed by the owner */
	struct closes *closes;	     /* what services here have closed before; of the owner, too */
	uint64_t budget_start_ns;    /* the second of which a part may be spent */
	uint64_t spent_ns;
	uint64_t without_history;  /* cases for which there was no time */
	uint64_t holders_start_ns; /* the same for who had a socket */
	uint64_t holders_spent_ns;
};

/** look_up_holder() - who has the socket, of an account that may be asked for that once it is closed */
void look_up_holder(struct lookup_state *l, const struct kernel_event *k);

/** look_up_at_once() - what will not wait: the past of the flow, conntrack's entry, the owner */
void look_up_at_once(struct lookup_state *l, struct reset_case *c);

/** look_up_at_end() - what may wait until the case is complete */
void look_up_at_end(struct lookup_state *l, struct reset_case *c);

#endif
