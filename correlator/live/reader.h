/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reader.h - one of the readers of flight recorders: its buffer of events, and its place in each.
 */
#ifndef READER_H
#define READER_H

#include <stdbool.h>
#include <stdint.h>

#include "host/process_id.h"

struct reader;

/* The maps of one recorder that its readers are registered in; descriptors. */
struct reader_maps {
	int readers;  /* rst_readers */
	int handoffs; /* rst_handoffs */
	int info;     /* rst_reader_info */
};

/**
 * reader__new() - make the buffer of events, and what goes with it
 * @ret_events, @ret_handoff: descriptors for the kernel view's programs; the caller's
 *
 * Return: NULL with errno.
 */
struct reader *reader__new(int *ret_events, int *ret_handoff);

/**
 * reader__register() - be told by one more recorder, from now on until reader__free()
 * @maps: duplicated
 * @unread: how many of its RSTs were reported to nobody so far
 * @ret_unread: how many of them the last reader that registered has not known of; may be NULL
 *
 * Takes the place of a process that has died, if there is one.
 *
 * Return: 0; -EUSERS: all places are taken; or -errno.
 */
int reader__register(struct reader *r, const struct reader_maps *maps, uint64_t unread,
		     uint64_t *ret_unread);

/** reader__lost() - events that found the buffer full: of the wire view, of the kernel view */
struct reader_losses {
	uint64_t wire;
	uint64_t kernel;
} reader__lost(const struct reader *r);

/** reader__free() - give up all places */
void reader__free(struct reader *r);

/* A place of a recorder that is taken. */
struct reader_place {
	uint64_t since_ns; /* CLOCK_MONOTONIC */
	struct process_id process;
	uint32_t slot;
	bool lives;
};

/**
 * reader_places() - who reads a recorder
 * @info_fd: rst_reader_info
 * @ret: room for RST_READERS_MAX
 *
 * Return: how many there are, or -errno.
 */
int reader_places(int info_fd, struct reader_place *ret);

/** reader_place_lost() - what the reader at this place has lost; @handoffs_fd: rst_handoffs; 0 or -errno */
int reader_place_lost(int handoffs_fd, uint32_t slot, struct reader_losses *ret);

#endif
