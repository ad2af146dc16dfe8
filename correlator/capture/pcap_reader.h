/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pcap_reader.h - packets of a pcap or pcapng file.
 *
 * Not libpcap's reader: that gives neither comments nor direction nor our own blocks, and refuses
 * files whose interfaces differ in link type.
 */
#ifndef PCAP_READER_H
#define PCAP_READER_H

#include "capture/input.h"

/*
 * The enterprise number of our Custom Blocks. RFC 5612 keeps it for documentation; the magic
 * tells our blocks from others'.
 */
#define PCAPNG_PEN 32473

enum capture_direction { DIRECTION_UNKNOWN, DIRECTION_INBOUND, DIRECTION_OUTBOUND };

struct capture_interface {
	char name[64];	   /* "" = the file does not tell */
	uint16_t linktype; /* LINKTYPE_* of tcpdump.org/linktypes.html */
	uint32_t snaplen;  /* 0 = no limit */
	/* ticks of the clock: 2^shift a second if binary, else so many nanoseconds each or in one */
	bool binary;
	uint8_t shift;
	uint64_t ticks_per_s;
	int64_t offset_s; /* to add to each time stamp */
};

struct capture_packet {
	uint64_t ts_ns; /* since 1970, UTC; 0 = the file does not tell */
	const uint8_t *data;
	uint32_t caplen; /* bytes at data */
	uint32_t len;	 /* bytes on the wire */
	uint32_t interface;
	enum capture_direction direction;
};

struct pcap_reader;

/** capture_is() - does a file that begins so look like a capture? @n: bytes at @at */
bool capture_is(const uint8_t *at, size_t n);

/**
 * pcap_reader__open() - begin to read
 * @in: stays the caller's
 * @why: on failure, what is wrong
 *
 * Return: NULL with errno: EBADMSG for what is no capture.
 */
struct pcap_reader *pcap_reader__open(struct input *in, char *why, size_t why_len);

/**
 * pcap_reader__on_custom() - be given the data of each Custom Block of @pen
 * @fn: @swapped: its section has the other byte order. Ends the reading by -errno.
 */
void pcap_reader__on_custom(struct pcap_reader *c, uint32_t pen,
			    int (*fn)(void *ctx, const uint8_t *data, size_t len, bool swapped),
			    void *ctx);

/**
 * pcap_reader__next() - the next packet; its data holds until the next call
 *
 * Return: 1; 0 at the end; -errno with pcap_reader__why(). -ENODATA: the file was cut, and all before
 * that was good. -EBADMSG: it is damaged here.
 */
int pcap_reader__next(struct pcap_reader *c, struct capture_packet *ret);

/**
 * pcap_reader__fork() - read on in @in, somewhere in the middle of the same file
 *
 * Looks for the next packet or block by what they look like: a guess, for the caller to verify. The one
 * that reads up to there must come to the very byte, with as many interfaces.
 *
 * Return: NULL if there is none, or when out of memory.
 */
struct pcap_reader *pcap_reader__fork(const struct pcap_reader *c, struct input *in);

const char *pcap_reader__why(const struct pcap_reader *c);

unsigned int pcap_reader__n_interfaces(const struct pcap_reader *c);
const struct capture_interface *pcap_reader__interface(const struct pcap_reader *c, unsigned int i);

void pcap_reader__free(struct pcap_reader *c);

#endif
