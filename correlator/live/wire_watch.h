/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wire_watch.h - is what we have attached to interfaces still there? Looks, and has it attached again.
 *
 * The kernel reports changes of clsact qdiscs; those of tcx and what was missed are found by looking
 * every few seconds, at some interfaces each time.
 */
#ifndef WIRE_WATCH_H
#define WIRE_WATCH_H

#include "live/attach_wire.h"
#include "live/wire_guard.h"

struct wire_watch;

/** wire_watch__new() - @w must live longer; NULL with errno */
struct wire_watch *wire_watch__new(struct wire *w);

/** wire_watch__suspect() - others have changed something on this interface; 0 = on any */
void wire_watch__suspect(struct wire_watch *ww, uint32_t ifindex);

/** wire_watch__forget() - the interface is gone */
void wire_watch__forget(struct wire_watch *ww, uint32_t ifindex);

/** wire_watch__turn() - do what is due */
void wire_watch__turn(struct wire_watch *ww);

/** wire_watch__next_ns() - when something is due (CLOCK_MONOTONIC) */
uint64_t wire_watch__next_ns(const struct wire_watch *ww);

/** wire_watch__guard() - what it has found */
const struct wire_guard *wire_watch__guard(const struct wire_watch *ww);

/** wire_watch__free() - takes NULL */
void wire_watch__free(struct wire_watch *ww);

#endif
