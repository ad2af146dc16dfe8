/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rst_maps.bpf.h - the maps that the programs of both views use.
 *
 * Pinned by name when plain tc or ip link loads an object, so that ingress, egress and XDP
 * write to one recorder; `rstscope watch` shares them by file descriptor and pins nothing.
 */
#ifndef RST_MAPS_BPF_H
#define RST_MAPS_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "rst_event.h"
#include "rst_ring.h"

#ifndef BPF_F_MMAPABLE
#define BPF_F_MMAPABLE (1U << 10)
#endif

/* Records per CPU that are used, a power of two; user space may lower it before load. */
const volatile __u32 ring_slots = RST_RING_SLOTS;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RST_RING_CPUS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct rst_ring);
} rst_ring SEC(".maps");

/* What a reader brings: a buffer for its events, of both views, and its per-CPU struct rst_handoff. */
struct rst_events_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RST_EVENTS_SIZE);
};

struct rst_handoff_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	/* By size: clang leaves types that only an inner map names out of the BTF. */
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct rst_handoff));
};

/* A reader's event ids differ between CPUs, between views, and between recorders. */
static __always_inline __u64 new_event_id(__u32 cpu, struct rst_handoff *h)
{
	return ((__u64)(cpu + 1) << 48) | ++h->events;
}

/* An IPv4 address, or as much of an IPv6 one; equal for IPv4 by way of an IPv6 socket. */
static __always_inline __be32 last_word(const __u8 *addr)
{
	return ((const __u32 *)addr)[3];
}

#endif
