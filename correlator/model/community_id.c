// SPDX-License-Identifier: GPL-2.0-only
/*
 * community_id.c - the flow's name in Zeek, Suricata, Wireshark, Arkime and Elastic.
 */
#include "model/community_id.h"

#include <string.h>
#include <nettle/base64.h>
#include <nettle/macros.h>
#include <nettle/sha1.h>

#define VERSION_TEXT "1:"

/* Addresses as they stand on the wire: 4 or 16 bytes. */
static size_t address_size(const struct tuple *t)
{
	return t->family == AF_INET ? 4 : sizeof(t->saddr);
}

static const uint8_t *address(const uint8_t at[16], size_t size)
{
	return at + 16 - size;
}

/* The smaller end comes first. */
static struct tuple in_order(const struct tuple *t)
{
	int order = memcmp(t->saddr, t->daddr, sizeof(t->saddr));

	return order < 0 || (!order && t->sport < t->dport) ? *t : tuple_reverse(t);
}

void community_id(char ret[COMMUNITY_ID_TEXT], const struct tuple *t)
{
	static const uint8_t seed[2], protocol[2] = { IPPROTO_TCP };
	struct tuple flow = in_order(t);
	size_t size = address_size(t);
	uint8_t ports[4], digest[SHA1_DIGEST_SIZE];
	struct sha1_ctx hash;

	WRITE_UINT16(ports, flow.sport);
	WRITE_UINT16(ports + 2, flow.dport);
	sha1_init(&hash);
	sha1_update(&hash, sizeof(seed), seed);
	sha1_update(&hash, size, address(flow.saddr, size));
	sha1_update(&hash, size, address(flow.daddr, size));
	sha1_update(&hash, sizeof(protocol), protocol);
	sha1_update(&hash, sizeof(ports), ports);
	sha1_digest(&hash, sizeof(digest), digest);
	memcpy(ret, VERSION_TEXT, strlen(VERSION_TEXT));
	base64_encode_raw(ret + strlen(VERSION_TEXT), sizeof(digest), digest);
	ret[COMMUNITY_ID_TEXT - 1] = 0;
}
