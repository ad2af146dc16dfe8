/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pinned.h - the recorder that stays: attached to interfaces and pinned, it turns without a process.
 *
 * Every step is one that a kill cannot cut in two, and the next call goes on from what it finds:
 * what is attached is known by the map that it writes to, which is pinned first.
 */
#ifndef PINNED_H
#define PINNED_H

#include "host/netlink.h"
#include "live/mark.h"

struct pinned_config {
	bool xdp; /* arrivals by XDP in place of tc ingress */
	struct mark mark;
	bool force;	    /* also where the order is fragile */
	unsigned int slots; /* records for each CPU; 0 = as they are, or as many as can be */
};

struct pinned;

/**
 * pinned__open() - load programs and maps, or share the maps that are pinned, and pin them
 *
 * Return: NULL with errno, logged.
 */
struct pinned *pinned__open(const struct pinned_config *cfg, struct netlink *nl);

/**
 * pinned__attach() - one interface: what is missing, and what is of another version or has another
 * configuration in its place; says on the log what was done
 *
 * Return: 0 or -errno, logged; -EOPNOTSUPP: no packets that we can read; -EBUSY: tcx programs of others
 * would come before ours.
 */
int pinned__attach(struct pinned *p, const struct link_info *link);

/** pinned_cpus() - for how many CPUs the recorder has room: all that there can be */
unsigned int pinned_cpus(void);

/** pinned__free() - unpins what is not used any more; takes NULL */
void pinned__free(struct pinned *p);

struct detach_config {
	const char *const *interfaces; /* names; none = all */
	unsigned int n_interfaces;
	bool by_hand; /* also what somebody attached with tc, ip or bpftool */
};

/** pinned_detach() - remove what was attached, and the pins when nothing is; 0 or -errno, logged */
int pinned_detach(const struct detach_config *cfg, struct netlink *nl);

#endif
