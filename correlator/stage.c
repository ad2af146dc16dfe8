// SPDX-License-Identifier: GPL-2.0-only
/*
 * stage.c - work that another processor does, on items in the order in which they come.
 */
#include "stage.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

/* To wake the other thread costs more than most items: it is woken once this part of the room is */
#define WAKE_PART 4
/* full, or after this time. */
#define LINGER_NS 20000000

struct stage {
	int (*work)(void *ctx, void *item);
	void *ctx;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t size;
	unsigned int room;
	unsigned int first; /* numbers; all up to next wait or are being worked on */
	unsigned int next;
	bool ended;
	bool blocked; /* somebody waits for room */
	int err;
	char *items;
};

static void *item_at(struct stage *st, unsigned int number)
{
	return st->items + number % st->room * st->size;
}

/* A little longer, unless there is enough to do. */
static void wait_for_work(struct stage *st)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += LINGER_NS;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_cond_timedwait(&st->changed, &st->lock, &until);
}

static bool is_time_to_wake(const struct stage *st)
{
	return st->first == st->next ||
	       (st->blocked && st->next - st->first <= st->room - st->room / WAKE_PART);
}

/* The item that is worked on stays in its slot until that is done: nobody else writes there. */
static void *work_on_all(void *arg)
{
	struct stage *st = arg;
	int err;

	pthread_mutex_lock(&st->lock);
	for (;;) {
		while (st->first == st->next && !st->ended)
			wait_for_work(st);
		if (st->ended)
			break;
		err = st->err;
		pthread_mutex_unlock(&st->lock);
		if (!err)
			err = st->work(st->ctx, item_at(st, st->first));
		pthread_mutex_lock(&st->lock);
		st->err = err;
		st->first++;
		if (is_time_to_wake(st))
			pthread_cond_broadcast(&st->changed);
	}
	pthread_mutex_unlock(&st->lock);
	return NULL;
}

struct stage *stage__new(size_t size, unsigned int room, int (*work)(void *ctx, void *item),
			 void *ctx)
{
	struct stage *st = calloc(1, sizeof(*st));
	int err;

	if (!st)
		return NULL;
	*st = (struct stage){ .work = work, .ctx = ctx, .size = size, .room = room };
	st->items = calloc(room, size);
	pthread_mutex_init(&st->lock, NULL);
	pthread_cond_init(&st->changed, NULL);
	err = st->items ? pthread_create(&st->thread, NULL, work_on_all, st) : ENOMEM;
	if (!err)
		return st;
	free(st->items);
	free(st);
	errno = err;
	return NULL;
}

void *stage__slot(struct stage *st)
{
	int err;

	pthread_mutex_lock(&st->lock);
	while (st->next - st->first == st->room && !st->err) {
		st->blocked = true;
		pthread_cond_wait(&st->changed, &st->lock);
	}
	st->blocked = false;
	err = st->err;
	pthread_mutex_unlock(&st->lock);
	return err ? NULL : item_at(st, st->next);
}

void stage__push(struct stage *st)
{
	pthread_mutex_lock(&st->lock);
	if (++st->next - st->first >= st->room / WAKE_PART)
		pthread_cond_broadcast(&st->changed);
	pthread_mutex_unlock(&st->lock);
}

int stage__drain(struct stage *st)
{
	int err;

	pthread_mutex_lock(&st->lock);
	pthread_cond_broadcast(&st->changed);
	while (st->first != st->next)
		pthread_cond_wait(&st->changed, &st->lock);
	err = st->err;
	pthread_mutex_unlock(&st->lock);
	return err;
}

void stage__free(struct stage *st)
{
	if (!st)
		return;
	pthread_mutex_lock(&st->lock);
	st->ended = true;
	pthread_cond_broadcast(&st->changed);
	pthread_mutex_unlock(&st->lock);
	pthread_join(st->thread, NULL);
	pthread_mutex_destroy(&st->lock);
	pthread_cond_destroy(&st->changed);
	free(st->items);
	free(st);
}
