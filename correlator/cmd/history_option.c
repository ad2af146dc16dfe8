// SPDX-License-Identifier: GPL-2.0-only
/*
 * history_option.c - the argument of --history: how far back the flight recorder goes.
 */
#include "cmd/history_option.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "rst_ring.h"

unsigned long long history_bytes(unsigned int slots, unsigned int cpus)
{
	return (unsigned long long)rst_ring_bytes(slots) * cpus;
}

/* Up to twice the most that can be had is rounded down to that. */
static unsigned long long records_in(unsigned long long bytes)
{
	unsigned long long n = 0;

	if (bytes > rst_ring_bytes(0))
		n = (bytes - rst_ring_bytes(0)) / sizeof(struct rst_pkt);
	return n > RST_RING_SLOTS && n < 2 * RST_RING_SLOTS ? RST_RING_SLOTS : n;
}

static unsigned int unit_shift(const char *unit)
{
	switch (*unit) {
	case 'K':
		return 10;
	case 'M':
		return 20;
	case 'G':
		return 30;
	}
	return 0;
}

static int too_much(unsigned int cpus, char *why, size_t size)
{
	snprintf(why, size,
		 "there is room for at most %d records for each of %u CPUs (%.1f MB), and for at "
		 "least %d (%.1f MB)",
		 RST_RING_SLOTS, cpus, (double)history_bytes(RST_RING_SLOTS, cpus) / 1e6,
		 RST_SCAN_BACK, (double)history_bytes(RST_SCAN_BACK, cpus) / 1e6);
	return -EINVAL;
}

int history_option_parse(const char *arg, unsigned int cpus, unsigned int *ret_slots, char *why,
			 size_t size)
{
	unsigned int slots = RST_RING_SLOTS, shift;
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(arg, &end, 10);
	shift = unit_shift(end);
	if (errno || !isdigit((unsigned char)*arg) || (*end && (!shift || end[1])) || n >> 32) {
		snprintf(why, size, "it takes records for each CPU (4096) or a size (512K, 1M)");
		return -EINVAL;
	}
	if (shift)
		n = records_in((n << shift) / cpus);
	if (n > RST_RING_SLOTS || n < RST_SCAN_BACK)
		return too_much(cpus, why, size);
	while (slots > n)
		slots /= 2;
	*ret_slots = slots;
	return 0;
}
