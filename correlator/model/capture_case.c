// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture_case.c - what a capture tells of a reset.
 */
#include "model/capture_case.h"

#include <string.h>

void capture_case_unpack(const struct capture_case *w, struct reset_case *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->rst = w->rst;
	ret->first_ts = w->rst.ts_ns;
	ret->answers = w->answers;
	ret->answer_match = w->answer_match;
	ret->conversation = w->conversation;
	ret->history_since_ns = w->history_since_ns;
	ret->lost_packets = w->lost_packets;
	ret->src_local = ret->dst_local = -1;
	ret->n_sightings = w->n_sightings;
	memcpy(ret->sightings, w->sightings, w->n_sightings * sizeof(w->sightings[0]));
	ret->n_history = w->n_history;
	memcpy(ret->history, w->history, w->n_history * sizeof(w->history[0]));
}
