// SPDX-License-Identifier: GPL-2.0-only
/*
 * baseline.bpf.c - what the wire view is measured against: programs that do nothing, and
 * programs that do nothing but read the clock, which no recorder can do without.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int empty_tc(struct __sk_buff *skb __attribute__((unused)))
{
	return TC_ACT_UNSPEC;
}

/* The clock never says ~0; the comparison keeps the compiler from dropping the call. */
SEC("tc")
int clock_tc(struct __sk_buff *skb __attribute__((unused)))
{
	return bpf_ktime_get_ns() == ~0ULL ? TC_ACT_OK : TC_ACT_UNSPEC;
}

SEC("xdp")
int empty_xdp(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_PASS;
}

SEC("xdp")
int clock_xdp(struct xdp_md *ctx __attribute__((unused)))
{
	return bpf_ktime_get_ns() == ~0ULL ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
