/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat.bpf.h - one accessor for each thing that kernels keep in different places.
 *
 * No other file compares releases or uses a "___flavour". What cannot be decided from BTF by
 * CO-RE (which argument holds the reason) is decided by user space and set here before load.
 */
#ifndef COMPAT_BPF_H
#define COMPAT_BPF_H

#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "kernel_types.h"
#include "reads.bpf.h"

/*
 * tcp_v4_send_reset(sk, skb, reason) since 6.10, without a reason before.
 * tcp_send_active_reset(sk, gfp) until 6.9, (sk, gfp, reason) since 6.10, (sk, reason) in 7.2.
 * 0: this kernel gives none; else the argument's number, from 1.
 */
const volatile __u32 passive_reason_arg = 0;
const volatile __u32 active_reason_arg = 0;

/* nf_ct_l4proto_log_invalid(skb, ct, fmt, ...) in 5.10, (skb, ct, state, fmt, ...) since 5.15. */
const volatile __u32 invalid_fmt_arg = 4;

/*
 * The socket's cgroup: a tagged word until 5.14, a plain pointer since 8520e224f547 (5.15).
 * NULL = not known.
 */
struct sock_cgroup_data___5_10 {
	__u64 val;
} __attribute__((preserve_access_index));

static __always_inline const struct cgroup *socket_cgroup(const struct sock *sk)
{
	struct cgroup *cgrp;

	if (bpf_core_field_exists(sk->sk_cgrp_data.cgroup)) {
		cgrp = BPF_CORE_READ(sk, sk_cgrp_data.cgroup);
	} else {
		const struct sock_cgroup_data___5_10 *data = (void *)&sk->sk_cgrp_data;
		__u64 val = BPF_CORE_READ(data, val);

		/* Bit 0: net_prio and net_cls took the word for their own ids. */
		cgrp = val & 1 ? NULL : (struct cgroup *)(long)val;
	}
	return cgrp;
}

/* Typed loads have the task only from bpf_get_current_task_btf(), since 5.11 (3ca1032ab7ab). */
static __always_inline int can_read_task(void)
{
#ifdef TYPED_READS
	return bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf);
#else
	return 1;
#endif
}

/*
 * Where the registers of the program in user space are: bpf_task_pt_regs() since 5.15 (dd6e10fbd9fb). Before,
 * at the end of the kernel's stack, which has 16 KiB on x86-64.
 */
#define STACK_SIZE___5_10 16384

static __always_inline const void *user_registers(void)
{
	const void *stack;

	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return (const void *)bpf_task_pt_regs(bpf_get_current_task_btf());
	stack = BPF_CORE_READ(current_task(), stack);
	return stack ? stack + STACK_SIZE___5_10 - sizeof(struct pt_regs) : NULL;
}

/* Renamed in 6.15 (633488947ef6), where RCU protects it. */
struct kernfs_node___6_15 {
	struct kernfs_node *__parent;
} __attribute__((preserve_access_index));

static __always_inline const struct kernfs_node *kernfs_parent(const struct kernfs_node *kn)
{
	const struct kernfs_node___6_15 *now = (const void *)kn;

	if (bpf_core_field_exists(now->__parent))
		return BPF_CORE_READ(now, __parent);
	return BPF_CORE_READ(kn, parent);
}

#endif
