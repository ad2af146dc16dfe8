// SPDX-License-Identifier: GPL-2.0-only
/*
 * case_id.c - one name for a reset, the same on every host and in every capture that saw it.
 */
#include "model/case_id.h"

#include <stdio.h>
#include <nettle/macros.h>
#include <nettle/sha2.h>

#define BUCKET_NS 60000000000u
#define NUMBERS_DIGEST 12 /* bytes */
/* ECN's bits are a router's to change. */
#define FLAGS_KEPT (FLAG_FIN | FLAG_SYN | FLAG_RST | FLAG_PSH | FLAG_ACK)

/* Of a stall, the "RST" is the SYN. */
static void hash_numbers(uint8_t ret[NUMBERS_DIGEST], const struct packet *rst)
{
	uint8_t numbers[9] = { rst->flags & FLAGS_KEPT };
	struct sha256_ctx hash;

	WRITE_UINT32(numbers + 1, rst->seq);
	WRITE_UINT32(numbers + 5, rst->ack);
	sha256_init(&hash);
	sha256_update(&hash, sizeof(numbers), numbers);
	sha256_digest(&hash, NUMBERS_DIGEST, ret);
}

void reset_id(char ret[CASE_ID_TEXT], const struct packet *rst, uint64_t wall_ns)
{
	uint8_t digest[NUMBERS_DIGEST];
	int at = snprintf(ret, CASE_ID_TEXT, "%08x", (uint32_t)(wall_ns / BUCKET_NS));
	unsigned int i;

	hash_numbers(digest, rst);
	for (i = 0; i < NUMBERS_DIGEST; i++)
		at += snprintf(ret + at, (size_t)(CASE_ID_TEXT - at), "%02x", digest[i]);
}

void case_id(char ret[CASE_ID_TEXT], const struct reset_case *c, uint64_t wall_ns)
{
	reset_id(ret, &c->seen.rst, wall_ns);
}
