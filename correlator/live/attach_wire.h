/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * attach_wire.h - attach the flight recorder to interfaces: tcx or clsact, and XDP if asked.
 *
 * Never touches a qdisc, filter or program that is not ours.
 */
#ifndef ATTACH_WIRE_H
#define ATTACH_WIRE_H

#include "host/netlink.h"
#include "live/tc_object.h"

struct wire_config {
	bool xdp; /* arrivals by XDP in place of tc ingress */
	struct mark mark;
	/* Others have changed filters or the qdisc of an interface that we attached to by filters. */
	void (*on_tc)(void *ctx, uint32_t ifindex);
	void *ctx;
};

struct wire;

/**
 * wire__load() - load the tc programs and create the shared maps
 * @maps: initialised; takes the descriptors
 *
 * Return: NULL with errno; the reason has been logged.
 */
struct wire *wire__load(const struct wire_config *cfg, struct shared_maps *maps,
			struct netlink *nl);

/**
 * wire__attach() - to one interface; says how on the log
 *
 * Return: 0 or -errno, logged; -EEXIST when it is attached already.
 */
int wire__attach(struct wire *w, const struct link_info *link);

/** wire__report_scarcity() - log how many were attached without tcx for want of descriptors, once */
void wire__report_scarcity(struct wire *w);

/** wire__has() - is this interface attached? */
bool wire__has(const struct wire *w, uint32_t ifindex);

/**
 * wire__forget() - the interface is gone; false if it was not ours
 *
 * One that was moved to another namespace is detached there, if it can be found.
 */
bool wire__forget(struct wire *w, const struct link_info *link);

/** wire__after() - the interface that was attached after this one; 0: the first, and after the last */
uint32_t wire__after(const struct wire *w, uint32_t ifindex);

/** wire__ifname() - of an interface that is attached; "?" */
const char *wire__ifname(const struct wire *w, uint32_t ifindex);

/**
 * wire__missing() - from where others have removed what we attached to an interface
 *
 * Looks now. What is missing stays so until wire__attach_again().
 *
 * Return: words ("tc ingress and tc egress"), valid until the next call; NULL = nothing is missing.
 */
const char *wire__missing(struct wire *w, uint32_t ifindex);

/** wire__looked_ns() - when nothing was missing, as far as was looked (CLOCK_MONOTONIC); 0 = never */
uint64_t wire__looked_ns(const struct wire *w, uint32_t ifindex);

/** wire__attach_again() - what is missing; 0 or -errno, not logged */
int wire__attach_again(struct wire *w, uint32_t ifindex);

/** wire__rename() - the interface has another name now; false if it is not attached, or has it already */
bool wire__rename(struct wire *w, const struct link_info *link);

/** wire__count() - interfaces that are attached */
unsigned int wire__count(const struct wire *w);

/** wire__free() - detach everything */
void wire__free(struct wire *w);

#endif
