// SPDX-License-Identifier: GPL-2.0-only
/*
 * dissect.c - the TCP segment in a captured packet, whatever it is wrapped in.
 *
 * A cursor goes from header to header; each step says what comes next. Nothing is read before
 * have() has seen that it was captured.
 */
#include "capture/dissect.h"

#include <string.h>
#include <sys/socket.h>

/* Headers that one packet may have, so that none can keep us busy. */
#define HEADERS_MAX 24

#define LINKTYPE_NULL 0
#define LINKTYPE_ETHERNET 1
#define LINKTYPE_PPP 9
#define LINKTYPE_RAW_BSD 12
#define LINKTYPE_RAW_OPENBSD 14
#define LINKTYPE_PPP_HDLC 50
#define LINKTYPE_PPP_ETHER 51
#define LINKTYPE_RAW 101
#define LINKTYPE_C_HDLC 104
#define LINKTYPE_LOOP 108
#define LINKTYPE_SLL 113
#define LINKTYPE_IPV4 228
#define LINKTYPE_IPV6 229
#define LINKTYPE_SLL2 276

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_QINQ 0x88a8
#define ETHERTYPE_QINQ_OLD 0x9100
#define ETHERTYPE_MPLS 0x8847
#define ETHERTYPE_PPPOE 0x8864
#define ETHERTYPE_BRIDGED 0x6558 /* Ethernet inside GRE or GENEVE */
#define ETHERTYPE_ERSPAN 0x88be	 /* mirrored by a switch; inside GRE */
#define PPP_IPV4 0x0021
#define PPP_IPV6 0x0057

#define PORT_VXLAN 4789
#define PORT_VXLAN_LINUX 8472
#define PORT_GENEVE 6081
#define PORT_GTP_U 2152
#define GTP_T_PDU 255

#define SLL_OUTGOING 4

enum header {
	ETHERNET,
	ETHERTYPE, /* the two bytes that name what follows were read: cursor.type */
	IP,	   /* version by the first four bits */
	IPV4,
	IPV6,
	PAYLOAD, /* of IP: cursor.type is the protocol */
	TCP,
	DONE,
	FAILED,
};

struct cursor {
	const uint8_t *at;
	const uint8_t *end; /* of what was captured */
	uint32_t left;	    /* bytes on the wire from at on, by the innermost length that holds */
	uint16_t type;
	bool fragment;		 /* a first fragment: TCP's payload goes on elsewhere */
	enum segment_result why; /* of FAILED */
	struct segment *out;
};

static uint16_t be16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t be32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static bool have(const struct cursor *c, size_t n)
{
	return (size_t)(c->end - c->at) >= n;
}

static void advance(struct cursor *c, uint32_t n)
{
	c->at += n;
	c->left = c->left > n ? c->left - n : 0;
}

static enum header fail(struct cursor *c, enum segment_result why)
{
	c->why = why;
	return FAILED;
}

static enum header step_ethernet(struct cursor *c)
{
	if (!have(c, 14))
		return fail(c, SEGMENT_TRUNCATED);
	c->type = be16(c->at + 12);
	advance(c, 14);
	return ETHERTYPE;
}

/* A label stack; whatever is below its bottom says by its version what it is. */
static enum header step_mpls(struct cursor *c)
{
	bool bottom;

	do {
		if (!have(c, 4))
			return fail(c, SEGMENT_TRUNCATED);
		bottom = c->at[2] & 1;
		advance(c, 4);
	} while (!bottom);
	return IP;
}

/* The protocol may have been compressed to its last byte, which alone is odd (RFC 1661, 6.5). */
static enum header step_ppp(struct cursor *c)
{
	uint32_t size;
	uint16_t protocol;

	if (!have(c, 1))
		return fail(c, SEGMENT_TRUNCATED);
	size = c->at[0] & 1 ? 1 : 2;
	if (!have(c, size))
		return fail(c, SEGMENT_TRUNCATED);
	protocol = size == 1 ? c->at[0] : be16(c->at);
	advance(c, size);
	return protocol == PPP_IPV4 ? IPV4 : protocol == PPP_IPV6 ? IPV6 : fail(c, SEGMENT_OTHER);
}

static enum header step_pppoe(struct cursor *c)
{
	if (!have(c, 6))
		return fail(c, SEGMENT_TRUNCATED);
	advance(c, 6);
	return step_ppp(c);
}

static enum header step_ethertype(struct cursor *c)
{
	switch (c->type) {
	case ETHERTYPE_IPV4:
		return IPV4;
	case ETHERTYPE_IPV6:
		return IPV6;
	case ETHERTYPE_VLAN:
	case ETHERTYPE_QINQ:
	case ETHERTYPE_QINQ_OLD:
		if (!have(c, 4))
			return fail(c, SEGMENT_TRUNCATED);
		c->type = be16(c->at + 2);
		advance(c, 4);
		return ETHERTYPE;
	case ETHERTYPE_MPLS:
		return step_mpls(c);
	case ETHERTYPE_PPPOE:
		return step_pppoe(c);
	case ETHERTYPE_BRIDGED:
		return ETHERNET;
	default:
		return fail(c, SEGMENT_OTHER);
	}
}

static enum header step_ip(struct cursor *c)
{
	if (!have(c, 1))
		return fail(c, SEGMENT_TRUNCATED);
	return c->at[0] >> 4 == 4 ? IPV4 : c->at[0] >> 4 == 6 ? IPV6 : fail(c, SEGMENT_OTHER);
}

/* In one piece: whoever reads it next, as two words, need not wait for three. */
static void put_ipv4(uint8_t to[16], const uint8_t from[4])
{
	uint32_t words[4] = { 0 };

	memcpy(&words[3], from, 4);
	memcpy(to, words, sizeof(words));
}

static enum header step_ipv4(struct cursor *c)
{
	struct segment *s = c->out;
	uint32_t head, total;
	uint16_t fragment;

	if (!have(c, 20))
		return fail(c, SEGMENT_TRUNCATED);
	head = (c->at[0] & 15u) * 4;
	total = be16(c->at + 2);
	/* 0: segmentation was left to the device, or BIG TCP. */
	if (!total)
		total = c->left;
	if (c->at[0] >> 4 != 4 || head < 20 || total < head)
		return fail(c, SEGMENT_MALFORMED);
	c->type = c->at[9];
	if (c->type != 6 && c->type != 4 && c->type != 17 && c->type != 41 && c->type != 47)
		return fail(c, SEGMENT_OTHER);
	fragment = be16(c->at + 6);
	if (fragment & 0x1fff)
		return fail(c, SEGMENT_FRAGMENT);
	c->fragment = fragment & 0x2000;
	s->family = AF_INET;
	s->ttl = c->at[8];
	s->marks = 0;
	s->ipid = be16(c->at + 4);
	put_ipv4(s->saddr, c->at + 12);
	put_ipv4(s->daddr, c->at + 16);
	if (!have(c, head))
		return fail(c, SEGMENT_TRUNCATED);
	c->left = total;
	advance(c, head);
	return PAYLOAD;
}

/* Hop-by-hop, routing, destination options, fragment, authentication, mobility; as rst_parse.bpf.h. */
static bool is_extension(uint8_t next)
{
	return next == 0 || next == 43 || next == 60 || next == 44 || next == 51 || next == 135;
}

static enum header skip_extension(struct cursor *c, uint8_t *next)
{
	uint32_t size;

	if (!have(c, 8))
		return fail(c, SEGMENT_TRUNCATED);
	size = *next == 51 ? (c->at[1] + 2u) * 4 : *next == 44 ? 8 : (c->at[1] + 1u) * 8;
	if (*next == 44 && be16(c->at + 2) & 0xfff8)
		return fail(c, SEGMENT_FRAGMENT);
	if (*next == 44)
		c->fragment = c->at[3] & 1;
	if (!have(c, size))
		return fail(c, SEGMENT_TRUNCATED);
	*next = c->at[0];
	advance(c, size);
	return IPV6;
}

static enum header step_ipv6(struct cursor *c)
{
	struct segment *s = c->out;
	uint32_t payload;
	unsigned int n;
	uint8_t next;

	if (!have(c, 40))
		return fail(c, SEGMENT_TRUNCATED);
	if (c->at[0] >> 4 != 6)
		return fail(c, SEGMENT_MALFORMED);
	payload = be16(c->at + 4);
	next = c->at[6];
	s->family = AF_INET6;
	s->ttl = c->at[7];
	s->ipid = 0;
	s->marks = be32(c->at) & 0xfffff ? MARK_LABEL : MARK_NO_LABEL;
	memcpy(s->saddr, c->at + 8, 16);
	memcpy(s->daddr, c->at + 24, 16);
	c->fragment = false;
	advance(c, 40);
	/* 0: a jumbogram, or BIG TCP; then the buffer's length holds. */
	if (payload)
		c->left = payload;
	for (n = 0; is_extension(next); n++) {
		if (n == HEADERS_MAX)
			return fail(c, SEGMENT_TOO_DEEP);
		if (skip_extension(c, &next) == FAILED)
			return FAILED;
	}
	c->type = next;
	return PAYLOAD;
}

static enum header step_gre(struct cursor *c)
{
	uint16_t flags;
	uint32_t size = 4;

	if (!have(c, 4))
		return fail(c, SEGMENT_TRUNCATED);
	flags = be16(c->at);
	c->type = be16(c->at + 2);
	if (flags & 7)
		return fail(c, SEGMENT_OTHER); /* version 1 is PPTP's */
	/* Checksum and routing share four bytes; key; sequence number. */
	size += flags & 0xc000 ? 4 : 0;
	size += flags & 0x2000 ? 4 : 0;
	size += flags & 0x1000 ? 4 : 0;
	/* Version II of ERSPAN has a header of its own and a sequence number; version I neither. */
	size += c->type == ETHERTYPE_ERSPAN && flags & 0x1000 ? 8 : 0;
	if (!have(c, size))
		return fail(c, SEGMENT_TRUNCATED);
	advance(c, size);
	return c->type == ETHERTYPE_ERSPAN ? ETHERNET : ETHERTYPE;
}

static enum header step_geneve(struct cursor *c)
{
	uint32_t size;

	if (!have(c, 8))
		return fail(c, SEGMENT_TRUNCATED);
	size = 8 + (c->at[0] & 0x3fu) * 4;
	c->type = be16(c->at + 2);
	if (c->at[0] >> 6 || !have(c, size))
		return fail(c, c->at[0] >> 6 ? SEGMENT_OTHER : SEGMENT_TRUNCATED);
	advance(c, size);
	return ETHERTYPE;
}

/* 3GPP TS 29.281, 5.1 and 5.2: a user's packet between the cells and the gateway of a mobile network. */
static enum header step_gtp_u(struct cursor *c)
{
	uint32_t size = 8;
	uint8_t next = 0;

	if (!have(c, 8) || c->at[0] >> 4 != 3 || c->at[1] != GTP_T_PDU)
		return fail(c, SEGMENT_OTHER);
	if (c->at[0] & 7) {
		size = 12;
		if (!have(c, size))
			return fail(c, SEGMENT_TRUNCATED);
		next = c->at[0] & 4 ? c->at[11] : 0;
	}
	advance(c, size);
	/* Extensions: their length in words, the content, the type of the next. */
	while (next) {
		if (!have(c, 1))
			return fail(c, SEGMENT_TRUNCATED);
		size = c->at[0] * 4u;
		if (!size || !have(c, size))
			return fail(c, size ? SEGMENT_TRUNCATED : SEGMENT_MALFORMED);
		next = c->at[size - 1];
		advance(c, size);
	}
	return IP;
}

static enum header step_udp(struct cursor *c)
{
	uint16_t port;

	if (c->fragment)
		return fail(c, SEGMENT_OTHER);
	if (!have(c, 8))
		return fail(c, SEGMENT_OTHER);
	port = be16(c->at + 2);
	if (port != PORT_VXLAN && port != PORT_VXLAN_LINUX && port != PORT_GENEVE &&
	    port != PORT_GTP_U)
		return fail(c, SEGMENT_OTHER);
	advance(c, 8);
	if (port == PORT_GENEVE)
		return step_geneve(c);
	if (port == PORT_GTP_U)
		return step_gtp_u(c);
	/* The flag that the network's number is valid; anything else on that port is not VXLAN. */
	if (!have(c, 8) || !(c->at[0] & 0x08))
		return fail(c, SEGMENT_OTHER);
	advance(c, 8);
	return ETHERNET;
}

static enum header step_payload(struct cursor *c)
{
	switch (c->type) {
	case 6:
		return TCP;
	case 4:
		return IPV4;
	case 41:
		return IPV6;
	case 47:
		return c->fragment ? fail(c, SEGMENT_OTHER) : step_gre(c);
	case 17:
		return step_udp(c);
	default:
		return fail(c, SEGMENT_OTHER);
	}
}

#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_WSCALE 3
#define OPTION_MPTCP 30

/* @whole: all of them were captured */
static void read_options(struct segment *s, const uint8_t *at, const uint8_t *end, bool whole)
{
	bool mptcp = false;

	while (at < end && *at != OPTION_END) {
		if (*at == OPTION_NOP) {
			at++;
			continue;
		}
		if (end - at < 2 || at[1] < 2 || at[1] > end - at)
			break;
		/* RFC 7323, 2.2 and 2.3 */
		if (at[0] == OPTION_WSCALE && at[1] == 3 && s->flags & FLAG_SYN)
			s->wscale = at[2] <= 14 ? at[2] : 14;
		mptcp |= at[0] == OPTION_MPTCP;
		at += at[1];
	}
	if (mptcp || whole)
		s->marks |= mptcp ? MARK_MPTCP : MARK_NO_MPTCP;
}

static enum header step_tcp(struct cursor *c)
{
	struct segment *s = c->out;
	bool whole;
	uint32_t head;

	/* The ports alone are of no use; up to the flags and the window it must be there. */
	if (!have(c, 16))
		return fail(c, SEGMENT_TRUNCATED);
	head = (c->at[12] >> 4) * 4u;
	if (head < 20 || (head > c->left && !c->fragment))
		return fail(c, SEGMENT_MALFORMED);
	s->sport = be16(c->at);
	s->dport = be16(c->at + 2);
	s->seq = be32(c->at + 4);
	s->ack = be32(c->at + 8);
	s->flags = c->at[13];
	s->window = be16(c->at + 14);
	s->len = c->left > head ? c->left - head : 0;
	s->wscale = WSCALE_NONE;
	if (s->flags & (FLAG_SYN | FLAG_RST) && have(c, 20)) {
		whole = have(c, head);
		read_options(s, c->at + 20, whole ? c->at + head : c->end, whole);
	}
	return DONE;
}

static enum header step(struct cursor *c, enum header h)
{
	switch (h) {
	case ETHERNET:
		return step_ethernet(c);
	case ETHERTYPE:
		return step_ethertype(c);
	case IP:
		return step_ip(c);
	case IPV4:
		return step_ipv4(c);
	case IPV6:
		return step_ipv6(c);
	case PAYLOAD:
		return step_payload(c);
	default:
		return step_tcp(c);
	}
}

static enum capture_direction direction_of(uint8_t packet_type)
{
	return packet_type == SLL_OUTGOING ? DIRECTION_OUTBOUND :
	       packet_type == 0		   ? DIRECTION_INBOUND :
					     DIRECTION_UNKNOWN;
}

/* BSD's numbers for IPv6 differ: 24, 28, 30; the version tells. */
static enum header start_loopback(struct cursor *c)
{
	if (!have(c, 4))
		return fail(c, SEGMENT_TRUNCATED);
	advance(c, 4);
	return IP;
}

/* With or without the address and control bytes of HDLC. */
static enum header start_ppp(struct cursor *c)
{
	if (have(c, 2) && be16(c->at) == 0xff03)
		advance(c, 2);
	return step_ppp(c);
}

static enum header start_cisco_hdlc(struct cursor *c)
{
	if (!have(c, 4))
		return fail(c, SEGMENT_TRUNCATED);
	c->type = be16(c->at + 2);
	advance(c, 4);
	return ETHERTYPE;
}

static enum header start_sll(struct cursor *c)
{
	if (!have(c, 16))
		return fail(c, SEGMENT_TRUNCATED);
	c->type = be16(c->at + 14);
	c->out->direction = direction_of((uint8_t)be16(c->at));
	advance(c, 16);
	return ETHERTYPE;
}

static enum header start_sll2(struct cursor *c)
{
	if (!have(c, 20))
		return fail(c, SEGMENT_TRUNCATED);
	c->type = be16(c->at);
	c->out->ifindex = be32(c->at + 4);
	c->out->direction = direction_of(c->at[10]);
	advance(c, 20);
	return ETHERTYPE;
}

static enum header start(struct cursor *c, uint16_t linktype)
{
	switch (linktype) {
	case LINKTYPE_ETHERNET:
		return ETHERNET;
	case LINKTYPE_RAW:
	case LINKTYPE_RAW_BSD:
	case LINKTYPE_RAW_OPENBSD:
	case LINKTYPE_IPV4:
	case LINKTYPE_IPV6:
		return IP;
	case LINKTYPE_NULL:
	case LINKTYPE_LOOP:
		return start_loopback(c);
	case LINKTYPE_PPP:
	case LINKTYPE_PPP_HDLC:
		return start_ppp(c);
	case LINKTYPE_PPP_ETHER:
		return step_pppoe(c);
	case LINKTYPE_C_HDLC:
		return start_cisco_hdlc(c);
	case LINKTYPE_SLL:
		return start_sll(c);
	case LINKTYPE_SLL2:
		return start_sll2(c);
	default:
		return fail(c, SEGMENT_OTHER);
	}
}

/* Of a link type that start() knows, an empty packet is one that was cut. */
bool segment_knows(uint16_t linktype)
{
	struct cursor empty = { 0 };

	return start(&empty, linktype) != FAILED || empty.why != SEGMENT_OTHER;
}

const uint8_t *segment_glance(const struct capture_packet *p, uint16_t linktype)
{
	const uint8_t *at = p->data, *tcp;
	unsigned int left; /* from TCP on */

	if (linktype != LINKTYPE_ETHERNET || p->caplen < 14 + 20 + 20)
		return NULL;
	if (be16(at + 12) == ETHERTYPE_IPV4 && at[14] == 0x45 && at[23] == 6 &&
	    !(be16(at + 20) & 0x3fff)) {
		tcp = at + 14 + 20;
		left = be16(at + 16) - 20u;
	} else if (be16(at + 12) == ETHERTYPE_IPV6 && at[14] >> 4 == 6 && at[20] == 6 &&
		   p->caplen >= 14 + 40 + 20) {
		tcp = at + 14 + 40;
		left = be16(at + 18);
	} else {
		return NULL;
	}
	/* Without a length, or with one that is too small, it needs a closer look. */
	return tcp[12] >> 4 >= 5 && left <= UINT16_MAX && (tcp[12] >> 4) * 4u <= left ? tcp : NULL;
}

void segment_ends(const struct capture_packet *p, const uint8_t *tcp, struct segment *ret)
{
	if (tcp == p->data + 14 + 20) {
		put_ipv4(ret->saddr, tcp - 8);
		put_ipv4(ret->daddr, tcp - 4);
	} else {
		memcpy(ret->saddr, tcp - 32, 16);
		memcpy(ret->daddr, tcp - 16, 16);
	}
	ret->sport = be16(tcp);
	ret->dport = be16(tcp + 2);
}

enum segment_result segment_parse(const struct capture_packet *p, uint16_t linktype,
				  struct segment *ret)
{
	struct cursor c = {
		.at = p->data,
		.end = p->data + p->caplen,
		.left = p->len > p->caplen ? p->len : p->caplen,
		.out = ret,
	};
	enum header h;
	unsigned int n;

	ret->ifindex = 0;
	ret->direction = p->direction;
	h = start(&c, linktype);
	for (n = 0; h != DONE && h != FAILED; n++)
		h = n < HEADERS_MAX ? step(&c, h) : fail(&c, SEGMENT_TOO_DEEP);
	return h == DONE ? SEGMENT_TCP : c.why;
}
