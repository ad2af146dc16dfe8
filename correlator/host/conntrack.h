/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conntrack.h - ask conntrack from user space (ctnetlink).
 */
#ifndef CONNTRACK_H
#define CONNTRACK_H

#include "model/case.h"

struct ctnl;
struct nf_conntrack;

/** conntrack_read() - the library's object as the entry, snat and dnat of @ret */
void conntrack_read(const struct nf_conntrack *ct, struct conntrack *ret);

/** ctnl__open() - of the current network namespace; NULL with errno */
struct ctnl *ctnl__open(void);

/** ctnl__is_active() - is conntrack loaded at all? Asking would load it. */
bool ctnl__is_active(void);

/**
 * ctnl__lookup() - the entry that holds @t in either direction
 *
 * Return: 1 and the entry, snat and dnat of @ret; 0 when there is none; -errno.
 */
int ctnl__lookup(struct ctnl *c, const struct tuple *t, struct conntrack *ret);

void ctnl__free(struct ctnl *c);

#endif
