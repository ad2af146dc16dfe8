/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * causes.h - the catalogue: one row is one cause, and nothing else lists them.
 *
 * An id is the JSON value, the metric label, the docs anchor and the name of the test case; it
 * never changes once released.
 */
#ifndef CAUSES_H
#define CAUSES_H

#include <stddef.h>

#include "diagnose/facts.h"

#define CAUSE_WAYS_MAX 6
#define CAUSE_BEHIND_MAX 2
#define CAUSE_ADVICE_MAX 4

struct advice {
	const char *action; /* "do" in JSON */
	const char *price;
	const char *undo;
	fact_set needs; /* FACT() masks; facts that are not known fulfil `forbids` */
	fact_set forbids;
};

/* One set of facts that proves the cause. */
struct way {
	enum confidence confidence; /* CONF_NONE ends the list */
	fact_set needs;		    /* FACT() masks */
	fact_set forbids;	    /* must be known to be false */
};

/*
 * A cause that shows here as this one, at the other host or (of a RST that came in) at this one;
 * no evidence that there is can tell.
 */
struct behind {
	const char *id; /* NULL ends the list */
	fact_set needs; /* FACT() masks */
};

/*
 * For captures, where most causes stay possible: which come first. Each fact that hints at it
 * counts for it, and against it where it is known not to hold; what makes it unlikely counts twice.
 */
struct rank {
	fact_set hints; /* FACT() masks */
	fact_set unlikely_if;
	unsigned int seldom; /* how much rarer it is in practice, in facts */
	bool tells_where;    /* and not why: no candidate */
	bool live;	     /* no capture tells: no candidate of one */
};

struct cause {
	const char *id;
	const char *title; /* templates, see template.h */
	const char *reference;
	enum reset_type type;
	enum origin origin;
	struct way ways[CAUSE_WAYS_MAX];
	struct behind behind[CAUSE_BEHIND_MAX];
	struct rank rank;
	struct advice advice[CAUSE_ADVICE_MAX];
};

/* Matched from the first row on; the last is "unknown", which always matches. */
extern const struct cause causes[];
extern const size_t n_causes;

/** cause_find() - the row with this id; NULL if there is none. */
const struct cause *cause_find(const char *id);

/** cause_is_listed() - is @id one of @list ("a,b,c")? NULL lists all. */
bool cause_is_listed(const char *list, const char *id);

/** cause_list_unknown() - the first of @list that is no cause, up to the next comma; or NULL */
const char *cause_list_unknown(const char *list);

#endif
