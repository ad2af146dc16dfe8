/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sensor.h - the live source of events: wire view, kernel view, and what they share.
 */
#ifndef SENSOR_H
#define SENSOR_H

#include <stdio.h>

#include "host/netlink.h"
#include "live/attach_probes.h"
#include "live/decode.h"
#include "live/mark.h"
#include "live/wire_guard.h"

struct sensor;

struct sensor_config {
	const char *const *interfaces; /* names; "any" = all, also those that come later */
	unsigned int n_interfaces;
	enum tier tier;
	const char *btf_path;
	bool xdp;
	bool user_stacks; /* of applications that make resets: see sensor__user_stack() */
	struct mark mark;
	bool exit_when_gone; /* do not wait for named interfaces to come back */
	bool all_netns;	     /* the kernel view has the resets of every namespace */
	bool attached; /* attach nothing but the kernel view: read what others have attached */
	bool progress; /* of attaching to many interfaces, on standard error if that is a terminal */
	int (*on_event)(void *ctx, const struct event *ev); /* -errno: read no further */
	void *ctx;
};

/**
 * sensor__open() - load the programs, probe the kernel of the current network namespace
 *
 * The interfaces are attached to by sensor__attach_some().
 *
 * Return: NULL with errno; the reason has been logged.
 */
struct sensor *sensor__open(const struct sensor_config *cfg);

/** sensor__event_fd(), sensor__link_fd() - readable when sensor__read_*() has work */
int sensor__event_fd(const struct sensor *s);
int sensor__link_fd(const struct sensor *s);

/** sensor__read_events() - hand all that waits to on_event; 0, -errno, or what that returned */
int sensor__read_events(struct sensor *s);

/**
 * sensor__attach_some() - attach to the interfaces that wait for it, for some 50 ms
 *
 * The kernel takes its time for each (an RCU grace period per direction, with RTNL held), so
 * the caller looks at signals and events in between, and calls again as long as some wait: after
 * sensor__open(), and after sensor__read_links(). At least one is attached to in each call.
 *
 * Return: how many wait still; 0: all are attached; -errno, logged: one that was asked for by
 * name cannot be watched. With "any" what cannot be watched is logged, and is no error.
 */
int sensor__attach_some(struct sensor *s);

/** sensor__to_attach() - how many interfaces wait for sensor__attach_some() */
unsigned int sensor__to_attach(const struct sensor *s);

/**
 * sensor__read_links() - follow interfaces that come and go; what is new waits to be attached to
 *
 * An interface that was asked for by name is waited for once it has gone, and a renamed one stays
 * attached, unless exit_when_gone is set: then one that has gone does not come again.
 *
 * Return: 0 when no interface is watched and none can come; else a positive number, or -errno.
 */
int sensor__read_links(struct sensor *s);

/**
 * sensor__guard() - see to it that what is attached stays so, as far as that is due; with "attached":
 *	look for programs that have come or gone
 */
void sensor__guard(struct sensor *s);

/** sensor__guard_ns() - when sensor__guard() is due; changes with every call to read or attach */
uint64_t sensor__guard_ns(const struct sensor *s);

/** sensor__whole_since_ns() - since when no interface has lost its programs; 0 = always */
uint64_t sensor__whole_since_ns(const struct sensor *s);

/** sensor__gaps() - how often and how long interfaces were without them */
struct guard_gaps sensor__gaps(const struct sensor *s);

/** sensor__unread() - with "attached": RSTs that were recorded while nobody read them */
uint64_t sensor__unread(const struct sensor *s);

/** sensor__lacks_modules() - is a kernel module that we would probe not loaded yet? */
bool sensor__lacks_modules(const struct sensor *s);

/** sensor__look_again() - probe what has been loaded since */
void sensor__look_again(struct sensor *s);

uint32_t sensor__views(const struct sensor *s);
const char *sensor__tier(const struct sensor *s);
void sensor__print_plan(const struct sensor *s, FILE *out);
struct recorder *sensor__flight(const struct sensor *s);
struct netlink *sensor__netlink(const struct sensor *s);

/** sensor__ifname() - also of interfaces that are gone; "if7" when it was never seen (valid for three more calls) */
const char *sensor__ifname(void *s, uint32_t ifindex);

/** sensor__text() - where the kernel's code begins (_stext); 0 = not known */
uint64_t sensor__text(const struct sensor *s);

/** sensor__cgroup_path() - of a reported socket's cgroup, even if removed since; false: not known */
bool sensor__cgroup_path(const struct sensor *s, uint64_t id, char *ret, size_t len);

/** sensor__closer() - who has closed the socket of @k since; false: not known, or nobody */
bool sensor__closer(const struct sensor *s, const struct kernel_event *k, struct closer *ret);

/** sensor__user_stack() - of the application in the kernel's event @id; NULL = none. For some resets. */
const struct user_stack *sensor__user_stack(const struct sensor *s, uint64_t id);

/** sensor__user_stacks_skipped() - that were not taken, or not unwound: too many at once */
uint64_t sensor__user_stacks_skipped(const struct sensor *s);

/** sensor__lost_events() - so far, both views */
uint64_t sensor__lost_events(const struct sensor *s);

/** sensor__missed() - kernel functions whose probe was skipped, because it was running already */
uint64_t sensor__missed(const struct sensor *s);

/** sensor__free() - detach everything */
void sensor__free(struct sensor *s);

#endif
