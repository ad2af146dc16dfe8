/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * attached_read.h - read the recorders of programs that somebody else has attached, as one.
 *
 * Nothing is attached or detached: what was found stays as it is.
 */
#ifndef ATTACHED_READ_H
#define ATTACHED_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "live/bpf_object.h"
#include "live/decode.h"
#include "live/reader.h"
#include "live/recorder.h"

struct attached_read;

struct attached_read_config {
	const char *const *interfaces; /* names; "any" = all */
	unsigned int n_interfaces;
	struct reader *reader;
	struct recorder *recorder;
};

/**
 * attached_read__open() - find the programs, and report them to the log
 *
 * Return: NULL with errno, which has been logged: there are none, or they are of another version.
 */
struct attached_read *attached_read__open(const struct attached_read_config *cfg);

/** attached_read__share() - a ring for the kernel view: of a recorder that sees arrivals, if any */
int attached_read__share(const struct attached_read *a, struct shared_maps *maps);

/**
 * attached_read__begin() - be told of RSTs from now on, by all recorders
 *
 * The kernel view must be attached by now: what is reported without its account has none.
 *
 * Return: 0 or -errno, which has been logged.
 */
int attached_read__begin(struct attached_read *a);

/** attached_read__unread() - RSTs that nobody had read before */
uint64_t attached_read__unread(const struct attached_read *a);

/** attached_read__look_again() - what has been attached or detached since; goes to the log */
void attached_read__look_again(struct attached_read *a);

/** attached_read__next_ns() - when it should be called; attached_read__suspect(): soon */
uint64_t attached_read__next_ns(const struct attached_read *a);
void attached_read__suspect(struct attached_read *a);

/** attached_read__whole_since_ns() - since when no program has come or gone; 0 = always */
uint64_t attached_read__whole_since_ns(const struct attached_read *a);

/**
 * attached_read__takes() - is this RST for us?
 *
 * Programs of another namespace may write to the same maps, and not every interface may be asked for.
 */
bool attached_read__takes(struct attached_read *a, const struct packet *rst);

/**
 * attached_read__next_before() - the next RST that was recorded before attached_read__begin()
 *
 * Oldest first, without those that attached_read__takes() has been given. Return: false: that was all.
 */
bool attached_read__next_before(struct attached_read *a, struct event *ret);

/** attached_read__is_one() - do all programs write to one recorder? */
bool attached_read__is_one(const struct attached_read *a);

void attached_read__free(struct attached_read *a);

#endif
