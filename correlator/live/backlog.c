// SPDX-License-Identifier: GPL-2.0-only
/*
 * backlog.c - the RSTs that were recorded before anybody read them, as the events they never were.
 */
#include "live/backlog.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"

struct backlog {
	struct packet_list list;
	unsigned int next;
};

struct backlog *backlog__new(const struct recorder *f, uint64_t until_ns)
{
	struct backlog *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	if (recorder__resets(f, until_ns, &b->list)) {
		backlog__free(b);
		errno = ENOMEM;
		return NULL;
	}
	if (b->list.n > BACKLOG_MAX) {
		notice("the recorder still has %u RSTs from before the start; only the newest %d are "
		       "reported",
		       b->list.n, BACKLOG_MAX);
		b->next = b->list.n - BACKLOG_MAX;
	}
	return b;
}

void backlog__forget(struct backlog *b, const struct packet *rst)
{
	unsigned int i;

	for (i = b->next; i < b->list.n; i++) {
		struct packet *p = &b->list.packets[i];

		if (p->ts_ns == rst->ts_ns && p->cpu == rst->cpu)
			p->flags = 0;
	}
}

bool backlog__next(struct backlog *b, struct event *ret)
{
	while (b->next < b->list.n) {
		const struct packet *p = &b->list.packets[b->next++];

		if (!p->flags)
			continue;
		*ret = (struct event){
			.kind = EVENT_WIRE,
			.wire = { .rst = *p, .before_start = true },
		};
		return true;
	}
	return false;
}

void backlog__free(struct backlog *b)
{
	if (!b)
		return;
	free(b->list.packets);
	free(b);
}
