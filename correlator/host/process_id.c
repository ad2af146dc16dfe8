// SPDX-License-Identifier: GPL-2.0-only
/*
 * process_id.c - tell a process from a later one with the same PID.
 */
#include "host/process_id.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* PROC_PID_INIT_INO: the namespace from which every process can be seen. */
#define INITIAL_PID_NS 0xeffffffcu

#define FIELD_START_TIME 22
#define FIELD_START_STACK 28

/* A field of /proc/PID/stat. The second, the command, may contain blanks and parentheses. */
static int read_field(const char *pid, int field, uint64_t *ret)
{
	char path[300], line[1024], *at;
	FILE *in;
	int i;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	in = fopen(path, "re");
	if (!in)
		return -errno;
	at = fgets(line, sizeof(line), in) ? strrchr(line, ')') : NULL;
	fclose(in);
	for (i = 2; at && i < field; i++)
		at = strchr(at + 1, ' ');
	if (!at)
		return -EPROTO;
	*ret = strtoull(at, NULL, 10);
	return 0;
}

static int read_start(const char *pid, uint64_t *ret)
{
	return read_field(pid, FIELD_START_TIME, ret);
}

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static bool is_called(const char *pid, const char *name)
{
	char path[300], now[64] = "";
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	in = fopen(path, "re");
	if (!in)
		return false;
	if (!fgets(now, sizeof(now), in))
		now[0] = 0;
	fclose(in);
	now[strcspn(now, "\n")] = 0;
	return !strcmp(now, name);
}

bool process_is_of(uint32_t pid, const char *name, uint64_t ts_ns)
{
	/* The time that the machine was suspended counts for one clock alone. */
	uint64_t at = ts_ns + clock_ns(CLOCK_BOOTTIME) - clock_ns(CLOCK_MONOTONIC), ticks;
	uint64_t per_second = (uint64_t)sysconf(_SC_CLK_TCK);
	char text[16];

	snprintf(text, sizeof(text), "%" PRIu32, pid);
	return !read_start(text, &ticks) && ticks * (1000000000u / per_second) <= at &&
	       is_called(text, name);
}

int process_start_stack(uint32_t pid, uint64_t *ret)
{
	char text[16];

	snprintf(text, sizeof(text), "%" PRIu32, pid);
	return read_field(text, FIELD_START_STACK, ret);
}

static uint32_t pid_ns_of(const char *pid)
{
	char path[300];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%s/ns/pid", pid);
	return stat(path, &st) ? 0 : (uint32_t)st.st_ino;
}

struct process_id process_id_self(void)
{
	struct process_id self = { .pid = (uint32_t)getpid(), .pid_ns = pid_ns_of("self") };

	read_start("self", &self.start_ticks);
	return self;
}

/* Is there any process in that namespace? The initial one sees all. */
static bool has_processes(uint32_t pid_ns)
{
	DIR *proc = opendir("/proc");
	bool found = !proc;
	struct dirent *e;

	while (!found && (e = readdir(proc)))
		found = isdigit((unsigned char)e->d_name[0]) && pid_ns_of(e->d_name) == pid_ns;
	if (proc)
		closedir(proc);
	return found;
}

bool process_lives(const struct process_id *p)
{
	uint32_t here = pid_ns_of("self");
	uint64_t start = 0;
	char pid[16];
	int err;

	if (p->pid_ns != here)
		return here != INITIAL_PID_NS || has_processes(p->pid_ns);
	snprintf(pid, sizeof(pid), "%" PRIu32, p->pid);
	err = read_start(pid, &start);
	return err ? err != -ENOENT && err != -ESRCH : start == p->start_ticks;
}

void process_name(const struct process_id *p, char *to, size_t size)
{
	char path[64];
	FILE *in = NULL;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/comm", p->pid);
	if (p->pid_ns == pid_ns_of("self"))
		in = fopen(path, "re");
	if (!in || !fgets(to, (int)size, in))
		snprintf(to, size, "?");
	to[strcspn(to, "\n")] = 0;
	if (in)
		fclose(in);
}
