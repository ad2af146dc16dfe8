// SPDX-License-Identifier: GPL-2.0-only
/*
 * proc_fds.c - the descriptors of all processes, by what /proc/PID/fd says that they are.
 */
#include "host/proc_fds.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MORE ", ..."

static bool each_of(const char *pid, bool (*fn)(void *ctx, const struct proc_fd *fd), void *ctx)
{
	struct proc_fd fd = { .pid = (uint32_t)strtoul(pid, NULL, 10) };
	char path[300], target[128];
	struct dirent *e;
	bool more = true;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	dir = opendir(path);
	while (dir && more && (e = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), e->d_name, target, sizeof(target) - 1);

		if (n <= 0)
			continue;
		target[n] = '\0';
		fd.name = e->d_name;
		fd.target = target;
		more = fn(ctx, &fd);
	}
	if (dir)
		closedir(dir);
	return more;
}

void proc_fds_each(bool (*fn)(void *ctx, const struct proc_fd *fd), void *ctx)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;
	bool more = true;

	while (dir && more && (e = readdir(dir)))
		if (isdigit((unsigned char)e->d_name[0]))
			more = each_of(e->d_name, fn, ctx);
	if (dir)
		closedir(dir);
}

static void read_name(uint32_t pid, char *ret, size_t size)
{
	char path[64];
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	in = fopen(path, "re");
	if (!in || !fgets(ret, (int)size, in))
		snprintf(ret, size, "?");
	if (in)
		fclose(in);
	ret[strcspn(ret, "\n")] = '\0';
}

void proc_fds_add_process(char *list, size_t size, uint32_t pid)
{
	size_t used = strlen(list), len;
	char name[32], entry[96], mark[32];

	snprintf(mark, sizeof(mark), " (pid %u)", pid);
	if (strstr(list, mark))
		return;
	read_name(pid, name, sizeof(name));
	len = (size_t)snprintf(entry, sizeof(entry), "%s%s%s", used ? ", " : "", name, mark);
	if (used + len + sizeof(MORE) <= size)
		memcpy(list + used, entry, len + 1);
	else if (used + sizeof(MORE) <= size && !strstr(list, MORE))
		memcpy(list + used, MORE, sizeof(MORE));
}
