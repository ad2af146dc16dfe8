// SPDX-License-Identifier: GPL-2.0-only
/*
 * watch_lookup.c - what is asked of the host about one case.
 */
#include "cmd/watch_lookup.h"

#include "cmd/closes.h"
#include "diagnose/facts.h"
#include "model/kernel_bits.h"
#include "model/stack.h"

#define NS_PER_SEC 1000000000ull
/* Looking up may take this part of a second; a storm of resets then goes without. */
#define BUDGET_NS (NS_PER_SEC / 4)
/* conntrack's report of a dropped entry may be read so long after the reset that it explains. */
#define REPORT_DELAY_NS 20000000u

/* Of its own, so that a storm of RSTs that come in leaves time for the rest. */
#define HOLDERS_BUDGET_NS (NS_PER_SEC / 10)

static bool is_within(uint64_t now, uint64_t budget_ns, uint64_t *start_ns, uint64_t *spent_ns)
{
	if (now - *start_ns > NS_PER_SEC) {
		*start_ns = now;
		*spent_ns = 0;
	}
	return *spent_ns < budget_ns;
}

static bool is_within_budget(struct lookup_state *l)
{
	return is_within(l->host->now_ns(l->host->ctx), BUDGET_NS, &l->budget_start_ns,
			 &l->spent_ns);
}

static bool is_within_holders_budget(struct lookup_state *l)
{
	return is_within(l->host->now_ns(l->host->ctx), HOLDERS_BUDGET_NS, &l->holders_start_ns,
			 &l->holders_spent_ns);
}

void look_up_holder(struct lookup_state *l, const struct kernel_event *k)
{
	const struct watch_host *h = l->host;
	uint64_t before;

	if ((k->call != CALL_RECEIVE && !stack_killed_by(k)) || !is_within_holders_budget(l))
		return;
	before = h->cpu_ns(h->ctx);
	h->remember_owner(h->ctx, k);
	l->holders_spent_ns += h->cpu_ns(h->ctx) - before;
}

/* Who lost by it. */
static void ask_victim(struct lookup_state *l, struct reset_case *c)
{
	const struct watch_host *h = l->host;
	uint64_t before;

	if (c->seen.receive->call != CALL_RECEIVE || c->seen.sightings[0].hook == HOOK_TC_EGRESS)
		return;
	before = h->cpu_ns(h->ctx);
	h->find_victim(h->ctx, is_within_holders_budget(l), c);
	l->holders_spent_ns += h->cpu_ns(h->ctx) - before;
}

static int find_entry(const struct watch_host *h, const struct tuple *t, struct conntrack *ret)
{
	return h->ct_lookup(h->ctx, t, ret);
}

/*
 * The segment that was answered, where the kernel told it; else the RST as it was seen, then its
 * reverse: one that answers an untranslated segment has a tuple that conntrack never had.
 */
static int look_up_entry(const struct watch_host *h, struct reset_case *c)
{
	struct tuple back = tuple_reverse(&c->seen.rst.tuple);
	int found;

	if (c->seen.kernel->has_segment)
		return find_entry(h, &c->seen.kernel->segment, &c->asked.ct);
	if (c->seen.kind == CASE_STALL)
		return find_entry(h, &c->seen.clash->segment, &c->asked.ct);
	found = find_entry(h, &c->seen.rst.tuple, &c->asked.ct);
	return found ? found : find_entry(h, &back, &c->asked.ct);
}

static void ask_conntrack(const struct watch_host *h, struct reset_case *c)
{
	/* A segment that carried an entry was translated: nothing to ask. */
	if (c->asked.ct_asked || c->asked.ct.has_entry ||
	    (c->seen.kernel->nfct_known && c->seen.kernel->nfct & NFCT_ENTRY))
		return;
	/* To ask would load it. */
	if (!h->ct_is_active(h->ctx)) {
		c->asked.ct_asked = true;
		c->asked.nat_rules = NAT_RULES_NONE;
		return;
	}
	c->asked.nat_rules = h->nat_rules(h->ctx);
	if (look_up_entry(h, c) < 0)
		return;
	c->asked.ct_asked = true;
	/* An entry exists for the tuple, yet the segment carried none: it was refused. */
	if (mapping_is_due(&c->asked.ct, &c->seen.kernel->segment) && c->seen.kernel->nfct_known &&
	    c->seen.kernel->nfct == 0 && c->seen.kernel->lookup == LOOKUP_NONE)
		c->asked.ct.state = CT_INVALID;
}

/* An entry that was made in the middle of a connection, when its mapping was gone, has no NAT. */
static bool has_mapping(const struct conntrack *ct)
{
	return ct->has_entry && (ct->snat || ct->dnat);
}

/* A mapping that was dropped before: of the segment, or of the one that made the peer reset. */
static void ask_dropped(const struct watch_host *h, struct reset_case *c, uint64_t until_ns)
{
	struct tuple back = tuple_reverse(&c->seen.rst.tuple);
	struct gone_mapping gone;

	if (c->seen.kind == CASE_STALL || has_mapping(&c->asked.ct) || c->asked.gone.known)
		return;
	if (h->find_dropped(h->ctx, c->seen.kernel->has_segment ? &c->seen.kernel->segment : &back,
			    &gone) &&
	    gone.ts_ns <= until_ns)
		c->asked.gone = gone;
}

/*
 * A mapping of the same client's connection to another backend: that there is a new one proves that it
 * was dropped before, however late that was reported.
 */
static void ask_remapped(const struct watch_host *h, struct reset_case *c)
{
	struct tuple images[CASE_IMAGES_MAX];
	unsigned int n = c->seen.kind == CASE_STALL ? 0 : case_images_now(c, images), i;

	for (i = 0; n > 1 && i < n && !c->asked.gone.known; i++) {
		struct tuple back = tuple_reverse(&images[i]);

		if (h->find_dropped(h->ctx, &back, &c->asked.gone) && is_remapped(c, NULL))
			return;
		c->asked.gone = (struct gone_mapping){ 0 };
	}
}

/* One look at the rings, for the history and for the sinks. */
static void recall_flow(struct lookup_state *l, struct reset_case *c)
{
	struct recall what = { .until_ns = c->seen.rst.ts_ns, .max = CASE_HISTORY_MAX };

	recall_add(&what, &c->seen.rst.tuple);
	sinks__want(l->sinks, c, &what);
	l->host->recall(l->host->ctx, &what, &l->recalled);
	list_to_history(&l->recalled, c);
	sinks__keep(l->sinks, &l->recalled, c);
}

/* Of who made the RST or, if that was somebody else, of who took it. */
static void name_netns(const struct watch_host *h, struct reset_case *c)
{
	const struct sighting *first = &c->seen.sightings[0];
	const struct kernel_event *k = c->seen.kernel->netns ? c->seen.kernel : c->seen.receive;
	struct case_netns netns = { .ino = k->netns };

	/* What our own namespace has sent, and the kernel says nothing of, it has made. */
	if (k == c->seen.receive && first->hook == HOOK_TC_EGRESS && !first->forwarded)
		return;
	if (!h->name_netns || !netns.ino || netns.ino == c->asked.netns.ino)
		return;
	h->name_netns(h->ctx, &netns, k->tgid);
	c->asked.netns = netns;
}

/* Did our own namespace pass on the segment that it answers without translating it? */
static bool was_leaked(const struct watch_host *h, const struct reset_case *c,
		       struct conntrack *ret)
{
	struct tuple back = tuple_reverse(&c->seen.rst.tuple);

	if (c->seen.kernel->call != CALL_PASSIVE || !h->ct_is_active(h->ctx))
		return false;
	return (find_entry(h, &c->seen.rst.tuple, ret) > 0 || find_entry(h, &back, ret) > 0) &&
	       is_made_by_leak(ret, &c->seen.rst.tuple);
}

/* What has no namespace to be asked of is not known; ours knows nothing of it. */
static void ask_there(const struct watch_host *h, struct reset_case *c)
{
	struct conntrack ct = { 0 };

	if (!is_made_next_door(c)) {
		ask_conntrack(h, c);
		return;
	}
	if (was_leaked(h, c, &ct)) {
		c->asked.netns.leaked = c->asked.ct_asked = true;
		c->asked.ct = ct;
		return;
	}
	if (!c->asked.netns.unreachable)
		c->asked.netns.unreachable =
			h->enter_netns(h->ctx, c->asked.netns.ino, c->seen.kernel->tgid) != 0;
	if (c->asked.netns.unreachable)
		return;
	ask_conntrack(h, c);
	h->leave_netns(h->ctx);
}

void look_up_at_once(struct lookup_state *l, struct reset_case *c)
{
	const struct watch_host *h = l->host;
	uint64_t before;

	/* Of then nobody knows anything but the packets; how things are now proves nothing. */
	if (c->seen.before_start) {
		recall_flow(l, c);
		return;
	}
	c->asked.views = h->views(h->ctx);
	name_netns(h, c);
	/* A stall is nothing without conntrack's word on it. */
	if (c->seen.kind == CASE_STALL)
		ask_conntrack(h, c);
	if (!is_within_budget(l)) {
		c->asked.hurried = true;
		l->without_history++;
		return;
	}
	/* Our own time: that others keep the CPU busy is no reason to know less. */
	before = h->cpu_ns(h->ctx);
	/* A program that only sends the RST ends at once. */
	if (c->seen.maker == MAKER_RAW || c->seen.maker == MAKER_PACKET)
		h->find_raw_sockets(h->ctx, c);
	h->find_owner(h->ctx, c);
	/* Now and not later: an entry that is made after the reset proves nothing. */
	ask_there(h, c);
	recall_flow(l, c);
	closes__ask(l->closes, h, c);
	/* On a busy machine we read late; what was reported by now still came before we knew. */
	h->read_dropped(h->ctx, h->now_ns(h->ctx));
	ask_dropped(h, c, UINT64_MAX);
	l->spent_ns += h->cpu_ns(h->ctx) - before;
}

/* Where a RST that came in will go once NAT is undone: the other image of its flow. */
static const uint8_t *real_destination(const struct reset_case *c)
{
	if (c->asked.ct.has_entry && tuple_equal(&c->seen.rst.tuple, &c->asked.ct.orig))
		return c->asked.ct.reply.saddr;
	if (c->asked.ct.has_entry && tuple_equal(&c->seen.rst.tuple, &c->asked.ct.reply))
		return c->asked.ct.orig.saddr;
	return c->seen.rst.tuple.daddr;
}

static void ask_routes(const struct watch_host *h, struct reset_case *c)
{
	const struct tuple *t = &c->seen.rst.tuple;

	/* It has come out of a socket or a rule there, or has reached a socket. */
	if (c->asked.netns.foreign)
		*(is_made_next_door(c) ? &c->asked.src_local : &c->asked.dst_local) = 1;
	else if (c->seen.sightings[0].hook == HOOK_TC_EGRESS)
		c->asked.src_local = h->is_local(h->ctx, t->saddr, t->family);
	else
		c->asked.dst_local = h->is_local(h->ctx, real_destination(c), t->family);
}

/* What was under way on another CPU when the RST came in takes no longer. */
#define UNDER_WAY_NS 1000000u

/* Did whoever got the RST go on? Here that is to be seen: what it sends leaves by our interfaces. */
static void look_after(struct lookup_state *l, struct reset_case *c)
{
	const struct watch_host *h = l->host;
	struct recall what = { .from_ns = c->seen.rst.ts_ns,
			       .until_ns = h->now_ns(h->ctx),
			       .max = CASE_HISTORY_MAX };
	struct tuple back = tuple_reverse(&c->seen.rst.tuple);
	const uint32_t *acked = NULL;
	unsigned int i;

	for (i = 0; i < c->asked.n_history; i++)
		if (tuple_equal(&c->asked.history[i].tuple, &back) &&
		    c->asked.history[i].flags & FLAG_ACK)
			acked = &c->asked.history[i].ack;
	recall_add(&what, &c->seen.rst.tuple);
	if (h->recall(h->ctx, &what, &l->recalled))
		return;
	c->asked.after.looked = true;
	for (i = 0; i < l->recalled.n; i++)
		after_see(&c->asked.after, &c->seen.rst, acked, UNDER_WAY_NS,
			  &l->recalled.packets[i]);
}

static bool came_for_us(const struct reset_case *c)
{
	return c->seen.kind == CASE_RESET && c->seen.sightings[0].hook != HOOK_TC_EGRESS &&
	       c->asked.dst_local == 1;
}

static bool is_wanted_raw(const struct reset_case *c)
{
	return c->seen.maker == MAKER_ANSWERER && c->seen.kernel->call == CALL_NONE &&
	       c->asked.src_local == 1;
}

/* Who made it, if neither TCP nor netfilter did? */
static void ask_suspects(struct lookup_state *l, struct reset_case *c)
{
	const struct sighting *first = &c->seen.sightings[0];
	const struct watch_host *h = l->host;
	uint64_t before = h->cpu_ns(h->ctx);

	if (c->asked.hurried || c->seen.kind == CASE_STALL || is_made_next_door(c))
		return;
	if (is_wanted_raw(c))
		h->find_raw_sockets(h->ctx, c);
	else if (is_made_of_arrival(c))
		h->find_programs(h->ctx, c->seen.came_by, true, c);
	else if (c->seen.maker == MAKER_TURNED)
		h->find_programs(h->ctx, c->seen.rst.ifindex, false, c);
	else if (first->hook == HOOK_TC_INGRESS)
		h->find_guest(h->ctx, first->ifindex, c);
	l->spent_ns += h->cpu_ns(h->ctx) - before;
}

void look_up_at_end(struct lookup_state *l, struct reset_case *c)
{
	name_netns(l->host, c);
	ask_routes(l->host, c);
	if (c->seen.before_start)
		return;
	ask_dropped(l->host, c, c->seen.rst.ts_ns + REPORT_DELAY_NS);
	if (!c->asked.gone.known)
		ask_remapped(l->host, c);
	if (!c->asked.owner.known)
		l->host->find_owner(l->host->ctx, c);
	if (c->seen.kernel->call == CALL_ACTIVE &&
	    (ran_as_owner(c->seen.kernel) || stack_killed_by(c->seen.kernel)))
		l->host->find_user_stack(l->host->ctx, c);
	ask_suspects(l, c);
	ask_victim(l, c);
	if (came_for_us(c) && c->seen.receive->call == CALL_NONE && !c->asked.hurried)
		look_after(l, c);
}
