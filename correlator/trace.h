/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace.h - follow the conversations of a capture, and hand out its resets.
 *
 * Memory is bounded, whatever the length of the capture: conversations expire in the capture's own
 * time, and packets stand in one ring for all of them, so that a reset finds its history as long as
 * the ring has it.
 */
#ifndef TRACE_H
#define TRACE_H

#include "segment.h"
#include "wire_case.h"

struct trace;

/* A captured segment on its way into the trace. */
struct trace_segment {
	uint64_t ts_ns;
	uint64_t hash;
	struct segment s;
	uint16_t interface;
};

/**
 * trace__new() - NULL with errno
 * @on_reset: is given each reset once nothing more can come of it; the case is borrowed. What it returns, if not 0, ends the trace.
 */
struct trace *trace__new(int (*on_reset)(void *ctx, const struct wire_case *c), void *ctx);

/**
 * trace__follow_marked() - from now on, only conversations that trace__mark() was told of are followed
 *
 * For a capture that can be read twice: all that is not reset takes neither time nor room then, and the
 * ring reaches farther back. 0 or -ENOMEM.
 */
int trace__follow_marked(struct trace *t);

/** trace__follow_all() - take that back */
void trace__follow_all(struct trace *t);

/** trace__mark() - the conversation of this RST is one to follow; before the first trace__add(), by any thread */
void trace__mark(struct trace *t, const struct segment *s);

/**
 * trace__follows() - false if nobody needs a segment between these ends: its conversation is not followed
 *
 * Those with a SYN or a RST are needed even so, for the ports that they show to be open.
 */
bool trace__follows(const struct trace *t, const struct segment *s);

/**
 * trace__prepare() - compute the hash, and begin to fetch what trace__fetch() will need
 *
 * Cache misses are what takes longest: do each of the three steps for a whole batch.
 */
void trace__prepare(const struct trace *t, struct trace_segment *seg);

/** trace__fetch() - begin to fetch what trace__add() will need */
void trace__fetch(const struct trace *t, const struct trace_segment *seg);

/** trace__add() - 0 or what on_reset returned, or -ENOMEM */
int trace__add(struct trace *t, const struct trace_segment *seg);

/** trace__flush() - hand out all resets that still wait */
int trace__flush(struct trace *t);

/** trace__evicted() - conversations that were forgotten for want of room, though they were not over */
uint64_t trace__evicted(const struct trace *t);

void trace__free(struct trace *t);

#endif
