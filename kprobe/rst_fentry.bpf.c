// SPDX-License-Identifier: GPL-2.0-only
/*
 * rst_fentry.bpf.c - the kernel view by BPF trampolines: the cheapest, where they are granted.
 *
 * conntrack's invalid reports are variadic functions, which trampolines refuse: rst_kprobe has
 * those.
 */
#include "rst_windows.bpf.h"

/*
 * In assembler, because clang would choose the address first and load then, but the verifier wants
 * fixed ctx offsets. A branch that this kernel does not take may name an argument that is not there.
 */
static __always_inline int reason_of(__u64 *ctx, __u32 arg)
{
	__u64 reason;

	if (arg == 2)
		asm volatile("%0 = *(u64 *)(%1 + 8)" : "=r"(reason) : "r"(ctx));
	else if (arg == 3)
		asm volatile("%0 = *(u64 *)(%1 + 16)" : "=r"(reason) : "r"(ctx));
	else
		return -1;
	return (int)reason;
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

SEC("fentry/inet_ehash_insert")
int fe_ehash_insert(__u64 *ctx)
{
	return ctx[1] ? on_window_enter((const void *)ctx[0], RST_WINDOW_HANDSHAKE) : 0;
}

SEC("fexit/inet_ehash_insert")
int fx_ehash_insert(__u64 *ctx)
{
	return ctx[1] ? on_window_return() : 0;
}

/* inet_twsk_hashdance_schedule since 6.11: user space says which. */
SEC("fentry/inet_twsk_hashdance")
int fe_hashdance(__u64 *ctx)
{
	return on_window_enter((const void *)ctx[1], RST_WINDOW_TIMEWAIT);
}

SEC("fexit/inet_twsk_hashdance")
int fx_hashdance(__u64 *ctx)
{
	(void)ctx;
	return on_window_return();
}

SEC("fentry/tcp_send_challenge_ack")
int fe_challenge_ack(__u64 *ctx)
{
	return on_challenge(ctx, (const void *)ctx[0]);
}

SEC("fentry/tcp_timewait_state_process")
int fe_timewait(__u64 *ctx)
{
	return on_timewait(ctx, (const void *)ctx[0], (const void *)ctx[1]);
}
