// SPDX-License-Identifier: GPL-2.0-only
/*
 * stoppable.c - write to what may block for ever, until a stop.
 *
 * Signals are taken by signalfd, so they interrupt no write(): who waits for room waits for them, too.
 */
#include "base/stoppable.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct stoppable {
	int fd;
	int stop_fd;
	bool owned;
};

static sigset_t stop_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	return set;
}

int stop_fd_open(void)
{
	sigset_t set = stop_signals();
	int fd;

	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

void stop_signals_release(void)
{
	static const struct timespec at_once = { 0 };
	sigset_t set = stop_signals();

	while (sigtimedwait(&set, NULL, &at_once) > 0)
		;
	/* A shell lets its background jobs ignore SIGINT. */
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static bool never_blocks(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode);
}

/* 0 when there is room. A stop counts only where there is none: what can be written still is. */
static int wait_for_room(int fd, int stop_fd)
{
	struct pollfd fds[] = {
		{ .fd = fd, .events = POLLOUT },
		{ .fd = stop_fd ? stop_fd : -1, .events = POLLIN },
	};

	if (poll(fds, 2, -1) < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	if (fds[0].revents)
		return 0;
	return fds[1].revents ? -EINTR : -EAGAIN;
}

int stoppable_write(int fd, const void *data, size_t n, int stop_fd)
{
	bool waits = !never_blocks(fd);
	const char *at = data;
	int err;

	while (n) {
		/* A pipe with any room takes so much without blocking. */
		size_t piece = waits && n > PIPE_BUF ? PIPE_BUF : n;
		ssize_t done;

		err = waits ? wait_for_room(fd, stop_fd) : 0;
		if (err == -EAGAIN)
			continue;
		if (err)
			return err;
		done = write(fd, at, piece);
		if (done < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (done <= 0)
			return done ? -errno : -ENOSPC;
		at += done;
		n -= (size_t)done;
	}
	return 0;
}

static ssize_t write_cookie(void *cookie, const char *data, size_t n)
{
	struct stoppable *s = cookie;
	int err = stoppable_write(s->fd, data, n, s->stop_fd);

	if (!err)
		return (ssize_t)n;
	errno = -err;
	return 0;
}

static int close_cookie(void *cookie)
{
	struct stoppable *s = cookie;
	int err = s->owned ? close(s->fd) : 0;

	free(s);
	return err;
}

FILE *stoppable_fdopen(int fd, int stop_fd, bool owned)
{
	cookie_io_functions_t io = { .write = write_cookie, .close = close_cookie };
	struct stoppable *s = malloc(sizeof(*s));
	FILE *out = NULL;

	if (s) {
		*s = (struct stoppable){ fd, stop_fd, owned };
		out = fopencookie(s, "w", io);
	}
	if (!out)
		free(s);
	return out;
}
