// SPDX-License-Identifier: GPL-2.0-only
/*
 * rst_tc.bpf.c - tc programs of the wire view: ingress and egress, with and without Ethernet.
 *
 * They record and let every packet go on to the next filter, unchanged but for the mark of a RST,
 * if one is wanted.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include "rst_recorder.bpf.h"

/* Enough for Ethernet, two tags, IPv6 and a few extension headers. */
#define PULL_BYTES 192

/* @proto: ethertype for interfaces without Ethernet headers, 0 for those with */
static __always_inline int parse_skb(struct __sk_buff *skb, __be16 proto, struct segment *seg)
{
	return parse_tcp((void *)(long)skb->data, (void *)(long)skb->data_end, skb->len, proto,
			 seg);
}

static __always_inline int watch_skb(struct __sk_buff *skb, __be16 proto, enum rst_hook hook)
{
	struct segment seg = {};
	__u32 meta;
	int err;

	err = parse_skb(skb, proto, &seg);
	if (err == PARSE_SHORT) {
		/* Headers in page fragments: bring them into the linear part, then look again. */
		if (skb->len > (__u32)(skb->data_end - skb->data) &&
		    !bpf_skb_pull_data(skb, skb->len < PULL_BYTES ? skb->len : PULL_BYTES))
			err = parse_skb(skb, proto, &seg);
	}
	if (err) {
		count_refused(err);
		return TC_ACT_UNSPEC;
	}
	meta = (skb->ifindex & RST_META_IFINDEX) | hook << RST_META_HOOK_SHIFT;
	if (skb->gso_size && skb->gso_segs != 1) {
		meta |= RST_META_GSO;
		count(bpf_get_smp_processor_id(), RST_CNT_GSO);
	}
	if (hook == RST_HOOK_TC_EGRESS && skb->ingress_ifindex)
		meta |= RST_META_FORWARDED;
	record(&seg, meta, skb, hook == RST_HOOK_TC_EGRESS ? skb : NULL);
	return TC_ACT_UNSPEC;
}

SEC("tc/ingress")
int rst_tc_ingress(struct __sk_buff *skb)
{
	return watch_skb(skb, 0, RST_HOOK_TC_INGRESS);
}

SEC("tc/egress")
int rst_tc_egress(struct __sk_buff *skb)
{
	return watch_skb(skb, 0, RST_HOOK_TC_EGRESS);
}

/* For tun, ipip, WireGuard and the like, whose packets begin with the IP header. */
SEC("tc/ingress_l3")
int rst_tc_in_l3(struct __sk_buff *skb)
{
	return skb->protocol ? watch_skb(skb, skb->protocol, RST_HOOK_TC_INGRESS) : TC_ACT_UNSPEC;
}

SEC("tc/egress_l3")
int rst_tc_eg_l3(struct __sk_buff *skb)
{
	return skb->protocol ? watch_skb(skb, skb->protocol, RST_HOOK_TC_EGRESS) : TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "GPL";
