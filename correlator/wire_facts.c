// SPDX-License-Identifier: GPL-2.0-only
/*
 * wire_facts.c - what a capture proves of a reset when no kernel was asked.
 *
 * Much less than a kernel knows; the shapes are those of Linux (tcp_v4_send_reset(),
 * tcp_send_active_reset(), nf_send_reset()) and of RFC 9293, 3.10.7.
 */
#include "facts.h"

/* Linux waits so long in FIN_WAIT2 by default (net.ipv4.tcp_fin_timeout); then nothing is left. */
#define FIN_WAIT2_NS 60000000000ull
#define PROBES_MIN 2

/* With which systems begin: a packet that still has it has passed no router. */
static bool is_initial_ttl(uint8_t ttl)
{
	return ttl == 64 || ttl == 128 || ttl == 255;
}

/* A router between two sightings takes one from the TTL. */
static bool has_passed_router(const struct reset_case *c)
{
	unsigned int i;

	for (i = 1; i < c->n_sightings; i++)
		if (c->sightings[i].ttl + 1 == c->sightings[0].ttl)
			return true;
	return false;
}

static void gather_path(struct reset_case *c)
{
	bool in = false, out = false;
	unsigned int i;

	for (i = 0; i < c->n_sightings; i++) {
		in |= c->sightings[i].heading == HEADING_IN;
		out |= c->sightings[i].heading == HEADING_OUT;
	}
	if ((in && out) || (in == out && has_passed_router(c))) {
		facts_set(c, FACT_PASSED_THROUGH, true);
		facts_set(c, FACT_SENT_HERE, false);
		facts_set(c, FACT_ARRIVED_HERE, false);
	} else if (out && is_initial_ttl(c->rst.ttl)) {
		facts_set(c, FACT_SENT_HERE, true);
		facts_set(c, FACT_PASSED_THROUGH, false);
		facts_set(c, FACT_FOR_ANOTHER, false);
		facts_set(c, FACT_ARRIVED_HERE, false);
	} else if (in) {
		facts_set(c, FACT_SENT_HERE, false);
	}
}

/* An active reset has the ACK flag and the sender's own number; an answer, one of these shapes. */
static void gather_shape(struct reset_case *c)
{
	bool has_ack = c->rst.flags & FLAG_ACK;

	if (!has_ack) {
		facts_set(c, FACT_ACTIVE, false);
	} else if (c->rst.seq) {
		facts_set(c, FACT_PASSIVE, false);
		facts_set(c, FACT_REJECT, false);
	}
	if (c->answer_match == ANSWER_EXACT)
		facts_set(c, FACT_SHAPE_ANSWER, true);
	else if (has_ack && c->rst.seq)
		facts_set(c, FACT_SHAPE_ANSWER, false);
}

/* In SYN_SENT, and with an answer to something else (RFC 9293, 3.10.7.3). */
static bool is_bad_syn_answer(const struct reset_case *c)
{
	const struct conversation *v = &c->conversation;

	return v->syn_sent && c->answers.flags & FLAG_ACK && c->answers.ack != v->sender_isn + 1;
}

static void gather_sender(struct reset_case *c)
{
	const struct conversation *v = &c->conversation;
	bool answers = c->answer_match == ANSWER_EXACT;

	if (v->port_open != NOT_KNOWN)
		facts_set(c, FACT_PORT_OPEN, v->port_open == YES);
	if (v->whole || v->sender_finished)
		facts_set(c, FACT_SENDER_FINISHED,
			  v->sender_finished && c->rst.ts_ns < v->finished_ns + FIN_WAIT2_NS);
	if (answers && v->whole)
		facts_set(c, FACT_BAD_SYN_ANSWER, is_bad_syn_answer(c));
	if (v->whole)
		facts_set(c, FACT_JUST_OPENED, !v->sender_opened && v->sender_silent);
	if (answers && v->in_window != NOT_KNOWN)
		facts_set(c, FACT_OUT_OF_WINDOW, v->in_window == NO);
	facts_set(c, FACT_PROBED, v->probes >= PROBES_MIN);
	facts_set(c, FACT_WENT_ON, v->went_on);
	/* A socket that resets its connection has done with it. */
	if (v->went_on)
		facts_set(c, FACT_ACTIVE, false);
	if (v->absent_at_sender)
		facts_set(c, FACT_ABSENT_AT_SENDER, true);
	/* Whoever was sent nothing has left nothing unread. */
	if (v->whole && !v->received)
		facts_set(c, FACT_UNREAD, false);
}

void wire_facts_gather(struct reset_case *c)
{
	facts_set(c, FACT_CAPTURE, true);
	gather_path(c);
	/* Of a RST on its way no more is told: its reasons lie with its sender. */
	if (c->facts_yes & FACT(PASSED_THROUGH))
		return;
	gather_shape(c);
	gather_sender(c);
}
