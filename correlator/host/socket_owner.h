/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * socket_owner.h - whose socket it was: process, cgroup, container.
 *
 * Never the task that softirq happened to interrupt: the running task counts only where the
 * kernel stack shows that it was closing its own socket.
 */
#ifndef SOCKET_OWNER_H
#define SOCKET_OWNER_H

#include "model/case.h"

/* Remembers which process held a socket: looking through /proc takes milliseconds. */
struct owner_cache;

struct owner_cache *owner_cache__new(void);
void owner_cache__free(struct owner_cache *cache);

/**
 * owner_find() - fill c->owner; owner.known stays false for "kernel, no owner"
 * @cgroup: path of the socket's cgroup at the reset; "" = the kernel is asked
 */
void owner_find(struct owner_cache *cache, const char *cgroup, struct reset_case *c);

/**
 * victim_find() - the same of the socket that took the RST, into c->victim
 * @cache: NULL = there is no time to search all processes
 * @since: who has closed it since; NULL = nobody that is known
 */
void victim_find(struct owner_cache *cache, const char *cgroup, const struct closer *since,
		 struct reset_case *c);

/** killer_find() - fill c->killer, if the kernel's stack shows that the running task killed the socket */
void killer_find(struct reset_case *c);

/** owner_remember() - who has the socket now: it may be closed by the time that it is asked for */
void owner_remember(struct owner_cache *cache, const struct kernel_event *k);

/** unit_of_cgroup() - systemd's service or scope in a cgroup path; false if there is none */
bool unit_of_cgroup(const char *path, char *ret, size_t size);

/** container_of_cgroup() - the 64-digit id in a cgroup path; false if there is none */
bool container_of_cgroup(const char *path, char ret_id[65]);

/** pod_of_cgroup() - the UID of a Kubernetes pod in a cgroup path, with dashes; false if there is none */
bool pod_of_cgroup(const char *path, char ret_uid[37]);

#endif
