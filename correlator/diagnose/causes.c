// SPDX-License-Identifier: GPL-2.0-only
/*
 * causes.c - the catalogue of causes.
 *
 * The first row whose facts hold names the cause, so a row that is more specific stands above
 * one that is less. The evidence shown to the user is the sentences of the facts that a row
 * needs and forbids (facts.c); a row only adds the title and the advice.
 */
#include "diagnose/causes.h"

#include <stdio.h>
#include <string.h>

const struct cause causes[] = {
	{
		.id = "netfilter-reject",
		.title = "a netfilter REJECT rule answered with tcp-reset",
		.type = TYPE_NETFILTER,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(REJECT), 0 },
			{ CONF_LIKELY, FACT(SENT_HERE) | FACT(NF_DROP), 0 },
			{ CONF_LIKELY, FACT(CAPTURE) | FACT(MADE_ON_PATH), 0 },
		},
		.rank = { .hints = FACT(SEGMENT_SYN) | FACT(UNLABELLED) },
		.advice = {
			{
				.action = "find the rule: `nft list ruleset | grep -i 'reject with tcp "
					  "reset'` or `iptables-save | grep tcp-reset`, and let {seg} pass "
					  "if it should",
				.price = "the rule was written for a reason; an accept rule above it opens "
					 "that port",
				.undo = "delete the accept rule",
			},
		},
		.reference = "net/ipv4/netfilter/nf_reject_ipv4.c: nf_send_reset()",
	},
	{
		.id = "mptcp",
		.title = "MPTCP reset a sub-flow",
		.type = TYPE_ACTIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_LIKELY, FACT(IN_MPTCP), 0 },
		},
		.rank = { .seldom = 3 },
		.advice = {
			{
				.action = "read the reason in the MP_TCPRST option (RFC 8684 section 3.6) and "
					  "`nstat -az 'MPTcpExt*'`",
				.price = "none",
				.undo = "none needed",
			},
		},
		.reference = "RFC 8684 section 3.6; net/mptcp/subflow.c",
	},
	{
		.id = "linger-zero",
		.title = "the application closed the socket with SO_LINGER on and time 0",
		.type = TYPE_ACTIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(ACTIVE) | FACT(LINGER_ZERO) | FACT(IN_DISCONNECT) | FACT(IN_CLOSE), FACT(IN_LISTEN_STOP) | FACT(IN_ABORT) | FACT(IN_MPTCP) },
		},
		.advice = {
			{
				.action = "in the application, do not set SO_LINGER with l_linger = 0 before "
					  "close(); look for setsockopt(SO_LINGER) in it, its libraries and "
					  "its proxy",
				.price = "the closing side keeps a TIME_WAIT socket for 60 s per connection",
				.undo = "set it again",
			},
		},
		.reference = "socket(7) SO_LINGER; net/ipv4/tcp.c: __tcp_close()",
	},
	{
		.id = "unread-data",
		.title = "the application closed the socket while received data was unread",
		.type = TYPE_ACTIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(ACTIVE) | FACT(REASON_CLOSE), FACT(IN_MPTCP) },
			{ CONF_CERTAIN, FACT(ACTIVE) | FACT(UNREAD) | FACT(IN_CLOSE),
			  FACT(IN_DISCONNECT) | FACT(IN_ABORT) | FACT(IN_LISTEN_STOP) | FACT(IN_MPTCP) },
			{ CONF_LIKELY, FACT(ACTIVE) | FACT(REASON_CLOSE), 0 },
		},
		.advice = {
			{
				.action = "read until end of file before close(), or shutdown(SHUT_WR) and "
					  "drain first",
				.price = "a peer that never stops sending keeps the socket open: set a limit",
				.undo = "none needed",
			},
		},
		.reference = "RFC 2525 section 2.17; net/ipv4/tcp.c: __tcp_close()",
	},
	{
		.id = "linger2",
		.title = "the connection was dropped in FIN_WAIT2 because TCP_LINGER2 is negative",
		.type = TYPE_ACTIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(ACTIVE) | FACT(REASON_LINGER), 0 },
			{ CONF_LIKELY, FACT(ACTIVE) | FACT(LINGER2_NEGATIVE) | FACT(IN_CLOSE), FACT(IN_DISCONNECT) | FACT(UNREAD) | FACT(IN_LISTEN_STOP) },
			{ CONF_LIKELY, FACT(PASSIVE) | FACT(LINGER2_NEGATIVE) | FACT(DEAD_SOCKET), FACT(SEGMENT_DATA) },
		},
		.rank = { .hints = FACT(SENDER_FINISHED), .unlikely_if = FACT(RESET_BEFORE), .seldom = 1 },
		.advice = {
			{
				.action = "do not set TCP_LINGER2 below 0, or read to the end of file before close()",
				.price = "a socket waits up to tcp_fin_timeout for the peer's FIN",
				.undo = "set it again",
			},
		},
		.reference = "tcp(7) TCP_LINGER2; net/ipv4/tcp.c: __tcp_close()",
	},
	{
		.id = "out-of-memory",
		.title = "TCP gave the connection up because its memory was exhausted",
		.type = TYPE_ACTIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(ACTIVE) | FACT(REASON_MEMORY) | FACT(OVER_MEMORY), 0 },
			{ CONF_CERTAIN, FACT(ACTIVE) | FACT(IN_RESOURCES) | FACT(OVER_MEMORY), 0 },
			{ CONF_LIKELY, FACT(ACTIVE) | FACT(IN_CLOSE) | FACT(OVER_MEMORY),
			  FACT(IN_DISCONNECT) | FACT(UNREAD) | FACT(LINGER2_NEGATIVE) | FACT(IN_LISTEN_STOP) | FACT(IN_ABORT) | FACT(IN_MPTCP) },
		},
		.rank = { .seldom = 2 },
		.advice = {
			{
				.action = "find who holds the memory: `ss -tm` (skmem), `cat "
					  "/proc/net/sockstat`; if the load is rightful, raise the third "
					  "number of net.ipv4.tcp_mem",
				.price = "more kernel memory for TCP",
				.undo = "set the old value with sysctl -w",
			},
		},
		.reference = "tcp(7) tcp_mem; net/ipv4/tcp.c: tcp_check_oom()",
	},
	{
		.id = "too-many-orphans",
		.title = "TCP gave the connection up because too many sockets without an owner were left",
		.type = TYPE_ACTIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(ACTIVE) | FACT(REASON_MEMORY), FACT(OVER_MEMORY) },
			{ CONF_CERTAIN, FACT(ACTIVE) | FACT(IN_RESOURCES), FACT(OVER_MEMORY) },
			{ CONF_LIKELY, FACT(ACTIVE) | FACT(IN_CLOSE),
			  FACT(OVER_MEMORY) | FACT(IN_DISCONNECT) | FACT(UNREAD) | FACT(LINGER2_NEGATIVE) | FACT(IN_LISTEN_STOP) | FACT(IN_ABORT) | FACT(IN_MPTCP) },
		},
		.rank = { .hints = FACT(SENDER_FINISHED), .seldom = 2 },
		.advice = {
			{
				.action = "find why peers do not finish: orphans are sockets that the "
					  "application has closed while the peer has not (`ss -s`, "
					  "`cat /proc/net/sockstat`)",
				.price = "none",
				.undo = "none needed",
			},
			{
				.action = "raise net.ipv4.tcp_max_orphans",
				.price = "up to 64 kB of kernel memory that cannot be swapped for each orphan",
				.undo = "set the old value with sysctl -w",
			},
		},
		.reference = "tcp(7) tcp_max_orphans; net/ipv4/tcp.c: tcp_check_oom()",
	},
	{
		.id = "listener-closed",
		.title = "the listener was closed before the application accepted the connection",
		.type = TYPE_ACTIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(ACTIVE) | FACT(IN_LISTEN_STOP), FACT(IN_ABORT) },
		},
		.rank = { .hints = FACT(JUST_OPENED), .seldom = 1 },
		.advice = {
			{
				.action = "on restart, stop new connections first, accept what is queued, then "
					  "close; or pass the listening socket on to the new process",
				.price = "a slower restart",
				.undo = "none needed",
			},
			{
				.action = "with SO_REUSEPORT on Linux 5.14 and later: sysctl -w "
					  "net.ipv4.tcp_migrate_req=1",
				.price = "queued connections go to another listener of the group",
				.undo = "sysctl -w net.ipv4.tcp_migrate_req=0",
			},
		},
		.reference = "net/ipv4/inet_connection_sock.c: inet_csk_listen_stop()",
	},
	{
		.id = "socket-killed",
		.title = "somebody killed the socket (ss -K, SOCK_DESTROY, tcp_abort)",
		.type = TYPE_ACTIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(ACTIVE) | FACT(IN_ABORT), 0 },
		},
		.rank = { .seldom = 1 },
		.advice = {
			{
				.action = "find who runs `ss -K` or uses SOCK_DESTROY: {task} ran when it "
					  "happened",
				.price = "none",
				.undo = "none needed",
			},
		},
		.reference = "net/ipv4/tcp.c: tcp_abort(); sock_diag(7)",
	},
	{
		.id = "fin-wait2-timeout",
		.title = "a closed socket waited too long in FIN_WAIT2 for the peer's FIN",
		.type = TYPE_ACTIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(ACTIVE) | FACT(IN_KEEPALIVE) | FACT(IN_FIN_WAIT2), 0 },
		},
		.rank = { .hints = FACT(SENDER_FINISHED), .seldom = 2 },
		.advice = {
			{
				.action = "find why the peer does not close its side",
				.price = "none",
				.undo = "none needed",
			},
			{
				.action = "wait longer: sysctl -w net.ipv4.tcp_fin_timeout=SECONDS, or TCP_LINGER2 in the application",
				.price = "orphans keep memory for longer",
				.undo = "set the old value",
			},
		},
		.reference = "tcp(7) tcp_fin_timeout; net/ipv4/tcp_timer.c: tcp_keepalive_timer()",
	},
	{
		.id = "user-timeout",
		.title = "TCP_USER_TIMEOUT passed while the peer left probes unanswered",
		.type = TYPE_ACTIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(ACTIVE) | FACT(IN_KEEPALIVE) | FACT(USER_TIMEOUT), FACT(IN_FIN_WAIT2) },
		},
		.rank = { .hints = FACT(PROBED), .seldom = 1 },
		.advice = {
			{
				.action = "see why the peer was unreachable: host down, path cut, or a firewall that forgot an idle connection; or raise TCP_USER_TIMEOUT",
				.price = "a dead peer is noticed later",
				.undo = "set the old value",
			},
		},
		.reference = "RFC 5482; net/ipv4/tcp_timer.c: tcp_keepalive_timer()",
	},
	{
		.id = "keepalive-timeout",
		.title = "keepalive probes stayed unanswered",
		.type = TYPE_ACTIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(ACTIVE) | FACT(IN_KEEPALIVE),
			  FACT(USER_TIMEOUT) | FACT(IN_FIN_WAIT2) },
		},
		.rank = { .hints = FACT(PROBED) },
		.advice = {
			{
				.action = "see why the peer was unreachable: host down, path cut, or a firewall "
					  "that forgot an idle connection (probe more often than it forgets)",
				.price = "more frequent probes are a little traffic on idle connections",
				.undo = "restore TCP_KEEPIDLE and TCP_KEEPINTVL",
			},
		},
		.reference = "tcp(7) TCP_KEEPIDLE, TCP_USER_TIMEOUT; net/ipv4/tcp_timer.c",
	},
	{
		.id = "disconnect",
		.title = "the application dissolved the connection with connect(AF_UNSPEC)",
		.type = TYPE_ACTIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(ACTIVE) | FACT(IN_DISCONNECT), FACT(IN_CLOSE) | FACT(IN_LISTEN_STOP) | FACT(IN_ABORT) | FACT(IN_MPTCP) },
		},
		.rank = { .seldom = 2 },
		.advice = {
			{
				.action = "shut the connection down and read to its end before connect(AF_UNSPEC)",
				.price = "one round trip",
				.undo = "none needed",
			},
		},
		.reference = "connect(2) AF_UNSPEC; net/ipv4/tcp.c: tcp_disconnect()",
	},
	{
		.id = "early-demux-clash",
		.title = "early demux gave the segment to another connection's socket before NAT was "
			 "finished",
		.type = TYPE_UNKNOWN,
		.origin = ORIGIN_UNKNOWN,
		.ways = {
			{ CONF_CERTAIN, FACT(CLASH), 0 },
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(OTHER_SOCKET), 0 },
		},
		.rank = { .hints = FACT(BAD_SYN_ANSWER), .seldom = 2 },
		.advice = {
			{
				.action = "run a kernel that looks the socket up again when NAT has changed "
					  "the port: Linux 6.7 or later",
				.price = "a reboot",
				.undo = "none needed",
			},
			{
				.action = "turn early demux off for TCP: sysctl -w net.ipv4.tcp_early_demux=0",
				.price = "one more look-up of route and socket for each segment that is received",
				.undo = "sysctl -w net.ipv4.tcp_early_demux=1",
			},
			{
				.action = "let clients use one of the two ports only, so that no two "
					  "connections become one",
				.price = "the other port needs another address",
				.undo = "none needed",
			},
		},
		.reference = "e27c3295114b (\"netfilter: nf_nat: undo erroneous tcp edemux lookup after "
			     "port clash\"), Linux 6.7",
	},
	{
		.id = "ehash-race-handshake",
		.title = "the socket look-up failed while another CPU was putting the new connection's "
			 "socket in place",
		.type = TYPE_PASSIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(LISTENER) | FACT(RACE_HANDSHAKE), 0 },
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(NO_SOCKET) | FACT(RACE_HANDSHAKE), 0 },
			{ CONF_LIKELY, FACT(PASSIVE) | FACT(LISTENER) | FACT(SOCKET_NOW), FACT(UNTRANSLATED) },
			{ CONF_LIKELY, FACT(PASSIVE) | FACT(NO_SOCKET) | FACT(SOCKET_NOW), FACT(UNTRANSLATED) },
		},
		.rank = { .hints = FACT(FLOW_SEEN) | FACT(JUST_OPENED) | FACT(WENT_ON), .seldom = 1 },
		.advice = {
			{
				.action = "run a kernel with 1532ed0d0753 (\"inet: Avoid ehash lookup race in "
					  "inet_ehash_insert()\"): Linux 6.19, 6.12.63 and their like",
				.price = "a reboot",
				.undo = "none needed",
			},
			{
				.action = "until then let one CPU handle both segments: RSS or RPS by flow, and no "
					  "round-robin over queues",
				.price = "one connection cannot use several CPUs",
				.undo = "restore the old steering",
			},
			{
				.action = "keep sysctl net.ipv4.tcp_early_demux at 1: its second look-up often "
					  "finds the socket",
				.price = "none",
				.undo = "none needed",
			},
		},
		.reference = "1532ed0d0753; net/ipv4/inet_hashtables.c: inet_ehash_insert(), "
			     "__inet_lookup_established()",
	},
	{
		.id = "ehash-race-timewait",
		.title = "the socket look-up failed while another CPU was putting the TIME_WAIT remnant in "
			 "the socket's place",
		.type = TYPE_PASSIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(LISTENER) | FACT(RACE_TIMEWAIT), 0 },
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(NO_SOCKET) | FACT(RACE_TIMEWAIT), 0 },
			{ CONF_LIKELY, FACT(PASSIVE) | FACT(LISTENER) | FACT(TIMEWAIT_NOW), FACT(UNTRANSLATED) },
			{ CONF_LIKELY, FACT(PASSIVE) | FACT(NO_SOCKET) | FACT(TIMEWAIT_NOW), FACT(UNTRANSLATED) },
		},
		.rank = { .hints = FACT(SENDER_FINISHED), .unlikely_if = FACT(JUST_OPENED) | FACT(RESET_BEFORE), .seldom = 1 },
		.advice = {
			{
				.action = "run a kernel with b8ec80b13021 (\"inet: Avoid ehash lookup race in "
					  "inet_twsk_hashdance_schedule()\"): Linux 6.19, 6.12.63 and their like",
				.price = "a reboot",
				.undo = "none needed",
			},
			{
				.action = "until then ignore it: both applications had closed the connection, and "
					  "neither notices",
				.price = "resets in statistics that mean nothing",
				.undo = "none needed",
			},
		},
		.reference = "b8ec80b13021; net/ipv4/inet_timewait_sock.c: inet_twsk_hashdance()",
	},
	{
		.id = "conntrack-expired",
		.title = "conntrack had dropped the NAT mapping, so the segment was not translated",
		.type = TYPE_UNKNOWN,
		.origin = ORIGIN_UNKNOWN,
		.ways = {
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(NO_SOCKET) | FACT(MAPPING_GONE), FACT(UNTRANSLATED) | FACT(SEGMENT_SYN) },
			{ CONF_LIKELY, FACT(PASSIVE) | FACT(LISTENER) | FACT(MAPPING_GONE), FACT(UNTRANSLATED) | FACT(SEGMENT_SYN) },
			{ CONF_CERTAIN, FACT(PASSED_THROUGH) | FACT(MAPPING_GONE), FACT(MADE_BY_LEAK) },
			{ CONF_LIKELY, FACT(FOR_ANOTHER) | FACT(MAPPING_GONE), FACT(MADE_BY_LEAK) },
		},
		.rank = { .unlikely_if = FACT(FLOW_SEEN) | FACT(SEGMENT_SYN) },
		.advice = {
			{
				.action = "let idle connections speak more often than conntrack forgets: "
					  "keepalive below net.netfilter.nf_conntrack_tcp_timeout_established, "
					  "or raise that",
				.price = "a little traffic, or more entries in the table",
				.undo = "set the old value",
			},
			{
				.action = "do not flush or delete live entries (`conntrack -F`, `-D`, a firewall "
					  "that reloads), and keep the table large enough: "
					  "net.netfilter.nf_conntrack_max against `conntrack -C`",
				.price = "more kernel memory for the table",
				.undo = "set the old value",
			},
			{
				.action = "let conntrack pick up connections in the middle: sysctl -w "
					  "net.netfilter.nf_conntrack_tcp_loose=1",
				.price = "stray segments get entries too; SNAT may choose another port",
				.undo = "sysctl -w net.netfilter.nf_conntrack_tcp_loose=0",
			},
		},
		.reference = "Documentation/networking/nf_conntrack-sysctl.rst; conntrack(8)",
	},
	{
		.id = "dnat-invalid",
		.title = "conntrack called the segment INVALID, so NAT was not applied and it met no "
			 "socket",
		.type = TYPE_PASSIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(NO_SOCKET) | FACT(NOT_TRACKED) | FACT(REFUSED) | FACT(UNTRANSLATED), 0 },
			{ CONF_LIKELY, FACT(PASSIVE) | FACT(NO_SOCKET) | FACT(NOT_TRACKED) | FACT(UNTRANSLATED), 0 },
			{ CONF_LIKELY, FACT(PASSIVE) | FACT(LISTENER) | FACT(UNTRANSLATED), FACT(SEGMENT_SYN) },
		},
		.rank = { .hints = FACT(OUT_OF_WINDOW) | FACT(FLOW_SEEN), .unlikely_if = FACT(SEGMENT_SYN) },
		.advice = {
			{
				.action = "drop what conntrack calls INVALID, before it meets TCP: `iptables -I "
					  "INPUT -m conntrack --ctstate INVALID -j DROP` (and FORWARD on a "
					  "gateway; ip6tables for IPv6)",
				.price = "also drops segments of connections that this host sees one way only "
					 "(asymmetric routing, failover); the sender retransmits the rest",
				.undo = "the same command with -D in place of -I",
			},
			{
				.action = "tell conntrack to accept segments out of window: sysctl -w "
					  "net.netfilter.nf_conntrack_tcp_be_liberal=1",
				.price = "for the whole namespace, conntrack no longer checks sequence numbers: "
					 "blind injection gets easier, dead entries live longer in the table",
				.undo = "sysctl -w net.netfilter.nf_conntrack_tcp_be_liberal=0",
			},
			{
				.action = "mend the sender: find what makes {seg.src} send it ({ct.why}): a "
					  "middlebox that rewrites sequence numbers, a stale retransmission, "
					  "broken offload",
				.price = "time; the only cure that leaves no filter behind",
				.undo = "none needed",
			},
		},
		.reference = "net/netfilter/nf_conntrack_proto_tcp.c; the kernel's maintainers declined "
			     "to change it (netfilter-devel, March 2024)",
	},
	{
		.id = "syn-sent-bad-ack",
		.title = "the answer to our SYN acknowledged something that we had not sent",
		.type = TYPE_PASSIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(SYN_SENT), FACT(OTHER_SOCKET) },
			{ CONF_LIKELY, FACT(CAPTURE) | FACT(SHAPE_ANSWER) | FACT(BAD_SYN_ANSWER), 0 },
		},
		.behind = { { "early-demux-clash", FACT(SEGMENT_BARE) } },
		.advice = {
			{
				.action = "look at the peer: it took the SYN for part of an older connection with "
					  "the same ports (TIME_WAIT or stale state there, or NAT that reuses a "
					  "port too soon)",
				.price = "none",
				.undo = "none needed",
			},
		},
		.reference = "RFC 9293 section 3.10.7.3",
	},
	{
		.id = "timewait",
		.title = "the remnant of a closed connection refused a wrong FIN or SYN",
		.type = TYPE_PASSIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(TIMEWAIT) | FACT(FIN_WAIT2_MINI), FACT(SEGMENT_DATA) | FACT(OTHER_SOCKET) },
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(TIMEWAIT) | FACT(FIN_WAIT2_MINI) | FACT(SEGMENT_HAS_SYN), FACT(OTHER_SOCKET) },
		},
		.rank = { .hints = FACT(SENDER_FINISHED), .unlikely_if = FACT(RESET_BEFORE), .seldom = 1 },
		.advice = {
			{
				.action = "look at the sender: it sends a FIN or SYN that does not fit the connection that it had",
				.price = "none",
				.undo = "none needed",
			},
		},
		.reference = "net/ipv4/tcp_minisocks.c: tcp_timewait_state_process()",
	},
	{
		.id = "data-after-close",
		.title = "data arrived for a socket that the application had closed or shut down",
		.type = TYPE_PASSIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(TIMEWAIT) | FACT(FIN_WAIT2_MINI) | FACT(SEGMENT_DATA), FACT(SEGMENT_HAS_SYN) | FACT(OTHER_SOCKET) },
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(DEAD_SOCKET) | FACT(SEGMENT_DATA), FACT(OTHER_SOCKET) },
			{ CONF_LIKELY, FACT(CAPTURE) | FACT(SHAPE_ANSWER) | FACT(SENDER_FINISHED) | FACT(SEGMENT_DATA), FACT(SEGMENT_HAS_SYN) | FACT(FOREIGN_TTL) | FACT(WENT_ON) | FACT(RESET_BEFORE) },
		},
		.rank = { .hints = FACT(SENDER_FINISHED) | FACT(SEGMENT_DATA), .unlikely_if = FACT(RESET_BEFORE) },
		.advice = {
			{
				.action = "agree on who closes: let the application read to the end, or "
					  "shutdown(SHUT_WR) and wait, before close()",
				.price = "a peer that never closes keeps the socket open: set a limit",
				.undo = "none needed",
			},
		},
		.reference = "RFC 1122 section 4.2.2.13; net/ipv4/tcp_input.c: tcp_rcv_state_process()",
	},
	{
		.id = "closed-port",
		.title = "a SYN came to a port where nobody listens",
		.type = TYPE_PASSIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(NO_SOCKET) | FACT(SEGMENT_SYN), 0 },
			{ CONF_LIKELY, FACT(CAPTURE) | FACT(SHAPE_ANSWER) | FACT(SEGMENT_SYN), FACT(PORT_OPEN) | FACT(IN_MPTCP) | FACT(REJECT) },
			{ CONF_POSSIBLE, FACT(CAPTURE) | FACT(SHAPE_ANSWER) | FACT(SEGMENT_SYN), FACT(PORT_OPEN) | FACT(IN_MPTCP) | FACT(UNLABELLED) },
		},
		.advice = {
			{
				.action = "start the service, or see which address it is bound to: `ss -tln "
					  "'sport = :{seg.dport}'`",
				.price = "none",
				.undo = "none needed",
			},
		},
		.reference = "RFC 9293 section 3.10.7.1",
	},
	{
		.id = "accept-overflow",
		.title = "the accept queue was full and tcp_abort_on_overflow is set",
		.type = TYPE_PASSIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(LISTENER) | FACT(IN_CHECK_REQ), FACT(SEGMENT_HAS_SYN) | FACT(IN_MPTCP) },
		},
		.rank = { .hints = FACT(JUST_OPENED), .unlikely_if = FACT(SEGMENT_DATA), .seldom = 1 },
		.advice = {
			{
				.action = "let the application accept faster, or listen with a larger backlog (and net.core.somaxconn)",
				.price = "memory for queued connections",
				.undo = "set the old values",
			},
			{
				.action = "let clients retry in place of failing: sysctl -w net.ipv4.tcp_abort_on_overflow=0",
				.price = "clients wait instead of failing at once",
				.undo = "sysctl -w net.ipv4.tcp_abort_on_overflow=1",
			},
		},
		.reference = "listen(2); net/ipv4/tcp_minisocks.c: tcp_check_req()",
	},
	{
		.id = "embryonic",
		.title = "a SYN came for a connection whose handshake was under way",
		.type = TYPE_PASSIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(LISTENER) | FACT(IN_CHECK_REQ) | FACT(SEGMENT_HAS_SYN), FACT(IN_MPTCP) },
		},
		.rank = { .hints = FACT(SEGMENT_HAS_SYN), .seldom = 1 },
		.advice = {
			{
				.action = "look at {seg.src}: it uses the port again before its first connection was settled, or two hosts behind one address do",
				.price = "none",
				.undo = "none needed",
			},
		},
		.reference = "net/ipv4/tcp_minisocks.c: tcp_check_req()",
	},
	{
		.id = "listener-stray",
		.title = "a segment of no known connection met only the listener",
		.type = TYPE_PASSIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(LISTENER) | FACT(IN_DO_RCV), FACT(SEGMENT_SYN) | FACT(IN_CHECK_REQ) | FACT(IN_MPTCP) | FACT(UNTRANSLATED) | FACT(RACE_HANDSHAKE) | FACT(RACE_TIMEWAIT) },
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(LISTENER) | FACT(IN_DO_RCV), FACT(SEGMENT_SYN) | FACT(IN_CHECK_REQ) | FACT(IN_MPTCP) | FACT(UNTRANSLATED) | FACT(FLOW_SEEN) },
			{ CONF_LIKELY, FACT(PASSIVE) | FACT(LISTENER), FACT(SEGMENT_SYN) | FACT(IN_CHECK_REQ) | FACT(IN_MPTCP) | FACT(UNTRANSLATED) | FACT(SOCKET_NOW) | FACT(TIMEWAIT_NOW) },
			{ CONF_POSSIBLE, FACT(PASSIVE) | FACT(LISTENER), FACT(SEGMENT_SYN) | FACT(IN_CHECK_REQ) | FACT(IN_MPTCP) },
			{ CONF_LIKELY, FACT(CAPTURE) | FACT(SHAPE_ANSWER) | FACT(ABORTED_BEFORE) | FACT(PORT_OPEN), FACT(SEGMENT_HAS_SYN) | FACT(FOREIGN_TTL) | FACT(WENT_ON) },
		},
		.rank = { .hints = FACT(RESET_BEFORE), .unlikely_if = FACT(FLOW_SEEN) | FACT(SEGMENT_HAS_SYN) },
		.advice = {
			{
				.action = "see whether the connection lived before: this host restarted or "
					  "failed over, the application dropped it without a FIN, or a SYN "
					  "cookie came back too late",
				.price = "none",
				.undo = "none needed",
			},
		},
		.reference = "RFC 9293 section 3.10.7.2",
	},
	{
		.id = "no-socket",
		.title = "a segment came for a connection that this host does not have",
		.type = TYPE_PASSIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(NO_SOCKET), FACT(SEGMENT_SYN) | FACT(UNTRANSLATED) | FACT(FLOW_SEEN) },
			{ CONF_LIKELY, FACT(PASSIVE) | FACT(NO_SOCKET), FACT(SEGMENT_SYN) | FACT(UNTRANSLATED) | FACT(RACE_HANDSHAKE) | FACT(RACE_TIMEWAIT) },
			{ CONF_LIKELY, FACT(PASSIVE) | FACT(NO_SOCKET), FACT(SEGMENT_SYN) | FACT(UNTRANSLATED) | FACT(SOCKET_NOW) | FACT(TIMEWAIT_NOW) },
			{ CONF_POSSIBLE, FACT(PASSIVE) | FACT(NO_SOCKET), FACT(SEGMENT_SYN) },
			{ CONF_LIKELY, FACT(CAPTURE) | FACT(SHAPE_ANSWER) | FACT(ABORTED_BEFORE), FACT(PORT_OPEN) | FACT(SEGMENT_HAS_SYN) | FACT(FOREIGN_TTL) | FACT(WENT_ON) },
		},
		.behind = { { "early-demux-clash", FACT(SEGMENT_BARE) } },
		.rank = { .hints = FACT(RESET_BEFORE), .unlikely_if = FACT(FLOW_SEEN) | FACT(JUST_OPENED) },
		.advice = {
			{
				.action = "see whether the connection lived before: this host restarted or failed "
					  "over, the socket was closed or timed out, or routing sent another "
					  "host's traffic here",
				.price = "none",
				.undo = "none needed",
			},
		},
		.reference = "RFC 9293 section 3.10.7.1",
	},
	{
		.id = "nat-skipped-forward",
		.title = "this gateway passed a segment on without translating it, and its receiver refused it",
		.type = TYPE_PASSIVE,
		.origin = ORIGIN_FORWARDED,
		.ways = {
			{ CONF_CERTAIN, FACT(MADE_BY_LEAK) | FACT(PASSED_THROUGH), 0 },
			{ CONF_LIKELY, FACT(MADE_BY_LEAK), FACT(SENT_HERE) },
		},
		.rank = { .hints = FACT(OUT_OF_WINDOW) | FACT(FLOW_SEEN), .unlikely_if = FACT(SEGMENT_SYN), .seldom = 1 },
		.advice = {
			{
				.action = "drop what conntrack calls INVALID before it is forwarded: `iptables -I FORWARD -m conntrack --ctstate INVALID -j DROP` (ip6tables for IPv6)",
				.price = "also drops segments of connections that this host sees one way only (asymmetric routing, failover)",
				.undo = "the same command with -D in place of -I",
			},
			{
				.action = "tell conntrack to accept segments out of window: sysctl -w net.netfilter.nf_conntrack_tcp_be_liberal=1",
				.price = "conntrack no longer checks sequence numbers in this namespace",
				.undo = "sysctl -w net.netfilter.nf_conntrack_tcp_be_liberal=0",
			},
		},
		.reference = "net/netfilter/nf_conntrack_proto_tcp.c; Kubernetes issue 74839",
	},
	{
		.id = "forged",
		.title = "another host sent the reset in the peer's name",
		.type = TYPE_UNKNOWN,
		.origin = ORIGIN_REMOTE,
		.ways = {
			{ CONF_LIKELY, FACT(ARRIVED_HERE) | FACT(FOREIGN_TTL), FACT(SENT_HERE) | FACT(PASSED_THROUGH) },
			{ CONF_LIKELY, FACT(CAPTURE) | FACT(FOREIGN_TTL), 0 },
			{ CONF_LIKELY, FACT(CAPTURE) | FACT(ABSENT_AT_SENDER), 0 },
			{ CONF_LIKELY, FACT(CAPTURE) | FACT(WENT_ON), FACT(SHAPE_ANSWER) },
		},
		.rank = { .hints = FACT(FOREIGN_TTL) | FACT(WENT_ON), .seldom = 1 },
		.advice = {
			{
				.action = "look for a firewall, load balancer or intruder on the path from {rst.src}",
				.price = "none",
				.undo = "none needed",
			},
		},
		.reference = "RFC 5961",
	},
	{
		.id = "forwarded",
		.title = "another host's reset, passed on by this one",
		.type = TYPE_UNKNOWN,
		.origin = ORIGIN_FORWARDED,
		.ways = {
			{ CONF_CERTAIN, FACT(PASSED_THROUGH), 0 },
			{ CONF_LIKELY, FACT(FOR_ANOTHER), FACT(SENT_HERE) },
		},
		.rank = { .tells_where = true },
		.advice = {
			{
				.action = "run rstscope on {rst.src}, or on the next hop towards it",
				.price = "none",
				.undo = "none needed",
			},
		},
		.reference = "none",
	},
	{
		.id = "remote",
		.title = "the peer, or something on the path, sent the reset",
		.type = TYPE_UNKNOWN,
		.origin = ORIGIN_REMOTE,
		.ways = {
			{ CONF_CERTAIN, FACT(ARRIVED_HERE), FACT(SENT_HERE) | FACT(PASSED_THROUGH) },
		},
		.behind = { { "early-demux-clash", FACT(ARRIVED_HERE) }, { "forged", FACT(ARRIVED_HERE) } },
		.rank = { .tells_where = true },
		.advice = {
			{
				.action = "run rstscope on {rst.src}, or on the next hop towards it",
				.price = "none",
				.undo = "none needed",
			},
		},
		.reference = "RFC 9293 section 3.10.7.4",
	},
	{
		.id = "unknown",
		.title = "the evidence does not suffice to name the cause",
		.type = TYPE_UNKNOWN,
		.origin = ORIGIN_UNKNOWN,
		.ways = {
			{ CONF_NONE, 0, 0 },
		},
		.reference = "none",
	},
};

const size_t n_causes = sizeof(causes) / sizeof(causes[0]);

const struct cause *cause_find(const char *id)
{
	size_t i;

	for (i = 0; i < n_causes; i++)
		if (!strcmp(causes[i].id, id))
			return &causes[i];
	return NULL;
}

bool cause_is_listed(const char *list, const char *id)
{
	size_t len = strlen(id);
	const char *at;

	for (at = list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (!strncmp(at, id, len) && (!at[len] || at[len] == ','))
			return true;
	}
	return !list;
}

const char *cause_list_unknown(const char *list)
{
	char id[64];
	size_t len;

	for (;; list += len + 1) {
		len = strcspn(list, ",");
		snprintf(id, sizeof(id), "%.*s", (int)len, list);
		if (!cause_find(id))
			return list;
		if (!list[len])
			return NULL;
	}
}
