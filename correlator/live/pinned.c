// SPDX-License-Identifier: GPL-2.0-only
/*
 * pinned.c - attach the recorder that stays.
 *
 * What is of another version or has other constants is replaced in place: tcx links are updated,
 * filters changed; beside an XDP program the new one is attached before the old one goes. So there
 * is no moment without a recorder.
 */
#include "live/pinned.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <linux/if_arp.h>

#include "base/log.h"
#include "host/clsact_order.h"
#include "live/attach_xdp.h"
#include "live/pin_links.h"
#include "live/pinned_detach.h"
#include "live/pinned_order.h"
#include "live/program_same.h"
#include "live/ring_state.h"
#include "rst_ring.h"

struct pinned {
	struct pinned_config cfg;
	struct netlink *nl;
	struct pins pins;
	struct shared_maps maps;
	struct bpf_object *tc;
	struct bpf_object *xdp; /* NULL: not asked for, and none is attached */
	struct attached *found; /* before anything is changed */
};

/* What became of a hook. */
enum done { KEPT, REPLACED, ATTACHED_NOW };

/* --- maps and programs ------------------------------------------------------------------------ */

unsigned int pinned_cpus(void)
{
	int n = libbpf_num_possible_cpus();

	return (unsigned int)(n > 0 ? n : get_nprocs_conf());
}

/* Records for each CPU of a ring that is pinned; they were written when it was made. */
static unsigned int slots_of(int ring_fd)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const struct rst_ring *ring = mmap(NULL, page, PROT_READ, MAP_SHARED, ring_fd, 0);
	unsigned int slots = ring == MAP_FAILED ? 0 : ring->slots;

	if (ring != MAP_FAILED)
		munmap((void *)ring, page);
	return slots;
}

/* Also before the first packet it can be read off a ring what it is. */
static int write_headers(const struct shared_maps *maps)
{
	size_t stride = rst_ring_bytes(maps->slots), size = stride * maps->cpus;
	char *rings = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, maps->fd[MAP_RING], 0);
	unsigned int i;

	if (rings == MAP_FAILED)
		return -errno;
	for (i = 0; i < maps->cpus; i++) {
		struct rst_ring *ring = (void *)(rings + i * stride);

		ring->abi = RST_ABI_VERSION;
		ring->slots = maps->slots;
	}
	munmap(rings, size);
	return 0;
}

static int make_ring(struct pinned *p)
{
	int err = shared_maps_make_ring(&p->maps);

	if (err) {
		error("create the flight recorder (%.1f MB): %s%s",
		      (double)rst_ring_bytes(p->maps.slots) * p->maps.cpus / 1e6, error_name(err),
		      err == -ENOMEM ? ": --history makes it smaller" : "");
		return err;
	}
	err = write_headers(&p->maps);
	if (err)
		error("map the flight recorder: %s", error_name(err));
	return err;
}

static int share_ring(struct pinned *p)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(p->maps.fd[MAP_RING], &info, &len))
		return -errno;
	p->maps.cpus = info.max_entries;
	p->maps.slots = slots_of(p->maps.fd[MAP_RING]);
	if (!p->maps.slots || p->maps.slots > ring_room(info.value_size)) {
		error("'%s/maps/rst_ring' is not a ring of this version: remove it",
		      p->pins.own.path);
		return -EINVAL;
	}
	if (!p->cfg.slots || p->cfg.slots == p->maps.slots)
		return 0;
	error("the recorder that is attached has a history of %u records for each CPU: "
	      "`rstscope detach --all` before --history",
	      p->maps.slots);
	return -EEXIST;
}

static int load_tc(struct pinned *p)
{
	int err;

	p->tc = tc_object_open(&p->maps, &p->cfg.mark);
	err = p->tc ? tc_object_load(p->tc, &p->maps) : -errno;
	if (err)
		error("load the tc programs: %s", error_name(err));
	return err;
}

static bool is_xdp(const struct attached_program *a)
{
	return a->way == ATTACHED_XDP || a->way == ATTACHED_DISPATCHED;
}

static const struct pin_place *owner_of(const struct pinned *p, const struct attached_program *a)
{
	return a->recorder ? pins_owner(&p->pins, a->recorder->ring_id) : NULL;
}

static bool has_xdp(const struct pinned *p)
{
	const struct attached_path *path = attached__paths(p->found);
	unsigned int i;

	for (; path; path = path->next)
		for (i = 0; i < path->n; i++)
			if (is_xdp(&path->programs[i]) && owner_of(p, &path->programs[i]))
				return true;
	return false;
}

static int load_xdp(struct pinned *p)
{
	if (!p->cfg.xdp && !has_xdp(p))
		return 0;
	p->xdp = xdp_load(&p->maps);
	if (p->xdp)
		return 0;
	error("load the XDP program: %s", error_name(errno));
	return -errno;
}

static int pin_programs(const struct pinned *p)
{
	struct bpf_program *prog;
	int err = 0;

	bpf_object__for_each_program (prog, p->tc)
		err = err ? err : pin_place_pin_program(&p->pins.own, prog);
	if (err)
		error("pin the tc programs in '%s': %s", p->pins.own.path, error_name(err));
	return err;
}

static int load(struct pinned *p)
{
	int err;

	err = pin_place_maps(&p->pins.own, &p->maps);
	if (!err)
		err = p->maps.fd[MAP_RING] < 0 ? make_ring(p) : share_ring(p);
	if (!err)
		err = load_tc(p);
	if (!err)
		err = pin_place_pin_maps(&p->pins.own, &p->maps);
	if (!err)
		err = load_xdp(p);
	if (!err)
		err = pin_programs(p);
	return err;
}

struct pinned *pinned__open(const struct pinned_config *cfg, struct netlink *nl)
{
	struct pinned *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return NULL;
	p->cfg = *cfg;
	p->nl = nl;
	shared_maps_init(&p->maps, pinned_cpus(), cfg->slots ? cfg->slots : RST_RING_SLOTS);
	err = pins_open(&p->pins, true);
	if (!err) {
		p->found = attached_find_or_say();
		err = p->found ? load(p) : -errno;
	}
	if (!err)
		return p;
	pinned__free(p);
	errno = -err;
	return NULL;
}

/* --- one hook --------------------------------------------------------------------------------- */

static const struct attached_path *path_of(const struct pinned *p, uint32_t ifindex,
					   enum tc_direction dir)
{
	const struct attached_path *path = attached__paths(p->found);

	while (path && (path->ifindex != ifindex || path->ingress != (dir == INGRESS)))
		path = path->next;
	return path;
}

/* The next one of ours on a hook, after @at; NULL = the first */
static const struct attached_program *next_of_ours(const struct pinned *p, uint32_t ifindex,
						   enum tc_direction dir, bool xdp,
						   const struct attached_program *at)
{
	const struct attached_path *path = path_of(p, ifindex, dir);
	unsigned int i = at ? at->place + 1 : 0;

	for (; path && i < path->n; i++)
		if (is_xdp(&path->programs[i]) == xdp && owner_of(p, &path->programs[i]))
			return &path->programs[i];
	return NULL;
}

static enum clsact_direction clsact_of(enum tc_direction dir)
{
	return dir == INGRESS ? CLSACT_INGRESS : CLSACT_EGRESS;
}

static bool has_filter(const struct pinned *p, uint32_t ifindex, enum tc_direction dir)
{
	const struct attached_program *a = next_of_ours(p, ifindex, dir, false, NULL);

	return a && a->way == ATTACHED_FILTER;
}

/* Only a qdisc that was noted is made: whose we saw may remove it in the same moment. */
static int try_filter(struct pinned *p, uint32_t ifindex, enum tc_direction dir, int fd, bool ours)
{
	bool exists = clsact_exists(p->nl, ifindex) > 0, made = false;
	struct clsact_order order;
	int err;

	/* A note of a qdisc that has none of our filters is of one that is gone. */
	if (exists && !ours)
		pin_qdisc_forget(&p->pins.own, ifindex);
	err = exists ? 0 : pin_qdisc_note(&p->pins.own, ifindex);
	if (!err)
		err = clsact_look(p->nl, ifindex, clsact_of(dir), 0, &order);
	if (!err)
		err = clsact_attach(p->nl, ifindex, clsact_of(dir), fd, clsact_choose(&order),
				    !exists, &made);
	if (err && made)
		made = clsact_remove(p->nl, ifindex) != 0;
	if (!exists && !made)
		pin_qdisc_forget(&p->pins.own, ifindex);
	return err;
}

static int attach_filter(struct pinned *p, uint32_t ifindex, enum tc_direction dir, int fd,
			 bool is_second)
{
	bool ours = is_second || has_filter(p, ifindex, INGRESS) || has_filter(p, ifindex, EGRESS);
	int err = try_filter(p, ifindex, dir, fd, ours);

	return err == -ENOENT ? try_filter(p, ifindex, dir, fd, ours) : err;
}

/* A note goes along with the filters: it is in the place of their recorder. */
static void move_note(const struct pinned *p, const struct pin_place *from, uint32_t ifindex)
{
	if (from != &p->pins.own && pin_qdisc_forget(from, ifindex))
		pin_qdisc_note(&p->pins.own, ifindex);
}

static int replace(struct pinned *p, const struct attached_program *old, enum tc_direction dir,
		   int fd)
{
	uint32_t ifindex = old->path->ifindex;
	int n;

	if (old->way == ATTACHED_TCX)
		return pin_link_update(&p->pins, old->link_id, fd);
	n = clsact_replace(p->nl, ifindex, clsact_of(dir), old->prog_id, fd);
	if (n > 0)
		move_note(p, owner_of(p, old), ifindex);
	return n > 0 ? 0 : n ? n : -ENOENT;
}

/* Of both hooks before either has a filter: half an attach helps nobody. */
static int allow_filters(const struct pinned *p, const struct link_info *link,
			 enum tc_direction dir, int why)
{
	int err = 0, d;

	for (d = dir; d <= EGRESS && !err; d++)
		if (!next_of_ours(p, link->ifindex, d, false, NULL))
			err = pinned_order_allows_filter(link, d, why, p->cfg.force);
	return err;
}

static int attach_new(struct pinned *p, const struct link_info *link, enum tc_direction dir, int fd,
		      bool is_second)
{
	int err = pin_link_create(&p->pins.own, link->ifindex, dir, fd);

	if (!err)
		return 0;
	debug("tcx on '%s': %s; using clsact", link->name, error_name(err));
	err = allow_filters(p, link, dir, err);
	return err ? err : attach_filter(p, link->ifindex, dir, fd, is_second);
}

/* The program that we would attach, and one that writes to the ring of this version. */
static bool is_current(const struct pinned *p, const struct attached_program *a, int fd)
{
	return owner_of(p, a) == &p->pins.own && program_is_same(a->prog_id, fd);
}

static int attach_tc(struct pinned *p, const struct link_info *link, enum tc_direction dir,
		     bool is_second, enum done *ret)
{
	int fd = bpf_program__fd(tc_object_program(p->tc, link, dir)), err = 0;
	const struct attached_program *old = next_of_ours(p, link->ifindex, dir, false, NULL);

	*ret = old ? KEPT : ATTACHED_NOW;
	if (!old)
		return attach_new(p, link, dir, fd, is_second);
	for (; old && !err; old = next_of_ours(p, link->ifindex, dir, false, old)) {
		if (is_current(p, old, fd))
			continue;
		err = replace(p, old, dir, fd);
		*ret = REPLACED;
	}
	return err;
}

static bool is_same_xdp(const struct pinned *p, const struct attached_program *a)
{
	struct bpf_program *prog = bpf_object__next_program(p->xdp, NULL);

	return prog && is_current(p, a, bpf_program__fd(prog));
}

static int attach_new_xdp(struct pinned *p, const struct link_info *link)
{
	int err = xdp_attach(&p->maps, link->ifindex, true);

	if (!err)
		return 0;
	notice("%s: no native XDP (%s): using generic XDP, which is slower", link->name,
	       error_name(err));
	return xdp_attach(&p->maps, link->ifindex, false);
}

/* All of ours on arrivals but @keep. */
static int detach_arrivals(struct pinned *p, uint32_t ifindex, const struct attached_program *keep)
{
	const struct attached_program *a = NULL;
	int err = 0, xdp;

	for (xdp = 0; xdp <= 1; xdp++)
		for (a = NULL; (a = next_of_ours(p, ifindex, INGRESS, xdp, a));)
			if (a != keep && !err)
				err = program_detach(&p->pins, p->nl, a);
	return err;
}

/* Without a dispatcher there is room for one, which the kernel exchanges. */
static int exchange_xdp(const struct pinned *p, const struct attached_program *old)
{
	struct bpf_program *prog = bpf_object__next_program(p->xdp, NULL);

	return xdp_exchange(old->path->ifindex, old->prog_id, bpf_program__fd(prog),
			    old->mode != IF_XDP_GENERIC);
}

static int attach_xdp(struct pinned *p, const struct link_info *link, enum done *ret)
{
	const struct attached_program *a = NULL, *same = NULL, *plain = NULL;
	bool any = false;
	int err;

	while ((a = next_of_ours(p, link->ifindex, INGRESS, true, a))) {
		any = true;
		same = is_same_xdp(p, a) ? a : same;
		plain = a->way == ATTACHED_XDP ? a : plain;
	}
	*ret = same ? KEPT : any ? REPLACED : ATTACHED_NOW;
	if (plain && !same)
		return exchange_xdp(p, plain);
	xdp_remove_pins(link->ifindex, p->pins.own.ring_id);
	err = same ? 0 : attach_new_xdp(p, link);
	return err ? err : detach_arrivals(p, link->ifindex, same);
}

static int attach_arrivals(struct pinned *p, const struct link_info *link, enum done *ret)
{
	bool has = next_of_ours(p, link->ifindex, INGRESS, true, NULL);
	int err;

	if (has || (p->cfg.xdp && link->type == ARPHRD_ETHER &&
		    !xdp_is_taken(link->ifindex, link->name))) {
		err = attach_xdp(p, link, ret);
		if (!err || has)
			return err;
		warning("attach XDP to '%s': %s: using tc ingress", link->name, error_name(err));
	}
	return attach_tc(p, link, INGRESS, false, ret);
}

static void say(const struct link_info *link, enum done in, enum done out)
{
	static const char *const words[] = {
		[KEPT] = "was attached already",
		[REPLACED] = "replaced in place",
		[ATTACHED_NOW] = "attached",
	};

	if (in == out)
		notice("%s: %s", link->name, words[in]);
	else
		notice("%s: ingress %s, egress %s", link->name, words[in], words[out]);
}

static void report_order(struct pinned *p, const struct link_info *link, enum done in,
			 enum done out)
{
	const enum done done[] = { [INGRESS] = in, [EGRESS] = out };
	int dir;

	for (dir = INGRESS; dir <= EGRESS; dir++)
		if (done[dir] != KEPT)
			pinned_order_report(p->nl, link, dir,
					    bpf_program__fd(tc_object_program(p->tc, link, dir)));
}

static bool has_any(const struct pinned *p, uint32_t ifindex)
{
	return next_of_ours(p, ifindex, INGRESS, false, NULL) ||
	       next_of_ours(p, ifindex, INGRESS, true, NULL) ||
	       next_of_ours(p, ifindex, EGRESS, false, NULL);
}

/* Of an interface that had none of ours: half an attach helps nobody. */
static void undo(struct pinned *p, const struct link_info *link)
{
	struct attached *before = p->found;
	int err;

	p->found = attached_find_or_say();
	err = p->found ? detach_arrivals(p, link->ifindex, NULL) : -errno;
	attached__free(p->found);
	p->found = before;
	if (pin_qdisc_forget(&p->pins.own, link->ifindex))
		clsact_remove(p->nl, link->ifindex);
	if (err)
		error("detach from ingress of '%s' again: %s", link->name, error_name(err));
}

int pinned__attach(struct pinned *p, const struct link_info *link)
{
	enum done in = KEPT, out = KEPT;
	int err;

	if (!tc_object_supports(link)) {
		warning("'%s' has an unsupported link type (ARPHRD %u)", link->name, link->type);
		return -EOPNOTSUPP;
	}
	err = attach_arrivals(p, link, &in);
	if (!err)
		err = attach_tc(p, link, EGRESS, in == ATTACHED_NOW, &out);
	if (err && !has_any(p, link->ifindex))
		undo(p, link);
	if (err)
		error("attach to '%s': %s", link->name, error_name(err));
	else
		say(link, in, out);
	if (!err)
		report_order(p, link, in, out);
	return err;
}

/* Does anything write to the ring of a place? */
static bool is_in_use(const struct attached *now, const struct pin_place *place)
{
	const struct attached_recorder *r = attached__recorders(now);

	while (r && (!place->ring_id || r->ring_id != place->ring_id))
		r = r->next;
	return r;
}

/* Without the ring's pin nobody could tell later that what libxdp has pinned is ours. */
static void remove_place(const struct pin_place *place)
{
	int err;

	xdp_remove_pins(0, place->ring_id);
	err = pin_place_remove(place);
	if (err && err != -ENOENT)
		error("remove '%s': %s", place->path, error_name(err));
}

static void remove_if_unused(const struct attached *now, const struct pin_place *place, bool moved)
{
	struct pin_links_count links;

	pin_links_sweep(place);
	if (is_in_use(now, place))
		return;
	links = pin_links_count(place);
	if (links.live && moved)
		notice("%u link%s of interfaces that were moved to another network namespace: detached",
		       links.live, links.live > 1 ? "s" : "");
	if (!links.live || moved)
		remove_place(place);
}

/* Every interface has a link, where there are any: without them, nothing is attached any more. */
static void remove_if_dead(void *ctx, const struct pin_place *place)
{
	struct pin_links_count links = pin_links_count(place);

	(void)ctx;
	if (links.defunct && !links.live)
		remove_place(place);
}

void pins_remove_unused(struct pins *pins, bool moved)
{
	struct attached *now = attached_find_or_say();
	unsigned int i;

	if (!now)
		return;
	for (i = 0; i < pins->n_others; i++)
		remove_if_unused(now, &pins->others[i], moved);
	pins_each_elsewhere(pins, remove_if_dead, NULL);
	/* The directory above it, which has the lock, goes last. */
	remove_if_unused(now, &pins->own, moved);
	attached__free(now);
}

void pinned__free(struct pinned *p)
{
	if (!p)
		return;
	if (p->pins.lock >= 0)
		pins_remove_unused(&p->pins, false);
	attached__free(p->found);
	bpf_object__close(p->xdp);
	bpf_object__close(p->tc);
	shared_maps_close(&p->maps);
	pins_close(&p->pins);
	free(p);
}
