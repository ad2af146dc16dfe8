/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * namespace.h - a user and network namespace of the test's own: root there, nobody here.
 */
#ifndef NAMESPACE_H
#define NAMESPACE_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "test.h"

static inline bool namespace_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

/* Needs no root where user namespaces may be made; false, and a line that says so, where not. */
static inline bool namespace_enter(int flags)
{
	char uids[64], gids[64];

	snprintf(uids, sizeof(uids), "0 %u 1", getuid());
	snprintf(gids, sizeof(gids), "0 %u 1", getgid());
	if (unshare(CLONE_NEWUSER | flags)) {
		test_skip("no user namespace: %s", strerror(errno));
		return false;
	}
	namespace_write("/proc/self/setgroups", "deny");
	if (!namespace_write("/proc/self/uid_map", uids) ||
	    !namespace_write("/proc/self/gid_map", gids)) {
		test_skip("no user is root in a user namespace: %s", strerror(errno));
		return false;
	}
	return true;
}

/* A /run that nobody else sees, for who has entered a mount namespace. What rstscope finds in it is the test's. */
static inline bool namespace_own_run(void)
{
	return !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mount("tmpfs", "/run", "tmpfs", 0, NULL);
}

#endif
