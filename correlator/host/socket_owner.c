// SPDX-License-Identifier: GPL-2.0-only
/*
 * socket_owner.c - whose socket it was: process, cgroup, container.
 */
#include "host/socket_owner.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/proc_fds.h"
#include "host/process_id.h"
#include "model/stack.h"

#define FILEID_KERNFS 0xfe
#define CACHE_SIZE 256 /* a power of two */
#define CACHE_SECONDS 2

struct cached {
	uint64_t ino;
	time_t until;	      /* CLOCK_MONOTONIC */
	struct owner process; /* that held it; pid 0: nobody did */
};

struct owner_cache {
	struct cached slot[CACHE_SIZE];
};

struct owner_cache *owner_cache__new(void)
{
	return calloc(1, sizeof(struct owner_cache));
}

void owner_cache__free(struct owner_cache *cache)
{
	free(cache);
}

/* The last one: of containers in containers, the inner is meant. */
bool container_of_cgroup(const char *path, char ret_id[65])
{
	const char *p, *start = NULL;
	bool found = false;

	for (p = path;; p++) {
		if (*p && isxdigit((unsigned char)*p) && !isupper((unsigned char)*p)) {
			if (!start)
				start = p;
			continue;
		}
		if (start && p - start == 64) {
			memcpy(ret_id, start, 64);
			ret_id[64] = 0;
			found = true;
		}
		start = NULL;
		if (!*p)
			return found;
	}
}

/* The systemd driver writes the dashes of a UID as underscores. */
static bool is_uid(const char *s)
{
	size_t i;

	for (i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' && s[i] != '_' :
			   !isdigit((unsigned char)s[i]) && (s[i] < 'a' || s[i] > 'f'))
			return false;
	}
	return true;
}

/* "/kubepods/burstable/podUID", or "kubepods-burstable-podUID.slice". Static pods have a hash instead. */
bool pod_of_cgroup(const char *path, char ret_uid[37])
{
	const char *p;
	size_t i;

	for (p = path; (p = strstr(p, "pod")); p++) {
		if (p == path || !strchr("/-", p[-1]) || !is_uid(p + 3))
			continue;
		for (i = 0; i < 36; i++)
			ret_uid[i] = p[3 + i] == '_' ? '-' : p[3 + i];
		ret_uid[36] = 0;
		return true;
	}
	return false;
}

static bool ends_with(const char *s, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len > n && !memcmp(s + len - n, end, n);
}

/* The innermost part of the path that is a unit of processes: slices hold others. */
bool unit_of_cgroup(const char *path, char *ret, size_t size)
{
	const char *p, *end;
	bool found = false;

	for (p = path; *p; p = *end ? end + 1 : end) {
		size_t len = (size_t)((end = strchrnul(p, '/')) - p);

		if (len >= size || !(ends_with(p, len, ".service") || ends_with(p, len, ".scope")))
			continue;
		memcpy(ret, p, len);
		ret[len] = 0;
		found = true;
	}
	return found;
}

static void read_comm(uint32_t pid, char *comm, size_t len)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = read(fd, comm, len - 1);
	close(fd);
	if (n > 0)
		comm[comm[n - 1] == '\n' ? n - 1 : n] = 0;
}

/* The unified hierarchy's line, "0::/path". */
static void read_cgroup_of_pid(uint32_t pid, char *cgroup, size_t len)
{
	char path[64], line[512];
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%u/cgroup", pid);
	in = fopen(path, "re");
	if (!in)
		return;
	while (fgets(line, sizeof(line), in)) {
		if (strncmp(line, "0::", 3))
			continue;
		line[strcspn(line, "\n")] = 0;
		snprintf(cgroup, len, "%s", line + 3);
	}
	fclose(in);
}

/* Where cgroup2 is mounted; false if it is not. */
static bool find_cgroup2(char *ret, size_t len)
{
	char line[1024], point[512];
	bool found = false;
	FILE *in = fopen("/proc/self/mountinfo", "re");

	while (in && !found && fgets(line, sizeof(line), in)) {
		if (!strstr(line, " - cgroup2 ") ||
		    sscanf(line, "%*s %*s %*s %*s %511s", point) != 1)
			continue;
		snprintf(ret, len, "%s", point);
		found = true;
	}
	if (in)
		fclose(in);
	return found;
}

/* A cgroup's id is its kernfs file handle, so the path can be had without a walk. */
static void read_cgroup_of_id(uint64_t id, char *cgroup, size_t len)
{
	char mount[512], link[64], path[PATH_MAX];
	struct {
		struct file_handle fh;
		uint64_t id;
	} handle = { .fh = { .handle_bytes = 8, .handle_type = FILEID_KERNFS }, .id = id };
	int mount_fd, fd = -1;
	ssize_t n;

	if (!id || !find_cgroup2(mount, sizeof(mount)))
		return;
	memcpy(handle.fh.f_handle, &id, sizeof(id));
	mount_fd = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mount_fd >= 0)
		fd = open_by_handle_at(mount_fd, &handle.fh, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, path, sizeof(path) - 1);
		path[n > 0 ? n : 0] = 0;
		if (n > (ssize_t)strlen(mount))
			snprintf(cgroup, len, "%s", path + strlen(mount));
		else if (n > 0)
			snprintf(cgroup, len, "/");
		close(fd);
	}
	if (mount_fd >= 0)
		close(mount_fd);
}

struct holder {
	char want[64];
	uint32_t pid;
};

static bool is_not_holder(void *ctx, const struct proc_fd *fd)
{
	struct holder *h = ctx;

	if (strcmp(fd->target, h->want))
		return true;
	h->pid = fd->pid;
	return false;
}

/* The first process that holds the socket with this inode; 0 if there is none. */
static uint32_t find_pid(uint64_t ino)
{
	struct holder h = { .pid = 0 };

	snprintf(h.want, sizeof(h.want), "socket:[%llu]", (unsigned long long)ino);
	proc_fds_each(is_not_holder, &h);
	return h.pid;
}

/* Blanks stand for what separates the arguments. */
static void read_command(uint32_t pid, char *ret, size_t size)
{
	char path[64];
	ssize_t n, i;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = read(fd, ret, size);
	close(fd);
	for (i = 0; i < n; i++)
		if (!ret[i])
			ret[i] = ' ';
	if (n == (ssize_t)size)
		memcpy(ret + size - 4, "...", 4);
	else if (n > 0)
		ret[n] = 0;
	for (i = (ssize_t)strnlen(ret, size); i > 0 && ret[i - 1] == ' '; i--)
		ret[i - 1] = 0;
}

static void read_process(uint32_t pid, struct owner *o)
{
	o->pid = pid;
	if (!pid)
		return;
	read_comm(pid, o->comm, sizeof(o->comm));
	read_command(pid, o->command, sizeof(o->command));
	read_cgroup_of_pid(pid, o->cgroup, sizeof(o->cgroup));
}

static const struct owner *holder_of(struct owner_cache *cache, uint64_t ino)
{
	struct cached *slot = &cache->slot[ino % CACHE_SIZE];
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (slot->ino != ino || now.tv_sec > slot->until) {
		*slot = (struct cached){ .ino = ino, .until = now.tv_sec + CACHE_SECONDS };
		read_process(find_pid(ino), &slot->process);
	}
	return &slot->process;
}

/* @task: as it was then; the process may have ended since, and another may have its PID. */
static void set_task(struct owner *o, const struct task *task, uint64_t ts_ns)
{
	const char *name = task->process[0] ? task->process : task->comm;

	o->pid = task->tgid;
	o->tid = task->tid;
	snprintf(o->comm, sizeof(o->comm), "%s", name);
	snprintf(o->thread, sizeof(o->thread), "%s", task->tid ? task->comm : "");
	if (process_is_of(o->pid, name, ts_ns))
		read_command(o->pid, o->command, sizeof(o->command));
}

static struct task task_of(const struct kernel_event *k)
{
	struct task task = { .tgid = k->tgid, .tid = k->tid };

	snprintf(task.comm, sizeof(task.comm), "%s", k->comm);
	snprintf(task.process, sizeof(task.process), "%s", k->process);
	return task;
}

/* @cgroup: as it was at the reset; "" = not known */
static void set_cgroup(struct owner *o, const char *cgroup, uint64_t id)
{
	char of_process[sizeof(o->cgroup)];

	memcpy(of_process, o->cgroup, sizeof(of_process));
	snprintf(o->cgroup, sizeof(o->cgroup), "%s", cgroup);
	if (!o->cgroup[0])
		read_cgroup_of_id(id, o->cgroup, sizeof(o->cgroup));
	if (!o->cgroup[0] && !of_process[0] && o->pid)
		read_cgroup_of_pid(o->pid, of_process, sizeof(of_process));
	if (!o->cgroup[0])
		memcpy(o->cgroup, of_process, sizeof(o->cgroup));
	container_of_cgroup(o->cgroup, o->container);
	pod_of_cgroup(o->cgroup, o->pod);
	unit_of_cgroup(o->cgroup, o->unit, sizeof(o->unit));
	/* The root of the hierarchy owns everything and tells nothing. */
	o->known = o->pid || (o->cgroup[0] && strcmp(o->cgroup, "/"));
}

void owner_find(struct owner_cache *cache, const char *cgroup, struct reset_case *c)
{
	const struct kernel_event *k = c->seen.kernel;
	struct owner *o = &c->asked.owner;
	struct task task = task_of(k);

	if (!k->sock.present || !(k->sock.full || k->closer.task.tgid))
		return;
	if (k->call == CALL_ACTIVE && ran_as_owner(k))
		set_task(o, &task, k->ts_ns);
	else if (k->closer.task.tgid)
		set_task(o, &k->closer.task, k->closer.ts_ns);
	else if (k->sock.ino)
		*o = *holder_of(cache, k->sock.ino);
	set_cgroup(o, cgroup, k->sock.cgroup ? k->sock.cgroup : k->closer.cgroup);
}

void victim_find(struct owner_cache *cache, const char *cgroup, const struct closer *since,
		 struct reset_case *c)
{
	const struct kernel_event *k = c->seen.receive;
	struct owner *o = &c->asked.victim;

	if (k->call != CALL_RECEIVE || !k->sock.full)
		return;
	if (k->closer.task.tgid)
		set_task(o, &k->closer.task, k->closer.ts_ns);
	else if (since)
		set_task(o, &since->task, since->ts_ns);
	else if (k->sock.ino && cache)
		*o = *holder_of(cache, k->sock.ino);
	set_cgroup(o, cgroup, k->sock.cgroup);
}

void killer_find(struct reset_case *c)
{
	const struct kernel_event *k = c->seen.kernel;
	struct owner *o = &c->asked.killer;
	struct task task = task_of(k);

	if (!stack_killed_by(k) || !k->tgid)
		return;
	set_task(o, &task, k->ts_ns);
	set_cgroup(o, "", k->task_cgroup);
}

void owner_remember(struct owner_cache *cache, const struct kernel_event *k)
{
	if (k->sock.full && k->sock.ino)
		holder_of(cache, k->sock.ino);
}
