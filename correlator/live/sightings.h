/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sightings.h - where one RST was seen on its way through this host.
 */
#ifndef SIGHTINGS_H
#define SIGHTINGS_H

#include "model/case.h"

/** time_between() - two times, whichever is the earlier */
static inline uint64_t time_between(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/** sightings_were_sent() - did it leave by an interface without having come in by one? */
bool sightings_were_sent(const struct reset_case *c);

/** sightings_is_one_of() - is @p the RST of the case, met again on another interface? */
bool sightings_is_one_of(const struct reset_case *c, const struct packet *p);

/** sightings_add() - as far as there is room */
void sightings_add(struct reset_case *c, const struct packet *p);

#endif
