/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * packet.h - build TCP packets, good and bad, from a few words, and say what their record is.
 */
#ifndef PACKET_H
#define PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rst_event.h"

/* The header that a poke or a cut counts from. */
enum part {
	AT_FRAME,
	AT_TYPE, /* the last ethertype */
	AT_IP,
	AT_EXT, /* first extension header; IPv4: first option */
	AT_TCP,
	AT_END,
};

/* Overwrite @size bytes (network order) of the finished packet. */
struct poke {
	enum part part;
	int offset;
	int size; /* 0: no poke */
	uint32_t value;
};

struct cut {
	enum part part;
	int offset;
	bool wanted;
};

#define NO_FLAGS 0x100	/* recipe.flags: none at all; 0 is PSH|ACK */
#define NO_PORT 0x10000 /* recipe.sport, dport: 0 */
#define TAGS 4
#define POKES 3

/* What is 0 has a sensible value: a data segment from the client to the server. */
struct recipe {
	uint16_t tags[TAGS];	 /* VLAN ethertypes, outermost first */
	const char *extensions;	 /* IPv6, a letter each, see packet.c */
	unsigned int ip_options; /* bytes, a multiple of 4 */
	unsigned int tcp_options;
	unsigned int payload;
	unsigned int padding; /* after the packet, inside the frame */
	int more_length;      /* added to what the IP header says */
	bool no_length;	      /* the IP header says 0 */
	uint8_t protocol;     /* instead of TCP */
	bool reverse;	      /* from the server to the client */
	uint8_t client;	      /* last byte of the client's address; 0 = 1 */
	uint32_t sport;	      /* the client's; 0 = 40000 */
	uint32_t dport;	      /* 0 = 443 */
	uint32_t seq;
	uint32_t ack;
	uint16_t flags;
	struct poke poke[POKES];
	struct cut cut;
};

struct packet {
	int family; /* 4 or 6 */
	bool ethernet;
	uint8_t bytes[128 * 1024];
	size_t len;
	size_t at[AT_END + 1];
};

/**
 * packet_build() - the packet of a recipe
 * @family: 4 or 6
 * @ethernet: with an Ethernet header, or beginning with the IP header
 */
void packet_build(struct packet *p, const struct recipe *r, int family, bool ethernet);

/**
 * packet_record() - the record that the packet of a recipe must leave
 *
 * From the recipe, not from the packet: pokes are not seen, time and meta but for the family
 * are left 0.
 */
void packet_record(const struct recipe *r, int family, struct rst_pkt *ret);

#endif
