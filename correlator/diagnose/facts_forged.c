// SPDX-License-Identifier: GPL-2.0-only
/*
 * facts_forged.c - is a RST its source's own work, or did somebody else send it in its name?
 *
 * No single trait proves it. Each fact in the table below is a witness: it speaks for another
 * sender, against one, or is silent, and FACT_FORGED is what they agree on. How Linux makes its
 * resets: an active one (tcp_send_active_reset()) is a segment of the socket, with its TTL, IP id
 * and window; a passive one (tcp_v4_send_reset()) comes from a control socket, with the system's
 * TTL, IP id 0, window 0 and no ACK number. The latter is also what a REJECT rule makes.
 */
#include "diagnose/facts.h"

#include <stdlib.h>

#define TTL_TOLERANCE 2
/* Paths on the Internet are shorter: who seems to be further away sets its own TTL. */
#define HOPS_MAX 40
/* From one of the peer's segments to the next: what was not seen, and what GRO merged, counts too. */
#define ID_STEP_MAX 256
#define ID_STEPS_MIN 2
/* A shorter round trip tells nothing: interrupts and schedulers take as long. */
#define ROUND_TRIP_MIN_NS 1000000u
#define ELSEWHERE_MIN 2
/* So much more must speak for another sender than against it. */
#define MARGIN 2

/* Devices on the path forget no connection sooner. */
#define SILENCE_MIN_NS 5000000000ull

/* Beyond doubt, whatever else speaks against it. */
#define PROOF 8

/*
 * In votes for another sender: what each says where it holds, and where it does not; and where it
 * holds of a RST that a socket makes (active), which has all that the connection's segments have.
 */
static const struct {
	enum fact fact;
	int if_yes, if_no, if_active;
} witnesses[] = {
	{ FACT_FOREIGN_TTL, 1, -1, 2 },
	{ FACT_SET_TTL, -1, 0, 0 },
	{ FACT_ODD_FIELDS, 1, 0, 1 },
	{ FACT_NO_TRIGGER, 1, 0, 1 },
	{ FACT_FOREIGN_ID, 1, -1, 1 },
	{ FACT_TOO_SOON, 1, 0, 1 },
	{ FACT_OTHER_INTERFACE, 1, 0, 1 },
	{ FACT_WENT_ON, 1, 0, PROOF },
	{ FACT_ABSENT_AT_SENDER, PROOF, 0, PROOF },
};

#define N_WITNESSES (sizeof(witnesses) / sizeof(witnesses[0]))

/* As a kernel answers a segment (RFC 9293, 3.10.7.1), and not as a socket of its own accord. */
static bool is_answer_shaped(const struct packet *rst)
{
	return !(rst->flags & FLAG_ACK) || !rst->seq;
}

/* Hops that a packet has made, as its TTL tells: systems start at 64, 128 or 255. */
static int hops(uint8_t ttl)
{
	return (ttl <= 64 ? 64 : ttl <= 128 ? 128 : 255) - ttl;
}

/* A bare SYN does not count: scanners fill it in as they like. */
static bool is_of_source(const struct reset_case *c, const struct packet *p)
{
	return tuple_equal(&p->tuple, &c->seen.rst.tuple) && !(p->flags & FLAG_RST) &&
	       !is_bare_syn(p);
}

/* Only what arrived at the same place. */
static bool is_ttl_witness(const struct reset_case *c, const struct packet *p)
{
	return is_of_source(c, p) && p->ifindex == c->seen.rst.ifindex &&
	       p->hook == c->seen.rst.hook && p->heading == c->seen.rst.heading;
}

const struct packet *peer_segment(const struct reset_case *c)
{
	unsigned int i;

	for (i = c->asked.n_history; i-- > 0;)
		if (is_ttl_witness(c, &c->asked.history[i]))
			return &c->asked.history[i];
	return NULL;
}

/*
 * A peer's segments come over one path with one TTL, unless its application sets it: an answer of
 * its kernel does not have that. A difference of one or two hops may be a change of route, or a
 * device close to the peer: it proves neither.
 */
static void gather_ttl(struct reset_case *c)
{
	bool same = false, near = false, compared = false, set = true;
	unsigned int i;

	for (i = 0; i < c->asked.n_history; i++) {
		const struct packet *p = &c->asked.history[i];

		if (!is_ttl_witness(c, p))
			continue;
		compared = true;
		set &= hops(p->ttl) > HOPS_MAX;
		same |= hops(p->ttl) == hops(c->seen.rst.ttl);
		near |= abs(hops(p->ttl) - hops(c->seen.rst.ttl)) <= TTL_TOLERANCE;
	}
	if (!compared)
		return;
	facts_set(c, FACT_NEAR_TTL, !same && near);
	if (same || !near)
		facts_set(c, FACT_FOREIGN_TTL, !same);
	facts_set(c, FACT_SET_TTL, set && !same && !near && is_answer_shaped(&c->seen.rst));
}

/* Kernels leave them 0; libraries that make packets fill them in. */
static void gather_fields(struct reset_case *c)
{
	const struct packet *rst = &c->seen.rst;

	if (is_answer_shaped(rst))
		facts_set(c, FACT_ODD_FIELDS,
			  rst->window || (!(rst->flags & FLAG_ACK) && rst->ack));
}

/* Has the RST's source acknowledged @p, or something that was sent after it? */
static bool is_acknowledged(const struct reset_case *c, const struct packet *p)
{
	uint32_t end = segment_end(p);
	unsigned int i;

	for (i = 0; i < c->asked.n_history; i++) {
		const struct packet *q = &c->asked.history[i];
		int32_t beyond = (int32_t)(q->ack - end);

		if (is_of_source(c, q) && q->ts_ns > p->ts_ns && q->flags & FLAG_ACK &&
		    (end == p->seq ? beyond > 0 : beyond >= 0))
			return true;
	}
	return false;
}

/* Has the RST a number that nothing sent to its source has acknowledged yet? */
static bool is_ahead(const struct reset_case *c)
{
	bool any = false;
	unsigned int i;

	for (i = 0; i < c->asked.n_history; i++) {
		const struct packet *p = &c->asked.history[i];

		if (!tuple_equal(&p->tuple, &c->seen.rst.tuple) && p->flags & FLAG_ACK) {
			any = true;
			if ((int32_t)(c->seen.rst.seq - p->ack) <= 0)
				return false;
		}
	}
	return any && !c->asked.lost_packets;
}

/* What the peer has acknowledged it has taken, and will not answer with a RST as well. */
static void gather_trigger(struct reset_case *c)
{
	const struct packet *rst = &c->seen.rst;

	if (!is_answer_shaped(rst))
		return;
	if (c->seen.answer_match == ANSWER_EXACT)
		facts_set(c, FACT_NO_TRIGGER, is_acknowledged(c, &c->seen.answers));
	else if (!(rst->flags & FLAG_ACK) && is_ahead(c))
		facts_set(c, FACT_NO_TRIGGER, true);
}

/*
 * Linux counts the packets of each connection, others those of the host. Where the steps are not
 * small, the peer's ids tell nothing. An answer with id 0 may be the peer's as well as a rule's.
 */
static void gather_id(struct reset_case *c)
{
	unsigned int steps = 0, i;
	uint16_t last = 0;

	if (c->seen.rst.tuple.family != AF_INET)
		return;
	for (i = 0; i < c->asked.n_history; i++) {
		const struct packet *p = &c->asked.history[i];

		if (!is_ttl_witness(c, p) || !p->ipid)
			continue;
		if (last && (uint16_t)(p->ipid - last) > ID_STEP_MAX)
			return;
		steps += last && p->ipid != last;
		last = p->ipid;
	}
	if (steps >= ID_STEPS_MIN && (c->seen.rst.ipid || !is_answer_shaped(&c->seen.rst)))
		facts_set(c, FACT_FOREIGN_ID,
			  !c->seen.rst.ipid || (uint16_t)(c->seen.rst.ipid - last) > ID_STEP_MAX);
}

/* Does @p go to the RST's source? */
static bool is_to_source(const struct reset_case *c, const struct packet *p)
{
	struct tuple back = tuple_reverse(&p->tuple);

	return tuple_equal(&back, &c->seen.rst.tuple);
}

uint64_t round_trip_ns(const struct reset_case *c)
{
	uint64_t best = UINT64_MAX;
	unsigned int i, j;

	for (i = 0; i < c->asked.n_history; i++) {
		const struct packet *p = &c->asked.history[i], *q;

		if (!is_to_source(c, p) || segment_end(p) == p->seq || p->flags & FLAG_RST)
			continue;
		for (j = i + 1; j < c->asked.n_history; j++) {
			q = &c->asked.history[j];
			if (!is_of_source(c, q) || (int32_t)(q->ack - segment_end(p)) < 0)
				continue;
			if (q->ts_ns > p->ts_ns && q->ts_ns - p->ts_ns < best)
				best = q->ts_ns - p->ts_ns;
			break;
		}
	}
	return best == UINT64_MAX ? 0 : best;
}

uint64_t answer_delay_ns(const struct reset_case *c)
{
	uint64_t first = c->seen.answers.ts_ns;
	unsigned int i;

	for (i = 0; i < c->asked.n_history; i++) {
		const struct packet *p = &c->asked.history[i];

		if (is_to_source(c, p) && p->ts_ns < first && reset_answers(&c->seen.rst, p) &&
		    !is_acknowledged(c, p))
			first = p->ts_ns;
	}
	return c->seen.rst.ts_ns - first;
}

/* Several segments may have the number that it answers: the oldest counts. */
static void gather_delay(struct reset_case *c)
{
	uint64_t round_trip = round_trip_ns(c);

	if (c->seen.answer_match != ANSWER_EXACT || !is_answer_shaped(&c->seen.rst) ||
	    round_trip < ROUND_TRIP_MIN_NS || c->seen.answers.ts_ns > c->seen.rst.ts_ns)
		return;
	facts_set(c, FACT_TOO_SOON, answer_delay_ns(c) < round_trip / 2);
}

/* Of a capture nobody knows which interfaces belong together. */
static void gather_interface(struct reset_case *c)
{
	unsigned int here = 0, elsewhere = 0, i;

	if (c->seen.rst.hook == HOOK_PCAP)
		return;
	for (i = 0; i < c->asked.n_history; i++) {
		const struct packet *p = &c->asked.history[i];

		if (!is_of_source(c, p) || p->hook == HOOK_TC_EGRESS)
			continue;
		*(p->ifindex == c->seen.rst.ifindex ? &here : &elsewhere) += 1;
	}
	if (here || elsewhere >= ELSEWHERE_MIN)
		facts_set(c, FACT_OTHER_INTERFACE, !here);
}

uint64_t silence_ns(const struct reset_case *c)
{
	uint64_t first = c->seen.answers.ts_ns, before = 0;
	unsigned int i;

	for (i = 0; i < c->asked.n_history; i++) {
		const struct packet *p = &c->asked.history[i];

		/* What only acknowledges the peer's last words breaks no silence. */
		if (is_to_source(c, p) && p->ts_ns < first && segment_end(p) != p->seq &&
		    reset_answers(&c->seen.rst, p) && !is_acknowledged(c, p))
			first = p->ts_ns;
	}
	for (i = 0; i < c->asked.n_history; i++)
		if (c->asked.history[i].ts_ns < first && c->asked.history[i].ts_ns > before)
			before = c->asked.history[i].ts_ns;
	if (!before || before < c->asked.history_since_ns || c->asked.lost_packets)
		return 0;
	return first - before;
}

/*
 * Whoever drops idle connections from its table answers what comes later in the peer's name. A peer that
 * has forgotten the connection itself does so from where it is.
 */
static void gather_silence(struct reset_case *c)
{
	fact_set yes = c->diagnosis.facts_yes;

	if (c->seen.answer_match != ANSWER_EXACT || !is_answer_shaped(&c->seen.rst))
		return;
	facts_set(c, FACT_SILENT_BEFORE,
		  yes & (FACT(FOREIGN_TTL) | FACT(NEAR_TTL)) && !fact_in(yes, FACT_SET_TTL) &&
			  silence_ns(c) >= SILENCE_MIN_NS);
}

static int votes_of(const struct reset_case *c, unsigned int i)
{
	if (fact_in(c->diagnosis.facts_no, witnesses[i].fact))
		return witnesses[i].if_no;
	if (!fact_in(c->diagnosis.facts_yes, witnesses[i].fact))
		return 0;
	return is_answer_shaped(&c->seen.rst) ? witnesses[i].if_yes : witnesses[i].if_active;
}

/* Facts of the votes, and their sum. */
static int count(const struct reset_case *c, int sign, fact_set *ret_facts)
{
	unsigned int i;
	int sum = 0;

	*ret_facts = 0;
	for (i = 0; i < N_WITNESSES; i++) {
		int votes = votes_of(c, i) * sign;

		if (votes <= 0)
			continue;
		*ret_facts |= (fact_set)1 << witnesses[i].fact;
		sum += votes;
	}
	return sum;
}

void witness_facts(const struct reset_case *c, fact_set *ret_for, fact_set *ret_against)
{
	count(c, 1, ret_for);
	count(c, -1, ret_against);
}

/* Yes and no need agreement; where the witnesses balance, it stays open. */
static void judge(struct reset_case *c)
{
	fact_set facts;
	int speak_for = count(c, 1, &facts), speak_against = count(c, -1, &facts);

	facts_set(c, FACT_DOUBTFUL, speak_for && speak_for < speak_against + MARGIN);
	if (speak_for >= speak_against + MARGIN)
		facts_set(c, FACT_FORGED, true);
	else if (!speak_for && speak_against)
		facts_set(c, FACT_FORGED, false);
}

void facts_forged_gather(struct reset_case *c)
{
	if (!c->seen.n_sightings || c->seen.sightings[0].hook == HOOK_TC_EGRESS)
		return;
	gather_ttl(c);
	gather_fields(c);
	gather_trigger(c);
	gather_id(c);
	gather_delay(c);
	gather_interface(c);
	gather_silence(c);
	judge(c);
}
