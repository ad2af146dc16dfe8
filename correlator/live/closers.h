/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * closers.h - who closed the socket of a connection, as the BPF programs saw it.
 */
#ifndef LIVE_CLOSERS_H
#define LIVE_CLOSERS_H

#include "model/kernel_event.h"

/** closer_find() - of @k's socket, after @k, from the map rst_closers; false: nobody that is known */
bool closer_find(int map_fd, const struct kernel_event *k, struct closer *ret);

#endif
