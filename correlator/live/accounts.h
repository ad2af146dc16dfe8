/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * accounts.h - the kernel's accounts of resets: those that wait for their RST, found by id and by
 * number, and those that cases refer to, which stay as they are until the last has let go.
 */
#ifndef ACCOUNTS_H
#define ACCOUNTS_H

#include "live/fit.h"
#include "live/key_index.h"

struct account {
	struct kernel_event k;
	unsigned int holders;
	bool waiting;			/* for its RST; that counts as a holder */
	struct account *older, *newer;	/* of those that wait; spare: "older" only */
	struct key_link ids[2];		/* its own, and the one of the RST that it met */
	struct key_link fit_by[N_FITS]; /* what a RST of it must show */
};

struct accounts;

/**
 * accounts__new() - NULL with errno when out of memory
 * @n_held: how many can be held at most, beside those that wait
 * @unclaimed: counts the resets of the kernel that nobody took
 */
struct accounts *accounts__new(unsigned int n_held, uint64_t *unclaimed);
void accounts__free(struct accounts *a);

/** accounts__add() - a copy of @k, held by the caller */
struct account *accounts__add(struct accounts *a, const struct kernel_event *k);

/**
 * accounts__wait() - it is offered to RSTs from now on, and held for that
 *
 * Until it is taken, is too old, or too many came after it.
 */
void accounts__wait(struct accounts *a, struct account *acc);

/** accounts__take() - it waits no longer: the caller holds it in place of that */
void accounts__take(struct accounts *a, struct account *acc);

/** accounts__release() - @acc: may be NULL */
void accounts__release(struct accounts *a, struct account *acc);

/** accounts__by_id() - the newest whose own id, or the RST's id that it noted, is @id */
struct key_link *accounts__by_id(const struct accounts *a, uint64_t id);

/** accounts__by_key() - the newest with this fit_key_of_account() */
struct key_link *accounts__by_key(const struct accounts *a, uint64_t key);

/** accounts__flush() - none waits any longer */
void accounts__flush(struct accounts *a);

#endif
