/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * attach_probes.h - attach to the kernel's reset functions by whatever this kernel grants.
 */
#ifndef ATTACH_PROBES_H
#define ATTACH_PROBES_H

#include <stdint.h>
#include <stdio.h>

#include "live/bpf_object.h"
#include "live/probe_plan.h"

struct btf;
struct symbols;

struct kernel_view_config {
	enum tier tier;		 /* TIER_AUTO: the best for each function */
	uint32_t netns;		 /* inode; 0 = all */
	const char *btf_path;	 /* NULL = the kernel's own */
	const struct btf *btf;	 /* of the kernel; NULL = none: no kernel view then */
	struct symbols *symbols; /* NULL = hidden */
	bool user_stacks;	 /* are wanted, of applications that make resets */
};

struct kernel_probes;

/**
 * kernel_probes__attach() - attach what can be attached
 *
 * Lacking views are no error: see kernel_probes__views() and the plan.
 *
 * Return: NULL with errno only when out of memory.
 */
struct kernel_probes *kernel_probes__attach(const struct kernel_view_config *cfg,
					    struct shared_maps *maps);

/** kernel_probes__views() - enum coverage of what can be seen */
uint32_t kernel_probes__views(const struct kernel_probes *p);

/**
 * kernel_probes__missed() - how often a probe was skipped because it was running on that CPU already
 *
 * A reset that a timer sends while another is being reported goes without an account (5.12).
 */
uint64_t kernel_probes__missed(const struct kernel_probes *p);

/** kernel_probes__tier() - "fentry", "kprobe", "tracepoint" or "none": the best that is in use */
const char *kernel_probes__tier(const struct kernel_probes *p);

/** kernel_probes__print_plan() - what is attached, what is missing, and what that costs */
void kernel_probes__print_plan(const struct kernel_probes *p, FILE *out);

/** kernel_probes__plan() - the same for programs, as it was when last attached; until @p is freed */
const struct probe_plan *kernel_probes__plan(const struct kernel_probes *p);

/** kernel_probes__lacks_modules() - is a module not loaded whose functions we would probe? */
bool kernel_probes__lacks_modules(const struct kernel_probes *p);

/**
 * kernel_probes__look_again() - attach to functions of modules that were loaded since
 *
 * Cheap while nothing has changed. What is new goes to the log.
 */
void kernel_probes__look_again(struct kernel_probes *p);

void kernel_probes__free(struct kernel_probes *p);

#endif
