// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_clsact_order.c - which priority a filter of ours takes among those of others.
 */
#include "host/clsact_order.h"
#include "test.h"

static const struct {
	const char *name;
	uint64_t taken;
	uint16_t lowest, want;
} rows[] = {
	{ "alone, 1 is left to others", 0, 0, 2 },
	{ "before what the kernel has numbered", 0, 49152, 2 },
	{ "before 3", 1 << 3, 3, 2 },
	{ "before 2 only by 1", 1 << 2, 2, 1 },
	{ "never with 1, but right after it", 1 << 1, 1, 2 },
	{ "after 1 and 2", 1 << 1 | 1 << 2, 1, 3 },
	{ "after 1 and 2, before 4", 1 << 1 | 1 << 2 | 1 << 4, 1, 3 },
	{ "after another watch, which is nobody's business", 1 << 2, 0, 3 },
	{ "after another watch, before 4", 1 << 2 | 1 << 4, 4, 3 },
	{ "between two watches and 3 only by 1", 1 << 2 | 1 << 3, 3, 1 },
	{ "two watches at 1 and 2, before nobody", 1 << 1 | 1 << 2, 5, 3 },
};

int main(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct clsact_order o = { .taken = rows[i].taken, .lowest = rows[i].lowest };

		check_int(clsact_choose(&o), rows[i].want, "%s", rows[i].name);
	}
	return test_done();
}
