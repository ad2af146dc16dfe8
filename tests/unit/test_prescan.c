// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_prescan.c - large captures, whose halves are read side by side: whatever is in them, they tell
 * what a pipe tells, which is read once from beginning to end.
 */

#include "wire.h"

#define PACKETS 24000
#define PAYLOAD 1304
/* A conversation in so many is reset. */
#define RESET_EVERY 120

struct file {
	uint8_t *bytes;
	size_t n;
};

enum format { PCAP, PCAPNG, PCAPNG_LATE_INTERFACE, PCAPNG_SECTIONS, FORMATS };

static const char *const format_names[] = { "pcap", "pcapng", "pcapng, a late interface",
					    "pcapng, sections" };

/* What the payload looks like. */
enum payload { PLAIN, RECORDS, BLOCKS, PAYLOADS };

static const char *const payload_names[] = { "text", "records of pcap", "blocks of pcapng" };

static void put(struct file *f, const void *data, size_t n)
{
	memcpy(f->bytes + f->n, data, n);
	f->n += n;
}

static void put_section(struct file *f)
{
	static const uint32_t section[] = { 0x0a0d0d0a, 28,	    0x1a2b3c4d, 1,
					    UINT32_MAX, UINT32_MAX, 28 };

	put(f, section, sizeof(section));
}

/* LINKTYPE_RAW, or one that does not fit the packets at all. */
static void put_interface(struct file *f, uint32_t linktype)
{
	const uint32_t interface[] = { 1, 20, linktype, 0, 20 };

	put(f, interface, sizeof(interface));
}

static void put_pcap_header(struct file *f)
{
	static const uint32_t header[] = { 0xa1b2c3d4, 0x00040002, 0, 0, 262144, 101 };

	put(f, header, sizeof(header));
}

static void put_packet(struct file *f, enum format format, uint64_t us, const struct wire *packet,
		       uint32_t interface)
{
	uint32_t len = (uint32_t)packet->n, padded = (len + 3) & ~3u;

	if (format == PCAP) {
		put(f, (uint32_t[]){ (uint32_t)(us / 1000000), (uint32_t)(us % 1000000), len, len },
		    16);
		put(f, packet->bytes, len);
		return;
	}
	put(f,
	    (uint32_t[]){ 6, 32 + padded, interface, (uint32_t)(us >> 32), (uint32_t)us, len, len },
	    28);
	put(f, packet->bytes, len);
	put(f, "\0\0\0", padded - len);
	put(f, (uint32_t[]){ 32 + padded }, 4);
}

/* As if somebody fetched a capture. */
static void fill(struct wire *w, enum payload payload)
{
	static const uint32_t record[] = { 1795600000, 1, 4, 4, 0 }, block[] = { 6, 16, 0, 16 };
	const void *fake = payload == RECORDS ? record : block;
	size_t size = payload == RECORDS ? sizeof(record) : sizeof(block), at;

	for (at = w->n - PAYLOAD; payload != PLAIN && at + size <= w->n; at += size)
		memcpy(w->bytes + at, fake, size);
}

/* Conversations of four packets each, one after the other. */
static void build(struct file *f, enum format format, enum payload payload)
{
	static const struct wire_segment steps[] = {
		{ .flags = "S", .seq = 100 },
		{ .from_server = true, .flags = "SA", .seq = 500, .ack = 101 },
		{ .flags = "PA", .seq = 101, .ack = 501, .len = PAYLOAD },
		{ .from_server = true, .flags = "FA", .seq = 501, .ack = 101 + PAYLOAD },
	};
	static struct wire packet;
	uint32_t i, interface = 0;

	f->n = 0;
	if (format == PCAP) {
		put_pcap_header(f);
	} else {
		put_section(f);
		put_interface(f, 101);
	}
	/* The first is cut short, so that the middle of the file is the middle of a payload. */
	for (i = 3; i < PACKETS; i++) {
		struct wire_segment s = steps[i % 4];

		if (format == PCAPNG_LATE_INTERFACE && (i == PACKETS / 3 || i == PACKETS * 2 / 3)) {
			put_interface(f, 101);
			interface++;
		}
		/* What was interface 0 is another one from here on. */
		if (format == PCAPNG_SECTIONS && i == PACKETS / 3) {
			put_section(f);
			put_interface(f, 1);
			put_interface(f, 101);
			interface = 1;
		}
		s.port = (uint16_t)(1024 + i / 4);
		if (i % 4 == 3 && i / 4 % RESET_EVERY == 0)
			s.flags = "R";
		packet.n = 0;
		wire_ip(&packet, &s, AF_INET);
		if (s.len)
			fill(&packet, payload);
		put_packet(f, format, 1795600000000000ull + i * 100, &packet, interface);
	}
}

static bool is_same(const struct outcome *a, const struct outcome *b)
{
	unsigned int i;

	if (a->n != b->n || a->err != b->err || strcmp(a->warnings, b->warnings))
		return false;
	for (i = 0; i < a->n && i < OUTCOMES_MAX; i++)
		if (a->cases[i].diagnosis.cause != b->cases[i].diagnosis.cause ||
		    a->cases[i].seen.rst.ts_ns != b->cases[i].seen.rst.ts_ns ||
		    a->cases[i].asked.n_history != b->cases[i].asked.n_history ||
		    strcmp(a->cases[i].seen.conversation.history,
			   b->cases[i].seen.conversation.history))
			return false;
	return true;
}

static void test_file(struct file *f, enum format format, enum payload payload)
{
	const struct outcome *whole, *piped;
	size_t size;

	build(f, format, payload);
	size = f->n;
	piped = wire_read_piped(f->bytes, f->n);
	whole = wire_read(f->bytes, f->n);
	check_int(whole->n, PACKETS / 4 / RESET_EVERY, "%s with %s: all resets are told (%s%s)",
		  format_names[format], payload_names[payload], whole->why, whole->warnings);
	check(is_same(whole, piped), "%s with %s: as a pipe tells them", format_names[format],
	      payload_names[payload]);
	f->n = size * 7 / 8 + 5;
	piped = wire_read_piped(f->bytes, f->n);
	whole = wire_read(f->bytes, f->n);
	check(is_same(whole, piped) && strstr(whole->warnings, "truncated"),
	      "%s with %s: and when it is cut", format_names[format], payload_names[payload]);
}

int main(void)
{
	struct file f = { .bytes = malloc(PACKETS * (size_t)(PAYLOAD + 128)) };
	unsigned int i, j;

	for (i = 0; i < FORMATS; i++)
		for (j = 0; j < PAYLOADS; j++)
			test_file(&f, i, j);
	free(f.bytes);
	return test_done();
}
