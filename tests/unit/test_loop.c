// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_loop.c - descriptors, timers and signals of the event loop.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/loop.h"
#include "test.h"

#define MS 1000000ull

struct script {
	struct loop *loop;
	struct loop_source *first, *second;
	int fds[2];
	unsigned int calls;
	unsigned int until; /* calls; then it stops */
	char order[16];
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

static void count(void *ctx)
{
	struct script *s = ctx;

	if (++s->calls >= s->until)
		loop__stop(s->loop);
}

static void read_byte(void *ctx)
{
	struct script *s = ctx;
	char byte;

	check_int(read(s->fds[0], &byte, 1), 1, "the descriptor is readable when its turn comes");
	count(s);
}

static void test_fd(void)
{
	struct script s = { .loop = loop__new(), .until = 2 };

	check(s.loop && !pipe(s.fds), "a loop and a pipe are made");
	check(loop__add_fd(s.loop, s.fds[0], read_byte, &s), "a descriptor is added");
	check_int(write(s.fds[1], "ab", 2), 2, "two bytes wait");
	check_int(loop__run(s.loop), 0, "the loop runs until it is stopped");
	check_int(s.calls, 2, "called as long as there is something to read");
	check(!loop__add_fd(s.loop, -1, count, &s) && errno == EBADF,
	      "a descriptor that is none is refused");
	close(s.fds[0]);
	close(s.fds[1]);
	loop__free(s.loop);
}

static void test_once(void)
{
	struct script s = { .loop = loop__new(), .until = 1 };
	uint64_t start = now_ns();

	s.first = loop__add_timer(s.loop, count, &s);
	check_int(loop_timer__arm(s.first, start + 20 * MS, 0), 0, "a timer is armed");
	loop__run(s.loop);
	check(now_ns() >= start + 20 * MS, "it does not fire before its time");
	check_int(loop_timer__arm(s.first, 0, 0), 0, "a time that has passed is taken");
	loop__run(s.loop);
	check_int(s.calls, 2, "and fires at once");
	loop__free(s.loop);
}

static void test_periodic(void)
{
	struct script s = { .loop = loop__new(), .until = 3 };
	uint64_t start = now_ns();

	loop_timer__arm(loop__add_timer(s.loop, count, &s), start + 5 * MS, 10 * MS);
	loop__run(s.loop);
	check_int(s.calls, 3, "a periodic timer fires again and again");
	check(now_ns() >= start + 25 * MS, "after its first time, then at its period");
	loop__free(s.loop);
}

/* Longer than the milliseconds of poll() can say. */
static void test_far_away(void)
{
	static const unsigned int days[] = { 24, 25, 30, 365, 11574 };
	struct script s = { .loop = loop__new(), .until = 1 }, far = { 0 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(days); i++) {
		struct loop_source *t = loop__add_timer(s.loop, count, &far);

		check_int(loop_timer__arm(t, now_ns() + days[i] * 86400 * 1000 * MS, 0), 0,
			  "a timer of %u days is armed", days[i]);
	}
	loop_timer__arm(loop__add_timer(s.loop, count, &far), UINT64_MAX, 0);
	loop_timer__arm(loop__add_timer(s.loop, count, &far), UINT64_MAX - 1, 0);
	loop_timer__arm(loop__add_timer(s.loop, count, &s), now_ns() + 20 * MS, 0);
	far.loop = s.loop;
	loop__run(s.loop);
	check_int(far.calls, 0, "none of them fires before one of 20 ms");
	loop__free(s.loop);
}

static void test_disarm(void)
{
	struct script s = { .loop = loop__new(), .until = 1 }, other = { .loop = s.loop };

	s.first = loop__add_timer(s.loop, count, &other);
	loop_timer__arm(s.first, 0, 0);
	loop_timer__arm(s.first, UINT64_MAX, 0);
	loop_timer__arm(loop__add_timer(s.loop, count, &s), now_ns() + 5 * MS, 0);
	loop__run(s.loop);
	check_int(other.calls, 0, "a timer that was disarmed does not fire");
	loop__free(s.loop);
}

static void test_signals(void)
{
	struct script s = { .loop = loop__new(), .until = 1 }, other = { .loop = s.loop };

	check(loop__add_signal(s.loop, SIGUSR1, count, &s), "a signal is added");
	check(loop__add_signal(s.loop, SIGUSR2, count, &other), "and another");
	raise(SIGUSR1);
	loop__run(s.loop);
	check_int(s.calls, 1, "one that came before the loop ran is delivered");
	check_int(other.calls, 0, "the other is not");
	loop__free(s.loop);
	raise(SIGUSR1);
	check(true, "one that comes after the loop ends nothing");
}

static void remove_both(void *ctx)
{
	struct script *s = ctx;

	loop__remove(s->loop, s->first);
	loop__remove(s->loop, s->second);
	s->first = s->second = NULL;
	count(s);
}

/* Two that are ready at once: the one that comes first removes both, and itself. */
static void test_remove(void)
{
	struct script s = { .loop = loop__new(), .until = 2 };

	s.first = loop__add_timer(s.loop, remove_both, &s);
	s.second = loop__add_timer(s.loop, remove_both, &s);
	loop_timer__arm(s.first, 0, 0);
	loop_timer__arm(s.second, 0, 0);
	loop_timer__arm(loop__add_timer(s.loop, count, &s), now_ns() + 5 * MS, 0);
	loop__run(s.loop);
	check_int(s.calls, 2, "a source that was removed is not called, though it was ready");
	loop__remove(s.loop, NULL);
	loop__free(s.loop);
	loop__free(NULL);
}

/* Two that are ready at once: the one that comes first stops the loop. */
static void test_stop(void)
{
	struct script s = { .loop = loop__new(), .until = 1 };
	unsigned int i;

	for (i = 0; i < 2; i++)
		loop_timer__arm(loop__add_timer(s.loop, count, &s), 0, 0);
	loop__run(s.loop);
	check_int(s.calls, 1, "after the stop nothing is called");
	loop__run(s.loop);
	check_int(s.calls, 2, "and what was ready is called when the loop runs again");
	loop__free(s.loop);
}

/* That it is called when the clock is set is for a machine whose clock may be set: tests/net. */
static void test_clock(void)
{
	struct script s = { .loop = loop__new(), .until = 1 }, clock = { .loop = s.loop };

	check(loop__add_clock(s.loop, count, &clock), "the wall clock is watched");
	loop_timer__arm(loop__add_timer(s.loop, count, &s), now_ns() + 5 * MS, 0);
	loop__run(s.loop);
	check_int(clock.calls, 0, "a clock that was not set is no event");
	loop__free(s.loop);
}

int main(void)
{
	test_fd();
	test_once();
	test_periodic();
	test_far_away();
	test_disarm();
	test_signals();
	test_remove();
	test_stop();
	test_clock();
	return test_done();
}
