// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_packet.c - any bytes as a packet of any link type.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "capture/dissect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t linktypes[] = { 0,   1,	12,  14, 101, 108, 113, 228,
					      229, 276, 147, 9,	 50,  51,  104 };
	struct capture_packet p = { 0 };
	enum segment_result result;
	struct segment s, ends;
	const uint8_t *tcp;
	uint16_t linktype;

	if (size < 3)
		return 0;
	p.data = data + 3;
	p.caplen = (uint32_t)size - 3;
	p.len = p.caplen + (uint32_t)(data[1] << 8 | data[2]);
	linktype = linktypes[data[0] % (sizeof(linktypes) / sizeof(linktypes[0]))];
	result = segment_parse(&p, linktype, &s);
	/* What is seen at a glance is what is found. */
	tcp = segment_glance(&p, linktype);
	if (!tcp)
		return 0;
	segment_ends(&p, tcp, &ends);
	if (result != SEGMENT_TCP || s.flags != tcp[TCP_FLAGS] || s.sport != ends.sport ||
	    s.dport != ends.dport || memcmp(s.saddr, ends.saddr, 16) ||
	    memcmp(s.daddr, ends.daddr, 16))
		abort();
	return 0;
}
