/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ring_writer.h - writes records into a ring of the flight recorder as the BPF programs do; for
 * tests and measurements of the reader. That BPF does write so is what tests/bpf/test_recall.c says.
 */
#ifndef RING_WRITER_H
#define RING_WRITER_H

#include <string.h>
#include <arpa/inet.h>

#include "model/case.h"
#include "rst_ring.h"

#define RECORD_WORDS (sizeof(struct rst_pkt) / sizeof(uint64_t))

static inline struct rst_pkt record_of(const struct packet *p)
{
	struct rst_pkt rec = {
		.ts_ns = p->ts_ns,
		.sport = htons(p->tuple.sport),
		.dport = htons(p->tuple.dport),
		.seq = htonl(p->seq),
		.ack = htonl(p->ack),
		.meta = p->tuple.family == AF_INET6 ? RST_META_V6 : 0,
		.len = (uint16_t)p->len,
		.window = htons(p->window),
		.ipid = htons(p->ipid),
		.flags = p->flags,
		.ttl = p->ttl,
	};

	memcpy(rec.saddr, p->tuple.saddr, 16);
	memcpy(rec.daddr, p->tuple.daddr, 16);
	return rec;
}

static inline uint64_t record_hash(const struct rst_pkt *rec)
{
	uint32_t word, all = 0;
	size_t i;

	for (i = 0; i < 16; i += 4) {
		memcpy(&word, rec->saddr + i, 4);
		all ^= word;
		memcpy(&word, rec->daddr + i, 4);
		all ^= word;
	}
	return rst_flow_hash((uint64_t)all << 32, rec->sport ^ rec->dport);
}

static inline uint64_t record_link(const struct rst_pkt *rec, uint64_t n, uint32_t prev)
{
	uint64_t words[RECORD_WORDS];

	memcpy(words, rec, sizeof(words));
	return rst_link(record_hash(rec), rec->ts_ns, rst_rest(words[5], words[7], rec->meta), n,
			prev);
}

static inline void store_word(struct rst_pkt *to, const struct rst_pkt *from, size_t i)
{
	uint64_t word;

	memcpy(&word, (const uint8_t *)from + i * sizeof(word), sizeof(word));
	__atomic_store_n((uint64_t *)(void *)to + i, word, __ATOMIC_RELAXED);
}

static inline void ring_write(struct rst_ring *ring, unsigned int slots, const struct rst_pkt *rec)
{
	uint64_t n = ring->head + 1, slot = ring->head & (slots - 1);
	uint32_t *newest = &ring->newest[rst_bucket(record_hash(rec))];
	size_t i;

	for (i = 0; i < RECORD_WORDS; i++)
		store_word(&ring->rec[slot], rec, i);
	__atomic_store_n(&ring->link[slot], record_link(rec, n, *newest), __ATOMIC_RELAXED);
	__atomic_store_n(newest, (uint32_t)n, __ATOMIC_RELEASE);
	__atomic_store_n(&ring->head, n, __ATOMIC_RELEASE);
}

#endif
