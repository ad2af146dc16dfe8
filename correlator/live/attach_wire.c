// SPDX-License-Identifier: GPL-2.0-only
/*
 * attach_wire.c - attach the flight recorder to interfaces.
 *
 * tcx links (6.6) vanish with the process; before, filters on a clsact qdisc, before all others,
 * or XDP: what is attached by these is noted first, for a later start in case we are killed.
 */
#include "live/attach_wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <linux/if_arp.h>
#include <net/if.h>

#include "base/clock.h"
#include "base/log.h"
#include "host/clsact_order.h"
#include "live/attach_notes.h"
#include "live/attach_reap.h"
#include "live/attach_xdp.h"
#include "live/hook_order.h"
#include "live/program_owner.h"

/* <linux/bpf.h> of Debian 12 is from before tcx; the number is ABI since 6.6. */
#define TCX_BEFORE (1u << 3) /* BPF_F_BEFORE: with no other named, before all */

/* Descriptors that tcx links must leave to conntrack, sockets and files. */
#define FD_RESERVE 64

/* The qdisc of somebody else may vanish as often as we are about to use it. */
#define QDISC_TRIES 3

struct wire_if {
	struct wire_if *next;
	struct link_info link;
	int tcx[2];	    /* link descriptors, ingress and egress; -1 = none */
	uint32_t filter[2]; /* on clsact: ids of their programs; 0 = none */
	uint32_t noted[2];  /* the same, though it may not have been attached, or be seen no more */
	bool made_qdisc;
	bool has_xdp;
	bool noted_xdp;
	bool is_native; /* XDP */
	bool no_fds;	/* for tcx */
	bool again;	/* it is not for the first time */
	struct hook_order order[2];
	uint64_t looked_ns;
};

struct wire {
	struct wire_config cfg;
	const struct shared_maps *maps;
	struct netlink *nl;
	struct attach_place place;
	struct attach_notes notes;
	struct bpf_object *obj;
	struct wire_if *ifs;
	rlim_t max_fds;
	bool left_something;
	unsigned int n_no_fds; /* interfaces without tcx for want of descriptors, since last said */
	char first_no_fds[IFNAMSIZ];
};

static const enum clsact_direction clsact_dirs[] = { CLSACT_INGRESS, CLSACT_EGRESS };

/* Two links for each interface: the usual 1024 would do for fewer than 500. */
static rlim_t raise_fd_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 0;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		getrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur;
}

struct wire *wire__load(const struct wire_config *cfg, struct shared_maps *maps, struct netlink *nl)
{
	struct wire *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return NULL;
	w->cfg = *cfg;
	w->maps = maps;
	w->nl = nl;
	w->place = attach_place_here();
	w->notes.place = &w->place;
	w->max_fds = raise_fd_limit();
	attach_reap(&w->place, nl);
	w->obj = tc_object_open(maps, &cfg->mark);
	err = w->obj ? tc_object_load(w->obj, maps) : -errno;
	if (err) {
		error("load the tc programs: %s", error_name(err));
		wire__free(w);
		errno = -err;
		return NULL;
	}
	if (cfg->mark.mask && cfg->xdp)
		notice("with XDP, RST segments are marked at egress only");
	w->place.map_id = shared_maps_id(maps, MAP_RING);
	return w;
}

static int program_fd(const struct wire *w, const struct wire_if *wif, enum tc_direction dir)
{
	return bpf_program__fd(tc_object_program(w->obj, &wif->link, dir));
}

static uint32_t program_id(int fd)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.id;
}

/* The last ones are for others. A filter on clsact, which comes next, needs none. */
static int keep_reserve(struct wire *w, struct wire_if *wif, int fd)
{
	if ((rlim_t)fd + FD_RESERVE < w->max_fds)
		return fd;
	close(fd);
	if (!wif->no_fds && !w->n_no_fds++)
		memcpy(w->first_no_fds, wif->link.name, sizeof(w->first_no_fds));
	wif->no_fds = true;
	return -EMFILE;
}

void wire__report_scarcity(struct wire *w)
{
	if (!w->n_no_fds)
		return;
	warning("%ju descriptors are allowed (ulimit -Hn): %u interface%s, from '%s' on, %s "
		"watched by filters on clsact qdiscs in place of tcx links",
		(uintmax_t)w->max_fds, w->n_no_fds, w->n_no_fds > 1 ? "s" : "", w->first_no_fds,
		w->n_no_fds > 1 ? "are" : "is");
	w->n_no_fds = 0;
}

static int attach_tcx(struct wire *w, struct wire_if *wif, int dir)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = TCX_BEFORE);
	int fd;

	fd = bpf_link_create(
		program_fd(w, wif, dir), (int)wif->link.ifindex,
		(enum bpf_attach_type)(dir == INGRESS ? BPF_IDS_TCX_INGRESS : BPF_IDS_TCX_EGRESS),
		&opts);
	if (fd >= 0)
		fd = keep_reserve(w, wif, fd);
	if (fd < 0)
		return fd;
	wif->tcx[dir] = fd;
	return 0;
}

static struct leftover leftover_of(const struct wire_if *wif, enum leftover_kind kind,
				   uint32_t prog_id)
{
	struct leftover item = { .kind = kind, .ifindex = wif->link.ifindex, .prog_id = prog_id };

	memcpy(item.ifname, wif->link.name, sizeof(item.ifname));
	return item;
}

static void note(struct wire *w, const struct wire_if *wif, enum leftover_kind kind,
		 uint32_t prog_id)
{
	struct leftover item = leftover_of(wif, kind, prog_id);

	attach_notes_take(&w->notes, &item, wif->again);
}

static void disown_qdisc(struct wire *w, const struct wire_if *wif)
{
	struct leftover item = leftover_of(wif, LEFTOVER_QDISC, 0);

	attach_notes_disown(&w->notes, &item);
}

static uint16_t choose_priority(struct wire *w, const struct wire_if *wif, int dir)
{
	struct clsact_order order;

	/* What cannot be listed is tried all the same. */
	clsact_look(w->nl, wif->link.ifindex, clsact_dirs[dir], 0, &order);
	return clsact_choose(&order);
}

static void follow_changes(struct wire *w)
{
	int err = w->cfg.on_tc ? netlink__follow_tc(w->nl, w->cfg.on_tc, w->cfg.ctx) : 0;

	if (err)
		debug("monitor tc filters: %s", error_name(err));
}

/* Only what was noted is made: whose qdisc we saw may remove it in the same moment. */
static int try_filter(struct wire *w, struct wire_if *wif, int dir, int fd)
{
	bool noted = !wif->made_qdisc && clsact_exists(w->nl, wif->link.ifindex) != 1, made;
	int err;

	if (noted)
		note(w, wif, LEFTOVER_QDISC, 0);
	err = clsact_attach(w->nl, wif->link.ifindex, clsact_dirs[dir], fd,
			    choose_priority(w, wif, dir), noted || wif->made_qdisc, &made);
	/* Without our filter on it, later nobody would know that it is ours. */
	if (err && made)
		made = clsact_remove(w->nl, wif->link.ifindex) != 0;
	wif->made_qdisc |= made;
	if (noted && !made)
		disown_qdisc(w, wif);
	return err;
}

static int attach_filter(struct wire *w, struct wire_if *wif, int dir)
{
	int fd = program_fd(w, wif, dir), err = -ENOENT, tries = QDISC_TRIES;
	uint32_t id = program_id(fd);

	follow_changes(w);
	note(w, wif, dir == INGRESS ? LEFTOVER_INGRESS : LEFTOVER_EGRESS, id);
	wif->noted[dir] = id;
	while (err == -ENOENT && tries--)
		err = try_filter(w, wif, dir, fd);
	if (!err)
		wif->filter[dir] = id;
	return err;
}

static int attach_tc(struct wire *w, struct wire_if *wif, int dir)
{
	int err = attach_tcx(w, wif, dir);

	if (err)
		debug("tcx on '%s': %s; using clsact", wif->link.name, error_name(err));
	return err ? attach_filter(w, wif, dir) : 0;
}

static int attach_xdp(struct wire *w, struct wire_if *wif)
{
	int err;

	note(w, wif, LEFTOVER_XDP, 0);
	wif->noted_xdp = true;
	wif->is_native = true;
	err = xdp_attach(w->maps, wif->link.ifindex, true);
	if (err) {
		notice("%s: no native XDP (%s): using generic XDP, which is slower", wif->link.name,
		       error_name(err));
		wif->is_native = false;
		err = xdp_attach(w->maps, wif->link.ifindex, false);
	}
	wif->has_xdp = !err;
	return err;
}

static int attach_ingress(struct wire *w, struct wire_if *wif)
{
	int err;

	if (!w->cfg.xdp || wif->link.type != ARPHRD_ETHER ||
	    xdp_is_taken(wif->link.ifindex, wif->link.name))
		return attach_tc(w, wif, INGRESS);
	err = attach_xdp(w, wif);
	if (err)
		warning("attach XDP to '%s': %s: using tc ingress", wif->link.name,
			error_name(err));
	return err ? attach_tc(w, wif, INGRESS) : 0;
}

/* An interface that was moved has taken our XDP program along; its clsact qdisc was dropped. */
static int detach_moved_xdp(const struct wire *w, const struct wire_if *wif)
{
	int fd = netns_open(w->nl, wif->link.new_netnsid), n;

	if (fd < 0)
		return fd;
	n = xdp_detach_in(fd, wif->link.new_ifindex, w->place.map_id);
	close(fd);
	return n;
}

static void detach_xdp(struct wire *w, const struct wire_if *wif)
{
	bool moved = wif->link.gone && wif->link.new_netnsid >= 0;
	int n;

	if (!wif->noted_xdp)
		return;
	if (wif->link.gone && !moved) {
		xdp_remove_pins(wif->link.ifindex, w->place.map_id);
		return;
	}
	n = moved ? detach_moved_xdp(w, wif) : xdp_detach(wif->link.ifindex, w->place.map_id);
	if (n >= 0 || n == -ENODEV)
		return;
	w->left_something = true;
	if (moved)
		warning("'%s' was moved to another network namespace with our XDP program (%s): the "
			"next `rstscope watch` there removes it, or `ip link set dev %s xdp off`",
			wif->link.name, error_name(n), wif->link.name);
	else
		warning("detach XDP from '%s': %s", wif->link.name, error_name(n));
}

/* Whether the qdisc is still the one that we made, our own filters on it say. */
static void detach_filters(struct wire *w, const struct wire_if *wif)
{
	bool is_ours = false;
	int dir, n, err = 0;

	for (dir = INGRESS; dir <= EGRESS; dir++) {
		n = clsact_detach(w->nl, wif->link.ifindex, clsact_dirs[dir], wif->noted[dir]);
		is_ours |= n > 0;
		err = n < 0 && n != -ENODEV ? n : err;
	}
	if (err)
		warning("detach tc filters from '%s': %s", wif->link.name, error_name(err));
	w->left_something |= err != 0;
	if (is_ours && wif->made_qdisc)
		clsact_remove(w->nl, wif->link.ifindex);
}

/* What the end of the process would not detach. */
static void detach_lasting(struct wire *w, struct wire_if *wif)
{
	detach_xdp(w, wif);
	wif->has_xdp = wif->noted_xdp = false;
	if (!wif->link.gone)
		detach_filters(w, wif);
	memset(wif->filter, 0, sizeof(wif->filter));
	memset(wif->noted, 0, sizeof(wif->noted));
	wif->made_qdisc = false;
}

static void detach(struct wire *w, struct wire_if *wif)
{
	int dir;

	detach_lasting(w, wif);
	for (dir = INGRESS; dir <= EGRESS; dir++)
		if (wif->tcx[dir] >= 0)
			close(wif->tcx[dir]);
	free(wif);
}

static void say_how(const struct wire_if *wif)
{
	const char *in = wif->has_xdp ? (wif->is_native ? "XDP (native)" : "XDP (generic)") :
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

static struct wire_if *get_if(const struct wire *w, uint32_t ifindex)
{
	struct wire_if *wif = w->ifs;

	while (wif && wif->link.ifindex != ifindex)
		wif = wif->next;
	return wif;
}

bool wire__has(const struct wire *w, uint32_t ifindex)
{
	return get_if(w, ifindex);
}

int wire__attach(struct wire *w, const struct link_info *link)
{
	struct wire_if **at = find_if(w, link->ifindex), *wif;
	int err;

	if (*at)
		return -EEXIST;
	if (!tc_object_supports(link)) {
		warning("'%s' has an unsupported link type (ARPHRD %u)", link->name, link->type);
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
	wire__missing(w, link->ifindex); /* for those who were there before */
	return 0;
}

/* The notes have it by its name: one number may be given to several interfaces, one after the other. */
static void note_renamed(struct wire *w, struct wire_if *wif)
{
	wif->again = true;
	if (wif->made_qdisc)
		note(w, wif, LEFTOVER_QDISC, 0);
	if (wif->filter[INGRESS])
		note(w, wif, LEFTOVER_INGRESS, wif->filter[INGRESS]);
	if (wif->filter[EGRESS])
		note(w, wif, LEFTOVER_EGRESS, wif->filter[EGRESS]);
	if (wif->has_xdp)
		note(w, wif, LEFTOVER_XDP, 0);
}

bool wire__rename(struct wire *w, const struct link_info *link)
{
	struct wire_if *wif = get_if(w, link->ifindex);

	if (!wif || !link->name[0] || !strcmp(wif->link.name, link->name))
		return false;
	memcpy(wif->link.name, link->name, sizeof(wif->link.name));
	note_renamed(w, wif);
	return true;
}

bool wire__forget(struct wire *w, const struct link_info *link)
{
	struct wire_if **at = find_if(w, link->ifindex), *wif = *at;

	if (!wif)
		return false;
	*at = wif->next;
	wif->link.gone = true;
	wif->link.new_netnsid = link->new_netnsid;
	wif->link.new_ifindex = link->new_ifindex;
	detach(w, wif);
	return true;
}

/* --- what others remove -------------------------------------------------------------------- */

uint32_t wire__after(const struct wire *w, uint32_t ifindex)
{
	const struct wire_if *wif = ifindex ? get_if(w, ifindex) : NULL;

	if (!ifindex)
		wif = w->ifs;
	else if (wif)
		wif = wif->next;
	return wif ? wif->link.ifindex : 0;
}

const char *wire__ifname(const struct wire *w, uint32_t ifindex)
{
	const struct wire_if *wif = get_if(w, ifindex);

	return wif ? wif->link.name : "?";
}

static bool is_attached(const struct wire_if *wif, int dir)
{
	return wif->tcx[dir] >= 0 || wif->filter[dir] || (dir == INGRESS && wif->has_xdp);
}

/* Is ours still there, and who comes before it? */
static void look_at_hook(struct wire *w, struct wire_if *wif, int dir)
{
	uint32_t id = program_id(program_fd(w, wif, dir)), i = 0;
	struct clsact_order filters = { .ours = 0 };
	struct hook_before before;
	struct bpf_tcx tcx;

	if ((wif->tcx[dir] < 0 && !wif->filter[dir]) ||
	    bpf_tcx_query(wif->link.ifindex, dir == INGRESS, &tcx) ||
	    (wif->filter[dir] &&
	     clsact_look(w->nl, wif->link.ifindex, clsact_dirs[dir], wif->filter[dir], &filters)))
		return;
	while (wif->tcx[dir] >= 0 && i < tcx.n && tcx.prog_id[i] != id)
		i++;
	if (wif->tcx[dir] >= 0 && i == tcx.n) {
		close(wif->tcx[dir]);
		wif->tcx[dir] = -1;
	}
	if (!filters.ours)
		wif->filter[dir] = 0;
	if (wif->tcx[dir] < 0 && !wif->filter[dir])
		return;
	before = hook_before_of(&tcx, wif->filter[dir] ? 0 : id, &filters, program_is_rstscope);
	hook_order__report(&wif->order[dir], &before, wif->link.name, dir == INGRESS);
}

static void look_at_xdp(const struct wire *w, struct wire_if *wif)
{
	if (!wif->has_xdp || xdp_has(wif->link.ifindex, w->place.map_id) != 0)
		return;
	xdp_remove_pins(wif->link.ifindex, w->place.map_id);
	wif->has_xdp = false;
}

const char *wire__missing(struct wire *w, uint32_t ifindex)
{
	static const char *const names[2][2] = { { NULL, "tc egress" },
						 { "tc ingress", "tc ingress and tc egress" } };
	static const char *const xdp_names[2] = { "XDP", "XDP and tc egress" };
	struct wire_if *wif = get_if(w, ifindex);
	const char *words;
	char name[IF_NAMESIZE];
	bool had_xdp;
	int dir;

	/* The kernel takes everything off an interface before it says that it is gone. */
	if (!wif || !if_indextoname(ifindex, name))
		return NULL;
	had_xdp = wif->has_xdp;
	look_at_xdp(w, wif);
	for (dir = INGRESS; dir <= EGRESS; dir++)
		look_at_hook(w, wif, dir);
	words = names[!is_attached(wif, INGRESS)][!is_attached(wif, EGRESS)];
	if (had_xdp && !wif->has_xdp)
		words = xdp_names[!is_attached(wif, EGRESS)];
	if (!words)
		wif->looked_ns = monotonic_ns();
	/* Nothing on it shows any more that it is the one that we made. */
	if (wif->made_qdisc && !wif->filter[INGRESS] && !wif->filter[EGRESS]) {
		disown_qdisc(w, wif);
		wif->made_qdisc = false;
	}
	wif->again |= words != NULL;
	return words;
}

uint64_t wire__looked_ns(const struct wire *w, uint32_t ifindex)
{
	const struct wire_if *wif = get_if(w, ifindex);

	return wif ? wif->looked_ns : 0;
}

int wire__attach_again(struct wire *w, uint32_t ifindex)
{
	struct wire_if *wif = get_if(w, ifindex);
	int err = 0;

	if (!wif)
		return -ENODEV;
	if (!is_attached(wif, INGRESS))
		err = attach_ingress(w, wif);
	if (!err && !is_attached(wif, EGRESS))
		err = attach_tc(w, wif, EGRESS);
	return err;
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
	/* First what would outlive us, should nobody wait for the rest. */
	for (wif = w->ifs; wif; wif = wif->next)
		detach_lasting(w, wif);
	while ((wif = w->ifs)) {
		w->ifs = wif->next;
		detach(w, wif);
	}
	attach_notes_end(&w->notes, !w->left_something);
	bpf_object__close(w->obj);
	free(w);
}
