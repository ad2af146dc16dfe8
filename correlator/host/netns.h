/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * netns.h - move into a network namespace.
 */
#ifndef NETNS_H
#define NETNS_H

/**
 * netns_enter() - by name (as `ip netns` has it), process id or path
 *
 * Return: 0 or -errno.
 */
int netns_enter(const char *spec);

#endif
