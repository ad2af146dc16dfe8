/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * process_id.h - tell a process from a later one with the same PID.
 */
#ifndef PROCESS_ID_H
#define PROCESS_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct process_id {
	uint32_t pid;
	uint32_t pid_ns;      /* inode number of its PID namespace */
	uint64_t start_ticks; /* since boot, USER_HZ */
};

/** process_id_self() - without /proc, its PID alone */
struct process_id process_id_self(void);

/**
 * process_lives() - may it still be running?
 *
 * One of another PID namespace cannot be seen but from the initial one; elsewhere it may.
 */
bool process_lives(const struct process_id *p);

/** process_is_of() - is the process @pid, with this name, older than that time (CLOCK_MONOTONIC)? */
bool process_is_of(uint32_t pid, const char *name, uint64_t ts_ns);

/** process_start_stack() - address at which the stack of its program began; -errno */
int process_start_stack(uint32_t pid, uint64_t *ret);

/** process_name() - its command, "?" if that cannot be read */
void process_name(const struct process_id *p, char *to, size_t size);

#endif
