// SPDX-License-Identifier: GPL-2.0-only
/*
 * pinned_order.c - who runs before the recorder that stays: said when it is attached, and refused where
 * the order is fragile.
 */
#include "live/pinned_order.h"

#include <errno.h>
#include <string.h>
#include <bpf/bpf.h>

#include "base/log.h"
#include "host/clsact_order.h"
#include "live/hook_order.h"
#include "live/program_owner.h"

/* The first program of others; 0 = there is none */
static uint32_t stranger_at(const struct link_info *link, enum tc_direction dir)
{
	struct bpf_tcx tcx;
	unsigned int i;

	if (bpf_tcx_query(link->ifindex, dir == INGRESS, &tcx))
		return 0;
	for (i = 0; i < tcx.n; i++)
		if (!program_is_rstscope(tcx.prog_id[i]))
			return tcx.prog_id[i];
	return 0;
}

int pinned_order_allows_filter(const struct link_info *link, enum tc_direction dir, int why,
			       bool force)
{
	uint32_t id = force ? 0 : stranger_at(link, dir);
	struct bpf_prog_info info;

	if (!id)
		return 0;
	if (bpf_program_by_id(id, &info, NULL, 0))
		memset(&info, 0, sizeof(info));
	error("'%s': tcx program %u '%.16s' of others runs before all filters of tc %s, and ours can "
	      "only be a filter (tcx: %s): what that program accepts, drops or redirects would not "
	      "be recorded. Detach it and attach rstscope first, or insist with --force%s",
	      link->name, id, info.name, dir == INGRESS ? "ingress" : "egress", error_name(why),
	      dir == INGRESS ? "; --xdp comes before it" : "");
	return -EBUSY;
}

static uint32_t program_id(int fd)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.id;
}

static bool has(const struct bpf_tcx *tcx, uint32_t id)
{
	unsigned int i;

	for (i = 0; i < tcx->n; i++)
		if (tcx->prog_id[i] == id)
			return true;
	return false;
}

void pinned_order_report(struct netlink *nl, const struct link_info *link, enum tc_direction dir,
			 int prog_fd)
{
	enum clsact_direction at = dir == INGRESS ? CLSACT_INGRESS : CLSACT_EGRESS;
	struct hook_order nobody = { 0 };
	uint32_t id = program_id(prog_fd);
	struct clsact_order filters;
	struct hook_before before;
	struct bpf_tcx tcx;

	if (!id || bpf_tcx_query(link->ifindex, dir == INGRESS, &tcx) ||
	    clsact_look(nl, link->ifindex, at, id, &filters) || (!has(&tcx, id) && !filters.ours))
		return;
	before = hook_before_of(&tcx, has(&tcx, id) ? id : 0, &filters, program_is_rstscope);
	hook_order__report(&nobody, &before, link->name, dir == INGRESS);
}
