// SPDX-License-Identifier: GPL-2.0-only
/*
 * rst_kprobe.bpf.c - the kernel view by kprobes: works on every kernel that has them, in
 * modules without BTF too.
 */
#include <linux/ptrace.h>

#include "rst_windows.bpf.h"

static __always_inline int reason_of(struct pt_regs *ctx, __u32 arg)
{
	int second = (int)PT_REGS_PARM2(ctx), third = (int)PT_REGS_PARM3(ctx);

	/* Else clang 14 chooses the address first, and the verifier wants fixed ctx offsets. */
	asm volatile("" : "+r"(second), "+r"(third));
	return arg == 2 ? second : arg == 3 ? third : -1;
}

SEC("kprobe/tcp_v4_send_reset")
int kp_v4_send_reset(struct pt_regs *ctx)
{
	return on_passive(ctx, (const void *)PT_REGS_PARM1(ctx), (const void *)PT_REGS_PARM2(ctx),
			  reason_of(ctx, passive_reason_arg));
}

SEC("kprobe/tcp_v6_send_reset")
int kp_v6_send_reset(struct pt_regs *ctx)
{
	return on_passive(ctx, (const void *)PT_REGS_PARM1(ctx), (const void *)PT_REGS_PARM2(ctx),
			  reason_of(ctx, passive_reason_arg));
}

SEC("kprobe/tcp_send_active_reset")
int kp_active_reset(struct pt_regs *ctx)
{
	return on_active(ctx, (const void *)PT_REGS_PARM1(ctx), reason_of(ctx, active_reason_arg));
}

SEC("kprobe/tcp_reset")
int kp_tcp_reset(struct pt_regs *ctx)
{
	return on_receive(ctx, (const void *)PT_REGS_PARM1(ctx));
}

SEC("kprobe/__tcp_close")
int kp_tcp_close(struct pt_regs *ctx)
{
	return on_close((const void *)PT_REGS_PARM1(ctx));
}

SEC("kprobe/nf_send_reset")
int kp_nf_send_reset(struct pt_regs *ctx)
{
	return on_reject(ctx, (const void *)PT_REGS_PARM3(ctx), (int)PT_REGS_PARM4(ctx));
}

SEC("kprobe/nf_send_reset6")
int kp_nf_send_reset6(struct pt_regs *ctx)
{
	return on_reject(ctx, (const void *)PT_REGS_PARM3(ctx), (int)PT_REGS_PARM4(ctx));
}

SEC("kprobe/inet_ehash_insert")
int kp_ehash_insert(struct pt_regs *ctx)
{
	return PT_REGS_PARM2(ctx) ?
		       on_window_enter((const void *)PT_REGS_PARM1(ctx), RST_WINDOW_HANDSHAKE) :
		       0;
}

SEC("kretprobe/inet_ehash_insert")
int kr_ehash_insert(struct pt_regs *ctx)
{
	(void)ctx;
	return on_window_return();
}

/* inet_twsk_hashdance_schedule since 6.11: user space says which. */
SEC("kprobe/inet_twsk_hashdance")
int kp_hashdance(struct pt_regs *ctx)
{
	return on_window_enter((const void *)PT_REGS_PARM2(ctx), RST_WINDOW_TIMEWAIT);
}

SEC("kretprobe/inet_twsk_hashdance")
int kr_hashdance(struct pt_regs *ctx)
{
	(void)ctx;
	return on_window_return();
}

SEC("kprobe/tcp_send_challenge_ack")
int kp_challenge_ack(struct pt_regs *ctx)
{
	return on_challenge(ctx, (const void *)PT_REGS_PARM1(ctx));
}

SEC("kprobe/tcp_timewait_state_process")
int kp_timewait(struct pt_regs *ctx)
{
	return on_timewait(ctx, (const void *)PT_REGS_PARM1(ctx), (const void *)PT_REGS_PARM2(ctx));
}

/*
 * The text that conntrack would log. A report that came through a helper of its own arrives
 * as "%pV" with a struct va_format that holds the text (6.1), or as "%s" with the text (5.10).
 */
SEC("kprobe/nf_ct_l4proto_log_invalid")
int kp_log_invalid(struct pt_regs *ctx)
{
	unsigned long third = PT_REGS_PARM3(ctx), fourth = PT_REGS_PARM4(ctx),
		      fifth = PT_REGS_PARM5(ctx);
	const char *fmt, *arg;
	char head[4] = {};

	asm volatile("" : "+r"(third), "+r"(fourth), "+r"(fifth)); /* see reason_of() */
	fmt = (const void *)(invalid_fmt_arg == 3 ? third : fourth);
	arg = (const void *)(invalid_fmt_arg == 3 ? fourth : fifth);
	bpf_probe_read_kernel(head, sizeof(head), fmt);
	if (head[0] == '%' && head[1] == 'p' && head[2] == 'V')
		fmt = BPF_CORE_READ((const struct va_format *)arg, fmt);
	else if (head[0] == '%' && head[1] == 's')
		fmt = arg;
	return on_invalid((const void *)PT_REGS_PARM1(ctx), (const void *)PT_REGS_PARM2(ctx), fmt);
}
