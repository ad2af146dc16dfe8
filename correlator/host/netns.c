// SPDX-License-Identifier: GPL-2.0-only
/*
 * netns.c - move into a network namespace.
 *
 * Only the network changes: unlike `ip netns exec`, /sys stays what it was, and with it the
 * kernel's BTF and the BPF file system.
 */
#include "host/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int netns_enter(const char *spec)
{
	char path[4096];
	int fd, err = 0;

	if (strchr(spec, '/'))
		snprintf(path, sizeof(path), "%s", spec);
	else if (*spec && strspn(spec, "0123456789") == strlen(spec))
		snprintf(path, sizeof(path), "/proc/%s/ns/net", spec);
	else
		snprintf(path, sizeof(path), "/run/netns/%s", spec);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (setns(fd, CLONE_NEWNET))
		err = -errno;
	close(fd);
	return err;
}
