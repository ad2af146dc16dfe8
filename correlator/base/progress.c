// SPDX-License-Identifier: GPL-2.0-only
/*
 * progress.c - a bar on standard error, for those who wait.
 *
 * It appears only once it is clear that they do.
 */
#include "base/progress.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"

#define EVERY_NS 100000000ull
#define FIRST_NS 500000000ull
#define BAR_WIDTH 24

struct progress {
	pthread_mutex_t lock; /* who has it may write to the terminal */
	bool shown;
	bool drawn;
	const char *name;
	uint64_t next_ns;
};

struct progress *progress__new(bool shown, const char *name)
{
	struct progress *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	pthread_mutex_init(&p->lock, NULL);
	p->shown = shown;
	p->name = name;
	p->next_ns = monotonic_ns() + FIRST_NS;
	return p;
}

static unsigned int columns(void)
{
	struct winsize size;

	return !ioctl(STDERR_FILENO, TIOCGWINSZ, &size) && size.ws_col ? size.ws_col : 80;
}

/* Is anybody looking, and is it time to draw again? */
static bool is_due(struct progress *p)
{
	uint64_t ts;

	if (!p->shown)
		return false;
	ts = monotonic_ns();
	if (ts < p->next_ns)
		return false;
	p->next_ns = ts + EVERY_NS;
	return true;
}

static void draw(struct progress *p, double done, const char *counts)
{
	char line[256], bar[BAR_WIDTH + 1] = "";
	unsigned int filled;

	/* While somebody writes, the next time will do. */
	if (pthread_mutex_trylock(&p->lock))
		return;
	p->drawn = true;
	if (done >= 0) {
		filled = (unsigned int)(done * BAR_WIDTH);
		filled = filled > BAR_WIDTH ? BAR_WIDTH : filled;
		memset(bar, '#', filled);
		memset(bar + filled, '.', BAR_WIDTH - filled);
	}
	snprintf(line, sizeof(line), "%.40s %s %3.0f%%  %s", p->name, bar,
		 done >= 0 ? done * 100 : 0, counts);
	fprintf(stderr, "\r%.*s\033[K", (int)columns() - 1, line);
	pthread_mutex_unlock(&p->lock);
}

void progress__show(struct progress *p, double done, uint64_t packets, uint64_t resets)
{
	char counts[80];

	if (!is_due(p))
		return;
	snprintf(counts, sizeof(counts), "%" PRIu64 " packets, %" PRIu64 " resets", packets,
		 resets);
	draw(p, done, counts);
}

void progress__count(struct progress *p, uint64_t done, uint64_t all, const char *what)
{
	char counts[80];

	if (!is_due(p))
		return;
	snprintf(counts, sizeof(counts), "%" PRIu64 " of %" PRIu64 " %s", done, all, what);
	draw(p, all ? (double)done / (double)all : -1, counts);
}

void progress__pause(struct progress *p)
{
	pthread_mutex_lock(&p->lock);
	if (p->drawn)
		fputs("\r\033[K", stderr);
	p->drawn = false;
}

void progress__resume(struct progress *p)
{
	pthread_mutex_unlock(&p->lock);
}

void progress__clear(struct progress *p)
{
	progress__pause(p);
	progress__resume(p);
}

void progress__free(struct progress *p)
{
	if (!p)
		return;
	progress__clear(p);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
