/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture.h - packets of a pcap or pcapng file.
 *
 * Not libpcap's reader: that gives neither comments nor direction nor our own blocks, and refuses
 * files whose interfaces differ in link type.
 */
#ifndef CAPTURE_H
#define CAPTURE_H

#include "input.h"

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

struct capture;

/** capture_is() - does a file that begins so look like a capture? @n: bytes at @at */
bool capture_is(const uint8_t *at, size_t n);

/**
 * capture__open() - begin to read
 * @in: stays the caller's
 * @why: on failure, what is wrong
 *
 * Return: NULL with errno: EBADMSG for what is no capture.
 */
struct capture *capture__open(struct input *in, char *why, size_t why_len);

/**
 * capture__on_custom() - be given the data of each Custom Block of @pen
 * @fn: @swapped: its section has the other byte order. Ends the reading by -errno.
 */
void capture__on_custom(struct capture *c, uint32_t pen,
			int (*fn)(void *ctx, const uint8_t *data, size_t len, bool swapped),
			void *ctx);

/**
 * capture__next() - the next packet; its data holds until the next call
 *
 * Return: 1; 0 at the end; -errno with capture__why(). -ENODATA: the file was cut, and all before
 * that was good. -EBADMSG: it is damaged here.
 */
int capture__next(struct capture *c, struct capture_packet *ret);

/**
 * capture__fork() - read on in @in, somewhere in the middle of the same file
 *
 * Looks for the next packet or block by what they look like: a guess, for the caller to verify. The one
 * that reads up to there must come to the very byte, with as many interfaces.
 *
 * Return: NULL if there is none, or when out of memory.
 */
struct capture *capture__fork(const struct capture *c, struct input *in);

const char *capture__why(const struct capture *c);

unsigned int capture__n_interfaces(const struct capture *c);
const struct capture_interface *capture__interface(const struct capture *c, unsigned int i);

void capture__free(struct capture *c);

#endif
