// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_pcap_reader.c - captures of all kinds, whole, cut and damaged, and what their wire tells.
 */
#include <errno.h>
#include <zlib.h>

#include "capture/dissect.h"
#include "diagnose/causes.h"
#include "wire.h"

/* --- what a capture tells --------------------------------------------------------------------------- */

struct story {
	const char *name;
	const char *cause;
	enum confidence confidence;
	const char *state, *history;
	const char *candidate;	  /* must be one; NULL = none in particular */
	const char *first;	  /* must be the first one */
	const char *no_candidate; /* must not be one */
	unsigned int before,
		after; /* so many other resets are told before this one, and after it */
	struct wire_segment segments[12];
	const char *cause6; /* with IPv6, where it differs */
	enum confidence confidence6;
};

static const struct story stories[] = {
	{ .name = "a SYN that is refused",
	  .cause = "closed-port",
	  .confidence = CONF_POSSIBLE,
	  .state = "REJ",
	  .history = "Sr",
	  .candidate = "netfilter-reject",
	  .no_candidate = "linger-zero",
	  .segments = { { .us = 0, .flags = "S", .seq = 100 },
			{ .us = 50, .from_server = true, .flags = "RA", .ack = 101 } },
	  .cause6 = "unknown" },
	{ .name = "a SYN that is refused with a flow label",
	  .cause = "closed-port",
	  .confidence = CONF_POSSIBLE,
	  .state = "REJ",
	  .history = "Sr",
	  .segments = { { .us = 0, .flags = "S", .seq = 100 },
			{ .us = 50,
			  .from_server = true,
			  .flags = "RA",
			  .ack = 101,
			  .labelled = true } },
	  .cause6 = "closed-port",
	  .confidence6 = CONF_LIKELY },
	{ .name = "a SYN that is refused where others were accepted",
	  .cause = "unknown",
	  .state = "REJ",
	  .history = "Sr",
	  .candidate = "netfilter-reject",
	  .segments = { { .us = 0, .flags = "S", .seq = 9, .port = 40001 },
			{ .us = 10,
			  .from_server = true,
			  .flags = "SA",
			  .seq = 5,
			  .ack = 10,
			  .port = 40001 },
			{ .us = 20, .flags = "S", .seq = 100 },
			{ .us = 50, .from_server = true, .flags = "RA", .ack = 101 } } },
	{ .name = "data after the server's FIN",
	  .cause = "data-after-close",
	  .confidence = CONF_LIKELY,
	  .state = "RSTR",
	  .history = "ShAfDr",
	  .segments = { { .us = 0, .flags = "S", .seq = 100 },
			{ .us = 10, .from_server = true, .flags = "SA", .seq = 500, .ack = 101 },
			{ .us = 20, .flags = "A", .seq = 101, .ack = 501 },
			{ .us = 30, .from_server = true, .flags = "FA", .seq = 501, .ack = 101 },
			{ .us = 40, .flags = "A", .seq = 101, .ack = 502 },
			{ .us = 50, .flags = "PA", .seq = 101, .ack = 502, .len = 10 },
			{ .us = 60, .from_server = true, .flags = "R", .seq = 502 } } },
	{ .name = "data a minute after the server's FIN",
	  .cause = "unknown",
	  .state = "RSTR",
	  .history = "ShAfDr",
	  .candidate = "no-socket",
	  .segments = { { .us = 0, .flags = "S", .seq = 100 },
			{ .us = 10, .from_server = true, .flags = "SA", .seq = 500, .ack = 101 },
			{ .us = 20, .flags = "A", .seq = 101, .ack = 501 },
			{ .us = 30, .from_server = true, .flags = "FA", .seq = 501, .ack = 101 },
			{ .us = 61000000, .flags = "PA", .seq = 101, .ack = 502, .len = 10 },
			{ .us = 61000060, .from_server = true, .flags = "R", .seq = 502 } } },
	{ .name = "an answer to a SYN that acknowledges something else",
	  .cause = "syn-sent-bad-ack",
	  .confidence = CONF_LIKELY,
	  .state = "RSTOS0",
	  .history = "SaR",
	  .candidate = "early-demux-clash",
	  .segments = { { .us = 0, .flags = "S", .seq = 100 },
			{ .us = 10, .from_server = true, .flags = "A", .seq = 7000, .ack = 5000 },
			{ .us = 20, .flags = "R", .seq = 5000 } } },
	{ .name = "a server that aborts before it was sent anything",
	  .cause = "unknown",
	  .state = "RSTR",
	  .history = "ShAr",
	  .candidate = "listener-closed",
	  .no_candidate = "unread-data",
	  .segments = { { .us = 0, .flags = "S", .seq = 100 },
			{ .us = 10, .from_server = true, .flags = "SA", .seq = 500, .ack = 101 },
			{ .us = 20, .flags = "A", .seq = 101, .ack = 501 },
			{ .us = 30,
			  .from_server = true,
			  .flags = "RA",
			  .seq = 501,
			  .ack = 101 } } },
	{ .name = "a server that aborts after it was sent data",
	  .cause = "unknown",
	  .state = "RSTR",
	  .history = "ShADar",
	  .candidate = "unread-data",
	  .no_candidate = "netfilter-reject",
	  .segments = { { .us = 0, .flags = "S", .seq = 100 },
			{ .us = 10, .from_server = true, .flags = "SA", .seq = 500, .ack = 101 },
			{ .us = 20, .flags = "A", .seq = 101, .ack = 501 },
			{ .us = 30, .flags = "PA", .seq = 101, .ack = 501, .len = 9 },
			{ .us = 40, .from_server = true, .flags = "A", .seq = 501, .ack = 110 },
			{ .us = 50,
			  .from_server = true,
			  .flags = "RA",
			  .seq = 501,
			  .ack = 110 } } },
	{ .name = "a reset with the TTL of another host, and a window",
	  .cause = "forged",
	  .confidence = CONF_LIKELY,
	  .state = "RSTR",
	  .history = "ShADr",
	  .segments = { { .us = 0, .flags = "S", .seq = 100 },
			{ .us = 10,
			  .from_server = true,
			  .flags = "SA",
			  .seq = 500,
			  .ack = 101,
			  .ttl = 50 },
			{ .us = 20, .flags = "A", .seq = 101, .ack = 501 },
			{ .us = 30, .flags = "PA", .seq = 101, .ack = 501, .len = 9 },
			{ .us = 50,
			  .from_server = true,
			  .flags = "R",
			  .seq = 501,
			  .ttl = 120,
			  .win = 512 } } },
	{ .name = "a reset with another TTL and nothing else: its sender may set its own",
	  .cause = "unknown",
	  .candidate = "forged",
	  .state = "RSTR",
	  .history = "ShADr",
	  .segments = { { .us = 0, .flags = "S", .seq = 100 },
			{ .us = 10,
			  .from_server = true,
			  .flags = "SA",
			  .seq = 500,
			  .ack = 101,
			  .ttl = 50 },
			{ .us = 20, .flags = "A", .seq = 101, .ack = 501 },
			{ .us = 30, .flags = "PA", .seq = 101, .ack = 501, .len = 9 },
			{ .us = 50, .from_server = true, .flags = "R", .seq = 501, .ttl = 120 } } },
	{ .name = "a reset after which its sender goes on",
	  .cause = "forged",
	  .confidence = CONF_LIKELY,
	  .state = "RSTR",
	  .history = "ShADr",
	  .segments = { { .us = 0, .flags = "S", .seq = 100 },
			{ .us = 10, .from_server = true, .flags = "SA", .seq = 500, .ack = 101 },
			{ .us = 20, .flags = "A", .seq = 101, .ack = 501 },
			{ .us = 30, .flags = "PA", .seq = 101, .ack = 501, .len = 9 },
			{ .us = 50, .from_server = true, .flags = "RA", .seq = 501, .ack = 105 },
			{ .us = 9000,
			  .from_server = true,
			  .flags = "PA",
			  .seq = 501,
			  .ack = 110,
			  .len = 5 } } },
#define CLOSED_WITH_DATA_ON_ITS_WAY                                                       \
	{ .us = 0, .flags = "S", .seq = 100 },                                            \
		{ .us = 10, .from_server = true, .flags = "SA", .seq = 500, .ack = 101 }, \
		{ .us = 20, .flags = "A", .seq = 101, .ack = 501 },                       \
		{ .us = 30, .from_server = true, .flags = "FA", .seq = 501, .ack = 101 }, \
		{ .us = 40, .flags = "A", .seq = 101, .ack = 502 },                       \
		{ .us = 50, .flags = "PA", .seq = 101, .ack = 502, .len = 10 },           \
		{ .us = 60, .flags = "FA", .seq = 111, .ack = 502 },                      \
		{ .us = 900, .from_server = true, .flags = "R", .seq = 502 },             \
	{                                                                                 \
		.us = 910, .from_server = true, .flags = "R", .seq = 502                  \
	}
	{ .name = "captured at the client: the first of several after the server's FIN",
	  .cause = "data-after-close",
	  .confidence = CONF_LIKELY,
	  .state = "RSTR",
	  .history = "ShAfDFr",
	  .after = 1,
	  .segments = { CLOSED_WITH_DATA_ON_ITS_WAY } },
	{ .name = "captured at the client: the second of several after the server's FIN",
	  .cause = "unknown",
	  .state = "RSTR",
	  .history = "ShAfDFrr",
	  .first = "listener-stray",
	  .no_candidate = "data-after-close",
	  .before = 1,
	  .segments = { CLOSED_WITH_DATA_ON_ITS_WAY } },
	{ .name = "data that the server had acknowledged after its FIN is not what it refuses",
	  .cause = "unknown",
	  .state = "RSTR",
	  .history = "ShAfDaFr",
	  .candidate = "linger2",
	  .no_candidate = "data-after-close",
	  .segments = { { .us = 0, .flags = "S", .seq = 100 },
			{ .us = 10, .from_server = true, .flags = "SA", .seq = 500, .ack = 101 },
			{ .us = 20, .flags = "A", .seq = 101, .ack = 501 },
			{ .us = 30, .from_server = true, .flags = "FA", .seq = 501, .ack = 101 },
			{ .us = 50, .flags = "PA", .seq = 101, .ack = 502, .len = 10 },
			{ .us = 60, .from_server = true, .flags = "A", .seq = 502, .ack = 111 },
			{ .us = 70, .flags = "FA", .seq = 111, .ack = 502 },
			{ .us = 80, .from_server = true, .flags = "R", .seq = 502 } } },
	{ .name = "what was on its way when the server aborted",
	  .cause = "listener-stray",
	  .confidence = CONF_LIKELY,
	  .state = "RSTR",
	  .history = "ShADrr",
	  .before = 1,
	  .segments = { { .us = 0, .flags = "S", .seq = 100 },
			{ .us = 10, .from_server = true, .flags = "SA", .seq = 500, .ack = 101 },
			{ .us = 20, .flags = "A", .seq = 101, .ack = 501 },
			{ .us = 30, .flags = "PA", .seq = 101, .ack = 501, .len = 10 },
			{ .us = 40, .from_server = true, .flags = "RA", .seq = 501, .ack = 111 },
			{ .us = 41, .flags = "PA", .seq = 111, .ack = 501, .len = 10 },
			{ .us = 50, .from_server = true, .flags = "R", .seq = 501 } } },
	{ .name = "what was on its way when the client aborted",
	  .cause = "no-socket",
	  .confidence = CONF_LIKELY,
	  .state = "RSTO",
	  .history = "ShAdRR",
	  .before = 1,
	  .segments = { { .us = 0, .flags = "S", .seq = 100 },
			{ .us = 10, .from_server = true, .flags = "SA", .seq = 500, .ack = 101 },
			{ .us = 20, .flags = "A", .seq = 101, .ack = 501 },
			{ .us = 30,
			  .from_server = true,
			  .flags = "PA",
			  .seq = 501,
			  .ack = 101,
			  .len = 10 },
			{ .us = 40, .flags = "RA", .seq = 101, .ack = 511 },
			{ .us = 41,
			  .from_server = true,
			  .flags = "PA",
			  .seq = 511,
			  .ack = 101,
			  .len = 10 },
			{ .us = 50, .flags = "R", .seq = 101 } } },
	{ .name = "the other end had aborted, not the sender",
	  .cause = "unknown",
	  .state = "RSTR",
	  .history = "ShADRr",
	  .before = 1,
	  .candidate = "listener-stray",
	  .segments = { { .us = 0, .flags = "S", .seq = 100 },
			{ .us = 10, .from_server = true, .flags = "SA", .seq = 500, .ack = 101 },
			{ .us = 20, .flags = "A", .seq = 101, .ack = 501 },
			{ .us = 30, .flags = "PA", .seq = 101, .ack = 501, .len = 10 },
			{ .us = 40, .flags = "RA", .seq = 111, .ack = 501 },
			{ .us = 50, .from_server = true, .flags = "R", .seq = 501 } } },
	{ .name = "a healthy connection whose data is refused",
	  .cause = "unknown",
	  .state = "RSTR",
	  .history = "ShADdar",
	  .candidate = "dnat-invalid",
	  .no_candidate = "syn-sent-bad-ack",
	  .segments = { { .us = 0, .flags = "S", .seq = 100 },
			{ .us = 10, .from_server = true, .flags = "SA", .seq = 500, .ack = 101 },
			{ .us = 20, .flags = "A", .seq = 101, .ack = 501 },
			{ .us = 30, .flags = "PA", .seq = 101, .ack = 501, .len = 9 },
			{ .us = 40,
			  .from_server = true,
			  .flags = "PA",
			  .seq = 501,
			  .ack = 110,
			  .len = 9 },
			{ .us = 45, .from_server = true, .flags = "A", .seq = 510, .ack = 110 },
			{ .us = 50, .flags = "PA", .seq = 110, .ack = 510, .len = 9 },
			{ .us = 60, .from_server = true, .flags = "R", .seq = 510 } } },
};

static bool is_candidate(const struct reset_case *c, const char *id)
{
	unsigned int i;

	for (i = 0; i < c->diagnosis.n_candidates; i++)
		if (!strcmp(c->diagnosis.candidates[i]->id, id))
			return true;
	return false;
}

static void build(struct wire *w, const struct wire_segment *segments, uint8_t af)
{
	static struct wire packet;

	w->n = 0;
	wire_pcap_header(w, 101);
	for (; segments->flags; segments++) {
		packet.n = 0;
		wire_ip(&packet, segments, af);
		wire_record(w, segments->us, &packet, UINT32_MAX);
	}
}

static void test_story(const struct story *s, const struct family *f)
{
	bool differs = f->af == AF_INET6 && s->cause6;
	static struct wire w;
	const struct outcome *o;
	const struct reset_case *c;

	build(&w, s->segments, f->af);
	o = wire_read(w.bytes, w.n);
	check_int(o->err, 0, "%s, %s: is read (%s)", s->name, f->name, o->why);
	check_int(o->n, s->before + 1 + s->after, "%s, %s: number of resets", s->name, f->name);
	if (o->n <= s->before)
		return;
	c = &o->cases[s->before];
	check_str(c->diagnosis.cause->id, differs ? s->cause6 : s->cause, "%s, %s: the cause",
		  s->name, f->name);
	check_int(c->diagnosis.confidence, differs ? s->confidence6 : s->confidence,
		  "%s, %s: the confidence", s->name, f->name);
	check_str(c->seen.conversation.state, s->state, "%s, %s: Zeek's state", s->name, f->name);
	check_str(c->seen.conversation.history, s->history, "%s, %s: Zeek's history", s->name,
		  f->name);
	if (s->candidate)
		check(is_candidate(c, s->candidate), "%s, %s: %s stays possible", s->name, f->name,
		      s->candidate);
	if (s->first)
		check_str(c->diagnosis.n_candidates ? c->diagnosis.candidates[0]->id : "", s->first,
			  "%s, %s: the likeliest", s->name, f->name);
	if (s->no_candidate)
		check(!is_candidate(c, s->no_candidate), "%s, %s: %s is out of the question",
		      s->name, f->name, s->no_candidate);
}

/* --- wrappings ---------------------------------------------------------------------------------------- */

static void wrap_ethernet(struct wire *w, unsigned int type)
{
	wire_put(w, "\2\0\0\0\0\1\2\0\0\0\0\2", 12);
	wire_put16(w, type);
}

/* An IPv4 header around @len bytes of @protocol. */
static void wrap_ipv4(struct wire *w, unsigned int protocol, unsigned int len)
{
	wire_put16(w, 0x4500);
	wire_put16(w, 20 + len);
	wire_put32(w, 0);
	wire_put8(w, 64);
	wire_put8(w, protocol);
	wire_put16(w, 0);
	wire_put32(w, 0x0a000001);
	wire_put32(w, 0x0a000002);
}

static void wrap_udp(struct wire *w, unsigned int port, unsigned int len)
{
	wrap_ipv4(w, 17, 8 + len);
	wire_put16(w, 5000);
	wire_put16(w, port);
	wire_put16(w, 8 + len);
	wire_put16(w, 0);
}

enum wrapping {
	ETHER,
	VLAN,
	QINQ,
	MPLS,
	PPPOE,
	NULL_BSD,
	LOOP,
	RAW,
	SLL,
	SLL2,
	IPIP,
	GRE,
	GRE_KEY,
	VXLAN,
	GENEVE,
	PPP,
	PPP_SHORT,
	PPP_ETHER,
	CISCO_HDLC,
	ERSPAN,
	GTP_U,
	GTP_U_EXTENDED,
	N_WRAPPINGS
};

static const char *const wrapping_names[] = { "Ethernet",
					      "VLAN",
					      "QinQ",
					      "MPLS",
					      "PPPoE",
					      "BSD null",
					      "loopback",
					      "raw IP",
					      "SLL",
					      "SLL2",
					      "IP in IP",
					      "GRE",
					      "GRE with a key",
					      "VXLAN",
					      "GENEVE",
					      "PPP",
					      "PPP, compressed",
					      "PPPoE without Ethernet",
					      "Cisco HDLC",
					      "ERSPAN",
					      "GTP-U",
					      "GTP-U with extensions" };

/* Returns the link type. */
static uint32_t wrap(struct wire *w, enum wrapping how, uint8_t af, unsigned int len, bool outgoing)
{
	unsigned int type = af == AF_INET6 ? 0x86dd : 0x0800;

	switch (how) {
	case ETHER:
		wrap_ethernet(w, type);
		return 1;
	case VLAN:
		wrap_ethernet(w, 0x8100);
		wire_put16(w, 5);
		wire_put16(w, type);
		return 1;
	case QINQ:
		wrap_ethernet(w, 0x88a8);
		wire_put16(w, 5);
		wire_put16(w, 0x8100);
		wire_put16(w, 6);
		wire_put16(w, type);
		return 1;
	case MPLS:
		wrap_ethernet(w, 0x8847);
		wire_put32(w, 0x00010040);
		wire_put32(w, 0x00020140);
		return 1;
	case PPPOE:
		wrap_ethernet(w, 0x8864);
		wire_put16(w, 0x1100);
		wire_put16(w, 1);
		wire_put16(w, len + 2);
		wire_put16(w, af == AF_INET6 ? 0x57 : 0x21);
		return 1;
	case NULL_BSD:
		wire_host32(w, af == AF_INET6 ? 30 : 2);
		return 0;
	case LOOP:
		wire_put32(w, af == AF_INET6 ? 24 : 2);
		return 108;
	case RAW:
		return 101;
	case SLL:
		wire_put16(w, outgoing ? 4 : 0);
		wire_put(w, "\0\1\0\6\2\0\0\0\0\1\0\0", 12);
		wire_put16(w, type);
		return 113;
	case SLL2:
		wire_put16(w, type);
		wire_put16(w, 0);
		wire_put32(w, 7);
		wire_put16(w, 1);
		wire_put8(w, outgoing ? 4 : 0);
		wire_put(w, "\6\2\0\0\0\0\1\0\0", 9);
		return 276;
	case IPIP:
		wrap_ethernet(w, 0x0800);
		wrap_ipv4(w, af == AF_INET6 ? 41 : 4, len);
		return 1;
	case GRE:
		wrap_ethernet(w, 0x0800);
		wrap_ipv4(w, 47, 4 + len);
		wire_put16(w, 0);
		wire_put16(w, type);
		return 1;
	case GRE_KEY:
		wrap_ethernet(w, 0x0800);
		wrap_ipv4(w, 47, 8 + 14 + len);
		wire_put16(w, 0x2000);
		wire_put16(w, 0x6558);
		wire_put32(w, 42);
		wrap_ethernet(w, type);
		return 1;
	case VXLAN:
		wrap_ethernet(w, 0x0800);
		wrap_udp(w, 4789, 8 + 14 + len);
		wire_put32(w, 0x08000000);
		wire_put32(w, 42 << 8);
		wrap_ethernet(w, type);
		return 1;
	case PPP:
		wire_put16(w, 0xff03);
		wire_put16(w, af == AF_INET6 ? 0x57 : 0x21);
		return 9;
	case PPP_SHORT:
		wire_put8(w, af == AF_INET6 ? 0x57 : 0x21);
		return 9;
	case PPP_ETHER:
		wire_put16(w, 0x1100);
		wire_put16(w, 1);
		wire_put16(w, len + 2);
		wire_put16(w, af == AF_INET6 ? 0x57 : 0x21);
		return 51;
	case CISCO_HDLC:
		wire_put16(w, 0x0f00);
		wire_put16(w, type);
		return 104;
	case ERSPAN:
		wrap_ethernet(w, 0x0800);
		wrap_ipv4(w, 47, 16 + 14 + len);
		wire_put16(w, 0x1000);
		wire_put16(w, 0x88be);
		wire_put32(w, 7);
		wire_put32(w, 0x10010000);
		wire_put32(w, 0);
		wrap_ethernet(w, type);
		return 1;
	case GTP_U:
		wrap_ethernet(w, 0x0800);
		wrap_udp(w, 2152, 8 + len);
		wire_put16(w, 0x30ff);
		wire_put16(w, len);
		wire_put32(w, 42);
		return 1;
	case GTP_U_EXTENDED:
		wrap_ethernet(w, 0x0800);
		wrap_udp(w, 2152, 20 + len);
		wire_put16(w, 0x36ff); /* sequence number, extensions */
		wire_put16(w, 12 + len);
		wire_put32(w, 42);
		wire_put32(w, 0x00010085);
		wire_put32(w, 0x01000085);
		wire_put32(w, 0x01000000);
		return 1;
	default:
		wrap_ethernet(w, 0x0800);
		wrap_udp(w, 6081, 12 + 14 + len);
		wire_put16(w, 0x0100); /* one word of options */
		wire_put16(w, 0x6558);
		wire_put32(w, 42 << 8);
		wire_put32(w, 0);
		wrap_ethernet(w, type);
		return 1;
	}
}

static const struct wire_segment refused[] = {
	{ .us = 0, .flags = "S", .seq = 100 },
	{ .us = 50, .from_server = true, .flags = "RA", .ack = 101, .labelled = true },
	{ 0 },
};

static size_t build_wrapped(struct wire *w, enum wrapping how, uint8_t af, uint32_t snap)
{
	static struct wire packet, inner;
	size_t longest = 0;
	unsigned int i;

	w->n = 0;
	for (i = 0; i < 2; i++) {
		uint32_t linktype;

		inner.n = packet.n = 0;
		wire_ip(&inner, &refused[i], af);
		linktype = wrap(&packet, how, af, (unsigned int)inner.n, refused[i].from_server);
		wire_put(&packet, inner.bytes, inner.n);
		if (!i)
			wire_pcap_header(w, linktype);
		wire_record(w, refused[i].us, &packet, snap);
		longest = packet.n;
	}
	return longest;
}

static void test_wrapping(enum wrapping how, const struct family *f)
{
	static struct wire w;
	const struct outcome *o;
	size_t whole, snap;
	unsigned int wrong = 0;

	whole = build_wrapped(&w, how, f->af, UINT32_MAX);
	o = wire_read(w.bytes, w.n);
	check_int(o->n, 1, "%s, %s: one reset (%s%s)", wrapping_names[how], f->name, o->why,
		  o->warnings);
	check_str(o->n ? o->cases[0].diagnosis.cause->id : "", "closed-port", "%s, %s: the cause",
		  wrapping_names[how], f->name);
	if (how == SLL || how == SLL2)
		check_int(o->cases[0].seen.rst.heading, HEADING_OUT, "%s, %s: the direction",
			  wrapping_names[how], f->name);
	/* The TCP header to its window suffices; with less nothing is told, and the loss is. */
	for (snap = 1; snap < whole; snap++) {
		build_wrapped(&w, how, f->af, (uint32_t)snap);
		o = wire_read(w.bytes, w.n);
		wrong += snap >= whole - 4 ? o->n != 1 : o->n != 0;
	}
	check_int(wrong, 0, "%s, %s: cut at each length, right or told as lost",
		  wrapping_names[how], f->name);
}

/* --- a file is read twice, a pipe once -------------------------------------------------------------- */

static bool is_same_case(const struct reset_case *a, const struct reset_case *b)
{
	return a->diagnosis.cause == b->diagnosis.cause &&
	       a->diagnosis.confidence == b->diagnosis.confidence &&
	       a->diagnosis.facts_yes == b->diagnosis.facts_yes &&
	       a->diagnosis.facts_no == b->diagnosis.facts_no &&
	       a->seen.rst.ts_ns == b->seen.rst.ts_ns &&
	       a->diagnosis.n_candidates == b->diagnosis.n_candidates &&
	       a->seen.n_sightings == b->seen.n_sightings &&
	       a->asked.n_history == b->asked.n_history &&
	       !memcmp(a->asked.history, b->asked.history,
		       a->asked.n_history * sizeof(a->asked.history[0])) &&
	       !strcmp(a->seen.conversation.history, b->seen.conversation.history);
}

static bool is_same_piped(const struct wire *w)
{
	const struct outcome *file = wire_read(w->bytes, w->n);
	const struct outcome *piped = wire_read_piped(w->bytes, w->n);
	unsigned int i;

	if (file->n != piped->n || file->err != piped->err ||
	    strcmp(file->warnings, piped->warnings))
		return false;
	for (i = 0; i < file->n && i < OUTCOMES_MAX; i++)
		if (!is_same_case(&file->cases[i], &piped->cases[i]))
			return false;
	return true;
}

/* Those that `watch` follows too; a header of 8 bytes, 12 of authentication. */
static void test_extensions(void)
{
	static const struct {
		const char *name;
		uint8_t number, size;
	} headers[] = { { "hop-by-hop options", 0, 8 },	  { "routing", 43, 8 },
			{ "the first fragment", 44, 8 },  { "authentication", 51, 16 },
			{ "destination options", 60, 8 }, { "mobility", 135, 8 } };
	static struct wire plain, w;
	size_t i;

	wire_ip(&plain, &refused[0], AF_INET6);
	for (i = 0; i < ARRAY_SIZE(headers); i++) {
		struct capture_packet p = { .data = w.bytes };
		struct segment s;

		w.n = 0;
		wire_put(&w, plain.bytes, 40);
		w.bytes[5] = (uint8_t)(w.bytes[5] + headers[i].size);
		w.bytes[6] = headers[i].number;
		wire_put8(&w, 6);
		wire_put8(&w, headers[i].number == 51 ? headers[i].size / 4 - 2 :
							headers[i].size / 8 - 1);
		while (w.n < 40u + headers[i].size)
			wire_put8(&w, 0);
		wire_put(&w, plain.bytes + 40, plain.n - 40);
		p.len = p.caplen = (uint32_t)w.n;
		check_int(segment_parse(&p, 101, &s), SEGMENT_TCP, "IPv6 with %s is read",
			  headers[i].name);
		check_int(s.seq, refused[0].seq, "... up to TCP");
	}
}

static void test_piped(const struct family *f)
{
	static struct wire w;
	unsigned int i, different = 0;

	for (i = 0; i < ARRAY_SIZE(stories); i++) {
		build(&w, stories[i].segments, f->af);
		different += !is_same_piped(&w);
	}
	for (i = 0; i < N_WRAPPINGS; i++) {
		build_wrapped(&w, i, f->af, UINT32_MAX);
		different += !is_same_piped(&w);
	}
	check_int(different, 0, "%s: a file and a pipe tell the same", f->name);
}

/* Of two conversations one is reset: the other leaves no trace, but for the port that it found open. */
static void test_not_followed(void)
{
	static const struct wire_segment segments[] = {
		{ .us = 0, .flags = "S", .seq = 9, .port = 40001 },
		{ .us = 10,
		  .from_server = true,
		  .flags = "SA",
		  .seq = 5,
		  .ack = 10,
		  .port = 40001 },
		{ .us = 20, .flags = "A", .seq = 10, .ack = 6, .port = 40001 },
		{ .us = 100, .flags = "S", .seq = 100 },
		{ .us = 150, .from_server = true, .flags = "RA", .ack = 101 },
		{ 0 },
	};
	static struct wire w;
	const struct outcome *o;

	build(&w, segments, AF_INET);
	o = wire_read(w.bytes, w.n);
	check_int(o->n, 1, "one of two conversations is reset");
	check_int(o->cases[0].seen.conversation.port_open, KNOWN_YES,
		  "the other has shown that the port is open");
	check_int(o->cases[0].asked.history_since_ns, T0,
		  "and its packets are part of what was seen");
}

/* Standard input may be past what somebody else has read of it. */
static void test_second_half(void)
{
	static struct wire w, both;
	static struct outcome o;
	char path[64];
	int fd, saved = dup(STDIN_FILENO);

	build(&w, stories[0].segments, AF_INET);
	both.n = 0;
	wire_put(&both, "what came before", 16);
	wire_put(&both, w.bytes, w.n);
	fd = wire_file(both.bytes, both.n, path);
	lseek(fd, 16, SEEK_SET);
	dup2(fd, STDIN_FILENO);
	wire_read_path("-", &o);
	dup2(saved, STDIN_FILENO);
	close(saved);
	close(fd);
	check_int(o.n, 1, "a capture that begins within a file is read (%s)", o.why);
}

/* --- files -------------------------------------------------------------------------------------------- */

static void block(struct wire *w, uint32_t type, const void *body, size_t n)
{
	uint32_t len = (uint32_t)(12 + ((n + 3) & ~3u));

	wire_host32(w, type);
	wire_host32(w, len);
	wire_put(w, body, n);
	wire_put(w, "\0\0\0", -n & 3);
	wire_host32(w, len);
}

/* Two interfaces of different link types; the RST goes from one to the other. */
static void build_pcapng(struct wire *w)
{
	static struct wire body, packet;
	unsigned int i;

	w->n = body.n = 0;
	wire_host32(&body, 0x1a2b3c4d);
	wire_host32(&body, 1);
	wire_put(&body, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
	block(w, 0x0a0d0d0a, body.bytes, body.n);
	for (i = 0; i < 2; i++) {
		body.n = 0;
		wire_host16(&body, i ? 101 : 1);
		wire_host16(&body, 0);
		wire_host32(&body, 0);
		wire_host16(&body, 2);
		wire_host16(&body, 4);
		wire_put(&body, i ? "wan0" : "lan0", 4);
		wire_host16(&body, 9);
		wire_host16(&body, 1);
		wire_put(&body, "\x09\0\0\0\0\0\0\0", 8);
		block(w, 1, body.bytes, body.n);
	}
	block(w, 0x12345678, "what nobody knows", 17);
	for (i = 0; i < 3; i++) {
		const struct wire_segment *s = &refused[i ? 1 : 0];
		struct wire_segment passed = *s;
		uint64_t ns = T0 + s->us * 1000 + i;

		passed.ttl = i == 2 ? 63 : 64;
		packet.n = body.n = 0;
		if (i != 1)
			wrap_ethernet(&packet, 0x0800);
		wire_ip(&packet, &passed, AF_INET);
		wire_host32(&body, i == 1);
		wire_host32(&body, (uint32_t)(ns >> 32));
		wire_host32(&body, (uint32_t)ns);
		wire_host32(&body, (uint32_t)packet.n);
		wire_host32(&body, (uint32_t)packet.n);
		wire_put(&body, packet.bytes, packet.n);
		wire_put(&body, "\0\0\0", -packet.n & 3);
		wire_host16(&body, 2); /* flags: in, then out */
		wire_host16(&body, 4);
		wire_host32(&body, i == 2 ? 2 : 1);
		block(w, 6, body.bytes, body.n);
	}
}

static void test_pcapng(void)
{
	static struct wire w;
	const struct outcome *o;

	build_pcapng(&w);
	o = wire_read(w.bytes, w.n);
	check_int(o->err, 0, "pcapng with two link types is read (%s)", o->why);
	check_int(o->n, 1, "a RST on its way through is one reset");
	check_str(o->cases[0].diagnosis.cause->id, "forwarded", "it is named as what it is");
	check_int(o->cases[0].seen.n_sightings, 2, "with both its sightings");
	check_int(o->cases[0].seen.rst.ts_ns, T0 + 50001, "times are right to the nanosecond");
}

static void test_cuts(void)
{
	static struct wire w;
	unsigned int untold = 0, failed = 0;
	size_t n;

	build_pcapng(&w);
	for (n = 28; n < w.n; n++) {
		const struct outcome *o = wire_read(w.bytes, n);

		failed += o->err != 0;
		untold += !strstr(o->warnings, "truncated") && !strstr(o->warnings, "no packets") &&
			  !o->n;
	}
	check_int(failed, 0, "a capture that is cut anywhere is read as far as it goes");
	check(untold <= 4, "and that is said, unless it is cut between two blocks (%u)", untold);
}

static void test_damage(void)
{
	unsigned long long state = 20261126;
	static struct wire w, damaged;
	unsigned int i, read = 0;

	build_pcapng(&w);
	for (i = 0; i < 4000; i++) {
		unsigned int j;

		damaged = w;
		for (j = 0; j < 1 + i % 4; j++)
			damaged.bytes[test_random(&state) % w.n] = (uint8_t)test_random(&state);
		read += wire_read(damaged.bytes, damaged.n)->err == 0;
	}
	check(read > 0 && read < 4000, "damaged captures are read or refused (%u read)", read);
}

static void test_swapped(void)
{
	static struct wire w;
	const struct outcome *o;
	size_t at;

	build(&w, stories[3].segments, AF_INET);
	/* The file's own fields, in the other byte order. */
	for (at = 0; at < w.n;) {
		uint32_t v[6], i;
		uint32_t caplen;

		if (at == 0) {
			memcpy(v, w.bytes, 24);
			for (i = 0; i < 6; i++)
				v[i] = i == 1 ? 0x02000400u : __builtin_bswap32(v[i]);
			v[1] = __builtin_bswap32(0x00020004u);
			memcpy(w.bytes, v, 24);
			w.bytes[4] = 0, w.bytes[5] = 2, w.bytes[6] = 0, w.bytes[7] = 4;
			at = 24;
			continue;
		}
		memcpy(v, w.bytes + at, 16);
		caplen = v[2];
		for (i = 0; i < 4; i++)
			v[i] = __builtin_bswap32(v[i]);
		memcpy(w.bytes + at, v, 16);
		at += 16 + caplen;
	}
	o = wire_read(w.bytes, w.n);
	check_int(o->err, 0, "a capture of the other byte order is read (%s)", o->why);
	check_str(o->n ? o->cases[0].diagnosis.cause->id : "", "data-after-close", "and told");
}

static void test_gzip(void)
{
	static struct wire w;
	static uint8_t packed[1 << 16];
	z_stream z = { 0 };
	const struct outcome *o;

	build(&w, stories[0].segments, AF_INET);
	deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
	z.next_in = w.bytes;
	z.avail_in = (uInt)w.n;
	z.next_out = packed;
	z.avail_out = sizeof(packed);
	deflate(&z, Z_FINISH);
	o = wire_read(packed, z.total_out);
	check_int(o->n, 1, "a packed capture is read (%s)", o->why);
	o = wire_read(packed, z.total_out - 9);
	check(o->err && strstr(o->why, "truncated"), "half an archive is refused: %s", o->why);
	packed[20] ^= 0xff;
	packed[21] ^= 0x55;
	o = wire_read(packed, z.total_out);
	check(o->err, "a damaged archive is refused: %s", o->why);
	deflateEnd(&z);
}

static void test_wrong_files(void)
{
	static struct wire w;
	const struct outcome *o;

	o = wire_read("", 0);
	check(o->err && strstr(o->why, "is empty"), "an empty file is refused: %s", o->why);
	o = wire_read("#!/bin/sh\n", 10);
	check(o->err && strstr(o->why, "neither a capture"), "a wrong file is refused: %s", o->why);
	w.n = 0;
	wire_pcap_header(&w, 147);
	wire_record(&w, 0, &(struct wire){ .n = 60 }, UINT32_MAX);
	o = wire_read(w.bytes, w.n);
	check(o->err && strstr(o->why, "link type 147"), "an unknown link type is refused: %s",
	      o->why);
	w.n = 0;
	wire_pcap_header(&w, 1);
	o = wire_read(w.bytes, w.n);
	check(!o->err && strstr(o->warnings, "no packets"),
	      "a capture without packets is no fault");
}

int main(void)
{
	const struct family *f;
	unsigned int i;

	for_each_family(f)
	{
		for (i = 0; i < ARRAY_SIZE(stories); i++)
			test_story(&stories[i], f);
		for (i = 0; i < N_WRAPPINGS; i++)
			test_wrapping(i, f);
		test_piped(f);
	}
	test_extensions();
	test_not_followed();
	test_second_half();
	test_pcapng();
	test_cuts();
	test_damage();
	test_swapped();
	test_gzip();
	test_wrong_files();
	return test_done();
}
