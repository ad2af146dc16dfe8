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

/* What is looked for: by the number that @nl's namespace calls it, or by inode where @nl is NULL. */
struct wanted {
	struct netlink *nl;
	int32_t nsid;
	uint32_t ino;
};

/* A path may be of anything: its inode is looked at before it is opened. */
static int open_if(const struct wanted *w, const char *path)
{
	struct stat st;
	int fd;

	if (!w->nl && (stat(path, &st) || st.st_ino != w->ino))
		return -ENOENT;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 && (!w->nl || netlink__nsid(w->nl, fd) == w->nsid))
		return fd;
	if (fd >= 0)
		close(fd);
	return -ENOENT;
}

/*
 * @suffix: of each entry of @dir that is a number; NULL = all entries
 * @name: of the entry that it was; NULL = nobody wants to know
 */
static int search(const struct wanted *w, const char *dir, const char *suffix, char *name,
		  size_t size)
{
	DIR *d = opendir(dir);
	char path[300];
	struct dirent *e;
	int fd = -ENOENT;

	while (d && fd < 0 && (e = readdir(d))) {
		if (suffix ? !isdigit((unsigned char)e->d_name[0]) : e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s%s", dir, e->d_name, suffix ? suffix : "");
		fd = open_if(w, path);
		if (fd >= 0 && name)
			snprintf(name, size, "%s", e->d_name);
	}
	if (d)
		closedir(d);
	return fd;
}

int netns_open(struct netlink *nl, int32_t nsid)
{
	struct wanted w = { .nl = nl, .nsid = nsid };
	int fd = search(&w, "/run/netns", NULL, NULL, 0);

	return fd < 0 ? search(&w, "/proc", "/ns/net", NULL, 0) : fd;
}

int netns_find(uint32_t ino, uint32_t pid, char *name, size_t size)
{
	struct wanted w = { .ino = ino };
	char path[64];
	int fd;

	*name = 0;
	fd = search(&w, "/run/netns", NULL, name, size);
	if (fd >= 0)
		return fd;
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/ns/net", pid);
	fd = pid ? open_if(&w, path) : -ENOENT;
	return fd >= 0 ? fd : search(&w, "/proc", "/ns/net", NULL, 0);
}
