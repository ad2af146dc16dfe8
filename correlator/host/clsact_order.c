// SPDX-License-Identifier: GPL-2.0-only
/*
 * clsact_order.c - who else has filters on a clsact qdisc, and which priority ours takes among them.
 */
#include "host/clsact_order.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "host/if_programs.h"

struct looking {
	struct clsact_order *order;
	uint32_t prog_id;
	unsigned int
		n; /* others, so far: the kernel lists filters in the order in which they run */
	struct if_filter last;
};

/* Of another watch, or loaded by hand: it lets every packet pass on to the next. */
static bool is_rstscope(const struct if_filter *f)
{
	return !strcmp(f->name, CLSACT_NAME) || !strncmp(f->name, "rst_tc", 6);
}

static void note_ours(struct looking *l, const struct if_filter *f)
{
	const struct if_filter *last = &l->last;

	l->order->ours = (uint16_t)f->pref;
	l->order->n_before = l->n;
	l->order->before = (uint16_t)last->pref;
	l->order->before_id = last->prog_id;
	snprintf(l->order->before_name, sizeof(l->order->before_name), "%s",
		 last->name[0] ? last->name : last->kind);
}

static void on_filter(void *ctx, const struct if_filter *f)
{
	struct looking *l = ctx;

	if (f->chain || f->is_head)
		return;
	if (f->pref < CLSACT_LOW)
		l->order->taken |= 1ull << f->pref;
	if (l->prog_id && f->prog_id == l->prog_id) {
		if (!l->order->ours)
			note_ours(l, f);
	} else if (!is_rstscope(f)) {
		if (!l->n++)
			l->order->lowest = (uint16_t)f->pref;
		l->last = *f;
	}
}

int clsact_look(struct netlink *nl, uint32_t ifindex, enum clsact_direction dir, uint32_t prog_id,
		struct clsact_order *ret)
{
	struct looking looking = { .order = ret, .prog_id = prog_id };

	memset(ret, 0, sizeof(*ret));
	return if_filter_each(nl, ifindex, dir, on_filter, &looking);
}

uint16_t clsact_choose(const struct clsact_order *order)
{
	uint16_t p;

	for (p = 2; p < CLSACT_LOW - 1 && order->taken & 1ull << p; p++)
		;
	if (order->lowest && p > order->lowest && !(order->taken & 1ull << 1))
		return 1;
	return p;
}
