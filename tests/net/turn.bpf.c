// SPDX-License-Identifier: GPL-2.0-only
/*
 * turn.bpf.c - programs that turn a SYN into the RST that refuses it, as an agent's policy may do.
 *
 * To port 91 or 92 those of tc (on arrival, and before it leaves), to port 93 that of XDP.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* Ethernet's 14 bytes leave the rest at an even address, which BPF may read. */
#pragma clang diagnostic ignored "-Waddress-of-packed-member"

struct seg4 {
	struct ethhdr eth;
	struct iphdr ip;
	struct tcphdr tcp;
} __attribute__((packed, aligned(2)));

struct seg6 {
	struct ethhdr eth;
	struct ipv6hdr ip;
	struct tcphdr tcp;
} __attribute__((packed, aligned(2)));

static __always_inline int is_wanted(const struct tcphdr *tcp, __u16 port)
{
	return tcp->dest == bpf_htons(port) && tcp->syn && !tcp->ack;
}

static __always_inline __u16 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return ~((sum & 0xffff) + (sum >> 16));
}

static __always_inline __u32 sum_words(const void *from, int bytes)
{
	const __u8 *p = from;
	__u32 sum = 0;
	int i;

#pragma unroll
	for (i = 0; i < bytes; i += 2)
		sum += *(const __u16 *)(p + i);
	return sum;
}

static __always_inline void swap(void *a, void *b, int bytes)
{
	__u8 *x = a, *y = b, t;
	int i;

#pragma unroll
	for (i = 0; i < bytes; i++) {
		t = x[i];
		x[i] = y[i];
		y[i] = t;
	}
}

/* @addresses: both, one after the other, @bytes in all */
static __always_inline void make_rst(struct tcphdr *tcp, const void *addresses, int bytes)
{
	__be16 port = tcp->source;

	tcp->source = tcp->dest;
	tcp->dest = port;
	tcp->ack_seq = bpf_htonl(bpf_ntohl(tcp->seq) + 1);
	tcp->seq = 0;
	((__u8 *)tcp)[12] = 5 << 4;
	((__u8 *)tcp)[13] = 0x14; /* RST ACK */
	tcp->window = 0;
	tcp->urg_ptr = 0;
	tcp->check = 0;
	tcp->check = fold(sum_words(tcp, sizeof(*tcp)) + sum_words(addresses, bytes) +
			  bpf_htons(sizeof(*tcp)) + bpf_htons(IPPROTO_TCP));
}

/* Return: bytes that the packet has to be cut down to; 0 = it is not for us. */
static __always_inline int turn(void *data, void *end, __u16 port)
{
	struct seg4 *four = data;
	struct seg6 *six = data;

	if ((void *)(four + 1) > end)
		return 0;
	if (four->eth.h_proto == bpf_htons(ETH_P_IP)) {
		if (four->ip.ihl != 5 || four->ip.protocol != IPPROTO_TCP ||
		    !is_wanted(&four->tcp, port))
			return 0;
		swap(four->eth.h_dest, four->eth.h_source, ETH_ALEN);
		swap(&four->ip.saddr, &four->ip.daddr, 4);
		four->ip.tot_len = bpf_htons(sizeof(four->ip) + sizeof(four->tcp));
		four->ip.ttl = 64;
		four->ip.check = 0;
		four->ip.check = fold(sum_words(&four->ip, sizeof(four->ip)));
		make_rst(&four->tcp, &four->ip.saddr, 8);
		return sizeof(*four);
	}
	if ((void *)(six + 1) > end || six->eth.h_proto != bpf_htons(ETH_P_IPV6) ||
	    six->ip.nexthdr != IPPROTO_TCP || !is_wanted(&six->tcp, port))
		return 0;
	swap(six->eth.h_dest, six->eth.h_source, ETH_ALEN);
	swap(&six->ip.saddr, &six->ip.daddr, 16);
	six->ip.payload_len = bpf_htons(sizeof(six->tcp));
	six->ip.hop_limit = 64;
	make_rst(&six->tcp, &six->ip.saddr, 32);
	return sizeof(*six);
}

static __always_inline int turn_skb(struct __sk_buff *skb, __u16 port, __u64 flags)
{
	int len;

	if (bpf_skb_pull_data(skb, 0))
		return TC_ACT_UNSPEC;
	len = turn((void *)(long)skb->data, (void *)(long)skb->data_end, port);
	if (!len || bpf_skb_change_tail(skb, len, 0))
		return TC_ACT_UNSPEC;
	return bpf_redirect(skb->ifindex, flags);
}

SEC("tc/arrival")
int turn_arrival(struct __sk_buff *skb)
{
	return turn_skb(skb, 91, 0);
}

SEC("tc/departure")
int turn_departure(struct __sk_buff *skb)
{
	return turn_skb(skb, 92, BPF_F_INGRESS);
}

SEC("xdp")
int turn_xdp(struct xdp_md *ctx)
{
	long len = (long)ctx->data_end - (long)ctx->data;
	int want = turn((void *)(long)ctx->data, (void *)(long)ctx->data_end, 93);

	if (!want)
		return XDP_PASS;
	return bpf_xdp_adjust_tail(ctx, want - len) ? XDP_DROP : XDP_TX;
}

char _license[] SEC("license") = "GPL";
