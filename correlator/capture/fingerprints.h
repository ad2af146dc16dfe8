/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fingerprints.h - by what NAT leaves, a segment is known again in another capture: its numbers, its
 * length and its flags.
 *
 * A capture has more segments than can be kept. Which ones are is decided by the fingerprint itself,
 * so that several captures keep the same ones, and what was not kept is known.
 */
#ifndef FINGERPRINTS_H
#define FINGERPRINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fingerprints;

struct fingerprint {
	uint64_t id;
	uint64_t ts_ns;
	uint32_t from; /* a hash of the source: which of the two directions */
	uint8_t ttl;
	bool repeated : 1; /* at another time too: of no use for the clocks */
	bool is_mark : 1;  /* a SYN or a RST: kept longer than others */
	bool is_weak : 1;  /* without ACK number: some of a million are alike by chance */
	uint16_t place;
};

/** fingerprint_id() - never 0 */
uint64_t fingerprint_id(uint32_t seq, uint32_t ack, uint32_t len, uint8_t flags);

/** fingerprints__new() - NULL with errno. @seed: nobody must be able to tell where they are */
struct fingerprints *fingerprints__new(uint64_t seed);

/** fingerprints__add() - copied; of two with the same id the first stays. @flags: of the segment */
void fingerprints__add(struct fingerprints *f, const struct fingerprint *p, uint8_t flags);

const struct fingerprint *fingerprints__find(const struct fingerprints *f, uint64_t id);

/** fingerprints__keeps() - was it kept, if it was added? Then its absence says that it was not. */
bool fingerprints__keeps(const struct fingerprints *f, uint64_t id, uint8_t flags);

/** fingerprints__next() - all of them, in no order: the one after *@at, which begins with 0; NULL = no more */
const struct fingerprint *fingerprints__next(const struct fingerprints *f, size_t *at);

/** fingerprints__n() - that are kept */
size_t fingerprints__n(const struct fingerprints *f);

void fingerprints__free(struct fingerprints *f);

#endif
