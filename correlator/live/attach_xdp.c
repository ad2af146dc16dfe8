// SPDX-License-Identifier: GPL-2.0-only
/*
 * attach_xdp.c - our XDP program beside those of others, by libxdp's dispatcher.
 */
#include "live/attach_xdp.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <linux/if_link.h>
#include <xdp/libxdp.h>

#include "live/program_same.h"
#include "rst_xdp.skel.h"

#define MAX_MAPS 32 /* of a program; ours has five */

static struct bpf_object *open_object(const struct shared_maps *maps)
{
	const void *elf;
	size_t size;

	elf = rst_xdp__elf_bytes(&size);
	return embedded_open(elf, size, "rst_xdp", NULL, maps);
}

struct bpf_object *xdp_load(const struct shared_maps *maps)
{
	struct bpf_object *obj = open_object(maps);
	int err;

	if (!obj)
		return NULL;
	err = bpf_object__load(obj);
	if (!err)
		return obj;
	bpf_object__close(obj);
	errno = -err;
	return NULL;
}

static struct xdp_program *open_program(const struct shared_maps *maps)
{
	struct bpf_object *obj = open_object(maps);
	struct xdp_program *xdp;

	if (!obj)
		return NULL;
	xdp = xdp_program__from_bpf_obj(obj, "xdp");
	if (libxdp_get_error(xdp)) {
		bpf_object__close(obj);
		return NULL;
	}
	return xdp;
}

int xdp_attach(const struct shared_maps *maps, uint32_t ifindex, bool native)
{
	struct xdp_program *xdp = open_program(maps);
	int err;

	if (!xdp)
		return -ENOMEM;
	err = xdp_program__attach(xdp, (int)ifindex, native ? XDP_MODE_NATIVE : XDP_MODE_SKB, 0);
	/* The interface and libxdp's pins hold it; a dozen descriptors for each would be too many. */
	xdp_program__close(xdp);
	return err;
}

static bool uses_map(int prog_fd, uint32_t map_id)
{
	uint32_t ids[MAX_MAPS] = { 0 }, i;
	struct bpf_prog_info info = { .nr_map_ids = MAX_MAPS, .map_ids = (uintptr_t)ids };
	uint32_t len = sizeof(info);

	if (!map_id || prog_fd < 0 || bpf_obj_get_info_by_fd(prog_fd, &info, &len))
		return false;
	for (i = 0; i < info.nr_map_ids && i < MAX_MAPS; i++)
		if (ids[i] == map_id)
			return true;
	return false;
}

static bool has_id(int prog_fd, uint32_t id)
{
	return program_id(prog_fd) == id;
}

typedef bool (*match_fn)(int prog_fd, uint32_t id);

static int detach_from_dispatcher(struct xdp_multiprog *mp, uint32_t ifindex, match_fn matches,
				  uint32_t id)
{
	struct xdp_program *prog = NULL;

	while ((prog = xdp_multiprog__next_prog(prog, mp)))
		if (matches(xdp_program__fd(prog), id))
			return xdp_program__detach(prog, (int)ifindex, xdp_multiprog__attach_mode(mp), 0) ?:
				       1;
	return 0;
}

static int detach_matching(uint32_t ifindex, match_fn matches, uint32_t id)
{
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex((int)ifindex);
	int n = 0;

	n = (int)libxdp_get_error(mp);
	if (n)
		return n == -ENOENT ? 0 : n;
	if (!xdp_multiprog__is_legacy(mp))
		n = detach_from_dispatcher(mp, ifindex, matches, id);
	else if (matches(xdp_program__fd(xdp_multiprog__main_prog(mp)), id))
		n = xdp_multiprog__detach(mp) ?: 1;
	xdp_multiprog__close(mp);
	return n;
}

int xdp_has(uint32_t ifindex, uint32_t map_id)
{
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex((int)ifindex);
	int err = (int)libxdp_get_error(mp);
	struct xdp_program *prog = NULL;
	bool has;

	if (err)
		return err == -ENOENT ? 0 : err;
	has = uses_map(xdp_program__fd(xdp_multiprog__main_prog(mp)), map_id);
	while (!has && !xdp_multiprog__is_legacy(mp) && (prog = xdp_multiprog__next_prog(prog, mp)))
		has = uses_map(xdp_program__fd(prog), map_id);
	xdp_multiprog__close(mp);
	return has;
}

uint32_t xdp_without_dispatcher(uint32_t ifindex)
{
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex((int)ifindex);
	uint32_t id = 0;

	if (libxdp_get_error(mp))
		return 0;
	if (xdp_multiprog__is_legacy(mp))
		id = xdp_program__id(xdp_multiprog__main_prog(mp));
	xdp_multiprog__close(mp);
	return id;
}

int xdp_detach(uint32_t ifindex, uint32_t map_id)
{
	return detach_matching(ifindex, uses_map, map_id);
}

int xdp_detach_program(uint32_t ifindex, uint32_t prog_id)
{
	return detach_matching(ifindex, has_id, prog_id);
}

int xdp_exchange(uint32_t ifindex, uint32_t old_id, int prog_fd, bool native)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts);
	int err;

	opts.old_prog_fd = bpf_prog_get_fd_by_id(old_id);
	if (opts.old_prog_fd < 0)
		return opts.old_prog_fd;
	err = bpf_xdp_attach((int)ifindex, prog_fd,
			     XDP_FLAGS_REPLACE | (native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE),
			     &opts);
	close(opts.old_prog_fd);
	return err;
}

struct errand {
	int netns_fd;
	uint32_t ifindex;
	uint32_t map_id;
	int n;
};

static void *run_errand(void *data)
{
	struct errand *e = data;

	e->n = setns(e->netns_fd, CLONE_NEWNET) ? -errno : xdp_detach(e->ifindex, e->map_id);
	return NULL;
}

/* A namespace is of a thread: ours stays where it is. */
int xdp_detach_in(int netns_fd, uint32_t ifindex, uint32_t map_id)
{
	struct errand e = { netns_fd, ifindex, map_id, 0 };
	pthread_t thread;
	int err;

	err = pthread_create(&thread, NULL, run_errand, &e);
	if (err)
		return -err;
	pthread_join(thread, NULL);
	return e.n;
}

static uint32_t attached_id(uint32_t ifindex)
{
	uint32_t id = 0;

	return bpf_xdp_query_id((int)ifindex, 0, &id) ? 0 : id;
}

/* Is one of the programs in this directory ours? With @remove, all that is in it goes. */
static bool look_into(const char *path, uint32_t map_id, bool remove)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	bool ours = false;
	char pin[900];
	int fd;

	while (dir && (e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(pin, sizeof(pin), "%s/%s", path, e->d_name);
		fd = remove || !strstr(e->d_name, "-prog") ? -1 : bpf_obj_get(pin);
		ours |= uses_map(fd, map_id);
		if (fd >= 0)
			close(fd);
		if (remove)
			unlink(pin);
	}
	if (dir)
		closedir(dir);
	if (remove)
		rmdir(path);
	return ours;
}

bool xdp_remove_pins(uint32_t ifindex, uint32_t map_id)
{
	const char *bpffs = secure_getenv("LIBXDP_BPFFS");
	uint32_t of_if, id;
	char pins[300], path[600];
	struct dirent *e;
	bool any = false;
	DIR *dir;

	snprintf(pins, sizeof(pins), "%s/xdp", bpffs ? bpffs : "/sys/fs/bpf");
	dir = opendir(pins);
	while (dir && (e = readdir(dir))) {
		if (sscanf(e->d_name, "dispatch-%u-%u", &of_if, &id) != 2 || of_if != ifindex ||
		    id == attached_id(ifindex))
			continue;
		snprintf(path, sizeof(path), "%s/%s", pins, e->d_name);
		if (!look_into(path, map_id, false))
			continue;
		look_into(path, map_id, true);
		any = true;
	}
	if (dir)
		closedir(dir);
	return any;
}
