// SPDX-License-Identifier: GPL-2.0-only
/*
 * fact_texts.c - the sentences of the facts: what is shown as evidence, as contradiction, and as
 * missing. The placeholders are template.c's.
 */
#include "diagnose/facts.h"

const struct fact_text fact_texts[FACT_MAX] = {
	[FACT_SENT_HERE] = {
		.yes = "this host made the RST: it left by {rst.if} and had come in by no interface",
		.no = "the RST did not start on this host",
		.missing = "the RST's way out (watch the interface that it leaves by)",
	},
	[FACT_PASSED_THROUGH] = {
		.yes = "the RST is another host's: it came in by {in.if} and was passed on by {out.if}",
		.no = "the RST was not passed on",
		.missing = "whether the RST was passed on (watch both interfaces)",
	},
	[FACT_FOR_ANOTHER] = {
		.yes = "the RST came in by {in.if} for {rst.for}",
		.no = "the RST is for an address of this host",
		.missing = "whether the RST's destination is an address of this host",
	},
	[FACT_ARRIVED_HERE] = {
		.yes = "the RST came in by {in.if} for {rst.dst}, an address of this host",
		.no = "the RST is not for an address of this host",
		.missing = "whether the RST's destination is an address of this host",
	},
	[FACT_SEGMENT_KNOWN] = {
		.yes = "it answers {seg} ({seg.flags})",
		.no = "no segment that it answers was seen",
		.missing = "the segment that it answers",
	},
	[FACT_SEGMENT_SYN] = {
		.yes = "it answers a SYN, {seg}",
		.no = "it answers {seg.flags}, not a SYN",
		.missing = "the segment that it answers",
	},
	[FACT_SEGMENT_HAS_SYN] = {
		.yes = "the segment that it answers carries a SYN",
		.no = "the segment that it answers carries no SYN",
		.missing = "the segment that it answers",
	},
	[FACT_SEGMENT_BARE] = {
		.yes = "the segment that it answers is a bare ACK",
		.no = "the segment that it answers is more than a bare ACK",
		.missing = "the segment that it answers",
	},
	[FACT_SEGMENT_DATA] = {
		.yes = "the segment that it answers carries data",
		.no = "the segment that it answers carries no data",
		.missing = "the segment that it answers",
	},
	[FACT_FOREIGN_TTL] = {
		.yes = "it came with TTL {rst.ttl}, but the peer's own segments come with {peer.ttl}: "
		       "another host sent it in the peer's name",
		.no = "its TTL is that of the peer's own segments",
		.missing = "segments of the peer, to compare their TTL",
	},
	[FACT_MADE_BY_LEAK] = {
		.yes = "the RST was sent to {rst.dst}, which NAT here hides behind {ct.hidden}: the "
		       "sender had received {ct.leaked} untranslated from this gateway{seg.path}",
		.no = "the RST was sent to the translated address",
		.missing = "conntrack's entry for the flow (ctnetlink)",
	},
	[FACT_USER_TIMEOUT] = {
		.yes = "TCP_USER_TIMEOUT of {sk} is {sk.user_timeout} ms",
		.no = "TCP_USER_TIMEOUT is not set",
		.missing = "kernel view: the socket's TCP_USER_TIMEOUT",
	},
	[FACT_IN_FIN_WAIT2] = {
		.yes = "the socket {sk} was in FIN_WAIT2",
		.no = "the socket was not in FIN_WAIT2",
		.missing = "kernel view: the state of the socket",
	},
	[FACT_REASON_LINGER] = {
		.yes = "the kernel's reason is {reason.name}",
		.no = "the kernel's reason is not TCP_LINGER2",
		.missing = "reset reasons (6.12)",
	},
	[FACT_FLOW_SEEN] = {
		.yes = "both ends had exchanged segments just before, and not both had ended the "
		       "connection",
		.no = "no living connection with these ports was seen before",
		.missing = "the history of the flow",
	},
	[FACT_PASSIVE] = {
		.yes = "{call} answered the segment",
		.no = "TCP did not answer a segment with it",
		.missing = "kernel view: tcp_v4_send_reset, tcp_v6_send_reset",
	},
	[FACT_ACTIVE] = {
		.yes = "TCP sent it on its own: {stack}",
		.no = "TCP did not send it on its own",
		.missing = "kernel view: tcp_send_active_reset",
	},
	[FACT_REJECT] = {
		.yes = "a REJECT rule in netfilter's {hook} chain made it ({call})",
		.no = "netfilter did not make it",
		.missing = "kernel view: nf_send_reset, nf_send_reset6",
	},
	[FACT_NF_DROP] = {
		.yes = "netfilter dropped the segment {seg} at once",
		.no = "netfilter did not drop the segment",
		.missing = "kernel view: skb:kfree_skb with reasons (5.17)",
	},
	[FACT_TCP_SILENT] = {
		.yes = "TCP itself reported no reset for it",
		.no = "TCP reported this reset",
		.missing = "a complete kernel view of TCP's resets",
	},
	[FACT_NO_SOCKET] = {
		.yes = "the socket look-up for {seg} found nothing{reason}",
		.no = "the socket look-up found a {lookup} socket",
		.missing = "kernel view: which socket the look-up found",
	},
	[FACT_LISTENER] = {
		.yes = "the look-up for {seg} found only the listener {sk.local}{reason}",
		.no = "the look-up did not end at a listener",
		.missing = "kernel view: which socket the look-up found",
	},
	[FACT_SYN_SENT] = {
		.yes = "the socket {sk} was in SYN_SENT{reason}",
		.no = "the socket was not in SYN_SENT",
		.missing = "kernel view: the state of the socket",
	},
	[FACT_TIMEWAIT] = {
		.yes = "the look-up found a TIME_WAIT socket, {sk}{reason}",
		.no = "the look-up did not find a TIME_WAIT socket",
		.missing = "kernel view: which socket the look-up found",
	},
	[FACT_FIN_WAIT2_MINI] = {
		.yes = "the application had closed {sk}, which waited in FIN_WAIT2 for the peer's FIN",
		.no = "the socket was not a FIN_WAIT2 remnant",
		.missing = "kernel view: the state of the TIME_WAIT socket",
	},
	[FACT_DEAD_SOCKET] = {
		.yes = "the application had closed {sk}, or shut it down for reading, but data came{reason}",
		.no = "the application still had the socket",
		.missing = "kernel view: the socket's flags",
	},
	[FACT_OTHER_SOCKET] = {
		.yes = "the segment {seg} was given to the socket of another connection, {sk}",
		.no = "the socket is the segment's own",
		.missing = "kernel view: the socket's tuple",
	},
	[FACT_LINGER_ZERO] = {
		.yes = "the socket {sk} has SO_LINGER on with time 0",
		.no = "SO_LINGER was not on with time 0",
		.missing = "kernel view: the socket's SO_LINGER",
	},
	[FACT_UNREAD] = {
		.yes = "{unread} not read when the application closed {sk}{reason}",
		.no = "the application had read all that was received",
		.missing = "kernel view: unread data at close() (__tcp_close, or reset reasons of 6.12)",
	},
	[FACT_LINGER2_NEGATIVE] = {
		.yes = "TCP_LINGER2 of {sk} is negative",
		.no = "TCP_LINGER2 is not negative",
		.missing = "kernel view: the socket's TCP_LINGER2",
	},
	[FACT_IN_CLOSE] = {
		.yes = "the call came from close()",
		.no = "the call did not come from close()",
		.missing = "kernel stack with symbols",
	},
	[FACT_IN_DISCONNECT] = {
		.yes = "tcp_disconnect() tore the connection down",
		.no = "tcp_disconnect() was not called",
		.missing = "kernel stack with symbols",
	},
	[FACT_IN_LISTEN_STOP] = {
		.yes = "the listener was being closed",
		.no = "no listener was being closed",
		.missing = "kernel stack with symbols",
	},
	[FACT_IN_ABORT] = {
		.yes = "tcp_abort() was told to kill the socket",
		.no = "tcp_abort() was not called",
		.missing = "kernel stack with symbols",
	},
	[FACT_IN_KEEPALIVE] = {
		.yes = "the keepalive timer gave up",
		.no = "it was not the keepalive timer",
		.missing = "kernel stack with symbols",
	},
	[FACT_IN_RETRANSMIT] = {
		.yes = "the retransmission timer gave up",
		.no = "it was not the retransmission timer",
		.missing = "kernel stack with symbols",
	},
	[FACT_IN_CHECK_REQ] = {
		.yes = "the segment was for a connection still in SYN_RECV",
		.no = "no connection in SYN_RECV took the segment",
		.missing = "kernel stack with symbols",
	},
	[FACT_IN_DO_RCV] = {
		.yes = "that socket took the segment itself ({call} called by tcp_v4_do_rcv() or "
		       "tcp_v6_do_rcv())",
		.no = "the socket did not take the segment itself",
		.missing = "kernel stack with symbols",
	},
	[FACT_IN_MPTCP] = {
		.yes = "MPTCP reset the sub-flow",
		.no = "MPTCP had no part in it",
		.missing = "kernel stack with symbols",
	},
	[FACT_REASON_MEMORY] = {
		.yes = "the kernel's reason is {reason.name}",
		.no = "the kernel's reason is not lack of memory",
		.missing = "reset reasons (6.12)",
	},
	[FACT_NOT_TRACKED] = {
		.yes = "{ct.verdict}",
		.no = "conntrack did not refuse the segment ({ct.state})",
		.missing = "kernel view: the segment's conntrack entry",
	},
	[FACT_REASON_CLOSE] = {
		.yes = "the kernel's reason is {reason.name}",
		.no = "the kernel's reason is not unread data",
		.missing = "reset reasons (6.12)",
	},
	[FACT_REFUSED] = {
		.yes = "{ct.refused}",
		.no = "conntrack did not report the segment as INVALID",
		.missing = "kernel view: conntrack's INVALID reports",
	},
	[FACT_SOCKET_NOW] = {
		.yes = "when the RST left, {seg} had a socket after all, in state {now.state}",
		.no = "the segment's connection had no socket when the RST left",
		.missing = "the RST's way out (watch the interface that it leaves by)",
	},
	[FACT_TIMEWAIT_NOW] = {
		.yes = "when the RST left, {seg} had a socket after all, in state {now.state}",
		.no = "the segment's connection had no TIME_WAIT socket when the RST left",
		.missing = "the RST's way out (watch the interface that it leaves by)",
	},
	[FACT_RACE_HANDSHAKE] = {
		.yes = "CPU {race.cpu} was putting the connection's socket in place of its request "
		       "socket, {race.window}, while CPU {kernel.cpu} looked it up for the segment "
		       "that had come in {race.arrival}: both overlap by {race.overlap} µs",
		.no = "the socket was not taking the place of its request socket meanwhile",
		.missing = "kernel view: inet_ehash_insert, begin and end",
	},
	[FACT_RACE_TIMEWAIT] = {
		.yes = "CPU {race.cpu} was putting the TIME_WAIT remnant in place of the connection's "
		       "socket, {race.window}, while CPU {kernel.cpu} looked it up for the segment "
		       "that had come in {race.arrival}: both overlap by {race.overlap} µs",
		.no = "the socket was not being replaced by its TIME_WAIT remnant meanwhile",
		.missing = "kernel view: inet_twsk_hashdance, begin and end",
	},
	[FACT_CLASH] = {
		.yes = "{clash}",
		.no = "no socket here took another connection's segment",
		.missing = "kernel view: tcp_send_challenge_ack, tcp_timewait_state_process",
	},
	[FACT_MAPPING_GONE] = {
		.yes = "conntrack had a NAT mapping for {gone.seg}, {gone.mapping}, and dropped it "
		       "{gone.ago} before ({gone.how})",
		.no = "conntrack did not drop a NAT mapping for the segment",
		.missing = "conntrack's report of the dropped entry (since before the connection began)",
	},
	[FACT_OVER_MEMORY] = {
		.yes = "TCP used {mem.pages} pages of memory, and tcp_mem allows {mem.limit}",
		.no = "TCP's memory, {mem.pages} pages, was within tcp_mem ({mem.limit})",
		.missing = "kernel view: TCP's memory at the moment of the reset",
	},
	[FACT_IN_RESOURCES] = {
		.yes = "the kernel was giving an orphan up for lack of resources",
		.no = "the kernel was not short of resources",
		.missing = "kernel stack with symbols",
	},
	[FACT_UNTRANSLATED] = {
		.yes = "{ct.from} should have become {ct.to} (conntrack's entry), but the segment reached "
		       "TCP untranslated: {seg}",
		.no = "no NAT mapping was due for the segment",
		.missing = "conntrack's entry for the segment (ctnetlink)",
	},
	[FACT_MADE_ON_PATH] = {
		.yes = "the segments of {rst.src} come in and are passed on here, but the RST left by {out.if} "
		       "without having come in: this host made it in their sender's name",
		.no = "this host did not make it in another's name",
		.missing = "a capture of all interfaces of the host that made it",
	},
	[FACT_CAPTURE] = {
		.yes = "only the wire was seen, not the kernel that sent the RST",
		.no = "a kernel was asked",
		.missing = "a capture of the whole connection",
	},
	[FACT_SHAPE_ANSWER] = {
		.yes = "its numbers are those of an answer to {seg} ({seg.flags})",
		.no = "it carries its sender's own numbers: it is no answer to a segment",
		.missing = "the segment that it answers",
	},
	[FACT_PORT_OPEN] = {
		.yes = "{rst.src} had accepted a connection on that port before, in the same capture",
		.no = "that port of {rst.src} accepted no connection in this capture",
		.missing = "whether the sender accepts connections on that port",
	},
	[FACT_SENDER_FINISHED] = {
		.yes = "{rst.src} had sent its FIN {fin.ago} before",
		.no = "{rst.src} had sent no FIN, or long before",
		.missing = "a capture from the connection's beginning on",
	},
	[FACT_BAD_SYN_ANSWER] = {
		.yes = "{rst.src} had sent nothing but a SYN, and the segment acknowledges {seg.ack}, not "
		       "{syn.ack}",
		.no = "{rst.src} had not just sent a SYN that the segment answers wrongly",
		.missing = "a capture from the connection's beginning on",
	},
	[FACT_JUST_OPENED] = {
		.yes = "{rst.src} had sent nothing but its SYN ACK",
		.no = "{rst.src} had sent more than a SYN ACK",
		.missing = "a capture from the connection's beginning on",
	},
	[FACT_OUT_OF_WINDOW] = {
		.yes = "the segment lay outside of the window that {rst.src} had offered",
		.no = "the segment lay within the window that {rst.src} had offered",
		.missing = "a capture from the connection's beginning on, with the window scale",
	},
	[FACT_PROBED] = {
		.yes = "{probes} keepalive probes of {rst.src} had stayed unanswered",
		.no = "no keepalive probes had stayed unanswered",
		.missing = "a capture of the time before",
	},
	[FACT_RESET_BEFORE] = {
		.yes = "{rst.src} had sent a RST for this connection before",
		.no = "no other RST of {rst.src} for this connection was captured before",
		.missing = "a capture of the time before",
	},
	[FACT_ABORTED_BEFORE] = {
		.yes = "{rst.src} had aborted this connection before, by a RST that answers nothing: what "
		       "matters is why it did that",
		.no = "no RST by which {rst.src} aborted this connection was captured before",
		.missing = "a capture of the time before",
	},
	[FACT_WENT_ON] = {
		.yes = "{rst.src} went on after it, as if it had sent none (TTL {went.ttl})",
		.no = "{rst.src} sent nothing more on this connection",
		.missing = "a capture of the time after",
	},
	[FACT_UNLABELLED] = {
		.yes = "its IPv6 flow label is 0, as of netfilter's resets; Linux' TCP sets one, unless "
		       "net.ipv6.auto_flowlabels forbids",
		.no = "it is not the flow label that tells netfilter's resets",
		.missing = "the RST's IPv6 flow label",
	},
	[FACT_ABSENT_AT_SENDER] = {
		.yes = "{absent}",
		.no = "the RST is in the capture nearer to its sender too",
		.missing = "a capture nearer to the sender",
	},
};
