/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * groups.h - many resets as a few lines: by incident, cause, service, owner, pod or source.
 */
#ifndef GROUPS_H
#define GROUPS_H

#include <jansson.h>

#include "report/report_lines.h"

#define GROUP_NAME_MAX 576

enum group_by {
	GROUP_INCIDENT,
	GROUP_CAUSE,
	GROUP_SERVICE, /* the address and port that the client connected to, before NAT */
	GROUP_OWNER,
	GROUP_POD,
	GROUP_SOURCE, /* of the RST */
	N_GROUP_BYS,
};

/* Texts are foreign: to be escaped. */
struct group {
	const char *name;  /* what they share; of an incident, its id */
	const char *cause; /* of the first */
	char service[64];
	char owner[96]; /* "" = not known */
	uint64_t n;
	uint64_t from_ns; /* wall clock */
	uint64_t until_ns;
	bool causes_differ;
	char *sort_name; /* the name's owner */
};

struct groups;

/** groups__new() - NULL with errno */
struct groups *groups__new(enum group_by by);

void groups__add(struct groups *g, const struct reset_case *c, const struct report_context *ctx);

/** groups__sorted() - the largest first; borrowed until the next call of any */
const struct group *groups__sorted(struct groups *g, size_t *ret_n);

enum group_by groups__by(const struct groups *g);

/** group_by_id() - as --group takes it; NULL: there is no such number */
const char *group_by_id(unsigned int by);

/** group_name() - what @c is grouped by; foreign text, at most GROUP_NAME_MAX bytes */
void group_name(char *buf, size_t len, enum group_by by, const struct reset_case *c,
		const struct report_context *ctx);

/** groups__print() - a table for people, at most @max lines; nothing where there is no group */
void groups__print(struct groups *g, FILE *out, size_t max, bool local_time);

/** groups__json() - a new reference, or NULL when out of memory */
json_t *groups__json(struct groups *g);

/** groups__free() - takes NULL */
void groups__free(struct groups *g);

#endif
