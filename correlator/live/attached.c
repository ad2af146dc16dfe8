// SPDX-License-Identifier: GPL-2.0-only
/*
 * attached.c - our programs on the interfaces of this network namespace, whoever attached them.
 *
 * What runs before a program of ours matters as much as the program: so the whole path of a packet
 * is read, and kept if anything of ours is on it.
 */
#include "live/attached.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live/attached_recorder.h"
#include "live/bpf_ids.h"
#include "live/bpf_pins.h"

#define MAX_MAPS 64 /* of one program */
/* Interfaces that come and go make the kernel's answer inconsistent; then it is asked again. */
#define TRIES 5

struct iface {
	struct if_xdp xdp;
	bool filters[2]; /* enum clsact_direction */
};

struct known_program {
	uint32_t id;
	struct bpf_prog_info info;
	struct attached_recorder *recorder;
};

struct attached {
	struct attached_recorder *recorders;
	struct attached_path *paths, **last_path;
	/* while it is being read */
	struct netlink *nl;
	struct iface *ifaces;
	unsigned int n_ifaces, room_ifaces;
	struct known_program *known;
	unsigned int n_known, room_known;
	struct bpf_links links;
	struct attached_path *path;
	unsigned int room_programs;
	int err; /* of a callback */
};

/* Makes room for one more; what is there is NULL with *@room 0 at first. */
static void *grow(void *array, unsigned int n, unsigned int *room, size_t size)
{
	unsigned int more = *room ? 2 * *room : 16;
	void *grown;

	if (n < *room)
		return array;
	grown = realloc(array, more * size);
	if (grown)
		*room = more;
	return grown;
}

/* --- programs ------------------------------------------------------------------------------ */

/* A program that is gone by now counts as another's without a name. */
static int look_up(struct attached *a, uint32_t id, struct known_program *ret)
{
	struct known_program p = { .id = id };
	uint32_t ids[MAX_MAPS] = { 0 };
	struct known_program *grown;
	unsigned int i;
	int err;

	for (i = 0; i < a->n_known; i++) {
		if (a->known[i].id == id) {
			*ret = a->known[i];
			return 0;
		}
	}
	err = bpf_program_by_id(id, &p.info, ids, MAX_MAPS);
	if (err && err != -ENOENT)
		return err;
	if (!err)
		err = recorder_of_maps(&a->recorders, ids,
				       p.info.nr_map_ids < MAX_MAPS ? p.info.nr_map_ids : MAX_MAPS,
				       &p.recorder);
	if (err && err != -ENOENT)
		return err;
	grown = grow(a->known, a->n_known, &a->room_known, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	a->known = grown;
	a->known[a->n_known++] = p;
	*ret = p;
	return 0;
}

/* The next of the path; NULL: a->err says why. */
static struct attached_program *append(struct attached *a, enum attached_way way, uint32_t prog_id)
{
	struct attached_path *path = a->path;
	struct known_program known = { 0 };
	struct attached_program *grown, *p;

	if (!a->err && prog_id)
		a->err = look_up(a, prog_id, &known);
	if (a->err)
		return NULL;
	grown = grow(path->programs, path->n, &a->room_programs, sizeof(*grown));
	if (!grown) {
		a->err = -ENOMEM;
		return NULL;
	}
	path->programs = grown;
	p = &grown[path->n];
	*p = (struct attached_program){
		.way = way,
		.recorder = known.recorder,
		.path = path,
		.place = path->n++,
		.prog_id = prog_id,
		.loaded_ns = known.info.load_time,
		.uid = known.info.created_by_uid,
		.runs = known.info.run_cnt,
		.run_ns = known.info.run_time_ns,
	};
	memcpy(p->name, known.info.name, sizeof(p->name) - 1);
	memcpy(p->tag, known.info.tag, sizeof(p->tag));
	return p;
}

/* --- XDP ----------------------------------------------------------------------------------- */

/* libxdp's dispatcher has a function for each slot, which a program replaces: prog0, prog1, ... */
static int slot_of(const struct attached *a, const struct bpf_link_entry *link)
{
	struct known_program dispatcher;
	char name[32];

	if (look_up((struct attached *)a, link->target_prog, &dispatcher) ||
	    !bpf_function_name(dispatcher.info.btf_id, link->target_btf, name, sizeof(name)) ||
	    strncmp(name, "prog", 4) || strspn(name + 4, "0123456789") != strlen(name + 4))
		return -1;
	return atoi(name + 4);
}

#define MAX_SLOTS 32 /* libxdp has 10 */

static const struct bpf_link_entry *extension_of(const struct attached *a, uint32_t prog_id)
{
	unsigned int i;

	for (i = 0; prog_id && i < a->links.n; i++)
		if (a->links.links[i].type == BPF_IDS_LINK_TRACING &&
		    a->links.links[i].prog_id == prog_id)
			return &a->links.links[i];
	return NULL;
}

/* On 5.10 a link does not say what it replaces; libxdp's pins do. */
static void find_slots_by_pins(const struct attached *a, uint32_t dispatcher_id,
			       const struct bpf_link_entry *slots[MAX_SLOTS])
{
	struct known_program dispatcher;
	unsigned int i;

	if (look_up((struct attached *)a, dispatcher_id, &dispatcher) ||
	    strcmp(dispatcher.info.name, "xdp_dispatcher"))
		return;
	for (i = 0; i < MAX_SLOTS; i++)
		slots[i] =
			extension_of(a, bpf_pins_in_dispatcher(a->path->ifindex, dispatcher_id, i));
}

static void find_slots(const struct attached *a, uint32_t dispatcher_id,
		       const struct bpf_link_entry *slots[MAX_SLOTS])
{
	unsigned int i, any = 0;
	int slot;

	for (i = 0; i < a->links.n; i++) {
		if (a->links.links[i].target_prog != dispatcher_id)
			continue;
		slot = slot_of(a, &a->links.links[i]);
		if (slot >= 0 && slot < MAX_SLOTS) {
			slots[slot] = &a->links.links[i];
			any++;
		}
	}
	if (!any)
		find_slots_by_pins(a, dispatcher_id, slots);
}

static void append_dispatched(struct attached *a, uint32_t dispatcher_id, enum if_xdp_mode mode)
{
	const struct bpf_link_entry *slots[MAX_SLOTS] = { NULL };
	struct attached_program *p;
	unsigned int i, any = 0;

	find_slots(a, dispatcher_id, slots);
	for (i = 0; i < MAX_SLOTS; i++) {
		if (!slots[i])
			continue;
		any = 1;
		p = append(a, ATTACHED_DISPATCHED, slots[i]->prog_id);
		if (!p)
			return;
		p->mode = mode;
		p->link_id = slots[i]->id;
		p->dispatcher_id = dispatcher_id;
	}
	p = any ? NULL : append(a, ATTACHED_XDP, dispatcher_id);
	if (p)
		p->mode = mode;
}

static uint32_t xdp_link_id(const struct attached *a, uint32_t ifindex, uint32_t prog_id)
{
	unsigned int i;

	for (i = 0; i < a->links.n; i++)
		if (a->links.links[i].type == BPF_IDS_LINK_XDP &&
		    a->links.links[i].ifindex == ifindex && a->links.links[i].prog_id == prog_id)
			return a->links.links[i].id;
	return 0;
}

static void append_xdp(struct attached *a, const struct if_xdp *xdp)
{
	struct attached_program *p;
	unsigned int mode, n;

	for (mode = 0; mode < N_IF_XDP_MODES && !a->err; mode++) {
		if (!xdp->prog_id[mode])
			continue;
		n = a->path->n;
		append_dispatched(a, xdp->prog_id[mode], mode);
		if (a->err || a->path->n == n)
			return;
		p = &a->path->programs[n];
		if (p->way == ATTACHED_XDP)
			p->link_id = xdp_link_id(a, xdp->ifindex, p->prog_id);
	}
}

/* --- tc ------------------------------------------------------------------------------------ */

static void append_tcx(struct attached *a, uint32_t ifindex, bool ingress)
{
	struct attached_program *p;
	struct bpf_tcx tcx;
	unsigned int i;
	int err = bpf_tcx_query(ifindex, ingress, &tcx);

	if (err) {
		a->err = a->err ? a->err : err;
		return;
	}
	for (i = 0; i < tcx.n; i++) {
		p = append(a, ATTACHED_TCX, tcx.prog_id[i]);
		if (p)
			p->link_id = tcx.link_id[i];
	}
}

static void append_filter(void *ctx, const struct if_filter *filter)
{
	struct attached *a = ctx;
	bool is_bpf = !strcmp(filter->kind, "bpf");
	struct attached_program *p;

	/* Of BPF each filter counts; of others all of one priority, whatever tables they make. */
	if (is_bpf == filter->is_head)
		return;
	p = append(a, ATTACHED_FILTER, filter->prog_id);
	if (!p)
		return;
	p->filter = *filter;
	if (!filter->prog_id)
		memcpy(p->name, filter->kind, sizeof(p->name));
}

static void append_filters(struct attached *a, const struct iface *iface, bool ingress)
{
	enum clsact_direction dir = ingress ? CLSACT_INGRESS : CLSACT_EGRESS;
	int err;

	if (a->err || !iface->filters[dir])
		return;
	err = if_filter_each(a->nl, iface->xdp.ifindex, dir, append_filter, a);
	/* The qdisc is gone again. */
	if (err == -EINVAL || err == -ENOENT)
		err = 0;
	a->err = a->err ? a->err : err;
}

/* --- paths --------------------------------------------------------------------------------- */

static void free_path(struct attached_path *path)
{
	free(path->programs);
	free(path);
}

bool attached_is_namesake(const struct attached_program *p)
{
	static const char *const names[] = { "rst_tc_ingress", "rst_tc_egress", "rst_tc_in_l3",
					     "rst_tc_eg_l3", "rst_xdp" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(p->name, names[i]))
			return !p->recorder;
	return false;
}

static bool has_ours(const struct attached_path *path)
{
	unsigned int i;

	for (i = 0; i < path->n; i++)
		if (path->programs[i].recorder || attached_is_namesake(&path->programs[i]))
			return true;
	return false;
}

static int read_path(struct attached *a, const struct iface *iface, bool ingress)
{
	struct attached_path *path = calloc(1, sizeof(*path));

	if (!path)
		return -ENOMEM;
	path->ifindex = iface->xdp.ifindex;
	path->ingress = ingress;
	memcpy(path->ifname, iface->xdp.name, sizeof(path->ifname));
	a->path = path;
	a->room_programs = 0;
	a->err = 0;
	if (ingress)
		append_xdp(a, &iface->xdp);
	append_tcx(a, path->ifindex, ingress);
	append_filters(a, iface, ingress);
	a->path = NULL;
	if (a->err || !has_ours(path)) {
		free_path(path);
		/* The interface is gone by now. */
		return a->err == -ENODEV ? 0 : a->err;
	}
	*a->last_path = path;
	a->last_path = &path->next;
	return 0;
}

static void add_interface(void *ctx, const struct if_xdp *xdp)
{
	struct attached *a = ctx;
	struct iface *grown = grow(a->ifaces, a->n_ifaces, &a->room_ifaces, sizeof(*grown));

	if (!grown) {
		a->err = -ENOMEM;
		return;
	}
	a->ifaces = grown;
	a->ifaces[a->n_ifaces++] = (struct iface){ .xdp = *xdp };
}

static int compare_interfaces(const void *x, const void *y)
{
	const struct iface *a = x, *b = y;

	return a->xdp.ifindex < b->xdp.ifindex ? -1 : a->xdp.ifindex > b->xdp.ifindex;
}

static void add_qdisc(void *ctx, uint32_t ifindex, bool egress)
{
	const struct iface key = { .xdp.ifindex = ifindex };
	struct attached *a = ctx;
	struct iface *iface;

	if (!a->n_ifaces)
		return;
	iface = bsearch(&key, a->ifaces, a->n_ifaces, sizeof(key), compare_interfaces);
	if (!iface)
		return;
	iface->filters[CLSACT_INGRESS] = true;
	iface->filters[CLSACT_EGRESS] = egress;
}

static int read_interfaces(struct attached *a)
{
	int err = if_xdp_each(a->nl, add_interface, a);

	if (err || a->err)
		return err ? err : a->err;
	if (a->n_ifaces)
		qsort(a->ifaces, a->n_ifaces, sizeof(*a->ifaces), compare_interfaces);
	return if_qdisc_each(a->nl, add_qdisc, a);
}

/* Only now do the programs of the paths stay where they are in memory. */
static int list_programs(struct attached *a)
{
	const struct attached_path *path;
	unsigned int i;
	int err = 0;

	for (path = a->paths; path && !err; path = path->next)
		for (i = 0; i < path->n && !err; i++)
			if (path->programs[i].recorder)
				err = recorder_add_program(
					(struct attached_recorder *)path->programs[i].recorder,
					&path->programs[i]);
	return err;
}

static int read_all(struct attached *a)
{
	unsigned int i;
	int err;

	a->nl = netlink__open();
	if (!a->nl)
		return -errno;
	err = read_interfaces(a);
	if (!err)
		err = bpf_links_read(&a->links);
	for (i = 0; i < a->n_ifaces && !err; i++) {
		err = read_path(a, &a->ifaces[i], true);
		if (!err)
			err = read_path(a, &a->ifaces[i], false);
	}
	return err ? err : list_programs(a);
}

static void forget_reading(struct attached *a)
{
	netlink__free(a->nl);
	free(a->ifaces);
	free(a->known);
	bpf_links_free(&a->links);
	a->nl = NULL;
	a->ifaces = NULL;
	a->known = NULL;
}

struct attached *attached__find(void)
{
	struct attached *a;
	int err = bpf_ids_allowed(), i;

	for (i = 0; !err && i < TRIES; i++) {
		a = calloc(1, sizeof(*a));
		if (!a)
			return NULL;
		a->last_path = &a->paths;
		err = read_all(a);
		forget_reading(a);
		if (!err)
			return a;
		attached__free(a);
		err = err == -EINTR && i + 1 < TRIES ? 0 : err;
	}
	errno = -err;
	return NULL;
}

const struct attached_recorder *attached__recorders(const struct attached *a)
{
	return a->recorders;
}

const struct attached_path *attached__paths(const struct attached *a)
{
	return a->paths;
}

int attached__read_runs(struct attached *a)
{
	struct bpf_prog_info info = { 0 };
	struct attached_path *path;
	struct attached_program *p;
	int err;

	for (path = a->paths; path; path = path->next) {
		for (p = path->programs; p < path->programs + path->n; p++) {
			if (!p->recorder)
				continue;
			err = bpf_program_by_id(p->prog_id, &info, NULL, 0);
			if (err && err != -ENOENT)
				return err;
			if (err)
				continue;
			p->runs = info.run_cnt;
			p->run_ns = info.run_time_ns;
		}
	}
	return 0;
}

void attached__free(struct attached *a)
{
	struct attached_path *path;

	if (!a)
		return;
	while ((path = a->paths)) {
		a->paths = path->next;
		free_path(path);
	}
	recorders_free(a->recorders);
	free(a);
}
