// SPDX-License-Identifier: GPL-2.0-only
/*
 * pinned_detach.c - take programs off their interfaces: those of the recorder that stays, and on
 * request those that somebody attached by hand.
 */
#include "live/pinned_detach.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <net/if.h>

#include "base/log.h"
#include "live/attach_xdp.h"
#include "live/bpf_holders.h"
#include "live/bpf_ids.h"
#include "live/bpf_pins.h"
#include "live/pin_links.h"
#include "live/pinned.h"

#define INITIAL_PID_NAMESPACE 0xeffffffcu /* its inode: PROC_PID_INIT_INO of the kernel */

struct attached *attached_find_or_say(void)
{
	struct attached *a = attached__find();

	if (!a)
		error("find what is attached: %s%s", error_name(errno),
		      errno == EPERM ? ": run as root" : "");
	return a;
}

static int detach_tcx(const struct pins *pins, const struct attached_program *p)
{
	int fd, type, err = 0;

	if (p->link_id) {
		err = pin_link_remove(pins, p->link_id);
		return err == -ENOENT ? -EBUSY : err;
	}
	fd = bpf_prog_get_fd_by_id(p->prog_id);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	type = p->path->ingress ? BPF_IDS_TCX_INGRESS : BPF_IDS_TCX_EGRESS;
	if (bpf_prog_detach2(fd, (int)p->path->ifindex, (enum bpf_attach_type)type))
		err = -errno;
	close(fd);
	return err;
}

/* Only if it is still this program. */
static int detach_plain_xdp(const struct attached_program *p)
{
	static const uint32_t flags[] = {
		[IF_XDP_OFFLOADED] = XDP_FLAGS_HW_MODE,
		[IF_XDP_NATIVE] = XDP_FLAGS_DRV_MODE,
		[IF_XDP_GENERIC] = XDP_FLAGS_SKB_MODE,
	};
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts);
	int err;

	if (p->link_id)
		return -EBUSY;
	opts.old_prog_fd = bpf_prog_get_fd_by_id(p->prog_id);
	if (opts.old_prog_fd < 0)
		return opts.old_prog_fd;
	err = bpf_xdp_detach((int)p->path->ifindex, flags[p->mode], &opts);
	close(opts.old_prog_fd);
	return err;
}

int program_detach(const struct pins *pins, struct netlink *nl, const struct attached_program *p)
{
	uint32_t ifindex = p->path->ifindex;
	int n = 0;

	switch (p->way) {
	case ATTACHED_TCX:
		return detach_tcx(pins, p);
	case ATTACHED_FILTER:
		n = clsact_detach(nl, ifindex, p->path->ingress ? CLSACT_INGRESS : CLSACT_EGRESS,
				  p->prog_id);
		break;
	case ATTACHED_XDP:
		return detach_plain_xdp(p);
	case ATTACHED_DISPATCHED:
		n = xdp_detach_program(ifindex, p->prog_id);
		break;
	}
	return n < 0 ? n : 0;
}

/* --- all of them ------------------------------------------------------------------------------ */

struct detaching {
	const struct detach_config *cfg;
	struct netlink *nl;
	struct pins pins;
	struct bpf_pins pinned;	    /* by anybody */
	struct bpf_holders holders; /* of maps */
	bool knows_holders;
	unsigned int n;
	unsigned int n_by_hand; /* and left */
	int err;
};

static bool wants(const struct detaching *d, const char *name)
{
	unsigned int i;

	for (i = 0; i < d->cfg->n_interfaces; i++)
		if (!strcmp(d->cfg->interfaces[i], name) || !strcmp(d->cfg->interfaces[i], "any"))
			return true;
	return !d->cfg->n_interfaces;
}

static const char *hook_of(const struct attached_program *p)
{
	if (p->way == ATTACHED_XDP || p->way == ATTACHED_DISPATCHED)
		return "XDP";
	return p->path->ingress ? "tc ingress" : "tc egress";
}

/* A watch holds its links, gives its filters this name, and always has something at egress. */
static bool is_of_watch(const struct attached_program *p)
{
	return (p->way == ATTACHED_TCX && p->link_id) ||
	       (p->way == ATTACHED_FILTER && !strcmp(p->filter.name, CLSACT_NAME));
}

static bool is_by_hand(const struct attached_program *p)
{
	unsigned int i;

	if (p->way == ATTACHED_XDP)
		return !p->link_id;
	if (p->way != ATTACHED_DISPATCHED)
		return !is_of_watch(p);
	for (i = 0; i < p->recorder->n_programs; i++)
		if (is_of_watch(p->recorder->programs[i]))
			return false;
	return true;
}

/* In another process namespace we see but some of those that may have its maps open. */
static bool sees_all_processes(void)
{
	struct stat st;

	return !stat("/proc/self/ns/pid", &st) && st.st_ino == INITIAL_PID_NAMESPACE;
}

static void read_holders(struct detaching *d)
{
	d->knows_holders = sees_all_processes() && !bpf_pins_read(&d->pinned) &&
			   !bpf_holders_read(&d->holders);
}

/* Its watch is gone, and is not known by notes, or no watch has started since. */
static bool is_nobodys(const struct detaching *d, const struct attached_program *p)
{
	uint32_t ring = p->recorder->ring_id;

	return d->knows_holders && !bpf_pins_find(&d->pinned, BPF_KIND_MAP, ring) &&
	       !bpf_holders_find(&d->holders, BPF_KIND_MAP, ring);
}

static void detach_one(struct detaching *d, const struct attached_program *p)
{
	int err = program_detach(&d->pins, d->nl, p);

	if (!err) {
		d->n++;
		return;
	}
	error("detach from %s of '%s': %s", hook_of(p), p->path->ifname, error_name(err));
	d->err = err;
}

static void look_at(struct detaching *d, const struct attached_program *p)
{
	if (!p->recorder)
		return;
	if (pins_owner(&d->pins, p->recorder->ring_id)) {
		detach_one(d, p);
	} else if (is_by_hand(p) || is_nobodys(d, p)) {
		if (d->cfg->by_hand) {
			detach_one(d, p);
			return;
		}
		notice("%s: program %u at %s was %s and is left there", p->path->ifname, p->prog_id,
		       hook_of(p),
		       is_by_hand(p) ? "attached by hand" : "left by a watch that is no more");
		d->n_by_hand++;
	}
}

/* Only one that was noted, that had our filters until now, and that nobody else uses. */
static void remove_qdisc(struct detaching *d, const struct pin_place *place, uint32_t ifindex)
{
	if (pin_qdisc_forget(place, ifindex))
		clsact_remove(d->nl, ifindex);
}

static void detach_path(struct detaching *d, const struct attached_path *path)
{
	const struct pin_place *had_filter = NULL;
	unsigned int i, n = d->n;

	for (i = 0; i < path->n; i++) {
		const struct attached_program *p = &path->programs[i];

		if (!had_filter && p->way == ATTACHED_FILTER && p->recorder)
			had_filter = pins_owner(&d->pins, p->recorder->ring_id);
		look_at(d, p);
	}
	/* Egress comes after ingress; while ours are on the other hook it is not empty. */
	if (had_filter && d->n > n &&
	    !(path->ingress && path->next && path->next->ifindex == path->ifindex))
		remove_qdisc(d, had_filter, path->ifindex);
	if (d->n > n && !(path->ingress && path->next && path->next->ifindex == path->ifindex))
		notice("%s: detached", path->ifname);
}

static void look_for_names(const struct detach_config *cfg)
{
	unsigned int i;

	for (i = 0; i < cfg->n_interfaces; i++)
		if (strcmp(cfg->interfaces[i], "any") && !if_nametoindex(cfg->interfaces[i]))
			warning("no interface '%s' in this network namespace", cfg->interfaces[i]);
}

/* Those that somebody has removed, or whose interface is gone. */
static void forget_dispatchers(const struct pins *pins)
{
	unsigned int i;

	xdp_remove_pins(0, pins->own.ring_id);
	for (i = 0; i < pins->n_others; i++)
		xdp_remove_pins(0, pins->others[i].ring_id);
}

static void sum_up(const struct detaching *d)
{
	if (!d->n && !d->err)
		notice("nothing of `rstscope attach` was attached");
	if (d->n_by_hand)
		notice("`rstscope detach --by-hand` also detaches what was attached by hand");
}

int pinned_detach(const struct detach_config *cfg, struct netlink *nl)
{
	struct detaching d = { .cfg = cfg, .nl = nl };
	const struct attached_path *path;
	struct attached *found;
	int err = pins_open(&d.pins, false);

	if (err && err != -ENOENT)
		return err;
	look_for_names(cfg);
	read_holders(&d);
	found = attached_find_or_say();
	err = found ? 0 : -errno;
	for (path = found ? attached__paths(found) : NULL; path; path = path->next)
		if (wants(&d, path->ifname))
			detach_path(&d, path);
	attached__free(found);
	if (!err)
		forget_dispatchers(&d.pins);
	if (!err && d.pins.lock >= 0)
		pins_remove_unused(&d.pins, !cfg->n_interfaces);
	pins_close(&d.pins);
	bpf_pins_free(&d.pinned);
	bpf_holders_free(&d.holders);
	if (!err)
		sum_up(&d);
	return err ? err : d.err;
}
