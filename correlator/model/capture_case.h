/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture_case.h - what a capture tells of a reset: a case before it is made, small enough to be copied
 * and kept by the thousand.
 */
#ifndef CAPTURE_CASE_H
#define CAPTURE_CASE_H

#include <stddef.h>

#include "model/case.h"

/* The members are those of struct reset_case. */
struct capture_case {
	struct packet rst;
	struct packet answers;
	struct conversation conversation;
	struct after_rst after;
	uint64_t history_since_ns;
	uint64_t lost_packets;
	enum answer_match answer_match;
	unsigned int n_sightings;
	unsigned int n_history;
	struct sighting sightings[CASE_SIGHTINGS_MAX];
	struct packet
		history[CASE_HISTORY_MAX]; /* the last member: the unused end need not be there */
};

/** capture_case_size() - bytes that are in use */
static inline size_t capture_case_size(const struct capture_case *w)
{
	return offsetof(struct capture_case, history) + w->n_history * sizeof(w->history[0]);
}

/** capture_case_unpack() - the case, not classified */
void capture_case_unpack(const struct capture_case *w, struct reset_case *ret);

#endif
