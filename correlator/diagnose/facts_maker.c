// SPDX-License-Identifier: GPL-2.0-only
/*
 * facts_maker.c - who made a RST that the kernel's TCP and netfilter did not: as its packet buffer tells.
 *
 * TCP's segments carry their socket; TCP's answers leave by a raw socket of TCP's own (IPv4), or
 * without one (IPv6), and those of netfilter without one. What a tc program turns into a RST keeps
 * what the packet was before: the interface that it came in by, or the socket that sent it.
 */
#include "diagnose/facts.h"

#include "model/kernel_bits.h"

static bool has_come_in(const struct reset_case *c)
{
	unsigned int i;

	for (i = 0; i < c->seen.n_sightings; i++)
		if (c->seen.sightings[i].hook != HOOK_TC_EGRESS)
			return true;
	return false;
}

/*
 * The segment that it answers came in there, so what comes in there is seen; had the RST come in
 * too, it would have been.
 */
bool is_made_of_arrival(const struct reset_case *c)
{
	const struct packet *seg = &c->seen.answers;

	return c->seen.maker == MAKER_CAME_IN && !has_come_in(c) && !c->asked.lost_events &&
	       c->seen.answer_match == ANSWER_EXACT && seg->hook == HOOK_TC_INGRESS &&
	       seg->ifindex == c->seen.came_by && seg->cpu == c->seen.rst.cpu;
}

static void gather_sockets(struct reset_case *c)
{
	enum maker maker = c->seen.maker;
	bool reported = c->seen.kernel->call != CALL_NONE && c->seen.kernel->call != CALL_NF_DROP;

	facts_set(c, FACT_BY_RAW, maker == MAKER_RAW || maker == MAKER_PACKET);
	facts_set(c, FACT_BY_QUEUE, maker == MAKER_QUEUE);
	facts_set(c, FACT_BY_ANSWERER, maker == MAKER_ANSWERER && !reported);
	facts_set(c, FACT_BY_TCP, maker == MAKER_TCP);
	facts_set(c, FACT_WITHOUT_SOCKET, maker == MAKER_NONE);
	facts_set(c, FACT_TURNED, maker == MAKER_TURNED);
}

/* Of all that TCP of this network namespace sends, it would have told. */
static void gather_silence(struct reset_case *c)
{
	bool would_tell = (c->asked.views & COVERS_PASSIVE) && (c->asked.views & COVERS_ACTIVE) &&
			  !c->asked.lost_events;

	if (c->seen.kernel->call == CALL_PASSIVE || c->seen.kernel->call == CALL_ACTIVE ||
	    c->asked.src_local == 1)
		facts_set(c, FACT_OF_ANOTHER, false);
	else if (would_tell && c->asked.src_local == 0 && c->seen.kernel->call == CALL_NONE)
		facts_set(c, FACT_OF_ANOTHER, true);
}

static void gather_suspects(struct reset_case *c)
{
	const struct suspects *s = &c->asked.suspects;

	if (!s->asked)
		return;
	facts_set(c, FACT_HOLDERS, s->processes[0]);
	if (s->programs_known)
		facts_set(c, FACT_PROGRAM_THERE, s->programs[0]);
	facts_set(c, FACT_FROM_TAP, s->guest[0]);
	facts_set(c, FACT_FROM_VM, s->guest_is_vm);
}

void facts_maker_gather(struct reset_case *c)
{
	gather_suspects(c);
	if (c->seen.maker == MAKER_NOT_ASKED) {
		/* It came in, and what comes in is another's or was turned here, which would show. */
		if (c->diagnosis.facts_no & FACT(SENT_HERE))
			facts_set(c, FACT_OF_ANOTHER, false);
		return;
	}
	gather_sockets(c);
	gather_silence(c);
	if (is_made_of_arrival(c)) {
		facts_set(c, FACT_OF_ARRIVAL, true);
		facts_set(c, FACT_PASSED_THROUGH, false);
		facts_set(c, FACT_SENT_HERE, true);
	} else if (c->seen.maker != MAKER_CAME_IN || has_come_in(c)) {
		facts_set(c, FACT_OF_ARRIVAL, false);
	}
}
