// SPDX-License-Identifier: GPL-2.0-only
/*
 * user_stacks.c - the stacks of applications that made resets, unwound as they come.
 */
#include "live/user_stacks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>

#include "base/clock.h"
#include "host/user_stack.h"
#include "rst_event.h"

#define N_KEPT 64 /* a case is reported a tenth of a second after its event */
#define NS_PER_SEC 1000000000ull
/* Unwinding may take a quarter of the time; what was not used is kept, up to so much. */
#define BUDGET_NS (8 * NS_PER_SEC)
#define SHARE 4

struct kept {
	uint64_t event_id;
	struct user_stack stack;
};

struct user_stacks {
	int counts;
	uint64_t at_ns;	   /* when this was true: */
	uint64_t spent_ns; /* more than the share, in processor time */
	uint64_t skipped;
	unsigned int next;
	struct kept kept[N_KEPT];
};

struct user_stacks *user_stacks__new(int counts)
{
	struct user_stacks *s = calloc(1, sizeof(*s));

	if (s)
		s->counts = counts;
	return s;
}

static uint64_t unwind(const struct rst_user_stack *u, struct user_stack *ret)
{
	struct user_copy copy = {
		.pid = u->tgid,
		.tid = u->tid,
		.start_stack = u->start_stack,
		.start = u->start,
		.len = sizeof(u->bytes),
		.piece = RST_USER_PIECE,
		.copied = u->pieces,
		.bytes = u->bytes,
	};

	_Static_assert(USER_REGISTERS == RST_USER_REGISTERS, "the same registers");
	memcpy(copy.registers, u->registers, sizeof(copy.registers));
	return user_stack_read(&copy, ret);
}

static void earn(struct user_stacks *s, uint64_t now_ns)
{
	uint64_t earned = (now_ns - s->at_ns) / SHARE;

	s->spent_ns -= earned < s->spent_ns ? earned : s->spent_ns;
	s->at_ns = now_ns;
}

int user_stacks__sample(void *stacks, void *data, size_t len)
{
	struct user_stacks *s = stacks;
	const struct rst_user_stack *u = data;
	struct kept *to;

	if (len < sizeof(*u))
		return 0;
	earn(s, monotonic_ns());
	if (s->spent_ns >= BUDGET_NS) {
		s->skipped++;
		return 0;
	}
	to = &s->kept[s->next++ % N_KEPT];
	to->event_id = u->event_id;
	s->spent_ns += unwind(u, &to->stack);
	return 0;
}

const struct user_stack *user_stacks__find(const struct user_stacks *s, uint64_t event_id)
{
	unsigned int i;

	for (i = 0; event_id && i < N_KEPT; i++)
		if (s->kept[i].event_id == event_id)
			return &s->kept[i].stack;
	return NULL;
}

uint64_t user_stacks__skipped(const struct user_stacks *s)
{
	struct rst_user_count n = { 0 };
	uint32_t zero = 0;

	bpf_map_lookup_elem(s->counts, &zero, &n);
	return s->skipped + n.skipped;
}

void user_stacks__free(struct user_stacks *s)
{
	free(s);
}
