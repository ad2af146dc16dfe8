/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reads.bpf.h - how kernel memory is read: by bpf_probe_read_kernel(), or by typed loads.
 *
 * lockdown=confidentiality refuses that helper, but neither loads through pointers whose type
 * the verifier knows nor bpf_rdonly_cast() (6.2), which gives any pointer a type. Where
 * TYPED_READS is defined, such loads stand in for the helper, below BPF_CORE_READ() too, so that
 * the handlers are written once. What cannot be read is zero in both cases, but a typed load
 * reports no error.
 */
#ifndef READS_BPF_H
#define READS_BPF_H

#include <linux/types.h>
#include <bpf/bpf_helpers.h>

#include "kernel_types.h"

#ifdef TYPED_READS

/* BTF id of struct in6_addr; 0 = no bpf_rdonly_cast(): only the program's arguments have a type. */
const volatile __u32 read_type = 0;

#define READ_TYPE_SIZE 16

extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym __weak;

#define TYPED_LOAD(type, to, from)                             \
	do {                                                   \
		type _value = *(const type *)(from);           \
		__builtin_memcpy(to, &_value, sizeof(_value)); \
	} while (0)

/* @size is constant, at most READ_TYPE_SIZE. */
static __always_inline void read_chunk(void *to, __u32 size, const void *from)
{
	__u32 at;

	if (read_type)
		from = bpf_rdonly_cast(from, read_type);
	if (size == sizeof(__u64)) {
		TYPED_LOAD(__u64, to, from); /* a pointer keeps its type only as a whole */
		return;
	}
#pragma unroll
	for (at = 0; at + 4 <= size; at += 4)
		TYPED_LOAD(__u32, to + at, from + at);
	if (size & 2)
		TYPED_LOAD(__u16, to + (size & ~3u), from + (size & ~3u));
	if (size & 1)
		TYPED_LOAD(__u8, to + (size & ~1u), from + (size & ~1u));
}

/* @size is constant. */
static __always_inline long typed_read(void *to, __u32 size, const void *from)
{
	__u32 at;

#pragma unroll
	for (at = 0; at < size; at += READ_TYPE_SIZE)
		read_chunk(to + at, size - at < READ_TYPE_SIZE ? size - at : READ_TYPE_SIZE,
			   from + at);
	return 0;
}

#define bpf_probe_read_kernel typed_read

/* Addresses that no argument's type leads to, such as a packet's? */
static __always_inline int can_read_any(void)
{
	return read_type != 0;
}

/* A load has no end to stop at. */
static __always_inline int can_read_strings(void)
{
	return 0;
}

/* NULL = it is none, or not a full socket */
static __always_inline const struct tcp_sock *tcp_sock_of(const struct sock *sk)
{
	return read_type ? (const void *)sk : bpf_skc_to_tcp_sock((void *)sk);
}

static __always_inline const struct inet_timewait_sock *timewait_of(const struct sock *sk)
{
	return read_type ? (const void *)sk :
			   (const void *)bpf_skc_to_tcp_timewait_sock((void *)sk);
}

static __always_inline const struct task_struct *current_task(void)
{
	return (const void *)bpf_get_current_task_btf();
}

#else

static __always_inline int can_read_any(void)
{
	return 1;
}

static __always_inline int can_read_strings(void)
{
	return 1;
}

static __always_inline const struct tcp_sock *tcp_sock_of(const struct sock *sk)
{
	return (const void *)sk;
}

static __always_inline const struct inet_timewait_sock *timewait_of(const struct sock *sk)
{
	return (const void *)sk;
}

static __always_inline const struct task_struct *current_task(void)
{
	return (const void *)bpf_get_current_task();
}

#endif

#endif
