/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reorder.h - segments of a capture in the order of time, where the file has them a little out of it.
 *
 * Packets of one interface are captured in order, but for what several queues of a network card do
 * within a millisecond. Those of several interfaces stand in a file as their buffers were read.
 */
#ifndef REORDER_H
#define REORDER_H

#include "capture/flow_tracker.h"

struct reorder;

/* So many may be put before what is due is taken. */
#define REORDER_BATCH 64

/** reorder__new() - NULL with errno */
struct reorder *reorder__new(void);

/**
 * reorder__put() - the next segment of the file; copied
 * @several: the capture is of several interfaces
 */
void reorder__put(struct reorder *r, const struct tracked_segment *seg, bool several);

/**
 * reorder__take() - the next segment in time, once none can come before it; NULL: more must be put first
 * @all: nothing more comes
 *
 * What is returned holds until the next reorder__put().
 */
const struct tracked_segment *reorder__take(struct reorder *r, bool all);

/** reorder__time() - all segments before this time were taken; 0: none was put yet */
uint64_t reorder__time(const struct reorder *r);

void reorder__free(struct reorder *r);

#endif
