/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * loop.h - one event loop: descriptors, timers, signals, and steps of the wall clock.
 *
 * Sources are called one at a time, from loop__run() alone. A callback may add, remove and arm any
 * source, its own too.
 */
#ifndef LOOP_H
#define LOOP_H

#include <stdint.h>

struct loop;
struct loop_source;

typedef void (*loop_fn)(void *ctx);

/** loop__new() - NULL with errno */
struct loop *loop__new(void);

/* All of these return NULL with errno. The loop frees what was added. */

/** loop__add_fd() - call @fn while @fd, which stays the caller's, is readable or broken */
struct loop_source *loop__add_fd(struct loop *l, int fd, loop_fn fn, void *ctx);

/** loop__add_timer() - not armed yet */
struct loop_source *loop__add_timer(struct loop *l, loop_fn fn, void *ctx);

/**
 * loop__add_signal() - call @fn for each delivery of @signal
 *
 * The signal is blocked from now on, also after loop__free(): one that comes late must not end
 * the process in the middle of its last writes.
 */
struct loop_source *loop__add_signal(struct loop *l, int signal, loop_fn fn, void *ctx);

/** loop__add_clock() - call @fn when the wall clock was set, or the machine has slept */
struct loop_source *loop__add_clock(struct loop *l, loop_fn fn, void *ctx);

/**
 * loop_timer__arm() - call at @at_ns (CLOCK_MONOTONIC; 0 = at once), however far that is, and from
 *	then on every @period_ns
 * @at_ns: UINT64_MAX = not at all
 * @period_ns: 0 = once only
 *
 * Return: 0 or -errno.
 */
int loop_timer__arm(struct loop_source *timer, uint64_t at_ns, uint64_t period_ns);

/** loop__remove() - takes NULL */
void loop__remove(struct loop *l, struct loop_source *s);

/** loop__run() - until loop__stop(); 0 or -errno */
int loop__run(struct loop *l);

/** loop__stop() - after the callback that calls this, no other is called */
void loop__stop(struct loop *l);

/** loop__free() - takes NULL */
void loop__free(struct loop *l);

#endif
