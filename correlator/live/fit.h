/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fit.h - can this RST be the one that the kernel's account speaks of?
 *
 * Each rule ties a number of the RST to one of the account, so both have keys by which they find
 * each other: what fits has the same key, and what has the same key is then compared.
 */
#ifndef FIT_H
#define FIT_H

#include "model/case.h"

/* Of what a case refers to: who made the RST, or who took it. */
enum role { ROLE_MAKER, ROLE_TAKER, N_ROLES };

/* The tuple as it is goes before one that NAT may have changed. */
enum fit_by { FIT_TUPLE, FIT_NUMBER, N_FITS };

static inline enum role role_of(const struct kernel_event *k)
{
	return k->call == CALL_RECEIVE ? ROLE_TAKER : ROLE_MAKER;
}

uint64_t fit_key_of_reset(const struct packet *rst, enum role role, enum fit_by by);

/** fit_key_of_account() - by its own role; 0: no rule ties it to a RST, only an id can */
uint64_t fit_key_of_account(const struct kernel_event *k, enum fit_by by);

/** fits() - do numbers and tuple agree? Time and direction are not looked at. */
bool fits(const struct packet *rst, const struct kernel_event *k, enum fit_by by);

/** foretold_reset() - the RST that the maker @k has sent, before NAT and whatever else may change it (RFC 9293, 3.10.7) */
struct packet foretold_reset(const struct kernel_event *k);

#endif
