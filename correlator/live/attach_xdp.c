// SPDX-License-Identifier: GPL-2.0-only
/*
 * attach_xdp.c - our XDP program beside those of others, by libxdp's dispatcher.
 */
#include "live/attach_xdp.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <linux/if_link.h>
#include <xdp/libxdp.h>

#include "base/log.h"
#include "live/program_same.h"
#include "rst_xdp.skel.h"

#define MAX_MAPS 32  /* of a program; ours has five */
#define MAX_SLOTS 32 /* of a dispatcher; libxdp has 10 */
#define PIN_PATH 900

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

/* Return: 1 if one was removed, 0 if there is none. */
static int detach_one(uint32_t ifindex, match_fn matches, uint32_t id)
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

/* It is done when none is found: one that was killed may have left two. */
static int detach_matching(uint32_t ifindex, match_fn matches, uint32_t id)
{
	int removed = 0, n, tries = MAX_SLOTS;

	do {
		n = detach_one(ifindex, matches, id);
		removed += n > 0;
	} while (n > 0 && --tries);
	return n < 0 ? n : removed;
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

bool xdp_is_taken(uint32_t ifindex, const char *name)
{
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex((int)ifindex);
	bool taken;

	if (libxdp_get_error(mp))
		return false;
	taken = xdp_multiprog__is_legacy(mp);
	if (taken)
		warning("'%s': XDP program %" PRIu32
			" is attached without libxdp's dispatcher, which leaves "
			"no room beside it: using tc ingress",
			name, xdp_program__id(xdp_multiprog__main_prog(mp)));
	xdp_multiprog__close(mp);
	return taken;
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

/* What cannot be known may be: without its pins a dispatcher is attached for ever. */
static bool may_be_attached(uint32_t ifindex, uint32_t prog_id)
{
	uint32_t id = 0;
	int err = bpf_xdp_query_id((int)ifindex, 0, &id);

	return err ? err != -ENODEV && err != -ENOENT : id == prog_id;
}

static bool is_our_program(const char *pin, uint32_t map_id)
{
	int fd = bpf_obj_get(pin);
	bool ours = uses_map(fd, map_id);

	if (fd >= 0)
		close(fd);
	return ours;
}

/* libxdp pins the link first: a kill may come before the program's pin. */
static bool is_our_link(const char *pin, uint32_t map_id)
{
	struct bpf_link_info info = { 0 };
	uint32_t len = sizeof(info);
	int fd = bpf_obj_get(pin), prog = -1;
	bool ours;

	if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &len))
		prog = bpf_prog_get_fd_by_id(info.prog_id);
	ours = uses_map(prog, map_id);
	if (prog >= 0)
		close(prog);
	if (fd >= 0)
		close(fd);
	return ours;
}

/* Of our programs in this directory; it goes if nothing else is in it. */
static bool remove_pins_in(const char *path, uint32_t map_id)
{
	char pin[PIN_PATH], link[PIN_PATH];
	bool any = false;
	int slot;

	for (slot = 0; slot < MAX_SLOTS; slot++) {
		snprintf(pin, sizeof(pin), "%s/prog%d-prog", path, slot);
		snprintf(link, sizeof(link), "%s/prog%d-link", path, slot);
		if (!is_our_program(pin, map_id) && !is_our_link(link, map_id))
			continue;
		any = true;
		unlink(pin);
		unlink(link);
	}
	if (any)
		rmdir(path);
	return any;
}

bool xdp_remove_pins(uint32_t ifindex, uint32_t map_id)
{
	const char *bpffs = secure_getenv("LIBXDP_BPFFS");
	char pins[300], path[600];
	uint32_t of_if, id;
	struct dirent *e;
	bool any = false;
	DIR *dir;

	snprintf(pins, sizeof(pins), "%s/xdp", bpffs ? bpffs : "/sys/fs/bpf");
	dir = opendir(pins);
	while (dir && (e = readdir(dir))) {
		if (sscanf(e->d_name, "dispatch-%u-%u", &of_if, &id) != 2 ||
		    (ifindex && of_if != ifindex) || may_be_attached(of_if, id))
			continue;
		snprintf(path, sizeof(path), "%s/%s", pins, e->d_name);
		any |= remove_pins_in(path, map_id);
	}
	if (dir)
		closedir(dir);
	return any;
}
