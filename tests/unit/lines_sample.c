// SPDX-License-Identifier: GPL-2.0-only
/*
 * lines_sample.c - code with known lines, in place of a kernel. Built with debug symbols into a
 * shared object, which test_debug_lines.c loads wherever the loader likes, as KASLR does.
 */
#include "lines_sample.h"

#define INLINE static inline __attribute__((always_inline))

/* Addresses are counted from here. */
void _stext(void)
{
}

static __attribute__((noinline)) const void *return_address(void)
{
	__asm__ volatile("");
	return __builtin_return_address(0);
}

INLINE void inner(struct sample *s)
{
	s->line[2] = __LINE__, s->addr = return_address();
}

INLINE void middle(struct sample *s)
{
	s->line[1] = __LINE__, inner(s);
}

void sample_inlined(struct sample *s)
{
	s->line[0] = __LINE__, middle(s);
}

void sample_plain(struct sample *s)
{
	s->line[0] = __LINE__, s->addr = return_address();
}
