/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stoppable.h - write to what may block for ever, such as a pipe that nobody reads, until a stop.
 */
#ifndef STOPPABLE_H
#define STOPPABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/**
 * stop_fd_open() - readable while SIGINT or SIGTERM waits to be taken
 *
 * They must be blocked, and whoever ends the process must take them by another descriptor.
 *
 * Return: a descriptor or -errno.
 */
int stop_fd_open(void);

/**
 * stop_signals_release() - from now on SIGINT and SIGTERM end the process at once
 *
 * Those that wait are dropped: `timeout` sends two for one.
 */
void stop_signals_release(void);

/**
 * stoppable_write() - write all of it
 * @stop_fd: 0 or -1 = wait for ever
 *
 * Return: 0 or -errno; -EINTR: @fd would have blocked when @stop_fd was readable. Part of it may
 * have been written then.
 */
int stoppable_write(int fd, const void *data, size_t n, int stop_fd);

/**
 * stoppable_fdopen() - a stream whose writes are these
 * @owned: fclose() closes @fd, too
 */
FILE *stoppable_fdopen(int fd, int stop_fd, bool owned);

#endif
