/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lazy_array.h - large arrays of which only what is used takes memory.
 */
#ifndef LAZY_ARRAY_H
#define LAZY_ARRAY_H

#include <sys/mman.h>

/** reserve() - zeroed; NULL when out of address space */
static inline void *reserve(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	/* Random access over 100 MB is mostly misses of the TLB otherwise. */
	madvise(p, size, MADV_HUGEPAGE);
	return p;
}

/** release() - takes NULL */
static inline void release(void *p, size_t size)
{
	if (p)
		munmap(p, size);
}

#endif
