// SPDX-License-Identifier: GPL-2.0-only
/*
 * attached_state.c - what an attached recorder has recorded and counted, of whatever version it is.
 */
#include "live/attached_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>

#include "rst_event.h"

/* Where version 2 and ours have a count in struct rst_cpu: 64-bit words; -1 = nowhere. */
static const struct {
	int v2, now;
} places[N_ATTACHED_COUNTS] = {
	[ATTACHED_RESETS] = { 2, 1 },
	[ATTACHED_FRAGMENTS] = { 3, 2 },
	[ATTACHED_TRUNCATED] = { 4, RST_CNT_TRUNCATED },
	[ATTACHED_MALFORMED] = { 5, RST_CNT_MALFORMED },
	[ATTACHED_JUMBO] = { 6, RST_CNT_JUMBO },
	[ATTACHED_GSO] = { 7, RST_CNT_GSO },
	[ATTACHED_EXT_LIMIT] = { 8, RST_CNT_EXT_LIMIT },
	[ATTACHED_NO_SLOT] = { 9, RST_CNT_NO_SLOT },
	[ATTACHED_UNREAD] = { -1, RST_CNT_UNREAD },
	[ATTACHED_LOST_WIRE] = { 10, -1 },
	[ATTACHED_LOST_KERNEL] = { 11, -1 },
};

static void add_counts(struct attached_state *s, const uint64_t *words, uint32_t n, uint32_t abi)
{
	unsigned int i;
	int at;

	for (i = 0; i < N_ATTACHED_COUNTS; i++) {
		at = abi == 2 ? places[i].v2 : abi == RST_ABI_VERSION ? places[i].now : -1;
		if (at < 0 || (uint32_t)at >= n)
			continue;
		s->count[i] += words[at];
		s->counted[i] = true;
	}
}

static int read_counts(const struct attached_recorder *r, struct attached_state *s)
{
	uint32_t cpu, size = 0, i;
	uint64_t *words;
	int fd = -1;

	for (i = 0; i < r->n_maps; i++) {
		if (!strcmp(r->maps[i].name, "rst_cpus")) {
			fd = r->maps[i].fd;
			size = r->maps[i].value_size;
		}
	}
	if (fd < 0)
		return 0;
	words = calloc(1, size + sizeof(*words));
	if (!words)
		return -ENOMEM;
	for (cpu = 0; cpu < r->cpus && !bpf_map_lookup_elem(fd, &cpu, words); cpu++)
		add_counts(s, words, size / sizeof(*words), r->abi);
	free(words);
	return 0;
}

static void sum_up(struct attached_state *s)
{
	const struct ring_cpu *cpu;

	for (cpu = s->rings.cpus; cpu < s->rings.cpus + s->rings.n_cpus; cpu++) {
		s->recorded += cpu->recorded;
		s->held += cpu->held;
		if (cpu->oldest_ns && (!s->oldest_ns || cpu->oldest_ns < s->oldest_ns))
			s->oldest_ns = cpu->oldest_ns;
		if (cpu->newest_ns > s->newest_ns)
			s->newest_ns = cpu->newest_ns;
	}
}

int attached_state_read(const struct attached_recorder *r, struct attached_state *ret)
{
	struct attached_state s = { .recorded = 0 };
	int err = ring_state_read(attached_recorder_map(r, "rst_ring"), r->ring_size, r->cpus,
				  &s.rings);

	if (err)
		return err;
	sum_up(&s);
	err = read_counts(r, &s);
	if (err)
		ring_state_free(&s.rings);
	else
		*ret = s;
	return err;
}

void attached_state_free(struct attached_state *state)
{
	ring_state_free(&state->rings);
}
