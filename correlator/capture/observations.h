/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * observations.h - several captures of the same traffic: whose clock is how far off, and which of their
 * resets are one.
 */
#ifndef OBSERVATIONS_H
#define OBSERVATIONS_H

#include "capture/flow_tracker.h"
#include "report/report_json.h"

struct observations;
struct observation_point;

/* Who gets what comes of it. */
struct observations_ops {
	/* A case, classified; borrowed for the call. 0, or -errno to end. */
	int (*emit)(void *ctx, struct reset_case *c, const struct report_context *report);
	void (*notice)(void *ctx, const char *text);
	void (*warn)(void *ctx, const char *text);
	void *ctx;
};

/** observations__new() - NULL with errno */
struct observations *observations__new(void);

/** observations__begin() - the next capture; @name is copied. NULL when out of memory. */
struct observation_point *observations__begin(struct observations *all, const char *name);

/** observation_point__see() - each segment of it */
void observation_point__see(struct observation_point *v, const struct tracked_segment *seg);

/** observation_point__take() - each of its resets; copied. 0 or -errno. */
int observation_point__take(struct observation_point *v, const struct capture_case *w);

/** observation_point__end() - copy the names of its places; 0 or -ENOMEM */
int observation_point__end(struct observation_point *v,
			   const char *(*place_name)(void *ctx, uint32_t i), void *ctx,
			   unsigned int n_places);

/** observations__finish() - align the clocks, join what is one, classify, and hand out */
int observations__finish(struct observations *all, const struct observations_ops *ops);

void observations__free(struct observations *all);

#endif
