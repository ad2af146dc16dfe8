// SPDX-License-Identifier: GPL-2.0-only
/*
 * hook_order.c - who runs before our program on a hook, and what that means; logged when it changes.
 */
#include "live/hook_order.h"

#include <stdio.h>

#include "base/log.h"

static void add_tcx(struct hook_before *b, const struct bpf_tcx *tcx, uint32_t our_id,
		    bool (*is_rstscope)(uint32_t prog_id))
{
	unsigned int i;

	for (i = 0; i < tcx->n && tcx->prog_id[i] != our_id; i++) {
		if (is_rstscope(tcx->prog_id[i]))
			continue;
		b->n++;
		b->key = b->key * 31 + tcx->prog_id[i];
		snprintf(b->last, sizeof(b->last), "tcx program %u", tcx->prog_id[i]);
	}
}

static void add_filters(struct hook_before *b, const struct clsact_order *f)
{
	if (!f->n_before)
		return;
	b->n += f->n_before;
	b->key = b->key * 31 + ((uint64_t)f->before << 32 | f->before_id) + f->n_before;
	snprintf(b->last, sizeof(b->last), "filter '%s' (pref %u)", f->before_name, f->before);
}

struct hook_before hook_before_of(const struct bpf_tcx *tcx, uint32_t our_id,
				  const struct clsact_order *filters,
				  bool (*is_rstscope)(uint32_t prog_id))
{
	struct hook_before b = { .n = 0 };

	add_tcx(&b, tcx, our_id, is_rstscope);
	if (filters)
		add_filters(&b, filters);
	return b;
}

void hook_order__report(struct hook_order *o, const struct hook_before *now, const char *ifname,
			bool ingress)
{
	const char *hook = ingress ? "tc ingress" : "tc egress";
	char more[32] = "";

	if (now->n > 1)
		snprintf(more, sizeof(more), " and %u more", now->n - 1);
	if (!now->n && o->n)
		notice("'%s': no program of others runs before ours at %s any more", ifname, hook);
	else if (now->n && now->n >= o->n && now->key != o->key)
		warning("'%s': %s%s of others run%s before ours at %s: what it accepts, drops or "
			"redirects is not recorded, and what it changes is recorded as changed%s",
			ifname, now->last, more, now->n > 1 ? "" : "s", hook,
			ingress ? " (--xdp comes before it)" : "");
	o->n = now->n;
	o->key = now->key;
}
