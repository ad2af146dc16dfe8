// SPDX-License-Identifier: GPL-2.0-only
/*
 * sensor.c - the live source of events: wire view, kernel view, and what they share.
 */
#include "live/sensor.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/btf.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/progress.h"
#include "host/netns.h"
#include "live/attach_wire.h"
#include "live/attached_read.h"
#include "live/cgroup_names.h"
#include "live/closers.h"
#include "live/kernel_names.h"
#include "live/known_links.h"
#include "live/reader.h"
#include "live/recorder.h"
#include "live/user_stacks.h"
#include "live/wire_watch.h"
#include "rst_event.h"

/* One turn of sensor__attach_some(): the caller has signals and events to attend to. */
#define TURN_NS 50000000u

struct sensor {
	struct sensor_config cfg;
	struct kernel_view_config kernel_cfg;
	struct shared_maps maps;
	struct netlink *netlink;
	struct wire *wire;
	struct wire_watch *wire_watch;
	struct kernel_probes *kernel;
	struct btf *btf;
	struct symbols *symbols;
	struct kernel_enums *enums;
	struct kernel_names names;
	struct recorder *flight;
	struct reader *reader;
	struct attached_read *attached; /* NULL: what is attached is our own */
	struct ring_buffer *ring;
	struct user_stacks *user_stacks; /* NULL: not wanted */
	struct known_links links;
	unsigned int listing; /* how often all were listed anew */
	unsigned int waiting; /* interfaces to attach to */
	unsigned int to_do;   /* of those that were waiting at once */
	struct progress *progress;
	uint64_t undecodable;
	int err; /* of an interface that was asked for by name */
};

static int on_sample(void *ctx, void *data, size_t len)
{
	struct sensor *s = ctx;
	struct event ev;

	if (decode_event(data, len, &s->names, &ev)) {
		s->undecodable++;
		return 0;
	}
	if (ev.kind == EVENT_WIRE && s->attached &&
	    !attached_read__takes(s->attached, &ev.wire.rst))
		return 0;
	return s->cfg.on_event(s->cfg.ctx, &ev);
}

static bool is_named(const struct sensor *s, const char *name)
{
	unsigned int i;

	for (i = 0; i < s->cfg.n_interfaces; i++)
		if (!strcmp(s->cfg.interfaces[i], name))
			return true;
	return false;
}

static bool wants_all(const struct sensor *s)
{
	return is_named(s, "any");
}

static bool wants(const struct sensor *s, const struct link_info *link)
{
	return is_named(s, link->name) || (wants_all(s) && link->up);
}

const char *sensor__ifname(void *ctx, uint32_t ifindex)
{
	return known_links_name(&((struct sensor *)ctx)->links, ifindex);
}

static void set_waiting(struct sensor *s, struct known_link *k, bool waits)
{
	if (k->waits == waits)
		return;
	if (waits)
		s->to_do = s->waiting++ ? s->to_do + 1 : 1;
	else
		s->waiting--;
	k->waits = waits;
}

static void want_if_asked_for(struct sensor *s, const struct link_info *link)
{
	struct known_link *k = known_links_remember(&s->links, link);

	if (k && s->wire && wants(s, link) && !k->unsupported && !wire__has(s->wire, link->ifindex))
		set_waiting(s, k, true);
}

static void on_first_link(void *ctx, const struct link_info *link)
{
	want_if_asked_for(ctx, link);
}

static int find_interfaces(struct sensor *s)
{
	unsigned int i;
	int err;

	err = netlink__links(s->netlink, on_first_link, s);
	if (err) {
		error("list interfaces: %s", error_name(err));
		return err;
	}
	for (i = 0; i < s->cfg.n_interfaces; i++) {
		if (!strcmp(s->cfg.interfaces[i], "any") ||
		    known_links_has(&s->links, s->cfg.interfaces[i]))
			continue;
		error("no interface '%s' in this network namespace; `rstscope watch -D` lists all",
		      s->cfg.interfaces[i]);
		return -ENODEV;
	}
	return 0;
}

static void load_kernel_names(struct sensor *s)
{
	s->btf = s->cfg.btf_path ? btf__parse(s->cfg.btf_path, NULL) : btf__load_vmlinux_btf();
	if (!s->btf)
		debug("kernel BTF: %s", error_name(errno));
	s->symbols = symbols__load();
	if (!s->symbols)
		warning("/proc/kallsyms: %s: kernel stacks have no symbols, and causes that need them "
			"are not identified",
			error_name(errno));
	s->enums = kernel_enums__new(s->btf, s->symbols);
	if (s->enums)
		s->names = kernel_enums__names(s->enums);
}

/* Without a kernel view there are none. */
static int open_user_stacks(struct sensor *s)
{
	int fd = s->maps.fd[MAP_USER_STACKS];

	if (!s->cfg.user_stacks || fd < 0)
		return 0;
	s->user_stacks = user_stacks__new(s->maps.fd[MAP_USER_COUNTS]);
	if (!s->user_stacks)
		return -ENOMEM;
	return ring_buffer__add(s->ring, fd, user_stacks__sample, s->user_stacks);
}

static int attach_kernel(struct sensor *s)
{
	s->kernel_cfg = (struct kernel_view_config){
		.tier = s->cfg.tier,
		.netns = s->cfg.all_netns ? 0 : (uint32_t)netns_current().ino,
		.btf_path = s->cfg.btf_path,
		.btf = s->btf,
		.symbols = s->symbols,
		.user_stacks = s->cfg.user_stacks,
	};
	s->kernel = kernel_probes__attach(&s->kernel_cfg, &s->maps);
	return s->kernel ? open_user_stacks(s) : -ENOMEM;
}

static void on_tc(void *ctx, uint32_t ifindex)
{
	struct sensor *s = ctx;

	if (s->wire_watch)
		wire_watch__suspect(s->wire_watch, ifindex);
	else
		attached_read__suspect(s->attached);
}

/* Programs of our own, which nobody else reads. */
static int open_wire(struct sensor *s)
{
	struct wire_config wire_cfg = {
		.xdp = s->cfg.xdp,
		.mark = s->cfg.mark,
		.on_tc = on_tc,
		.ctx = s,
	};
	struct reader_maps places;
	int err;

	s->wire = wire__load(&wire_cfg, &s->maps, s->netlink);
	if (!s->wire)
		return -errno;
	s->wire_watch = wire_watch__new(s->wire);
	if (!s->wire_watch)
		return -ENOMEM;
	places = (struct reader_maps){ s->maps.fd[MAP_READERS], s->maps.fd[MAP_HANDOFFS],
				       s->maps.fd[MAP_READER_INFO] };
	err = recorder__add(s->flight, s->maps.fd[MAP_RING], s->maps.fd[MAP_CPU], s->maps.cpus,
			    s->maps.slots);
	if (!err)
		err = reader__register(s->reader, &places, 0, NULL);
	if (err)
		error("map the flight recorder: %s", error_name(err));
	return err;
}

/* Programs of others, and whatever else reads them. */
static int open_attached(struct sensor *s)
{
	struct attached_read_config cfg = {
		.interfaces = s->cfg.interfaces,
		.n_interfaces = s->cfg.n_interfaces,
		.reader = s->reader,
		.recorder = s->flight,
	};
	int err;

	/* Before the look at what is there. Nice to have: it is looked at again now and then. */
	err = netlink__follow_tc(s->netlink, on_tc, s);
	if (err)
		debug("follow changes of filters: %s", error_name(err));
	s->attached = attached_read__open(&cfg);
	if (!s->attached)
		return -errno;
	err = attached_read__share(s->attached, &s->maps);
	if (err)
		error("map the flight recorder: %s", error_name(err));
	return err;
}

static int open_views(struct sensor *s)
{
	int err;

	s->flight = recorder__new();
	s->reader = reader__new(&s->maps.fd[MAP_EVENTS], &s->maps.fd[MAP_HANDOFF]);
	err = !s->reader ? -errno : s->flight ? 0 : -ENOMEM;
	if (!err)
		s->ring = ring_buffer__new(s->maps.fd[MAP_EVENTS], on_sample, s, NULL);
	if (!err && !s->ring)
		err = -errno;
	if (err) {
		error("set up the event buffer: %s", error_name(err));
		return err;
	}
	err = s->cfg.attached ? open_attached(s) : open_wire(s);
	if (err)
		return err;
	load_kernel_names(s);
	if (s->cfg.btf_path && !s->btf) {
		error("'%s' is not a valid BTF file", s->cfg.btf_path);
		return -EINVAL;
	}
	/* Kernel first: a RST that is seen without an account must not be for want of a probe. */
	err = s->enums ? attach_kernel(s) : -ENOMEM;
	return err || !s->attached ? err : attached_read__begin(s->attached);
}

struct sensor *sensor__open(const struct sensor_config *cfg)
{
	struct sensor *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return NULL;
	s->cfg = *cfg;
	known_links_init(&s->links);
	shared_maps_init(&s->maps, shared_maps_cpus(), RST_RING_SLOTS);
	s->maps.user_stacks = cfg->user_stacks;
	s->netlink = netlink__open();
	if (!s->netlink) {
		err = -errno;
		error("open rtnetlink: %s", error_name(err));
		goto err_free;
	}
	s->progress = progress__new(cfg->progress && isatty(STDERR_FILENO), "attaching");
	err = s->progress ? open_views(s) : -ENOMEM;
	if (!err)
		err = find_interfaces(s);
	if (err)
		goto err_free;
	/* What loading needed, many times the kernel's BTF, goes back to the system. */
	malloc_trim(0);
	return s;
err_free:
	sensor__free(s);
	errno = -err;
	return NULL;
}

void sensor__free(struct sensor *s)
{
	if (!s)
		return;
	wire_watch__free(s->wire_watch);
	wire__free(s->wire);
	attached_read__free(s->attached);
	kernel_probes__free(s->kernel);
	ring_buffer__free(s->ring);
	user_stacks__free(s->user_stacks);
	recorder__free(s->flight);
	reader__free(s->reader);
	kernel_enums__free(s->enums);
	symbols__free(s->symbols);
	btf__free(s->btf);
	netlink__free(s->netlink);
	progress__free(s->progress);
	shared_maps_close(&s->maps);
	known_links_free(&s->links);
	free(s);
}

int sensor__event_fd(const struct sensor *s)
{
	return ring_buffer__epoll_fd(s->ring);
}

int sensor__link_fd(const struct sensor *s)
{
	return netlink__monitor_fd(s->netlink);
}

int sensor__read_events(struct sensor *s)
{
	int n = ring_buffer__consume(s->ring);
	struct event ev;

	/* What waited may be of the time when we were registered; before_start is the rest of that. */
	while (n >= 0 && s->attached && attached_read__next_before(s->attached, &ev))
		n = s->cfg.on_event(s->cfg.ctx, &ev);
	return n < 0 ? n : 0;
}

static void say_gone(const struct sensor *s, struct known_link *k, const struct link_info *link)
{
	bool wait = !wants_all(s) && !s->cfg.exit_when_gone;
	/* Linux 5.10 names one that was moved as it is called where it is now. */
	const char *name = k ? k->link.name : link->name;

	warning("interface '%s' was %s%s", name,
		link->new_netnsid >= 0 ? "moved to another network namespace" : "removed",
		!wait		  ? "" :
		is_named(s, name) ? "; waiting for it to come back" :
				    "; waiting for one that is named by -i");
	if (k && wait)
		k->gone_ns = monotonic_ns();
}

static void on_link_gone(struct sensor *s, const struct link_info *link)
{
	struct known_link *k = known_links_find(&s->links, link->ifindex);

	if (k) {
		set_waiting(s, k, false);
		k->unsupported = false; /* the number may be given to another */
	}
	if (s->attached)
		return;
	wire_watch__forget(s->wire_watch, link->ifindex);
	if (wire__forget(s->wire, link))
		say_gone(s, k, link);
}

/* It may have another number now. */
static void say_back(const struct sensor *s, const struct link_info *link)
{
	struct known_link *k;

	for (k = s->links.first; k; k = k->next) {
		if (!k->gone_ns || strcmp(k->link.name, link->name))
			continue;
		notice("interface '%s' is back after %.1f s", link->name,
		       (double)(monotonic_ns() - k->gone_ns) / 1e9);
		k->gone_ns = 0;
	}
}

static void on_link_change(void *ctx, const struct link_info *link)
{
	const struct known_link *k;
	struct sensor *s = ctx;

	if (link->gone) {
		on_link_gone(s, link);
		return;
	}
	if (s->attached) {
		known_links_remember(&s->links, link);
		return;
	}
	say_back(s, link);
	k = known_links_find(&s->links, link->ifindex);
	if (k && wire__has(s->wire, link->ifindex) && strcmp(k->link.name, link->name))
		notice("interface '%s' is called '%s' now, and still watched", k->link.name,
		       link->name);
	wire__rename(s->wire, link);
	/* The exchange of an XDP program is a change of the interface. */
	if (s->cfg.xdp && wire__has(s->wire, link->ifindex))
		wire_watch__suspect(s->wire_watch, link->ifindex);
	want_if_asked_for(s, link);
}

static void on_listed(void *ctx, const struct link_info *link)
{
	struct sensor *s = ctx;
	struct known_link *k;

	on_link_change(ctx, link);
	k = known_links_find(&s->links, link->ifindex);
	if (k)
		k->listing = s->listing;
}

/* Some notices are lost: what is there, and what is no more? */
static int list_anew(struct sensor *s)
{
	const struct known_link *k;
	struct link_info gone;
	int err;

	on_tc(s, 0);
	s->listing++;
	err = netlink__links(s->netlink, on_listed, s);
	for (k = s->links.first; k && !err && s->wire; k = k->next) {
		if (k->listing == s->listing || !wire__has(s->wire, k->link.ifindex))
			continue;
		gone = k->link;
		gone.gone = true;
		on_link_gone(s, &gone);
	}
	return err;
}

int sensor__read_links(struct sensor *s)
{
	int err = netlink__monitor(s->netlink, on_link_change, s);

	if (err == -ENOBUFS)
		err = list_anew(s);
	if (err || s->attached)
		return err ? err : 1;
	return (int)(wire__count(s->wire) + s->waiting + (wants_all(s) || !s->cfg.exit_when_gone));
}

unsigned int sensor__to_attach(const struct sensor *s)
{
	return s->waiting;
}

static void attach_one(struct sensor *s, struct known_link *k)
{
	int err;

	set_waiting(s, k, false);
	progress__clear(s->progress);
	err = wire__attach(s->wire, &k->link);
	k->unsupported = err == -EOPNOTSUPP;
	/* With "any", one odd interface must not spoil the rest. */
	if (err && !wants_all(s))
		s->err = err;
}

int sensor__attach_some(struct sensor *s)
{
	uint64_t end = monotonic_ns() + TURN_NS;
	struct known_link *k;
	int err;

	for (k = s->links.first; k && s->waiting; k = k->next) {
		if (!k->waits)
			continue;
		attach_one(s, k);
		if (monotonic_ns() >= end)
			break;
	}
	progress__count(s->progress, s->to_do - s->waiting, s->to_do, "interfaces");
	if (s->waiting)
		return (int)s->waiting;
	progress__clear(s->progress);
	if (s->attached)
		return 0;
	wire__report_scarcity(s->wire);
	err = s->err;
	s->err = 0;
	return !err && !wire__count(s->wire) && !wants_all(s) ? -ENODEV : err;
}

void sensor__guard(struct sensor *s)
{
	if (s->wire_watch)
		wire_watch__turn(s->wire_watch);
	else
		attached_read__look_again(s->attached);
}

uint64_t sensor__guard_ns(const struct sensor *s)
{
	return s->wire_watch ? wire_watch__next_ns(s->wire_watch) :
			       attached_read__next_ns(s->attached);
}

uint64_t sensor__whole_since_ns(const struct sensor *s)
{
	return s->wire_watch ? wire_guard__whole_since_ns(wire_watch__guard(s->wire_watch)) :
			       attached_read__whole_since_ns(s->attached);
}

struct guard_gaps sensor__gaps(const struct sensor *s)
{
	return s->wire_watch ? wire_guard__gaps(wire_watch__guard(s->wire_watch)) :
			       (struct guard_gaps){ 0 };
}

uint64_t sensor__unread(const struct sensor *s)
{
	return s->attached ? attached_read__unread(s->attached) : 0;
}

/* A clash is found by a segment in the one ring that the kernel view has. */
uint32_t sensor__views(const struct sensor *s)
{
	uint32_t views = kernel_probes__views(s->kernel);

	return s->attached && !attached_read__is_one(s->attached) ? views & ~COVERS_CLASH : views;
}

const char *sensor__tier(const struct sensor *s)
{
	return kernel_probes__tier(s->kernel);
}

void sensor__print_plan(const struct sensor *s, FILE *out)
{
	kernel_probes__print_plan(s->kernel, out);
}

bool sensor__lacks_modules(const struct sensor *s)
{
	return kernel_probes__lacks_modules(s->kernel);
}

void sensor__look_again(struct sensor *s)
{
	kernel_probes__look_again(s->kernel);
}

struct recorder *sensor__flight(const struct sensor *s)
{
	return s->flight;
}

struct netlink *sensor__netlink(const struct sensor *s)
{
	return s->netlink;
}

uint64_t sensor__text(const struct sensor *s)
{
	return s->symbols ? symbols__text(s->symbols) : 0;
}

bool sensor__cgroup_path(const struct sensor *s, uint64_t id, char *ret, size_t len)
{
	return cgroup_names_find(s->maps.fd[MAP_CGROUPS], id, ret, len);
}

bool sensor__closer(const struct sensor *s, const struct kernel_event *k, struct closer *ret)
{
	return closer_find(s->maps.fd[MAP_CLOSERS], k, ret);
}

uint64_t sensor__lost_events(const struct sensor *s)
{
	struct reader_losses lost = reader__lost(s->reader);

	return lost.wire + lost.kernel + s->undecodable;
}

uint64_t sensor__missed(const struct sensor *s)
{
	return kernel_probes__missed(s->kernel);
}

const struct user_stack *sensor__user_stack(const struct sensor *s, uint64_t id)
{
	return s->user_stacks ? user_stacks__find(s->user_stacks, id) : NULL;
}

uint64_t sensor__user_stacks_skipped(const struct sensor *s)
{
	return s->user_stacks ? user_stacks__skipped(s->user_stacks) : 0;
}
