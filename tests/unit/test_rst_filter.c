// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_rst_filter.c - pcap-filter(7) expressions, applied to a RST.
 */
#include "cmd/rst_filter.h"
#include "samples.h"

/* LOCAL:80 to PEER:40000, RST+ACK. */
static struct packet reset_of(uint8_t af)
{
	return (struct packet){
		.tuple = make_tuple(af, LOCAL, 80, PEER, 40000),
		.seq = 0x01020304,
		.ack = 0xfffefdfc,
		.flags = FLAG_RST | FLAG_ACK,
		.window = 501,
		.ipid = 0xabcd,
		.ttl = 61,
	};
}

static const struct {
	const char *expression;
	bool want[2]; /* IPv4, IPv6 */
} rows[] = {
	{ "", { true, true } },
	{ "tcp", { true, true } },
	{ "udp", { false, false } },
	{ "ip", { true, false } },
	{ "ip6", { false, true } },
	{ "ip or ip6", { true, true } },
	{ "port 80", { true, true } },
	{ "port 81", { false, false } },
	{ "src port 80", { true, true } },
	{ "dst port 80", { false, false } },
	{ "dst port 40000", { true, true } },
	{ "tcp src port 80 and dst port 40000", { true, true } },
	{ "portrange 79-81", { true, true } },
	{ "host 192.0.2.1", { true, false } },
	{ "host 192.0.2.9", { false, false } },
	{ "src host 192.0.2.1", { true, false } },
	{ "dst host 192.0.2.1", { false, false } },
	{ "dst host 192.0.2.2", { true, false } },
	{ "host 2001:db8::1", { false, true } },
	{ "dst host 2001:db8::2", { false, true } },
	{ "src host 2001:db8::2", { false, false } },
	{ "net 192.0.2.0/24", { true, false } },
	{ "net 192.0.3.0/24", { false, false } },
	{ "src net 192.0.2.0 mask 255.255.255.254", { true, false } },
	{ "net 2001:db8::/32", { false, true } },
	{ "net 2001:db9::/32", { false, false } },
	{ "not port 80", { false, false } },
	{ "port 80 and (host 192.0.2.2 or host 2001:db8::2)", { true, true } },
	{ "tcp[tcpflags] & tcp-rst != 0", { true, false } }, /* tcp[] is IPv4's alone in libpcap */
	{ "tcp[tcpflags] & tcp-ack != 0", { true, false } },
	{ "tcp[tcpflags] == tcp-rst", { false, false } },
	{ "ip6[40 + 13] & 4 != 0", { false, true } },
	{ "ip6[40 + 13] & 1 != 0", { false, false } },
	{ "tcp[4:4] = 0x01020304", { true, false } },
	{ "tcp[8:4] = 0xfffefdfc", { true, false } },
	{ "tcp[14:2] = 501", { true, false } },
	{ "ip[8] = 61", { true, false } },
	{ "ip6[7] = 61", { false, true } },
	{ "ip[4:2] = 0xabcd", { true, false } },
	{ "ip[2:2] = 40", { true, false } },
	{ "ip6[4:2] = 20", { false, true } },
	{ "less 60", { true, true } },
	{ "greater 61", { false, false } },
};

static void test_expressions(void)
{
	char why[256] = "";
	size_t i, f;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct filter *filter = filter__compile(rows[i].expression, why, sizeof(why));

		if (!check(filter, "'%s' compiles", rows[i].expression)) {
			printf("#   %s\n", why);
			continue;
		}
		for (f = 0; f < ARRAY_SIZE(families); f++) {
			struct packet p = reset_of(families[f].af);

			check_int(filter__matches(filter, &p), rows[i].want[f],
				  "'%s' is asked of %s", rows[i].expression, families[f].name);
		}
		filter__free(filter);
	}
}

static void test_errors(void)
{
	static const char *const wrong[] = { "prt 80",	    "port",	"host 1.2.3.4.5",
					     "port 80 and", "(port 80", "net 192.0.2.1/24",
					     "port 65536",  "tcp[",	"\033[31m" };
	char why[256], tiny[4];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct filter *filter;

		memset(why, 0, sizeof(why));
		filter = filter__compile(wrong[i], why, sizeof(why));
		check(!filter, "wrong expression %zu is refused", i + 1);
		check(why[0], "... with libpcap's words");
		filter__free(filter);
	}
	memset(tiny, 'x', sizeof(tiny));
	check(!filter__compile("prt 80", tiny, sizeof(tiny)) && memchr(tiny, 0, sizeof(tiny)),
	      "little room for the words is not overrun");
}

/* Which of our words and libpcap's it gets. */
static void test_direction(void)
{
	static const struct {
		const char *expression;
		bool is_direction;
	} words[] = {
		{ "inbound", true },
		{ "outbound", true },
		{ "tcp and not(outbound)", true },
		{ "port 80&&inbound", true },
		{ "!inbound", true },
		{ "port inbound.example", false },
		{ "port inbound-example", false },
		{ "port 1-outbound", false },
		{ "port an-outbound", false },
		{ "port outbounds", false },
		{ "port \\inbound", false },
	};
	char why[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		memset(why, 0, sizeof(why));
		check(!filter__compile(words[i].expression, why, sizeof(why)), "'%s' is refused",
		      words[i].expression);
		check(!!strstr(why, "-Q in") == words[i].is_direction, "... %s (%s)",
		      words[i].is_direction ? "for the direction" : "by libpcap", why);
	}
}

static void test_none(void)
{
	struct packet p = reset_of(AF_INET);

	check(filter__matches(NULL, &p), "without a filter everything matches");
	filter__free(NULL);
}

static void test_case_matches(void)
{
	char why[256];
	struct filter *filter = filter__compile("port 443", why, sizeof(why));
	struct reset_case c;

	case_init(&c);
	c.seen.rst = reset_of(AF_INET);
	check(!filter__matches_case(filter, &c), "port 443 is in no place of a reset of port 80");
	c.seen.sightings[0].tuple = c.seen.rst.tuple;
	c.seen.sightings[1].tuple = make_tuple(AF_INET, OTHER, 443, PEER, 40000);
	c.seen.n_sightings = 2;
	check(filter__matches_case(filter, &c), "but of its second sighting, behind NAT");
	check(filter__matches_case(NULL, &c), "without a filter each case matches");
	filter__free(filter);
}

static void test_payload(void)
{
	char why[256];
	struct filter *filter = filter__compile("ip[2:2] = 1488", why, sizeof(why));
	struct packet p = reset_of(AF_INET);

	p.len = 1448;
	check(filter && filter__matches(filter, &p), "a RST with data has its full length");
	p.len = 0xffffffff;
	check_int(filter__matches(filter, &p), false, "a length beyond all reason does no harm");
	filter__free(filter);
}

int main(void)
{
	test_expressions();
	test_errors();
	test_direction();
	test_none();
	test_case_matches();
	test_payload();
	return test_done();
}
