// SPDX-License-Identifier: GPL-2.0-only
/*
 * causes.c - the catalogue of causes.
 *
 * The first row whose facts hold names the cause, so more specific rows come first. The evidence
 * shown to the user is the sentences of the facts that a row needs and forbids (fact_texts.c); a
 * row only adds the title and the advice.
 */
#include "diagnose/causes.h"

#include <stdio.h>
#include <string.h>

const struct cause causes[] = {
	{
		.id = "netfilter-reject",
		.title = "a netfilter REJECT rule replied with tcp-reset",
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
					  "reset'` or `iptables-save | grep tcp-reset`; if {seg} is "
					  "legitimate, add an accept rule above it",
				.price = "somebody added the rule for a reason; an accept rule opens that port",
				.undo = "delete the accept rule",
			},
		},
		.reference = "net/ipv4/netfilter/nf_reject_ipv4.c: nf_send_reset()",
	},
	{
		.id = "raw-socket",
		.title = "a program here sent the reset by a raw or packet socket",
		.type = TYPE_UNKNOWN,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(SENT_HERE) | FACT(BY_RAW), 0 },
			{ CONF_LIKELY, FACT(SENT_HERE) | FACT(BY_ANSWERER) | FACT(TCP_SILENT), 0 },
		},
		.rank = { .live = true },
		.advice = {
			{
				.action = "find the program: an intrusion prevention system, tcpkill, a "
					  "scanner or a load balancer's health check; `ss -0pn` and `ss -wpn` "
					  "list packet and raw sockets with their processes",
				.price = "none",
				.undo = "none needed",
			},
			{
				.action = "if none is to be here, take CAP_NET_RAW from services and containers "
					  "that do not need it",
				.price = "ping of old systems, tcpdump and DHCP clients need it",
				.undo = "grant it again",
			},
		},
		.reference = "raw(7), packet(7)",
	},
	{
		.id = "bpf-program",
		.title = "a BPF program on an interface here turned a packet into the reset",
		.type = TYPE_UNKNOWN,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(OF_ARRIVAL) | FACT(PROGRAM_THERE), 0 },
			{ CONF_CERTAIN, FACT(TURNED) | FACT(PROGRAM_THERE), 0 },
			{ CONF_LIKELY, FACT(OF_ARRIVAL), 0 },
			{ CONF_LIKELY, FACT(TURNED), 0 },
		},
		.rank = { .live = true },
		.advice = {
			{
				.action = "ask the agent that attached the program (Calico, Cilium, a load "
					  "balancer, a firewall) which policy refused {seg}; `bpftool net` "
					  "shows what is attached, `tc filter show dev {rst.if} ingress` the "
					  "filters",
				.price = "none",
				.undo = "none needed",
			},
		},
		.reference = "tc-bpf(8); bpf-helpers(7): bpf_redirect()",
	},
	{
		.id = "guest",
		.title = "the reset came out of a virtual machine or container on this host",
		.type = TYPE_UNKNOWN,
		.origin = ORIGIN_UNKNOWN,
		.ways = {
			{ CONF_CERTAIN, FACT(SENT_HERE) | FACT(BY_QUEUE), 0 },
			{ CONF_CERTAIN, FACT(SENT_HERE) | FACT(BY_TCP) | FACT(OF_ANOTHER), 0 },
			{ CONF_LIKELY, FACT(SENT_HERE) | FACT(BY_ANSWERER) | FACT(OF_ANOTHER), 0 },
			{ CONF_LIKELY, FACT(SENT_HERE) | FACT(WITHOUT_SOCKET) | FACT(OF_ANOTHER), FACT(NF_DROP) },
			{ CONF_CERTAIN, FACT(FROM_TAP) | FACT(FROM_VM), FACT(SENT_HERE) },
			{ CONF_LIKELY, FACT(FROM_TAP), FACT(SENT_HERE) },
		},
		.rank = { .live = true },
		.advice = {
			{
				.action = "run rstscope where it came from: in the virtual machine, or `rstscope "
					  "watch --netns` with the container's name or one of its processes",
				.price = "none",
				.undo = "none needed",
			},
		},
		.reference = "Documentation/networking/tuntap.rst, ipvlan.rst",
	},
	{
		.id = "mptcp",
		.title = "MPTCP reset a subflow",
		.type = TYPE_ACTIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_LIKELY, FACT(IN_MPTCP), 0 },
		},
		.rank = { .seldom = 3 },
		.advice = {
			{
				.action = "check the reason in the MP_TCPRST option (RFC 8684 section 3.6) and "
					  "the counters: `nstat -az 'MPTcpExt*'`",
				.price = "none",
				.undo = "none needed",
			},
		},
		.reference = "RFC 8684 section 3.6; net/mptcp/subflow.c",
	},
	{
		.id = "linger-zero",
		.title = "{closer} with SO_LINGER on and a timeout of 0",
		.type = TYPE_ACTIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(ACTIVE) | FACT(LINGER_ZERO) | FACT(IN_DISCONNECT) | FACT(IN_CLOSE), FACT(IN_LISTEN_STOP) | FACT(IN_ABORT) | FACT(IN_MPTCP) },
		},
		.advice = {
			{
				.action = "in the application, do not set SO_LINGER with l_linger = 0 before "
					  "close(); search it, its libraries and its proxy for "
					  "setsockopt(SO_LINGER)",
				.price = "the side that closes first keeps a TIME_WAIT socket for 60 s per connection",
				.undo = "set it again",
			},
		},
		.reference = "socket(7) SO_LINGER; net/ipv4/tcp.c: __tcp_close()",
	},
	{
		.id = "unread-data",
		.title = "{closer} with unread data in its receive buffer",
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
				.forbids = FACT(IN_EXIT),
				.action = "in the application, read until EOF before close(), or call "
					  "shutdown(SHUT_WR) and drain the socket first",
				.price = "a peer that never stops sending keeps the socket open: set a timeout",
				.undo = "none needed",
			},
		},
		.reference = "RFC 2525 section 2.17; net/ipv4/tcp.c: __tcp_close()",
	},
	{
		.id = "linger2",
		.title = "the connection was aborted in FIN_WAIT2 because TCP_LINGER2 is negative",
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
				.action = "do not set TCP_LINGER2 below 0, or read until EOF before close()",
				.price = "a closed socket waits up to tcp_fin_timeout for the peer's FIN",
				.undo = "set it again",
			},
		},
		.reference = "tcp(7) TCP_LINGER2; net/ipv4/tcp.c: __tcp_close()",
	},
	{
		.id = "out-of-memory",
		.title = "TCP aborted the connection because TCP memory was exhausted",
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
				.action = "find out what holds the memory: `ss -tm` (skmem), `cat "
					  "/proc/net/sockstat`; if the load is legitimate, raise the third "
					  "value of net.ipv4.tcp_mem",
				.price = "more kernel memory for TCP",
				.undo = "restore the old value with sysctl -w",
			},
		},
		.reference = "tcp(7) tcp_mem; net/ipv4/tcp.c: tcp_check_oom()",
	},
	{
		.id = "too-many-orphans",
		.title = "TCP aborted the connection because there were too many orphaned sockets",
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
				.action = "find out why peers do not close their side: orphans are sockets that "
					  "the application has closed but the peer has not (`ss -s`, `cat "
					  "/proc/net/sockstat`)",
				.price = "none",
				.undo = "none needed",
			},
			{
				.action = "raise net.ipv4.tcp_max_orphans",
				.price = "up to 64 kB of unswappable kernel memory per orphan",
				.undo = "restore the old value with sysctl -w",
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
					  "close; or hand the listening socket over to the new process",
				.price = "a slower restart",
				.undo = "none needed",
			},
			{
				.action = "with SO_REUSEPORT, on Linux 5.14 and later: sysctl -w "
					  "net.ipv4.tcp_migrate_req=1",
				.price = "queued connections move to another listener of the group",
				.undo = "sysctl -w net.ipv4.tcp_migrate_req=0",
			},
		},
		.reference = "net/ipv4/inet_connection_sock.c: inet_csk_listen_stop()",
	},
	{
		.id = "socket-killed",
		.title = "the socket was killed administratively (ss -K, SOCK_DESTROY, tcp_abort)",
		.type = TYPE_ACTIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(ACTIVE) | FACT(IN_ABORT), 0 },
		},
		.rank = { .seldom = 1 },
		.advice = {
			{
				.action = "find out why {killer} destroys sockets of others (`ss -K`, "
					  "SOCK_DESTROY of sock_diag, or bpf_sock_destroy())",
				.price = "none",
				.undo = "none needed",
			},
		},
		.reference = "net/ipv4/tcp.c: tcp_abort(); sock_diag(7)",
	},
	{
		.id = "fin-wait2-timeout",
		.title = "a closed socket timed out in FIN_WAIT2 while waiting for the peer's FIN",
		.type = TYPE_ACTIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(ACTIVE) | FACT(IN_KEEPALIVE) | FACT(IN_FIN_WAIT2), 0 },
		},
		.rank = { .hints = FACT(SENDER_FINISHED), .seldom = 2 },
		.advice = {
			{
				.action = "find out why the peer does not close its side",
				.price = "none",
				.undo = "none needed",
			},
			{
				.action = "wait longer: sysctl -w net.ipv4.tcp_fin_timeout=SECONDS, or set "
					  "TCP_LINGER2 in the application",
				.price = "orphans hold memory for longer",
				.undo = "restore the old value",
			},
		},
		.reference = "tcp(7) tcp_fin_timeout; net/ipv4/tcp_timer.c: tcp_keepalive_timer()",
	},
	{
		.id = "user-timeout",
		.title = "TCP_USER_TIMEOUT expired while keepalive probes went unanswered",
		.type = TYPE_ACTIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(ACTIVE) | FACT(IN_KEEPALIVE) | FACT(USER_TIMEOUT), FACT(IN_FIN_WAIT2) },
		},
		.rank = { .hints = FACT(PROBED), .seldom = 1 },
		.advice = {
			{
				.action = "find out why the peer was unreachable: host down, path broken, or a "
					  "firewall that timed out an idle connection; or raise TCP_USER_TIMEOUT",
				.price = "dead peers are detected later",
				.undo = "restore the old value",
			},
		},
		.reference = "RFC 5482; net/ipv4/tcp_timer.c: tcp_keepalive_timer()",
	},
	{
		.id = "keepalive-timeout",
		.title = "keepalive probes went unanswered",
		.type = TYPE_ACTIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(ACTIVE) | FACT(IN_KEEPALIVE),
			  FACT(USER_TIMEOUT) | FACT(IN_FIN_WAIT2) },
		},
		.rank = { .hints = FACT(PROBED) },
		.advice = {
			{
				.action = "find out why the peer was unreachable: host down, path broken, or a "
					  "firewall that timed out an idle connection (send probes more often "
					  "than its timeout)",
				.price = "more frequent probes add a little traffic on idle connections",
				.undo = "restore TCP_KEEPIDLE and TCP_KEEPINTVL",
			},
		},
		.reference = "tcp(7) TCP_KEEPIDLE, TCP_USER_TIMEOUT; net/ipv4/tcp_timer.c",
	},
	{
		.id = "disconnect",
		.title = "the application disconnected the socket with connect(AF_UNSPEC)",
		.type = TYPE_ACTIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(ACTIVE) | FACT(IN_DISCONNECT), FACT(IN_CLOSE) | FACT(IN_LISTEN_STOP) | FACT(IN_ABORT) | FACT(IN_MPTCP) },
		},
		.rank = { .seldom = 2 },
		.advice = {
			{
				.action = "shut the connection down and read until EOF before connect(AF_UNSPEC)",
				.price = "one round trip",
				.undo = "none needed",
			},
		},
		.reference = "connect(2) AF_UNSPEC; net/ipv4/tcp.c: tcp_disconnect()",
	},
	{
		.id = "early-demux-clash",
		.title = "early demux delivered the segment to another connection's socket before NAT was "
			 "complete",
		.type = TYPE_UNKNOWN,
		.origin = ORIGIN_UNKNOWN,
		.ways = {
			{ CONF_CERTAIN, FACT(CLASH), 0 },
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(OTHER_SOCKET), 0 },
		},
		.rank = { .hints = FACT(BAD_SYN_ANSWER), .seldom = 2 },
		.advice = {
			{
				.action = "run a kernel that repeats the socket lookup after NAT has changed "
					  "the port: Linux 6.7 or later",
				.price = "a reboot",
				.undo = "none needed",
			},
			{
				.action = "disable early demux for TCP: sysctl -w net.ipv4.tcp_early_demux=0",
				.price = "one more route and socket lookup per received segment",
				.undo = "sysctl -w net.ipv4.tcp_early_demux=1",
			},
			{
				.action = "let clients use only one of the two ports, so that NAT cannot map "
					  "two connections to the same tuple",
				.price = "the other port needs another address",
				.undo = "none needed",
			},
		},
		.reference = "e27c3295114b (\"netfilter: nf_nat: undo erroneous tcp edemux lookup after "
			     "port clash\"), Linux 6.7",
	},
	{
		.id = "ehash-race-handshake",
		.title = "the socket lookup failed while another CPU was inserting the new connection's "
			 "socket into the hash table",
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
					  "inet_ehash_insert()\"): Linux 6.19, 6.12.63, or another stable "
					  "release that has it",
				.price = "a reboot",
				.undo = "none needed",
			},
			{
				.action = "until then, have one CPU process all segments of a flow: use RSS or "
					  "RPS with flow hashing, not round-robin over queues",
				.price = "one connection cannot be spread over several CPUs",
				.undo = "restore the old steering",
			},
			{
				.action = "keep net.ipv4.tcp_early_demux=1: the second lookup often finds the "
					  "socket",
				.price = "none",
				.undo = "none needed",
			},
		},
		.reference = "1532ed0d0753; net/ipv4/inet_hashtables.c: inet_ehash_insert(), "
			     "__inet_lookup_established()",
	},
	{
		.id = "ehash-race-timewait",
		.title = "the socket lookup failed while another CPU was replacing the socket with its "
			 "TIME_WAIT socket",
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
					  "inet_twsk_hashdance_schedule()\"): Linux 6.19, 6.12.63, or another "
					  "stable release that has it",
				.price = "a reboot",
				.undo = "none needed",
			},
			{
				.action = "until then, ignore it: both applications had closed the connection, so "
					  "neither notices",
				.price = "meaningless resets in your statistics",
				.undo = "none needed",
			},
		},
		.reference = "b8ec80b13021; net/ipv4/inet_timewait_sock.c: inet_twsk_hashdance()",
	},
	{
		.id = "nat-remapped",
		.title = "NAT here moved a living connection to another backend, which does not know it",
		.type = TYPE_UNKNOWN,
		.origin = ORIGIN_UNKNOWN,
		.ways = {
			{ CONF_CERTAIN, FACT(PASSED_THROUGH) | FACT(REMAPPED) | FACT(SEGMENT_KNOWN), FACT(SEGMENT_HAS_SYN) },
			{ CONF_LIKELY, FACT(FOR_ANOTHER) | FACT(REMAPPED) | FACT(SEGMENT_KNOWN), FACT(SEGMENT_HAS_SYN) },
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(NO_SOCKET) | FACT(REMAPPED), FACT(SEGMENT_HAS_SYN) },
			{ CONF_LIKELY, FACT(PASSIVE) | FACT(LISTENER) | FACT(REMAPPED), FACT(SEGMENT_HAS_SYN) },
		},
		.rank = { .unlikely_if = FACT(FLOW_SEEN) | FACT(SEGMENT_SYN) },
		.advice = {
			{
				.action = "when a DNAT rule changes, keep the conntrack entries of connections "
					  "to the old backend until they have ended: do not flush or delete them "
					  "(`conntrack -F`, `-D`, a reload that does) while that backend works",
				.price = "connections stay with the old backend for as long as they last",
				.undo = "delete the entries with `conntrack -D`: that moves them at once",
			},
			{
				.action = "drain the old backend first: let it finish or close its connections, "
					  "then remove it from the rule",
				.price = "a removal takes as long as its longest connection",
				.undo = "none needed",
			},
		},
		.reference = "conntrack(8); net/netfilter/nf_nat_core.c",
	},
	{
		.id = "nat-skipped-forward",
		.title = "this gateway forwarded a segment without translating it, and the receiver reset it",
		.type = TYPE_PASSIVE,
		.origin = ORIGIN_FORWARDED,
		.ways = {
			{ CONF_CERTAIN, FACT(MADE_BY_LEAK) | FACT(PASSED_THROUGH), 0 },
			{ CONF_LIKELY, FACT(MADE_BY_LEAK), FACT(SENT_HERE) },
		},
		.rank = { .hints = FACT(OUT_OF_WINDOW) | FACT(FLOW_SEEN), .unlikely_if = FACT(SEGMENT_SYN), .seldom = 1 },
		.advice = {
			{
				.action = "drop INVALID segments before they are forwarded: `iptables -I FORWARD "
					  "-m conntrack --ctstate INVALID -j DROP` (ip6tables for IPv6)",
				.price = "also drops segments of connections that this host sees in one "
					 "direction only (asymmetric routing, failover)",
				.undo = "the same command with -D instead of -I",
			},
			{
				.action = "make conntrack accept out-of-window segments: sysctl -w net.netfilter.nf_conntrack_tcp_be_liberal=1",
				.price = "conntrack no longer checks sequence numbers in this namespace",
				.undo = "sysctl -w net.netfilter.nf_conntrack_tcp_be_liberal=0",
			},
		},
		.reference = "net/netfilter/nf_conntrack_proto_tcp.c; Kubernetes issue 74839",
	},
	{
		.id = "conntrack-expired",
		.title = "conntrack no longer had the NAT mapping, so the segment was not translated",
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
				.action = "set the keepalive interval of idle connections below "
					  "net.netfilter.nf_conntrack_tcp_timeout_established, or raise that "
					  "timeout",
				.price = "a little more traffic, or more entries in the table",
				.undo = "restore the old value",
			},
			{
				.action = "do not flush or delete live entries (`conntrack -F`, `-D`, a firewall "
					  "reload), and keep the table large enough: compare "
					  "net.netfilter.nf_conntrack_max with `conntrack -C`",
				.price = "more kernel memory for the table",
				.undo = "restore the old value",
			},
			{
				.action = "let conntrack pick up connections mid-stream: sysctl -w "
					  "net.netfilter.nf_conntrack_tcp_loose=1",
				.price = "stray segments create entries, too; SNAT may choose a different port",
				.undo = "sysctl -w net.netfilter.nf_conntrack_tcp_loose=0",
			},
		},
		.reference = "Documentation/networking/nf_conntrack-sysctl.rst; conntrack(8)",
	},
	{
		.id = "dnat-invalid",
		.title = "conntrack classified the segment as INVALID, so NAT was skipped and the segment "
			 "matched no connection",
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
				.action = "drop INVALID segments before they reach TCP: `iptables -I INPUT -m "
					  "conntrack --ctstate INVALID -j DROP` (and FORWARD on a "
					  "gateway; ip6tables for IPv6)",
				.price = "also drops segments of connections that this host sees in one "
					 "direction only (asymmetric routing, failover); other dropped segments "
					 "are retransmitted",
				.undo = "the same command with -D instead of -I",
			},
			{
				.action = "make conntrack accept out-of-window segments: sysctl -w "
					  "net.netfilter.nf_conntrack_tcp_be_liberal=1",
				.price = "conntrack stops checking sequence numbers for the whole namespace: "
					 "blind injection gets easier, and stale entries stay longer in the table",
				.undo = "sysctl -w net.netfilter.nf_conntrack_tcp_be_liberal=0",
			},
			{
				.action = "fix the sender: find out why {seg.src} sends such segments ({ct.why}): "
					  "a middlebox that rewrites sequence numbers, a stale retransmission, "
					  "a broken offload",
				.price = "takes time, but it is the only fix that needs no firewall rule or sysctl",
				.undo = "none needed",
			},
		},
		.reference = "net/netfilter/nf_conntrack_proto_tcp.c; the netfilter maintainers declined "
			     "to change this (netfilter-devel, March 2024)",
	},
	{
		.id = "syn-sent-bad-ack",
		.title = "the reply to our SYN acknowledged something that we had not sent",
		.type = TYPE_PASSIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(SYN_SENT), FACT(OTHER_SOCKET) },
			{ CONF_LIKELY, FACT(CAPTURE) | FACT(SHAPE_ANSWER) | FACT(BAD_SYN_ANSWER), 0 },
		},
		.behind = { { "early-demux-clash", FACT(SEGMENT_BARE) } },
		.advice = {
			{
				.action = "check the peer: it matched the SYN to an older connection with the "
					  "same ports (TIME_WAIT or stale state there, or NAT that reuses a port "
					  "too soon)",
				.price = "none",
				.undo = "none needed",
			},
		},
		.reference = "RFC 9293 section 3.10.7.3",
	},
	{
		.id = "timewait",
		.title = "a closed connection, still in FIN_WAIT2, rejected an unacceptable FIN or SYN",
		.type = TYPE_PASSIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(TIMEWAIT) | FACT(FIN_WAIT2_MINI), FACT(SEGMENT_DATA) | FACT(OTHER_SOCKET) },
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(TIMEWAIT) | FACT(FIN_WAIT2_MINI) | FACT(SEGMENT_HAS_SYN), FACT(OTHER_SOCKET) },
		},
		.rank = { .hints = FACT(SENDER_FINISHED), .unlikely_if = FACT(RESET_BEFORE), .seldom = 1 },
		.advice = {
			{
				.action = "check what {seg.src} had sent before: data that it sent after the "
					  "close, and that was lost, makes its FIN unacceptable (then have the "
					  "application read until EOF before close()); otherwise it sends a FIN "
					  "or SYN that does not fit its own connection",
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
			{ CONF_LIKELY, FACT(CAPTURE) | FACT(SHAPE_ANSWER) | FACT(SENDER_FINISHED) | FACT(SEGMENT_DATA), FACT(SEGMENT_HAS_SYN) | FACT(FORGED) | FACT(WENT_ON) | FACT(RESET_BEFORE) },
		},
		.rank = { .hints = FACT(SENDER_FINISHED) | FACT(SEGMENT_DATA), .unlikely_if = FACT(RESET_BEFORE) },
		.advice = {
			{
				.action = "define which side closes first: have the application read until EOF, "
					  "or call shutdown(SHUT_WR) and wait, before close()",
				.price = "a peer that never closes keeps the socket open: set a timeout",
				.undo = "none needed",
			},
		},
		.reference = "RFC 1122 section 4.2.2.13; net/ipv4/tcp_input.c: tcp_rcv_state_process()",
	},
	{
		.id = "closed-port",
		.title = "a SYN arrived for a port that nothing is listening on",
		.type = TYPE_PASSIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(NO_SOCKET) | FACT(SEGMENT_SYN), 0 },
			{ CONF_LIKELY, FACT(CAPTURE) | FACT(SHAPE_ANSWER) | FACT(SEGMENT_SYN), FACT(PORT_OPEN) | FACT(IN_MPTCP) | FACT(REJECT) },
			{ CONF_POSSIBLE, FACT(CAPTURE) | FACT(SHAPE_ANSWER) | FACT(SEGMENT_SYN), FACT(PORT_OPEN) | FACT(IN_MPTCP) | FACT(UNLABELLED) },
		},
		.advice = {
			{
				.action = "start the service, or check which address it is bound to: `ss -tln "
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
				.action = "make the application accept faster, or raise its listen() backlog (and "
					  "net.core.somaxconn)",
				.price = "memory for queued connections",
				.undo = "restore the old values",
			},
			{
				.action = "let clients retry instead of failing: sysctl -w "
					  "net.ipv4.tcp_abort_on_overflow=0",
				.price = "clients wait instead of failing immediately",
				.undo = "sysctl -w net.ipv4.tcp_abort_on_overflow=1",
			},
		},
		.reference = "listen(2); net/ipv4/tcp_minisocks.c: tcp_check_req()",
	},
	{
		.id = "embryonic",
		.title = "a SYN arrived for a connection whose handshake was in progress",
		.type = TYPE_PASSIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(LISTENER) | FACT(IN_CHECK_REQ) | FACT(SEGMENT_HAS_SYN), FACT(IN_MPTCP) },
		},
		.rank = { .hints = FACT(SEGMENT_HAS_SYN), .seldom = 1 },
		.advice = {
			{
				.action = "check {seg.src}: it reuses the port before its first connection is "
					  "established, or two hosts behind one address do",
				.price = "none",
				.undo = "none needed",
			},
		},
		.reference = "net/ipv4/tcp_minisocks.c: tcp_check_req()",
	},
	{
		.id = "listener-stray",
		.title = "a segment that belongs to no known connection reached the listener",
		.type = TYPE_PASSIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(LISTENER) | FACT(IN_DO_RCV), FACT(SEGMENT_SYN) | FACT(IN_CHECK_REQ) | FACT(IN_MPTCP) | FACT(UNTRANSLATED) | FACT(RACE_HANDSHAKE) | FACT(RACE_TIMEWAIT) },
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(LISTENER) | FACT(IN_DO_RCV), FACT(SEGMENT_SYN) | FACT(IN_CHECK_REQ) | FACT(IN_MPTCP) | FACT(UNTRANSLATED) | FACT(FLOW_SEEN) },
			{ CONF_LIKELY, FACT(PASSIVE) | FACT(LISTENER), FACT(SEGMENT_SYN) | FACT(IN_CHECK_REQ) | FACT(IN_MPTCP) | FACT(UNTRANSLATED) | FACT(SOCKET_NOW) | FACT(TIMEWAIT_NOW) },
			{ CONF_POSSIBLE, FACT(PASSIVE) | FACT(LISTENER), FACT(SEGMENT_SYN) | FACT(IN_CHECK_REQ) | FACT(IN_MPTCP) },
			{ CONF_LIKELY, FACT(CAPTURE) | FACT(SHAPE_ANSWER) | FACT(ABORTED_BEFORE) | FACT(PORT_OPEN), FACT(SEGMENT_HAS_SYN) | FACT(FORGED) | FACT(WENT_ON) },
		},
		.rank = { .hints = FACT(RESET_BEFORE), .unlikely_if = FACT(FLOW_SEEN) | FACT(SEGMENT_HAS_SYN) },
		.advice = {
			{
				.action = "check whether the connection existed before: this host restarted or "
					  "failed over, the application aborted it without a FIN, or a SYN "
					  "cookie came back too late",
				.price = "none",
				.undo = "none needed",
			},
		},
		.reference = "RFC 9293 section 3.10.7.2",
	},
	{
		.id = "no-socket",
		.title = "a segment arrived for a connection that does not exist on this host",
		.type = TYPE_PASSIVE,
		.origin = ORIGIN_LOCAL,
		.ways = {
			{ CONF_CERTAIN, FACT(PASSIVE) | FACT(NO_SOCKET), FACT(SEGMENT_SYN) | FACT(UNTRANSLATED) | FACT(FLOW_SEEN) },
			{ CONF_LIKELY, FACT(PASSIVE) | FACT(NO_SOCKET), FACT(SEGMENT_SYN) | FACT(UNTRANSLATED) | FACT(RACE_HANDSHAKE) | FACT(RACE_TIMEWAIT) },
			{ CONF_LIKELY, FACT(PASSIVE) | FACT(NO_SOCKET), FACT(SEGMENT_SYN) | FACT(UNTRANSLATED) | FACT(SOCKET_NOW) | FACT(TIMEWAIT_NOW) },
			{ CONF_POSSIBLE, FACT(PASSIVE) | FACT(NO_SOCKET), FACT(SEGMENT_SYN) },
			{ CONF_LIKELY, FACT(CAPTURE) | FACT(SHAPE_ANSWER) | FACT(ABORTED_BEFORE), FACT(PORT_OPEN) | FACT(SEGMENT_HAS_SYN) | FACT(FORGED) | FACT(WENT_ON) },
		},
		.behind = { { "early-demux-clash", FACT(SEGMENT_BARE) } },
		.rank = { .hints = FACT(RESET_BEFORE), .unlikely_if = FACT(FLOW_SEEN) | FACT(JUST_OPENED) },
		.advice = {
			{
				.action = "check whether the connection existed before: this host restarted or "
					  "failed over, the socket was closed or timed out, or routing sent "
					  "another host's traffic here",
				.price = "none",
				.undo = "none needed",
			},
		},
		.reference = "RFC 9293 section 3.10.7.1",
	},
	{
		.id = "forged",
		.title = "another host sent the reset using the peer's address{effect}",
		.type = TYPE_UNKNOWN,
		.origin = ORIGIN_REMOTE,
		.ways = {
			{ CONF_LIKELY, FACT(ARRIVED_HERE) | FACT(FORGED), FACT(SENT_HERE) | FACT(PASSED_THROUGH) },
			{ CONF_LIKELY, FACT(CAPTURE) | FACT(FORGED), 0 },
		},
		.rank = { .hints = FACT(FORGED) | FACT(FOREIGN_TTL) | FACT(WENT_ON), .seldom = 1 },
		.advice = {
			{
				.needs = FACT(SILENT_BEFORE),
				.action = "let either end send keepalive probes more often than the device "
					  "forgets (TCP_KEEPIDLE below {silence}), or close idle connections "
					  "sooner than that",
				.price = "a little traffic on idle connections",
				.undo = "restore the old values",
			},
			{
				.action = "look for a firewall, load balancer or attacker on the path from {rst.src}",
				.price = "none",
				.undo = "none needed",
			},
		},
		.reference = "RFC 5961",
	},
	{
		.id = "forwarded",
		.title = "this host forwarded another host's reset",
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
		.title = "the peer, or a device on the path, sent the reset{effect}",
		.type = TYPE_UNKNOWN,
		.origin = ORIGIN_REMOTE,
		.ways = {
			{ CONF_CERTAIN, FACT(ARRIVED_HERE), FACT(SENT_HERE) | FACT(PASSED_THROUGH) },
		},
		.behind = { { "early-demux-clash", FACT(ARRIVED_HERE) }, { "forged", FACT(ARRIVED_HERE) } },
		.rank = { .tells_where = true },
		.advice = {
			{
				.needs = FACT(SILENT_BEFORE),
				.action = "let either end send keepalive probes more often than the device "
					  "forgets (TCP_KEEPIDLE below {silence}), or close idle connections "
					  "sooner than that",
				.price = "a little traffic on idle connections",
				.undo = "restore the old values",
			},
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
		.title = "not enough evidence to name the cause",
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
