// SPDX-License-Identifier: GPL-2.0-only
/*
 * attach_reap.c - remove what sensors that were killed have left attached.
 */
#include "live/attach_reap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "base/log.h"
#include "host/clsact.h"
#include "live/attach_xdp.h"

/* An interface from which a filter of a dead sensor was removed. */
struct bared {
	uint32_t ifindex;
	uint32_t map_id; /* the sensor's */
	bool busy;	 /* its qdisc is to be removed, but filters of others were on it */
};

struct reaping {
	struct netlink *nl;
	struct bared *bared;
	size_t n_bared;
};

static struct bared *find_bared(const struct reaping *r, uint32_t ifindex, uint32_t map_id)
{
	size_t i;

	for (i = 0; i < r->n_bared; i++)
		if (r->bared[i].ifindex == ifindex && r->bared[i].map_id == map_id)
			return &r->bared[i];
	return NULL;
}

static void note_bared(struct reaping *r, uint32_t ifindex, uint32_t map_id)
{
	struct bared *grown = NULL;

	if (!find_bared(r, ifindex, map_id))
		grown = realloc(r->bared, (r->n_bared + 1) * sizeof(*grown));
	if (!grown)
		return;
	r->bared = grown;
	r->bared[r->n_bared++] = (struct bared){ .ifindex = ifindex, .map_id = map_id };
}

static bool is_named(uint32_t ifindex, const char *name)
{
	char buf[IFNAMSIZ];

	return if_indextoname(ifindex, buf) && !strcmp(buf, name);
}

static enum reaped reaped(int n)
{
	return n > 0 ? REAPED : n == 0 || n == -ENODEV ? REAPED_ABSENT : REAPED_NOT;
}

/*
 * The one by number, in its namespace; and the one of that name, also where it was moved to. What is
 * on neither may have gone elsewhere with its interface, unless that is still here.
 */
static enum reaped reap_xdp(const struct leftover *item, const struct attach_place *owner,
			    bool here)
{
	uint32_t by_name = if_nametoindex(item->ifname);
	enum reaped there = REAPED_NOT, result = REAPED_NOT;

	if (here)
		result = reaped(xdp_detach(item->ifindex, owner->map_id));
	if (by_name && (by_name != item->ifindex || !here))
		there = reaped(xdp_detach(by_name, owner->map_id));
	if (there == REAPED)
		result = REAPED;
	if (!here || !is_named(item->ifindex, item->ifname))
		return result == REAPED ? REAPED : REAPED_NOT;
	return xdp_remove_pins(item->ifindex, owner->map_id) ? REAPED : result;
}

static enum reaped reap_filter(struct reaping *r, const struct leftover *item,
			       const struct attach_place *owner)
{
	enum clsact_direction dir = item->kind == LEFTOVER_INGRESS ? CLSACT_INGRESS : CLSACT_EGRESS;
	int n = clsact_detach(r->nl, item->ifindex, dir, item->prog_id);

	if (n > 0)
		note_bared(r, item->ifindex, owner->map_id);
	return reaped(n);
}

/*
 * A qdisc has no mark of its own. It is still the one that was made if it had the filters of
 * the same sensor on it, which have just been removed.
 */
static enum reaped reap_qdisc(struct reaping *r, const struct leftover *item,
			      const struct attach_place *owner)
{
	struct bared *b = find_bared(r, item->ifindex, owner->map_id);
	int err;

	if (!b || !is_named(item->ifindex, item->ifname))
		return REAPED_ABSENT;
	err = clsact_remove(r->nl, item->ifindex);
	b->busy = err == -EBUSY;
	return err ? REAPED_NOT : REAPED;
}

/* Of others that are dead, too, and whose filters went after it was tried: Return: how many went. */
static int reap_busy(const struct reaping *r)
{
	size_t i;
	int n = 0;

	for (i = 0; i < r->n_bared; i++)
		if (r->bared[i].busy)
			n += !clsact_remove(r->nl, r->bared[i].ifindex);
	return n;
}

static enum reaped reap(void *ctx, const struct leftover *item, const struct attach_place *owner,
			bool here)
{
	switch (item->kind) {
	case LEFTOVER_INGRESS:
	case LEFTOVER_EGRESS:
		return reap_filter(ctx, item, owner);
	case LEFTOVER_QDISC:
		return reap_qdisc(ctx, item, owner);
	case LEFTOVER_XDP:
		return reap_xdp(item, owner, here);
	}
	return REAPED_ABSENT;
}

static bool map_lives(void *ctx, uint32_t map_id)
{
	int fd = bpf_map_get_fd_by_id(map_id);

	(void)ctx;
	if (fd >= 0)
		close(fd);
	/* Only its absence is sure: there may be no descriptor left, or no permission. */
	return fd != -ENOENT;
}

void attach_reap(const struct attach_place *place, struct netlink *nl)
{
	struct reaping reaping = { .nl = nl };
	struct reaper reaper = { reap, map_lives, &reaping };
	int n = attach_journal_reap(place, &reaper);

	n += reap_busy(&reaping);
	free(reaping.bared);
	if (n)
		notice("removed %d leftover%s of an rstscope that had been killed", n,
		       n > 1 ? "s" : "");
}
