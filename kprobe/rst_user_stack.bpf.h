/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rst_user_stack.bpf.h - the registers and a copy of the stack of the application that makes a reset.
 *
 * Only if asked for, only for what the kernel's stack may show to be the application's own call, and
 * only so many in a second: user space unwinds the copy at once and throws it away.
 */
#ifndef RST_USER_STACK_BPF_H
#define RST_USER_STACK_BPF_H

#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>

#include "compat.bpf.h"
#include "rst_event.h"

#define PF_KTHREAD 0x00200000u
#define NS_PER_SEC 1000000000ull

/* Are the stacks of applications wanted? */
const volatile __u32 want_user_stacks = 0;

/* As small as can be until somebody asks for stacks. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} rst_user_stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rst_user_count);
} rst_user_counts SEC(".maps");

/* Two CPUs that begin a second together may take a few more; that does no harm. */
static __always_inline int may_take(struct rst_user_count *n)
{
	__u64 now = bpf_ktime_get_ns();

	if (now - n->since_ns > NS_PER_SEC) {
		n->since_ns = now;
		n->taken = 0;
	}
	if (n->taken >= RST_USER_STACKS_PER_S)
		return 0;
	__sync_fetch_and_add(&n->taken, 1);
	return 1;
}

#ifdef __TARGET_ARCH_x86

#define USER_CODE_64 0x33 /* __USER_CS */

static __always_inline void store_registers(const struct pt_regs *r, __u64 *to)
{
	to[0] = r->rax;
	to[1] = r->rdx;
	to[2] = r->rcx;
	to[3] = r->rbx;
	to[4] = r->rsi;
	to[5] = r->rdi;
	to[6] = r->rbp;
	to[7] = r->rsp;
	to[8] = r->r8;
	to[9] = r->r9;
	to[10] = r->r10;
	to[11] = r->r11;
	to[12] = r->r12;
	to[13] = r->r13;
	to[14] = r->r14;
	to[15] = r->r15;
	to[16] = r->rip;
}

/* 0, or -1: there are none, or they are those of 32 bits. */
static __always_inline int read_registers(__u64 *to)
{
	struct pt_regs regs = {};
	const void *at = user_registers();

	if (!at || bpf_probe_read_kernel(&regs, sizeof(regs), at) || (__u16)regs.cs != USER_CODE_64)
		return -1;
	store_registers(&regs, to);
	return 0;
}

#define REGISTER_SP 7

#else

static __always_inline int read_registers(__u64 *to)
{
	(void)to;
	return -1;
}

#define REGISTER_SP 0

#endif

static __always_inline void copy_stack(struct rst_user_stack *u)
{
	__u32 i;

	u->start = u->registers[REGISTER_SP] & ~(__u64)(RST_USER_PIECE - 1);
	u->pieces = 0;
#pragma unroll
	for (i = 0; i < RST_USER_PIECES; i++)
		if (!bpf_probe_read_user(u->bytes + i * RST_USER_PIECE, RST_USER_PIECE,
					 (const void *)(u->start + i * RST_USER_PIECE)))
			u->pieces |= 1u << i;
}

static __always_inline int fill_user_stack(struct rst_user_stack *u, __u64 event_id)
{
	__u64 id = bpf_get_current_pid_tgid();

	if (read_registers(u->registers))
		return -1;
	u->event_id = event_id;
	u->start_stack = BPF_CORE_READ(current_task(), mm, start_stack);
	u->tgid = id >> 32;
	u->tid = (__u32)id;
	u->pad = 0;
	copy_stack(u);
	return 0;
}

/* Of the task that runs; whether the reset is its doing is for user space to see. */
static __noinline int take_user_stack(__u64 event_id)
{
	struct rst_user_count *n;
	struct rst_user_stack *u;
	__u32 zero = 0;

	if (BPF_CORE_READ(current_task(), flags) & PF_KTHREAD)
		return 0;
	n = bpf_map_lookup_elem(&rst_user_counts, &zero);
	if (!n)
		return 0;
	u = may_take(n) ? bpf_ringbuf_reserve(&rst_user_stacks, sizeof(*u), 0) : NULL;
	if (!u) {
		__sync_fetch_and_add(&n->skipped, 1);
		return 0;
	}
	if (fill_user_stack(u, event_id))
		bpf_ringbuf_discard(u, 0);
	else
		bpf_ringbuf_submit(u, 0);
	return 0;
}

#endif
