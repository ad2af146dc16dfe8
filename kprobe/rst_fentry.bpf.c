// SPDX-License-Identifier: GPL-2.0-only
/*
 * rst_fentry.bpf.c - the kernel view by BPF trampolines: the cheapest, where they are granted.
 *
 * conntrack's invalid reports are variadic functions, which trampolines refuse: rst_kprobe has
 * those.
 */
#include "rst_handlers.bpf.h"

static __always_inline int reason_of(__u64 *ctx, __u32 arg)
{
	if (arg == 2)
		return (int)ctx[1];
	if (arg == 3)
		return (int)ctx[2];
	return -1;
}

SEC("fentry/tcp_v4_send_reset")
int fe_v4_send_reset(__u64 *ctx)
{
	return on_passive(ctx, (const void *)ctx[0], (const void *)ctx[1],
			  reason_of(ctx, passive_reason_arg));
}

SEC("fentry/tcp_v6_send_reset")
int fe_v6_send_reset(__u64 *ctx)
{
	return on_passive(ctx, (const void *)ctx[0], (const void *)ctx[1],
			  reason_of(ctx, passive_reason_arg));
}

SEC("fentry/tcp_send_active_reset")
int fe_active_reset(__u64 *ctx)
{
	return on_active(ctx, (const void *)ctx[0], reason_of(ctx, active_reason_arg));
}

SEC("fentry/tcp_reset")
int fe_tcp_reset(__u64 *ctx)
{
	return on_receive(ctx, (const void *)ctx[0]);
}

SEC("fentry/__tcp_close")
int fe_tcp_close(__u64 *ctx)
{
	return on_close((const void *)ctx[0]);
}

SEC("fentry/nf_send_reset")
int fe_nf_send_reset(__u64 *ctx)
{
	return on_reject(ctx, (const void *)ctx[2], (int)ctx[3]);
}

SEC("fentry/nf_send_reset6")
int fe_nf_send_reset6(__u64 *ctx)
{
	return on_reject(ctx, (const void *)ctx[2], (int)ctx[3]);
}
