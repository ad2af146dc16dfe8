/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * packet.h - a TCP segment as it was on the wire, and the flow that it belongs to.
 *
 * Everything is in host byte order except addresses.
 */
#ifndef MODEL_PACKET_H
#define MODEL_PACKET_H

#include <stdbool.h>
#include <stdint.h>
#include <netinet/in.h>

enum tcp_flag {
	FLAG_FIN = 0x01,
	FLAG_SYN = 0x02,
	FLAG_RST = 0x04,
	FLAG_PSH = 0x08,
	FLAG_ACK = 0x10,
};

/* HOOK_KERNEL: not seen on the wire, but as the kernel's account has it. */
enum hook { HOOK_XDP, HOOK_TC_INGRESS, HOOK_TC_EGRESS, HOOK_PCAP, HOOK_KERNEL };

/* Of a captured packet, "ifindex" has the capture above these bits, and its place in them. */
#define CAPTURE_PLACE_BITS 16

/* In "ifindex": of another host, by the numbers of whoever joined its file with ours. */
#define PLACE_ELSEWHERE (1u << 31)

/* Of a captured packet, where the capture tells. */
enum heading { HEADING_UNKNOWN, HEADING_IN, HEADING_OUT };

/* Addresses take 16 bytes; IPv4 stands in the last four, the rest is zero. */
struct tuple {
	uint8_t saddr[16];
	uint8_t daddr[16];
	uint16_t sport;
	uint16_t dport;
	uint8_t family; /* AF_INET, AF_INET6, 0 = not known */
};

/* What a capture tells beyond that; no mark: it does not tell. Of SYNs and RSTs only. */
enum packet_mark {
	MARK_MPTCP = 0x01, /* it carries an option of MPTCP, or */
	MARK_NO_MPTCP = 0x02,
	MARK_LABEL = 0x04, /* an IPv6 flow label, or */
	MARK_NO_LABEL = 0x08,
};

struct packet {
	uint64_t ts_ns; /* CLOCK_MONOTONIC */
	struct tuple tuple;
	uint32_t seq;
	uint32_t ack;
	uint32_t len; /* payload bytes */
	uint32_t ifindex;
	uint32_t cpu;
	uint16_t window;
	uint16_t ipid;
	uint8_t flags; /* enum tcp_flag */
	uint8_t ttl;
	uint8_t marks; /* enum packet_mark; HOOK_PCAP */
	enum hook hook;
	enum heading heading; /* HOOK_PCAP */
	bool gso;
	bool forwarded; /* seen leaving, after it had come in by an interface */
};

/* One RST is often seen on several interfaces; these are the places. */
struct sighting {
	uint64_t ts_ns;
	struct tuple tuple;
	uint32_t ifindex;
	enum hook hook;
	enum heading heading; /* HOOK_PCAP */
	uint8_t ttl;
	bool forwarded;
};

/** tuple_reverse() - the same connection seen from its other end. */
struct tuple tuple_reverse(const struct tuple *t);
bool tuple_equal(const struct tuple *a, const struct tuple *b);

/** tuple_same_source() - of a flow whose destination NAT may have changed */
bool tuple_same_source(const struct tuple *a, const struct tuple *b);
bool tuple_same_destination(const struct tuple *a, const struct tuple *b);

/** is_bare_syn() - a SYN that begins a connection, not one that answers */
static inline bool is_bare_syn(const struct packet *p)
{
	return (p->flags & (FLAG_SYN | FLAG_ACK)) == FLAG_SYN;
}

/** segment_end() - sequence number after the segment: SYN and FIN take one each. */
uint32_t segment_end(const struct packet *p);

/**
 * reset_answers() - must a reset that answers @segment look like @rst? (RFC 9293, 3.10.7.1)
 *
 * Looks at sequence numbers and flags only, not at the tuple.
 */
bool reset_answers(const struct packet *rst, const struct packet *segment);

#endif
