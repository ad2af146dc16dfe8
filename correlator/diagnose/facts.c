// SPDX-License-Identifier: GPL-2.0-only
/*
 * facts.c - what a case proves, disproves, or leaves open.
 *
 * Absence counts only where the sensor would have seen presence, and never when events were
 * lost while the case was open.
 */
#include "diagnose/facts.h"

#include <stdlib.h>
#include <signal.h>
#include <string.h>
#include <netinet/tcp.h>

#include "diagnose/aftermath.h"
#include "model/kernel_bits.h"
#include "model/stack.h"

/* tcp_out_of_memory() spares sockets that queue less: two small buffers. */
#define SOCK_MIN_SNDBUF 4608
/* A history that does not go back so far before the segment says nothing of what is not in it. */
#define HISTORY_NS 1000000000ull
/* An exchange of sockets takes microseconds; one that seems to take so long was not seen to end. */
#define WINDOW_NS 100000000ull

void facts_set(struct reset_case *c, enum fact f, bool value)
{
	fact_set bit = (fact_set)1 << f;

	c->diagnosis.facts_yes &= ~bit;
	c->diagnosis.facts_no &= ~bit;
	*(value ? &c->diagnosis.facts_yes : &c->diagnosis.facts_no) |= bit;
}

static bool is_ingress(const struct sighting *s)
{
	return s->hook == HOOK_TC_INGRESS || s->hook == HOOK_XDP ||
	       (s->hook == HOOK_PCAP && s->heading == HEADING_IN);
}

static bool is_sender(enum kernel_call call)
{
	return call == CALL_PASSIVE || call == CALL_ACTIVE || call == CALL_REJECT;
}

static bool taken_next_door(const struct reset_case *c)
{
	return c->asked.netns.foreign && !c->asked.netns.leaked &&
	       c->seen.receive->call == CALL_RECEIVE;
}

static void gather_path(struct reset_case *c)
{
	/* What we leaked is what we are to blame for, not what became of it. */
	bool made = is_made_next_door(c) && !c->asked.netns.leaked;
	bool in = false, out = false, forwarded = false;
	unsigned int i;

	if (made) {
		facts_set(c, FACT_SENT_HERE, true);
		facts_set(c, FACT_ARRIVED_HERE, false);
		facts_set(c, FACT_PASSED_THROUGH, false);
		facts_set(c, FACT_FOR_ANOTHER, false);
		return;
	}
	for (i = 0; i < c->seen.n_sightings; i++) {
		const struct sighting *s = &c->seen.sightings[i];

		if (s->ifindex & PLACE_ELSEWHERE)
			continue;
		if (is_ingress(s)) {
			in = true;
		} else if (s->hook == HOOK_TC_EGRESS) {
			out = true;
			forwarded |= s->forwarded;
		}
	}
	/* What started here may come back to us through a bridge or a VRF of our own. */
	if (c->seen.n_sightings && c->seen.sightings[0].hook == HOOK_TC_EGRESS)
		forwarded = c->seen.sightings[0].forwarded;
	if (is_sender(c->seen.kernel->call) && !c->asked.netns.leaked)
		forwarded = false;
	/* What passed through and has arrived next door has arrived at this host. */
	if (out && !(forwarded && taken_next_door(c))) {
		facts_set(c, FACT_SENT_HERE, !forwarded);
		facts_set(c, FACT_PASSED_THROUGH, forwarded);
		facts_set(c, FACT_ARRIVED_HERE, false);
		if (!forwarded)
			facts_set(c, FACT_FOR_ANOTHER, false);
		return;
	}
	if (!in && !out)
		return;
	facts_set(c, FACT_SENT_HERE, false);
	if (c->seen.receive->call == CALL_RECEIVE) {
		facts_set(c, FACT_PASSED_THROUGH, false);
		facts_set(c, FACT_FOR_ANOTHER, false);
		facts_set(c, FACT_ARRIVED_HERE, true);
	} else if (c->asked.dst_local == 0) {
		facts_set(c, FACT_FOR_ANOTHER, true);
		facts_set(c, FACT_ARRIVED_HERE, false);
	} else if (c->asked.dst_local == 1) {
		facts_set(c, FACT_ARRIVED_HERE, true);
		facts_set(c, FACT_FOR_ANOTHER, false);
		facts_set(c, FACT_PASSED_THROUGH, false);
	}
}

static bool has_segment(const struct reset_case *c, uint8_t *ret_flags)
{
	if (c->seen.kernel->has_segment) {
		*ret_flags = c->seen.kernel->segment_flags;
		return true;
	}
	*ret_flags = c->seen.answers.flags;
	return c->seen.answer_match == ANSWER_EXACT;
}

static uint32_t segment_len(const struct reset_case *c)
{
	return c->seen.kernel->has_segment ? c->seen.kernel->segment_len : c->seen.answers.len;
}

/* From the RST's sender, under any of the addresses that NAT gave it on the way? */
static bool is_from_sender(const struct reset_case *c, const struct packet *p)
{
	bool from = tuple_equal(&p->tuple, &c->seen.rst.tuple);
	unsigned int i;

	for (i = 0; !from && i < c->seen.n_sightings; i++)
		from = tuple_equal(&p->tuple, &c->seen.sightings[i].tuple);
	return from;
}

/*
 * Had both ends talked before the segment that was answered, and was the connection not over? It
 * is over after a RST, or when both have sent their FIN.
 */
static bool flow_seen(const struct reset_case *c)
{
	bool talked[2] = { false, false }, finished[2] = { false, false };
	unsigned int i;

	for (i = 0; i < c->asked.n_history; i++) {
		const struct packet *p = &c->asked.history[i];
		unsigned int way = is_from_sender(c, p);

		if (c->seen.answer_match == ANSWER_EXACT && p->ts_ns >= c->seen.answers.ts_ns)
			continue;
		if (p->flags & FLAG_RST || (p->flags & (FLAG_SYN | FLAG_ACK)) == FLAG_SYN) {
			memset(talked, 0, sizeof(talked));
			memset(finished, 0, sizeof(finished));
		}
		if (p->flags & FLAG_RST)
			continue;
		talked[way] = true;
		finished[way] |= (p->flags & FLAG_FIN) != 0;
	}
	return talked[0] && talked[1] && !(finished[0] && finished[1]);
}

/* Would the history show a connection of the segment's ports, had there been one of late? */
static bool is_history_whole(const struct reset_case *c)
{
	unsigned int i;

	if (c->asked.lost_packets || c->seen.answer_match != ANSWER_EXACT ||
	    c->seen.answers.ts_ns < c->asked.history_since_ns + HISTORY_NS)
		return false;
	/* Both ways are watched, if the segment itself came to be in it. */
	for (i = 0; i < c->asked.n_history; i++)
		if (c->asked.history[i].ts_ns == c->seen.answers.ts_ns)
			return true;
	return false;
}

static void gather_flow(struct reset_case *c)
{
	bool reset = c->seen.conversation.reset_before, seen = !reset && flow_seen(c);

	if (first_reset(c))
		facts_set(c, FACT_FOLLOWS, true);
	if (seen || reset || is_history_whole(c))
		facts_set(c, FACT_FLOW_SEEN, seen);
}

static void gather_segment(struct reset_case *c)
{
	uint8_t flags;

	if (has_segment(c, &flags)) {
		facts_set(c, FACT_SEGMENT_KNOWN, true);
		facts_set(c, FACT_SEGMENT_SYN, (flags & (FLAG_SYN | FLAG_ACK)) == FLAG_SYN);
		facts_set(c, FACT_SEGMENT_HAS_SYN, flags & FLAG_SYN);
		facts_set(c, FACT_SEGMENT_DATA, segment_len(c) > 0);
		facts_set(c, FACT_SEGMENT_BARE,
			  !segment_len(c) &&
				  (flags & (FLAG_SYN | FLAG_FIN | FLAG_ACK)) == FLAG_ACK);
	}
	gather_flow(c);
}

static void gather_leak(struct reset_case *c)
{
	if (!c->seen.n_sightings || !is_ingress(&c->seen.sightings[0]) || !c->asked.ct_asked ||
	    (is_made_next_door(c) && !c->asked.netns.leaked))
		return;
	facts_set(c, FACT_MADE_BY_LEAK, is_made_by_leak(&c->asked.ct, &c->seen.rst.tuple));
}

static bool tcp_would_tell(const struct reset_case *c)
{
	return (c->asked.views & COVERS_PASSIVE) && (c->asked.views & COVERS_ACTIVE) &&
	       !c->asked.lost_events;
}

static void gather_calls(struct reset_case *c)
{
	enum kernel_call call = c->seen.kernel->call;
	bool tcp = call == CALL_PASSIVE || call == CALL_ACTIVE;
	bool told = call != CALL_NONE && call != CALL_NF_DROP;

	if (told) {
		facts_set(c, FACT_PASSIVE, call == CALL_PASSIVE);
		facts_set(c, FACT_ACTIVE, call == CALL_ACTIVE);
		facts_set(c, FACT_REJECT, call == CALL_REJECT);
		facts_set(c, FACT_TCP_SILENT, !tcp);
	} else if (tcp_would_tell(c)) {
		facts_set(c, FACT_PASSIVE, false);
		facts_set(c, FACT_ACTIVE, false);
		/* A container's TCP, behind macvlan or ipvlan on our interface, does not tell us. */
		if (c->asked.src_local == 1)
			facts_set(c, FACT_TCP_SILENT, true);
		if (c->asked.views & COVERS_REJECT)
			facts_set(c, FACT_REJECT, false);
	}
	if (call == CALL_NF_DROP)
		facts_set(c, FACT_NF_DROP, true);
	else if (c->asked.views & COVERS_NF_DROP && !c->asked.lost_events)
		facts_set(c, FACT_NF_DROP, false);
}

static bool is_socket_of(const struct tuple *sk, const struct tuple *segment)
{
	struct tuple back = tuple_reverse(segment);

	return tuple_equal(sk, &back);
}

/* Reasons of active resets came with 6.12; before, there is none or NOT_SPECIFIED. */
static bool has_reason(const struct kernel_event *k)
{
	return k->reason[0] && strcmp(k->reason, "NOT_SPECIFIED");
}

static void gather_lookup(struct reset_case *c)
{
	const struct kernel_event *k = c->seen.kernel;
	bool is_dead;

	if (k->call != CALL_PASSIVE && k->call != CALL_ACTIVE)
		return;
	facts_set(c, FACT_NO_SOCKET, k->lookup == LOOKUP_NONE);
	facts_set(c, FACT_LISTENER, k->lookup == LOOKUP_LISTENER);
	facts_set(c, FACT_TIMEWAIT, k->lookup == LOOKUP_TIMEWAIT);
	if (strcmp(k->reason, "TCP_RFC7323_PAWS"))
		facts_set(c, FACT_SYN_SENT, k->sock.present && k->sock.state == TCP_SYN_SENT);
	if (k->has_segment && k->sock.present && k->lookup != LOOKUP_LISTENER)
		facts_set(c, FACT_OTHER_SOCKET, !is_socket_of(&k->sock.tuple, &k->segment));
	facts_set(c, FACT_FIN_WAIT2_MINI,
		  k->lookup == LOOKUP_TIMEWAIT && k->sock.tw_substate == TCP_FIN_WAIT2);
	/* tcp_reset() has already closed it by the time the RST is sent. */
	is_dead = k->call == CALL_PASSIVE && k->sock.full && k->sock.state == TCP_CLOSE &&
		  ((k->sock.flags & SOCK_FLAG_DEAD) || (k->sock.shutdown & SHUTDOWN_RECEIVE));
	facts_set(c, FACT_DEAD_SOCKET, is_dead);
	if (!k->sock.full) {
		facts_set(c, FACT_LINGER_ZERO, false);
		facts_set(c, FACT_UNREAD, false);
		return;
	}
	facts_set(c, FACT_LINGER_ZERO, (k->sock.flags & SOCK_FLAG_LINGER) && !k->sock.lingertime);
	if (k->call == CALL_PASSIVE || !has_reason(k) || !strcmp(k->reason, "TCP_ABORT_ON_LINGER"))
		facts_set(c, FACT_LINGER2_NEGATIVE, k->sock.linger2 < 0);
	facts_set(c, FACT_USER_TIMEOUT, k->sock.user_timeout > 0);
	facts_set(c, FACT_IN_FIN_WAIT2,
		  k->sock.state == TCP_FIN_WAIT2 && (k->sock.flags & SOCK_FLAG_DEAD));
	/* Where the kernel says why, that counts and not what we counted. */
	if (has_reason(k))
		facts_set(c, FACT_UNREAD, !strcmp(k->reason, "TCP_ABORT_ON_CLOSE"));
	else if (k->sock.unread_known && (c->asked.views & COVERS_CLOSE))
		facts_set(c, FACT_UNREAD, k->sock.unread > 0);
}

/* May a segment with these numbers belong to a connection that expects those? */
static bool fits_connection(const struct kernel_event *k, uint32_t rcv_nxt, uint32_t snd_nxt)
{
	int32_t ahead = (int32_t)(k->segment_seq - rcv_nxt);
	int32_t unacked = (int32_t)(snd_nxt - k->segment_ack);

	/* A keepalive probe lies one before; a window is less than 2^30 (RFC 7323, 2.3). */
	return ahead >= -1 && ahead < 1 << 30 && unacked >= 0 && unacked < 1 << 30;
}

/* TCP found nothing for the segment but, at best, a listener. */
static bool is_look_up_failure(const struct kernel_event *k)
{
	return k->call == CALL_PASSIVE && k->has_segment &&
	       (k->lookup == LOOKUP_NONE || k->lookup == LOOKUP_LISTENER);
}

/* Only such a segment can belong to a connection that has a socket. */
static bool is_of_connection(const struct kernel_event *k)
{
	return (k->segment_flags & (FLAG_SYN | FLAG_ACK)) == FLAG_ACK;
}

uint64_t race_overlap_ns(const struct reset_case *c)
{
	const struct hash_window *w = &c->seen.kernel->window;
	uint64_t start = w->start_ns > c->seen.answers.ts_ns ? w->start_ns : c->seen.answers.ts_ns;
	uint64_t end =
		w->end_ns && w->end_ns < c->seen.kernel->ts_ns ? w->end_ns : c->seen.kernel->ts_ns;

	return end > start ? end - start : 0;
}

/*
 * Less than the windows tell: asked when the RST leaves, and by the interface that it leaves by,
 * which must be the one that the segment came in by, because a socket may be bound to it. A
 * request socket is where a wrong ACK leaves it, and no sign of a failed look-up.
 */
static void gather_socket_now(struct reset_case *c)
{
	const struct socket_now *now = &c->seen.now;

	if (!now->asked || !is_look_up_failure(c->seen.kernel) ||
	    !is_of_connection(c->seen.kernel) || c->seen.kernel->window.kind != WINDOW_NONE ||
	    c->seen.answer_match != ANSWER_EXACT || c->seen.answers.ifindex != c->seen.rst.ifindex)
		return;
	/* Numbers that do not fit may have fitted when the segment came. */
	if (!now->state ||
	    (now->full && fits_connection(c->seen.kernel, now->rcv_nxt, now->snd_nxt)))
		facts_set(c, FACT_SOCKET_NOW, now->state && now->state != TCP_CLOSE);
	facts_set(c, FACT_TIMEWAIT_NOW, now->state == TCP_TIME_WAIT);
}

/* Are begin and end of the exchange, and the segment's arrival, all known? */
static bool is_window_whole(const struct reset_case *c)
{
	const struct hash_window *w = &c->seen.kernel->window;

	return (c->asked.views & COVERS_WINDOWS) && c->seen.answer_match == ANSWER_EXACT &&
	       (w->end_ns || c->seen.kernel->ts_ns < w->start_ns + WINDOW_NS);
}

/* The exchange went on when the reset was sent, or its outcome is there: nothing else came between. */
static bool is_still_there(const struct reset_case *c)
{
	const struct hash_window *w = &c->seen.kernel->window;

	return !w->end_ns || w->end_ns >= c->seen.kernel->ts_ns ||
	       (c->seen.now.asked && c->seen.now.state);
}

/*
 * The look-up lies between the segment's arrival and the reset. It can have failed because of
 * the exchange only if that took place on another CPU, at least in part in this time, and if the
 * segment is one that the connection expects.
 */
static void gather_race(struct reset_case *c)
{
	const struct kernel_event *k = c->seen.kernel;
	const struct hash_window *w = &k->window;
	bool raced = false;

	if (!is_look_up_failure(k))
		return;
	if (w->kind != WINDOW_NONE) {
		if (!is_window_whole(c))
			return;
		raced = w->cpu != k->cpu && race_overlap_ns(c) > 0;
		/* What fits only nearly, or had no socket any more, is open. */
		if (raced && (!fits_connection(k, w->rcv_nxt, w->snd_nxt) || !is_still_there(c)))
			return;
	} else if (c->diagnosis.facts_yes & (FACT(SOCKET_NOW) | FACT(TIMEWAIT_NOW)) ||
		   (is_of_connection(k) &&
		    (!(c->asked.views & COVERS_WINDOWS) || c->asked.lost_events))) {
		/* Where there is a socket after all, a window was not seen, which is no proof. */
		return;
	}
	facts_set(c, FACT_RACE_HANDSHAKE, raced && w->kind == WINDOW_HANDSHAKE);
	facts_set(c, FACT_RACE_TIMEWAIT, raced && w->kind == WINDOW_TIMEWAIT);
}

/* NAT gives the segment the port that the socket does not know: early demux came too soon. */
static bool is_retargeted(const struct kernel_event *clash)
{
	const struct tuple *sk = &clash->sock.tuple, *to = &clash->ct.reply;

	return clash->ct.has_entry && tuple_equal(&clash->ct.orig, &clash->segment) &&
	       to->sport == sk->sport && !memcmp(to->saddr, sk->saddr, 16) &&
	       !memcmp(to->daddr, sk->daddr, 16) && to->dport != sk->dport;
}

static void gather_clash(struct reset_case *c)
{
	switch (c->seen.clash->call) {
	case CALL_CHALLENGE:
		facts_set(c, FACT_CLASH, is_retargeted(c->seen.clash));
		break;
	case CALL_TIMEWAIT:
		facts_set(c, FACT_CLASH, true);
		break;
	default:
		/*
		 * What this host sends itself is no answer to what another socket of it has said; nor is
		 * anything but an answer to a bare ACK.
		 */
		if (c->diagnosis.facts_yes & FACT(SENT_HERE) ||
		    ((c->asked.views & COVERS_CLASH) && !c->asked.lost_events) ||
		    c->seen.rst.flags & FLAG_ACK || c->diagnosis.facts_no & FACT(SEGMENT_BARE))
			facts_set(c, FACT_CLASH, false);
	}
}

static void gather_memory(struct reset_case *c)
{
	const struct kernel_sock *s = &c->seen.kernel->sock;

	bool over = s->mem_pages > s->mem_limit && s->wmem_queued > SOCK_MIN_SNDBUF;

	/* Near the limit others may have freed some since the kernel looked. */
	if (c->seen.kernel->call == CALL_ACTIVE && s->memory_known &&
	    (over || s->wmem_queued <= SOCK_MIN_SNDBUF ||
	     s->mem_pages < s->mem_limit - s->mem_limit / 8))
		facts_set(c, FACT_OVER_MEMORY, over);
}

#define STACK_NAMES_MAX 8

static void gather_stack(struct reset_case *c)
{
	static const struct {
		enum fact fact;
		const char *names[STACK_NAMES_MAX];
	} rows[] = {
		{ FACT_IN_CLOSE, { "__tcp_close", "tcp_close" } },
		{ FACT_IN_DISCONNECT, { "tcp_disconnect" } },
		{ FACT_IN_LISTEN_STOP,
		  { "inet_child_forget", "inet_csk_listen_stop", "inet_csk_complete_hashdance" } },
		{ FACT_IN_ABORT, { "tcp_abort", "tcp_diag_destroy" } },
		{ FACT_IN_KEEPALIVE, { "tcp_keepalive_timer" } },
		{ FACT_IN_RETRANSMIT, { "tcp_retransmit_timer", "tcp_write_timer_handler" } },
		{ FACT_IN_CHECK_REQ, { "tcp_check_req" } },
		{ FACT_IN_DO_RCV, { "tcp_v4_do_rcv", "tcp_v6_do_rcv" } },
		{ FACT_IN_RESOURCES, { "tcp_out_of_resources" } },
		{ FACT_IN_EXIT, { "do_exit" } },
		{ FACT_IN_MPTCP,
		  { "mptcp_subflow_reset", "mptcp_worker", "subflow_syn_recv_sock",
		    "__mptcp_close_ssk", "mptcp_do_fastclose", "__mptcp_close",
		    "subflow_v4_route_req", "subflow_v6_route_req" } },
	};
	const struct kernel_event *k = c->seen.kernel;
	unsigned int i, j, n;
	bool whole;

	n = stack_own_frames(k, &whole);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool found = false;

		for (j = 0; j < STACK_NAMES_MAX && rows[i].names[j]; j++)
			found |= stack_has(k, n, rows[i].names[j]);
		if (found || whole)
			facts_set(c, rows[i].fact, found);
	}
	/* Nobody else gives these reasons; the frames may be missing. */
	if (!strcmp(k->reason, "INVALID_SYN"))
		facts_set(c, FACT_IN_CHECK_REQ, true);
	if (!strncmp(k->reason, "MPTCP_RST_", strlen("MPTCP_RST_")))
		facts_set(c, FACT_IN_MPTCP, true);
}

static bool is_of_a_crash(unsigned int signal)
{
	return signal == SIGSEGV || signal == SIGABRT || signal == SIGBUS || signal == SIGFPE ||
	       signal == SIGILL || signal == SIGSYS || signal == SIGTRAP;
}

/* Why it ended counts only for the task whose own call this is. */
static void gather_exit(struct reset_case *c)
{
	const struct kernel_event *k = c->seen.kernel;
	bool exits = fact_in(c->diagnosis.facts_yes, FACT_IN_EXIT);

	if (exits ? !k->exiting : !fact_in(c->diagnosis.facts_no, FACT_IN_EXIT))
		return;
	facts_set(c, FACT_SIGNALLED, exits && k->exit_code & 0x7f);
	facts_set(c, FACT_CRASHED, exits && is_of_a_crash(k->exit_code & 0x7f));
	facts_set(c, FACT_OOM_KILLED, exits && k->oom_killed);
}

static void gather_reason(struct reset_case *c)
{
	if (!has_reason(c->seen.kernel))
		return;
	facts_set(c, FACT_REASON_CLOSE, !strcmp(c->seen.kernel->reason, "TCP_ABORT_ON_CLOSE"));
	facts_set(c, FACT_REASON_MEMORY, !strcmp(c->seen.kernel->reason, "TCP_ABORT_ON_MEMORY"));
	facts_set(c, FACT_REASON_LINGER, !strcmp(c->seen.kernel->reason, "TCP_ABORT_ON_LINGER"));
}

void facts_gather(struct reset_case *c)
{
	c->diagnosis.facts_yes = 0;
	c->diagnosis.facts_no = 0;
	facts_set(c, FACT_CAPTURE, c->seen.conversation.known);
	if (c->seen.conversation.known)
		facts_capture_gather(c);
	else
		gather_path(c);
	/* No kernel view was there either. */
	if (c->seen.before_start)
		facts_shape_gather(c);
	gather_segment(c);
	gather_leak(c);
	gather_calls(c);
	facts_maker_gather(c);
	gather_lookup(c);
	gather_socket_now(c);
	gather_race(c);
	gather_clash(c);
	gather_memory(c);
	gather_stack(c);
	gather_exit(c);
	gather_reason(c);
	facts_nat_gather(c);
	facts_forged_gather(c);
}
