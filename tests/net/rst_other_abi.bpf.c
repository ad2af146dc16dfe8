// SPDX-License-Identifier: GPL-2.0-only
/*
 * rst_other_abi.bpf.c - a tc program with the maps of a recorder of version 2: it records nothing.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "rst_ring.h"

struct cpu_v2 {
	__u64 words[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct rst_ring);
} rst_ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct cpu_v2);
} rst_cpus SEC(".maps");

SEC("tc/ingress")
int rst_tc_ingress(struct __sk_buff *skb)
{
	__u32 zero = 0;

	(void)skb;
	bpf_map_lookup_elem(&rst_ring, &zero);
	bpf_map_lookup_elem(&rst_cpus, &zero);
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "GPL";
