/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * other_programs.h - BPF programs of others on an interface's tc hook, now.
 */
#ifndef OTHER_PROGRAMS_H
#define OTHER_PROGRAMS_H

#include "host/netlink.h"

/**
 * other_programs_list() - "filter 'NAME' (program N), tcx program N, ..."; "" = none
 *
 * Return: 0 or -errno: then there may be some.
 */
int other_programs_list(struct netlink *nl, uint32_t ifindex, bool ingress, char *ret, size_t size);

#endif
