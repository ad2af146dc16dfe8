/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * neighbours.h - the other network namespaces of this host: enter one, ask it, come back.
 */
#ifndef NEIGHBOURS_H
#define NEIGHBOURS_H

#include <stdint.h>

#include "model/case.h"

struct neighbours;

/** neighbours__new() - the current namespace is home; NULL with errno */
struct neighbours *neighbours__new(void);

/** neighbours__home() - inode of our own namespace */
uint32_t neighbours__home(const struct neighbours *n);

/** neighbours__name() - @netns's inode is known: fill in the rest */
void neighbours__name(struct neighbours *n, struct case_netns *netns, uint32_t pid);

/**
 * neighbours__enter() - move this thread to another namespace, until neighbours__leave()
 * @pid: a process that may be in it; 0 = none
 *
 * What is opened there must be closed before leaving: it would keep the namespace alive.
 *
 * Return: 0 or -errno: it has neither a name nor a process, or we may not enter it.
 */
int neighbours__enter(struct neighbours *n, uint32_t ino, uint32_t pid);

/** neighbours__leave() - move back; where nothing was entered, nothing happens */
void neighbours__leave(struct neighbours *n);

/** neighbours__abroad() - is this thread in another namespace now? */
bool neighbours__abroad(const struct neighbours *n);

/** neighbours__free() - takes NULL */
void neighbours__free(struct neighbours *n);

#endif
