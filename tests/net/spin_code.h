/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * spin_code.h - find places in the machine code of a kernel function.
 *
 * Nothing here knows a kernel's version: what is looked for is an instruction that only one line
 * of the source can have become, such as a store of 3 to a socket's reference count.
 */
#ifndef SPIN_CODE_H
#define SPIN_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Offsets in struct sock_common. */
struct sock_layout {
	uint32_t refcnt;
	uint32_t node;	/* skc_nulls_node */
	uint32_t pprev; /* of it */
};

struct code {
	size_t len;
	uint8_t bytes[8192];
};

enum where {
	AT_ENTRY,    /* the socket is the first argument */
	AT_HASHED,   /* a socket has just become visible in a chain */
	AT_UNHASHED, /* a socket has just been taken out of its chain */
	AT_ARMING,   /* a TIME_WAIT socket is about to get its reference count */
	AT_ARMED,    /* it has just got it */
	AT_MATCHED,  /* a look-up has found its socket, and has no reference yet */
	N_WHERE
};

extern const char *const where_names[N_WHERE];

struct place {
	size_t offset; /* of the instruction in the function */
	uint32_t reg;  /* offset in struct pt_regs of a register that points into the socket, */
	uint32_t back; /* so far */
};

/** find_place() - Return: 0, or -ENOENT when the function has no such instruction */
int find_place(const struct code *c, const struct sock_layout *l, enum where where,
	       struct place *ret_place);

/**
 * window_open() - is something missing from the table while this code is at the place?
 *
 * The order of the instructions is taken for that in which they run; the compilers of the
 * kernels that are tested keep it for the stores that matter here.
 */
bool window_open(const struct code *c, const struct sock_layout *l, enum where where);

#endif
