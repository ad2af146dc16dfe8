// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_packet.c - any bytes as a packet of any link type.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t linktypes[] = { 0,   1,	12,  14, 101, 108, 113, 228,
					      229, 276, 147, 9,	 50,  51,  104 };
	struct capture_packet p = { 0 };
	enum segment_result result;
	struct segment s;
	uint16_t linktype;

	if (size < 3)
		return 0;
	p.data = data + 3;
	p.caplen = (uint32_t)size - 3;
	p.len = p.caplen + (uint32_t)(data[1] << 8 | data[2]);
	linktype = linktypes[data[0] % (sizeof(linktypes) / sizeof(linktypes[0]))];
	result = segment_parse(&p, linktype, &s);
	/* No reset may be missed at a glance. */
	if (result == SEGMENT_TCP && s.flags & FLAG_RST && !segment_may_be_reset(&p, linktype))
		abort();
	return 0;
}
