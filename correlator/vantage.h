/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vantage.h - several captures of the same traffic: whose clock is how far off, and which of their
 * resets are one.
 */
#ifndef VANTAGE_H
#define VANTAGE_H

#include "source.h"
#include "trace.h"

struct vantages;
struct vantage;

/** vantages__new() - NULL with errno */
struct vantages *vantages__new(void);

/** vantages__begin() - the next capture; @name is copied. NULL when out of memory. */
struct vantage *vantages__begin(struct vantages *all, const char *name);

/** vantage__see() - each segment of it */
void vantage__see(struct vantage *v, const struct trace_segment *seg);

/** vantage__take() - each of its resets; copied. 0 or -errno. */
int vantage__take(struct vantage *v, const struct wire_case *w);

/** vantage__end() - copy the names of its places; 0 or -ENOMEM */
int vantage__end(struct vantage *v, const char *(*place_name)(void *ctx, uint32_t i), void *ctx,
		 unsigned int n_places);

/** vantages__finish() - align the clocks, join what is one, classify, and hand out */
int vantages__finish(struct vantages *all, struct source *s);

void vantages__free(struct vantages *all);

#endif
