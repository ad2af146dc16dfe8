// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture_case.c - what a capture tells of a reset.
 */
#include "model/capture_case.h"

#include <string.h>

void capture_case_unpack(const struct capture_case *w, struct reset_case *ret)
{
	case_init(ret);
	ret->seen.rst = w->rst;
	ret->seen.first_ts = w->rst.ts_ns;
	ret->seen.answers = w->answers;
	ret->seen.answer_match = w->answer_match;
	ret->seen.conversation = w->conversation;
	ret->asked.after = w->after;
	ret->asked.history_since_ns = w->history_since_ns;
	ret->asked.lost_packets = w->lost_packets;
	ret->seen.n_sightings = w->n_sightings;
	memcpy(ret->seen.sightings, w->sightings, w->n_sightings * sizeof(w->sightings[0]));
	ret->asked.n_history = w->n_history;
	memcpy(ret->asked.history, w->history, w->n_history * sizeof(w->history[0]));
}
