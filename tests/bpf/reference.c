// SPDX-License-Identifier: GPL-2.0-only
/*
 * reference.c - a second opinion on what a packet is, by code that shares nothing with ours.
 *
 * Reads bytes by their offsets in the standards, and fails the whole packet on the first read
 * past its end.
 */
#include "reference.h"

#include <setjmp.h>
#include <string.h>

struct reader {
	const uint8_t *bytes;
	size_t len;
	jmp_buf too_short;
};

static uint32_t get(struct reader *r, size_t at, size_t size)
{
	uint32_t value = 0;
	size_t i;

	if (at + size > r->len)
		longjmp(r->too_short, 1);
	for (i = 0; i < size; i++)
		value = value << 8 | r->bytes[at + i];
	return value;
}

/* A header is there as a whole or not at all. */
static void need(struct reader *r, size_t at, size_t size)
{
	get(r, at + size - 1, 1);
}

static bool is_tag(uint32_t type)
{
	return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

/* Moves *at to the network header. */
static int skip_link(struct reader *r, bool ethernet, size_t *at, uint32_t *ret_type)
{
	int tags;

	*ret_type = get(r, 12, 2);
	*at = 0;
	if (!ethernet)
		return VERDICT_RECORD;
	for (tags = 0, *at = 14; is_tag(*ret_type); tags++) {
		if (tags == 2)
			return RST_CNT_EXT_LIMIT;
		*ret_type = get(r, *at + 2, 2);
		*at += 4;
	}
	return VERDICT_RECORD;
}

static int read_ipv4(struct reader *r, size_t *at, size_t *ret_total, struct rst_pkt *ret)
{
	size_t start = *at, header;

	need(r, start, 20);
	if (get(r, start, 1) >> 4 != 4)
		return RST_CNT_MALFORMED;
	if (get(r, start + 9, 1) != 6)
		return VERDICT_NOTHING;
	if (get(r, start + 6, 2) & 0x3fff)
		return RST_CNT_FRAGMENT;
	header = (get(r, start, 1) & 15) * 4;
	if (header < 20)
		return RST_CNT_MALFORMED;
	*ret_total = get(r, start + 2, 2);
	memcpy(ret->saddr + 12, r->bytes + start + 12, 4);
	memcpy(ret->daddr + 12, r->bytes + start + 16, 4);
	memcpy(&ret->ipid, r->bytes + start + 4, 2);
	ret->ttl = r->bytes[start + 8];
	*at += header;
	return VERDICT_RECORD;
}

/* RFC 8200, 4: length of an extension header. 0 = is none */
static size_t extension_length(struct reader *r, size_t at, uint32_t number)
{
	switch (number) {
	case 0:
	case 43:
	case 60:
	case 135:
		need(r, at, 8);
		return 8 + 8 * get(r, at + 1, 1);
	case 51: /* RFC 4302, 2.2 */
		need(r, at, 8);
		return 4 * (get(r, at + 1, 1) + 2);
	case 44:
		need(r, at, 8);
		return 8;
	default:
		return 0;
	}
}

static int read_ipv6(struct reader *r, size_t *at, size_t *ret_total, struct rst_pkt *ret)
{
	size_t start = *at, length;
	uint32_t next, followed;

	need(r, start, 40);
	if (get(r, start, 1) >> 4 != 6)
		return RST_CNT_MALFORMED;
	*ret_total = get(r, start + 4, 2) ? get(r, start + 4, 2) + 40 : 0;
	memcpy(ret->saddr, r->bytes + start + 8, 16);
	memcpy(ret->daddr, r->bytes + start + 24, 16);
	ret->ttl = r->bytes[start + 7];
	ret->meta = RST_META_V6;
	next = get(r, start + 6, 1);
	*at += 40;
	for (followed = 0; (length = extension_length(r, *at, next)); followed++) {
		if (next == 44 && get(r, *at + 2, 2) & 0xfff9)
			return RST_CNT_FRAGMENT;
		if (followed == 6)
			return RST_CNT_EXT_LIMIT;
		next = get(r, *at, 1);
		*at += length;
	}
	return next == 6 ? VERDICT_RECORD : VERDICT_NOTHING;
}

static int read_tcp(struct reader *r, size_t ip, size_t at, size_t total, struct rst_pkt *ret)
{
	size_t header, payload;

	need(r, at, 20);
	if (ip + total > r->len)
		return RST_CNT_TRUNCATED;
	header = get(r, at + 12, 1) >> 4;
	if (header < 5 || at + header * 4 > ip + total)
		return RST_CNT_MALFORMED;
	payload = ip + total - at - header * 4;
	memcpy(&ret->sport, r->bytes + at, 2);
	memcpy(&ret->dport, r->bytes + at + 2, 2);
	memcpy(&ret->seq, r->bytes + at + 4, 4);
	memcpy(&ret->ack, r->bytes + at + 8, 4);
	memcpy(&ret->window, r->bytes + at + 14, 2);
	ret->flags = r->bytes[at + 13];
	ret->len = payload > 65535 ? 65535 : (uint16_t)payload;
	ret->meta |= payload > 65535 ? RST_META_LEN_MAX : 0;
	return VERDICT_RECORD;
}

static int read_packet(struct reader *r, bool ethernet, struct rst_pkt *ret, bool *ret_jumbo)
{
	size_t at, ip, total = 0;
	int verdict;
	uint32_t type;

	verdict = skip_link(r, ethernet, &at, &type);
	if (verdict != VERDICT_RECORD)
		return verdict;
	ip = at;
	if (type == 0x0800)
		verdict = read_ipv4(r, &at, &total, ret);
	else if (type == 0x86dd)
		verdict = read_ipv6(r, &at, &total, ret);
	else
		verdict = VERDICT_NOTHING;
	if (verdict != VERDICT_RECORD)
		return verdict;
	*ret_jumbo = !total;
	return read_tcp(r, ip, at, total ? total : r->len - ip, ret);
}

int reference_parse(const uint8_t *bytes, size_t len, bool ethernet, struct rst_pkt *ret,
		    bool *ret_jumbo)
{
	struct reader r = { .bytes = bytes, .len = len };

	memset(ret, 0, sizeof(*ret));
	*ret_jumbo = false;
	if (setjmp(r.too_short))
		return RST_CNT_TRUNCATED;
	return read_packet(&r, ethernet, ret, ret_jumbo);
}
