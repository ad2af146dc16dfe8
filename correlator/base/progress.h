/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * progress.h - a bar on standard error, for those who wait.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress;

/** progress__new() - @shown: false makes all of it do nothing; @name is borrowed. NULL with errno. */
struct progress *progress__new(bool shown, const char *name);

/** progress__show() - @done: 0 to 1, negative where it is not known. Draws some ten times a second. */
void progress__show(struct progress *p, double done, uint64_t packets, uint64_t resets);

/** progress__count() - the same for @done of @all things, such as "interfaces" */
void progress__count(struct progress *p, uint64_t done, uint64_t all, const char *what);

/** progress__clear() - leave the line empty for what comes next */
void progress__clear(struct progress *p);

/** progress__pause() - the same, and draw nothing until progress__resume(); by any thread */
void progress__pause(struct progress *p);
void progress__resume(struct progress *p);

void progress__free(struct progress *p);

#endif
