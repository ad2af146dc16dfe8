/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dissect.h - the TCP segment in a captured packet, whatever it is wrapped in.
 */
#ifndef DISSECT_H
#define DISSECT_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/pcap_reader.h"
#include "model/case.h"

#define WSCALE_NONE 0xff
/* Where they are in a TCP header. */
#define TCP_FLAGS 13

/* Host byte order; addresses as in struct tuple. Of tunnels the innermost header counts. */
struct segment {
	uint8_t saddr[16];
	uint8_t daddr[16];
	uint16_t sport;
	uint16_t dport;
	uint32_t seq;
	uint32_t ack;
	uint32_t len;	  /* payload bytes on the wire, captured or not */
	uint32_t ifindex; /* of a Linux "any" capture; 0 = not told */
	uint16_t window;  /* unscaled */
	uint16_t ipid;
	uint8_t flags;
	uint8_t ttl;
	uint8_t family; /* AF_INET, AF_INET6 */
	uint8_t wscale; /* of a SYN; WSCALE_NONE = the option is not there, or not captured */
	uint8_t marks;	/* enum packet_mark */
	enum capture_direction direction;
};

enum segment_result {
	SEGMENT_TCP,
	SEGMENT_OTHER,	   /* no TCP, which is no fault */
	SEGMENT_FRAGMENT,  /* of a datagram, and not its first: without a TCP header */
	SEGMENT_TRUNCATED, /* the capture ends before the TCP header does */
	SEGMENT_MALFORMED, /* lengths that contradict each other */
	SEGMENT_TOO_DEEP,  /* more headers around it than we follow */
	SEGMENT_RESULTS
};

/**
 * segment_glance() - the TCP header, 20 bytes at least, of the commonest packets: in IP in Ethernet
 *
 * Return: what segment_parse() would find too; NULL for all packets that need more than a glance.
 */
const uint8_t *segment_glance(const struct capture_packet *p, uint16_t linktype);

/** segment_ends() - set the addresses and ports of what segment_glance() has found; nothing else */
void segment_ends(const struct capture_packet *p, const uint8_t *tcp, struct segment *ret);

/** segment_knows() - can packets of this link type be read? */
bool segment_knows(uint16_t linktype);

/**
 * segment_parse() - find the TCP segment in @p
 * @ret: whole on SEGMENT_TCP, else of no use
 */
enum segment_result segment_parse(const struct capture_packet *p, uint16_t linktype,
				  struct segment *ret);

#endif
