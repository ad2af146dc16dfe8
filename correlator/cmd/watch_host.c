// SPDX-License-Identifier: GPL-2.0-only
/*
 * watch_host.c - this machine as the host of a watch.
 */
#include "cmd/watch_host.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "host/conntrack.h"
#include "host/ct_destroyed.h"
#include "host/nat_rules.h"
#include "host/neighbours.h"
#include "host/raw_sockets.h"
#include "host/socket_owner.h"
#include "host/tap.h"
#include "live/other_programs.h"

#define NS_PER_SEC 1000000000ull

struct live_host {
	struct watch_host ops;
	struct sensor *sensor;
	struct ctnl *ctnl;
	struct nat_reader *nat;
	struct ct_destroyed *dropped; /* NULL: conntrack is not loaded, or does not report */
	bool dropped_refused;
	struct owner_cache *owners;
	struct neighbours *neighbours; /* NULL: none of them is watched */
	struct ctnl *abroad_ctnl;      /* of the neighbour that was entered */
	struct nat_reader *abroad_nat;
};

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

static uint64_t now_ns(void *ctx)
{
	(void)ctx;
	return clock_ns(CLOCK_MONOTONIC);
}

static uint64_t cpu_ns(void *ctx)
{
	(void)ctx;
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* Who is interrupted between the two clocks measures that: the shortest of three is good. */
static int64_t wall_offset_ns(void *ctx)
{
	uint64_t shortest = UINT64_MAX;
	int64_t offset = 0;
	int i;

	(void)ctx;
	for (i = 0; i < 3; i++) {
		uint64_t before = clock_ns(CLOCK_MONOTONIC), wall = clock_ns(CLOCK_REALTIME);
		uint64_t took = clock_ns(CLOCK_MONOTONIC) - before;

		if (took >= shortest)
			continue;
		shortest = took;
		offset = (int64_t)(wall - before - took / 2);
	}
	return offset;
}

static int read_events(void *ctx)
{
	struct live_host *h = ctx;
	int err = sensor__read_events(h->sensor);

	/* What watch__event() returns where it wants no more. */
	return err == -ECANCELED ? 0 : err;
}

static uint64_t lost(void *ctx)
{
	return sensor__lost_events(((struct live_host *)ctx)->sensor);
}

static uint64_t missed(void *ctx)
{
	return sensor__missed(((struct live_host *)ctx)->sensor);
}

static uint32_t views(void *ctx)
{
	return sensor__views(((struct live_host *)ctx)->sensor);
}

int live_host__recall(void *host, const struct recall *what, struct packet_list *list)
{
	const struct sensor *sensor = ((struct live_host *)host)->sensor;
	uint64_t whole_since = sensor__whole_since_ns(sensor);
	int err = recorder__recall(sensor__flight(sensor), what, list);

	/* What passed an interface without our programs is as good as overwritten. */
	if (whole_since > list->since_ns)
		list->since_ns = whole_since;
	return err;
}

static int fins(void *ctx, uint64_t after_ns, uint64_t until_ns, struct packet_list *list)
{
	const struct live_host *h = ctx;

	return recorder__fins(sensor__flight(h->sensor), after_ns, until_ns, list);
}

static void remember_owner(void *ctx, const struct kernel_event *k)
{
	owner_remember(((struct live_host *)ctx)->owners, k);
}

static void find_owner(void *ctx, struct reset_case *c)
{
	struct live_host *h = ctx;
	const struct kernel_event *k = c->seen.kernel;
	char cgroup[sizeof(c->asked.owner.cgroup)] = "";

	sensor__cgroup_path(h->sensor, k->sock.cgroup ? k->sock.cgroup : k->closer.cgroup, cgroup,
			    sizeof(cgroup));
	owner_find(h->owners, cgroup, c);
	killer_find(c);
}

static void find_victim(void *ctx, bool may_search, struct reset_case *c)
{
	struct live_host *h = ctx;
	char cgroup[sizeof(c->asked.victim.cgroup)] = "";
	struct closer closer;
	bool closed = sensor__closer(h->sensor, c->seen.receive, &closer);

	sensor__cgroup_path(h->sensor, c->seen.receive->sock.cgroup, cgroup, sizeof(cgroup));
	victim_find(may_search ? h->owners : NULL, cgroup, closed ? &closer : NULL, c);
}

static void find_user_stack(void *ctx, struct reset_case *c)
{
	c->asked.user_stack =
		sensor__user_stack(((struct live_host *)ctx)->sensor, c->seen.kernel->id);
}

static void find_raw_sockets(void *ctx, struct reset_case *c)
{
	struct suspects *s = &c->asked.suspects;

	(void)ctx;
	s->asked = true;
	raw_sockets_holders(c->seen.maker, s->processes, sizeof(s->processes));
}

static void find_programs(void *ctx, uint32_t ifindex, bool ingress, struct reset_case *c)
{
	struct netlink *nl = sensor__netlink(((struct live_host *)ctx)->sensor);
	struct suspects *s = &c->asked.suspects;

	s->asked = true;
	s->programs_known =
		!other_programs_list(nl, ifindex, ingress, s->programs, sizeof(s->programs));
}

static void find_guest(void *ctx, uint32_t ifindex, struct reset_case *c)
{
	struct suspects *s = &c->asked.suspects;

	(void)ctx;
	if (!tap_is(ifindex))
		return;
	s->asked = true;
	tap_holders(ifindex, s->guest, sizeof(s->guest), &s->guest_is_vm);
}

static int is_local(void *ctx, const uint8_t *addr, uint8_t family)
{
	return netlink__is_local(sensor__netlink(((struct live_host *)ctx)->sensor), addr, family);
}

static bool ct_is_active(void *ctx)
{
	(void)ctx;
	return ctnl__is_active();
}

static bool is_abroad(const struct live_host *h)
{
	return h->neighbours && neighbours__abroad(h->neighbours);
}

static enum nat_rules nat_rules(void *ctx)
{
	struct live_host *h = ctx;
	struct nat_reader **nat = is_abroad(h) ? &h->abroad_nat : &h->nat;

	if (!*nat)
		*nat = nat_reader__open("");
	return *nat ? nat_reader__rules(*nat) : NAT_RULES_UNKNOWN;
}

static int ct_lookup(void *ctx, const struct tuple *t, struct conntrack *ret)
{
	struct live_host *h = ctx;
	struct ctnl **ctnl = is_abroad(h) ? &h->abroad_ctnl : &h->ctnl;

	if (!*ctnl)
		*ctnl = ctnl__open();
	return *ctnl ? ctnl__lookup(*ctnl, t, ret) : -errno;
}

/* Best effort: that it fails must not stop the watch. */
static void read_dropped(void *ctx, uint64_t until_ns)
{
	struct live_host *h = ctx;
	int err = h->dropped ? ct_destroyed__read(h->dropped, until_ns) : 0;

	if (!err)
		return;
	warning("conntrack events: %s; no longer reading them", error_name(err));
	ct_destroyed__free(h->dropped);
	h->dropped = NULL;
	h->dropped_refused = true;
}

static bool find_dropped(void *ctx, const struct tuple *t, struct gone_mapping *ret)
{
	struct live_host *h = ctx;

	return h->dropped && ct_destroyed__find(h->dropped, t, ret);
}

static void count(void *ctx, struct watch_counts *ret)
{
	struct live_host *h = ctx;
	const struct recorder *f = sensor__flight(h->sensor);
	int i;

	ret->recorded = recorder__recorded(f);
	ret->lost = sensor__lost_events(h->sensor);
	ret->missed = sensor__missed(h->sensor);
	ret->user_stacks_skipped = sensor__user_stacks_skipped(h->sensor);
	ret->gaps = sensor__gaps(h->sensor).n;
	ret->gap_ns = sensor__gaps(h->sensor).ns;
	ret->ct_losses = h->dropped ? ct_destroyed__losses(h->dropped) : 0;
	for (i = 0; i < RST_CNT_MAX; i++)
		ret->packets[i] = recorder__count(f, i);
}

static void name_netns(void *ctx, struct case_netns *netns, uint32_t pid)
{
	neighbours__name(((struct live_host *)ctx)->neighbours, netns, pid);
}

static int enter_netns(void *ctx, uint32_t ino, uint32_t pid)
{
	return neighbours__enter(((struct live_host *)ctx)->neighbours, ino, pid);
}

static void leave_netns(void *ctx)
{
	struct live_host *h = ctx;

	ctnl__free(h->abroad_ctnl);
	nat_reader__free(h->abroad_nat);
	h->abroad_ctnl = NULL;
	h->abroad_nat = NULL;
	neighbours__leave(h->neighbours);
}

int live_host__watch_neighbours(struct live_host *h, uint32_t *ret_home)
{
	h->neighbours = neighbours__new();
	if (!h->neighbours)
		return -errno;
	*ret_home = neighbours__home(h->neighbours);
	h->ops.name_netns = name_netns;
	h->ops.enter_netns = enter_netns;
	h->ops.leave_netns = leave_netns;
	return 0;
}

struct live_host *live_host__new(void)
{
	struct live_host *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->ops = (struct watch_host){
		.ctx = h,
		.now_ns = now_ns,
		.wall_offset_ns = wall_offset_ns,
		.cpu_ns = cpu_ns,
		.read_events = read_events,
		.lost = lost,
		.missed = missed,
		.views = views,
		.recall = live_host__recall,
		.fins = fins,
		.remember_owner = remember_owner,
		.find_owner = find_owner,
		.find_victim = find_victim,
		.find_user_stack = find_user_stack,
		.find_raw_sockets = find_raw_sockets,
		.find_programs = find_programs,
		.find_guest = find_guest,
		.is_local = is_local,
		.ct_is_active = ct_is_active,
		.nat_rules = nat_rules,
		.ct_lookup = ct_lookup,
		.read_dropped = read_dropped,
		.find_dropped = find_dropped,
		.count = count,
	};
	h->owners = owner_cache__new();
	h->nat = nat_reader__open("");
	if (h->owners && h->nat)
		return h;
	live_host__free(h);
	errno = ENOMEM;
	return NULL;
}

int live_host__attach(struct live_host *h, const struct sensor_config *cfg)
{
	h->sensor = sensor__open(cfg);
	return h->sensor ? 0 : -errno;
}

struct sensor *live_host__sensor(const struct live_host *h)
{
	return h->sensor;
}

const struct watch_host *live_host__ops(const struct live_host *h)
{
	return &h->ops;
}

int live_host__follow_conntrack(struct live_host *h)
{
	/* Querying it would load it. */
	if (h->dropped || h->dropped_refused || !ctnl__is_active())
		return -1;
	h->dropped = ct_destroyed__open();
	if (h->dropped)
		return ct_destroyed__fd(h->dropped);
	h->dropped_refused = true;
	warning("conntrack events: %s; 'conntrack-expired' cannot be identified",
		error_name(errno));
	return -1;
}

void live_host__free(struct live_host *h)
{
	if (!h)
		return;
	sensor__free(h->sensor);
	ctnl__free(h->ctnl);
	nat_reader__free(h->nat);
	ct_destroyed__free(h->dropped);
	owner_cache__free(h->owners);
	neighbours__free(h->neighbours);
	free(h);
}
