/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ct_destroyed.h - the NAT mappings that conntrack has dropped of late.
 *
 * conntrack reports entries that it destroys. Without such a report nobody can tell a segment
 * whose mapping is gone from one that never had any. The newest CT_GONE_MAX are remembered.
 */
#ifndef CT_DESTROYED_H
#define CT_DESTROYED_H

#include "model/case.h"

#define CT_GONE_MAX 16384

struct ct_destroyed;

/**
 * ct_destroyed__open() - listen in the current network namespace
 *
 * From now on: a kernel whose nf_conntrack_events is 2 (the default since 5.19) reports only
 * entries that were made while somebody listened.
 *
 * Return: NULL with errno.
 */
struct ct_destroyed *ct_destroyed__open(void);

/** ct_destroyed__fd() - readable when ct_destroyed__read() has work */
int ct_destroyed__fd(const struct ct_destroyed *g);

/** ct_destroyed__read() - take in what was reported until @now_ns; 0 or -errno */
int ct_destroyed__read(struct ct_destroyed *g, uint64_t now_ns);

/** ct_destroyed__losses() - how often reports came faster than they were read */
uint64_t ct_destroyed__losses(const struct ct_destroyed *g);

/**
 * ct_destroyed__find() - had this tuple, as a segment of either direction bears it untranslated, a
 * mapping? The newest is told.
 */
bool ct_destroyed__find(const struct ct_destroyed *g, const struct tuple *t,
			struct gone_mapping *ret);

void ct_destroyed__free(struct ct_destroyed *g);

#endif
