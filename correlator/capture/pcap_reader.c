// SPDX-License-Identifier: GPL-2.0-only
/*
 * pcap_reader.c - packets of a pcap or pcapng file.
 *
 * pcap: draft-ietf-opsawg-pcap; pcapng: draft-ietf-opsawg-pcapng. Everything here is foreign: no
 * length is believed before it was compared with what is there.
 */
#include "capture/pcap_reader.h"

#include <byteswap.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_S 1000000000ull

#define PCAP_US 0xa1b2c3d4u
#define PCAP_NS 0xa1b23c4du
#define PCAP_KUZNETZOV 0xa1b2cd34u
#define PCAP_HEADER 24
#define PCAP_RECORD 16
#define PCAP_FCS_BITS 0xfc000000u

#define NG_SECTION 0x0a0d0d0au
#define NG_MAGIC 0x1a2b3c4du
#define NG_INTERFACE 1u
#define NG_OLD_PACKET 2u
#define NG_SIMPLE 3u
#define NG_PACKET 6u
#define NG_CUSTOM 0x00000badu
#define NG_CUSTOM_NO_COPY 0x40000badu
#define NG_OPT_END 0
#define NG_OPT_NAME 2
#define NG_OPT_RESOLUTION 9
#define NG_OPT_OFFSET 14
#define NG_OPT_FLAGS 2

/* Nobody captures so much at once, and no block of a sane file is longer. */
#define PACKET_MAX (1u << 24)
#define BLOCK_MAX (1u << 26)
#define INTERFACES_MAX 65536u

struct pcap_reader {
	struct input *in;
	int (*next)(struct pcap_reader *c, struct capture_packet *ret);
	bool swapped;
	struct capture_interface *interfaces;
	unsigned int n_interfaces;
	unsigned int section; /* pcapng: the first interface of this section */
	uint64_t blocks;
	uint32_t custom_pen;
	int (*on_custom)(void *ctx, const uint8_t *data, size_t len, bool swapped);
	void *custom_ctx;
	char why[256];
};

static uint16_t get16(const struct pcap_reader *c, const uint8_t *at)
{
	uint16_t v;

	memcpy(&v, at, sizeof(v));
	return c->swapped ? bswap_16(v) : v;
}

static uint32_t get32(const struct pcap_reader *c, const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return c->swapped ? bswap_32(v) : v;
}

static uint64_t get64(const struct pcap_reader *c, const uint8_t *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
	return c->swapped ? bswap_64(v) : v;
}

static int refuse(struct pcap_reader *c, int err, const char *what)
{
	const struct input *in = c->in;

	if (in->err) {
		snprintf(c->why, sizeof(c->why), "%s", in->why ? in->why : strerror(-in->err));
		return in->err;
	}
	snprintf(c->why, sizeof(c->why), "at byte %llu: %s", (unsigned long long)input__offset(in),
		 what);
	return err;
}

static int add_interface(struct pcap_reader *c, const struct capture_interface *i)
{
	struct capture_interface *grown;

	/* Grows by doubling: at powers of two. */
	if (!(c->n_interfaces & (c->n_interfaces - 1))) {
		size_t room = c->n_interfaces ? (size_t)c->n_interfaces * 2 : 1;

		grown = realloc(c->interfaces, room * sizeof(*grown));
		if (!grown)
			return refuse(c, -ENOMEM, "out of memory");
		c->interfaces = grown;
	}
	c->interfaces[c->n_interfaces++] = *i;
	return 0;
}

/* --- pcap ---------------------------------------------------------------------------------- */

static int next_record(struct pcap_reader *c, struct capture_packet *ret)
{
	struct input *in = c->in;
	uint32_t caplen, fraction;
	const uint8_t *at;

	if (!input__need(in, PCAP_RECORD)) {
		if (in->at == in->end && !in->err)
			return 0;
		return refuse(c, -ENODATA, "the file ends inside a packet header");
	}
	at = in->at;
	caplen = get32(c, at + 8);
	if (caplen > PACKET_MAX)
		return refuse(c, -EBADMSG, "a packet with an impossible length");
	if (!input__need(in, PCAP_RECORD + (size_t)caplen))
		return refuse(c, -ENODATA, "the file ends inside a packet");
	at = in->at;
	fraction = get32(c, at + 4);
	ret->ts_ns = get32(c, at) * NS_PER_S +
		     (c->interfaces[0].ticks_per_s == NS_PER_S ? fraction : fraction * 1000ull);
	ret->data = at + PCAP_RECORD;
	ret->caplen = caplen;
	ret->len = get32(c, at + 12);
	ret->interface = 0;
	ret->direction = DIRECTION_UNKNOWN;
	in->at += PCAP_RECORD + caplen;
	return 1;
}

static int open_pcap(struct pcap_reader *c, uint32_t magic)
{
	struct capture_interface i = { .ticks_per_s = magic == PCAP_NS ? NS_PER_S : 1000000 };
	const uint8_t *at;

	if (magic == PCAP_KUZNETZOV)
		return refuse(c, -EBADMSG,
			      "a modified pcap format from the 1990s; convert it with "
			      "`tcpdump -r OLD -w NEW`");
	if (!input__need(c->in, PCAP_HEADER))
		return refuse(c, -EBADMSG, "the file ends inside its header");
	at = c->in->at;
	if (get16(c, at + 4) != 2)
		return refuse(c, -EBADMSG, "unknown pcap version");
	i.snaplen = get32(c, at + 16);
	i.linktype = (uint16_t)(get32(c, at + 20) & ~PCAP_FCS_BITS);
	c->in->at += PCAP_HEADER;
	c->next = next_record;
	return add_interface(c, &i);
}

/* --- pcapng -------------------------------------------------------------------------------- */

/* Calls @fn for each option between @at and @end; what is cut ends the list. */
static void each_option(struct pcap_reader *c, const uint8_t *at, const uint8_t *end, void *to,
			void (*fn)(struct pcap_reader *c, void *to, uint16_t code,
				   const uint8_t *value, uint16_t len))
{
	while (end - at >= 4) {
		uint16_t code = get16(c, at), len = get16(c, at + 2);
		size_t padded = (len + 3u) & ~3u;

		if (code == NG_OPT_END || (size_t)(end - at - 4) < padded)
			return;
		fn(c, to, code, at + 4, len);
		at += 4 + padded;
	}
}

static void set_resolution(struct capture_interface *i, uint8_t resolution)
{
	unsigned int n = resolution & 0x7f;

	i->binary = resolution & 0x80;
	i->shift = (uint8_t)(n < 63 ? n : 63);
	i->ticks_per_s = 1;
	while (!i->binary && n-- && i->ticks_per_s < UINT64_MAX / 10)
		i->ticks_per_s *= 10;
}

static void take_interface_option(struct pcap_reader *c, void *to, uint16_t code,
				  const uint8_t *value, uint16_t len)
{
	struct capture_interface *i = to;

	if (code == NG_OPT_NAME)
		snprintf(i->name, sizeof(i->name), "%.*s", (int)len, (const char *)value);
	else if (code == NG_OPT_RESOLUTION && len >= 1)
		set_resolution(i, value[0]);
	else if (code == NG_OPT_OFFSET && len >= 8)
		i->offset_s = (int64_t)get64(c, value);
}

static int take_interface(struct pcap_reader *c, const uint8_t *body, const uint8_t *end)
{
	struct capture_interface i = { .ticks_per_s = 1000000 };

	if (end - body < 8)
		return refuse(c, -EBADMSG, "an interface block that is too short");
	if (c->n_interfaces >= INTERFACES_MAX)
		return refuse(c, -EBADMSG, "too many interfaces");
	i.linktype = get16(c, body);
	i.snaplen = get32(c, body + 4);
	each_option(c, body + 8, end, &i, take_interface_option);
	return add_interface(c, &i);
}

static uint64_t nanoseconds(const struct capture_interface *i, uint64_t ticks)
{
	uint64_t s, rest, ns;

	if (i->binary) {
		s = ticks >> i->shift;
		rest = ticks & ((1ull << i->shift) - 1);
		ns = (uint64_t)((unsigned __int128)rest * NS_PER_S >> i->shift);
	} else if (i->ticks_per_s == NS_PER_S) {
		return ticks + (uint64_t)i->offset_s * NS_PER_S;
	} else {
		s = ticks / i->ticks_per_s;
		rest = ticks % i->ticks_per_s;
		ns = (uint64_t)((unsigned __int128)rest * NS_PER_S / i->ticks_per_s);
	}
	return (s + (uint64_t)i->offset_s) * NS_PER_S + ns;
}

static void take_packet_option(struct pcap_reader *c, void *to, uint16_t code, const uint8_t *value,
			       uint16_t len)
{
	static const enum capture_direction directions[] = { DIRECTION_UNKNOWN, DIRECTION_INBOUND,
							     DIRECTION_OUTBOUND,
							     DIRECTION_UNKNOWN };
	struct capture_packet *p = to;

	if (code == NG_OPT_FLAGS && len >= 4)
		p->direction = directions[get32(c, value) & 3];
}

/* Enhanced (and old) Packet Blocks: interface, time, lengths, data, options. */
static int take_packet(struct pcap_reader *c, uint32_t interface, const uint8_t *body,
		       const uint8_t *end, struct capture_packet *ret)
{
	const uint8_t *data = body + 20;
	size_t padded;

	ret->caplen = get32(c, body + 12);
	padded = ((size_t)ret->caplen + 3) & ~(size_t)3;
	if (ret->caplen > PACKET_MAX || padded > (size_t)(end - data))
		return refuse(c, -EBADMSG, "a packet that is longer than its block");
	if (interface >= c->n_interfaces - c->section)
		return refuse(c, -EBADMSG,
			      "a packet from an interface without a description block");
	ret->interface = c->section + interface;
	ret->ts_ns = nanoseconds(&c->interfaces[ret->interface],
				 (uint64_t)get32(c, body + 4) << 32 | get32(c, body + 8));
	ret->data = data;
	ret->len = get32(c, body + 16);
	ret->direction = DIRECTION_UNKNOWN;
	if (data + padded < end)
		each_option(c, data + padded, end, ret, take_packet_option);
	return 1;
}

/* Simple Packet Blocks have no time. */
static int take_simple(struct pcap_reader *c, const uint8_t *body, const uint8_t *end,
		       struct capture_packet *ret)
{
	uint32_t snaplen, room;

	if (c->n_interfaces == c->section || end - body < 4)
		return refuse(c, -EBADMSG,
			      "a packet from an interface without a description block");
	snaplen = c->interfaces[c->section].snaplen;
	room = (uint32_t)(end - body - 4);
	*ret = (struct capture_packet){
		.data = body + 4,
		.len = get32(c, body),
		.interface = c->section,
	};
	ret->caplen = ret->len < room ? ret->len : room;
	if (snaplen && ret->caplen > snaplen)
		ret->caplen = snaplen;
	return 1;
}

static int take_custom(struct pcap_reader *c, const uint8_t *body, const uint8_t *end)
{
	if (end - body < 4 || !c->on_custom || get32(c, body) != c->custom_pen)
		return 0;
	return c->on_custom(c->custom_ctx, body + 4, (size_t)(end - body) - 4, c->swapped);
}

/* 1: a packet; 0: no packet in this block; -errno. */
static int take_block(struct pcap_reader *c, uint32_t type, const uint8_t *body, const uint8_t *end,
		      struct capture_packet *ret)
{
	switch (type) {
	case NG_INTERFACE:
		return take_interface(c, body, end);
	case NG_PACKET:
		if (end - body < 20)
			return refuse(c, -EBADMSG, "a packet block that is too short");
		return take_packet(c, get32(c, body), body, end, ret);
	case NG_OLD_PACKET:
		if (end - body < 20)
			return refuse(c, -EBADMSG, "a packet block that is too short");
		return take_packet(c, get16(c, body), body, end, ret);
	case NG_SIMPLE:
		return take_simple(c, body, end, ret);
	case NG_CUSTOM:
	case NG_CUSTOM_NO_COPY:
		return take_custom(c, body, end);
	default:
		return 0;
	}
}

/* A section may have another byte order than the one before. */
static int start_section(struct pcap_reader *c)
{
	uint32_t magic;

	if (!input__need(c->in, 28))
		return refuse(c, c->blocks ? -ENODATA : -EBADMSG,
			      "the file ends inside a section header");
	memcpy(&magic, c->in->at + 8, sizeof(magic));
	if (magic != NG_MAGIC && bswap_32(magic) != NG_MAGIC)
		return refuse(c, -EBADMSG, "a section header without a byte order");
	c->swapped = magic != NG_MAGIC;
	if (get16(c, c->in->at + 12) != 1)
		return refuse(c, -EBADMSG, "unknown pcapng version");
	c->section = c->n_interfaces;
	return 0;
}

static int next_block(struct pcap_reader *c, struct capture_packet *ret)
{
	struct input *in = c->in;
	uint32_t type, len;
	int got = 0;

	while (!got) {
		if (!input__need(in, 12)) {
			if (in->at == in->end && !in->err)
				return 0;
			return refuse(c, -ENODATA, "the file ends inside a block");
		}
		memcpy(&type, in->at, sizeof(type));
		if (type == NG_SECTION) {
			got = start_section(c);
			if (got)
				return got;
		} else {
			type = get32(c, in->at);
		}
		len = get32(c, in->at + 4);
		if (len < 12 || len % 4 || len > BLOCK_MAX)
			return refuse(c, -EBADMSG, "a block with an impossible length");
		if (!input__need(in, len))
			return refuse(c, -ENODATA, "the file ends inside a block");
		if (get32(c, in->at + len - 4) != len)
			return refuse(c, -EBADMSG, "a block whose two lengths differ");
		got = take_block(c, type, in->at + 8, in->at + len - 4, ret);
		if (got >= 0) {
			in->at += len;
			c->blocks++;
		}
	}
	return got;
}

/* --- both ---------------------------------------------------------------------------------- */

bool capture_is(const uint8_t *at, size_t n)
{
	static const uint32_t magics[] = { PCAP_US, PCAP_NS, PCAP_KUZNETZOV, NG_SECTION };
	uint32_t magic;
	size_t i;

	if (n < sizeof(magic))
		return false;
	memcpy(&magic, at, sizeof(magic));
	for (i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (magic == magics[i] || bswap_32(magic) == magics[i])
			return true;
	return false;
}

static int open_capture(struct pcap_reader *c)
{
	uint32_t magic;

	if (!input__need(c->in, sizeof(magic)) || !capture_is(c->in->at, sizeof(magic)))
		return refuse(c, -EBADMSG, "not a capture: neither pcap nor pcapng");
	memcpy(&magic, c->in->at, sizeof(magic));
	if (magic == NG_SECTION) {
		c->next = next_block;
		return start_section(c);
	}
	c->swapped = magic != PCAP_US && magic != PCAP_NS && magic != PCAP_KUZNETZOV;
	return open_pcap(c, c->swapped ? bswap_32(magic) : magic);
}

struct pcap_reader *pcap_reader__open(struct input *in, char *why, size_t why_len)
{
	struct pcap_reader *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return NULL;
	c->in = in;
	err = open_capture(c);
	if (!err)
		return c;
	snprintf(why, why_len, "%s", c->why);
	pcap_reader__free(c);
	errno = -err;
	return NULL;
}

void pcap_reader__on_custom(struct pcap_reader *c, uint32_t pen,
			    int (*fn)(void *ctx, const uint8_t *data, size_t len, bool swapped),
			    void *ctx)
{
	c->custom_pen = pen;
	c->on_custom = fn;
	c->custom_ctx = ctx;
}

/* --- from the middle of a file ----------------------------------------------------------------- */

/* Bytes that are looked at; longer than any packet but those of BIG TCP. */
#define FORK_BYTES (1u << 18)
/* So many must follow each other, if they are that short. */
#define FORK_CHAIN 16
#define FORK_CHAIN_MIN 3

/* Bytes of what may be a record of pcap; 0: it is none. */
static size_t record_size(const struct pcap_reader *c, const uint8_t *at)
{
	uint32_t caplen = get32(c, at + 8), len = get32(c, at + 12);
	uint64_t fraction = get32(c, at + 4);

	if (caplen > len || !caplen || len > PACKET_MAX || fraction >= c->interfaces[0].ticks_per_s)
		return 0;
	return PCAP_RECORD + (size_t)caplen;
}

/* Bytes of what may be a block of pcapng, whose length stands at both ends. */
static size_t block_size(const struct pcap_reader *c, const uint8_t *at, size_t n)
{
	uint32_t len = get32(c, at + 4);

	if (len < 12 || len % 4 || len > BLOCK_MAX)
		return 0;
	return len > n || get32(c, at + len - 4) == len ? len : 0;
}

static bool is_chain(const struct pcap_reader *c, const uint8_t *at, const uint8_t *end)
{
	unsigned int n;

	for (n = 0; n < FORK_CHAIN; n++) {
		size_t size;

		if (end - at < PCAP_RECORD)
			break;
		size = c->next == next_record ? record_size(c, at) :
						block_size(c, at, (size_t)(end - at));
		if (!size)
			return false;
		if (size > (size_t)(end - at))
			break;
		at += size;
	}
	return n >= FORK_CHAIN_MIN;
}

static bool find_chain(const struct pcap_reader *c, struct input *in)
{
	unsigned int step = c->next == next_record ? 1 : 4;
	const uint8_t *at;

	input__need(in, FORK_BYTES);
	/* Blocks begin at multiples of four bytes. */
	at = in->at + (step - input__offset(in) % step) % step;
	for (; at < in->end && !is_chain(c, at, in->end); at += step)
		;
	if (at >= in->end)
		return false;
	in->at = at;
	return true;
}

struct pcap_reader *pcap_reader__fork(const struct pcap_reader *c, struct input *in)
{
	struct pcap_reader *fork = malloc(sizeof(*fork));
	unsigned int i;

	if (!fork)
		return NULL;
	*fork = *c;
	fork->in = in;
	fork->interfaces = NULL;
	fork->n_interfaces = 0;
	for (i = 0; i < c->n_interfaces && !add_interface(fork, &c->interfaces[i]); i++)
		;
	if (i == c->n_interfaces && find_chain(c, in))
		return fork;
	pcap_reader__free(fork);
	return NULL;
}

int pcap_reader__next(struct pcap_reader *c, struct capture_packet *ret)
{
	return c->next(c, ret);
}

const char *pcap_reader__why(const struct pcap_reader *c)
{
	return c->why;
}

unsigned int pcap_reader__n_interfaces(const struct pcap_reader *c)
{
	return c->n_interfaces;
}

const struct capture_interface *pcap_reader__interface(const struct pcap_reader *c, unsigned int i)
{
	return &c->interfaces[i];
}

void pcap_reader__free(struct pcap_reader *c)
{
	if (!c)
		return;
	free(c->interfaces);
	free(c);
}
