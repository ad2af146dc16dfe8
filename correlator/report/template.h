/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * template.h - sentences for people, from templates and a case.
 *
 * "{name}" in a template stands for a detail of the case; the rows of placeholders_*.c are the names. What
 * comes from the network or from a process is escaped: no control character reaches the output.
 */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include <stdio.h>

#include "model/format.h"

/* So many frames of a kernel stack are shown to people; it is what lies near that counts. */
#define STACK_SHOWN 5

/* What a report says that is not of the case: where it was seen and how to name things. */
struct report_context {
	const char *host;
	const char *view;	/* fentry, kprobe, tracepoint, none */
	int64_t wall_offset_ns; /* add to CLOCK_MONOTONIC for the wall clock */
	const char *(*ifname)(void *ctx, uint32_t ifindex); /* never NULL; may point to a static */
	void *ifname_ctx;
	/* File and line of a frame; NULL = not known. Holds until the next call. */
	const char *(*source_line)(void *ctx, const struct frame *f);
	void *source_ctx;
	bool local_time; /* of this machine, in what people read; programs get UTC */
};

/** wall_time() - nanoseconds since 1970 */
static inline uint64_t wall_time(uint64_t ts_ns, const struct report_context *ctx)
{
	return ts_ns + (uint64_t)ctx->wall_offset_ns;
}

/**
 * template_expand() - expand @template; free() the result
 * @c: NULL = speak in general, of no case
 *
 * Return: NULL when out of memory.
 */
char *template_expand(const char *template, const struct reset_case *c,
		      const struct report_context *ctx);

/** template_is_known() - does every placeholder of @template exist? For the tests of the tables. */
bool template_is_known(const char *template);

#endif
