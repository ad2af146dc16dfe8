/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rst_windows.bpf.h - when the table of established sockets was being changed, and whom it misled.
 *
 * A connection's socket takes the place of its request socket, and its TIME_WAIT remnant takes
 * its own place. Another CPU that looks the connection up meanwhile can find neither. The times
 * are kept by connection, the newest 16384; a reset that finds a window still open is told when it
 * closes. Runs twice per connection, for each challenge ACK, and for each segment that meets a
 * TIME_WAIT socket.
 */
#ifndef RST_WINDOWS_BPF_H
#define RST_WINDOWS_BPF_H

#include "rst_handlers.bpf.h"

/* The entry remembers its connection for the return, which has no arguments to tell it by. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rst_flow);
} rst_window_flow SEC(".maps");

/* inet_ehash_insert(sk, osk), inet_twsk_hashdance(tw, sk): @sk is the full socket of the two. */
static __always_inline int on_window_enter(const struct sock *sk, __u32 kind)
{
	const struct tcp_sock *tp = tcp_sock_of(sk);
	struct rst_window w = { .kind = kind };
	struct rst_flow *flow;
	struct rst_tuple t = {};
	__u32 zero = 0, netns;

	flow = bpf_map_lookup_elem(&rst_window_flow, &zero);
	netns = netns_of_sock(sk);
	if (!flow || !tp || !is_wanted(netns) ||
	    !is_full_socket(BPF_CORE_READ(sk, __sk_common.skc_state)))
		return 0;
	read_sock_tuple(sk, 1, &t);
	make_flow(flow, &t, netns);
	w.cpu = bpf_get_smp_processor_id();
	w.rcv_nxt = BPF_CORE_READ(tp, rcv_nxt);
	w.snd_nxt = BPF_CORE_READ(tp, snd_nxt);
	w.start_ns = bpf_ktime_get_ns();
	bpf_map_update_elem(&rst_windows, flow, &w, BPF_ANY);
	return 0;
}

/* The reset that found the window open is reported already: let its end follow. */
static __always_inline void report_window(const struct rst_window *w)
{
	struct rst_ev_kernel *e = new_event(RST_FUNC_WINDOW);

	if (!e)
		return;
	e->hdr.join_id = w->notice_id;
	e->has |= RST_HAS_WINDOW;
	e->window = *w;
	bpf_ringbuf_submit(e, 0);
}

static __always_inline int on_window_return(void)
{
	struct rst_window *w;
	struct rst_flow *flow;
	__u32 zero = 0;

	flow = bpf_map_lookup_elem(&rst_window_flow, &zero);
	if (!flow || !flow->rport)
		return 0;
	w = bpf_map_lookup_elem(&rst_windows, flow);
	flow->rport = 0;
	if (!w || w->end_ns || w->cpu != bpf_get_smp_processor_id())
		return 0;
	w->end_ns = bpf_ktime_get_ns();
	if (w->notice_id)
		report_window(w);
	return 0;
}

/* tcp_send_challenge_ack: is it for a SYN? The newest segment from this peer on this CPU tells. */
static __noinline int find_syn(struct rst_pkt *ret, const struct rst_tuple *sk)
{
	__u32 cpu = bpf_get_smp_processor_id();
	const struct rst_ring *ring;
	__u32 i;

	ring = bpf_map_lookup_elem(&rst_ring, &cpu);
	if (!ring || !ret || !sk)
		return 0;
	for (i = 1; i <= RST_SCAN_BACK && i <= ring_slots; i++) {
		const struct rst_pkt *rec = &ring->rec[(ring->head - i) & (ring_slots - 1)];

		if (!rec->ts_ns)
			return 0;
		if (rec->sport != sk->dport || last_word(rec->saddr) != last_word(sk->daddr))
			continue;
		*ret = *rec;
		return (rec->flags & (TH_SYN | TH_ACK)) == TH_SYN;
	}
	return 0;
}

/*
 * A SYN for a socket that is connected already, or so early demux thought before NAT had given
 * it its own port: user space asks conntrack which.
 */
static __always_inline int on_challenge(void *ctx, const struct sock *sk)
{
	struct rst_ev_kernel *e;
	struct rst_tuple t = {};
	struct rst_pkt syn;
	__u32 netns;

	if (!sk)
		return 0;
	netns = netns_of_sock(sk);
	if (!is_wanted(netns))
		return 0;
	read_sock_tuple(sk, 1, &t);
	if (!find_syn(&syn, &t) || bpf_ktime_get_ns() - syn.ts_ns > RST_HANDOFF_NS)
		return 0;
	e = new_event(RST_FUNC_CHALLENGE);
	if (!e)
		return 0;
	e->netns = netns;
	e->has |= RST_HAS_SEEN;
	e->seen = syn;
	read_sock(sk, e);
	read_task(ctx, e);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

/* tcp_timewait_state_process: only a segment of another connection is of interest. */
static __always_inline int on_timewait(void *ctx, const struct sock *tw, const struct sk_buff *skb)
{
	struct rst_ev_kernel *e;
	struct rst_tuple t = {};
	struct skb_view v;
	__u32 netns;

	if (!tw || !skb || view_skb(skb, &v))
		return 0;
	netns = netns_of_sock(tw);
	read_sock_tuple(tw, 0, &t);
	if (!is_wanted(netns) || (t.dport == v.tuple.sport && t.sport == v.tuple.dport &&
				  last_word(t.daddr) == last_word(v.tuple.saddr)))
		return 0;
	e = new_event(RST_FUNC_TIMEWAIT);
	if (!e)
		return 0;
	e->netns = netns;
	e->ifindex = BPF_CORE_READ(skb, dev, ifindex);
	store_view(&v, e);
	read_nfct(skb, e);
	read_sock(tw, e);
	read_task(ctx, e);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

#endif
