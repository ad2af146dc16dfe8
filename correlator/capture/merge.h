/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * merge.h - is it the same reset in two files, and what the others show of it, added to a case.
 */
#ifndef MERGE_H
#define MERGE_H

#include "model/capture_case.h"

/**
 * merge_case() - add the sightings, and the segments of the history that @c does not have
 * @shift_ns: from @from's times to those of @c
 * @place_mark: PLACE_ELSEWHERE, if the places of @c are those of a host; else 0
 *
 * Where @from saw the connection begin and @c did not, its account of it is taken.
 */
void merge_case(struct reset_case *c, const struct capture_case *from, int64_t shift_ns,
		uint32_t place_mark);

/** is_same_segment() - by what neither NAT nor a router changes */
bool is_same_segment(const struct packet *a, const struct packet *b);

/**
 * reset_likeness() - how much speaks for it that both are one reset; 0: they are not
 * @budget: so often may whole histories be compared
 *
 * Scanners send, and are answered by, segments with the same numbers for each port.
 */
unsigned int reset_likeness(const struct capture_case *a, const struct capture_case *b,
			    unsigned int *budget);

#endif
