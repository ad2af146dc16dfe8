/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * proc_fds.h - the descriptors of all processes, by what /proc/PID/fd says that they are.
 */
#ifndef PROC_FDS_H
#define PROC_FDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct proc_fd {
	uint32_t pid;
	const char *name;   /* the number, as in /proc/PID/fd */
	const char *target; /* "socket:[7]", "/dev/net/tun", ... */
};

/** proc_fds_each() - until @fn returns false; of those that we may not look at, none */
void proc_fds_each(bool (*fn)(void *ctx, const struct proc_fd *fd), void *ctx);

/**
 * proc_fds_add_process() - append "NAME (pid N)", after a comma where there is something already
 *
 * Once for each process. What does not fit is left out, and "..." stands for it.
 */
void proc_fds_add_process(char *list, size_t size, uint32_t pid);

#endif
