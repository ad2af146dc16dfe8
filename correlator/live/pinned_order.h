/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pinned_order.h - who runs before the recorder that stays: said when it is attached, and refused where
 * the order is fragile.
 */
#ifndef PINNED_ORDER_H
#define PINNED_ORDER_H

#include <stdbool.h>

#include "host/netlink.h"
#include "live/tc_object.h"

/**
 * pinned_order_allows_filter() - may ours be a filter on this hook?
 * @why: the error for which it cannot be by tcx
 * @force: it may in any case
 *
 * All programs of tcx run before all filters, also those that are attached later, and mostly end a
 * packet's way: with one of others there, a filter sees what that leaves, today or tomorrow.
 *
 * Return: 0 or -EBUSY, logged.
 */
int pinned_order_allows_filter(const struct link_info *link, enum tc_direction dir, int why,
			       bool force);

/** pinned_order_report() - warn of those that run before the program that was just attached */
void pinned_order_report(struct netlink *nl, const struct link_info *link, enum tc_direction dir,
			 int prog_fd);

#endif
