/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * summary.h - many resets in a few numbers: when, why, whose, with whom.
 */
#ifndef SUMMARY_H
#define SUMMARY_H

#include <jansson.h>

#include "report/groups.h"
#include "report/report_json.h"

#define SUMMARY_BUCKETS 60

struct summary;

/** summary__new() - NULL with errno */
struct summary *summary__new(void);

/** summary__show() - by what its groups are, and whether people read its times as local ones */
int summary__show(struct summary *s, enum group_by by, bool local_time);

bool summary__local_time(const struct summary *s);

/** summary__groups() - owned by the summary */
struct groups *summary__groups(const struct summary *s);

void summary__add(struct summary *s, const struct reset_case *c,
		  const struct report_context *report);

uint64_t summary__cases(const struct summary *s);

/** summary__from_ns(), summary__until_ns() - first and last, wall clock; 0 without a case */
uint64_t summary__from_ns(const struct summary *s);
uint64_t summary__until_ns(const struct summary *s);

/**
 * summary__buckets() - resets over time
 * @ret_start_ns, @ret_width_ns: of the first, and of each
 *
 * Return: SUMMARY_BUCKETS numbers.
 */
const uint64_t *summary__buckets(const struct summary *s, uint64_t *ret_start_ns,
				 uint64_t *ret_width_ns);

/* Objects of numbers by name, in no order; borrowed. Beyond a bound, the rest is "others". */
const json_t *summary__causes(const struct summary *s); /* of [none, possible, likely, certain] */
const json_t *summary__impacts(const struct summary *s);
const json_t *summary__owners(const struct summary *s);
const json_t *summary__peers(const struct summary *s);
const json_t *summary__hosts(const struct summary *s);

/** summary__scope() - "3 resets on HOST, from ... to ..."; free() it */
char *summary__scope(const struct summary *s);

/** summary__json() - all of it; a new reference, or NULL when out of memory */
json_t *summary__json(const struct summary *s);

/** case_peer() - the other end, or the sender where this host had no part; at least 64 bytes */
void case_peer(const struct reset_case *c, char *buf, size_t len);

/** case_owner() - the owner's name, or container; "" if there is none. Foreign text. */
const char *case_owner(const struct reset_case *c);

void summary__free(struct summary *s);

#endif
