/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rst_handlers.bpf.h - what the kernel decided about a reset, read where it decides.
 *
 * One set of handlers; rst_kprobe, rst_fentry and rst_tracepoint attach them. They run only
 * when a reset is sent or received, when a connection is closed, and when conntrack refuses a
 * segment (rst_windows.bpf.h has some more): nothing here runs per packet.
 */
#ifndef RST_HANDLERS_BPF_H
#define RST_HANDLERS_BPF_H

#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

#include "compat.bpf.h"
#include "rst_cgroups.bpf.h"
#include "rst_maps.bpf.h"
#include "rst_user_stack.bpf.h"

#define AF_INET 2
#define AF_INET6 10

#define TCP_ESTABLISHED 1
#define TCP_TIME_WAIT 6
#define TCP_LISTEN 10
#define TCP_NEW_SYN_RECV 12
#define TCP_FIN_WAIT1 4
#define TCP_LAST_ACK 9
#define RCV_SHUTDOWN 1
#define SHUTDOWN_MASK 3
#define SOCK_DEAD 0x1u /* bit 0 of sk_flags: an orphan */

#define TH_FIN 0x01
#define TH_SYN 0x02
#define TH_RST 0x04
#define TH_ACK 0x10

#define NFCT_INFO_MASK 7UL
#define PF_EXITING 0x4u

/* Network namespace to report, by inode number; 0 = all. */
const volatile __u32 want_netns = 0;
/* The probe at the entry of __tcp_close is attached: "no unread data" is then a fact. */
const volatile __u32 has_close_entry = 0;

/* The reader's own, that it has registered with the recorders. */
struct rst_events_map rst_events SEC(".maps");
struct rst_handoff_map rst_handoff SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rst_invalid);
} rst_ct_invalid SEC(".maps");

/* Bytes left unread by close(), by socket; only closes that leave some get here. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u32);
} rst_unread SEC(".maps");

/* When a connection's socket was exchanged in the hash table; rst_windows.bpf.h fills it. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct rst_flow);
	__type(value, struct rst_window);
} rst_windows SEC(".maps");

/* Who closed a connection: what is left of it resets when nobody has it any more. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct rst_flow);
	__type(value, struct rst_closer);
} rst_closers SEC(".maps");

/* Sockets that took a RST, by their address: who closes one has lost the connection. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct rst_flow);
} rst_takers SEC(".maps");

/* What the handlers learn of a segment from its sk_buff. */
struct skb_view {
	struct rst_tuple tuple;
	__u32 seq; /* host order */
	__u32 ack;
	__u32 payload;
	__u8 flags;
};

static __always_inline void set_ipv4(__u8 *to, __be32 addr)
{
	__u32 *word = (__u32 *)to;

	word[0] = 0;
	word[1] = 0;
	word[2] = 0;
	word[3] = addr;
}

static __always_inline int read_ipv4(const void *at, struct skb_view *v, __u32 *ret_headers,
				     __u32 *ret_len)
{
	struct iphdr ip;

	if (bpf_probe_read_kernel(&ip, sizeof(ip), at))
		return -1;
	set_ipv4(v->tuple.saddr, ip.saddr);
	set_ipv4(v->tuple.daddr, ip.daddr);
	v->tuple.family = AF_INET;
	*ret_headers = ip.ihl * 4;
	*ret_len = bpf_ntohs(ip.tot_len);
	return 0;
}

static __always_inline int read_ipv6(const void *at, struct skb_view *v, __u32 *ret_len)
{
	struct ipv6hdr ip;

	if (bpf_probe_read_kernel(&ip, sizeof(ip), at))
		return -1;
	__builtin_memcpy(v->tuple.saddr, &ip.saddr, 16);
	__builtin_memcpy(v->tuple.daddr, &ip.daddr, 16);
	v->tuple.family = AF_INET6;
	*ret_len = bpf_ntohs(ip.payload_len) + sizeof(ip);
	return 0;
}

/*
 * Reads the IP and TCP headers of @skb. The transport header is where IPv4 says it is: at the
 * netfilter hooks of a bridge the skb's own mark may not be set yet.
 */
static __always_inline int view_skb(const struct sk_buff *skb, struct skb_view *v)
{
	unsigned char *head = BPF_CORE_READ(skb, head);
	__u32 network = BPF_CORE_READ(skb, network_header);
	__u32 headers, len;
	struct tcphdr tcp;
	__u8 version;

	__builtin_memset(v, 0, sizeof(*v));
	if (!can_read_any() || bpf_probe_read_kernel(&version, 1, head + network))
		return -1;
	if (version >> 4 == 4) {
		if (read_ipv4(head + network, v, &headers, &len))
			return -1;
	} else if (version >> 4 == 6) {
		if (read_ipv6(head + network, v, &len))
			return -1;
		headers = BPF_CORE_READ(skb, transport_header) - network;
	} else {
		return -1;
	}
	if (bpf_probe_read_kernel(&tcp, sizeof(tcp), head + network + headers))
		return -1;
	v->tuple.sport = tcp.source;
	v->tuple.dport = tcp.dest;
	v->seq = bpf_ntohl(tcp.seq);
	v->ack = bpf_ntohl(tcp.ack_seq);
	v->flags = ((__u8 *)&tcp)[13];
	headers += tcp.doff * 4;
	v->payload = len > headers ? len - headers : 0;
	return 0;
}

static __always_inline __u32 netns_of_skb(const struct sk_buff *skb)
{
	struct net_device *dev = BPF_CORE_READ(skb, dev);

	return dev ? BPF_CORE_READ(dev, nd_net.net, ns.inum) : 0;
}

static __always_inline __u32 netns_of_sock(const struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
}

static __always_inline int is_wanted(__u32 netns)
{
	return !want_netns || !netns || netns == want_netns;
}

static __always_inline int is_full_socket(__u8 state)
{
	return state != TCP_TIME_WAIT && state != TCP_NEW_SYN_RECV;
}

static __always_inline void read_sock_tuple(const struct sock *sk, __u8 full, struct rst_tuple *t)
{
	const struct inet_sock *inet = full ? (const void *)tcp_sock_of(sk) : NULL;

	t->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if (t->family == AF_INET6) {
		bpf_core_read(t->saddr, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_core_read(t->daddr, 16, &sk->__sk_common.skc_v6_daddr);
	} else {
		set_ipv4(t->saddr, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
		set_ipv4(t->daddr, BPF_CORE_READ(sk, __sk_common.skc_daddr));
	}
	t->dport = BPF_CORE_READ(sk, __sk_common.skc_dport);
	/* tcp_disconnect() has cleared skc_num by the time it resets; inet_sport outlives it. */
	t->sport = inet ? BPF_CORE_READ(inet, inet_sport) :
			  bpf_htons(BPF_CORE_READ(sk, __sk_common.skc_num));
}

/* An IPv6 socket that serves IPv4 must meet its packets (RFC 4291, 2.5.5.2). */
static __always_inline void store_unmapped(__u8 *to, const __u8 *from)
{
	const __u32 *src = (const __u32 *)from;
	__u32 *word = (__u32 *)to;

	word[0] = src[0];
	word[1] = src[1];
	word[2] = !src[0] && !src[1] && src[2] == bpf_htonl(0xffff) ? 0 : src[2];
	word[3] = src[3];
}

/* @t: its source is the local end */
static __always_inline void make_flow(struct rst_flow *flow, const struct rst_tuple *t, __u32 netns)
{
	store_unmapped(flow->local, t->saddr);
	store_unmapped(flow->remote, t->daddr);
	flow->lport = t->sport;
	flow->rport = t->dport;
	flow->netns = netns;
}

/* Of what follows, typed loads read nothing: older kernels have no type for the task that runs. */
#ifdef TYPED_READS

static __always_inline void read_process_name(char *to)
{
	(void)to;
}

static __always_inline void note_closer(const struct sock *sk)
{
	(void)sk;
}

static __always_inline void note_closer_of(const struct sock *sk, const struct rst_flow *flow)
{
	(void)sk;
	(void)flow;
}

static __always_inline void read_closer(struct rst_ev_kernel *e)
{
	(void)e;
}

#else

static __always_inline void read_process_name(char *to)
{
	const struct task_struct *leader = BPF_CORE_READ(current_task(), group_leader);

	bpf_core_read(to, RST_COMM_LEN, &leader->comm);
}

/* This task closes the socket of that connection. */
static __always_inline void note_closer_of(const struct sock *sk, const struct rst_flow *flow)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct rst_closer closer = {};

	closer.ts_ns = bpf_ktime_get_ns();
	closer.cgroup = name_cgroup(socket_cgroup(sk));
	closer.tgid = id >> 32;
	closer.tid = (__u32)id;
	bpf_get_current_comm(closer.comm, sizeof(closer.comm));
	read_process_name(closer.process);
	bpf_map_update_elem(&rst_closers, flow, &closer, BPF_ANY);
}

static __always_inline void note_closer(const struct sock *sk)
{
	struct rst_flow flow = {};
	struct rst_tuple t = {};

	read_sock_tuple(sk, 1, &t);
	if (!t.dport)
		return;
	make_flow(&flow, &t, netns_of_sock(sk));
	note_closer_of(sk, &flow);
}

/* Of a socket that nobody has any more, or of what is left of it. */
static __always_inline void read_closer(struct rst_ev_kernel *e)
{
	const struct rst_closer *closer;
	struct rst_flow flow = {};

	if (e->sk_state != TCP_TIME_WAIT && !(e->has & RST_HAS_FULLSK && e->sk_flags & SOCK_DEAD))
		return;
	make_flow(&flow, &e->sk, e->netns);
	closer = bpf_map_lookup_elem(&rst_closers, &flow);
	if (!closer)
		return;
	e->has |= RST_HAS_CLOSER;
	e->closer = *closer;
}

#endif

/* Was the socket that the look-up missed being exchanged? A window still open is marked. */
static __always_inline void read_window(struct rst_ev_kernel *e)
{
	struct rst_window *w;
	struct rst_flow flow;

	store_unmapped(flow.local, e->skb.daddr);
	store_unmapped(flow.remote, e->skb.saddr);
	flow.lport = e->skb.dport;
	flow.rport = e->skb.sport;
	flow.netns = e->netns;
	w = bpf_map_lookup_elem(&rst_windows, &flow);
	if (!w)
		return;
	/* In this order, so that hardly ever both CPUs miss what the other writes; user space then
	 * takes the end for unknown. */
	if (!w->end_ns)
		w->notice_id = e->hdr.id;
	e->has |= RST_HAS_WINDOW;
	e->window = *w;
}

static __always_inline void read_memory(const struct sock *sk, struct rst_ev_kernel *e)
{
	struct proto *proto = BPF_CORE_READ(sk, __sk_common.skc_prot);
	const void *pages = BPF_CORE_READ(proto, memory_allocated);
	const long *limits = BPF_CORE_READ(proto, sysctl_mem);

	if (!can_read_any() || bpf_probe_read_kernel(&e->mem_pages, sizeof(long), pages) ||
	    bpf_probe_read_kernel(&e->mem_limit, sizeof(long), limits + 2))
		return;
	e->wmem_queued = BPF_CORE_READ(sk, sk_wmem_queued);
	e->has |= RST_HAS_MEMORY;
}

/* What the connection has carried, and what of it is still under way. */
static __always_inline void read_counts(const struct tcp_sock *tp, struct rst_ev_kernel *e)
{
	e->has |= RST_HAS_COUNTS;
	e->jiffies = bpf_jiffies64();
	e->bytes_received = BPF_CORE_READ(tp, bytes_received);
	e->bytes_acked = BPF_CORE_READ(tp, bytes_acked);
	e->snd_una = BPF_CORE_READ(tp, snd_una);
	e->write_seq = BPF_CORE_READ(tp, write_seq);
	e->copied_seq = BPF_CORE_READ(tp, copied_seq);
	e->lsndtime = BPF_CORE_READ(tp, lsndtime);
	e->lrcvtime = BPF_CORE_READ((const struct inet_connection_sock *)tp, icsk_ack.lrcvtime);
}

static __always_inline void read_sock(const struct sock *sk, struct rst_ev_kernel *e)
{
	__u64 key = (__u64)(long)sk;
	const struct tcp_sock *tp;
	__u32 *unread;
	__u8 full;

	e->has |= RST_HAS_SK;
	e->sk_state = BPF_CORE_READ(sk, __sk_common.skc_state);
	full = is_full_socket(e->sk_state);
	read_sock_tuple(sk, full, &e->sk);
	if (!full) {
		const struct inet_timewait_sock *tw = timewait_of(sk);

		if (e->sk_state == TCP_TIME_WAIT && tw) {
			e->tw_substate = BPF_CORE_READ(tw, tw_substate);
			e->rcv_nxt = BPF_CORE_READ(sk, __sk_common.skc_tw_rcv_nxt);
			e->snd_nxt = BPF_CORE_READ(sk, __sk_common.skc_tw_snd_nxt);
		}
		return;
	}
	tp = tcp_sock_of(sk);
	if (!tp)
		return;
	e->has |= RST_HAS_FULLSK;
	e->sk_flags = BPF_CORE_READ(sk, __sk_common.skc_flags);
	e->sk_lingertime = BPF_CORE_READ(sk, sk_lingertime);
	e->sk_shutdown = BPF_CORE_READ(sk, sk_shutdown);
	e->sk_ino = BPF_CORE_READ(sk, sk_socket, file, f_inode, i_ino);
	e->sk_cgroup = name_cgroup(socket_cgroup(sk));
	e->rcv_nxt = BPF_CORE_READ(tp, rcv_nxt);
	e->snd_nxt = BPF_CORE_READ(tp, snd_nxt);
	e->linger2 = BPF_CORE_READ(tp, linger2);
	e->user_timeout = BPF_CORE_READ((const struct inet_connection_sock *)tp, icsk_user_timeout);
	read_counts(tp, e);
	if (!has_close_entry)
		return;
	e->has |= RST_HAS_CLOSE_ENTRY;
	unread = bpf_map_lookup_elem(&rst_unread, &key);
	if (unread) {
		e->has |= RST_HAS_UNREAD;
		e->unread = *unread;
		bpf_map_delete_elem(&rst_unread, &key);
	}
}

static __always_inline void read_ct_tuple(const struct nf_conntrack_tuple *from,
					  struct rst_tuple *to)
{
	__u16 l3num = BPF_CORE_READ(from, src.l3num);

	to->family = l3num;
	if (l3num == AF_INET6) {
		bpf_core_read(to->saddr, 16, &from->src.u3);
		bpf_core_read(to->daddr, 16, &from->dst.u3);
	} else {
		__be32 addr = 0;

		bpf_core_read(&addr, 4, &from->src.u3);
		set_ipv4(to->saddr, addr);
		bpf_core_read(&addr, 4, &from->dst.u3);
		set_ipv4(to->daddr, addr);
	}
	to->sport = BPF_CORE_READ(from, src.u.all);
	to->dport = BPF_CORE_READ(from, dst.u.all);
}

static __always_inline void read_ct(const struct nf_conn *ct, struct rst_ct *to)
{
	read_ct_tuple(&ct->tuplehash[0].tuple, &to->orig);
	read_ct_tuple(&ct->tuplehash[1].tuple, &to->reply);
	to->status = BPF_CORE_READ(ct, status);
	to->tcp_state = BPF_CORE_READ(ct, proto.tcp.state);
}

static __always_inline int same_tuple(const struct rst_tuple *a, const struct rst_tuple *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;

	return x[0] == y[0] && x[1] == y[1] && x[2] == y[2] && x[3] == y[3] && x[4] == y[4];
}

/* Was this very segment reported as invalid a moment ago on this CPU? */
static __always_inline void read_invalid(struct rst_ev_kernel *e)
{
	struct rst_invalid *inv;
	__u32 zero = 0;

	inv = bpf_map_lookup_elem(&rst_ct_invalid, &zero);
	if (!inv || !inv->ts_ns || e->hdr.ts_ns - inv->ts_ns > RST_HANDOFF_NS ||
	    inv->skb_seq != e->skb_seq || !same_tuple(&inv->skb, &e->skb))
		return;
	e->has |= RST_HAS_INVALID;
	__builtin_memcpy(e->why, inv->why, sizeof(e->why));
	if (inv->has_ct) {
		e->has |= RST_HAS_CT;
		e->ct = inv->ct;
	}
	inv->ts_ns = 0;
}

static __always_inline void read_nfct(const struct sk_buff *skb, struct rst_ev_kernel *e)
{
	unsigned long nfct = BPF_CORE_READ(skb, _nfct);
	const struct nf_conn *ct = (const void *)(nfct & ~NFCT_INFO_MASK);

	e->has |= RST_HAS_NFCT;
	e->nfct = (nfct & NFCT_INFO_MASK) | (ct ? 8 : 0);
	if (ct) {
		e->has |= RST_HAS_CT;
		read_ct(ct, &e->ct);
	}
}

static __always_inline void store_view(const struct skb_view *v, struct rst_ev_kernel *e)
{
	e->has |= RST_HAS_SKB;
	e->skb = v->tuple;
	e->skb_seq = v->seq;
	e->skb_ack = v->ack;
	e->skb_len = v->payload;
	e->skb_flags = v->flags;
}

/* Is it exiting, and why? What it has open is closed meanwhile. */
static __always_inline void read_exit(struct rst_ev_kernel *e)
{
	const struct task_struct *task;

	if (!can_read_task())
		return;
	task = current_task();
	if (!(BPF_CORE_READ(task, flags) & PF_EXITING))
		return;
	e->has |= RST_HAS_EXIT;
	e->exit_code = (__u32)BPF_CORE_READ(task, exit_code);
	if (BPF_CORE_READ(task, signal, oom_mm))
		e->has |= RST_HAS_OOM;
}

static __always_inline void read_task(void *ctx, struct rst_ev_kernel *e)
{
	__u64 id = bpf_get_current_pid_tgid();
	long len;

	e->tgid = id >> 32;
	e->tid = (__u32)id;
	e->task_cgroup = bpf_get_current_cgroup_id();
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	read_process_name(e->process);
	read_exit(e);
	len = bpf_get_stack(ctx, e->stack, sizeof(e->stack), 0);
	e->stack_len = len > 0 ? len / sizeof(e->stack[0]) : 0;
}

static __always_inline struct rst_handoff *this_cpu_handoff(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&rst_handoff, &zero);
}

/* A zeroed event with its header filled; NULL and counted when the ring buffer is full. */
static __always_inline struct rst_ev_kernel *new_event(__u8 func)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct rst_handoff *h = this_cpu_handoff();
	struct rst_ev_kernel *e;

	if (!h)
		return NULL;
	e = bpf_ringbuf_reserve(&rst_events, sizeof(*e), 0);
	if (!e) {
		h->lost_kernel++;
		return NULL;
	}
	__builtin_memset(e, 0, sizeof(*e));
	e->hdr.type = RST_EV_KERNEL;
	e->hdr.version = RST_ABI_VERSION;
	e->hdr.cpu = cpu;
	e->hdr.ts_ns = bpf_ktime_get_ns();
	e->hdr.id = new_event_id(cpu, h);
	e->func = func;
	return e;
}

static __always_inline void leave_half(struct rst_handoff *h, const struct rst_ev_kernel *e,
				       const __u8 *peer, __be16 port)
{
	h->kernel_peer = last_word(peer);
	h->kernel_peer_port = port;
	h->kernel_func = e->func;
	h->kernel_ts = e->hdr.ts_ns;
	h->kernel_id = e->hdr.id;
	h->wire_id = 0;
}

/* The RST that answers this segment (RFC 9293, 3.10.7.1), for the tc program to find. */
static __always_inline void leave_passive(struct rst_ev_kernel *e)
{
	struct rst_handoff *h = this_cpu_handoff();

	if (!h)
		return;
	h->kernel_seq = e->skb_flags & TH_ACK ? e->skb_ack : 0;
	h->kernel_segment = e->skb;
	h->kernel_ack =
		e->skb_seq + e->skb_len + !!(e->skb_flags & TH_SYN) + !!(e->skb_flags & TH_FIN);
	leave_half(h, e, e->skb.saddr, e->skb.sport);
}

/* As above for a reset of our own; takes the RST instead where that has already left. */
static __always_inline void join_active(struct rst_ev_kernel *e)
{
	struct rst_handoff *h = this_cpu_handoff();

	if (!h)
		return;
	if (h->wire_id && e->hdr.ts_ns - h->wire_ts <= RST_HANDOFF_NS && (h->wire_flags & TH_ACK) &&
	    h->wire_ack == e->rcv_nxt && h->wire.dport == e->sk.dport &&
	    last_word(h->wire.daddr) == last_word(e->sk.daddr)) {
		e->hdr.join_id = h->wire_id;
		h->wire_id = 0;
		return;
	}
	h->kernel_seq = e->snd_nxt;
	h->kernel_ack = e->rcv_nxt;
	leave_half(h, e, e->sk.daddr, e->sk.dport);
}

/* tcp_v4_send_reset, tcp_v6_send_reset. @reason: -1 = this kernel gives none */
static __always_inline int on_passive(void *ctx, const struct sock *sk, const struct sk_buff *skb,
				      int reason)
{
	struct rst_ev_kernel *e;
	struct skb_view v;
	__u32 netns;

	/* The function is entered for arriving RSTs too, and returns at once. */
	if (!skb || view_skb(skb, &v) || (v.flags & TH_RST))
		return 0;
	/* TCP takes the device away before a listener or another full socket gets the segment. */
	netns = sk ? netns_of_sock(sk) : netns_of_skb(skb);
	if (!is_wanted(netns))
		return 0;
	e = new_event(RST_FUNC_PASSIVE);
	if (!e)
		return 0;
	e->netns = netns;
	e->ifindex = BPF_CORE_READ(skb, dev, ifindex);
	if (reason >= 0) {
		e->has |= RST_HAS_REASON;
		e->reason = reason;
	}
	store_view(&v, e);
	read_nfct(skb, e);
	if (sk) {
		read_sock(sk, e);
		read_closer(e);
	}
	if (e->nfct == 0)
		read_invalid(e);
	if ((!sk || e->sk_state == TCP_LISTEN) && (v.flags & (TH_SYN | TH_ACK)) == TH_ACK)
		read_window(e);
	read_task(ctx, e);
	leave_passive(e);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

/* tcp_send_active_reset */
static __always_inline int on_active(void *ctx, const struct sock *sk, int reason)
{
	struct rst_ev_kernel *e;
	__u32 netns;

	if (!sk)
		return 0;
	netns = netns_of_sock(sk);
	if (!is_wanted(netns))
		return 0;
	e = new_event(RST_FUNC_ACTIVE);
	if (!e)
		return 0;
	e->netns = netns;
	if (reason >= 0) {
		e->has |= RST_HAS_REASON;
		e->reason = reason;
	}
	read_sock(sk, e);
	read_closer(e);
	read_memory(sk, e);
	read_task(ctx, e);
#ifndef TYPED_READS
	if (want_user_stacks)
		take_user_stack(e->hdr.id);
#endif
	join_active(e);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

/* Its ports are gone by the time that it is closed. An orphan has nobody left to lose anything. */
static __always_inline void note_taker(const struct sock *sk, const struct rst_ev_kernel *e)
{
	__u64 key = (__u64)(long)sk;
	struct rst_flow flow = {};

	if (!(e->has & RST_HAS_FULLSK) || e->sk_flags & SOCK_DEAD)
		return;
	make_flow(&flow, &e->sk, e->netns);
	bpf_map_update_elem(&rst_takers, &key, &flow, BPF_ANY);
}

/* tcp:tcp_destroy_sock: by the task that closes it, unless it is an orphan. */
static __always_inline int on_destroy(const struct sock *sk)
{
	__u64 key = (__u64)(long)sk;
	const struct rst_flow *known = bpf_map_lookup_elem(&rst_takers, &key);
	struct rst_flow flow;

	if (!known)
		return 0;
	flow = *known;
	bpf_map_delete_elem(&rst_takers, &key);
	note_closer_of(sk, &flow);
	return 0;
}

/* tcp:tcp_receive_reset: a RST was accepted for this socket (or the stack ends it itself). */
static __always_inline int on_receive(void *ctx, const struct sock *sk)
{
	struct rst_ev_kernel *e;
	__u32 netns;

	if (!sk)
		return 0;
	netns = netns_of_sock(sk);
	if (!is_wanted(netns))
		return 0;
	e = new_event(RST_FUNC_RECEIVE);
	if (!e)
		return 0;
	e->netns = netns;
	read_sock(sk, e);
	read_closer(e);
	note_taker(sk, e);
	read_task(ctx, e);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

/* nf_send_reset, nf_send_reset6 */
static __always_inline int on_reject(void *ctx, const struct sk_buff *skb, int hook)
{
	struct rst_ev_kernel *e;
	struct skb_view v;
	__u32 netns;

	if (!skb || view_skb(skb, &v) || (v.flags & TH_RST))
		return 0;
	netns = netns_of_skb(skb);
	if (!is_wanted(netns))
		return 0;
	e = new_event(RST_FUNC_REJECT);
	if (!e)
		return 0;
	e->netns = netns;
	e->ifindex = BPF_CORE_READ(skb, dev, ifindex);
	e->hook = hook;
	store_view(&v, e);
	read_nfct(skb, e);
	read_task(ctx, e);
	leave_passive(e);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

/* __tcp_close, before it drains the receive queue; the socket is locked. */
static __always_inline int on_close(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sock_of(sk);
	__u64 key = (__u64)(long)sk;
	__u32 unread;

	if (!tp || !is_wanted(netns_of_sock(sk)))
		return 0;
	if (BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_LISTEN)
		note_closer(sk);
	unread = BPF_CORE_READ(tp, rcv_nxt) - BPF_CORE_READ(tp, copied_seq);
	/* The peer's FIN takes a sequence number, but it is not data. */
	if (unread && (BPF_CORE_READ(sk, sk_shutdown) & RCV_SHUTDOWN))
		unread--;
	if (unread && unread < 1u << 31 && BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_LISTEN)
		bpf_map_update_elem(&rst_unread, &key, &unread, BPF_ANY);
	else
		bpf_map_delete_elem(&rst_unread, &key); /* of an earlier socket here */
	return 0;
}

/* nf_ct_l4proto_log_invalid: entered whether logging is on or not. */
static __always_inline int on_invalid(const struct sk_buff *skb, const struct nf_conn *ct,
				      const char *why)
{
	struct rst_invalid *inv;
	struct skb_view v;
	__u32 zero = 0;

	inv = bpf_map_lookup_elem(&rst_ct_invalid, &zero);
	if (!inv || !skb || !is_wanted(netns_of_skb(skb)) || view_skb(skb, &v))
		return 0;
	inv->skb = v.tuple;
	inv->skb_seq = v.seq;
	inv->why[0] = 0;
	if (why)
		bpf_probe_read_kernel_str(inv->why, sizeof(inv->why), why);
	inv->has_ct = ct != NULL;
	if (ct)
		read_ct(ct, &inv->ct);
	inv->ts_ns = bpf_ktime_get_ns();
	return 0;
}

char _license[] SEC("license") = "GPL";

#endif
