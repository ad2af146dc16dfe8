// SPDX-License-Identifier: GPL-2.0-only
/*
 * program_owner.c - is a BPF program one of an rstscope's? Also for those who may not ask by its id.
 */
#include "live/program_owner.h"

#include <ctype.h>
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "live/bpf_ids.h"

#define PINS "/sys/fs/bpf/rstscope"

/* What a descriptor of a program or a link says of itself. */
static bool fdinfo_names(const char *path, uint32_t prog_id)
{
	FILE *in = fopen(path, "re");
	char line[128];
	bool found = false;

	while (in && !found && fgets(line, sizeof(line), in))
		found = !strncmp(line, "prog_id:", 8) && strtoul(line + 8, NULL, 10) == prog_id;
	if (in)
		fclose(in);
	return found;
}

static bool process_is_rstscope(const char *pid)
{
	char path[64], comm[32] = "";
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	in = fopen(path, "re");
	if (in && !fgets(comm, sizeof(comm), in))
		comm[0] = '\0';
	if (in)
		fclose(in);
	return !strcmp(comm, "rstscope\n");
}

static bool process_has(const char *pid, uint32_t prog_id)
{
	char path[300];
	struct dirent *e;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.20s/fdinfo", pid);
	dir = opendir(path);
	while (dir && !found && (e = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%.20s/fdinfo/%.200s", pid, e->d_name);
		found = isdigit((unsigned char)e->d_name[0]) && fdinfo_names(path, prog_id);
	}
	if (dir)
		closedir(dir);
	return found;
}

static bool some_process_has(uint32_t prog_id)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;
	bool found = false;

	while (dir && !found && (e = readdir(dir)))
		found = isdigit((unsigned char)e->d_name[0]) && process_is_rstscope(e->d_name) &&
			process_has(e->d_name, prog_id);
	if (dir)
		closedir(dir);
	return found;
}

/* nftw() has no context. */
static _Thread_local uint32_t wanted;

static int look_at_pin(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	char info[64];
	bool found;
	int fd;

	(void)st, (void)ftw;
	fd = type == FTW_F ? bpf_obj_get(path) : -1;
	if (fd < 0)
		return 0;
	snprintf(info, sizeof(info), "/proc/self/fdinfo/%d", fd);
	found = fdinfo_names(info, wanted);
	close(fd);
	return found;
}

static bool is_pinned(uint32_t prog_id)
{
	wanted = prog_id;
	return nftw(PINS, look_at_pin, 8, FTW_PHYS) == 1;
}

bool program_is_rstscope(uint32_t prog_id)
{
	struct bpf_prog_info info;

	if (!bpf_program_by_id(prog_id, &info, NULL, 0))
		return !strncmp(info.name, "rst_tc_", 7);
	return some_process_has(prog_id) || is_pinned(prog_id);
}
