// SPDX-License-Identifier: GPL-2.0-only
/*
 * wire_watch.c - is what we have attached to interfaces still there? Looks, and has it attached again.
 */
#include "live/wire_watch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"

#define NS_PER_SEC 1000000000ull
/* A look costs one or two system calls for each direction. */
#define ROUND_NS (5 * NS_PER_SEC)
#define LOOKS_PER_ROUND 128
/* Who adds a thousand filters makes as many changes. */
#define LOOK_AGAIN_NS (NS_PER_SEC / 10)
#define MAX_SUSPECTS 32

struct wire_watch {
	struct wire *wire;
	struct wire_guard *guard;
	uint32_t suspects[MAX_SUSPECTS];
	unsigned int n_suspects; /* > MAX_SUSPECTS: all */
	uint64_t looked_ns;	 /* at suspects */
	uint64_t round_ns;	 /* the next round's time */
	uint32_t last;		 /* that was looked at in a round; 0 = none */
};

static uint64_t now_ns(void *ctx)
{
	(void)ctx;
	return monotonic_ns();
}

static const char *missing(void *ctx, uint32_t ifindex)
{
	return wire__missing(((struct wire_watch *)ctx)->wire, ifindex);
}

static int attach(void *ctx, uint32_t ifindex)
{
	return wire__attach_again(((struct wire_watch *)ctx)->wire, ifindex);
}

static const char *name(void *ctx, uint32_t ifindex)
{
	return wire__ifname(((struct wire_watch *)ctx)->wire, ifindex);
}

struct wire_watch *wire_watch__new(struct wire *w)
{
	struct wire_watch *ww = calloc(1, sizeof(*ww));
	struct guard_ops ops = {
		.missing = missing,
		.attach = attach,
		.name = name,
		.now_ns = now_ns,
		.ctx = ww,
	};

	if (!ww)
		return NULL;
	ww->wire = w;
	ww->round_ns = now_ns(NULL) + ROUND_NS;
	ww->guard = wire_guard__new(&ops);
	if (ww->guard)
		return ww;
	free(ww);
	errno = ENOMEM;
	return NULL;
}

void wire_watch__suspect(struct wire_watch *ww, uint32_t ifindex)
{
	unsigned int i;

	for (i = 0; i < ww->n_suspects && i < MAX_SUSPECTS; i++)
		if (ww->suspects[i] == ifindex)
			return;
	if (!ifindex || ww->n_suspects >= MAX_SUSPECTS)
		ww->n_suspects = MAX_SUSPECTS + 1;
	else
		ww->suspects[ww->n_suspects++] = ifindex;
}

void wire_watch__forget(struct wire_watch *ww, uint32_t ifindex)
{
	wire_guard__forget(ww->guard, ifindex);
}

/* Looks at the next @n, beginning again after the last. */
static void look_at_some(struct wire_watch *ww, unsigned int n)
{
	while (n--) {
		uint64_t since = 0;

		ww->last = wire__after(ww->wire, ww->last);
		if (!ww->last)
			return;
		since = wire__looked_ns(ww->wire, ww->last);
		wire_guard__look(ww->guard, ww->last, since);
	}
}

static void look_at_suspects(struct wire_watch *ww)
{
	unsigned int n = ww->n_suspects, i;

	ww->n_suspects = 0;
	ww->looked_ns = now_ns(NULL);
	if (n > MAX_SUSPECTS) {
		ww->last = 0;
		look_at_some(ww, wire__count(ww->wire));
		return;
	}
	for (i = 0; i < n; i++)
		wire_guard__look(ww->guard, ww->suspects[i], 0);
}

void wire_watch__turn(struct wire_watch *ww)
{
	uint64_t now = now_ns(NULL);

	if (ww->n_suspects && now >= ww->looked_ns + LOOK_AGAIN_NS)
		look_at_suspects(ww);
	if (now >= ww->round_ns) {
		ww->round_ns = now + ROUND_NS;
		look_at_some(ww, LOOKS_PER_ROUND);
	}
	wire_guard__turn(ww->guard);
}

uint64_t wire_watch__next_ns(const struct wire_watch *ww)
{
	uint64_t next = wire_guard__next_ns(ww->guard);

	if (ww->round_ns < next)
		next = ww->round_ns;
	if (ww->n_suspects && ww->looked_ns + LOOK_AGAIN_NS < next)
		next = ww->looked_ns + LOOK_AGAIN_NS;
	return next;
}

const struct wire_guard *wire_watch__guard(const struct wire_watch *ww)
{
	return ww->guard;
}

void wire_watch__free(struct wire_watch *ww)
{
	if (!ww)
		return;
	wire_guard__free(ww->guard);
	free(ww);
}
