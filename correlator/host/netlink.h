/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * netlink.h - what rtnetlink knows: interfaces, their coming and going, local addresses, and changes
 *	of clsact qdiscs.
 */
#ifndef NETLINK_H
#define NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <net/if.h>

struct link_info {
	uint32_t ifindex;
	char name[IFNAMSIZ];
	uint16_t type; /* ARPHRD_* */
	bool up;
	bool gone;	     /* in a notification: the interface was removed */
	int32_t new_netnsid; /* ... or moved there, as this namespace counts them; -1 = not moved */
	uint32_t new_ifindex;
};

typedef void (*link_fn)(void *ctx, const struct link_info *link);

struct netlink;
struct nlmsghdr;

/** netlink__open() - of the current network namespace; NULL with errno */
struct netlink *netlink__open(void);

/** netlink__links() - call @fn for every interface; 0 or -errno */
int netlink__links(struct netlink *nl, link_fn fn, void *ctx);

/** netlink__is_local() - is @addr an address of this namespace? 1, 0 or -errno */
int netlink__is_local(struct netlink *nl, const uint8_t *addr, uint8_t family);

/** netlink__nsid() - what this namespace calls another one; -1 = nothing */
int32_t netlink__nsid(struct netlink *nl, int netns_fd);

/**
 * netlink__ask() - send a request; every answer goes to @cb, until the kernel has no more
 *
 * Return: 0, or -errno, also what the kernel answers.
 */
int netlink__ask(struct netlink *nl, struct nlmsghdr *nlh,
		 int (*cb)(const struct nlmsghdr *nlh, void *ctx), void *ctx);

/**
 * netlink__batch() - send @n messages with NLM_F_ACK at once
 * @ret_errs: what became of each, 0 or -errno
 *
 * Return: 0; -errno when they could not be sent, or not all answers be read.
 */
int netlink__batch(struct netlink *nl, void *messages, size_t len, int *ret_errs, unsigned int n);

/** netlink__monitor_fd() - readable when interfaces have changed */
int netlink__monitor_fd(const struct netlink *nl);

/**
 * netlink__follow_tc() - from now on netlink__monitor() also reads what others do to clsact qdiscs
 *	and to the filters on them
 * @fn: called with the interface after each change; what this netlink itself has asked for is none
 *
 * Return: 0 or -errno.
 */
int netlink__follow_tc(struct netlink *nl, void (*fn)(void *ctx, uint32_t ifindex), void *ctx);

/** netlink__monitor() - read the changes; 0 or -errno (-ENOBUFS: some were missed) */
int netlink__monitor(struct netlink *nl, link_fn fn, void *ctx);

void netlink__free(struct netlink *nl);

#endif
