// SPDX-License-Identifier: GPL-2.0-only
/*
 * neighbours.c - the other network namespaces of this host.
 *
 * None is kept open: whoever holds a descriptor of one keeps it alive, and with it the interfaces of
 * a container that has long been removed. Only names are remembered.
 */
#include "host/neighbours.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "host/netns.h"

#define MAX_NAMES 64
/* A name may be given, or an inode be used again; and what was not found may come. */
#define KEEP_NS 1000000000ull

struct known {
	struct case_netns netns; /* unreachable: it was not found */
	uint64_t since_ns;
};

struct neighbours {
	struct case_netns home;
	int home_fd;
	bool abroad;
	struct known names[MAX_NAMES]; /* by inode */
};

struct neighbours *neighbours__new(void)
{
	struct neighbours *n = calloc(1, sizeof(*n));
	int fd;

	if (!n)
		return NULL;
	n->home_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (n->home_fd < 0) {
		free(n);
		return NULL;
	}
	n->home.ino = (uint32_t)netns_current().ino;
	fd = netns_find(n->home.ino, (uint32_t)getpid(), n->home.name, sizeof(n->home.name));
	if (fd >= 0)
		close(fd);
	return n;
}

uint32_t neighbours__home(const struct neighbours *n)
{
	return n->home.ino;
}

/* -1: not found. The caller closes it. */
static int look_for(struct neighbours *n, uint32_t ino, uint32_t pid)
{
	struct known *k = &n->names[ino % MAX_NAMES];
	int fd;

	if (k->netns.ino == ino && k->netns.unreachable && monotonic_ns() - k->since_ns < KEEP_NS)
		return -1;
	*k = (struct known){ .netns = { .ino = ino, .foreign = true }, .since_ns = monotonic_ns() };
	fd = netns_find(ino, pid, k->netns.name, sizeof(k->netns.name));
	k->netns.unreachable = fd < 0;
	return fd;
}

void neighbours__name(struct neighbours *n, struct case_netns *netns, uint32_t pid)
{
	struct known *k = &n->names[netns->ino % MAX_NAMES];
	int fd;

	if (netns->ino == n->home.ino) {
		*netns = n->home;
		return;
	}
	if (k->netns.ino != netns->ino || monotonic_ns() - k->since_ns > KEEP_NS) {
		fd = look_for(n, netns->ino, pid);
		if (fd >= 0)
			close(fd);
	}
	*netns = k->netns;
}

int neighbours__enter(struct neighbours *n, uint32_t ino, uint32_t pid)
{
	int fd = look_for(n, ino, pid), err = 0;

	if (fd < 0)
		return -ENOENT;
	if (setns(fd, CLONE_NEWNET))
		err = -errno;
	close(fd);
	n->abroad = !err;
	return err;
}

void neighbours__leave(struct neighbours *n)
{
	/* We have come from there, and can do so again. */
	if (n->abroad && setns(n->home_fd, CLONE_NEWNET))
		error("return to the network namespace of the start: %s", error_name(errno));
	n->abroad = false;
}

bool neighbours__abroad(const struct neighbours *n)
{
	return n->abroad;
}

void neighbours__free(struct neighbours *n)
{
	if (!n)
		return;
	close(n->home_fd);
	free(n);
}
