/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * backlog.h - the RSTs that were recorded before anybody read them, as the events they never were.
 */
#ifndef BACKLOG_H
#define BACKLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "live/decode.h"
#include "live/recorder.h"

/* The newest; there may be as many as there is room in the rings. */
#define BACKLOG_MAX 2000

struct backlog;

/** backlog__new() - those from before @until_ns; NULL with errno */
struct backlog *backlog__new(const struct recorder *f, uint64_t until_ns);

/** backlog__forget() - this one has come as an event after all */
void backlog__forget(struct backlog *b, const struct packet *rst);

/** backlog__next() - oldest first, without an account of the kernel; false: that was all */
bool backlog__next(struct backlog *b, struct event *ret);

void backlog__free(struct backlog *b);

#endif
