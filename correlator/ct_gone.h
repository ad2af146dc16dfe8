/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ct_gone.h - the NAT mappings that conntrack has dropped of late.
 *
 * conntrack reports entries that it destroys. Without such a report nobody can tell a segment
 * whose mapping is gone from one that never had any. The newest CT_GONE_MAX are remembered.
 */
#ifndef CT_GONE_H
#define CT_GONE_H

#include "case.h"

#define CT_GONE_MAX 16384

struct ct_gone;

/**
 * ct_gone__open() - listen in the current network namespace
 *
 * From now on: a kernel whose nf_conntrack_events is 2 (the default since 5.19) reports only
 * entries that were made while somebody listened.
 *
 * Return: NULL with errno.
 */
struct ct_gone *ct_gone__open(void);

/** ct_gone__fd() - readable when ct_gone__read() has work */
int ct_gone__fd(const struct ct_gone *g);

/** ct_gone__read() - take in what was reported until @now_ns; 0 or -errno */
int ct_gone__read(struct ct_gone *g, uint64_t now_ns);

/** ct_gone__losses() - how often reports came faster than they were read */
uint64_t ct_gone__losses(const struct ct_gone *g);

/**
 * ct_gone__find() - had this tuple, as a segment of either direction bears it untranslated, a
 * mapping? The newest is told.
 */
bool ct_gone__find(const struct ct_gone *g, const struct tuple *t, struct gone_mapping *ret);

void ct_gone__free(struct ct_gone *g);

#endif
