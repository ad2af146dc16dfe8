// SPDX-License-Identifier: GPL-2.0-only
/*
 * loop.c - one event loop, over epoll, timerfd and signalfd.
 *
 * Every source is a descriptor, so nothing is computed before each wait, an idle process sleeps for
 * good, and a time may be as far away as the kernel can count.
 */
#include "base/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SEC 1000000000ull
#define BATCH 16
/* For a timer that only waits for the clock to be set: never reached. */
#define FAR_AWAY_SEC (INT64_C(1) << 33)

struct loop_source {
	struct loop_source *next;
	int fd;
	bool owned; /* the descriptor is ours: of a timer or signal */
	bool removed;
	void (*drain)(
		struct loop_source *s); /* read what made it readable; NULL = the caller does */
	loop_fn fn;
	void *ctx;
};

struct loop {
	int epoll;
	bool stopped;
	bool dispatching;
	struct loop_source *sources;
};

struct loop *loop__new(void)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll >= 0)
		return l;
	free(l);
	return NULL;
}

/* Takes over @fd, also where it fails, if it is owned. */
static struct loop_source *add(struct loop *l, const struct loop_source *template)
{
	struct loop_source *s = template->fd < 0 ? NULL : calloc(1, sizeof(*s));
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = s };
	int err;

	if (s)
		*s = *template;
	if (s && !epoll_ctl(l->epoll, EPOLL_CTL_ADD, s->fd, &ev)) {
		s->next = l->sources;
		l->sources = s;
		return s;
	}
	err = errno;
	if (template->owned && template->fd >= 0)
		close(template->fd);
	free(s);
	errno = err;
	return NULL;
}

struct loop_source *loop__add_fd(struct loop *l, int fd, loop_fn fn, void *ctx)
{
	if (fd < 0) {
		errno = EBADF;
		return NULL;
	}
	return add(l, &(struct loop_source){ .fd = fd, .fn = fn, .ctx = ctx });
}

static void drain_timer(struct loop_source *s)
{
	uint64_t expirations;

	/* Not readable any more where the callback of another source has armed it anew. */
	if (read(s->fd, &expirations, sizeof(expirations)) < 0)
		return;
}

struct loop_source *loop__add_timer(struct loop *l, loop_fn fn, void *ctx)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	return add(l,
		   &(struct loop_source){
			   .fd = fd, .owned = true, .drain = drain_timer, .fn = fn, .ctx = ctx });
}

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / NS_PER_SEC),
				  .tv_nsec = (long)(ns % NS_PER_SEC) };
}

int loop_timer__arm(struct loop_source *timer, uint64_t at_ns, uint64_t period_ns)
{
	struct itimerspec when = { 0 };

	/* A time of 0 would disarm it. */
	if (at_ns != UINT64_MAX)
		when = (struct itimerspec){ .it_value = timespec_of(at_ns ? at_ns : 1),
					    .it_interval = timespec_of(period_ns) };
	return timerfd_settime(timer->fd, TFD_TIMER_ABSTIME, &when, NULL) ? -errno : 0;
}

static void drain_signal(struct loop_source *s)
{
	struct signalfd_siginfo info;

	if (read(s->fd, &info, sizeof(info)) < 0)
		return;
}

struct loop_source *loop__add_signal(struct loop *l, int signal, loop_fn fn, void *ctx)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return NULL;
	return add(l, &(struct loop_source){ .fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
					     .owned = true,
					     .drain = drain_signal,
					     .fn = fn,
					     .ctx = ctx });
}

/* Cancelled when the clock is set, which a read tells once: it need not be armed anew. */
static int arm_clock(int fd)
{
	struct itimerspec never = { .it_value.tv_sec = FAR_AWAY_SEC };

	return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

struct loop_source *loop__add_clock(struct loop *l, loop_fn fn, void *ctx)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd >= 0 && arm_clock(fd)) {
		int err = errno;

		close(fd);
		errno = err;
		return NULL;
	}
	return add(l,
		   &(struct loop_source){
			   .fd = fd, .owned = true, .drain = drain_timer, .fn = fn, .ctx = ctx });
}

static void free_removed(struct loop *l)
{
	struct loop_source **at = &l->sources, *s;

	while ((s = *at)) {
		if (!s->removed) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		free(s);
	}
}

void loop__remove(struct loop *l, struct loop_source *s)
{
	if (!s)
		return;
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, s->fd, NULL);
	if (s->owned)
		close(s->fd);
	s->removed = true;
	/* The batch that is under way may name it still. */
	if (!l->dispatching)
		free_removed(l);
}

static void dispatch(struct loop *l, const struct epoll_event *events, int n)
{
	int i;

	l->dispatching = true;
	for (i = 0; i < n && !l->stopped; i++) {
		struct loop_source *s = events[i].data.ptr;

		if (s->removed)
			continue;
		if (s->drain)
			s->drain(s);
		s->fn(s->ctx);
	}
	l->dispatching = false;
	free_removed(l);
}

int loop__run(struct loop *l)
{
	struct epoll_event events[BATCH];
	int n;

	l->stopped = false;
	while (!l->stopped) {
		n = epoll_wait(l->epoll, events, BATCH, -1);
		if (n < 0 && errno != EINTR)
			return -errno;
		dispatch(l, events, n);
	}
	return 0;
}

void loop__stop(struct loop *l)
{
	l->stopped = true;
}

void loop__free(struct loop *l)
{
	if (!l)
		return;
	while (l->sources)
		loop__remove(l, l->sources);
	close(l->epoll);
	free(l);
}
