// SPDX-License-Identifier: GPL-2.0-only
/*
 * accounts.c - the kernel's accounts of resets, shared by reference.
 *
 * One pool, of which the places that were used last are used next: an idle sensor touches little
 * memory. A place is not used again as long as somebody holds it.
 */
#include "live/accounts.h"

#include <errno.h>
#include <stdlib.h>

#define MAX_WAITING 4096
/* Event time after which nobody looks for an account any more. */
#define KEEP_NS 1000000000ull

struct accounts {
	struct account *pool;
	struct account *spare;
	unsigned int n_touched; /* places of the pool that were ever used */
	struct account *oldest, *newest;
	unsigned int n_waiting;
	uint64_t *unclaimed;
	struct key_index by_id, by_fit;
};

struct accounts *accounts__new(unsigned int n_held, uint64_t *unclaimed)
{
	struct accounts *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->unclaimed = unclaimed;
	/* Not touched before it is needed. One more: the next comes before the oldest goes. */
	a->pool = calloc(n_held + MAX_WAITING + 1, sizeof(*a->pool));
	if (a->pool)
		return a;
	free(a);
	errno = ENOMEM;
	return NULL;
}

void accounts__free(struct accounts *a)
{
	if (!a)
		return;
	free(a->pool);
	free(a);
}

static void enter_id(struct accounts *a, struct account *acc, struct key_link *l, uint64_t id)
{
	if (id)
		key_index__enter(&a->by_id, l, key_of_id(id), acc);
}

static void enter_fit(struct accounts *a, struct account *acc, enum fit_by by)
{
	uint64_t key = fit_key_of_account(&acc->k, by);

	if (key)
		key_index__enter(&a->by_fit, &acc->fit_by[by], key, acc);
}

struct account *accounts__add(struct accounts *a, const struct kernel_event *k)
{
	struct account *acc = a->spare;

	if (acc)
		a->spare = acc->older;
	else
		acc = &a->pool[a->n_touched++];
	acc->k = *k;
	acc->holders = 1;
	return acc;
}

void accounts__release(struct accounts *a, struct account *acc)
{
	unsigned int i;

	if (!acc || --acc->holders)
		return;
	for (i = 0; i < 2; i++)
		key_link__leave(&acc->ids[i]);
	for (i = 0; i < N_FITS; i++)
		key_link__leave(&acc->fit_by[i]);
	acc->older = a->spare;
	a->spare = acc;
}

static void leave_queue(struct accounts *a, struct account *acc)
{
	*(acc->older ? &acc->older->newer : &a->oldest) = acc->newer;
	*(acc->newer ? &acc->newer->older : &a->newest) = acc->older;
	acc->waiting = false;
	a->n_waiting--;
}

static void give_up(struct accounts *a, struct account *acc)
{
	leave_queue(a, acc);
	*a->unclaimed += acc->k.call != CALL_RECEIVE;
	accounts__release(a, acc);
}

static void give_up_old(struct accounts *a, uint64_t now_ns)
{
	while (a->oldest && (a->n_waiting == MAX_WAITING || a->oldest->k.ts_ns + KEEP_NS < now_ns))
		give_up(a, a->oldest);
}

void accounts__wait(struct accounts *a, struct account *acc)
{
	give_up_old(a, acc->k.ts_ns);
	/* What waits again, after a better one was found, is still in the indexes. */
	if (!acc->ids[0].at && !acc->fit_by[FIT_TUPLE].at) {
		enter_id(a, acc, &acc->ids[0], acc->k.id);
		enter_id(a, acc, &acc->ids[1], acc->k.join_id);
		enter_fit(a, acc, FIT_TUPLE);
		enter_fit(a, acc, FIT_NUMBER);
	}
	acc->older = a->newest;
	acc->newer = NULL;
	*(a->newest ? &a->newest->newer : &a->oldest) = acc;
	a->newest = acc;
	acc->waiting = true;
	acc->holders++;
	a->n_waiting++;
}

void accounts__take(struct accounts *a, struct account *acc)
{
	leave_queue(a, acc);
}

struct key_link *accounts__by_id(const struct accounts *a, uint64_t id)
{
	return key_index__first(&a->by_id, key_of_id(id));
}

struct key_link *accounts__by_key(const struct accounts *a, uint64_t key)
{
	return key_index__first(&a->by_fit, key);
}

void accounts__flush(struct accounts *a)
{
	while (a->oldest)
		give_up(a, a->oldest);
}
