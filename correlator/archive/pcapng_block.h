/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pcapng_block.h - bytes that grow, and the blocks of a pcapng file in them
 * (draft-ietf-opsawg-pcapng, section 3.1).
 *
 * Numbers are in the order of this machine, which the section's byte-order magic states.
 */
#ifndef PCAPNG_BLOCK_H
#define PCAPNG_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Begins as zeros; free(at) at its end. */
struct bytes {
	uint8_t *at;
	size_t n;
	size_t room;
	bool failed; /* out of memory: what is there is not whole */
};

void bytes__put(struct bytes *b, const void *data, size_t n);
void bytes__put16(struct bytes *b, uint16_t v);
void bytes__put32(struct bytes *b, uint32_t v);

/** bytes__pad() - to a multiple of four, as every part of a block */
void bytes__pad(struct bytes *b);

/** bytes__option() - of a block: code, length, value */
void bytes__option(struct bytes *b, uint16_t code, const void *value, size_t len);

/**
 * bytes__begin() - a block
 *
 * Return: where it begins, a multiple of four, for bytes__end().
 */
size_t bytes__begin(struct bytes *b, uint32_t type);

/** bytes__end() - fill in the length of the block that begins at @start */
void bytes__end(struct bytes *b, size_t start);

#endif
