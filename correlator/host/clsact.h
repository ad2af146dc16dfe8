/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * clsact.h - BPF filters on a clsact qdisc: put there, found again by their program, and removed.
 */
#ifndef CLSACT_H
#define CLSACT_H

#include <stdbool.h>
#include <stdint.h>

#include "host/netlink.h"

enum clsact_direction { CLSACT_INGRESS, CLSACT_EGRESS };

/* The name that all our filters have. */
#define CLSACT_NAME "rstscope"

/** clsact_exists() - 1, 0 or -errno */
int clsact_exists(struct netlink *nl, uint32_t ifindex);

/**
 * clsact_attach() - add a direct-action filter, and the qdisc where there is none
 * @priority: as clsact_choose() says
 * @may_make: the qdisc, as it was noted that we make it
 * @ret_made: there was none; false also on failure
 *
 * Both travel in one message: a kill cannot come between them.
 *
 * Return: 0 or -errno; -ENOENT: there is no qdisc, and none may be made.
 */
int clsact_attach(struct netlink *nl, uint32_t ifindex, enum clsact_direction dir, int prog_fd,
		  uint16_t priority, bool may_make, bool *ret_made);

/**
 * clsact_replace() - put a program in the place of the filters of another one
 *
 * No packet passes in between. Return: how many there were, or -errno.
 */
int clsact_replace(struct netlink *nl, uint32_t ifindex, enum clsact_direction dir,
		   uint32_t old_prog_id, int prog_fd);

/**
 * clsact_detach() - remove the filters of this very program
 *
 * Return: how many there were, none of which is there any more; or -errno.
 */
int clsact_detach(struct netlink *nl, uint32_t ifindex, enum clsact_direction dir,
		  uint32_t prog_id);

/** clsact_remove() - remove the qdisc unless it has a filter; 0 or -errno (-EBUSY: it has) */
int clsact_remove(struct netlink *nl, uint32_t ifindex);

#endif
