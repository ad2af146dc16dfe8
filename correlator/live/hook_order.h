/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hook_order.h - who runs before our program on a hook, and what that means; logged when it changes.
 */
#ifndef HOOK_ORDER_H
#define HOOK_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "host/clsact_order.h"
#include "live/bpf_ids.h"

/* As it was logged last; all zero = nobody. */
struct hook_order {
	unsigned int n;
	uint64_t key;
};

struct hook_before {
	unsigned int n;
	uint64_t key;	/* differs when others run before ours */
	char last[128]; /* the nearest, in words */
};

/**
 * hook_before_of() - the programs of others that packets meet before ours
 * @tcx: those on the hook; @our_id: ours among them, 0 = ours is a filter, which comes after all of them
 * @filters: NULL = ours is not a filter
 * @is_rstscope: those that pass everything on
 */
struct hook_before hook_before_of(const struct bpf_tcx *tcx, uint32_t our_id,
				  const struct clsact_order *filters,
				  bool (*is_rstscope)(uint32_t prog_id));

/** hook_order__report() - log what has changed since the last time */
void hook_order__report(struct hook_order *o, const struct hook_before *now, const char *ifname,
			bool ingress);

#endif
