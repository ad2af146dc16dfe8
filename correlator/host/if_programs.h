/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * if_programs.h - what rtnetlink knows of BPF programs on interfaces: XDP, and filters of clsact.
 *
 * Only asks; host/clsact.h attaches and detaches.
 */
#ifndef IF_PROGRAMS_H
#define IF_PROGRAMS_H

#include <stdbool.h>
#include <stdint.h>
#include <net/if.h>

#include "host/clsact.h"
#include "host/netlink.h"

/* In the order in which they run. */
enum if_xdp_mode { IF_XDP_OFFLOADED, IF_XDP_NATIVE, IF_XDP_GENERIC, N_IF_XDP_MODES };

struct if_xdp {
	uint32_t ifindex;
	char name[IFNAMSIZ];
	uint32_t prog_id[N_IF_XDP_MODES]; /* 0 = none */
};

struct if_filter {
	char kind[16];	  /* "bpf", "flower", ... */
	char name[64];	  /* of a BPF filter: iproute2 writes file and section */
	uint32_t prog_id; /* 0 = no BPF program */
	uint32_t pref;
	uint32_t handle;
	uint32_t chain;
	uint16_t protocol; /* ethertype; ETH_P_ALL = all */
	bool direct_action;
	bool is_head; /* of those of one pref; the filters follow, each in its own answer */
};

/* The parsers take one answer. Return: false for what is none of these, or cut short. */
bool if_xdp_parse(const struct nlmsghdr *nlh, struct if_xdp *ret);
bool if_filter_parse(const struct nlmsghdr *nlh, struct if_filter *ret);

/** if_qdisc_parse() - of a qdisc that has filters on arrivals; @ret_egress: and on departures */
bool if_qdisc_parse(const struct nlmsghdr *nlh, uint32_t *ret_ifindex, bool *ret_egress);

/* Each calls @fn for what there is, in the order in which it runs. Return: 0 or -errno. */
int if_xdp_each(struct netlink *nl, void (*fn)(void *ctx, const struct if_xdp *xdp), void *ctx);
int if_qdisc_each(struct netlink *nl, void (*fn)(void *ctx, uint32_t ifindex, bool egress),
		  void *ctx);
int if_filter_each(struct netlink *nl, uint32_t ifindex, enum clsact_direction dir,
		   void (*fn)(void *ctx, const struct if_filter *filter), void *ctx);

#endif
