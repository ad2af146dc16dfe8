// SPDX-License-Identifier: GPL-2.0-only
/*
 * pcapng_block.c - bytes that grow, and the blocks of a pcapng file in them.
 */
#include "archive/pcapng_block.h"

#include <stdlib.h>
#include <string.h>

void bytes__put(struct bytes *b, const void *data, size_t n)
{
	if (b->n + n > b->room) {
		size_t room = (b->n + n) * 2;
		uint8_t *grown = realloc(b->at, room);

		if (!grown) {
			b->failed = true;
			return;
		}
		b->at = grown;
		b->room = room;
	}
	memcpy(b->at + b->n, data, n);
	b->n += n;
}

void bytes__put16(struct bytes *b, uint16_t v)
{
	bytes__put(b, &v, sizeof(v));
}

void bytes__put32(struct bytes *b, uint32_t v)
{
	bytes__put(b, &v, sizeof(v));
}

void bytes__pad(struct bytes *b)
{
	static const uint8_t zeros[4];

	bytes__put(b, zeros, -b->n & 3u);
}

void bytes__option(struct bytes *b, uint16_t code, const void *value, size_t len)
{
	bytes__put16(b, code);
	bytes__put16(b, (uint16_t)len);
	bytes__put(b, value, len);
	bytes__pad(b);
}

/* Returns where the block begins, for bytes__end(). Blocks begin at multiples of four. */
size_t bytes__begin(struct bytes *b, uint32_t type)
{
	size_t start = b->n;

	bytes__put32(b, type);
	bytes__put32(b, 0);
	return start;
}

void bytes__end(struct bytes *b, size_t start)
{
	uint32_t len = (uint32_t)(b->n - start + 4);

	bytes__put32(b, len);
	if (!b->failed)
		memcpy(b->at + start + 4, &len, sizeof(len));
}
