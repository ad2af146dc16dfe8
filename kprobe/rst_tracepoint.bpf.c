// SPDX-License-Identifier: GPL-2.0-only
/*
 * rst_tracepoint.bpf.c - the kernel view by BTF tracepoints, for kernels that grant no probes.
 *
 * tcp:tcp_send_reset tells of every reset of TCP since 6.10 (before, it was silent when there
 * was no socket) but not of netfilter's REJECT, which has no tracepoint. A RST for which TCP
 * raised nothing, whose segment netfilter drops in the same breath, is a REJECT.
 */
#include "rst_handlers.bpf.h"

/* Value of NETFILTER_DROP in the running kernel; 0 = its kfree_skb gives no reason. */
const volatile __u32 netfilter_drop = 0;

SEC("tp_btf/tcp_send_reset")
int tp_send_reset(__u64 *ctx)
{
	const struct sk_buff *skb = (const void *)ctx[1];
	const struct sock *sk = (const void *)ctx[0];
	int reason = passive_reason_arg ? (int)ctx[2] : -1;

	return skb ? on_passive(ctx, sk, skb, reason) : on_active(ctx, sk, reason);
}

SEC("tp_btf/tcp_receive_reset")
int tp_receive_reset(__u64 *ctx)
{
	return on_receive(ctx, (const void *)ctx[0]);
}

/*
 * A connection's own end begins: its socket is being closed, or shut down both ways. Runs when a socket
 * changes its state, a few times per connection.
 */
SEC("tp_btf/inet_sock_set_state")
int tp_set_state(__u64 *ctx)
{
	const struct sock *sk = (const void *)ctx[0];
	int state = (int)ctx[2];

	if ((state == TCP_FIN_WAIT1 || state == TCP_LAST_ACK) && is_wanted(netns_of_sock(sk)) &&
	    BPF_CORE_READ(sk, sk_shutdown) == SHUTDOWN_MASK)
		note_closer(sk);
	return 0;
}

/* Runs once per socket, and looks one up. */
SEC("tp_btf/tcp_destroy_sock")
int tp_destroy_sock(__u64 *ctx)
{
	return on_destroy((const void *)ctx[0]);
}

/* Did the RST that last left this CPU unexplained answer this segment? */
static __always_inline int answers_segment(const struct rst_handoff *h, const struct skb_view *v)
{
	/* The near end may have been translated back on the way out. */
	if (h->wire.dport != v->tuple.sport ||
	    last_word(h->wire.daddr) != last_word(v->tuple.saddr))
		return 0;
	if (v->flags & TH_ACK)
		return !(h->wire_flags & TH_ACK) && h->wire_seq == v->ack;
	return h->wire_seq == 0 &&
	       h->wire_ack == v->seq + v->payload + !!(v->flags & TH_SYN) + !!(v->flags & TH_FIN);
}

/*
 * Runs for every dropped packet, so the first two tests must be cheap: is it netfilter's, and
 * has a RST just left this CPU that nobody accounted for?
 */
SEC("tp_btf/kfree_skb")
int tp_kfree_skb(__u64 *ctx)
{
	struct rst_handoff *h;
	struct rst_ev_kernel *e;
	struct skb_view v;

	if (!netfilter_drop || (__u32)ctx[2] != netfilter_drop)
		return 0;
	h = this_cpu_handoff();
	if (!h || !h->wire_id || bpf_ktime_get_ns() - h->wire_ts > RST_HANDOFF_NS)
		return 0;
	if (view_skb((const void *)ctx[0], &v) || !answers_segment(h, &v))
		return 0;
	e = new_event(RST_FUNC_NF_DROP);
	if (!e)
		return 0;
	e->hdr.join_id = h->wire_id;
	h->wire_id = 0;
	e->netns = netns_of_skb((const void *)ctx[0]);
	store_view(&v, e);
	read_nfct((const void *)ctx[0], e);
	read_task(ctx, e);
	bpf_ringbuf_submit(e, 0);
	return 0;
}
