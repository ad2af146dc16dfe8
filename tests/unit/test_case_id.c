// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_case_id.c - names by which others find a reset and its flow.
 */
#include <arpa/inet.h>
#include <string.h>

#include "model/case_id.h"
#include "model/community_id.h"
#include "test.h"

#define MINUTE 60000000000u

static struct tuple flow(uint8_t family, const char *src, uint16_t sport, const char *dst,
			 uint16_t dport)
{
	struct tuple t = { .sport = sport, .dport = dport, .family = family };
	size_t at = family == AF_INET ? 12 : 0;

	inet_pton(family, src, t.saddr + at);
	inet_pton(family, dst, t.daddr + at);
	return t;
}

static void check_flow(struct tuple t, const char *want, const char *desc)
{
	struct tuple back = tuple_reverse(&t);
	char id[COMMUNITY_ID_TEXT];

	community_id(id, &t);
	check_str(id, want, desc);
	community_id(id, &back);
	check_str(id, want, "... and in the other direction");
}

/* As `tshark --enable-protocol communityid` has them. */
static void test_community_id(void)
{
	check_flow(flow(AF_INET, "128.232.110.120", 34855, "66.35.250.204", 80),
		   "1:LQU9qZlK+B5F3KDmev6m5PMibrg=", "a flow of IPv4");
	check_flow(flow(AF_INET, "10.0.0.1", 1000, "10.0.0.1", 80),
		   "1:gl99DdwFdh+zx4L91inYGRcOLP4=", "of one address: the ports decide");
	check_flow(flow(AF_INET6, "2001:db8::1", 40000, "2001:db8::2", 443),
		   "1:RYG3Msb11GthNt1OYXJouPzmrvA=", "a flow of IPv6");
}

static void id_of(char ret[CASE_ID_TEXT], struct packet rst, uint64_t wall_ns)
{
	struct reset_case c;

	case_init(&c);
	c.seen.rst = rst;
	case_id(ret, &c, wall_ns);
}

static void check_same(struct packet a, struct packet b, bool want, const char *desc)
{
	char one[CASE_ID_TEXT], other[CASE_ID_TEXT];

	id_of(one, a, MINUTE);
	id_of(other, b, MINUTE);
	check(!strcmp(one, other) == want, desc);
}

static void test_what_counts(void)
{
	struct packet rst = { .tuple = flow(AF_INET, "10.0.0.1", 80, "10.0.0.2", 40000),
			      .seq = 1,
			      .ack = 2,
			      .flags = FLAG_RST | FLAG_ACK,
			      .ttl = 64 };
	struct packet other = rst;

	other.tuple = flow(AF_INET, "192.0.2.1", 8080, "198.51.100.7", 1024);
	other.ttl = 60;
	other.ifindex = 7;
	check_same(rst, other, true, "NAT and routers change nothing of an id");
	other.flags |= 0xc0;
	check_same(rst, other, true, "nor does ECN");
	other.flags = FLAG_RST;
	check_same(rst, other, false, "other flags do");
	other = rst;
	other.seq = 2;
	check_same(rst, other, false, "another sequence number does");
	other = rst;
	other.seq = 2, other.ack = 1;
	check_same(rst, other, false, "and the two are not mixed up");
	other = rst;
	other.ack = 3;
	check_same(rst, other, false, "nor is the acknowledgment number left out");
}

static void test_when(void)
{
	struct packet rst = { .seq = 1, .flags = FLAG_RST };
	char a[CASE_ID_TEXT], b[CASE_ID_TEXT];

	id_of(a, rst, 29000000ull * MINUTE);
	check_int(strlen(a), CASE_ID_TEXT - 1, "128 bits");
	check(!strncmp(a, "01ba8140", 8), "it begins with the minute");
	id_of(b, rst, 29000000ull * MINUTE + MINUTE - 1);
	check_str(b, a, "it is the same all through the minute");
	id_of(b, rst, 29000001ull * MINUTE);
	check(!strncmp(b, "01ba8141", 8) && !strcmp(a + 8, b + 8),
	      "in the next minute, only the first eight digits differ");
}

int main(void)
{
	test_community_id();
	test_what_counts();
	test_when();
	return test_done();
}
