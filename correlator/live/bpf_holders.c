// SPDX-License-Identifier: GPL-2.0-only
/*
 * bpf_holders.c - which processes have descriptors of maps, programs and links.
 *
 * Processes come and go while /proc is read: what is gone is left out.
 */
#include "live/bpf_holders.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct scan {
	struct bpf_holders found;
	unsigned int room;
	pid_t pid;
	char comm[16];
	int err;
};

uint32_t bpf_fdinfo_id(const char *text, enum bpf_kind kind)
{
	static const char *const keys[] = {
		[BPF_KIND_OTHER] = NULL,
		[BPF_KIND_MAP] = "map_id:",
		[BPF_KIND_PROGRAM] = "prog_id:",
		[BPF_KIND_LINK] = "link_id:",
	};
	const char *line = text;
	size_t len = keys[kind] ? strlen(keys[kind]) : 0;

	while (len && line && *line) {
		if (!strncmp(line, keys[kind], len))
			return (uint32_t)strtoul(line + len, NULL, 10);
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return 0;
}

static void read_text(int dir, const char *name, char *to, size_t size)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, to, size - 1);

	to[n < 0 ? 0 : n] = 0;
	if (fd >= 0)
		close(fd);
}

static void add_holder(struct scan *s, enum bpf_kind kind, uint32_t id)
{
	struct bpf_holder *grown;

	if (s->found.n == s->room) {
		grown = realloc(s->found.holders, (s->room + 64) * sizeof(*grown));
		if (!grown) {
			s->err = -ENOMEM;
			return;
		}
		s->found.holders = grown;
		s->room += 64;
	}
	grown = &s->found.holders[s->found.n++];
	*grown = (struct bpf_holder){ .kind = kind, .id = id, .pid = s->pid };
	memcpy(grown->comm, s->comm, sizeof(grown->comm));
}

static void look_at_descriptor(struct scan *s, int process, DIR *fds, const char *name)
{
	char link[128] = "", path[300], text[1024];
	enum bpf_kind kind;
	uint32_t id;

	if (readlinkat(dirfd(fds), name, link, sizeof(link) - 1) < 0 ||
	    strncmp(link, "anon_inode:", 11))
		return;
	kind = bpf_fd_kind(link);
	if (kind == BPF_KIND_OTHER)
		return;
	snprintf(path, sizeof(path), "fdinfo/%s", name);
	read_text(process, path, text, sizeof(text));
	id = bpf_fdinfo_id(text, kind);
	if (id)
		add_holder(s, kind, id);
}

static void look_at_process(struct scan *s, int process)
{
	int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *fds = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!fds) {
		if (fd >= 0)
			close(fd);
		return;
	}
	read_text(process, "comm", s->comm, sizeof(s->comm));
	s->comm[strcspn(s->comm, "\n")] = 0;
	while (!s->err && (e = readdir(fds)))
		if (isdigit((unsigned char)e->d_name[0]))
			look_at_descriptor(s, process, fds, e->d_name);
	closedir(fds);
}

int bpf_holders_read(struct bpf_holders *ret)
{
	DIR *proc = opendir("/proc");
	struct scan s = { 0 };
	struct dirent *e;
	int process;

	if (!proc)
		return -errno;
	while (!s.err && (e = readdir(proc))) {
		s.pid = (pid_t)atoi(e->d_name);
		if (s.pid <= 0 || s.pid == getpid())
			continue;
		process = openat(dirfd(proc), e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (process < 0)
			continue;
		look_at_process(&s, process);
		close(process);
	}
	closedir(proc);
	if (s.err)
		bpf_holders_free(&s.found);
	else
		*ret = s.found;
	return s.err;
}

const struct bpf_holder *bpf_holders_find(const struct bpf_holders *holders, enum bpf_kind kind,
					  uint32_t id)
{
	unsigned int i;

	for (i = 0; id && i < holders->n; i++)
		if (holders->holders[i].kind == kind && holders->holders[i].id == id)
			return &holders->holders[i];
	return NULL;
}

void bpf_holders_free(struct bpf_holders *holders)
{
	free(holders->holders);
	holders->holders = NULL;
	holders->n = 0;
}
