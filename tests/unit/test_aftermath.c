// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_aftermath.c - which reset of a connection was the first, and which RSTs were none.
 */
#include <string.h>

#include "diagnose/aftermath.h"
#include "test.h"

#define MS 1000000u

/* One line of a flow: '>' from the side that sends the last RST, which is the case's. */
struct line {
	char from;
	uint8_t flags;
	uint32_t seq, ack, len;
};

#define ACK FLAG_ACK
#define RST FLAG_RST
#define SYN FLAG_SYN
#define END       \
	{         \
		0 \
	}

static struct tuple ends(char from)
{
	struct tuple t = { .sport = 80, .dport = 40000, .family = AF_INET };

	t.saddr[15] = 1;
	t.daddr[15] = 2;
	return from == '>' ? t : tuple_reverse(&t);
}

static struct reset_case case_of(const struct line *lines)
{
	struct reset_case c;
	unsigned int i;

	case_init(&c);
	for (i = 0; lines[i].from; i++) {
		c.seen.rst = (struct packet){ .ts_ns = (i + 1) * 10 * MS,
					      .tuple = ends(lines[i].from),
					      .flags = lines[i].flags,
					      .seq = lines[i].seq,
					      .ack = lines[i].ack,
					      .len = lines[i].len };
		c.asked.history[i] = c.seen.rst;
	}
	c.asked.n_history = i - 1;
	return c;
}

/* @want: the line of the first reset, -1 = the case's is the first */
static void check_first(const struct line *lines, int want, const char *desc)
{
	struct reset_case c = case_of(lines);
	const struct packet *first = first_reset(&c);

	check_int(first ? first - c.asked.history : -1, want, "%s", desc);
}

static void test_follows(void)
{
	static const struct line after_close[] = {
		{ '<', ACK, 100, 500, 10 },	 { '>', ACK, 500, 110, 0 },
		{ '>', RST | ACK, 500, 110, 0 }, { '<', ACK, 110, 500, 10 },
		{ '>', RST, 500, 0, 0 },	 END
	};
	static const struct line of_data[] = {
		{ '<', ACK, 100, 500, 0 },	 { '>', ACK, 500, 100, 20 },
		{ '>', RST | ACK, 520, 100, 0 }, { '<', ACK, 100, 500, 10 },
		{ '>', RST, 500, 0, 0 },	 END
	};
	static const struct line by_peer[] = { { '<', ACK, 100, 500, 0 },
					       { '>', ACK, 500, 100, 20 },
					       { '<', RST, 100, 0, 0 },
					       { '>', ACK, 520, 100, 20 },
					       { '<', RST, 100, 0, 0 },
					       { '>', RST, 540, 0, 0 },
					       END };

	check_first(after_close, 2, "what was under way is answered by one more RST");
	check_first(of_data, 2, "the first came behind data that was not acknowledged");
	check_first(by_peer, 2, "the first is the peer's, and the oldest counts");
}

static void test_first(void)
{
	static const struct line alone[] = { { '<', ACK, 100, 500, 10 },
					     { '>', RST, 500, 0, 0 },
					     END };
	static const struct line anew[] = { { '<', ACK, 100, 500, 10 },
					    { '>', RST, 500, 0, 0 },
					    { '<', SYN, 9000, 0, 0 },
					    { '>', RST | ACK, 0, 9001, 0 },
					    END };
	static const struct line went_on[] = {
		{ '<', ACK, 100, 500, 10 },	 { '>', RST, 500, 0, 0 },
		{ '<', ACK, 110, 500, 10 },	 { '>', ACK, 500, 120, 10 },
		{ '>', RST | ACK, 510, 120, 0 }, END
	};
	static const struct line out_of_place[] = { { '<', ACK, 100, 500, 10 },
						    { '>', ACK, 500, 110, 10 },
						    { '<', RST, 7000, 0, 0 },
						    { '>', RST | ACK, 510, 110, 0 },
						    END };
	static const struct line only_resets[] = { { '<', RST, 100, 0, 0 },
						   { '>', RST, 500, 0, 0 },
						   END };

	check_first(alone, -1, "the only RST is the first");
	check_first(anew, -1, "a SYN begins another connection");
	check_first(went_on, -1, "a RST after which both ends went on was ignored");
	check_first(out_of_place, -1, "so was one whose number is out of place");
	check_first(only_resets, -1, "of RSTs alone nobody knows whether they were taken");
}

static void test_seen_twice(void)
{
	static const struct line lines[] = {
		{ '<', ACK, 100, 500, 10 }, { '>', RST, 500, 0, 0 }, { '>', RST, 500, 0, 0 }, END
	};
	struct reset_case c = case_of(lines);

	c.asked.history[1].ts_ns = c.seen.rst.ts_ns - MS / 10;
	c.asked.history[1].ifindex = 7;
	check(!first_reset(&c), "the same RST on another interface is not an earlier one");
	c.seen.kind = CASE_STALL;
	check(!first_reset(&c), "a stall follows from nothing");
}

int main(void)
{
	test_follows();
	test_first();
	test_seen_twice();
	return test_done();
}
