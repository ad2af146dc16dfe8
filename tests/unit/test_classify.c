// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_classify.c - every cause by its least proof, and what only looks like it.
 *
 * A wrong cause that is called certain is the worst that we can print. Where the evidence of a
 * row allows more than one, the row names all that are right; "unknown" is right wherever it
 * stands among them.
 */
#include <stdlib.h>

#include "scene.h"

#define CLOSE_STACK \
	"tcp_close inet_release __sock_release sock_close __fput task_work_run do_syscall_64"
#define SOFTIRQ "ip_local_deliver net_rx_action handle_softirqs do_softirq"
#define TIMER "call_timer_fn __run_timers run_timer_softirq handle_softirqs irq_exit_rcu"
#define RCV "tcp_v4_do_rcv tcp_v4_rcv " SOFTIRQ

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
	{ .name = "a reset with a TTL unlike the peer's is forged",
	  .want = "forged",
	  .least = CONF_LIKELY,
	  .most = CONF_LIKELY,
	  .place = IN,
	  .asked = true,
	  .history = "<S >SA <A",
	  .rst_ttl = 61,
	  .peer_ttl = 48 },
};

static const struct scene lookalikes[] = {
	/* linger-zero */
	{ .name = "SO_LINGER that a child has from its listener does not close it",
	  .want = "listener-closed",
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .flags = SOCK_LINGER,
	  .reason = "TCP_STATE",
	  .stack = "tcp_send_active_reset tcp_disconnect inet_child_forget inet_csk_listen_stop "
		   "__tcp_close " CLOSE_STACK },
	{ .name = "ss -K of a socket with SO_LINGER 0 is still socket-killed",
	  .want = "socket-killed",
	  .call = CALL_ACTIVE,
	  .state = TCP_ESTABLISHED,
	  .flags = SOCK_LINGER,
	  .stack = "tcp_send_active_reset tcp_abort tcp_diag_destroy do_syscall_64" },
	{ .name = "SO_LINGER with a time is not linger-zero",
	  .want = "unknown",
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .flags = SOCK_LINGER,
	  .lingertime = 100,
	  .stack = "tcp_send_active_reset tcp_disconnect __tcp_close " CLOSE_STACK },
	{ .name = "SO_LINGER 0 without a stack proves nothing",
	  .want = "unknown",
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .flags = SOCK_LINGER,
	  .reason = "TCP_STATE" },
	{ .name = "SO_LINGER 0 with a stack without names proves nothing",
	  .want = "unknown",
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .flags = SOCK_LINGER,
	  .stack = "? ? ? ?" },
	{ .name = "MPTCP's fastclose puts SO_LINGER 0 on its sub-flow: not the application",
	  .want = "mptcp|unknown",
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .flags = SOCK_LINGER,
	  .stack = "tcp_send_active_reset tcp_disconnect __tcp_close __mptcp_close_ssk "
		   "mptcp_do_fastclose __mptcp_close mptcp_close inet_release do_syscall_64" },
	/* unread-data */
	{ .name = "a count of unread data that an earlier socket left does not hide ss -K",
	  .want = "socket-killed",
	  .call = CALL_ACTIVE,
	  .state = TCP_ESTABLISHED,
	  .unread_known = true,
	  .unread = 5,
	  .stack = "tcp_send_active_reset tcp_abort tcp_diag_destroy do_syscall_64" },
	{ .name = "a count that an earlier socket left does not hide a keepalive that gave up",
	  .want = "keepalive-timeout",
	  .call = CALL_ACTIVE,
	  .state = TCP_ESTABLISHED,
	  .unread_known = true,
	  .unread = 5,
	  .reason = "TCP_KEEPALIVE_TIMEOUT",
	  .stack = "tcp_send_active_reset tcp_keepalive_timer " TIMER },
	{ .name = "a count that an earlier socket left does not hide a listener that was closed",
	  .want = "listener-closed",
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .unread_known = true,
	  .unread = 5,
	  .stack = "tcp_send_active_reset tcp_disconnect inet_child_forget inet_csk_listen_stop "
		   "__tcp_close " CLOSE_STACK },
	{ .name = "a count that an earlier socket left does not hide connect(AF_UNSPEC)",
	  .want = "disconnect",
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .unread_known = true,
	  .unread = 5,
	  .stack = "tcp_send_active_reset tcp_disconnect __inet_stream_connect __sys_connect "
		   "do_syscall_64" },
	{ .name = "another reason of the kernel contradicts a count of unread data",
	  .want = "out-of-memory|too-many-orphans|unknown",
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .unread_known = true,
	  .unread = 5,
	  .reason = "TCP_ABORT_ON_MEMORY",
	  .stack = "tcp_send_active_reset __tcp_close " CLOSE_STACK },
	{ .name = "a close() whose unread data nobody counted is not known",
	  .want = "unknown",
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .blind_views = COVERS_CLOSE,
	  .stack = "tcp_send_active_reset __tcp_close " CLOSE_STACK },
	/* linger2, timers */
	{ .name = "lack of memory in close() of a socket with TCP_LINGER2 below 0 is no linger2",
	  .want = "out-of-memory|too-many-orphans|unknown",
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .linger2 = -1,
	  .reason = "TCP_ABORT_ON_MEMORY",
	  .unread_known = true,
	  .stack = "tcp_send_active_reset __tcp_close " CLOSE_STACK },
	{ .name = "unread data of a socket with TCP_LINGER2 below 0 is unread-data",
	  .want = "unread-data",
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .linger2 = -1,
	  .reason = "TCP_ABORT_ON_CLOSE",
	  .stack = "tcp_send_active_reset __tcp_close " CLOSE_STACK },
	{ .name = "an ACK that ends a socket with TCP_LINGER2 below 0 is no data after close",
	  .want = "linger2|unknown",
	  .call = CALL_PASSIVE,
	  .state = TCP_CLOSE,
	  .flags = SOCK_DEAD,
	  .linger2 = -1,
	  .seg = "A",
	  .reason = "TCP_ABORT_ON_DATA" },
	{ .name = "keepalive of a half-closed socket that its application still has is keepalive",
	  .want = "keepalive-timeout|unknown",
	  .call = CALL_ACTIVE,
	  .state = TCP_FIN_WAIT2,
	  .reason = "TCP_KEEPALIVE_TIMEOUT",
	  .stack = "tcp_send_active_reset tcp_keepalive_timer " TIMER },
	{ .name = "an orphan in FIN_WAIT2 is no keepalive",
	  .want = "fin-wait2-timeout|linger2|unknown",
	  .call = CALL_ACTIVE,
	  .state = TCP_FIN_WAIT2,
	  .flags = SOCK_DEAD,
	  .reason = "TCP_STATE",
	  .stack = "tcp_send_active_reset tcp_keepalive_timer " TIMER },
	/* softirq runs on top of any task */
	{ .name = "a keepalive on top of a task that runs ss -K is keepalive",
	  .want = "keepalive-timeout",
	  .call = CALL_ACTIVE,
	  .state = TCP_ESTABLISHED,
	  .reason = "TCP_KEEPALIVE_TIMEOUT",
	  .stack = "tcp_send_active_reset tcp_keepalive_timer " TIMER
		   " sysvec_apic_timer_interrupt tcp_abort tcp_diag_destroy do_syscall_64" },
	{ .name = "a keepalive on top of a task that closes another socket is keepalive",
	  .want = "keepalive-timeout",
	  .call = CALL_ACTIVE,
	  .state = TCP_ESTABLISHED,
	  .flags = SOCK_LINGER,
	  .stack = "tcp_send_active_reset tcp_keepalive_timer " TIMER
		   " sysvec_apic_timer_interrupt tcp_disconnect __tcp_close " CLOSE_STACK },
	{ .name = "a SYN to a closed port on top of MPTCP's worker is closed-port",
	  .want = "closed-port",
	  .call = CALL_PASSIVE,
	  .seg = "S",
	  .reason = "NO_SOCKET",
	  .stack = "tcp_v4_send_reset tcp_v4_rcv " SOFTIRQ " __local_bh_enable_ip mptcp_worker "
		   "process_one_work" },
	/* socket-killed, disconnect, mptcp */
	{ .name = "ss -K of a listener kills its children",
	  .want = "socket-killed",
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .stack = "tcp_send_active_reset tcp_disconnect inet_child_forget inet_csk_listen_stop "
		   "tcp_abort tcp_diag_destroy do_syscall_64" },
	{ .name = "MPTCP disconnects its first sub-flow: not the application",
	  .want = "mptcp|unknown",
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .stack = "tcp_send_active_reset tcp_disconnect __mptcp_close_ssk mptcp_worker "
		   "process_one_work worker_thread kthread" },
	{ .name = "MPTCP fastcloses its first sub-flow: not connect(AF_UNSPEC)",
	  .want = "mptcp|unknown",
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .stack = "tcp_send_active_reset tcp_disconnect __mptcp_close_ssk mptcp_do_fastclose "
		   "__mptcp_close mptcp_close inet_release do_syscall_64" },
	{ .name = "frames without names could be anybody's: no certain disconnect",
	  .want = "disconnect|unknown",
	  .most = CONF_LIKELY,
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .stack = "tcp_send_active_reset tcp_disconnect ? ? do_syscall_64" },
	{ .name = "a stack that ends at tcp_disconnect() does not show who called it",
	  .want = "disconnect|unknown",
	  .most = CONF_LIKELY,
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .stack = "tcp_send_active_reset tcp_disconnect" },
	/* dnat-invalid, no-socket */
	{ .name = "INVALID without NAT is no dnat-invalid",
	  .want = "no-socket|unknown",
	  .call = CALL_PASSIVE,
	  .seg = "PA",
	  .seg_len = 10,
	  .mark = NO_ENTRY,
	  .map = PLAIN,
	  .reported = true,
	  .reason = "NO_SOCKET" },
	{ .name = "a NOTRACK segment is not INVALID, though a mapping exists",
	  .want = "no-socket|unknown",
	  .most = CONF_LIKELY,
	  .call = CALL_PASSIVE,
	  .seg = "PA",
	  .seg_len = 10,
	  .mark = NOTRACK,
	  .map = DNAT_DUE,
	  .asked = true,
	  .reason = "NO_SOCKET" },
	{ .name = "a mapping of another tuple is no dnat-invalid",
	  .want = "no-socket",
	  .call = CALL_PASSIVE,
	  .seg = "PA",
	  .seg_len = 10,
	  .mark = NO_ENTRY,
	  .map = DNAT_OTHER,
	  .asked = true,
	  .reason = "NO_SOCKET" },
	{ .name = "a segment that was translated is no dnat-invalid",
	  .want = "no-socket",
	  .call = CALL_PASSIVE,
	  .seg = "PA",
	  .seg_len = 10,
	  .mark = TRACKED,
	  .map = DNAT_DONE,
	  .reason = "NO_SOCKET" },
	{ .name = "a SYN that was translated to a closed port is closed-port",
	  .want = "closed-port",
	  .call = CALL_PASSIVE,
	  .seg = "S",
	  .mark = TRACKED,
	  .map = DNAT_DONE,
	  .reason = "NO_SOCKET" },
	{ .name = "a mapping found only afterwards, of a segment that conntrack did not report, is "
		  "not certain",
	  .want = "dnat-invalid|conntrack-expired|no-socket|unknown",
	  .most = CONF_LIKELY,
	  .call = CALL_PASSIVE,
	  .seg = "PA",
	  .seg_len = 10,
	  .mark = NO_ENTRY,
	  .map = DNAT_DUE,
	  .asked = true,
	  .reason = "NO_SOCKET" },
	{ .name = "INVALID whose mapping is gone is not certainly a stranger's",
	  .want = "conntrack-expired|no-socket|unknown",
	  .most = CONF_LIKELY,
	  .call = CALL_PASSIVE,
	  .seg = "PA",
	  .seg_len = 10,
	  .mark = NO_ENTRY,
	  .reported = true,
	  .asked = true,
	  .reason = "NO_SOCKET" },
	{ .name = "without a look at conntrack no-socket is not certain",
	  .want = "no-socket|unknown",
	  .most = CONF_LIKELY,
	  .call = CALL_PASSIVE,
	  .seg = "PA",
	  .seg_len = 10,
	  .reason = "NO_SOCKET" },
	{ .name = "INVALID, DNAT not applied, and a listener on the untranslated port",
	  .want = "dnat-invalid|listener-stray|unknown",
	  .most = CONF_LIKELY,
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "PA",
	  .seg_len = 10,
	  .mark = NO_ENTRY,
	  .map = DNAT_DUE,
	  .reported = true,
	  .reason = "TCP_FLAGS",
	  .stack = "tcp_v4_send_reset " RCV },
	/* SYN_SENT, TIME_WAIT, closed sockets */
	{ .name = "a bad timestamp in SYN_SENT is no bad ACK",
	  .want = "unknown",
	  .call = CALL_PASSIVE,
	  .state = TCP_SYN_SENT,
	  .seg = "SA",
	  .reason = "TCP_RFC7323_PAWS" },
	{ .name = "a true TIME_WAIT never resets: no data-after-close",
	  .want = "timewait|unknown",
	  .most = CONF_LIKELY,
	  .call = CALL_PASSIVE,
	  .state = TCP_TIME_WAIT,
	  .substate = TCP_TIME_WAIT,
	  .seg = "PA",
	  .seg_len = 10 },
	{ .name = "a SYN with data for a remnant is no data after close",
	  .want = "timewait|unknown",
	  .call = CALL_PASSIVE,
	  .state = TCP_TIME_WAIT,
	  .substate = TCP_FIN_WAIT2,
	  .seg = "S",
	  .seg_len = 10 },
	{ .name = "data for a socket that its application still has is no data-after-close",
	  .want = "unknown",
	  .call = CALL_PASSIVE,
	  .state = TCP_CLOSE,
	  .seg = "PA",
	  .seg_len = 10,
	  .reason = "TCP_ABORT_ON_DATA" },
	{ .name = "another connection's closed socket did not get this connection's data",
	  .want = "early-demux-clash|unknown",
	  .call = CALL_PASSIVE,
	  .state = TCP_CLOSE,
	  .flags = SOCK_DEAD,
	  .other_socket = true,
	  .seg = "PA",
	  .seg_len = 10 },
	{ .name = "another connection's remnant did not refuse this connection's SYN",
	  .want = "early-demux-clash|unknown",
	  .call = CALL_PASSIVE,
	  .state = TCP_TIME_WAIT,
	  .substate = TCP_FIN_WAIT2,
	  .other_socket = true,
	  .seg = "S" },
	{ .name = "another connection's SYN_SENT did not get this connection's ACK",
	  .want = "early-demux-clash|unknown",
	  .call = CALL_PASSIVE,
	  .state = TCP_SYN_SENT,
	  .other_socket = true,
	  .seg = "A" },
	/* listener-stray and the races */
	{ .name = "data of a connection that lived is not certainly a stray",
	  .want = "ehash-race-handshake|listener-stray|unknown",
	  .most = CONF_LIKELY,
	  .blind_views = COVERS_WINDOWS,
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "PA",
	  .seg_len = 10,
	  .history = "<S >SA <A",
	  .reason = "TCP_FLAGS",
	  .stack = "tcp_v4_send_reset " RCV },
	{ .name = "the peer's FIN after ours, at the listener, is not certainly a stray",
	  .want = "ehash-race-timewait|listener-stray|unknown",
	  .most = CONF_LIKELY,
	  .blind_views = COVERS_WINDOWS,
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "FA",
	  .history = "<S >SA <A <PA >PA >FA <A",
	  .reason = "TCP_FLAGS",
	  .stack = "tcp_v4_send_reset " RCV },
	{ .name = "the peer's FIN after ours, without a listener, is not certainly a stranger's",
	  .want = "ehash-race-timewait|no-socket|unknown",
	  .most = CONF_LIKELY,
	  .blind_views = COVERS_WINDOWS,
	  .call = CALL_PASSIVE,
	  .seg = "FA",
	  .history = "<S >SA <A <PA >PA >FA <A",
	  .mark = TRACKED,
	  .map = PLAIN,
	  .reason = "NO_SOCKET",
	  .stack = "tcp_v4_send_reset " RCV },
	{ .name = "an exchange that was over before the segment came in is no race",
	  .want = "listener-stray",
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "PA",
	  .seg_len = 10,
	  .history = "<S >SA <A",
	  .window = WINDOW_HANDSHAKE,
	  .window_from = 50,
	  .window_to = 11,
	  .asked = true,
	  .stack = "tcp_v4_send_reset " RCV },
	{ .name = "an exchange on the same CPU is no race",
	  .want = "listener-stray",
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "PA",
	  .seg_len = 10,
	  .history = "<S >SA <A",
	  .window = WINDOW_HANDSHAKE,
	  .window_from = 8,
	  .window_to = 4,
	  .window_same_cpu = true,
	  .asked = true,
	  .stack = "tcp_v4_send_reset " RCV },
	{ .name = "a segment with wrong numbers met no race, though the connection was being made",
	  .want = "listener-stray",
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "A",
	  .history = "<S >SA",
	  .window = WINDOW_HANDSHAKE,
	  .window_from = 8,
	  .window_to = 4,
	  .window_other = true,
	  .asked = true,
	  .stack = "tcp_v4_send_reset " RCV },
	{ .name = "a connected socket that the look-up missed: likely the race",
	  .want = "ehash-race-handshake",
	  .least = CONF_LIKELY,
	  .most = CONF_LIKELY,
	  .blind_views = COVERS_WINDOWS,
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "PA",
	  .seg_len = 10,
	  .history = "<S >SA <A",
	  .asked = true,
	  .now_state = TCP_ESTABLISHED },
	{ .name = "a connected socket that the look-up missed, but no exchange: not certain of either",
	  .want = "ehash-race-handshake",
	  .least = CONF_LIKELY,
	  .most = CONF_LIKELY,
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "PA",
	  .seg_len = 10,
	  .history = "<S >SA <A",
	  .asked = true,
	  .now_state = TCP_ESTABLISHED,
	  .stack = "tcp_v4_send_reset " RCV },
	{ .name = "a socket that exists, and an exchange that did not overlap: no race",
	  .want = "listener-stray",
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "PA",
	  .seg_len = 10,
	  .history = "<S >SA <A",
	  .asked = true,
	  .window = WINDOW_HANDSHAKE,
	  .window_from = 50,
	  .window_to = 20,
	  .now_state = TCP_ESTABLISHED,
	  .stack = "tcp_v4_send_reset " RCV },
	{ .name = "an exchange that began long ago and was never seen to end is no evidence",
	  .want = "listener-stray|unknown",
	  .most = CONF_LIKELY,
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "PA",
	  .seg_len = 10,
	  .history = "<S >SA <A",
	  .asked = true,
	  .window = WINDOW_HANDSHAKE,
	  .window_from = 500 * 1000,
	  .stack = "tcp_v4_send_reset " RCV },
	{ .name = "an exchange whose socket was gone again when the reset left is not certain",
	  .want = "listener-stray|unknown",
	  .most = CONF_LIKELY,
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "PA",
	  .seg_len = 10,
	  .history = "<S >SA <A",
	  .asked = true,
	  .window = WINDOW_HANDSHAKE,
	  .window_from = 8,
	  .window_to = 4,
	  .stack = "tcp_v4_send_reset " RCV },
	{ .name = "a history that does not go back far proves no stray",
	  .want = "listener-stray",
	  .most = CONF_LIKELY,
	  .blind_views = COVERS_WINDOWS,
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "PA",
	  .seg_len = 10,
	  .short_history = true,
	  .asked = true,
	  .stack = "tcp_v4_send_reset " RCV },
	{ .name = "what conntrack refused may have had a mapping before anybody watched",
	  .want = "no-socket|unknown",
	  .most = CONF_POSSIBLE,
	  .call = CALL_PASSIVE,
	  .seg = "PA",
	  .seg_len = 10,
	  .mark = NO_ENTRY,
	  .asked = true,
	  .tracking = true,
	  .reason = "NO_SOCKET" },
	{ .name = "lack of memory, just within the limit, may be either",
	  .want = "unknown",
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .mem_pages = 99,
	  .mem_limit = 100,
	  .reason = "TCP_ABORT_ON_MEMORY" },
	{ .name = "a TIME_WAIT socket that the look-up missed: likely the race",
	  .want = "ehash-race-timewait",
	  .least = CONF_LIKELY,
	  .most = CONF_LIKELY,
	  .blind_views = COVERS_WINDOWS,
	  .call = CALL_PASSIVE,
	  .seg = "FA",
	  .history = "<S >SA <A >FA <A",
	  .asked = true,
	  .now_state = TCP_TIME_WAIT },
	{ .name = "a request socket is where a wrong ACK leaves it: no race",
	  .want = "listener-stray|unknown",
	  .blind_views = COVERS_WINDOWS,
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "A",
	  .history = "<S >SA",
	  .asked = true,
	  .now_state = 12,
	  .stack = "tcp_v4_send_reset " RCV },
	{ .name = "the listener is there when the RST leaves, with numbers that happen to fit: no race",
	  .want = "listener-stray|unknown",
	  .blind_views = COVERS_WINDOWS,
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "PA",
	  .seg_len = 10,
	  .history = "<S >SA <A",
	  .asked = true,
	  .now_state = TCP_LISTEN,
	  .stack = "tcp_v4_send_reset " RCV },
	{ .name = "a socket that is bound to another interface is no race",
	  .want = "listener-stray|unknown",
	  .blind_views = COVERS_WINDOWS,
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "PA",
	  .seg_len = 10,
	  .history = "<S >SA <A",
	  .asked = true,
	  .now_state = TCP_ESTABLISHED,
	  .now_elsewhere = true,
	  .stack = "tcp_v4_send_reset " RCV },
	{ .name = "data of a connection that lived, and no exchange: certainly a stray",
	  .want = "listener-stray",
	  .least = CONF_CERTAIN,
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "PA",
	  .seg_len = 10,
	  .history = "<S >SA <A",
	  .asked = true,
	  .reason = "TCP_FLAGS",
	  .stack = "tcp_v4_send_reset " RCV },
	/* early demux before NAT */
	{ .name = "a SYN on a living connection of the same ports is no clash",
	  .want = "remote",
	  .place = IN,
	  .clash = CALL_CHALLENGE },
	/* conntrack-expired */
	{ .name = "a SYN to a port whose mapping was dropped is closed-port",
	  .want = "closed-port",
	  .call = CALL_PASSIVE,
	  .seg = "S",
	  .mark = NO_ENTRY,
	  .asked = true,
	  .gone = true,
	  .reason = "NO_SOCKET" },
	{ .name = "after a reset of the connection, what still comes is a stray",
	  .want = "listener-stray",
	  .least = CONF_CERTAIN,
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "PA",
	  .seg_len = 10,
	  .history = "<S >SA <A <PA >RA",
	  .mark = NO_ENTRY,
	  .asked = true,
	  .reason = "TCP_FLAGS",
	  .stack = "tcp_v4_send_reset " RCV },
	{ .name = "when no history could be taken, a stray is not certain",
	  .want = "listener-stray|unknown",
	  .most = CONF_LIKELY,
	  .blind_views = COVERS_WINDOWS,
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "PA",
	  .seg_len = 10,
	  .blind = true,
	  .reason = "TCP_FLAGS",
	  .stack = "tcp_v4_send_reset " RCV },
	{ .name = "when no history could be taken, no-socket is not certain",
	  .want = "no-socket|unknown",
	  .most = CONF_LIKELY,
	  .call = CALL_PASSIVE,
	  .seg = "PA",
	  .seg_len = 10,
	  .blind = true,
	  .mark = TRACKED,
	  .map = PLAIN,
	  .reason = "NO_SOCKET" },
	{ .name = "when packets were lost, the absence of a history is not certain",
	  .want = "no-socket|unknown",
	  .most = CONF_LIKELY,
	  .call = CALL_PASSIVE,
	  .seg = "PA",
	  .seg_len = 10,
	  .lost_packets = 3,
	  .mark = TRACKED,
	  .map = PLAIN,
	  .reason = "NO_SOCKET" },
	{ .name = "a listener with the reason of tcp_check_req(), which the stack does not show",
	  .want = "accept-overflow",
	  .most = CONF_CERTAIN,
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "A",
	  .reason = "INVALID_SYN",
	  .stack = "tcp_v4_send_reset tcp_v4_rcv " SOFTIRQ },
	{ .name = "a listener without a stack is not known",
	  .want = "unknown",
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "PA",
	  .seg_len = 10,
	  .reason = "TCP_FLAGS" },
	{ .name = "MPTCP that refuses a child is no full accept queue",
	  .want = "mptcp|unknown",
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "A",
	  .reason = "MPTCP_RST_EPROHIBIT",
	  .stack = "tcp_v4_send_reset subflow_syn_recv_sock tcp_check_req tcp_v4_rcv " SOFTIRQ },
	/* the path */
	{ .name = "a reset that left here first is ours, whoever passes it on",
	  .want = "unknown",
	  .place = OUT_AGAIN,
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE },
	{ .name = "a reset that came in for another host and was not seen again is not certain to "
		  "have been passed on",
	  .want = "forwarded|unknown",
	  .most = CONF_LIKELY,
	  .place = IN_OTHER,
	  .asked = true },
	{ .name = "the wire alone does not tell why we sent it",
	  .want = "unknown",
	  .views = 1u << 31,
	  .seg = "S" },
	{ .name = "silence of the kernel view tells nothing when events were lost",
	  .want = "unknown",
	  .seg = "S",
	  .lost_events = 1 },
	{ .name = "a reset that a program made itself is not TCP's",
	  .want = "unknown",
	  .seg = "S" },
	{ .name = "a reset that nobody saw anywhere is not known",
	  .want = "unknown",
	  .place = NOWHERE,
	  .views = 1u << 31 },
	{ .name = "TTLs that are one hop apart are one peer's",
	  .want = "remote",
	  .place = IN,
	  .asked = true,
	  .history = "<S >SA <A",
	  .rst_ttl = 57,
	  .peer_ttl = 58 },
	{ .name = "a peer that starts its resets with another TTL is not forged",
	  .want = "remote|unknown",
	  .place = IN,
	  .asked = true,
	  .history = "<S >SA <A",
	  .rst_ttl = 64,
	  .peer_ttl = 255 },
};

static bool is_among(const char *id, const char *list)
{
	size_t len = strlen(id);

	for (; list; list = strchr(list, '|'), list += !!list)
		if (!strncmp(list, id, len) && (!list[len] || list[len] == '|'))
			return true;
	return false;
}

static bool is_right(const struct scene *s, const struct reset_case *c)
{
	enum confidence most = s->most ? s->most : CONF_CERTAIN;

	if (!is_among(c->diagnosis.cause->id, s->want))
		return false;
	return c->diagnosis.confidence == CONF_NONE ||
	       (c->diagnosis.confidence >= s->least && c->diagnosis.confidence <= most);
}

static void test_scene(const struct scene *s, const struct family *f)
{
	static const char *const conf[] = { "none", "possible", "likely", "certain" };
	struct reset_case c = scene_build(s, f->af);

	classify(&c);
	if (!check(is_right(s, &c), "%s (%s)", s->name, f->name))
		printf("#   got  %s, %s\n#   want %s, %s to %s\n", c.diagnosis.cause->id,
		       conf[c.diagnosis.confidence], s->want, conf[s->least],
		       conf[s->most ? s->most : CONF_CERTAIN]);
}

/* What the table of a proof promises for origin and type. */
static void test_origin(const struct scene *s)
{
	struct reset_case c = scene_build(s, AF_INET);

	classify(&c);
	if (c.diagnosis.cause->origin != ORIGIN_UNKNOWN)
		check_int(c.diagnosis.origin, c.diagnosis.cause->origin,
			  "%s has the origin of its row", c.diagnosis.cause->id);
	if (c.seen.kernel.call == CALL_ACTIVE)
		check_int(c.diagnosis.type, TYPE_ACTIVE, "%s is active, as TCP says",
			  c.diagnosis.cause->id);
	else if (c.seen.kernel.call == CALL_PASSIVE)
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

/* --- what must hold for any evidence ------------------------------------------------------ */

static unsigned long long rnd;

static unsigned int below(unsigned int n)
{
	return (unsigned int)(test_random(&rnd) % n);
}

static struct scene random_scene(void)
{
	static const char *const stacks[] = {
		NULL,
		"? ?",
		"tcp_send_active_reset __tcp_close " CLOSE_STACK,
		"tcp_send_active_reset tcp_disconnect __tcp_close " CLOSE_STACK,
		"tcp_send_active_reset tcp_disconnect __sys_connect do_syscall_64",
		"tcp_send_active_reset tcp_keepalive_timer " TIMER,
		"tcp_send_active_reset tcp_abort tcp_diag_destroy do_syscall_64",
		"tcp_v4_send_reset " RCV,
		"tcp_v4_send_reset tcp_check_req tcp_v4_rcv " SOFTIRQ,
		"tcp_v4_send_reset subflow_syn_recv_sock tcp_check_req tcp_v4_rcv " SOFTIRQ,
	};
	static const char *const reasons[] = {
		NULL,	     "NOT_SPECIFIED",	   "TCP_STATE",
		"NO_SOCKET", "TCP_ABORT_ON_CLOSE", "TCP_ABORT_ON_MEMORY",
		"TCP_FLAGS", "INVALID_SYN"
	};
	static const char *const segs[] = { NULL, "S", "A", "PA", "FA", "SA", "" };
	static const char *const histories[] = { NULL, "<S >SA <A", "<S >SA <A >FA <A", "<S >RA",
						 "<PA >A" };
	static const uint8_t states[] = { 0,
					  TCP_ESTABLISHED,
					  TCP_SYN_SENT,
					  TCP_FIN_WAIT2,
					  TCP_TIME_WAIT,
					  TCP_CLOSE,
					  TCP_LISTEN,
					  12,
					  255 };

	struct scene s = {
		.place = (enum place)below(6),
		.call = (enum kernel_call)below(6),
		.stack = stacks[below(ARRAY_SIZE(stacks))],
		.reason = reasons[below(ARRAY_SIZE(reasons))],
		.state = states[below(ARRAY_SIZE(states))],
		.substate = below(2) ? TCP_FIN_WAIT2 : TCP_TIME_WAIT,
		.flags = below(32),
		.lingertime = below(2),
		.linger2 = (int)below(3) - 1,
		.unread = below(2),
		.unread_known = below(2),
		.user_timeout = below(2),
		.seg = segs[below(ARRAY_SIZE(segs))],
		.seg_len = below(2) * 10,
		.history = histories[below(ARRAY_SIZE(histories))],
		.blind = below(2),
		.rst_ttl = (uint8_t)(40 + below(3)),
		.peer_ttl = (uint8_t)(40 + below(30)),
		.mark = (enum mark)below(4),
		.map = (enum mapping)below(6),
		.asked = below(2),
		.reported = below(2),
		.blind_views = below(512),
		.lost_events = below(2),
		.window = (enum window_kind)below(3),
		.window_from = (int)below(30),
		.window_to = (int)below(30),
		.window_same_cpu = below(2),
		.window_other = below(2),
		.now_state = states[below(ARRAY_SIZE(states))],
		.now_elsewhere = below(2),
		.clash = below(4) ? CALL_NONE :
			 below(2) ? CALL_CHALLENGE :
				    CALL_TIMEWAIT,
		.clash_by_nat = below(2),
		.gone = !below(4),
		.mem_pages = below(2),
		.mem_limit = below(2),
	};

	/* A kernel does not contradict itself: a reason goes with the function that gives it. */
	if (s.reason && !strcmp(s.reason, "INVALID_SYN"))
		s.stack = stacks[below(2) ? 8 : 0];
	else if (s.reason && !strncmp(s.reason, "TCP_ABORT", 9))
		s.stack = stacks[below(2) ? 2 : 0];
	else if (s.stack == stacks[2])
		s.reason = NULL;
	return s;
}

static const char *fault_of(const struct reset_case *c)
{
	unsigned int i, k;

	if (c->diagnosis.facts_yes & c->diagnosis.facts_no)
		return "a fact is both true and false";
	if ((c->diagnosis.facts_yes | c->diagnosis.facts_no) >> FACT_MAX)
		return "a fact beyond the last";
	if ((c->diagnosis.confidence == CONF_NONE) != (c->diagnosis.cause == &causes[n_causes - 1]))
		return "unknown has a confidence, or a cause has none";
	if (c->diagnosis.confidence != CONF_NONE && !cause_way(c))
		return "a cause without the way that proved it";
	if (c->diagnosis.confidence == CONF_CERTAIN && c->diagnosis.n_candidates > CAUSE_BEHIND_MAX)
		return "a certain cause has candidates beside it";
	for (i = 0; i < c->diagnosis.n_candidates; i++) {
		if (c->diagnosis.candidates[i] == c->diagnosis.cause)
			return "the cause is its own candidate";
		for (k = 0; k < c->diagnosis.n_ruled_out; k++)
			if (c->diagnosis.ruled_out[k].cause == c->diagnosis.candidates[i])
				return "a candidate was ruled out";
	}
	for (k = 0; k < c->diagnosis.n_ruled_out; k++)
		if (!((c->diagnosis.facts_yes | c->diagnosis.facts_no) >>
			      c->diagnosis.ruled_out[k].fact &
		      1))
			return "ruled out by a fact that is not known";
	return NULL;
}

static void test_invariants(void)
{
	const char *fault = NULL;
	unsigned int round;

	for (round = 0; round < 50000 && !fault; round++) {
		struct scene s = random_scene();
		struct reset_case c = scene_build(&s, round & 1 ? AF_INET6 : AF_INET), again;

		classify(&c);
		again = c;
		classify(&again);
		fault = fault_of(&c);
		if (!fault && memcmp(&c, &again, sizeof(c)))
			fault = "the same case gave another answer";
	}
	check_str(fault, NULL, "50000 random cases: every answer is consistent (round %u)", round);
}

/* Each takes evidence away. */
static void lose_stack(struct reset_case *c)
{
	c->seen.kernel.stack_len = 0;
}

static void lose_reason(struct reset_case *c)
{
	c->seen.kernel.reason[0] = 0;
}

static void lose_history(struct reset_case *c)
{
	c->asked.n_history = 0;
}

static void lose_segment(struct reset_case *c)
{
	c->seen.kernel.has_segment = false;
	c->seen.answer_match = ANSWER_NONE;
}

static void lose_conntrack(struct reset_case *c)
{
	c->seen.kernel.nfct_known = c->seen.kernel.invalid_reported = c->asked.ct_asked = false;
	c->asked.ct = c->seen.kernel.ct = (struct conntrack){ .state = CT_UNKNOWN };
}

static void lose_kernel(struct reset_case *c)
{
	c->seen.kernel = (struct kernel_event){ .call = CALL_NONE };
	c->asked.ct = (struct conntrack){ .state = CT_UNKNOWN };
	c->asked.ct_asked = false;
	c->asked.views = 0;
}

static void lose_path(struct reset_case *c)
{
	c->seen.n_sightings = 0;
	c->asked.dst_local = c->asked.src_local = -1;
}

static bool would_hold(const struct way *w, const struct reset_case *c)
{
	return !(w->needs & ~c->diagnosis.facts_yes) && !(w->forbids & ~c->diagnosis.facts_no);
}

/*
 * Less evidence may make a cause less certain, or unknown. It must never prove what all the
 * evidence did not: that would be absence taken for proof.
 */
static bool contradicts_itself(const struct reset_case *c)
{
	const struct kernel_event *k = &c->seen.kernel;
	bool sends = k->call != CALL_NONE && k->call != CALL_NF_DROP;
	bool sent_here = c->seen.n_sightings && c->seen.sightings[0].hook == HOOK_TC_EGRESS &&
			 !c->seen.sightings[0].forwarded;

	return (sends && !sent_here) ||
	       (k->reason[0] && (c->diagnosis.facts_no & FACT(REASON_CLOSE)) && k->sock.unread);
}

static void test_less_is_never_more(void)
{
	static const struct {
		const char *name;
		void (*lose)(struct reset_case *c);
	} rows[] = {
		{ "without the stack", lose_stack },
		{ "without the kernel's reason", lose_reason },
		{ "without the history", lose_history },
		{ "without the segment", lose_segment },
		{ "without conntrack", lose_conntrack },
		{ "without the kernel's account", lose_kernel },
		{ "without the path", lose_path },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *full = "", *less = "";
		unsigned int round, wrong = 0;

		for (round = 0; round < 20000; round++) {
			struct scene s = random_scene();
			struct reset_case c = scene_build(&s, AF_INET), d = c;

			classify(&c);
			/* Where views contradict each other, losing one may well decide. */
			if (contradicts_itself(&c))
				continue;
			rows[i].lose(&d);
			classify(&d);
			if (d.diagnosis.confidence != CONF_CERTAIN || would_hold(cause_way(&d), &c))
				continue;
			full = c.diagnosis.cause->id;
			less = d.diagnosis.cause->id;
			wrong++;
		}
		if (!check_int(wrong, 0, "%s nothing new becomes certain", rows[i].name))
			printf("#   for example %s became %s\n", full, less);
	}
}

int main(void)
{
	const char *seed = getenv("SEED");
	const struct family *f;
	size_t i;

	rnd = seed ? strtoull(seed, NULL, 0) : 20261004;
	printf("# seed %llu (SEED=N repeats another)\n", rnd);
	for_each_family(f) for (i = 0; i < ARRAY_SIZE(proofs); i++) test_scene(&proofs[i], f);
	for (i = 0; i < ARRAY_SIZE(proofs); i++)
		test_origin(&proofs[i]);
	for_each_family(f) for (i = 0; i < ARRAY_SIZE(lookalikes); i++)
		test_scene(&lookalikes[i], f);
	test_coverage();
	test_shapes();
	test_candidates();
	test_remote_candidates();
	test_invariants();
	test_less_is_never_more();
	return test_done();
}
