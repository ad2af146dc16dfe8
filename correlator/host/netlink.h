/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * netlink.h - what rtnetlink knows: interfaces, their coming and going, and local addresses.
 */
#ifndef NETLINK_H
#define NETLINK_H

#include <stdbool.h>
#include <stdint.h>
#include <net/if.h>

struct link_info {
	uint32_t ifindex;
	char name[IFNAMSIZ];
	uint16_t type; /* ARPHRD_* */
	bool up;
	bool gone; /* in a notification: the interface was removed */
};

typedef void (*link_fn)(void *ctx, const struct link_info *link);

struct netlink;

/** netlink__open() - of the current network namespace; NULL with errno */
struct netlink *netlink__open(void);

/** netlink__links() - call @fn for every interface; 0 or -errno */
int netlink__links(struct netlink *nl, link_fn fn, void *ctx);

/** netlink__is_local() - is @addr an address of this namespace? 1, 0 or -errno */
int netlink__is_local(struct netlink *nl, const uint8_t *addr, uint8_t family);

/** netlink__has_tc_filters() - has the clsact qdisc of @ifindex any filter? 1, 0 or -errno */
int netlink__has_tc_filters(struct netlink *nl, uint32_t ifindex);

/** netlink__monitor_fd() - readable when interfaces have changed */
int netlink__monitor_fd(const struct netlink *nl);

/** netlink__monitor() - read the changes; 0 or -errno (-ENOBUFS: some were missed) */
int netlink__monitor(struct netlink *nl, link_fn fn, void *ctx);

void netlink__free(struct netlink *nl);

#endif
