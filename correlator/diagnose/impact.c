// SPDX-License-Identifier: GPL-2.0-only
/*
 * impact.c - did the reset hurt?
 *
 * Only by numbers: of the packets of the flow (exchange.c), and of the sockets that the kernel's
 * accounts show. What a protocol would call an end is not known here, but for one thing: what is
 * said after the last response, as TLS's close_notify is, by its length and its place.
 */
#include "diagnose/impact.h"

#include <inttypes.h>
#include <netinet/tcp.h>
#include <string.h>

#include "diagnose/exchange.h"
#include "model/kernel_bits.h"

/* Words of farewell are no longer: close_notify, QUIT, Terminate. */
#define FAREWELL_MAX 128
/* A TLS record of application data has more bytes than this. */
#define TLS_SHORTEST 22
/* A handshake of TLS: the client's hello, the server's flight, and the client's second one. */
#define TLS_HELLO_MIN 150
#define TLS_SERVER_MIN 90
#define TLS_FINISH_MIN 45
#define TLS_FINISH_MAX 330
#define AT_ONCE_NS 1000000000ull

struct judge {
	struct reset_case *c;
	struct impact *i;
	struct exchange x;
	const struct kernel_sock
		*local; /* this host's socket of the connection; NULL = none known */
	enum end local_end;
};

const char *const impact_reasons[N_REASONS] = {
	[REASON_NOT_SEEN] = "missing: the packets of this connection before the RST",
	[REASON_ONE_WAY] = "missing: the acknowledgments of one side",
	[REASON_NO_DATA_SEEN] =
		"missing: whose data was the last before the RST, or who opened the "
		"connection",
	[REASON_LOST] = "{impact.lost}",
	[REASON_SYN_REFUSED] = "no connection was established",
	[REASON_NOT_SERVED] = "the connection was reset before it carried any data",
	[REASON_FINISHED] = "both sides had sent FIN, and all data was acknowledged",
	[REASON_IDLE] = "all data was acknowledged, and no request was waiting for a response",
	[REASON_FAREWELL] = "nothing was lost but {impact.farewell} bytes that followed the last "
			    "response, as a TLS close_notify does",
	[REASON_RESET_BEFORE] = "the connection had been reset before",
	[REASON_GIVEN_UP] = "the side that opened the connection reset it after three messages of "
			    "the lengths of a TLS handshake, without waiting for a response",
	[REASON_NO_DATA] = "the side that opened the connection reset it without sending any data",
	[REASON_GOES_ON] = "the RST was not accepted: the connection continues",
	[REASON_NO_CONNECTION] = "the RST belongs to no connection of this host",
};

const char *impact_id(unsigned int kind)
{
	static const char *const ids[N_IMPACTS] = {
		[IMPACT_UNKNOWN] = "unknown", [IMPACT_HARMFUL] = "harmful",
		[IMPACT_REFUSED] = "refused", [IMPACT_NONE] = "none",
		[IMPACT_PROBE] = "probe",     [IMPACT_IGNORED] = "ignored",
	};

	return kind < N_IMPACTS ? ids[kind] : NULL;
}

const char *effect_id(unsigned int effect)
{
	static const char *const ids[] = {
		[EFFECT_UNKNOWN] = "unknown",
		[EFFECT_TAKEN] = "taken",
		[EFFECT_IGNORED] = "ignored",
		[EFFECT_CHALLENGED] = "challenged",
	};

	return effect < sizeof(ids) / sizeof(ids[0]) ? ids[effect] : NULL;
}

const char *keepalive_race_id(unsigned int race)
{
	static const char *const ids[] = {
		[RACE_NONE] = "none",
		[RACE_CROSSED] = "crossed",
		[RACE_AFTER_FIN] = "after-fin",
	};

	return race < sizeof(ids) / sizeof(ids[0]) ? ids[race] : NULL;
}

static bool is_id(const char *at, size_t len, const char *id)
{
	return strlen(id) == len && !strncmp(at, id, len);
}

bool impact_is_listed(const char *list, enum impact_kind kind)
{
	size_t len;

	for (; list; list = list[len] ? list + len + 1 : "") {
		len = strcspn(list, ",");
		if (is_id(list, len, impact_id(kind)))
			return true;
		if (!list[len])
			return false;
	}
	return true;
}

const char *impact_list_unknown(const char *list)
{
	unsigned int kind;
	size_t len;

	for (;; list += len + 1) {
		len = strcspn(list, ",");
		for (kind = 0; kind < N_IMPACTS && !is_id(list, len, impact_id(kind));)
			kind++;
		if (kind == N_IMPACTS)
			return list;
		if (!list[len])
			return NULL;
	}
}

void impact_counts_print(const uint64_t counts[N_IMPACTS], FILE *out)
{
	/* The worst first. */
	static const enum impact_kind order[] = { IMPACT_HARMFUL, IMPACT_UNKNOWN, IMPACT_REFUSED,
						  IMPACT_PROBE,	  IMPACT_IGNORED, IMPACT_NONE };
	const char *sep = "";
	size_t i;

	for (i = 0; i < N_IMPACTS; i++) {
		if (!counts[order[i]])
			continue;
		fprintf(out, "%s%" PRIu64 " %s", sep, counts[order[i]], impact_id(order[i]));
		sep = ", ";
	}
}

/* --- the socket here ----------------------------------------------------------------------------- */

static bool is_of_connection(const struct reset_case *c, const struct kernel_event *k)
{
	return k->sock.present && k->sock.full && k->sock.counts_known &&
	       k->sock.state != TCP_LISTEN && !fact_in(c->diagnosis.facts_yes, FACT_OTHER_SOCKET);
}

static void find_local(struct judge *j)
{
	const struct kernel_event *maker = j->c->seen.kernel, *taker = j->c->seen.receive;

	j->local_end = NOBODY;
	if ((maker->call == CALL_ACTIVE || maker->call == CALL_PASSIVE) &&
	    is_of_connection(j->c, maker)) {
		j->local = &maker->sock;
		j->local_end = SENDER;
	} else if (taker->call == CALL_RECEIVE && is_of_connection(j->c, taker)) {
		j->local = &taker->sock;
		j->local_end = RECEIVER;
	}
}

static bool has_unsent_fin(const struct judge *j)
{
	uint8_t state = j->local->state;

	return state == TCP_FIN_WAIT1 || state == TCP_CLOSING || state == TCP_LAST_ACK ||
	       j->x.end[j->local_end].fin;
}

/* Unlike the packets, the socket also knows what it has not sent yet. */
static uint32_t local_unacked(const struct judge *j)
{
	const struct packet *rst = &j->c->seen.rst;
	uint32_t una = j->local->snd_una, n;

	if (j->local_end == RECEIVER && rst->flags & FLAG_ACK && (int32_t)(rst->ack - una) > 0 &&
	    (int32_t)(j->local->write_seq - rst->ack) >= 0)
		una = rst->ack;
	n = j->local->write_seq - una;
	if (!n || n >= 1u << 31)
		return 0;
	/* Once it is closed nothing tells a FIN from a byte; nobody sends a single byte last. */
	return n - (has_unsent_fin(j) || (n == 1 && j->local->state == TCP_CLOSE));
}

static bool has_no_data(const struct judge *j)
{
	const struct kernel_sock *s = j->local;

	if (j->x.end[SENDER].data || j->x.end[RECEIVER].data)
		return false;
	if (s)
		return s->bytes_received - !!(s->flags & SOCK_FLAG_DONE) == 0 &&
		       s->bytes_acked <= 2 && !local_unacked(j);
	return j->x.whole;
}

/* --- the effect ------------------------------------------------------------------------------------ */

/* A request socket goes away without a word of TCP's. */
static bool is_handshake_open(const struct judge *j)
{
	return j->x.opener == SENDER && j->x.whole && !j->x.end[SENDER].has_acked;
}

static bool would_be_reported(const struct reset_case *c)
{
	return c->asked.views & COVERS_RECEIVE && !c->asked.lost_events && c->asked.dst_local == 1;
}

static enum effect capture_effect(const struct reset_case *c)
{
	const struct after_rst *a = &c->asked.after;
	bool lives = a->went_on || (c->seen.conversation.went_on && !a->reopened);

	if (!lives)
		return EFFECT_UNKNOWN;
	return a->challenged ? EFFECT_CHALLENGED : EFFECT_IGNORED;
}

static enum effect judge_effect(const struct judge *j)
{
	const struct reset_case *c = j->c;

	if (c->seen.kind != CASE_RESET)
		return EFFECT_UNKNOWN;
	if (c->seen.conversation.known)
		return capture_effect(c);
	if (!fact_in(c->diagnosis.facts_yes, FACT_ARRIVED_HERE))
		return EFFECT_UNKNOWN;
	if (c->seen.receive->call == CALL_RECEIVE)
		return EFFECT_TAKEN;
	if (c->asked.after.challenged)
		return EFFECT_CHALLENGED;
	if (c->asked.after.went_on)
		return EFFECT_IGNORED;
	if (is_handshake_open(j))
		return c->seen.rst.seq == j->x.end[SENDER].next ? EFFECT_TAKEN : EFFECT_UNKNOWN;
	return would_be_reported(c) ? EFFECT_IGNORED : EFFECT_UNKNOWN;
}

/* --- what was lost --------------------------------------------------------------------------------- */

/* Is it the kernel that throws the received data away, not the application that still may read it? */
static bool drops_received(const struct reset_case *c)
{
	return c->diagnosis.facts_yes & (FACT(IN_CLOSE) | FACT(IN_DISCONNECT) |
					 FACT(IN_LISTEN_STOP) | FACT(REASON_CLOSE) | FACT(IN_EXIT));
}

static void count_unread(struct judge *j)
{
	const struct kernel_sock *s = &j->c->seen.kernel->sock;
	uint32_t n;

	if (j->c->seen.kernel->call != CALL_ACTIVE || !s->full || !drops_received(j->c))
		return;
	n = s->rcv_nxt - s->copied_seq - !!(s->flags & SOCK_FLAG_DONE);
	j->i->unread_known = s->counts_known || s->unread_known;
	j->i->unread = s->counts_known && n < 1u << 31 ? n : s->unread_known ? s->unread : 0;
}

static void count_unacked(struct judge *j)
{
	uint32_t n[2];
	bool known[2];
	enum end e;

	for (e = SENDER; e <= RECEIVER; e++)
		known[e] = exchange_unacked(&j->x, e, &n[e]);
	if (j->local) {
		e = j->local_end;
		n[e] = local_unacked(j);
		/* What the other end has sent came in here, and was acknowledged at the latest by the RST. */
		known[e] = true;
		known[other_end(e)] |= !j->x.end[other_end(e)].heard;
	}
	j->i->sender_unacked = n[SENDER];
	j->i->receiver_unacked = n[RECEIVER];
	j->i->unacked_known = known[SENDER] && known[RECEIVER];
}

/* By when the socket has sent and received data; NOBODY = it does not tell. */
static enum end last_by_socket(const struct judge *j)
{
	const struct kernel_sock *s = j->local;

	if (!s || !s->times_known || s->sent_ms == s->heard_ms)
		return NOBODY;
	return s->sent_ms < s->heard_ms ? j->local_end : other_end(j->local_end);
}

static void find_unanswered(struct judge *j)
{
	enum end last = j->x.last_from == NOBODY ? last_by_socket(j) : j->x.last_from;

	if (has_no_data(j)) {
		j->i->unanswered_known = true;
		return;
	}
	if (last == NOBODY || j->x.opener == NOBODY)
		return;
	j->i->unanswered_known = true;
	j->i->unanswered = last == j->x.opener;
}

/* close_notify as TLS 1.3 and 1.2 send it, with the usual ciphers. */
static bool is_alert_length(uint32_t n)
{
	return n == 24 || n == 31 || n == 23;
}

/* The application's own decision, and not what somebody else did to its connection? */
static bool reset_itself(const struct judge *j)
{
	const struct packet *rst = &j->c->seen.rst;
	fact_set others = FACT(IN_ABORT) | FACT(IN_KEEPALIVE) | FACT(IN_RETRANSMIT) |
			  FACT(IN_RESOURCES) | FACT(SIGNALLED) | FACT(OOM_KILLED) |
			  FACT(IN_LISTEN_STOP);

	return rst->flags & FLAG_ACK && rst->seq && !(j->c->diagnosis.facts_yes & others);
}

/*
 * Did @e say no more than goodbye? In as many bytes as a TLS alert has, on what may be TLS, when the
 * other end had finished or while it ended the connection itself; or, if it is not the one that
 * responds, in a few bytes before its FIN.
 */
static bool said_goodbye(const struct judge *j, enum end e)
{
	const struct exchange *x = &j->x;
	const struct end_view *v = &x->end[e], *o = &x->end[other_end(e)];
	bool ends = o->fin || v->fin || (e == SENDER && reset_itself(j));

	if (x->last_from != e || !o->data)
		return false;
	if (is_alert_length(x->run_bytes) && v->shortest > TLS_SHORTEST && ends)
		return true;
	return e == x->opener && v->fin && x->run_bytes <= FAREWELL_MAX;
}

/* Both may say so at the same moment, and a response may end so: in a segment of its own. */
static bool is_last_alert(const struct judge *j, enum end e, uint32_t lost)
{
	const struct end_view *v = &j->x.end[e], *o = &j->x.end[other_end(e)];

	return lost == v->last_len && is_alert_length(lost) && (v->fin || o->fin) && o->data &&
	       v->shortest > TLS_SHORTEST;
}

static bool is_forgiven(const struct judge *j, enum end e, uint32_t lost)
{
	return !lost || (lost <= j->x.run_bytes && said_goodbye(j, e)) || is_last_alert(j, e, lost);
}

static bool may_be_tls_handshake(const struct exchange *x)
{
	return x->runs == 3 && x->first_runs[0] >= TLS_HELLO_MIN &&
	       x->first_runs[1] >= TLS_SERVER_MIN && x->run_bytes >= TLS_FINISH_MIN &&
	       x->run_bytes <= TLS_FINISH_MAX;
}

/* Who has opened the connection ends it once TLS has shaken hands, as some health checks do. */
static bool gave_up(const struct judge *j)
{
	const struct exchange *x = &j->x;

	return x->whole && x->opener == SENDER && x->last_from == SENDER &&
	       may_be_tls_handshake(x) && reset_itself(j) && !j->i->receiver_unacked &&
	       !j->i->unread && j->c->seen.rst.ts_ns < x->last_data_ns + AT_ONCE_NS;
}

/* Few bytes, of which nobody knows what came before: a farewell, a handshake, or a request? */
static bool may_be_harmless(const struct judge *j)
{
	const struct exchange *x = &j->x;
	uint32_t lost = j->i->sender_unacked + j->i->receiver_unacked + j->i->unread;

	if (x->whole || x->last_from == NOBODY || x->end[other_end(x->last_from)].data)
		return false;
	return is_alert_length(lost) ||
	       (x->opener == SENDER && lost <= TLS_FINISH_MAX && reset_itself(j));
}

static bool is_harmful(struct judge *j)
{
	struct impact *i = j->i;

	if (i->unanswered && said_goodbye(j, j->x.opener))
		i->unanswered = false;
	return i->unanswered || !is_forgiven(j, SENDER, i->sender_unacked) ||
	       !is_forgiven(j, RECEIVER, i->receiver_unacked + i->unread);
}

/* --- the impact -------------------------------------------------------------------------------------- */

static void say(struct judge *j, enum impact_kind kind, enum impact_reason reason)
{
	j->i->kind = kind;
	j->i->reason = reason;
}

static bool is_finished(const struct judge *j)
{
	return j->x.end[SENDER].fin && j->x.end[RECEIVER].fin;
}

/* Was it a SYN that was answered, or who had sent nothing else? */
static bool was_refused(const struct judge *j)
{
	const struct reset_case *c = j->c;
	uint8_t flags = c->seen.kernel->has_segment	     ? c->seen.kernel->segment_flags :
			c->seen.answer_match == ANSWER_EXACT ? c->seen.answers.flags :
							       0;

	if (c->seen.kind == CASE_STALL ||
	    (c->seen.receive->call == CALL_RECEIVE && c->seen.receive->sock.state == TCP_SYN_SENT))
		return true;
	return (flags & (FLAG_SYN | FLAG_ACK)) == FLAG_SYN && !j->x.end[SENDER].data;
}

static void judge_without_data(struct judge *j)
{
	if (is_finished(j))
		say(j, IMPACT_NONE, REASON_FINISHED);
	else if (j->x.opener != RECEIVER || j->x.end[RECEIVER].fin)
		say(j, IMPACT_PROBE, REASON_NO_DATA);
	else if (j->x.end[SENDER].fin)
		say(j, IMPACT_NONE, REASON_IDLE);
	else
		say(j, IMPACT_REFUSED, REASON_NOT_SERVED);
}

static void judge_losses(struct judge *j)
{
	const struct impact *i = j->i;

	if (is_harmful(j) && gave_up(j))
		say(j, IMPACT_PROBE, REASON_GIVEN_UP);
	else if (is_harmful(j) && may_be_harmless(j))
		say(j, IMPACT_UNKNOWN, REASON_NOT_SEEN);
	else if (is_harmful(j))
		say(j, IMPACT_HARMFUL, REASON_LOST);
	else if (i->sender_unacked || i->receiver_unacked || i->unread)
		say(j, IMPACT_NONE, REASON_FAREWELL);
	else if (!i->unacked_known)
		say(j, IMPACT_UNKNOWN, j->x.end[RECEIVER].heard ? REASON_ONE_WAY : REASON_NOT_SEEN);
	else if (is_finished(j))
		say(j, IMPACT_NONE, REASON_FINISHED);
	else if (!i->unanswered_known)
		say(j, IMPACT_UNKNOWN, REASON_NO_DATA_SEEN);
	else
		say(j, IMPACT_NONE, REASON_IDLE);
}

static void judge_ignored(struct judge *j)
{
	if (is_finished(j))
		say(j, IMPACT_NONE, REASON_FINISHED);
	else if (j->x.end[RECEIVER].heard && !j->x.reset_before)
		say(j, IMPACT_IGNORED, REASON_GOES_ON);
	else
		say(j, IMPACT_IGNORED, REASON_NO_CONNECTION);
}

static void judge_impact(struct judge *j)
{
	enum effect effect = j->c->diagnosis.effect;

	if (effect == EFFECT_IGNORED || effect == EFFECT_CHALLENGED)
		judge_ignored(j);
	else if (was_refused(j))
		say(j, IMPACT_REFUSED, REASON_SYN_REFUSED);
	else if (j->x.reset_before && (j->x.lost_before || !j->x.data_since))
		say(j, IMPACT_NONE, REASON_RESET_BEFORE);
	else if (has_no_data(j))
		judge_without_data(j);
	else
		judge_losses(j);
}

/* Up to the request that was reset, where there was one, else up to the RST. */
static void measure_idle(struct judge *j)
{
	const struct exchange *x = &j->x;
	bool reset_request = x->last_from == RECEIVER && x->data_before_ns &&
			     (j->i->receiver_unacked || j->i->unread);
	uint64_t from = reset_request ? x->data_before_ns : x->last_data_ns;
	uint64_t until = reset_request ? x->run_ns : j->c->seen.rst.ts_ns;

	if (from && until >= from) {
		j->i->idle_ns = until - from;
		j->i->idle_known = true;
	} else if (!from && j->local && j->local->times_known && !has_no_data(j)) {
		uint32_t ms = j->local->sent_ms < j->local->heard_ms ? j->local->sent_ms :
								       j->local->heard_ms;

		j->i->idle_ns = ms * 1000000ull;
		j->i->idle_known = true;
	}
}

/*
 * The sender had ended an idle connection, and the next request met that. A FIN takes a number: who
 * has acknowledged it had heard of it.
 */
static void find_race(struct judge *j)
{
	const struct exchange *x = &j->x;
	const struct end_view *s = &x->end[SENDER];

	if (j->i->kind != IMPACT_HARMFUL || x->opener != RECEIVER || x->last_from != RECEIVER ||
	    !s->data || !j->i->receiver_unacked || !(s->fin || x->reset_before))
		return;
	j->i->race = s->fin && (int32_t)(x->run_ack - s->next) >= 0 ? RACE_AFTER_FIN : RACE_CROSSED;
	j->i->timer_ns = s->fin ? x->fin_idle_ns[SENDER] : 0;
}

void impact_judge(struct reset_case *c)
{
	struct judge j = { .c = c, .i = &c->diagnosis.impact };

	memset(j.i, 0, sizeof(*j.i));
	exchange_read(c, &j.x);
	find_local(&j);
	c->diagnosis.effect = judge_effect(&j);
	count_unread(&j);
	count_unacked(&j);
	find_unanswered(&j);
	judge_impact(&j);
	measure_idle(&j);
	find_race(&j);
}
