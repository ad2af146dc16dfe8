// SPDX-License-Identifier: GPL-2.0-only
/*
 * packet_headers.c - IP and TCP headers, rebuilt from what the flight recorder kept of a packet.
 */
#include "archive/packet_headers.h"

#include <string.h>
#include <sys/socket.h>

#define TCP_BYTES 20

static uint32_t sum16(uint32_t sum, const uint8_t *at, size_t n)
{
	for (; n > 1; at += 2, n -= 2)
		sum += (uint32_t)(at[0] << 8 | at[1]);
	return sum;
}

static void store_sum(uint8_t *at, uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	at[0] = (uint8_t)(~sum >> 8);
	at[1] = (uint8_t)~sum;
}

static void store16(uint8_t *at, uint32_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void store32(uint8_t *at, uint32_t v)
{
	store16(at, v >> 16);
	store16(at + 2, v);
}

/* Without the payload its checksum cannot be told, and stays 0. */
static void build_tcp(uint8_t *at, const struct packet *p)
{
	size_t skip = p->tuple.family == AF_INET6 ? 0 : 12;
	uint32_t sum;

	memset(at, 0, TCP_BYTES);
	store16(at, p->tuple.sport);
	store16(at + 2, p->tuple.dport);
	store32(at + 4, p->seq);
	store32(at + 8, p->ack);
	at[12] = TCP_BYTES / 4 << 4;
	at[13] = p->flags;
	store16(at + 14, p->window);
	if (p->len)
		return;
	sum = sum16(6 + TCP_BYTES, p->tuple.saddr + skip, 16 - skip);
	sum = sum16(sum, p->tuple.daddr + skip, 16 - skip);
	store_sum(at + 16, sum16(sum, at, TCP_BYTES));
}

size_t packet_headers(uint8_t *at, const struct packet *p)
{
	uint32_t rest = TCP_BYTES + p->len;

	if (p->tuple.family == AF_INET6) {
		memset(at, 0, 40);
		at[0] = 6 << 4;
		store16(at + 4, rest <= UINT16_MAX ? rest : 0);
		at[6] = 6;
		at[7] = p->ttl;
		memcpy(at + 8, p->tuple.saddr, 16);
		memcpy(at + 24, p->tuple.daddr, 16);
		build_tcp(at + 40, p);
		return 40 + TCP_BYTES;
	}
	memset(at, 0, 20);
	at[0] = 4 << 4 | 5;
	store16(at + 2, rest + 20 <= UINT16_MAX ? rest + 20 : 0);
	store16(at + 4, p->ipid);
	at[8] = p->ttl;
	at[9] = 6;
	memcpy(at + 12, p->tuple.saddr + 12, 4);
	memcpy(at + 16, p->tuple.daddr + 12, 4);
	store_sum(at + 10, sum16(0, at, 20));
	build_tcp(at + 20, p);
	return 20 + TCP_BYTES;
}
