// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_case_queue.c - cases arrive on the other thread: all, in order, soon, whatever the wall clock does.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "capture/case_queue.h"
#include "test.h"

/* As if the wall clock were set back by so much right after each look at it. */
static time_t set_back_s;
static sem_t asked; /* posted at each look while it is */

int clock_gettime(clockid_t clock, struct timespec *ts)
{
	int err = (int)syscall(SYS_clock_gettime, clock, ts);

	if (clock == CLOCK_REALTIME)
		ts->tv_sec += set_back_s;
	if (set_back_s)
		sem_post(&asked);
	return err;
}

struct reader {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned int n;	       /* cases that arrived */
	unsigned int disorder; /* of them, those with another number than the next */
	unsigned int fail_at;  /* number of the case that ends it; 0 = none does */
	bool held;	       /* wait before the first one */
	struct capture_case last;
};

static int take(void *ctx, const struct capture_case *c)
{
	struct reader *r = ctx;
	int err;

	pthread_mutex_lock(&r->lock);
	while (r->held)
		pthread_cond_wait(&r->changed, &r->lock);
	r->disorder += c->rst.seq != r->n;
	r->n++;
	memcpy(&r->last, c, capture_case_size(c));
	err = r->fail_at && r->n == r->fail_at ? -EPIPE : 0;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
	return err;
}

static void begin(struct reader *r)
{
	memset(r, 0, sizeof(*r));
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->changed, NULL);
}

/* Wait, at most so many seconds, until @n cases have arrived. */
static bool arrive(struct reader *r, unsigned int n, time_t s)
{
	struct timespec until;
	int err = 0;

	syscall(SYS_clock_gettime, CLOCK_REALTIME, &until);
	until.tv_sec += s;
	pthread_mutex_lock(&r->lock);
	while (r->n < n && !err)
		err = pthread_cond_timedwait(&r->changed, &r->lock, &until);
	pthread_mutex_unlock(&r->lock);
	return r->n >= n;
}

static int push(struct case_queue *q, uint32_t number)
{
	struct capture_case c = { .rst = { .seq = number }, .n_history = 2 };

	c.history[1].ack = ~number;
	return case_queue__push(q, &c);
}

/* More than there is room for, so that the one waits for the other. */
static void test_order(void)
{
	struct reader r;
	struct case_queue *q;
	uint32_t i;
	int err = 0;

	begin(&r);
	q = case_queue__new(take, &r);
	for (i = 0; i < 5000 && !err; i++)
		err = push(q, i);
	check_int(err, 0, "5000 cases are taken");
	check_int(case_queue__drain(q), 0, "and drained");
	check_int(r.n, 5000, "all have arrived");
	check_int(r.disorder, 0, "in order");
	check_int(r.last.history[1].ack, ~4999u, "with their history");
	check_int(case_queue__drain(q), 0, "an empty queue is drained at once");
	case_queue__free(q);
}

static void test_few(void)
{
	struct reader r;
	struct case_queue *q;

	begin(&r);
	q = case_queue__new(take, &r);
	push(q, 0);
	check(arrive(&r, 1, 20), "a single case arrives without being asked for");
	case_queue__free(q);
}

static void test_clock(void)
{
	struct reader r;
	struct case_queue *q;

	begin(&r);
	sem_init(&asked, 0, 0);
	set_back_s = 3600;
	q = case_queue__new(take, &r);
	/* The thread has the queue's lock from here until it waits. */
	sem_wait(&asked);
	push(q, 0);
	check(arrive(&r, 1, 20), "it does so too when the wall clock is set back by an hour");
	set_back_s = 0;
	case_queue__free(q);
}

static void test_failure(void)
{
	struct reader r;
	struct case_queue *q;
	uint32_t i;

	begin(&r);
	r.fail_at = 3;
	q = case_queue__new(take, &r);
	for (i = 0; i < 10; i++)
		push(q, i);
	check_int(case_queue__drain(q), -EPIPE, "what the reader returns is what draining returns");
	check_int(r.n, 3, "and it is given no more");
	check_int(push(q, 10), -EPIPE, "nor is any more taken");
	case_queue__free(q);
}

/* Nobody waits for room that will not come. */
static void *release_reader(void *arg)
{
	struct reader *r = arg;

	pthread_mutex_lock(&r->lock);
	r->held = false;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

static void test_full(void)
{
	struct reader r;
	struct case_queue *q;
	pthread_t thread;
	uint32_t i;
	int err = 0;

	begin(&r);
	r.held = true;
	r.fail_at = 1;
	q = case_queue__new(take, &r);
	for (i = 0; i < 512; i++)
		err |= push(q, i);
	check_int(err, 0, "there is room for 512 while the reader does nothing");
	pthread_create(&thread, NULL, release_reader, &r);
	for (i = 0; i < 512 && !err; i++)
		err = push(q, i);
	check_int(err, -EPIPE, "who waits for room learns that the reader has failed");
	pthread_join(thread, NULL);
	case_queue__free(q);
	case_queue__free(NULL);
}

int main(void)
{
	test_order();
	test_few();
	test_clock();
	test_failure();
	test_full();
	return test_done();
}
