/* SPDX-License-Identifier: GPL-2.0-only */
/* spin_kernel.h - the running kernel's code and types, as it shows them to root. */
#ifndef SPIN_KERNEL_H
#define SPIN_KERNEL_H

#include "spin_code.h"

/** read_code() - a function's bytes from /proc/kcore; 0 or -errno, -ENOENT: no such function */
int read_code(const char *function, struct code *ret);

/** read_layout() - offsets in struct sock_common from the kernel's BTF; 0 or -errno */
int read_layout(struct sock_layout *ret);

#endif
