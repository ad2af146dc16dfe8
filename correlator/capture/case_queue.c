// SPDX-License-Identifier: GPL-2.0-only
/*
 * case_queue.c - resets on their way to another thread: one that finds, one that tells.
 */
#include "capture/case_queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROOM 512
/* To wake the other thread costs more than to find a reset: it is done for so many at once, */
#define BATCH 256
/* or after this time. */
#define LINGER_NS 20000000

struct case_queue {
	int (*tell)(void *ctx, const struct capture_case *c);
	void *ctx;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned int first; /* numbers; all up to next wait or are being told */
	unsigned int next;
	bool ended;
	bool blocked; /* somebody waits for room */
	int err;
	struct capture_case cases[ROOM];
};

/* A little longer, unless there is enough to do. */
static void wait_for_work(struct case_queue *q)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LINGER_NS;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_cond_timedwait(&q->changed, &q->lock, &until);
}

/* The case that is told stays in its slot until it is: nobody else writes there. */
static void *tell_all(void *arg)
{
	struct case_queue *q = arg;
	int err;

	pthread_mutex_lock(&q->lock);
	for (;;) {
		while (q->first == q->next && !q->ended)
			wait_for_work(q);
		if (q->ended)
			break;
		pthread_mutex_unlock(&q->lock);
		err = q->err ? 0 : q->tell(q->ctx, &q->cases[q->first % ROOM]);
		pthread_mutex_lock(&q->lock);
		if (err)
			q->err = err;
		q->first++;
		if (q->first == q->next || (q->blocked && q->next - q->first < ROOM - BATCH))
			pthread_cond_broadcast(&q->changed);
	}
	pthread_mutex_unlock(&q->lock);
	return NULL;
}

/* By the clock that nobody sets. */
static int init_condition(pthread_cond_t *cond)
{
	pthread_condattr_t attr;
	int err = pthread_condattr_init(&attr);

	if (err)
		return err;
	err = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (!err)
		err = pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
	return err;
}

struct case_queue *case_queue__new(int (*tell)(void *ctx, const struct capture_case *c), void *ctx)
{
	struct case_queue *q = calloc(1, sizeof(*q));
	int err;

	if (!q)
		return NULL;
	q->tell = tell;
	q->ctx = ctx;
	err = init_condition(&q->changed);
	if (err)
		goto err_free;
	pthread_mutex_init(&q->lock, NULL);
	err = pthread_create(&q->thread, NULL, tell_all, q);
	if (!err)
		return q;
	pthread_mutex_destroy(&q->lock);
	pthread_cond_destroy(&q->changed);
err_free:
	free(q);
	errno = err;
	return NULL;
}

int case_queue__push(struct case_queue *q, const struct capture_case *c)
{
	struct capture_case *slot;
	int err;

	pthread_mutex_lock(&q->lock);
	while (q->next - q->first == ROOM && !q->err) {
		q->blocked = true;
		pthread_cond_wait(&q->changed, &q->lock);
	}
	q->blocked = false;
	err = q->err;
	slot = &q->cases[q->next % ROOM];
	pthread_mutex_unlock(&q->lock);
	if (err)
		return err;
	memcpy(slot, c, capture_case_size(c));
	pthread_mutex_lock(&q->lock);
	if (++q->next - q->first >= BATCH)
		pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
	return 0;
}

int case_queue__drain(struct case_queue *q)
{
	int err;

	pthread_mutex_lock(&q->lock);
	pthread_cond_broadcast(&q->changed);
	while (q->first != q->next)
		pthread_cond_wait(&q->changed, &q->lock);
	err = q->err;
	pthread_mutex_unlock(&q->lock);
	return err;
}

void case_queue__free(struct case_queue *q)
{
	if (!q)
		return;
	pthread_mutex_lock(&q->lock);
	q->ended = true;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
	pthread_join(q->thread, NULL);
	pthread_mutex_destroy(&q->lock);
	pthread_cond_destroy(&q->changed);
	free(q);
}
