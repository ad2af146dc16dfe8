// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_classify.c - every cause by its least proof; what only looks like it stands in test_classify_*.c.
 *
 * A wrong cause that is called certain is the worst that we can print.
 */
#include "classify.h"

static const struct scene proofs[] = {
	{ .name = "nf_send_reset is a REJECT",
	  .want = "netfilter-reject",
	  .least = CONF_CERTAIN,
	  .call = CALL_REJECT,
	  .seg = "S" },
	{ .name = "a REJECT of a segment for a port where somebody listens is a REJECT",
	  .want = "netfilter-reject",
	  .least = CONF_CERTAIN,
	  .call = CALL_REJECT,
	  .seg = "PA",
	  .seg_len = 10,
	  .history = "<S >SA <A",
	  .stack = "nf_send_reset reject_tg nft_do_chain tcp_v4_rcv" },
	{ .name = "SO_LINGER with time 0 in close() is linger-zero",
	  .want = "linger-zero",
	  .least = CONF_CERTAIN,
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .flags = SOCK_LINGER,
	  .reason = "TCP_STATE",
	  .stack = "tcp_send_active_reset tcp_disconnect __tcp_close " CLOSE_STACK },
	{ .name = "SO_LINGER with time 0 in close() needs no reason of the kernel",
	  .want = "linger-zero",
	  .least = CONF_CERTAIN,
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .flags = SOCK_LINGER,
	  .stack = "tcp_send_active_reset tcp_disconnect " CLOSE_STACK },
	{ .name = "SO_LINGER with time 0 in close() is found in clones of the compiler",
	  .want = "linger-zero",
	  .least = CONF_CERTAIN,
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .flags = SOCK_LINGER,
	  .stack = "tcp_send_active_reset tcp_disconnect.isra.0 __tcp_close.part.3 " CLOSE_STACK },
	{ .name = "unread data by the kernel's reason is unread-data",
	  .want = "unread-data",
	  .least = CONF_CERTAIN,
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .reason = "TCP_ABORT_ON_CLOSE",
	  .stack = "tcp_send_active_reset __tcp_close " CLOSE_STACK },
	{ .name = "unread data counted at the entry of close() is unread-data",
	  .want = "unread-data",
	  .least = CONF_CERTAIN,
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .unread_known = true,
	  .unread = 5,
	  .stack = "tcp_send_active_reset __tcp_close " CLOSE_STACK },
	{ .name = "unread data goes before SO_LINGER with time 0, as in the kernel",
	  .want = "unread-data",
	  .least = CONF_CERTAIN,
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .flags = SOCK_LINGER,
	  .unread_known = true,
	  .unread = 5,
	  .stack = "tcp_send_active_reset __tcp_close " CLOSE_STACK },
	{ .name = "the kernel's reason alone tells unread data",
	  .want = "unread-data",
	  .least = CONF_LIKELY,
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .reason = "TCP_ABORT_ON_CLOSE" },
	{ .name = "lack of memory by the kernel's reason, over the limit, is out-of-memory",
	  .want = "out-of-memory",
	  .least = CONF_CERTAIN,
	  .mem_pages = 101,
	  .mem_limit = 100,
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .reason = "TCP_ABORT_ON_MEMORY" },
	{ .name = "lack of memory by the kernel's reason, within the limit, is too-many-orphans",
	  .want = "too-many-orphans",
	  .least = CONF_CERTAIN,
	  .mem_pages = 50,
	  .mem_limit = 100,
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .reason = "TCP_ABORT_ON_MEMORY" },
	{ .name = "without a reason, over the limit, what is left of close() is out-of-memory",
	  .want = "out-of-memory",
	  .least = CONF_LIKELY,
	  .most = CONF_LIKELY,
	  .mem_pages = 101,
	  .mem_limit = 100,
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .unread_known = true,
	  .stack = "tcp_send_active_reset __tcp_close " CLOSE_STACK },
	{ .name = "without a reason, within the limit, what is left of close() is too-many-orphans",
	  .want = "too-many-orphans",
	  .least = CONF_LIKELY,
	  .most = CONF_LIKELY,
	  .mem_pages = 1,
	  .mem_limit = 100,
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .unread_known = true,
	  .stack = "tcp_send_active_reset __tcp_close " CLOSE_STACK },
	{ .name = "an orphan given up by a timer, within the limit, is too-many-orphans",
	  .want = "too-many-orphans",
	  .least = CONF_CERTAIN,
	  .mem_pages = 1,
	  .mem_limit = 100,
	  .call = CALL_ACTIVE,
	  .state = TCP_FIN_WAIT2,
	  .stack = "tcp_send_active_reset tcp_out_of_resources tcp_retransmit_timer " TIMER },
	{ .name = "over the limit, but with unread data, is unread-data",
	  .want = "unread-data",
	  .mem_pages = 101,
	  .mem_limit = 100,
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .unread_known = true,
	  .unread = 5,
	  .stack = "tcp_send_active_reset __tcp_close " CLOSE_STACK },
	{ .name = "lack of memory by the kernel's reason, limits not known, is either",
	  .want = "unknown",
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .reason = "TCP_ABORT_ON_MEMORY",
	  .unread_known = true,
	  .stack = "tcp_send_active_reset __tcp_close " CLOSE_STACK },
	{ .name = "TCP_LINGER2 below 0 by the kernel's reason is linger2",
	  .want = "linger2",
	  .least = CONF_LIKELY,
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .linger2 = -1,
	  .reason = "TCP_ABORT_ON_LINGER",
	  .unread_known = true,
	  .stack = "tcp_send_active_reset __tcp_close " CLOSE_STACK },
	{ .name = "a child that nobody accepted is listener-closed",
	  .want = "listener-closed",
	  .least = CONF_CERTAIN,
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .reason = "TCP_STATE",
	  .stack = "tcp_send_active_reset tcp_disconnect inet_child_forget inet_csk_listen_stop "
		   "__tcp_close " CLOSE_STACK },
	{ .name = "a child that comes when the listener is gone is listener-closed",
	  .want = "listener-closed",
	  .least = CONF_CERTAIN,
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .stack = "tcp_send_active_reset tcp_disconnect inet_child_forget "
		   "inet_csk_complete_hashdance tcp_check_req tcp_v4_rcv " SOFTIRQ },
	{ .name = "ss -K is socket-killed",
	  .want = "socket-killed",
	  .least = CONF_CERTAIN,
	  .call = CALL_ACTIVE,
	  .state = TCP_ESTABLISHED,
	  .reason = "TCP_STATE",
	  .stack = "tcp_send_active_reset tcp_abort tcp_diag_destroy do_syscall_64" },
	{ .name = "keepalive that gives up is keepalive-timeout",
	  .want = "keepalive-timeout",
	  .least = CONF_LIKELY,
	  .call = CALL_ACTIVE,
	  .state = TCP_ESTABLISHED,
	  .reason = "TCP_KEEPALIVE_TIMEOUT",
	  .unread_known = true,
	  .stack = "tcp_send_active_reset tcp_keepalive_timer " TIMER },
	{ .name = "keepalive with TCP_USER_TIMEOUT is user-timeout",
	  .want = "user-timeout",
	  .least = CONF_LIKELY,
	  .call = CALL_ACTIVE,
	  .state = TCP_ESTABLISHED,
	  .user_timeout = 1500,
	  .reason = "TCP_KEEPALIVE_TIMEOUT",
	  .stack = "tcp_send_active_reset tcp_keepalive_timer " TIMER },
	{ .name = "an orphan that waits too long is fin-wait2-timeout",
	  .want = "fin-wait2-timeout",
	  .least = CONF_LIKELY,
	  .call = CALL_ACTIVE,
	  .state = 5,
	  .flags = SOCK_DEAD,
	  .reason = "TCP_STATE",
	  .stack = "tcp_send_active_reset tcp_keepalive_timer " TIMER },
	{ .name = "connect(AF_UNSPEC) is disconnect",
	  .want = "disconnect",
	  .least = CONF_CERTAIN,
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .reason = "TCP_STATE",
	  .stack = "tcp_send_active_reset tcp_disconnect __inet_stream_connect inet_stream_connect "
		   "__sys_connect do_syscall_64" },
	{ .name = "connect(AF_UNSPEC) on a socket with SO_LINGER 0 is disconnect",
	  .want = "disconnect",
	  .least = CONF_CERTAIN,
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .flags = SOCK_LINGER,
	  .stack = "tcp_send_active_reset tcp_disconnect __inet_stream_connect __sys_connect "
		   "do_syscall_64" },
	{ .name = "MPTCP's worker resets a sub-flow",
	  .want = "mptcp",
	  .least = CONF_LIKELY,
	  .call = CALL_ACTIVE,
	  .state = TCP_ESTABLISHED,
	  .reason = "MPTCP_RST_EMPTCP",
	  .stack = "tcp_send_active_reset mptcp_subflow_reset mptcp_worker process_one_work "
		   "worker_thread kthread" },
	{ .name = "MPTCP refuses a join at the listener",
	  .want = "mptcp",
	  .least = CONF_LIKELY,
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "S",
	  .stack = "tcp_v4_send_reset subflow_v4_route_req tcp_conn_request "
		   "tcp_rcv_state_process tcp_v4_do_rcv tcp_v4_rcv " SOFTIRQ },
	{ .name = "the same, told by the reason alone",
	  .want = "mptcp",
	  .least = CONF_LIKELY,
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "S",
	  .reason = "MPTCP_RST_EMPTCP" },
	{ .name = "INVALID, DNAT not applied, no socket: dnat-invalid",
	  .want = "dnat-invalid",
	  .least = CONF_CERTAIN,
	  .call = CALL_PASSIVE,
	  .seg = "PA",
	  .seg_len = 10,
	  .history = "<S >SA <A",
	  .mark = NO_ENTRY,
	  .map = DNAT_DUE,
	  .reported = true,
	  .reason = "NO_SOCKET",
	  .stack = "tcp_v4_send_reset " RCV },
	{ .name = "... where conntrack's reports cannot be had, its entry must do",
	  .want = "dnat-invalid",
	  .least = CONF_LIKELY,
	  .call = CALL_PASSIVE,
	  .seg = "PA",
	  .seg_len = 10,
	  .mark = NO_ENTRY,
	  .map = DNAT_DUE,
	  .asked = true,
	  .blind_views = COVERS_INVALID,
	  .reason = "NO_SOCKET" },
	{ .name = "a reply to a masqueraded address that was not translated back: dnat-invalid",
	  .want = "dnat-invalid",
	  .least = CONF_CERTAIN,
	  .call = CALL_PASSIVE,
	  .seg = "SA",
	  .mark = NO_ENTRY,
	  .map = SNAT_REPLY_DUE,
	  .reported = true,
	  .reason = "NO_SOCKET" },
	{ .name = "an unacceptable ACK in SYN_SENT is syn-sent-bad-ack",
	  .want = "syn-sent-bad-ack",
	  .least = CONF_CERTAIN,
	  .call = CALL_PASSIVE,
	  .state = TCP_SYN_SENT,
	  .seg = "A",
	  .reason = "TCP_INVALID_ACK_SEQUENCE" },
	{ .name = "data for a remnant in FIN_WAIT2 is data-after-close",
	  .want = "data-after-close",
	  .least = CONF_CERTAIN,
	  .call = CALL_PASSIVE,
	  .state = TCP_TIME_WAIT,
	  .substate = TCP_FIN_WAIT2,
	  .seg = "PA",
	  .seg_len = 10,
	  .reason = "TIMEWAIT_SOCKET" },
	{ .name = "data for a closed full socket is data-after-close",
	  .want = "data-after-close",
	  .least = CONF_CERTAIN,
	  .call = CALL_PASSIVE,
	  .state = TCP_CLOSE,
	  .flags = SOCK_DEAD,
	  .seg = "PA",
	  .seg_len = 10,
	  .reason = "TCP_ABORT_ON_DATA" },
	{ .name = "a SYN that a remnant refuses is timewait",
	  .want = "timewait",
	  .least = CONF_LIKELY,
	  .call = CALL_PASSIVE,
	  .state = TCP_TIME_WAIT,
	  .substate = TCP_FIN_WAIT2,
	  .seg = "S" },
	{ .name = "a FIN without data that a remnant refuses is timewait",
	  .want = "timewait",
	  .least = CONF_LIKELY,
	  .call = CALL_PASSIVE,
	  .state = TCP_TIME_WAIT,
	  .substate = TCP_FIN_WAIT2,
	  .seg = "FA" },
	{ .name = "a SYN without a socket is closed-port",
	  .want = "closed-port",
	  .least = CONF_CERTAIN,
	  .call = CALL_PASSIVE,
	  .seg = "S",
	  .reason = "NO_SOCKET" },
	{ .name = "a full accept queue is accept-overflow",
	  .want = "accept-overflow",
	  .least = CONF_LIKELY,
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "A",
	  .history = "<S >SA",
	  .reason = "INVALID_SYN",
	  .stack = "tcp_v4_send_reset tcp_check_req tcp_v4_rcv " SOFTIRQ },
	{ .name = "a SYN in window of a request is embryonic",
	  .want = "embryonic",
	  .least = CONF_LIKELY,
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "S",
	  .history = "<S >SA",
	  .reason = "INVALID_SYN",
	  .stack = "tcp_v4_send_reset tcp_check_req tcp_v4_rcv " SOFTIRQ },
	{ .name = "data of no known connection at a listener is listener-stray",
	  .want = "listener-stray",
	  .least = CONF_CERTAIN,
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "PA",
	  .seg_len = 10,
	  .mark = NO_ENTRY,
	  .asked = true,
	  .reason = "TCP_FLAGS",
	  .stack = "tcp_v4_send_reset " RCV },
	{ .name = "data of no known connection without a socket is no-socket",
	  .want = "no-socket",
	  .least = CONF_CERTAIN,
	  .call = CALL_PASSIVE,
	  .seg = "PA",
	  .seg_len = 10,
	  .mark = TRACKED,
	  .map = PLAIN,
	  .reason = "NO_SOCKET",
	  .stack = "tcp_v4_send_reset tcp_v4_rcv " SOFTIRQ },
	{ .name = "a look-up inside the exchange for the full socket is ehash-race-handshake",
	  .want = "ehash-race-handshake",
	  .least = CONF_CERTAIN,
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "PA",
	  .seg_len = 10,
	  .history = "<S >SA <A",
	  .window = WINDOW_HANDSHAKE,
	  .window_from = 8,
	  .window_to = 4,
	  .now_state = TCP_ESTABLISHED },
	{ .name = "an exchange that is still open when the reset is sent is the race too",
	  .want = "ehash-race-handshake",
	  .least = CONF_CERTAIN,
	  .call = CALL_PASSIVE,
	  .seg = "PA",
	  .seg_len = 10,
	  .history = "<S >SA <A",
	  .window = WINDOW_HANDSHAKE,
	  .window_from = 50 },
	{ .name = "a look-up inside the exchange for TIME_WAIT is ehash-race-timewait",
	  .want = "ehash-race-timewait",
	  .least = CONF_CERTAIN,
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "FA",
	  .history = "<S >SA <A >FA <A",
	  .window = WINDOW_TIMEWAIT,
	  .window_from = 12,
	  .window_to = 9,
	  .now_state = TCP_TIME_WAIT },
	{ .name = "a reset that answers a challenge ACK to a redirected SYN is early-demux-clash",
	  .want = "early-demux-clash",
	  .least = CONF_CERTAIN,
	  .place = IN,
	  .clash = CALL_CHALLENGE,
	  .clash_by_nat = true },
	{ .name = "a redirected SYN that stalls at a connected socket is early-demux-clash",
	  .want = "early-demux-clash",
	  .least = CONF_CERTAIN,
	  .place = IN,
	  .stall = true,
	  .clash = CALL_CHALLENGE,
	  .clash_by_nat = true },
	{ .name = "a reset that answers a TIME_WAIT socket of another connection is early-demux-clash",
	  .want = "early-demux-clash",
	  .least = CONF_CERTAIN,
	  .place = IN,
	  .clash = CALL_TIMEWAIT },
	{ .name = "a segment answered by the closed socket of another connection is early-demux-clash",
	  .want = "early-demux-clash",
	  .least = CONF_CERTAIN,
	  .call = CALL_PASSIVE,
	  .state = TCP_CLOSE,
	  .flags = SOCK_DEAD,
	  .other_socket = true,
	  .seg = "S" },
	{ .name = "INVALID whose mapping was dropped before is conntrack-expired",
	  .want = "conntrack-expired",
	  .least = CONF_CERTAIN,
	  .call = CALL_PASSIVE,
	  .seg = "PA",
	  .seg_len = 10,
	  .mark = NO_ENTRY,
	  .asked = true,
	  .gone = true,
	  .reason = "NO_SOCKET" },
	{ .name = "the same, with conntrack's report of INVALID, is conntrack-expired",
	  .want = "conntrack-expired",
	  .least = CONF_CERTAIN,
	  .call = CALL_PASSIVE,
	  .seg = "PA",
	  .seg_len = 10,
	  .mark = NO_ENTRY,
	  .asked = true,
	  .reported = true,
	  .gone = true,
	  .reason = "NO_SOCKET" },
	{ .name = "a reset that passes and answers what leaked after the mapping was dropped",
	  .want = "conntrack-expired",
	  .least = CONF_CERTAIN,
	  .place = THROUGH,
	  .asked = true,
	  .gone = true },
	{ .name = "a reset that passes, of a backend that the connection was moved to",
	  .want = "nat-remapped",
	  .least = CONF_CERTAIN,
	  .place = THROUGH,
	  .seg = "PA",
	  .asked = true,
	  .remapped = true },
	{ .name = "a reset in the buffer of a raw socket is raw-socket",
	  .want = "raw-socket",
	  .least = CONF_CERTAIN,
	  .place = OUT,
	  .maker = MAKER_RAW },
	{ .name = "a reset in the buffer of a packet socket is raw-socket, without a kernel view too",
	  .want = "raw-socket",
	  .least = CONF_CERTAIN,
	  .place = OUT,
	  .foreign_source = true,
	  .blind_views = 0x1ff,
	  .maker = MAKER_PACKET },
	{ .name = "a raw socket of protocol TCP is raw-socket where TCP would have reported its own",
	  .want = "raw-socket",
	  .least = CONF_LIKELY,
	  .most = CONF_LIKELY,
	  .place = OUT,
	  .maker = MAKER_ANSWERER },
	{ .name = "a reset that leaves in the buffer of its segment is bpf-program",
	  .want = "bpf-program",
	  .least = CONF_CERTAIN,
	  .place = OUT,
	  .seg = "S",
	  .programs = "filter 'calico' (program 7)",
	  .maker = MAKER_CAME_IN },
	{ .name = "a reset that comes back to the socket whose buffer it has is bpf-program",
	  .want = "bpf-program",
	  .least = CONF_CERTAIN,
	  .place = IN,
	  .programs = "tcx program 7",
	  .maker = MAKER_TURNED },
	{ .name = "a reset of a macvtap device's queue is guest",
	  .want = "guest",
	  .least = CONF_CERTAIN,
	  .place = OUT,
	  .foreign_source = true,
	  .maker = MAKER_QUEUE },
	{ .name = "a reset of a TCP socket that is not of this network namespace is guest",
	  .want = "guest",
	  .least = CONF_CERTAIN,
	  .place = OUT,
	  .foreign_source = true,
	  .maker = MAKER_TCP },
	{ .name = "a reset without socket, from an address that is not ours, is guest",
	  .want = "guest",
	  .least = CONF_LIKELY,
	  .most = CONF_LIKELY,
	  .place = OUT,
	  .foreign_source = true,
	  .maker = MAKER_NONE },
	{ .name = "a reset that comes in from the tap of a virtual machine is guest",
	  .want = "guest",
	  .least = CONF_CERTAIN,
	  .place = THROUGH,
	  .guest = "qemu (pid 7)",
	  .guest_is_vm = true },
	{ .name = "a reset that comes in from some other tap is likely guest",
	  .want = "guest",
	  .least = CONF_LIKELY,
	  .most = CONF_LIKELY,
	  .place = IN,
	  .guest = "lab (pid 7)" },
	{ .name = "a reset that comes in and leaves again is forwarded",
	  .want = "forwarded",
	  .least = CONF_CERTAIN,
	  .place = THROUGH,
	  .asked = true },
	{ .name = "a reset to the address behind DNAT answers what leaked through",
	  .want = "nat-skipped-forward",
	  .least = CONF_LIKELY,
	  .place = THROUGH,
	  .asked = true,
	  .map = DNAT_DONE },
	{ .name = "a reset that comes in for us is remote",
	  .want = "remote",
	  .least = CONF_CERTAIN,
	  .place = IN,
	  .asked = true,
	  .history = "<S >SA <A" },
	{ .name = "a reset with a TTL and a window unlike the peer's is forged",
	  .want = "forged",
	  .least = CONF_LIKELY,
	  .most = CONF_LIKELY,
	  .place = IN,
	  .asked = true,
	  .history = "<S >SA <A",
	  .rst_ttl = 61,
	  .peer_ttl = 48,
	  .rst_window = 512 },
	{ .name = "a reset with only a TTL unlike the peer's may be the peer's as well",
	  .want = "remote",
	  .least = CONF_CERTAIN,
	  .place = IN,
	  .asked = true,
	  .history = "<S >SA <A",
	  .rst_ttl = 61,
	  .peer_ttl = 48 },
};

/* What the table of a proof promises for origin and type. */
static void test_origin(const struct scene *s)
{
	struct reset_case c = scene_build(s, AF_INET);

	classify(&c);
	if (c.diagnosis.cause->origin != ORIGIN_UNKNOWN)
		check_int(c.diagnosis.origin, c.diagnosis.cause->origin,
			  "%s has the origin of its row", c.diagnosis.cause->id);
	if (c.seen.kernel->call == CALL_ACTIVE)
		check_int(c.diagnosis.type, TYPE_ACTIVE, "%s is active, as TCP says",
			  c.diagnosis.cause->id);
	else if (c.seen.kernel->call == CALL_PASSIVE)
		check_int(c.diagnosis.type, TYPE_PASSIVE, "%s is passive, as TCP says",
			  c.diagnosis.cause->id);
}

/* A row that nothing here proves has no test. */
static void test_coverage(void)
{
	size_t i, k;

	for (i = 0; i + 1 < n_causes; i++) {
		bool proven = false;

		for (k = 0; k < ARRAY_SIZE(proofs) && !proven; k++) {
			struct reset_case c = scene_build(&proofs[k], AF_INET);

			classify(&c);
			proven = c.diagnosis.cause == &causes[i];
		}
		check(proven, "%s has a proving case in this file", causes[i].id);
	}
}

static void test_shapes(void)
{
	static const struct {
		const char *name;
		uint8_t flags;
		uint32_t seq;
		uint16_t window;
		enum reset_type want;
	} rows[] = {
		{ "without an ACK it is passive", FLAG_RST, 7, 0, TYPE_PASSIVE },
		{ "from sequence number 0 without a window it is passive", FLAG_RST | FLAG_ACK, 0,
		  0, TYPE_PASSIVE },
		{ "with an ACK it is active", FLAG_RST | FLAG_ACK, 7, 0, TYPE_ACTIVE },
		{ "with a window it is active", FLAG_RST | FLAG_ACK, 0, 500, TYPE_ACTIVE },
	};
	static const struct scene nothing = { .place = NOWHERE, .views = 1u << 31 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct reset_case c = scene_build(&nothing, AF_INET);

		c.seen.rst.flags = rows[i].flags;
		c.seen.rst.seq = rows[i].seq;
		c.seen.rst.window = rows[i].window;
		classify(&c);
		check_int(c.diagnosis.type, rows[i].want, "by its shape: %s", rows[i].name);
	}
}

static bool has_candidate(const struct reset_case *c, const char *id)
{
	unsigned int i;

	for (i = 0; i < c->diagnosis.n_candidates; i++)
		if (!strcmp(c->diagnosis.candidates[i]->id, id))
			return true;
	return false;
}

/* Only the peer's own TTL tells a forged reset: who has not seen it must not rule that out. */
static void test_remote_candidates(void)
{
	struct scene s = { .place = IN, .asked = true, .history = "<S >SA <A" };
	struct reset_case seen = scene_build(&s, AF_INET), unseen;

	s.history = NULL;
	unseen = scene_build(&s, AF_INET);
	classify(&seen);
	classify(&unseen);
	check_str(seen.diagnosis.cause->id, "remote", "a reset that came in is remote");
	check_str(unseen.diagnosis.cause->id, "remote", "also where the peer was not seen before");
	check(!has_candidate(&seen, "forged"), "with the peer's own TTL it is not forged");
	check(has_candidate(&unseen, "forged"), "without the peer's TTL it may be forged");
}

static void test_candidates(void)
{
	static const struct scene nothing = { .place = NOWHERE, .views = 1u << 31 };
	static const struct scene linger = {
		.call = CALL_ACTIVE, .state = TCP_CLOSE, .flags = SOCK_LINGER, .reason = "TCP_STATE"
	};
	struct reset_case c = scene_build(&nothing, AF_INET);
	bool passive = false;
	unsigned int i;

	classify(&c);
	check_int(c.diagnosis.n_candidates, n_causes - 1,
		  "without evidence every cause is a candidate");
	check_int(c.diagnosis.n_ruled_out, 0, "... and none is ruled out");
	check(!cause_way(&c), "unknown was proven by no way");
	c = scene_build(&linger, AF_INET);
	classify(&c);
	for (i = 0; i < c.diagnosis.n_candidates; i++)
		passive |= c.diagnosis.candidates[i]->type == TYPE_PASSIVE;
	check(has_candidate(&c, "linger-zero"), "what only lacks the stack stays a candidate");
	check(!passive, "an active reset has no passive candidate");
}

int main(void)
{
	size_t i;

	test_scenes(proofs, ARRAY_SIZE(proofs));
	for (i = 0; i < ARRAY_SIZE(proofs); i++)
		test_origin(&proofs[i]);
	test_coverage();
	test_shapes();
	test_candidates();
	test_remote_candidates();
	return test_done();
}
