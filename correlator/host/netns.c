// SPDX-License-Identifier: GPL-2.0-only
/*
 * netns.c - move into a network namespace, and tell one from another.
 *
 * Only the network changes: unlike `ip netns exec`, /sys stays what it was, and with it the
 * kernel's BTF and the BPF file system.
 */
#include "host/netns.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

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

struct netns_id netns_current(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct netns_id id = { 0, 0 };
	socklen_t len = sizeof(id.cookie);
	struct stat st;

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &id.cookie, &len))
		id.cookie = 0;
	if (fd >= 0)
		close(fd);
	if (!stat("/proc/self/ns/net", &st))
		id.ino = st.st_ino;
	return id;
}

bool netns_same(const struct netns_id *a, const struct netns_id *b)
{
	return a->cookie && b->cookie ? a->cookie == b->cookie : a->ino == b->ino;
}

static int open_if(struct netlink *nl, int32_t nsid, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && netlink__nsid(nl, fd) == nsid)
		return fd;
	if (fd >= 0)
		close(fd);
	return -ENOENT;
}

/* @suffix: of each entry of @dir that is a number; NULL = all entries. */
static int search(struct netlink *nl, int32_t nsid, const char *dir, const char *suffix)
{
	DIR *d = opendir(dir);
	char path[300];
	struct dirent *e;
	int fd = -ENOENT;

	while (d && fd < 0 && (e = readdir(d))) {
		if (suffix ? !isdigit((unsigned char)e->d_name[0]) : e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s%s", dir, e->d_name, suffix ? suffix : "");
		fd = open_if(nl, nsid, path);
	}
	if (d)
		closedir(d);
	return fd;
}

int netns_open(struct netlink *nl, int32_t nsid)
{
	int fd = search(nl, nsid, "/run/netns", NULL);

	return fd < 0 ? search(nl, nsid, "/proc", "/ns/net") : fd;
}

static int open_if_inode(const char *path, uint32_t ino)
{
	struct stat st;

	return !stat(path, &st) && st.st_ino == ino ? open(path, O_RDONLY | O_CLOEXEC) : -ENOENT;
}

/* @dir's entries are names, or numbers of processes. */
static int search_inode(uint32_t ino, const char *dir, const char *suffix, char *name, size_t size)
{
	DIR *d = opendir(dir);
	char path[300];
	struct dirent *e;
	int fd = -ENOENT;

	while (d && fd < 0 && (e = readdir(d))) {
		if (suffix ? !isdigit((unsigned char)e->d_name[0]) : e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s%s", dir, e->d_name, suffix ? suffix : "");
		fd = open_if_inode(path, ino);
		if (fd >= 0)
			snprintf(name, size, "%s", suffix ? "" : e->d_name);
	}
	if (d)
		closedir(d);
	return fd < 0 ? -ENOENT : fd;
}

int netns_find(uint32_t ino, uint32_t pid, char *name, size_t size)
{
	int fd = search_inode(ino, "/run/netns", NULL, name, size);
	char path[64];

	if (fd >= 0)
		return fd;
	*name = 0;
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/ns/net", pid);
	fd = pid ? open_if_inode(path, ino) : -ENOENT;
	return fd >= 0 ? fd : search_inode(ino, "/proc", "/ns/net", name, size);
}
