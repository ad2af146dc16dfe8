// SPDX-License-Identifier: GPL-2.0-only
/*
 * sightings.c - where one RST was seen on its way through this host.
 */
#include "live/sightings.h"

#include <string.h>

#include "model/same_reset.h"

/* From one interface to the other in the same softirq run. */
#define FORWARD_NS 1000000ull

bool sightings_were_sent(const struct reset_case *c)
{
	unsigned int i;

	for (i = 0; i < c->seen.n_sightings; i++)
		if (c->seen.sightings[i].hook == HOOK_TC_EGRESS && !c->seen.sightings[i].forwarded)
			return true;
	return false;
}

static bool has_sighting(const struct reset_case *c, const struct packet *p)
{
	unsigned int i;

	for (i = 0; i < c->seen.n_sightings; i++)
		if (c->seen.sightings[i].ifindex == p->ifindex &&
		    c->seen.sightings[i].hook == p->hook)
			return true;
	return false;
}

bool sightings_is_one_of(const struct reset_case *c, const struct packet *p)
{
	const struct packet *rst = &c->seen.rst;

	if (!same_reset(reset_marks(p), reset_marks(rst), SAME_HOST_NS) || has_sighting(c, p))
		return false;
	if (tuple_equal(&p->tuple, &rst->tuple))
		return true;
	/* A gateway may have rewritten its ends, but not its numbers. */
	if (!p->forwarded || rst->hook == HOOK_TC_EGRESS)
		return false;
	return tuple_same_source(&p->tuple, &rst->tuple) ||
	       tuple_same_destination(&p->tuple, &rst->tuple) ||
	       (p->cpu == rst->cpu && time_between(p->ts_ns, rst->ts_ns) < FORWARD_NS);
}

void sightings_add(struct reset_case *c, const struct packet *p)
{
	if (c->seen.n_sightings == CASE_SIGHTINGS_MAX)
		return;
	c->seen.sightings[c->seen.n_sightings++] = (struct sighting){
		.ts_ns = p->ts_ns,
		.tuple = p->tuple,
		.ifindex = p->ifindex,
		.hook = p->hook,
		.ttl = p->ttl,
		.forwarded = p->forwarded,
	};
}
