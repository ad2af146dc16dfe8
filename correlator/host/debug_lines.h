/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * debug_lines.h - file and line of the kernel's code, from its debug information.
 *
 * Addresses are counted from _stext: where the kernel was loaded is the caller's knowledge.
 */
#ifndef DEBUG_LINES_H
#define DEBUG_LINES_H

#include <stddef.h>
#include <stdint.h>

struct debug_lines;

struct lines_config {
	const char *file;  /* a vmlinux; NULL = look at the usual places, when first asked */
	const char *notes; /* ELF notes of the running kernel, which tell its build-id */
	const char *root;  /* stands before the usual places; "" but in tests */
};

/**
 * debug_lines__open() - find the kernel's debug information
 * @cfg: its strings are borrowed
 * @why: gets the reason, and what to do, if config's file will not do
 *
 * A file is taken only if its build-id is that of the notes. Without a file in the config
 * nothing is opened yet, and having none is no error: then no line is known.
 *
 * Return: NULL with errno.
 */
struct debug_lines *debug_lines__open(const struct lines_config *cfg, char *why, size_t why_len);

/**
 * debug_lines__find() - the line that was under way at an address
 * @offset: address less that of _stext
 *
 * "net/ipv4/tcp_ipv4.c:1757" is the line in the function that kallsyms knows. What the compiler
 * put in there follows, outermost first: ", inlined tcp_v4_fill_cb net/ipv4/tcp_ipv4.c:1800".
 *
 * Return: NULL = not known; valid until the next call.
 */
const char *debug_lines__find(struct debug_lines *l, uint64_t offset);

void debug_lines__free(struct debug_lines *l);

#endif
