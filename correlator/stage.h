/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stage.h - work that another processor does, on items in the order in which they come.
 *
 * To tell of a reset takes longer than to find it in a capture.
 */
#ifndef STAGE_H
#define STAGE_H

#include <stddef.h>

struct stage;

/**
 * stage__new() - start the thread that works. NULL with errno.
 * @size: of an item, in bytes
 * @room: items that may wait; a power of two
 * @work: called there for each item, in order; 0 or -errno, after which no more is called
 */
struct stage *stage__new(size_t size, unsigned int room, int (*work)(void *ctx, void *item),
			 void *ctx);

/**
 * stage__slot() - where to write the next item, waiting for room
 *
 * NULL: @work has failed; stage__drain() returns how. The slot holds what an earlier item left there.
 */
void *stage__slot(struct stage *st);

/** stage__push() - the slot is written: work on it. Only after stage__slot(). */
void stage__push(struct stage *st);

/** stage__drain() - wait until all is worked on; 0 or what @work returned */
int stage__drain(struct stage *st);

/** stage__free() - what was not worked on yet is dropped; takes NULL */
void stage__free(struct stage *st);

#endif
