// SPDX-License-Identifier: GPL-2.0-only
/*
 * spin.bpf.c - hold a processor at one instruction of the kernel for a while.
 *
 * It changes nothing but time: whatever goes wrong during that time can go wrong without it. Where
 * it is attached and which register holds the socket is decided by spin.c.
 */
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "kernel_types.h"

/* The verifier walks through all rounds one by one; together they take more than a millisecond. */
#define MAX_ROUNDS 1000
#define READS 64 /* of the clock each */

const volatile __u64 spin_ns;
const volatile __u32 sock_reg;	 /* offset in pt_regs of the register that points into the socket */
const volatile __u32 sock_back;	 /* so far into it */
const volatile __u32 only_state; /* 0: any */
const volatile __u32 only_netns; /* 0: any */

__u64 hits;
__u64 spun_ns;

static __always_inline int wanted(struct pt_regs *ctx)
{
	const struct sock_common *sk;
	unsigned long reg = 0;

	bpf_probe_read_kernel(&reg, sizeof(reg), (const void *)ctx + sock_reg);
	sk = (const void *)(reg - sock_back);
	if (only_state && BPF_CORE_READ(sk, skc_state) != only_state)
		return 0;
	return !only_netns || BPF_CORE_READ(sk, skc_net.net, ns.inum) == only_netns;
}

SEC("kprobe")
int spin_here(struct pt_regs *ctx)
{
	__u64 start, now = 0;
	int i, j;

	if (!wanted(ctx))
		return 0;
	start = bpf_ktime_get_ns();
	for (i = 0; i < MAX_ROUNDS; i++) {
#pragma unroll
		for (j = 0; j < READS; j++)
			now = bpf_ktime_get_ns();
		if (now - start >= spin_ns)
			break;
	}
	__sync_fetch_and_add(&hits, 1);
	__sync_fetch_and_add(&spun_ns, now - start);
	return 0;
}

char _license[] SEC("license") = "GPL";
