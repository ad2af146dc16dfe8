/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * netns.h - move into a network namespace.
 */
#ifndef NETNS_H
#define NETNS_H

#include <stdbool.h>
#include <stdint.h>

#include "host/netlink.h"

/* Which namespace: its inode can be given to another one later, its cookie not, until reboot. */
struct netns_id {
	uint64_t cookie; /* 0 = not known (before 5.14) */
	uint64_t ino;
};

/**
 * netns_enter() - by name (as `ip netns` has it), process id or path
 *
 * Return: 0 or -errno.
 */
int netns_enter(const char *spec);

/** netns_current() - of this process */
struct netns_id netns_current(void);

/** netns_same() - by cookie, where both are known */
bool netns_same(const struct netns_id *a, const struct netns_id *b);

/**
 * netns_find() - the namespace with this inode
 * @pid: a process that may be in it; 0 = none
 * @name: what `ip netns` calls it; "" = it has no name there
 *
 * Return: a descriptor, or -ENOENT: it has neither a name nor a process.
 */
int netns_find(uint32_t ino, uint32_t pid, char *name, size_t size);

/**
 * netns_open() - the namespace that @nl's own calls @nsid, if it has a name or a process
 *
 * Return: a descriptor, or -ENOENT.
 */
int netns_open(struct netlink *nl, int32_t nsid);

#endif
