// SPDX-License-Identifier: GPL-2.0-only
/*
 * facts_capture.c - what a capture proves of a reset when no kernel was asked.
 *
 * Much less than a kernel knows; the shapes are those of Linux (tcp_v4_send_reset(),
 * tcp_send_active_reset(), nf_send_reset()) and of RFC 9293, 3.10.7.
 */
#include "diagnose/facts.h"

/* Linux waits so long in FIN_WAIT2 by default (net.ipv4.tcp_fin_timeout); then nothing is left. */
#define FIN_WAIT2_NS 60000000000ull
#define PROBES_MIN 2

/* With which systems begin: a packet that still has it has passed no router. */
static bool is_initial_ttl(uint8_t ttl)
{
	return ttl == 64 || ttl == 128 || ttl == 255;
}

/* Of several captures each has places of its own; only within one do they belong to one host. */
static bool is_same_capture(const struct sighting *a, const struct sighting *b)
{
	return a->ifindex >> CAPTURE_PLACE_BITS == b->ifindex >> CAPTURE_PLACE_BITS;
}

/* A router between two sightings takes one from the TTL. */
static bool has_passed_router(const struct reset_case *c)
{
	unsigned int i;

	for (i = 1; i < c->seen.n_sightings; i++)
		if (c->seen.sightings[i].ttl + 1 == c->seen.sightings[0].ttl &&
		    is_same_capture(&c->seen.sightings[i], &c->seen.sightings[0]))
			return true;
	return false;
}

static void gather_path(struct reset_case *c)
{
	bool in = false, out = false;
	unsigned int i;

	for (i = 0; i < c->seen.n_sightings; i++) {
		if (!is_same_capture(&c->seen.sightings[i], &c->seen.sightings[0]))
			continue;
		in |= c->seen.sightings[i].heading == HEADING_IN;
		out |= c->seen.sightings[i].heading == HEADING_OUT;
	}
	if ((in && out) || (in == out && has_passed_router(c))) {
		facts_set(c, FACT_PASSED_THROUGH, true);
		facts_set(c, FACT_SENT_HERE, false);
		facts_set(c, FACT_ARRIVED_HERE, false);
	} else if (out && is_initial_ttl(c->seen.rst.ttl)) {
		facts_set(c, FACT_SENT_HERE, true);
		facts_set(c, FACT_PASSED_THROUGH, false);
		facts_set(c, FACT_FOR_ANOTHER, false);
		facts_set(c, FACT_ARRIVED_HERE, false);
	} else if (in) {
		facts_set(c, FACT_SENT_HERE, false);
	}
}

/* The facts that only a reset which answers a segment can have. */
static void is_no_answer(struct reset_case *c)
{
	static const enum fact facts[] = { FACT_PASSIVE,      FACT_REJECT,	 FACT_NF_DROP,
					   FACT_CLASH,	      FACT_MADE_BY_LEAK, FACT_MAPPING_GONE,
					   FACT_SHAPE_ANSWER, FACT_MADE_ON_PATH };
	unsigned int i;

	for (i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		facts_set(c, facts[i], false);
}

static void is_no_race(struct reset_case *c)
{
	static const enum fact facts[] = { FACT_RACE_HANDSHAKE, FACT_RACE_TIMEWAIT, FACT_SOCKET_NOW,
					   FACT_TIMEWAIT_NOW };
	unsigned int i;

	for (i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		facts_set(c, facts[i], false);
}

/*
 * What the source had sent came in and was passed on; the RST only left. TCP here has no socket of
 * that connection: netfilter answered in its name.
 */
static void gather_maker(struct reset_case *c)
{
	bool came_in = false, passed_on = false;
	unsigned int i;

	for (i = 0; i < c->asked.n_history; i++) {
		const struct packet *p = &c->asked.history[i];

		if (!tuple_equal(&p->tuple, &c->seen.rst.tuple) || p->flags & FLAG_RST ||
		    p->ifindex >> CAPTURE_PLACE_BITS != c->seen.rst.ifindex >> CAPTURE_PLACE_BITS)
			continue;
		came_in |= p->heading == HEADING_IN;
		passed_on |= p->heading == HEADING_OUT && p->ttl < c->seen.rst.ttl;
	}
	if (came_in && passed_on && c->diagnosis.facts_yes & FACT(SENT_HERE))
		facts_set(c, FACT_MADE_ON_PATH, true);
}

/* An active reset has the ACK flag and the sender's own number; an answer, one of two shapes. */
void facts_shape_gather(struct reset_case *c)
{
	bool has_ack = c->seen.rst.flags & FLAG_ACK, answers = c->seen.answer_match == ANSWER_EXACT;

	if (has_ack && c->seen.rst.seq) {
		is_no_answer(c);
		return;
	}
	if (answers || !has_ack)
		facts_set(c, FACT_ACTIVE, false);
	if (!answers)
		return;
	facts_set(c, FACT_SHAPE_ANSWER, true);
	/* No socket is looked for but a listener's; in SYN_SENT, it opens from both sides. */
	if ((c->seen.answers.flags & (FLAG_SYN | FLAG_ACK)) == FLAG_SYN) {
		is_no_race(c);
		facts_set(c, FACT_SYN_SENT, false);
	}
	/* The answer of a socket that took another connection's segment is a bare ACK. */
	if (c->seen.answers.len ||
	    (c->seen.answers.flags & (FLAG_SYN | FLAG_FIN | FLAG_ACK)) != FLAG_ACK)
		facts_set(c, FACT_CLASH, false);
}

/* nf_reject_ip6hdr_put() leaves the label 0; ip6_make_flowlabel() does not, unless it must. */
static void gather_label(struct reset_case *c)
{
	if (c->seen.rst.tuple.family == AF_INET || c->seen.rst.marks & MARK_LABEL)
		facts_set(c, FACT_UNLABELLED, false);
	if (c->seen.rst.marks & MARK_LABEL) {
		facts_set(c, FACT_REJECT, false);
		facts_set(c, FACT_NF_DROP, false);
	}
	if (c->seen.rst.marks & MARK_NO_LABEL)
		facts_set(c, FACT_UNLABELLED, true);
}

/* MPTCP says in its resets that it made them (RFC 8684, 3.6), since Linux 5.14. */
static void gather_mptcp(struct reset_case *c)
{
	bool answers_mptcp =
		c->seen.answer_match == ANSWER_EXACT && c->seen.answers.marks & MARK_MPTCP;

	if (c->seen.rst.marks & MARK_MPTCP)
		facts_set(c, FACT_IN_MPTCP, true);
	else if (c->seen.rst.marks & MARK_NO_MPTCP && !answers_mptcp)
		facts_set(c, FACT_IN_MPTCP, false);
}

/* In SYN_SENT, and with an answer to something else (RFC 9293, 3.10.7.3). */
static bool is_bad_syn_answer(const struct reset_case *c)
{
	const struct conversation *v = &c->seen.conversation;

	return v->syn_sent && c->seen.answers.flags & FLAG_ACK &&
	       c->seen.answers.ack != v->sender_isn + 1;
}

/*
 * What cannot have been. Captures lose packets without a word, so only what numbers prove counts, not
 * that nothing was seen.
 */
static void rule_out(struct reset_case *c)
{
	const struct conversation *v = &c->seen.conversation;

	if (v->received == KNOWN_NO) {
		facts_set(c, FACT_UNREAD, false);
		facts_set(c, FACT_REASON_CLOSE, false);
	}
	if (!v->syn_sent)
		facts_set(c, FACT_SYN_SENT, false);
	/* The application had the connection, or had made it. */
	if (v->sender_opened || !v->sender_silent) {
		facts_set(c, FACT_IN_LISTEN_STOP, false);
		facts_set(c, FACT_IN_CHECK_REQ, false);
	}
	/* A FIN that was not captured would have taken a number. */
	if (!v->sender_finished && v->none_missing) {
		facts_set(c, FACT_LINGER2_NEGATIVE, false);
		facts_set(c, FACT_REASON_LINGER, false);
		facts_set(c, FACT_IN_FIN_WAIT2, false);
		facts_set(c, FACT_RACE_TIMEWAIT, false);
		facts_set(c, FACT_TIMEWAIT_NOW, false);
	}
}

static void gather_sender(struct reset_case *c)
{
	const struct conversation *v = &c->seen.conversation;
	bool answers = c->seen.answer_match == ANSWER_EXACT;

	if (v->port_open != KNOWN_NOTHING)
		facts_set(c, FACT_PORT_OPEN, v->port_open == KNOWN_YES);
	if (v->whole || v->sender_finished)
		facts_set(c, FACT_SENDER_FINISHED,
			  v->sender_finished && c->seen.rst.ts_ns < v->finished_ns + FIN_WAIT2_NS);
	if (answers && v->whole)
		facts_set(c, FACT_BAD_SYN_ANSWER, is_bad_syn_answer(c));
	if (v->whole)
		facts_set(c, FACT_JUST_OPENED, !v->sender_opened && v->sender_silent);
	if (answers && v->in_window != KNOWN_NOTHING)
		facts_set(c, FACT_OUT_OF_WINDOW, v->in_window == KNOWN_NO);
	facts_set(c, FACT_RESET_BEFORE, v->reset_before);
	/* What met that RST later depends on who listens: on whose SYN it was. */
	if (v->whole || !v->reset_before)
		facts_set(c, FACT_ABORTED_BEFORE, v->aborted_before);
	facts_set(c, FACT_PROBED, v->probes >= PROBES_MIN);
	facts_set(c, FACT_WENT_ON, v->went_on);
	/* A socket that resets its connection has done with it. */
	if (v->went_on)
		facts_set(c, FACT_ACTIVE, false);
	if (v->absent_at_sender)
		facts_set(c, FACT_ABSENT_AT_SENDER, true);
	if (v->whole)
		rule_out(c);
}

void facts_capture_gather(struct reset_case *c)
{
	gather_path(c);
	/* Of a RST on its way no more is told: its reasons lie with its sender. */
	if (c->diagnosis.facts_yes & FACT(PASSED_THROUGH))
		return;
	gather_maker(c);
	facts_shape_gather(c);
	gather_label(c);
	gather_mptcp(c);
	gather_sender(c);
}
