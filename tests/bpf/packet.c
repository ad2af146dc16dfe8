// SPDX-License-Identifier: GPL-2.0-only
/*
 * packet.c - build TCP packets, good and bad, from a few words, and say what their record is.
 *
 * BPF_PROG_TEST_RUN knows tc programs with Ethernet only: it takes the protocol from bytes 12
 * and 13. For the programs without Ethernet these are bytes of the source address, so all our
 * addresses have the ethertype of their family there: 8.0.x.x, and 2001:db8:86dd:....
 */
#include "packet.h"

#include <string.h>

#define TTL 57
#define IPID 0xbeef
#define WINDOW 0x2211
#define PSH_ACK 0x18

/* The recipes' NO_... are bits above those that are used. */
static uint16_t or_else(uint32_t value, uint16_t other)
{
	return value ? (uint16_t)value : other;
}

static void put(struct packet *p, uint32_t value, int size)
{
	while (size--)
		p->bytes[p->len++] = (uint8_t)(value >> (8 * size));
}

static void put_bytes(struct packet *p, const void *bytes, size_t n)
{
	memcpy(p->bytes + p->len, bytes, n);
	p->len += n;
}

static void put_fill(struct packet *p, uint8_t byte, size_t n)
{
	memset(p->bytes + p->len, byte, n);
	p->len += n;
}

static void fill_address(uint8_t *to, int family, bool server, uint8_t client)
{
	static const uint8_t net4[] = { 8, 0 };
	static const uint8_t net6[] = { 0x20, 0x01, 0x0d, 0xb8, 0x86, 0xdd };

	memset(to, 0, 16);
	if (family == 4)
		memcpy(to + 12, net4, sizeof(net4));
	else
		memcpy(to, net6, sizeof(net6));
	to[14] = server ? 2 : 1;
	to[15] = server ? 2 : (uint8_t)or_else(client, 1);
}

static void put_address(struct packet *p, bool server, uint8_t client)
{
	uint8_t addr[16];

	fill_address(addr, p->family, server, client);
	if (p->family == 4)
		put_bytes(p, addr + 12, 4);
	else
		put_bytes(p, addr, 16);
}

static void put_ethernet(struct packet *p, const struct recipe *r)
{
	uint16_t type = p->family == 4 ? 0x0800 : 0x86dd;
	int i;

	p->at[AT_TYPE] = 12;
	if (!p->ethernet)
		return;
	put_bytes(p, "\x02\0\0\0\0\x02\x02\0\0\0\0\x01", 12);
	for (i = 0; i < TAGS && r->tags[i]; i++) {
		put(p, r->tags[i], 2);
		put(p, 0x2064 + (uint32_t)i, 2);
	}
	p->at[AT_TYPE] = p->len;
	put(p, type, 2);
}

static void put_ipv4(struct packet *p, const struct recipe *r, uint32_t inner)
{
	uint32_t headers = 20 + r->ip_options;
	uint32_t total = r->no_length ? 0 : headers + inner + (uint32_t)r->more_length;

	put(p, 0x40 | headers / 4, 1);
	put(p, 0, 1);
	put(p, total, 2);
	put(p, IPID, 2);
	put(p, 0x4000, 2);
	put(p, TTL, 1);
	put(p, r->protocol ? r->protocol : 6, 1);
	put(p, 0, 2);
	put_address(p, r->reverse, r->client);
	put_address(p, !r->reverse, r->client);
	p->at[AT_EXT] = p->len;
	put_fill(p, 1, r->ip_options);
}

/*
 * h d r m: hop-by-hop, destination options, routing, mobility, of 8 bytes; D: destination
 * options of 64; A: authentication of 24; f: atomic fragment; F: first; M: middle; L: last.
 */
static uint8_t extension_number(char letter)
{
	switch (letter) {
	case 'h':
		return 0;
	case 'r':
		return 43;
	case 'm':
		return 135;
	case 'A':
		return 51;
	case 'f':
	case 'F':
	case 'M':
	case 'L':
		return 44;
	default:
		return 60;
	}
}

static void put_extension(struct packet *p, char letter, uint8_t next)
{
	static const uint16_t offsets[] = { ['f'] = 0, ['F'] = 1, ['M'] = 0x101, ['L'] = 0x100 };

	put(p, next, 1);
	switch (letter) {
	case 'f':
	case 'F':
	case 'M':
	case 'L':
		/* The length byte is reserved here: what stands in it must not count. */
		put(p, 0xff, 1);
		put(p, offsets[(int)letter], 2);
		put(p, 0x12345678, 4);
		return;
	case 'A':
		put(p, 4, 1);
		put_fill(p, 0xaa, 22);
		return;
	case 'D':
		put(p, 7, 1);
		put_fill(p, 0, 62);
		return;
	default:
		/* Options that would be a fragment offset in another header. */
		put(p, 0, 1);
		put_fill(p, 1, 6);
	}
}

static size_t put_extensions(struct packet *p, const struct recipe *r)
{
	uint8_t last = r->protocol ? r->protocol : 6;
	const char *at = r->extensions ? r->extensions : "";
	size_t start = p->len;

	p->at[AT_EXT] = start;
	for (; *at; at++)
		put_extension(p, *at, at[1] ? extension_number(at[1]) : last);
	return p->len - start;
}

static void put_ipv6(struct packet *p, const struct recipe *r, uint32_t inner)
{
	size_t start = p->len, more;
	uint32_t length;

	put(p, 0x60012345, 4);
	put(p, 0, 2);
	put(p, r->extensions ? extension_number(*r->extensions) : r->protocol ? r->protocol : 6, 1);
	put(p, TTL, 1);
	put_address(p, r->reverse, r->client);
	put_address(p, !r->reverse, r->client);
	more = put_extensions(p, r);
	length = r->no_length ? 0 : inner + (uint32_t)more + (uint32_t)r->more_length;
	p->bytes[start + 4] = (uint8_t)(length >> 8);
	p->bytes[start + 5] = (uint8_t)length;
}

static uint8_t flags_of(const struct recipe *r)
{
	return (uint8_t)or_else(r->flags, PSH_ACK);
}

static void put_tcp(struct packet *p, const struct recipe *r)
{
	uint16_t sport = or_else(r->sport, 40000), dport = or_else(r->dport, 443);

	put(p, r->reverse ? dport : sport, 2);
	put(p, r->reverse ? sport : dport, 2);
	put(p, r->seq, 4);
	put(p, r->ack, 4);
	put(p, (20 + r->tcp_options) / 4 << 4, 1);
	put(p, flags_of(r), 1);
	put(p, WINDOW, 2);
	put(p, 0, 4);
	put_fill(p, 1, r->tcp_options);
	put_fill(p, 'd', r->payload);
}

static void poke(struct packet *p, const struct poke *k)
{
	size_t end = p->len;

	p->len = p->at[k->part] + (size_t)k->offset;
	put(p, k->value, k->size);
	p->len = end;
}

void packet_build(struct packet *p, const struct recipe *r, int family, bool ethernet)
{
	uint32_t inner = 20 + r->tcp_options + r->payload;
	int i;

	p->family = family;
	p->ethernet = ethernet;
	p->len = 0;
	memset(p->at, 0, sizeof(p->at));
	put_ethernet(p, r);
	p->at[AT_IP] = p->len;
	if (family == 4)
		put_ipv4(p, r, inner);
	else
		put_ipv6(p, r, inner);
	p->at[AT_TCP] = p->len;
	put_tcp(p, r);
	put_fill(p, 0xee, r->padding);
	p->at[AT_END] = p->len;
	for (i = 0; i < POKES && r->poke[i].size; i++)
		poke(p, &r->poke[i]);
	if (r->cut.wanted)
		p->len = p->at[r->cut.part] + (size_t)r->cut.offset;
}

void packet_record(const struct recipe *r, int family, struct rst_pkt *ret)
{
	uint16_t sport = or_else(r->sport, 40000), dport = or_else(r->dport, 443);

	*ret = (struct rst_pkt){
		.sport = __builtin_bswap16(r->reverse ? dport : sport),
		.dport = __builtin_bswap16(r->reverse ? sport : dport),
		.seq = __builtin_bswap32(r->seq),
		.ack = __builtin_bswap32(r->ack),
		.meta = family == 6 ? RST_META_V6 : 0,
		.len = (uint16_t)r->payload,
		.window = __builtin_bswap16(WINDOW),
		.ipid = family == 4 ? __builtin_bswap16(IPID) : 0,
		.flags = flags_of(r),
		.ttl = TTL,
	};
	fill_address(ret->saddr, family, r->reverse, r->client);
	fill_address(ret->daddr, family, !r->reverse, r->client);
}
