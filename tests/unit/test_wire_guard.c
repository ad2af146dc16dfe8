// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_wire_guard.c - when what others have removed is attached again, and what is said of it.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "child.h"
#include "live/wire_guard.h"

#define SEC 1000000000ull
#define ETH0 5

/* One interface, and somebody who removes our filters. */
static struct {
	uint64_t now;
	bool attached;
	int err; /* of attaching */
	unsigned int attempts;
} world;

static const char *missing(void *ctx, uint32_t ifindex)
{
	(void)ctx;
	return world.attached || ifindex != ETH0 ? NULL : "tc ingress";
}

static int attach(void *ctx, uint32_t ifindex)
{
	(void)ctx, (void)ifindex;
	world.attempts++;
	world.attached = !world.err;
	return world.err;
}

static const char *name(void *ctx, uint32_t ifindex)
{
	(void)ctx, (void)ifindex;
	return "eth0";
}

static uint64_t now_ns(void *ctx)
{
	(void)ctx;
	return world.now;
}

static struct wire_guard *start(void)
{
	struct guard_ops ops = { missing, attach, name, now_ns, NULL };

	memset(&world, 0, sizeof(world));
	world.now = 1000 * SEC;
	world.attached = true;
	return wire_guard__new(&ops);
}

static void removed(struct wire_guard *g)
{
	world.attached = false;
	wire_guard__look(g, ETH0, 0);
}

/* As an event loop does: up to the next thing to do, but not further than @until. */
static void run(struct wire_guard *g, uint64_t until)
{
	while (wire_guard__next_ns(g) <= until) {
		world.now = wire_guard__next_ns(g);
		wire_guard__turn(g);
	}
	world.now = until;
}

/* Until it is attached; how long that took, in ms. */
static unsigned int gap_ms(struct wire_guard *g)
{
	uint64_t from = world.now;

	while (!world.attached && wire_guard__next_ns(g) != UINT64_MAX) {
		world.now = wire_guard__next_ns(g);
		wire_guard__turn(g);
	}
	return (unsigned int)((world.now - from) / 1000000);
}

static void test_once(void)
{
	struct wire_guard *g = start();

	wire_guard__look(g, ETH0, 0);
	check(wire_guard__next_ns(g) == UINT64_MAX && !wire_guard__whole_since_ns(g),
	      "as long as all is there, there is nothing to do");
	removed(g);
	check_int(world.attempts, 0, "who removes something is given a moment to make his own");
	check(wire_guard__whole_since_ns(g) == world.now, "... meanwhile nothing counts as seen");
	check_int(gap_ms(g), 200, "... and then it is attached again");
	check(wire_guard__whole_since_ns(g) == 1000 * SEC + SEC / 5,
	      "what is seen counts from then on");
	check(wire_guard__gaps(g).n == 1 && wire_guard__gaps(g).ns == SEC / 5,
	      "... and the gap is counted");
	wire_guard__free(g);
}

static void test_fight(void)
{
	static const unsigned int want[] = { 200,   1000,  2000,  4000,	 8000,
					     16000, 32000, 60000, 60000, 60000 };
	struct wire_guard *g = start();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(want); i++) {
		removed(g);
		wire_guard__look(g, ETH0, 0); /* twice is once */
		check_int(gap_ms(g), want[i], "removed for the %zu. time, it stays away for %u ms",
			  i + 1, want[i]);
		run(g, world.now + 59 * SEC);
	}
	check_int(world.attempts, ARRAY_SIZE(want), "no attempt is made without need");
	check_int(wire_guard__gaps(g).n, ARRAY_SIZE(want), "... and each loss is counted once");
	run(g, world.now + 61 * SEC);
	check(wire_guard__next_ns(g) == UINT64_MAX, "what holds for a minute is calm");
	removed(g);
	check_int(gap_ms(g), 200, "... and the next loss is the first again");
	wire_guard__free(g);
}

static void test_refused(void)
{
	struct wire_guard *g = start();

	world.err = -EBUSY;
	removed(g);
	run(g, world.now + 4 * SEC);
	check_int(world.attempts, 3,
		  "what cannot be attached is tried again, after 0.2, 1 and 2 s");
	check(wire_guard__gaps(g).n == 1 && wire_guard__gaps(g).ns == 4 * SEC,
	      "... in one gap, which goes on");
	world.err = 0;
	run(g, world.now + 8 * SEC);
	check(world.attached, "... until it can");
	wire_guard__free(g);
}

static void test_gone(void)
{
	struct wire_guard *g = start();

	world.err = -ENODEV;
	removed(g);
	run(g, world.now + SEC);
	check_int(world.attempts, 1, "an interface that is gone is tried once");
	check(wire_guard__next_ns(g) == UINT64_MAX, "... and then is left to its end");
	wire_guard__forget(g, ETH0);
	wire_guard__forget(g, ETH0);
	check(wire_guard__whole_since_ns(g) == world.now, "forgotten, it is no gap any more");
	wire_guard__free(g);
	wire_guard__free(NULL);
}

static void test_found_late(void)
{
	struct wire_guard *g = start();

	world.attached = false;
	wire_guard__look(g, ETH0, world.now - 5 * SEC);
	gap_ms(g);
	check(wire_guard__gaps(g).ns == 5 * SEC + SEC / 5,
	      "a loss that nobody reported is as old as the last look");
	wire_guard__free(g);
}

/* A fight of a day, as it is logged. */
static int talk(int argc, char **argv)
{
	struct wire_guard *g = start();
	int i;

	(void)argc, (void)argv;
	for (i = 0; i < 1000; i++) {
		removed(g);
		gap_ms(g);
		run(g, world.now + 10 * SEC);
	}
	run(g, world.now + 100 * SEC);
	wire_guard__free(g);
	return 0;
}

static unsigned int count(const char *text, const char *word)
{
	unsigned int n = 0;

	while ((text = strstr(text, word))) {
		n++;
		text++;
	}
	return n;
}

static void test_words(void)
{
	const struct child *c =
		child_run(&(struct child_setup){ .command = talk, .args = CHILD_ARGS(NULL) });

	check_has(c->err, "warning: 'eth0': somebody has removed our programs from tc ingress\n",
		  "it is said who lost what");
	check_has(c->err, "nothing was recorded there for 0.200 s", "... and how long the gap was");
	check_has(c->err, "tc ingress again; nothing is recorded there for 1 s\n",
		  "... and how long it will be");
	check_int(count(c->err, "60 s"), 1, "what goes on is said once");
	check_has(c->err, "without a further warning", "... as is, that no more is said");
	check_int(count(c->err, "no more removed"), 1, "... until it has come to an end");
	check(count(c->err, "\n") < 20, "a thousand losses are %u lines", count(c->err, "\n"));
}

int main(void)
{
	test_once();
	test_fight();
	test_refused();
	test_gone();
	test_found_late();
	test_words();
	return test_done();
}
