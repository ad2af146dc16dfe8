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

/* A case of the holder's, with what other files show of it; for joined_case__...(). */
struct joined_case {
	struct observations *all;
	const struct kept *kept;
	int64_t clock_ns; /* the clock of its file is ahead of the first one's by this */
};

/* Who gets what comes of it. */
struct observations_ops {
	/* A case, classified; borrowed for the call. 0, or -errno to end. */
	int (*emit)(void *ctx, struct reset_case *c, const struct report_context *report);
	/* A case that observation_point__take_own() got; 0, or -errno to end. */
	int (*emit_own)(void *ctx, void *own, const struct joined_case *joined);
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

/**
 * observation_point__take_own() - a reset of which its holder knows more than packets
 * @w: what packets show of it, by the wall clock; its places are of observation_point__place()
 * @is_reset: it may be joined with others
 * @is_strong: it names a cause, so that what others show is part of it
 * @own: for emit_own
 *
 * Return: 0; -ENOSPC: there are too many; -ENOMEM.
 */
int observation_point__take_own(struct observation_point *v, const struct capture_case *w,
				bool is_reset, bool is_strong, void *own);

/** observation_point__place() - the number of an interface of this name; -ENOMEM */
int observation_point__place(struct observation_point *v, const char *name);

/** joined_case__merge() - add what others show; @wall_offset_ns: of the case's clock, less clock_ns */
void joined_case__merge(const struct joined_case *j, struct reset_case *c, int64_t wall_offset_ns);

/** joined_case__place() - the name of a place with PLACE_ELSEWHERE */
const char *joined_case__place(const struct joined_case *j, uint32_t ifindex);

/** observation_point__end() - copy the names of its places; 0 or -ENOMEM */
int observation_point__end(struct observation_point *v,
			   const char *(*place_name)(void *ctx, uint32_t i), void *ctx,
			   unsigned int n_places);

/** observations__finish() - align the clocks, join what is one, classify, and hand out */
int observations__finish(struct observations *all, const struct observations_ops *ops);

void observations__free(struct observations *all);

#endif
