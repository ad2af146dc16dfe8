/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * join.h - bring the RSTs on the wire and the kernel's own accounts together, one case a reset.
 *
 * Events arrive out of order, several times (one RST crosses many interfaces), or not at all.
 * A case is complete when its window has passed in event time; what it means is not known here.
 */
#ifndef JOIN_H
#define JOIN_H

#include "live/decode.h"

struct join;

struct join_ops {
	/* A RST was seen for the first time: collect what will not wait. */
	void (*opened)(void *ctx, struct reset_case *c);
	/* Nothing more will come; borrowed for the call. */
	void (*completed)(void *ctx, struct reset_case *c);
	/* In place of that: the case has become part of another. May be NULL. */
	void (*dropped)(void *ctx, struct reset_case *c);
	/* How many events were lost until now. May be NULL: none is ever lost. */
	uint64_t (*lost)(void *ctx);
	/*
	 * The namespace of the interfaces that are watched, where accounts come of all others too: a
	 * reset of theirs is a case even if its RST crosses none of these. 0 = they do not come.
	 */
	uint32_t netns;
	void *ctx;
};

struct join_stats {
	uint64_t cases;
	uint64_t refused;   /* RSTs beyond the table's size: lost */
	uint64_t unclaimed; /* resets of the kernel whose RST crossed no watched interface */
};

/** join__new() - NULL with errno when out of memory */
struct join *join__new(const struct join_ops *ops);

/**
 * join__read_begins() - events will be read now
 *
 * What was lost before the previous reading began cannot have belonged to a case that this one
 * opens, unless cases were open all the time. To be called before each reading.
 */
void join__read_begins(struct join *j);

/** join__event() - take one event; @ev is copied */
void join__event(struct join *j, const struct event *ev);

/** join__tick() - complete what is due at @now_ns (CLOCK_MONOTONIC) */
void join__tick(struct join *j, uint64_t now_ns);

/** join__flush() - complete everything */
void join__flush(struct join *j);

/** join__next_ns() - when the next case is due; UINT64_MAX: none is open */
uint64_t join__next_ns(const struct join *j);

const struct join_stats *join__stats(const struct join *j);
void join__free(struct join *j);

#endif
