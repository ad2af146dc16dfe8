// SPDX-License-Identifier: GPL-2.0-only
/*
 * attached_read.c - read the recorders of programs that somebody else has attached, as one.
 *
 * Which programs there are is looked up again from time to time: the kernel gives no notice of
 * tcx. A recorder whose programs are all gone stays registered, because its records are still read.
 */
#include "live/attached_read.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "live/attached.h"
#include "live/backlog.h"
#include "live/ring_state.h"
#include "rst_event.h"
#include "rst_ring.h"

/* Where `make install` puts it. */
#define OBJECT "/usr/local/lib/rstscope/rst_tc.bpf.o"

/* For tcx and XDP links, of which nobody gives notice. */
#define LOOK_NS 1000000000u
/* Of several changes in a row one look is enough. */
#define SOON_NS 100000000u
/* Looking may take this part of the time. */
#define SHARE 100

struct ring_id {
	struct ring_id *next;
	uint32_t id;
};

struct attached_read {
	struct attached_read_config cfg;
	struct attached *now;	/* what was found last */
	struct ring_id *joined; /* recorders that tell us of RSTs, or will never */
	unsigned int n_joined;
	struct backlog *backlog; /* what was recorded before we read; NULL = reported, or none */
	uint64_t unread;
	uint64_t next_ns;	 /* when to look again */
	uint64_t whole_since_ns; /* the last change */
	bool said_none;
};

static bool is_wanted(const struct attached_read *a, const char *ifname)
{
	unsigned int i;

	for (i = 0; i < a->cfg.n_interfaces; i++)
		if (!strcmp(a->cfg.interfaces[i], "any") || !strcmp(a->cfg.interfaces[i], ifname))
			return true;
	return false;
}

static bool is_ours(const struct attached_read *a, const struct attached_program *p)
{
	return p->recorder && is_wanted(a, p->path->ifname);
}

static bool is_on_wanted(const struct attached_read *a, const struct attached_recorder *r)
{
	unsigned int i;

	for (i = 0; i < r->n_programs; i++)
		if (is_ours(a, r->programs[i]))
			return true;
	return false;
}

/* --- what is said of it ------------------------------------------------------------------------ */

static const char *describe_way(const struct attached_program *p, char *to, size_t size)
{
	switch (p->way) {
	case ATTACHED_XDP:
		snprintf(to, size, "XDP%s", p->mode == IF_XDP_GENERIC ? ", generic" : "");
		break;
	case ATTACHED_DISPATCHED:
		snprintf(to, size, "XDP%s, by libxdp's dispatcher",
			 p->mode == IF_XDP_GENERIC ? ", generic" : "");
		break;
	case ATTACHED_TCX:
		if (p->link_id)
			snprintf(to, size, "tcx, link %" PRIu32, p->link_id);
		else
			snprintf(to, size, "tcx");
		break;
	case ATTACHED_FILTER:
		snprintf(to, size, "tc filter, pref %" PRIu32 ", handle %#" PRIx32, p->filter.pref,
			 p->filter.handle);
		break;
	}
	return to;
}

static void say_program(const struct attached_program *p)
{
	char way[96], after[64] = "";

	if (p->place)
		snprintf(after, sizeof(after), ", after %u other program%s", p->place,
			 p->place > 1 ? "s" : "");
	notice("attached: %s %s by %s (%s%s), program %" PRIu32 ", recorder %" PRIu32,
	       p->path->ifname, p->path->ingress ? "ingress" : "egress", p->name,
	       describe_way(p, way, sizeof(way)), after, p->prog_id, p->recorder->ring_id);
}

static const struct attached_program *find_program(const struct attached *in, uint32_t ifindex,
						   bool ingress)
{
	const struct attached_path *path;
	unsigned int i;

	for (path = in ? attached__paths(in) : NULL; path; path = path->next)
		for (i = 0; path->ifindex == ifindex && path->ingress == ingress && i < path->n;
		     i++)
			if (path->programs[i].recorder)
				return &path->programs[i];
	return NULL;
}

/* Half an attach shows half of a connection. */
static void say_half(const struct attached *now, const struct attached_path *path)
{
	if (!find_program(now, path->ifindex, !path->ingress))
		warning("'%s': only %s is recorded; %s resets are not seen", path->ifname,
			path->ingress ? "ingress" : "egress",
			path->ingress ? "outgoing" : "incoming");
}

/* Returns whether there is any. */
static bool say_changes(const struct attached_read *a, const struct attached *before,
			const struct attached *now)
{
	const struct attached_path *path;
	const struct attached_program *p;
	bool any = false;

	for (path = attached__paths(now); path; path = path->next) {
		p = find_program(now, path->ifindex, path->ingress);
		if (!is_wanted(a, path->ifname) ||
		    find_program(before, path->ifindex, path->ingress))
			continue;
		say_program(p);
		say_half(now, path);
		any = true;
	}
	for (path = before ? attached__paths(before) : NULL; path; path = path->next) {
		if (!is_wanted(a, path->ifname) || find_program(now, path->ifindex, path->ingress))
			continue;
		warning("'%s': the program at %s was detached, or the interface removed",
			path->ifname, path->ingress ? "ingress" : "egress");
		any = true;
	}
	return any;
}

static void say_nothing_found(const struct attached_read *a)
{
	bool one = a->cfg.n_interfaces == 1 && strcmp(a->cfg.interfaces[0], "any");
	const char *name = one ? a->cfg.interfaces[0] : "eth0";

	error("no program of rstscope is attached to %s%s%s in this network namespace; attach with:",
	      one ? "'" : "", one ? name : "any of these interfaces", one ? "'" : "");
	fprintf(stderr,
		"  tc qdisc add dev %s clsact; "
		"tc filter add dev %s ingress bpf da obj " OBJECT " sec tc/ingress\n"
		"  tc filter add dev %s egress bpf da obj " OBJECT " sec tc/egress\n",
		name, name, name);
}

/* --- recorders --------------------------------------------------------------------------------- */

static bool is_joined(const struct attached_read *a, uint32_t ring_id)
{
	const struct ring_id *j = a->joined;

	while (j && j->id != ring_id)
		j = j->next;
	return j;
}

static int note_joined(struct attached_read *a, uint32_t ring_id)
{
	struct ring_id *j = malloc(sizeof(*j));

	if (!j)
		return -ENOMEM;
	*j = (struct ring_id){ a->joined, ring_id };
	a->joined = j;
	a->n_joined++;
	return 0;
}

/* The size of the counters states it, also while nothing has been recorded. */
static uint32_t version_of(const struct attached_recorder *r)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(attached_recorder_map(r, "rst_cpus"), &info, &len))
		return r->abi;
	return info.value_size / 64;
}

static int check_version(const struct attached_recorder *r)
{
	const struct attached_program *p = r->programs[0];
	uint32_t version = version_of(r);

	if (version == RST_ABI_VERSION && ring_room(r->ring_size))
		return 0;
	error("'%s': the attached program %s is of version %" PRIu32 " of the recorder, this "
	      "rstscope reads version %d: detach it (`tc filter del dev %s %s pref N`, `ip link set "
	      "dev %s xdp off`), remove its pins (`rm /sys/fs/bpf/tc/globals/rst_*`), and attach "
	      "%s of this version",
	      p->path->ifname, p->name, version, RST_ABI_VERSION, p->path->ifname,
	      p->path->ingress ? "ingress" : "egress", p->path->ifname, OBJECT);
	return -EPROTO;
}

static void name_readers(int info_fd, FILE *to)
{
	struct reader_place places[RST_READERS_MAX];
	int n = reader_places(info_fd, places), i;
	char name[32];

	for (i = 0; i < n; i++) {
		process_name(&places[i].process, name, sizeof(name));
		fprintf(to, "%s%" PRIu32 " (%s)", i ? ", " : "", places[i].process.pid, name);
	}
}

static void say_full(const struct attached_recorder *r, int info_fd)
{
	FILE *to = strbuf_begin();
	char *readers;

	if (to)
		name_readers(info_fd, to);
	readers = to ? strbuf_end() : NULL;
	error("recorder %" PRIu32 " has %d readers already, which is the limit: processes %s; end "
	      "one of them",
	      r->ring_id, RST_READERS_MAX, readers ? readers : "?");
	free(readers);
}

static int join(struct attached_read *a, const struct attached_recorder *r)
{
	struct reader_maps maps = {
		.readers = attached_recorder_map(r, "rst_readers"),
		.handoffs = attached_recorder_map(r, "rst_handoffs"),
		.info = attached_recorder_map(r, "rst_reader_info"),
	};
	uint64_t unread = 0;
	int err = note_joined(a, r->ring_id);

	if (!err)
		err = recorder__add(a->cfg.recorder, attached_recorder_map(r, "rst_ring"),
				    attached_recorder_map(r, "rst_cpus"), r->cpus, 0);
	if (!err)
		err = reader__register(a->cfg.reader, &maps,
				       recorder__count_newest(a->cfg.recorder, RST_CNT_UNREAD),
				       &unread);
	a->unread += unread;
	if (err == -EUSERS)
		say_full(r, maps.info);
	else if (err)
		error("read recorder %" PRIu32 ": %s", r->ring_id, error_name(err));
	return err;
}

static bool is_read_by_another(const struct attached_read *a, const struct attached_program *p)
{
	unsigned int i;

	for (i = 0; i < p->path->n; i++) {
		const struct attached_recorder *other = p->path->programs[i].recorder;

		if (other && other != p->recorder && is_joined(a, other->ring_id))
			return true;
	}
	return false;
}

/* Two programs at one place would report each RST twice. */
static bool is_redundant(const struct attached_read *a, const struct attached_recorder *r)
{
	unsigned int i;

	for (i = 0; i < r->n_programs; i++)
		if (is_ours(a, r->programs[i]) && !is_read_by_another(a, r->programs[i]))
			return false;
	return true;
}

/* Perhaps only as long as a watch runs: what is there for good comes first. */
static bool may_be_of_watch(const struct attached_recorder *r)
{
	unsigned int i;

	for (i = 0; i < r->n_programs; i++)
		if (r->programs[i]->way != ATTACHED_TCX &&
		    strcmp(r->programs[i]->filter.name, CLSACT_NAME))
			return false;
	return true;
}

static int join_some(struct attached_read *a, bool of_watch)
{
	const struct attached_recorder *r;
	int err, first = 0;

	for (r = attached__recorders(a->now); r; r = r->next) {
		if (!is_on_wanted(a, r) || is_joined(a, r->ring_id) ||
		    may_be_of_watch(r) != of_watch || is_redundant(a, r))
			continue;
		err = check_version(r);
		err = err ? err : join(a, r);
		if (err && !is_joined(a, r->ring_id))
			note_joined(a, r->ring_id);
		first = first ? first : err;
	}
	return first;
}

/* Each once: one that cannot be joined is not tried again. */
static int join_new(struct attached_read *a)
{
	int err = join_some(a, false), more = join_some(a, true);

	return err ? err : more;
}

static bool has_any(const struct attached_read *a)
{
	const struct attached_recorder *r = attached__recorders(a->now);

	while (r && !is_on_wanted(a, r))
		r = r->next;
	return r;
}

/* --- outside ----------------------------------------------------------------------------------- */

static int check_found(const struct attached_read *a)
{
	const struct attached_recorder *r;
	int err = 0;

	if (!has_any(a)) {
		say_nothing_found(a);
		return -ENOENT;
	}
	for (r = attached__recorders(a->now); r && !err; r = r->next)
		if (is_on_wanted(a, r))
			err = check_version(r);
	if (!err)
		say_changes(a, NULL, a->now);
	return err;
}

struct attached_read *attached_read__open(const struct attached_read_config *cfg)
{
	struct attached_read *a = calloc(1, sizeof(*a));
	int err = 0;

	if (!a)
		return NULL;
	a->cfg = *cfg;
	a->next_ns = monotonic_ns() + LOOK_NS;
	a->now = attached__find();
	if (a->now) {
		err = check_found(a);
	} else {
		err = -errno;
		error("find attached programs: %s%s", error_name(err),
		      err == -EPERM ? " (takes CAP_SYS_ADMIN)" : "");
	}
	if (!err)
		return a;
	attached_read__free(a);
	errno = -err;
	return NULL;
}

static bool sees_arrivals(const struct attached_recorder *r)
{
	unsigned int i;

	for (i = 0; i < r->n_programs; i++)
		if (r->programs[i]->path->ingress)
			return true;
	return false;
}

int attached_read__share(const struct attached_read *a, struct shared_maps *maps)
{
	const struct attached_recorder *r, *best = NULL;

	for (r = attached__recorders(a->now); r; r = r->next)
		if (is_on_wanted(a, r) && (!best || (sees_arrivals(r) && !sees_arrivals(best))))
			best = r;
	if (!best)
		return -ENOENT;
	maps->cpus = best->cpus;
	maps->slots = best->slots ? best->slots : ring_room(best->ring_size);
	maps->fd[MAP_RING] = fcntl(attached_recorder_map(best, "rst_ring"), F_DUPFD_CLOEXEC, 0);
	return maps->fd[MAP_RING] < 0 ? -errno : 0;
}

int attached_read__begin(struct attached_read *a)
{
	int err = join_new(a);

	if (err)
		return err;
	a->backlog = backlog__new(a->cfg.recorder, monotonic_ns());
	return a->backlog ? 0 : -errno;
}

uint64_t attached_read__unread(const struct attached_read *a)
{
	return a->unread;
}

static void look(struct attached_read *a)
{
	struct attached *before = a->now, *now = attached__find();

	if (!now) {
		debug("find attached programs: %s", error_name(errno));
		return;
	}
	a->now = now;
	if (say_changes(a, before, now))
		a->whole_since_ns = monotonic_ns();
	attached__free(before);
	join_new(a);
	if (!has_any(a) && !a->said_none)
		warning("no program is attached any more; waiting for one");
	a->said_none = !has_any(a);
}

void attached_read__look_again(struct attached_read *a)
{
	uint64_t began = monotonic_ns(), end;

	if (began < a->next_ns)
		return;
	look(a);
	end = monotonic_ns();
	a->next_ns = end + LOOK_NS + SHARE * (end - began);
}

uint64_t attached_read__next_ns(const struct attached_read *a)
{
	return a->next_ns;
}

void attached_read__suspect(struct attached_read *a)
{
	uint64_t soon = monotonic_ns() + SOON_NS;

	if (a && soon < a->next_ns)
		a->next_ns = soon;
}

uint64_t attached_read__whole_since_ns(const struct attached_read *a)
{
	return a->whole_since_ns;
}

static bool watches(const struct attached_read *a, uint32_t ifindex)
{
	const struct attached_program *in = find_program(a->now, ifindex, true),
				      *out = find_program(a->now, ifindex, false);

	return (in && is_ours(a, in)) || (out && is_ours(a, out));
}

bool attached_read__takes(struct attached_read *a, const struct packet *rst)
{
	if (!watches(a, rst->ifindex))
		return false;
	if (a->backlog)
		backlog__forget(a->backlog, rst);
	return true;
}

bool attached_read__next_before(struct attached_read *a, struct event *ret)
{
	while (a->backlog && backlog__next(a->backlog, ret))
		if (watches(a, ret->wire.rst.ifindex))
			return true;
	backlog__free(a->backlog);
	a->backlog = NULL;
	return false;
}

bool attached_read__is_one(const struct attached_read *a)
{
	return a->n_joined == 1;
}

void attached_read__free(struct attached_read *a)
{
	struct ring_id *j;

	if (!a)
		return;
	attached__free(a->now);
	backlog__free(a->backlog);
	while ((j = a->joined)) {
		a->joined = j->next;
		free(j);
	}
	free(a);
}
