// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_mark.c - the mark that RST segments get: on which, in which bits, and that nothing else of
 * a packet ever changes. test_packets.c holds that for all packets where no mark is wanted.
 */
#include <errno.h>
#include <string.h>

#include "harness.h"
#include "packet.h"

#define SYN 0x02
#define RST 0x04
#define ACK 0x10

#define BEFORE 0xabcd12c3u
#define MASK 0xf0u
#define VALUE 0x50u
#define ACTIVE 0xa0u

struct row {
	const char *what;
	uint16_t flags;
	uint32_t seq;
	bool forwarded;
	bool is_reset;
	bool is_active; /* where it leaves */
};

static const struct row rows[] = {
	{ "a SYN", .flags = SYN, .seq = 7 },
	{ "a data segment", .flags = ACK, .seq = 7 },
	{ "an answer to a segment with an ACK", .flags = RST, .seq = 7, .is_reset = true },
	{ "an answer to a SYN", .flags = RST | ACK, .is_reset = true },
	{ "a reset of its sender's own", .flags = RST | ACK, .seq = 7, .is_reset = true,
	  .is_active = true },
	{ "a forwarded reset", .flags = RST | ACK, .seq = 7, .forwarded = true, .is_reset = true },
};

static uint32_t expected_mark(const struct mark *mark, const struct row *row, enum entry e)
{
	bool active = row->is_active && entry_hook(e) == RST_HOOK_TC_EGRESS;

	if (!row->is_reset)
		return BEFORE;
	return (BEFORE & ~mark->mask) | (active ? mark->active : mark->value);
}

/* Returns -EINVAL where the kernel takes no ingress interface for a test run. */
static int check_run(struct bed *b, const struct mark *mark, const struct row *row, enum entry e,
		     int family)
{
	const struct recipe recipe = { .flags = row->flags, .seq = row->seq };
	uint32_t expected = expected_mark(mark, row, e);
	struct run run = { .mark = BEFORE, .ingress_ifindex = row->forwarded ? LOOPBACK : 0 };
	struct outcome out = { 0 };
	uint64_t head = bed__head(b);
	struct packet p;
	int err;

	packet_build(&p, &recipe, family, !entry_is_l3(e));
	run.data = p.bytes;
	run.len = p.len;
	err = bed__run(b, e, &run, &out);
	if (row->forwarded && err == -EINVAL)
		return err;
	if (!err && out.unchanged && out.mark == expected && out.retval == entry_passes(e) &&
	    bed__head(b) == head + 1)
		return 0;
	note("%s, IPv%d: error %d, mark %#x for %#x, packet %s", entry_names[e], family, err,
	     out.mark, expected, out.unchanged ? "unchanged" : "changed");
	return -EBADMSG;
}

static void check_row(struct bed *b, const struct mark *mark, const char *what,
		      const struct row *row)
{
	bool good = true, skipped = false;
	enum entry e;
	int i, err;

	for (e = TC_INGRESS; e < N_ENTRIES; e++)
		for (i = 0; i < 2; i++) {
			err = check_run(b, mark, row, e, i ? 6 : 4);
			skipped |= err == -EINVAL;
			good &= !err || err == -EINVAL;
		}
	if (good && skipped)
		skip("this kernel takes no ingress interface for a test run", "%s: %s", what,
		     row->what);
	else
		ok(good, "%s: %s", what, row->what);
}

static void check_rows(const struct mark *mark, const char *what)
{
	const struct bed_config cfg = { .slots = 256, .mark = *mark };
	struct bed *b = bed__open(&cfg, -1);
	size_t i;

	ok(b, "%s: the programs load", what);
	for (i = 0; b && i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(b, mark, what, &rows[i]);
	bed__close(b);
}

int main(void)
{
	static const struct mark none, one = { MASK, VALUE, VALUE }, two = { MASK, VALUE, ACTIVE },
				       all = { UINT32_MAX, 1, 2 };

	if (!begin("marks on RST segments"))
		return 0;
	check_rows(&none, "no mark");
	check_rows(&one, "one mark");
	check_rows(&two, "a mark of their own for active resets");
	check_rows(&all, "a mark of all bits");
	return finish();
}
