/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rst_ring.h - one CPU's part of the flight recorder, as BPF writes it and user space reads it.
 *
 * Records carry numbers, 1 and up; number n stands in slot (n - 1) % slots. The flow of a record,
 * the same for both directions, has one of RST_BUCKETS buckets; a bucket knows its newest record
 * and every record the one before it in its bucket. So a flow is found without a look at the
 * others, save those that share its bucket.
 *
 * Nothing orders the writer's stores for a reader on another CPU. x86 keeps their order; arm64 does
 * not, the BPF instructions of 5.10 have no barrier (its xadd is STADD there, which orders nothing),
 * and the ring may come round at any time. Hence a record vouches for itself: beside it, in one
 * store with its link, stands a check of all that it holds and of its number. A reader that computes
 * another one has read a record that is not whole yet, or not there any more. A wrong one passes
 * once in 2^32 times.
 */
#ifndef RST_RING_H
#define RST_RING_H

#include "rst_event.h"

#define RST_BUCKET_BITS 12
#define RST_BUCKETS (1u << RST_BUCKET_BITS)
/* 2^64 divided by the golden ratio; the upper half of a product depends on all bits below it. */
#define RST_MIX 0x9e3779b97f4a7c15ULL

struct rst_ring {
	__u64 head;  /* records ever written = number of the newest */
	__u32 abi;   /* RST_ABI_VERSION, and */
	__u32 slots; /* records that are used; both are written with the first record of each turn */
	__u64 pad[6];
	__u32 newest[RST_BUCKETS];  /* number, its lower half; 0 = none, or none that is left */
	__u64 link[RST_RING_SLOTS]; /* rst_link() */
	struct rst_pkt rec[RST_RING_SLOTS]; /* the map ends after those that are used */
};

/* What a CPU's ring takes when it has room for @slots records only. */
static inline __u32 rst_ring_bytes(__u32 slots)
{
	return __builtin_offsetof(struct rst_ring, rec) + slots * (__u32)sizeof(struct rst_pkt);
}

/*
 * @addresses: the words of source and destination, all xor'ed, as the upper half
 * @ports: both xor'ed
 */
static inline __u64 rst_flow_hash(__u64 addresses, __u64 ports)
{
	return (addresses | ports) * RST_MIX;
}

static inline __u32 rst_bucket(__u64 flow_hash)
{
	return flow_hash >> (64 - RST_BUCKET_BITS);
}

/* @numbers: seq and ack, @last: the last eight bytes, as they stand in memory */
static inline __u64 rst_rest(__u64 numbers, __u64 last, __u64 meta)
{
	return numbers * RST_MIX + (last ^ meta << 20);
}

/*
 * The link of record @n, with its check in the upper half. In the lower half is the number of the
 * record before it in its bucket, which is whole when the check is: both are one store.
 */
static inline __u64 rst_link(__u64 flow_hash, __u64 ts, __u64 rest, __u64 n, __u32 prev)
{
	__u64 x = (((flow_hash + ts) ^ rest) + n) * RST_MIX;

	return x >> 32 << 32 | prev;
}

_Static_assert(sizeof(struct rst_ring) % 64 == 0, "records of all CPUs are whole cache lines");

#endif
