/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * flow_tracker.h - follow the conversations of a capture, and hand out its resets.
 *
 * Memory is bounded, whatever the length of the capture: conversations expire in the capture's own
 * time, and packets stand in one ring for all of them, so that a reset finds its history as long as
 * the ring has it.
 */
#ifndef FLOW_TRACKER_H
#define FLOW_TRACKER_H

#include "capture/dissect.h"
#include "model/capture_case.h"

struct flow_tracker;

/* A captured segment on its way into the trace. */
struct tracked_segment {
	uint64_t ts_ns;
	uint64_t hash;
	struct segment s;
	uint16_t interface;
};

/**
 * flow_tracker__new() - NULL with errno
 * @on_reset: is given each reset once nothing more can come of it; the case is borrowed. What it returns, if not 0, ends the trace.
 */
struct flow_tracker *flow_tracker__new(int (*on_reset)(void *ctx, const struct capture_case *c),
				       void *ctx);

/**
 * flow_tracker__follow_marked() - from now on, only conversations that flow_tracker__mark() was told of are followed
 *
 * For a capture that can be read twice: all that is not reset takes neither time nor room then, and the
 * ring reaches farther back. 0 or -ENOMEM.
 */
int flow_tracker__follow_marked(struct flow_tracker *t);

/** flow_tracker__follow_all() - take that back */
void flow_tracker__follow_all(struct flow_tracker *t);

/** flow_tracker__mark() - the conversation of this RST is one to follow; before the first flow_tracker__add(), by any thread */
void flow_tracker__mark(struct flow_tracker *t, const struct segment *s);

/**
 * flow_tracker__follows() - false if nobody needs a segment between these ends: its conversation is not followed
 *
 * Those with a SYN or a RST are needed even so, for the ports that they show to be open.
 */
bool flow_tracker__follows(const struct flow_tracker *t, const struct segment *s);

/**
 * flow_tracker__prepare() - compute the hash, and begin to fetch what flow_tracker__fetch() will need
 *
 * Cache misses are what takes longest: do each of the three steps for a whole batch.
 */
void flow_tracker__prepare(const struct flow_tracker *t, struct tracked_segment *seg);

/** flow_tracker__fetch() - begin to fetch what flow_tracker__add() will need */
void flow_tracker__fetch(const struct flow_tracker *t, const struct tracked_segment *seg);

/** flow_tracker__add() - 0 or what on_reset returned, or -ENOMEM */
int flow_tracker__add(struct flow_tracker *t, const struct tracked_segment *seg);

/** flow_tracker__advance() - nothing comes from before that time: hand out what waited for it; as flow_tracker__add() */
int flow_tracker__advance(struct flow_tracker *t, uint64_t ts_ns);

/** flow_tracker__flush() - hand out all resets that still wait */
int flow_tracker__flush(struct flow_tracker *t);

/** flow_tracker__evicted() - conversations that were forgotten for want of room, though they were not over */
uint64_t flow_tracker__evicted(const struct flow_tracker *t);

void flow_tracker__free(struct flow_tracker *t);

#endif
