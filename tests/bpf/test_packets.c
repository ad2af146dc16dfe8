// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_packets.c - what each program records and counts for each kind of packet, and that it
 * lets the packet go on as it came.
 *
 * Every row runs through XDP and tc, with and without Ethernet, for IPv4 and IPv6. Usage:
 * test_packets [SEED], for the random part.
 */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <net/if.h>

#include "harness.h"
#include "packet.h"
#include "reference.h"

#define V4 1
#define V6 2
#define BOTH (V4 | V6)

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define ACK 0x10

#define N_RANDOM 10000

struct row {
	const char *what;
	int families;
	struct recipe in;
	int verdict; /* reference.h */
	bool ethernet_only;
	bool jumbo;
	int more_payload; /* recorded, beyond the recipe's */
};

struct want {
	int verdict;
	struct rst_pkt record;
	bool jumbo;
	bool gso;
};

#define RECORDED .verdict = VERDICT_RECORD
#define NOTHING .verdict = VERDICT_NOTHING
#define COUNTED(name) .verdict = RST_CNT_##name
#define POKE(part, offset, size, value) .poke = { { part, offset, size, value } }
#define CUT(part, offset) .cut = { part, offset, true }

/* clang-format off */
static const struct row rows[] = {
	/* Good ones. */
	{ "a data segment is recorded", BOTH, { .payload = 100 }, RECORDED },
	{ "a segment with all bits of seq and ack set is recorded",
	  BOTH, { .seq = 0xffffffff, .ack = 0xffffffff, .payload = 1 }, RECORDED },
	{ "a SYN with 40 bytes of options is recorded without payload",
	  BOTH, { .flags = SYN, .seq = 7, .tcp_options = 40 }, RECORDED },
	{ "a SYN with data (fast open) is recorded",
	  BOTH, { .flags = SYN, .tcp_options = 12, .payload = 33 }, RECORDED },
	{ "a bare ACK is recorded", BOTH, { .flags = ACK, .ack = 0x01020304 }, RECORDED },
	{ "a FIN with data is recorded", BOTH, { .flags = FIN | ACK, .payload = 5 }, RECORDED },
	{ "a RST is recorded and raises an event", BOTH, { .flags = RST, .seq = 99 }, RECORDED },
	{ "a RST with data is recorded and raises an event",
	  BOTH, { .flags = RST | ACK, .payload = 20 }, RECORDED },
	{ "a segment without any flag is recorded", BOTH, { .flags = NO_FLAGS }, RECORDED },
	{ "a segment with every flag is recorded, and is a RST", BOTH, { .flags = 0xff }, RECORDED },
	{ "reserved bits beside the data offset change nothing",
	  BOTH, { .payload = 9, POKE(AT_TCP, 12, 1, 0x5f) }, RECORDED },
	{ "ports 0 are recorded", BOTH, { .sport = NO_PORT, .dport = NO_PORT }, RECORDED },
	{ "ports 65535 are recorded", BOTH, { .sport = 65535, .dport = 65535 }, RECORDED },
	{ "3000 bytes of data are recorded", BOTH, { .payload = 3000 }, RECORDED },
	{ "a data offset of 15 takes 40 bytes of data for options",
	  BOTH, { .payload = 100, POKE(AT_TCP, 12, 1, 0xf0) }, RECORDED, .more_payload = -40 },
	{ "options up to the last byte are recorded without payload",
	  BOTH, { .payload = 40, POKE(AT_TCP, 12, 1, 0xf0) }, RECORDED, .more_payload = -40 },
	{ "padding of a short Ethernet frame is not payload", BOTH, { .padding = 6 }, RECORDED },
	{ "a long trailer is not payload", BOTH, { .payload = 3, .padding = 1000 }, RECORDED },
	{ "a length that ends inside the data ends the payload",
	  BOTH, { .payload = 100, .more_length = -10 }, RECORDED, .more_payload = -10 },
	{ "a length that ends with the headers leaves no payload",
	  BOTH, { .payload = 100, .more_length = -100 }, RECORDED, .more_payload = -100 },

	/* Between Ethernet and IP. */
	{ "a VLAN tag is skipped",
	  BOTH, { .tags = { 0x8100 }, .payload = 1 }, RECORDED, .ethernet_only = true },
	{ "a lone service tag (802.1ad) is skipped",
	  BOTH, { .tags = { 0x88a8 }, .payload = 1 }, RECORDED, .ethernet_only = true },
	{ "a lone QinQ tag of the old kind (0x9100) is skipped",
	  BOTH, { .tags = { 0x9100 }, .payload = 1 }, RECORDED, .ethernet_only = true },
	{ "QinQ is skipped",
	  BOTH, { .tags = { 0x88a8, 0x8100 } }, RECORDED, .ethernet_only = true },
	{ "QinQ of the old kind is skipped",
	  BOTH, { .tags = { 0x9100, 0x8100 } }, RECORDED, .ethernet_only = true },
	{ "two VLAN tags of the same type are skipped, and padding after them",
	  BOTH, { .tags = { 0x8100, 0x8100 }, .padding = 2 }, RECORDED, .ethernet_only = true },
	{ "three VLAN tags are counted as too many",
	  BOTH, { .tags = { 0x8100, 0x8100, 0x8100 } }, COUNTED(EXT_LIMIT), .ethernet_only = true },
	{ "three tags with a service tag last are counted as too many",
	  BOTH, { .tags = { 0x8100, 0x8100, 0x88a8 } }, COUNTED(EXT_LIMIT), .ethernet_only = true },
	{ "three tags with an old QinQ tag last are counted as too many",
	  BOTH, { .tags = { 0x8100, 0x8100, 0x9100 } }, COUNTED(EXT_LIMIT), .ethernet_only = true },
	{ "four tags are counted as too many",
	  BOTH, { .tags = { 0x88a8, 0x8100, 0x8100, 0x8100 } }, COUNTED(EXT_LIMIT),
	  .ethernet_only = true },
	{ "ARP is passed over", BOTH, { POKE(AT_TYPE, 0, 2, 0x0806) }, NOTHING },
	{ "ARP in a VLAN is passed over",
	  BOTH, { .tags = { 0x8100 }, POKE(AT_TYPE, 0, 2, 0x0806) }, NOTHING,
	  .ethernet_only = true },
	{ "an 802.3 frame (a length for an ethertype) is passed over",
	  BOTH, { POKE(AT_TYPE, 0, 2, 0x0040) }, NOTHING, .ethernet_only = true },
	{ "the longest 802.3 length is passed over",
	  BOTH, { POKE(AT_TYPE, 0, 2, 0x05ff) }, NOTHING, .ethernet_only = true },
	{ "an ethertype of 0 is passed over",
	  BOTH, { POKE(AT_TYPE, 0, 2, 0) }, NOTHING, .ethernet_only = true },
	{ "an ethertype of 0xffff is passed over", BOTH, { POKE(AT_TYPE, 0, 2, 0xffff) }, NOTHING },
	{ "MPLS is passed over", BOTH, { POKE(AT_TYPE, 0, 2, 0x8847) }, NOTHING },
	{ "PPPoE is passed over", BOTH, { POKE(AT_TYPE, 0, 2, 0x8864) }, NOTHING },
	{ "an IPv6 packet that says IPv4 in Ethernet is counted as malformed",
	  V6, { POKE(AT_TYPE, 0, 2, 0x0800) }, COUNTED(MALFORMED), .ethernet_only = true },
	{ "an IPv4 packet that says IPv6 in Ethernet is counted as malformed",
	  V4, { POKE(AT_TYPE, 0, 2, 0x86dd) }, COUNTED(MALFORMED), .ethernet_only = true },

	/* Not TCP. */
	{ "UDP is passed over", BOTH, { .protocol = 17, .payload = 9 }, NOTHING },
	{ "UDP of 8 bytes is passed over",
	  BOTH, { .protocol = 17, CUT(AT_TCP, 8) }, NOTHING },
	{ "ICMP is passed over", V4, { .protocol = 1 }, NOTHING },
	{ "ICMPv6 is passed over", V6, { .protocol = 58 }, NOTHING },
	{ "ESP is passed over", BOTH, { .protocol = 50 }, NOTHING },
	{ "SCTP is passed over", BOTH, { .protocol = 132 }, NOTHING },
	{ "GRE is passed over", BOTH, { .protocol = 47 }, NOTHING },
	{ "IPv4 in IP is passed over", BOTH, { .protocol = 4 }, NOTHING },
	{ "IPv6 in IP is passed over", BOTH, { .protocol = 41 }, NOTHING },
	{ "IP protocol 255 is passed over", BOTH, { .protocol = 255 }, NOTHING },
	{ "a UDP fragment is passed over",
	  V4, { .protocol = 17, POKE(AT_IP, 6, 2, 0x2000) }, NOTHING },

	/* The IP header. */
	{ "IP version 0 is counted as malformed",
	  BOTH, { POKE(AT_IP, 0, 1, 0x05) }, COUNTED(MALFORMED) },
	{ "IP version 5 is counted as malformed",
	  BOTH, { POKE(AT_IP, 0, 1, 0x55) }, COUNTED(MALFORMED) },
	{ "IP version 15 is counted as malformed",
	  BOTH, { POKE(AT_IP, 0, 1, 0xf5) }, COUNTED(MALFORMED) },
	{ "IP version 6 in an IPv4 packet is counted as malformed",
	  V4, { POKE(AT_IP, 0, 1, 0x65) }, COUNTED(MALFORMED) },
	{ "IP version 4 in an IPv6 packet is counted as malformed",
	  V6, { POKE(AT_IP, 0, 1, 0x45) }, COUNTED(MALFORMED) },
	{ "a header length of 0 is counted as malformed",
	  V4, { POKE(AT_IP, 0, 1, 0x40) }, COUNTED(MALFORMED) },
	{ "a header length of 4 bytes is counted as malformed",
	  V4, { POKE(AT_IP, 0, 1, 0x41) }, COUNTED(MALFORMED) },
	{ "a header length of 16 bytes is counted as malformed",
	  V4, { POKE(AT_IP, 0, 1, 0x44) }, COUNTED(MALFORMED) },
	{ "a header length past the end of the packet is counted as truncated",
	  V4, { POKE(AT_IP, 0, 1, 0x4f) }, COUNTED(TRUNCATED) },
	{ "4 bytes of IP options are skipped", V4, { .ip_options = 4, .payload = 8 }, RECORDED },
	{ "40 bytes of IP options are skipped", V4, { .ip_options = 40, .payload = 8 }, RECORDED },
	{ "40 bytes of IP options and 40 of TCP options are skipped",
	  V4, { .ip_options = 40, .tcp_options = 40, .payload = 8 }, RECORDED },
	{ "the reserved bit of the fragment field is no fragment",
	  V4, { POKE(AT_IP, 6, 2, 0x8000) }, RECORDED },
	{ "a packet that may be fragmented, but is not, is recorded",
	  V4, { POKE(AT_IP, 6, 2, 0) }, RECORDED },
	{ "a first fragment is counted as fragment, though TCP's header is there",
	  V4, { .payload = 100, POKE(AT_IP, 6, 2, 0x2000) }, COUNTED(FRAGMENT) },
	{ "a middle fragment is counted as fragment",
	  V4, { .payload = 100, POKE(AT_IP, 6, 2, 0x2010) }, COUNTED(FRAGMENT) },
	{ "a last fragment is counted as fragment",
	  V4, { .payload = 100, POKE(AT_IP, 6, 2, 0x0010) }, COUNTED(FRAGMENT) },
	{ "a fragment at offset 8 is counted as fragment",
	  V4, { .payload = 100, POKE(AT_IP, 6, 2, 0x0001) }, COUNTED(FRAGMENT) },
	{ "a fragment at the highest offset is counted as fragment",
	  V4, { .payload = 100, POKE(AT_IP, 6, 2, 0x1fff) }, COUNTED(FRAGMENT) },
	{ "a fragment that must not be fragmented is counted as fragment",
	  V4, { .payload = 100, POKE(AT_IP, 6, 2, 0x6000) }, COUNTED(FRAGMENT) },

	/* Lengths that lie. */
	{ "a length one byte too long is counted as truncated",
	  BOTH, { .payload = 10, .more_length = 1 }, COUNTED(TRUNCATED) },
	{ "a length 10000 bytes too long is counted as truncated",
	  BOTH, { .payload = 10, .more_length = 10000 }, COUNTED(TRUNCATED) },
	{ "a length one byte longer than padding can hide is counted as truncated",
	  BOTH, { .padding = 6, .more_length = 7 }, COUNTED(TRUNCATED) },
	{ "a length of 65535 is counted as truncated",
	  V4, { POKE(AT_IP, 2, 2, 0xffff) }, COUNTED(TRUNCATED) },
	{ "a length of 65535 is counted as truncated",
	  V6, { POKE(AT_IP, 4, 2, 0xffff) }, COUNTED(TRUNCATED) },
	{ "a length that ends inside the TCP header is counted as malformed",
	  BOTH, { .more_length = -1 }, COUNTED(MALFORMED) },
	{ "a length that ends inside the TCP options is counted as malformed",
	  BOTH, { .tcp_options = 20, .payload = 10, .more_length = -11 }, COUNTED(MALFORMED) },
	{ "a length that ends with the IP header is counted as malformed",
	  V4, { .payload = 10, POKE(AT_IP, 2, 2, 20) }, COUNTED(MALFORMED) },
	{ "a length that ends inside the IP header is counted as malformed",
	  V4, { .payload = 10, POKE(AT_IP, 2, 2, 19) }, COUNTED(MALFORMED) },
	{ "a length of 1 is counted as malformed",
	  V4, { .payload = 10, POKE(AT_IP, 2, 2, 1) }, COUNTED(MALFORMED) },
	{ "a payload length of 1 is counted as malformed",
	  V6, { .payload = 10, POKE(AT_IP, 4, 2, 1) }, COUNTED(MALFORMED) },
	{ "a payload length of 19 is counted as malformed",
	  V6, { .payload = 10, POKE(AT_IP, 4, 2, 19) }, COUNTED(MALFORMED) },
	{ "a length that ends inside the IP options is counted as malformed",
	  V4, { .ip_options = 40, .payload = 10, POKE(AT_IP, 2, 2, 50) }, COUNTED(MALFORMED) },
	{ "a length of 0 (BIG TCP) is taken from the buffer",
	  BOTH, { .payload = 700, .no_length = true }, RECORDED, .jumbo = true },
	{ "a length of 0 takes padding along",
	  BOTH, { .payload = 7, .padding = 3, .no_length = true }, RECORDED, .jumbo = true,
	  .more_payload = 3 },
	{ "a length of 0 in front of half a TCP header is counted as truncated",
	  BOTH, { .no_length = true, CUT(AT_TCP, 19) }, COUNTED(TRUNCATED) },
	{ "a length of 0 in front of half the TCP options is counted as malformed",
	  BOTH, { .tcp_options = 20, .no_length = true, CUT(AT_TCP, 30) }, COUNTED(MALFORMED) },
	{ "a length of 0 in front of UDP is passed over",
	  BOTH, { .protocol = 17, .no_length = true }, NOTHING },
	{ "data that are not there are counted as truncated",
	  BOTH, { .payload = 100, CUT(AT_END, -1) }, COUNTED(TRUNCATED) },

	/* The TCP header. */
	{ "a data offset of 0 is counted as malformed",
	  BOTH, { .payload = 10, POKE(AT_TCP, 12, 1, 0x00) }, COUNTED(MALFORMED) },
	{ "a data offset of 1 is counted as malformed",
	  BOTH, { .payload = 10, POKE(AT_TCP, 12, 1, 0x10) }, COUNTED(MALFORMED) },
	{ "a data offset of 4 is counted as malformed",
	  BOTH, { .payload = 10, POKE(AT_TCP, 12, 1, 0x4f) }, COUNTED(MALFORMED) },
	{ "a data offset one past the end of the packet is counted as malformed",
	  BOTH, { POKE(AT_TCP, 12, 1, 0x60) }, COUNTED(MALFORMED) },
	{ "a data offset of 15 past the end of the packet is counted as malformed",
	  BOTH, { .payload = 39, POKE(AT_TCP, 12, 1, 0xf0) }, COUNTED(MALFORMED) },
	{ "a data offset that reaches into padding is counted as malformed",
	  BOTH, { .padding = 40, POKE(AT_TCP, 12, 1, 0x60) }, COUNTED(MALFORMED) },

	/* IPv6 extension headers. */
	{ "hop-by-hop options are skipped", V6, { .extensions = "h", .payload = 5 }, RECORDED },
	{ "a routing header is skipped", V6, { .extensions = "r", .payload = 5 }, RECORDED },
	{ "destination options are skipped", V6, { .extensions = "d", .payload = 5 }, RECORDED },
	{ "64 bytes of destination options are skipped",
	  V6, { .extensions = "D", .payload = 5 }, RECORDED },
	{ "a mobility header is skipped", V6, { .extensions = "m", .payload = 5 }, RECORDED },
	{ "an authentication header is skipped", V6, { .extensions = "A", .payload = 5 }, RECORDED },
	{ "an atomic fragment is a whole packet (RFC 6946)",
	  V6, { .extensions = "f", .payload = 5 }, RECORDED },
	{ "reserved bits of a fragment header are no fragment",
	  V6, { .extensions = "f", POKE(AT_EXT, 2, 2, 0x0006) }, RECORDED },
	{ "a chain in the order of RFC 8200 is skipped",
	  V6, { .extensions = "hdrfAd", .payload = 5 }, RECORDED },
	{ "a chain in another order is skipped", V6, { .extensions = "DhA", .payload = 5 }, RECORDED },
	{ "six extension headers are skipped", V6, { .extensions = "dddddd" }, RECORDED },
	{ "seven extension headers are counted as too many",
	  V6, { .extensions = "ddddddd" }, COUNTED(EXT_LIMIT) },
	{ "twelve extension headers are counted as too many",
	  V6, { .extensions = "hdrdAdmdddfd" }, COUNTED(EXT_LIMIT) },
	{ "seven extension headers before UDP are counted as too many",
	  V6, { .extensions = "ddddddd", .protocol = 17 }, COUNTED(EXT_LIMIT) },
	{ "an extension header before UDP is passed over",
	  V6, { .extensions = "h", .protocol = 17 }, NOTHING },
	{ "ESP after an extension header is passed over",
	  V6, { .extensions = "d", .protocol = 50 }, NOTHING },
	{ "no next header is passed over", V6, { .protocol = 59 }, NOTHING },
	{ "no next header after an extension header is passed over",
	  V6, { .extensions = "d", .protocol = 59 }, NOTHING },
	{ "HIP, which we do not follow, is passed over", V6, { .protocol = 139 }, NOTHING },
	{ "a first fragment is counted as fragment, though TCP's header is there",
	  V6, { .extensions = "F", .payload = 50 }, COUNTED(FRAGMENT) },
	{ "a middle fragment is counted as fragment",
	  V6, { .extensions = "M", .payload = 50 }, COUNTED(FRAGMENT) },
	{ "a last fragment is counted as fragment",
	  V6, { .extensions = "L", .payload = 50 }, COUNTED(FRAGMENT) },
	{ "a fragment after other extension headers is counted as fragment",
	  V6, { .extensions = "hrF" }, COUNTED(FRAGMENT) },
	{ "a fragment after an atomic fragment is counted as fragment",
	  V6, { .extensions = "fL" }, COUNTED(FRAGMENT) },
	{ "a seventh header that is a fragment is counted as fragment",
	  V6, { .extensions = "ddddddF" }, COUNTED(FRAGMENT) },
	{ "a fragment that is cut in its header is counted as truncated",
	  V6, { .extensions = "F", CUT(AT_EXT, 7) }, COUNTED(TRUNCATED) },
	{ "an extension header far past the end is counted as truncated",
	  V6, { .extensions = "h", .payload = 50, POKE(AT_EXT, 1, 1, 255) }, COUNTED(TRUNCATED) },
	{ "an authentication header far past the end is counted as truncated",
	  V6, { .extensions = "A", .payload = 50, POKE(AT_EXT, 1, 1, 255) }, COUNTED(TRUNCATED) },
	{ "six extension headers of full length are counted as truncated",
	  V6, { .extensions = "d", .payload = 1000, POKE(AT_EXT, 0, 2, 0x3cff) },
	  COUNTED(TRUNCATED) },
	{ "an extension header just up to the end of the packet is counted as truncated",
	  V6, { .extensions = "h", .payload = 4, POKE(AT_EXT, 1, 1, 3) }, COUNTED(TRUNCATED) },
	{ "an extension header past what the length says is counted as malformed",
	  V6, { .extensions = "d", .payload = 10, POKE(AT_IP, 4, 2, 4) }, COUNTED(MALFORMED) },
	{ "a length that ends with the extension headers is counted as malformed",
	  V6, { .extensions = "d", .payload = 10, POKE(AT_IP, 4, 2, 8) }, COUNTED(MALFORMED) },
	{ "a jumbogram with its option is taken from the buffer",
	  V6,
	  { .extensions = "h", .payload = 700, .no_length = true,
	    .poke = { { AT_EXT, 2, 2, 0xc204 }, { AT_EXT, 4, 4, 728 } } },
	  RECORDED, .jumbo = true },
};
/* clang-format on */

/* The least that BPF_PROG_TEST_RUN takes; of tc also some more, see is_refused(). */
#define MIN_RUN 14

static unsigned int n_refused;

/* Newer kernels want a whole IP header where they see its ethertype; test_live sends these. */
static bool is_refused(enum entry e, size_t len, int err)
{
	bool refused = err == -EINVAL && e != XDP && len < 14 + 40;

	n_refused += refused;
	return refused;
}

static bool check_counts(const struct bed *b, const struct rst_cpu *before, const struct want *want,
			 const char *who)
{
	const struct rst_cpu *after = &b->cpus[b->cpu];
	bool good = true;
	int i;

	for (i = 0; i < RST_CNT_MAX; i++) {
		uint64_t expected = before->count[i];

		if (want->verdict == VERDICT_RECORD)
			expected += (i == RST_CNT_JUMBO && want->jumbo) +
				    (i == RST_CNT_GSO && want->gso) +
				    (i == RST_CNT_RESETS && want->record.flags & RST);
		else
			expected += i == want->verdict;
		if (after->count[i] == expected)
			continue;
		note("%s: count of %s went up by %d, expected %d", who, count_names[i],
		     (int)(after->count[i] - before->count[i]), (int)(expected - before->count[i]));
		good = false;
	}
	return good;
}

static bool check_event(const struct bed *b, const struct want *want, const char *who)
{
	bool expected = want->verdict == VERDICT_RECORD && want->record.flags & RST;

	if (b->n_events != expected) {
		note("%s: %u events", who, b->n_events);
		return false;
	}
	return !expected || !memcmp(&b->events[0].rst, bed__record(b, 0), sizeof(struct rst_pkt));
}

static bool check_record(const struct bed *b, enum entry e, uint64_t head, const struct want *want,
			 uint64_t since, const char *who)
{
	bool recorded = want->verdict == VERDICT_RECORD;
	const struct rst_pkt *got = bed__record(b, 0);
	struct rst_pkt expected = want->record;

	if (bed__head(b) != head + recorded) {
		note("%s: %d records", who, (int)(bed__head(b) - head));
		return false;
	}
	if (!recorded)
		return true;
	expected.meta |= LOOPBACK | entry_hook(e) << RST_META_HOOK_SHIFT;
	expected.meta |= want->gso ? RST_META_GSO : 0;
	if (got->ts_ns < since || got->ts_ns > now_ns()) {
		note("%s: the time is not that of the packet", who);
		return false;
	}
	return same_record(got, &expected, who);
}

/* One packet through one program, with all that it may change. */
static bool check_run(struct bed *b, enum entry e, const struct run *run, const struct want *want)
{
	struct rst_cpu before = b->cpus[b->cpu];
	struct rst_pkt next = *bed__record(b, (unsigned int)-1);
	const char *who = entry_names[e];
	uint64_t since = now_ns(), head = bed__head(b);
	struct outcome out;
	bool good;
	int err;

	err = bed__run(b, e, run, &out);
	if (is_refused(e, run->len, err))
		return true;
	if (err) {
		note("%s: BPF_PROG_TEST_RUN: %s", who, strerror(-err));
		return false;
	}
	b->n_events = 0;
	bed__collect(b);
	good = check_counts(b, &before, want, who);
	good &= check_record(b, e, head, want, since, who);
	good &= check_event(b, want, who);
	if (want->verdict != VERDICT_RECORD &&
	    memcmp(&next, bed__record(b, (unsigned int)-1), sizeof(next))) {
		note("%s: wrote to the ring without recording", who);
		good = false;
	}
	if (out.retval != entry_passes(e)) {
		note("%s: returned %d", who, (int)out.retval);
		good = false;
	}
	if (!out.unchanged) {
		note("%s: the packet came out changed", who);
		good = false;
	}
	return good;
}

/* A table row is wrong when the reference does not agree with it. */
static bool agrees(const struct packet *p, const struct want *want)
{
	struct rst_pkt record;
	bool jumbo;
	int verdict;

	verdict = reference_parse(p->bytes, p->len, p->ethernet, &record, &jumbo);
	if (verdict != want->verdict) {
		note("reference: verdict %d, expected %d", verdict, want->verdict);
		return false;
	}
	if (verdict != VERDICT_RECORD)
		return true;
	return jumbo == want->jumbo && same_record(&record, &want->record, "reference");
}

static void want_of_row(const struct row *row, int family, struct want *ret)
{
	*ret = (struct want){ .verdict = row->verdict, .jumbo = row->jumbo };
	packet_record(&row->in, family, &ret->record);
	ret->record.len = (uint16_t)(ret->record.len + row->more_payload);
}

static void check_row(struct bed *b, const struct row *row, int family)
{
	struct packet p;
	struct want want;
	bool good = true;
	enum entry e;

	want_of_row(row, family, &want);
	for (e = XDP; e < N_ENTRIES; e++) {
		struct run run = { .data = p.bytes };

		if (entry_is_l3(e) && row->ethernet_only)
			continue;
		packet_build(&p, &row->in, family, !entry_is_l3(e));
		run.len = p.len;
		good &= agrees(&p, &want);
		good &= check_run(b, e, &run, &want);
	}
	ok(good, "IPv%d: %s", family, row->what);
}

static void check_rows(struct bed *b)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].families & V4)
			check_row(b, &rows[i], 4);
		if (rows[i].families & V6)
			check_row(b, &rows[i], 6);
	}
}

/* Cut after each byte in turn. */
static void check_cuts(struct bed *b, const struct recipe *recipe, int family, const char *what)
{
	const struct want want = { .verdict = RST_CNT_TRUNCATED };
	struct run run = { 0 };
	bool good = true;
	struct packet p;
	size_t len, min;
	enum entry e;

	for (e = XDP; e < N_ENTRIES && good; e++) {
		if (entry_is_l3(e) && recipe->tags[0])
			continue;
		packet_build(&p, recipe, family, !entry_is_l3(e));
		run.data = p.bytes;
		len = p.len;
		for (min = MIN_RUN, p.len = min; p.len < len && good; p.len++) {
			run.len = p.len;
			good &= agrees(&p, &want) & check_run(b, e, &run, &want);
		}
		if (!good)
			note("%s: cut after %zu bytes", entry_names[e], p.len - 1);
	}
	ok(good, "IPv%d: %s, cut after each byte in turn, is counted as truncated", family, what);
}

static void check_all_cuts(struct bed *b)
{
	const struct recipe plain = { .payload = 20 };
	const struct recipe full4 = {
		.ip_options = 40,
		.tcp_options = 40,
		.payload = 10,
	};
	const struct recipe full6 = {
		.extensions = "hDrfAm",
		.tcp_options = 40,
		.payload = 10,
	};
	struct recipe tagged4 = full4, tagged6 = full6;

	tagged4.tags[0] = tagged6.tags[0] = 0x88a8;
	tagged4.tags[1] = tagged6.tags[1] = 0x8100;
	check_cuts(b, &plain, 4, "a segment");
	check_cuts(b, &plain, 6, "a segment");
	check_cuts(b, &full4, 4, "a segment with all options");
	check_cuts(b, &full6, 6, "a segment with extension headers and options");
	check_cuts(b, &tagged4, 4, "a segment with QinQ and all options");
	check_cuts(b, &tagged6, 6, "a segment with QinQ, extension headers and options");
}

/* xorshift64*: the same packets everywhere from the same seed. */
static uint64_t random_state;

static uint32_t random_below(uint32_t n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)((random_state * 0x2545f4914f6cdd1d) >> 32) % n;
}

static void random_recipe(struct recipe *r)
{
	static const uint16_t tags[] = { 0x8100, 0x88a8, 0x9100 };
	static const char letters[] = "hdrmDAfFML";
	static char extensions[9];
	uint32_t i, n;

	memset(r, 0, sizeof(*r));
	n = random_below(8) ? 0 : 1 + random_below(TAGS - 1);
	for (i = 0; i < n; i++)
		r->tags[i] = tags[random_below(3)];
	n = random_below(3) ? 0 : random_below(sizeof(extensions));
	for (i = 0; i < n; i++)
		extensions[i] = letters[random_below(random_below(4) ? 7 : 10)];
	extensions[n] = 0;
	r->extensions = n ? extensions : NULL;
	r->ip_options = random_below(3) ? 0 : 4 * random_below(11);
	r->tcp_options = random_below(2) ? 0 : 4 * random_below(11);
	r->payload = random_below(200);
	r->padding = random_below(4) ? 0 : random_below(50);
	r->more_length = random_below(10) ? 0 : (int)random_below(100) - 50;
	r->no_length = !random_below(20);
	r->flags = (uint16_t)random_below(256);
	r->seq = random_below(UINT32_MAX);
	r->ack = random_below(UINT32_MAX);
}

/* Four in five are TCP packets with up to five bytes changed; the others are noise. */
static void random_packet(struct packet *p, bool ethernet)
{
	static const uint8_t telling[] = { 0x08, 0x00, 0x86, 0xdd, 0x81, 0x00, 0x45, 0x60,
					   6,	 44,   0,    0xff, 60,	 20,   40,   1 };
	struct recipe recipe;
	uint32_t i, n;

	if (random_below(5)) {
		random_recipe(&recipe);
		packet_build(p, &recipe, random_below(2) ? 4 : 6, ethernet);
	} else {
		p->ethernet = ethernet;
		p->len = MIN_RUN + random_below(200);
		for (i = 0; i < p->len; i++)
			p->bytes[i] = (uint8_t)random_below(256);
		if (random_below(2))
			memcpy(p->bytes + 12, random_below(2) ? "\x08\0\x45" : "\x86\xdd\x60", 3);
	}
	n = random_below(6);
	for (i = 0; i < n; i++) {
		uint32_t at = random_below((uint32_t)(p->len < 120 ? p->len : 120));

		p->bytes[at] = random_below(2) ? telling[random_below(sizeof(telling))] :
						 (uint8_t)random_below(256);
	}
	if (!random_below(10))
		p->len = MIN_RUN + random_below((uint32_t)(p->len - MIN_RUN) + 1);
}

/* The first ethertypes below 0x600 become those of 802.2 and 802.3. */
static bool has_ethertype(const struct packet *p)
{
	return p->bytes[12] >= 6;
}

static void dump(const struct packet *p)
{
	size_t i;

	printf("#  ");
	for (i = 0; i < p->len; i++)
		printf("%02x", p->bytes[i]);
	printf("\n");
}

static bool check_random(struct bed *b, enum entry e, unsigned int *verdicts)
{
	struct want want = { 0 };
	struct run run;
	struct packet p;
	bool good;

	do
		random_packet(&p, !entry_is_l3(e));
	while (entry_is_l3(e) && !has_ethertype(&p));
	want.verdict = reference_parse(p.bytes, p.len, p.ethernet, &want.record, &want.jumbo);
	verdicts[want.verdict + 1]++;
	run = (struct run){ .data = p.bytes, .len = p.len };
	good = check_run(b, e, &run, &want);
	if (!good)
		dump(&p);
	return good;
}

static void check_randoms(struct bed *b, uint64_t seed)
{
	unsigned int verdicts[RST_CNT_MAX + 1];
	unsigned int i, bad;
	enum entry e;

	for (e = XDP; e < N_ENTRIES; e++) {
		memset(verdicts, 0, sizeof(verdicts));
		random_state = seed;
		for (i = 0, bad = 0; i < N_RANDOM && bad < 5; i++)
			bad += !check_random(b, e, verdicts);
		note("%s, of %u: %u recorded, %u nothing, %u fragments, %u truncated, "
		     "%u malformed, %u too many headers",
		     entry_names[e], i, verdicts[1], verdicts[0], verdicts[1 + RST_CNT_FRAGMENT],
		     verdicts[1 + RST_CNT_TRUNCATED], verdicts[1 + RST_CNT_MALFORMED],
		     verdicts[1 + RST_CNT_EXT_LIMIT]);
		ok(!bad, "%s: %u random packets, seed %" PRIu64 ": all as the reference says",
		   entry_names[e], N_RANDOM, seed);
	}
}

static void check_gso(struct bed *b)
{
	static const struct {
		const char *what;
		uint32_t segs, size;
		bool gso;
	} cases[] = {
		{ "an aggregated segment is marked and counted", 3, 500, true },
		{ "a segment of one is not an aggregated one", 1, 500, false },
		{ "an aggregated segment whose parts nobody counted yet is marked", 0, 500, true },
	};
	const struct recipe recipe = { .payload = 1500 };
	struct packet p;
	size_t i;
	enum entry e;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct want want = { .gso = cases[i].gso };
		bool good = true;

		packet_record(&recipe, 4, &want.record);
		for (e = TC_INGRESS; e < N_ENTRIES; e++) {
			struct run run = { .data = p.bytes,
					   .gso_segs = cases[i].segs,
					   .gso_size = cases[i].size };

			packet_build(&p, &recipe, 4, !entry_is_l3(e));
			run.len = p.len;
			good &= check_run(b, e, &run, &want);
		}
		ok(good, "%s", cases[i].what);
	}
}

static void check_forwarded(struct bed *b)
{
	const struct recipe recipe = { .payload = 1 };
	struct outcome out;
	bool good = true;
	struct packet p;
	enum entry e;

	for (e = TC_INGRESS; e < N_ENTRIES; e++) {
		struct run run = { .data = p.bytes, .ingress_ifindex = 7 };
		uint32_t expected = entry_hook(e) == RST_HOOK_TC_EGRESS ? RST_META_FORWARDED : 0;

		packet_build(&p, &recipe, 4, !entry_is_l3(e));
		run.len = p.len;
		good &= !bed__run(b, e, &run, &out) &&
			(bed__record(b, 0)->meta & RST_META_FORWARDED) == expected;
	}
	ok(good, "a packet that came in by an interface is marked as forwarded on egress only");
}

/* In a network namespace of our own: another interface than "lo". */
static void check_ifindex(struct bed *b)
{
	static const char what[] = "the record names the interface";
	const struct recipe recipe = { .payload = 1 };
	struct outcome out;
	bool good = true;
	struct packet p;
	unsigned int i;
	enum entry e;

	if (unshare(CLONE_NEWNET) ||
	    system("ip link add d0 index 1234567 type veth >/dev/null 2>&1")) {
		skip("cannot make a dummy interface", "%s", what);
		return;
	}
	i = if_nametoindex("d0");
	for (e = TC_INGRESS; e < N_ENTRIES; e++) {
		struct run run = { .data = p.bytes, .ifindex = i };

		packet_build(&p, &recipe, 4, !entry_is_l3(e));
		run.len = p.len;
		good &= !bed__run(b, e, &run, &out) &&
			(bed__record(b, 0)->meta & RST_META_IFINDEX) == i;
	}
	ok(good, "%s", what);
}

static bool run_big_xdp(struct bed *b, int family, uint32_t linear, int verdict, int *ret_err)
{
	const struct recipe recipe = { .payload = 9000 };
	struct run run = { .linear = linear };
	uint64_t truncated = bed__count(b, RST_CNT_TRUNCATED), head = bed__head(b);
	struct outcome out;
	struct packet p;

	packet_build(&p, &recipe, family, true);
	run.data = p.bytes;
	run.len = p.len;
	*ret_err = bed__run(b, XDP, &run, &out);
	if (*ret_err)
		return false;
	if (!out.unchanged || out.retval != entry_passes(XDP))
		return false;
	if (verdict == VERDICT_RECORD)
		return bed__head(b) == head + 1 && bed__record(b, 0)->len == 9000;
	return bed__head(b) == head && bed__count(b, RST_CNT_TRUNCATED) == truncated + 1;
}

static void check_xdp_frags(void)
{
	static const struct {
		const char *what;
		uint32_t linear; /* 0: as much as fits a page */
		int verdict;
	} cases[] = {
		{ "a packet in several buffers has its whole length", 0, VERDICT_RECORD },
		{ "headers alone in the first buffer are enough", 14 + 40 + 20, VERDICT_RECORD },
		{ "a TCP header outside of the first buffer is counted as truncated", 14 + 40 + 19,
		  RST_CNT_TRUNCATED },
	};
	const struct bed_config cfg = { .slots = 256, .xdp_frags = true };
	struct bed *b = bed__open(&cfg, -1);
	size_t i;
	int err;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool good = b && run_big_xdp(b, 6, cases[i].linear, cases[i].verdict, &err);

		if (!b)
			skip(strerror(errno), "multi-buffer XDP: %s", cases[i].what);
		else if (!good && err)
			skip(strerror(-err), "multi-buffer XDP: %s", cases[i].what);
		else
			ok(good, "multi-buffer XDP: %s", cases[i].what);
	}
	bed__close(b);
}

int main(int argc, char **argv)
{
	const struct bed_config cfg = { .slots = 1024 };
	uint64_t seed = (uint64_t)time(NULL);
	struct bed *b;

	if (!begin("packets through the programs of the wire view"))
		return 0;
	if (argc > 1)
		seed = strtoull(argv[1], NULL, 0);
	b = bed__open(&cfg, -1);
	if (!b) {
		ok(false, "load the wire view: %s", strerror(errno));
		return finish();
	}
	check_rows(b);
	check_all_cuts(b);
	check_gso(b);
	check_forwarded(b);
	check_xdp_frags();
	check_randoms(b, seed ? seed : 1);
	check_ifindex(b);
	note("%u packets too short for BPF_PROG_TEST_RUN on this kernel", n_refused);
	bed__close(b);
	return finish();
}
