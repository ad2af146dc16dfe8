// SPDX-License-Identifier: GPL-2.0-only
/*
 * attach_wire.c - attach the flight recorder to interfaces.
 *
 * tcx links (6.6) vanish with the process; before, filters on a clsact qdisc, with the priority
 * and handle that the kernel gives us, before all others; they are noted for a later start in
 * case we are killed. XDP goes through libxdp's dispatcher, so that others keep their programs.
 */
#include "live/attach_wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <linux/if_arp.h>
#include <xdp/libxdp.h>

#include "base/log.h"
#include "live/attach_journal.h"
#include "rst_tc.skel.h"
#include "rst_xdp.skel.h"

/* <linux/bpf.h> of Debian 12 is from before tcx; the numbers are ABI since 6.6. */
#define TCX_INGRESS 46
#define TCX_EGRESS 47
#define TCX_BEFORE (1u << 3) /* BPF_F_BEFORE: with no other named, before all */

struct tc_filter {
	bool attached;
	uint32_t handle;
	uint32_t priority;
	uint32_t prog_id;
};

struct wire_if {
	struct wire_if *next;
	struct link_info link;
	int tcx[2]; /* link descriptors, ingress and egress; -1 = none */
	struct tc_filter filter[2];
	bool made_qdisc;
	struct xdp_program *xdp;
	enum xdp_attach_mode xdp_mode;
};

struct wire {
	struct wire_config cfg;
	const struct shared_maps *maps;
	struct netlink *nl;
	struct attach_journal *leftovers;
	struct bpf_object *obj;
	struct wire_if *ifs;
	bool left_something;
};

enum { INGRESS, EGRESS };

static const enum bpf_tc_attach_point tc_points[] = { BPF_TC_INGRESS, BPF_TC_EGRESS };

static bool remove_filter(uint32_t ifindex, int dir, const struct tc_filter *f)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex, .attach_point = tc_points[dir]);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = f->handle, .priority = f->priority);

	if (bpf_tc_query(&hook, &opts) || opts.prog_id != f->prog_id)
		return false;
	opts.prog_fd = 0;
	opts.prog_id = 0;
	opts.flags = 0;
	return !bpf_tc_detach(&hook, &opts);
}

/* Only our own qdisc, and only when nobody else has put a filter on it meanwhile. */
static bool remove_qdisc(struct netlink *nl, uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex,
		    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);

	if (netlink__has_tc_filters(nl, ifindex) != 0)
		return false;
	return !bpf_tc_hook_destroy(&hook);
}

static bool remove_xdp(const struct leftover *item)
{
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex((int)item->ifindex);
	struct xdp_program *prog = NULL;
	bool removed = false;

	if (libxdp_get_error(mp))
		return false;
	if (xdp_multiprog__is_legacy(mp)) {
		prog = xdp_multiprog__main_prog(mp);
		if (xdp_program__id(prog) == item->prog_id)
			removed = !xdp_multiprog__detach(mp);
	} else {
		while ((prog = xdp_multiprog__next_prog(prog, mp))) {
			if (xdp_program__id(prog) != item->prog_id)
				continue;
			removed = !xdp_program__detach(prog, (int)item->ifindex,
						       xdp_multiprog__attach_mode(mp), 0);
			break;
		}
	}
	xdp_multiprog__close(mp);
	return removed;
}

static bool remove_leftover(void *ctx, const struct leftover *item)
{
	struct wire *w = ctx;
	struct tc_filter f = {
		.handle = item->handle,
		.priority = item->priority,
		.prog_id = item->prog_id,
	};

	switch (item->kind) {
	case LEFTOVER_INGRESS:
		return remove_filter(item->ifindex, INGRESS, &f);
	case LEFTOVER_EGRESS:
		return remove_filter(item->ifindex, EGRESS, &f);
	case LEFTOVER_QDISC:
		return remove_qdisc(w->nl, item->ifindex);
	case LEFTOVER_XDP:
		return remove_xdp(item);
	}
	return false;
}

static void clean_up_after_others(struct wire *w)
{
	int n = attach_journal_reap(w->cfg.netns, remove_leftover, w);

	if (n)
		notice("removed %d leftover%s of an rstscope that was killed", n, n > 1 ? "s" : "");
}

static int load_tc(struct bpf_object *obj, struct shared_maps *maps)
{
	struct bpf_program *prog;

	/* "tc/ingress" is what tc users type; libbpf before 1.3 does not know it. */
	bpf_object__for_each_program (prog, obj)
		bpf_program__set_type(prog, BPF_PROG_TYPE_SCHED_CLS);
	return embedded_load(obj, maps);
}

struct wire *wire__load(const struct wire_config *cfg, struct shared_maps *maps, struct netlink *nl)
{
	struct wire *w = calloc(1, sizeof(*w));
	const void *elf;
	size_t size;
	int err;

	if (!w)
		return NULL;
	w->cfg = *cfg;
	w->maps = maps;
	w->nl = nl;
	clean_up_after_others(w);
	elf = rst_tc__elf_bytes(&size);
	w->obj = embedded_open(elf, size, "rst_tc", NULL, maps);
	err = w->obj ? load_tc(w->obj, maps) : -errno;
	if (err) {
		error("load the tc programs: %s", error_name(err));
		wire__free(w);
		errno = -err;
		return NULL;
	}
	return w;
}

/* Packets on these begin with the IP header. */
static bool has_no_ethernet(const struct link_info *link)
{
	return link->type != ARPHRD_ETHER && link->type != ARPHRD_LOOPBACK;
}

static bool is_supported(const struct link_info *link)
{
	switch (link->type) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK:
	case ARPHRD_NONE:
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
	case ARPHRD_IPGRE:
	case ARPHRD_IP6GRE:
	case ARPHRD_PPP:
	case ARPHRD_RAWIP:
		return true;
	default:
		return false;
	}
}

static int program_fd(const struct wire *w, const struct wire_if *wif, int dir)
{
	static const char *const names[2][2] = { { "rst_tc_ingress", "rst_tc_in_l3" },
						 { "rst_tc_egress", "rst_tc_eg_l3" } };
	const char *name = names[dir][has_no_ethernet(&wif->link)];

	return bpf_program__fd(bpf_object__find_program_by_name(w->obj, name));
}

static uint32_t program_id(int fd)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.id;
}

static int attach_tcx(const struct wire *w, struct wire_if *wif, int dir)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = TCX_BEFORE);
	int fd;

	fd = bpf_link_create(program_fd(w, wif, dir), (int)wif->link.ifindex,
			     (enum bpf_attach_type)(dir == INGRESS ? TCX_INGRESS : TCX_EGRESS),
			     &opts);
	if (fd < 0)
		return fd;
	wif->tcx[dir] = fd;
	return 0;
}

static void note(struct wire *w, enum leftover_kind kind, uint32_t ifindex,
		 const struct tc_filter *f)
{
	struct leftover item = { .kind = kind, .ifindex = ifindex };

	if (f) {
		item.handle = f->handle;
		item.priority = f->priority;
		item.prog_id = f->prog_id;
	}
	if (!w->leftovers)
		w->leftovers = attach_journal__open(w->cfg.netns);
	if (!w->leftovers || attach_journal__note(w->leftovers, &item))
		warning("cannot write /run/rstscope (%s): if rstscope is killed with SIGKILL, remove "
			"its filters by hand with `tc filter del`",
			error_name(errno));
}

static int make_qdisc(struct wire *w, struct wire_if *wif)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)wif->link.ifindex,
		    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	int err = bpf_tc_hook_create(&hook);

	if (err == -EEXIST || wif->made_qdisc)
		return 0;
	if (err)
		return err;
	wif->made_qdisc = true;
	note(w, LEFTOVER_QDISC, wif->link.ifindex, NULL);
	return 0;
}

static int attach_filter(struct wire *w, struct wire_if *wif, int dir)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)wif->link.ifindex,
		    .attach_point = tc_points[dir]);
	/* No priority: the kernel then makes one of our own, before those that exist. */
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = program_fd(w, wif, dir));
	int err;

	err = make_qdisc(w, wif);
	if (!err)
		err = bpf_tc_attach(&hook, &opts);
	if (err)
		return err;
	wif->filter[dir] = (struct tc_filter){
		.attached = true,
		.handle = opts.handle,
		.priority = opts.priority,
		.prog_id = program_id(opts.prog_fd),
	};
	note(w, dir == INGRESS ? LEFTOVER_INGRESS : LEFTOVER_EGRESS, wif->link.ifindex,
	     &wif->filter[dir]);
	return 0;
}

static int attach_tc(struct wire *w, struct wire_if *wif, int dir)
{
	int err = attach_tcx(w, wif, dir);

	if (err)
		debug("tcx on '%s': %s; using clsact", wif->link.name, error_name(err));
	return err ? attach_filter(w, wif, dir) : 0;
}

static struct xdp_program *open_xdp(const struct wire *w)
{
	struct bpf_object *obj;
	struct xdp_program *xdp;
	const void *elf;
	size_t size;

	elf = rst_xdp__elf_bytes(&size);
	obj = embedded_open(elf, size, "rst_xdp", NULL, w->maps);
	if (!obj)
		return NULL;
	xdp = xdp_program__from_bpf_obj(obj, "xdp");
	if (libxdp_get_error(xdp)) {
		bpf_object__close(obj);
		return NULL;
	}
	return xdp;
}

static int try_xdp(struct wire *w, struct wire_if *wif, enum xdp_attach_mode mode)
{
	struct xdp_program *xdp = open_xdp(w);
	struct tc_filter f = { .handle = mode };
	int err;

	if (!xdp)
		return -ENOMEM;
	err = xdp_program__attach(xdp, (int)wif->link.ifindex, mode, 0);
	if (err) {
		xdp_program__close(xdp);
		return err;
	}
	f.prog_id = xdp_program__id(xdp);
	wif->xdp = xdp;
	wif->xdp_mode = mode;
	note(w, LEFTOVER_XDP, wif->link.ifindex, &f);
	return 0;
}

static int attach_xdp(struct wire *w, struct wire_if *wif)
{
	int err = try_xdp(w, wif, XDP_MODE_NATIVE);

	if (!err)
		return 0;
	notice("%s: no native XDP (%s): using generic XDP, which costs more per packet",
	       wif->link.name, error_name(err));
	return try_xdp(w, wif, XDP_MODE_SKB);
}

static int attach_ingress(struct wire *w, struct wire_if *wif)
{
	int err;

	if (w->cfg.xdp && wif->link.type == ARPHRD_ETHER) {
		err = attach_xdp(w, wif);
		if (!err)
			return 0;
		warning("attach XDP to '%s': %s: using tc ingress", wif->link.name,
			error_name(err));
	}
	return attach_tc(w, wif, INGRESS);
}

static void detach_xdp(struct wire *w, struct wire_if *wif)
{
	int err;

	if (!wif->xdp)
		return;
	err = xdp_program__detach(wif->xdp, (int)wif->link.ifindex, wif->xdp_mode, 0);
	if (err && err != -ENODEV && !wif->link.gone) {
		warning("detach XDP from '%s': %s", wif->link.name, error_name(err));
		w->left_something = true;
	}
	xdp_program__close(wif->xdp);
}

static void detach(struct wire *w, struct wire_if *wif)
{
	int dir;

	detach_xdp(w, wif);
	for (dir = INGRESS; dir <= EGRESS; dir++) {
		if (wif->tcx[dir] >= 0)
			close(wif->tcx[dir]);
		if (wif->filter[dir].attached && !wif->link.gone)
			remove_filter(wif->link.ifindex, dir, &wif->filter[dir]);
	}
	if (wif->made_qdisc && !wif->link.gone)
		remove_qdisc(w->nl, wif->link.ifindex);
	free(wif);
}

static void say_how(const struct wire_if *wif)
{
	const char *in =
		wif->xdp ? (wif->xdp_mode == XDP_MODE_NATIVE ? "XDP (native)" : "XDP (generic)") :
		wif->tcx[INGRESS] >= 0 ? "tc ingress (tcx)" :
					 "tc ingress (clsact)";

	notice("wire view: %s by %s, tc egress (%s)", wif->link.name, in,
	       wif->tcx[EGRESS] >= 0 ? "tcx" : "clsact");
}

static struct wire_if **find_if(struct wire *w, uint32_t ifindex)
{
	struct wire_if **at = &w->ifs;

	while (*at && (*at)->link.ifindex != ifindex)
		at = &(*at)->next;
	return at;
}

bool wire__has(const struct wire *w, uint32_t ifindex)
{
	const struct wire_if *wif = w->ifs;

	while (wif && wif->link.ifindex != ifindex)
		wif = wif->next;
	return wif;
}

int wire__attach(struct wire *w, const struct link_info *link)
{
	struct wire_if **at = find_if(w, link->ifindex), *wif;
	int err;

	if (*at)
		return -EEXIST;
	if (!is_supported(link)) {
		warning("'%s' has a link type that is not supported (ARPHRD %u)", link->name,
			link->type);
		return -EOPNOTSUPP;
	}
	wif = calloc(1, sizeof(*wif));
	if (!wif)
		return -ENOMEM;
	wif->link = *link;
	wif->tcx[INGRESS] = wif->tcx[EGRESS] = -1;
	err = attach_ingress(w, wif);
	if (!err)
		err = attach_tc(w, wif, EGRESS);
	if (err) {
		error("attach to '%s': %s", link->name, error_name(err));
		detach(w, wif);
		return err;
	}
	say_how(wif);
	*at = wif;
	return 0;
}

bool wire__forget(struct wire *w, uint32_t ifindex)
{
	struct wire_if **at = find_if(w, ifindex), *wif = *at;

	if (!wif)
		return false;
	*at = wif->next;
	wif->link.gone = true;
	detach(w, wif);
	return true;
}

unsigned int wire__count(const struct wire *w)
{
	const struct wire_if *wif;
	unsigned int n = 0;

	for (wif = w->ifs; wif; wif = wif->next)
		n++;
	return n;
}

void wire__free(struct wire *w)
{
	struct wire_if *wif;

	if (!w)
		return;
	while ((wif = w->ifs)) {
		w->ifs = wif->next;
		detach(w, wif);
	}
	attach_journal__close(w->leftovers, !w->left_something);
	bpf_object__close(w->obj);
	free(w);
}
