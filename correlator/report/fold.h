/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fold.h - an incident of many resets as the first of them and a line now and then.
 */
#ifndef FOLD_H
#define FOLD_H

#include "report/report_lines.h"

struct fold;

/* Resets of an incident that were not printed whole, since the last line of it. */
struct folded {
	char id[INCIDENT_ID_TEXT];
	const char *role;
	uint64_t n;
	uint64_t all; /* of the incident, with the one that was printed */
	uint64_t per_second;
};

/** fold__new() - NULL with errno */
struct fold *fold__new(void);

/**
 * fold__take() - is it to be folded? false: it is to be printed whole
 * @ret: what to print in a line instead; n == 0: nothing yet
 * @ret_left: of an incident that had to make room: likewise
 */
bool fold__take(struct fold *f, const struct reset_case *c, uint64_t wall_ns, struct folded *ret,
		struct folded *ret_left);

/** fold__rest() - what no line has counted yet, one at a time; false: nothing is left */
bool fold__rest(struct fold *f, struct folded *ret);

/** fold__free() - takes NULL */
void fold__free(struct fold *f);

#endif
