/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * case_queue.h - resets on their way from who finds them to who tells of them, on another processor.
 *
 * To tell of a reset takes longer than to find it.
 */
#ifndef CASE_QUEUE_H
#define CASE_QUEUE_H

#include "model/capture_case.h"

struct case_queue;

/**
 * case_queue__new() - start the other thread. NULL with errno.
 * @tell: called there for each case, in order; 0 or -errno, which ends it
 */
struct case_queue *case_queue__new(int (*tell)(void *ctx, const struct capture_case *c), void *ctx);

/** case_queue__push() - copy a case into the queue, waiting for room; 0 or what @tell returned */
int case_queue__push(struct case_queue *q, const struct capture_case *c);

/** case_queue__drain() - wait until all are told; 0 or what @tell returned */
int case_queue__drain(struct case_queue *q);

/** case_queue__free() - what was not told yet is not told any more; takes NULL */
void case_queue__free(struct case_queue *q);

#endif
