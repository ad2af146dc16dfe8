/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * user_stack.h - from a process's registers and a copy of its stack to the names of its calls.
 */
#ifndef USER_STACK_H
#define USER_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/user_stack.h"

/* In the order of DWARF for x86-64; the last is the instruction pointer. */
#define USER_REGISTERS 17

/* What was copied while the process stood still. */
struct user_copy {
	uint32_t pid;	      /* of the process, and */
	uint32_t tid;	      /* of its thread */
	uint64_t start_stack; /* where the stack of the program began: exec() gives it another */
	uint64_t registers[USER_REGISTERS];
	uint64_t start; /* address of the first byte */
	size_t len;
	size_t piece;	 /* the bytes were copied in pieces of so many */
	uint64_t copied; /* those that could be read: a bit each, the lowest first */
	const uint8_t *bytes;
};

/**
 * user_stack_read() - unwind the copy, and name its calls by the files that the process has mapped
 *
 * In a child process with a time limit: those files are not ours, and may be anything. What is not
 * certain is not named: a name is that of a symbol within whose size the address lies, and the walk ends
 * where the code has no unwind information.
 *
 * @ret: filled in any case; without frames, "end" has the reason
 *
 * Return: processor time that it took, nanoseconds.
 */
uint64_t user_stack_read(const struct user_copy *copy, struct user_stack *ret);

#endif
