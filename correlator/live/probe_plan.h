/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * probe_plan.h - which of the kernel's reset functions are probed and how, and what is missing.
 */
#ifndef PROBE_PLAN_H
#define PROBE_PLAN_H

#include <stdbool.h>
#include <stdio.h>

/* From the best to the least. */
enum tier { TIER_NONE, TIER_FENTRY, TIER_KPROBE, TIER_TRACEPOINT, TIER_AUTO };

const char *tier_name(enum tier tier);

/** tier_parse() - from the word of --view; -EINVAL if it is none */
int tier_parse(const char *word, enum tier *ret);

struct probe_plan_row {
	const char *function;
	enum tier how;		/* TIER_NONE: it is not probed */
	bool partial;		/* silent where there is no socket */
	const char *why_not;	/* not probed; NULL: see refused, else nothing was tried */
	int err;		/* -errno, of why_not; 0 = none */
	const char *waits_for;	/* a module, when that is why it is not probed */
	int refused[TIER_AUTO]; /* -errno of the verifier, by tier; 0 = not refused */
	const char *price;	/* of not probing it */
};

#define PROBE_PLAN_ROWS 16

struct probe_plan {
	enum tier best;	     /* that is in use */
	const char *nothing; /* why there are no rows; NULL = there are */
	bool is_typed;	     /* without bpf_probe_read_kernel(), which this kernel refuses */
	unsigned int n_rows;
	struct probe_plan_row rows[PROBE_PLAN_ROWS];
};

/** probe_plan__print() - in lines for people */
void probe_plan__print(const struct probe_plan *plan, FILE *out);

#endif
