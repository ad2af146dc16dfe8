// SPDX-License-Identifier: GPL-2.0-only
/*
 * pin_place.c - where the recorder that stays is pinned.
 */
#include "live/pin_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "base/log.h"
#include "host/netns.h"
#include "rst_event.h"

#ifndef BPF_FS_MAGIC
#define BPF_FS_MAGIC 0xcafe4a11
#endif

static const char *const subs[] = { "maps", "progs", "links", "qdiscs" };

void pin_path(const struct pin_place *place, const char *sub, const char *name, char *ret)
{
	snprintf(ret, PIN_PATH_MAX, "%s/%s%s%s", place->path, sub, *name ? "/" : "", name);
}

/* The inode alone may be given to another namespace later; bpffs does not take dots. */
static void name_namespace(char *ret, size_t size)
{
	struct netns_id id = netns_current();

	if (id.cookie)
		snprintf(ret, size, "netns-%" PRIu64, id.cookie);
	else
		snprintf(ret, size, "netns-inode-%" PRIu64, id.ino);
}

static bool is_bpffs(void)
{
	struct statfs fs;

	return !statfs(PIN_BPFFS, &fs) && (uint64_t)fs.f_type == BPF_FS_MAGIC;
}

static int make_dir(const char *path)
{
	struct stat st;
	int err;

	if (!mkdir(path, 0700))
		return 0;
	err = -errno;
	if (err == -EEXIST && !lstat(path, &st) && S_ISDIR(st.st_mode))
		return 0;
	error("create '%s': %s%s", path, error_name(err),
	      err == -EEXIST ? ": something else is pinned there" : "");
	return err;
}

static int make_place(const struct pin_place *place)
{
	char path[PIN_PATH_MAX], *end;
	unsigned int i;
	int err;

	snprintf(path, sizeof(path), "%s", place->path);
	end = strrchr(path, '/');
	*end = 0;
	err = make_dir(path);
	if (!err)
		err = make_dir(place->path);
	for (i = 0; i < sizeof(subs) / sizeof(subs[0]) && !err; i++) {
		pin_path(place, subs[i], "", path);
		err = make_dir(path);
	}
	return err;
}

static uint32_t pinned_map_id(const struct pin_place *place, const char *name)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);
	char path[PIN_PATH_MAX];
	int fd;

	pin_path(place, "maps", name, path);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return 0;
	if (bpf_obj_get_info_by_fd(fd, &info, &len) || strcmp(info.name, name))
		info.id = 0;
	close(fd);
	return info.id;
}

static void find_place(struct pins *p, const char *abi, const char *netns)
{
	struct pin_place place = { 0 };
	struct stat st;

	snprintf(place.path, sizeof(place.path), PIN_ROOT "/%.16s/%s", abi, netns);
	if (!strcmp(place.path, p->own.path) || p->n_others == PIN_ABIS || lstat(place.path, &st) ||
	    !S_ISDIR(st.st_mode))
		return;
	place.ring_id = pinned_map_id(&place, "rst_ring");
	p->others[p->n_others++] = place;
}

static void find_places(struct pins *p, const char *netns)
{
	DIR *dir = opendir(PIN_ROOT);
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			find_place(p, e->d_name, netns);
	if (dir)
		closedir(dir);
	p->own.ring_id = pinned_map_id(&p->own, "rst_ring");
}

/* -EAGAIN: the one who had the lock has removed the directory. */
static int lock_root(struct pins *p)
{
	struct stat ours, named;

	p->lock = open(PIN_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->lock < 0)
		return errno == ENOENT ? -EAGAIN : -errno;
	if (flock(p->lock, LOCK_EX) || fstat(p->lock, &ours))
		return -errno;
	return lstat(PIN_ROOT, &named) || named.st_ino != ours.st_ino ? -EAGAIN : 0;
}

static int take_lock(struct pins *p, bool create)
{
	struct stat st;
	int err;

	if (!is_bpffs()) {
		error("no BPF file system is mounted on " PIN_BPFFS
		      ": `mount -t bpf bpffs " PIN_BPFFS
		      "` (`ip netns exec` hides it: use --netns)");
		return -EOPNOTSUPP;
	}
	if (!create && lstat(PIN_ROOT, &st))
		return errno == ENOENT ? -ENOENT : -errno;
	do {
		pins_close(p);
		err = make_dir(PIN_ROOT);
		if (err)
			return err;
		err = lock_root(p);
	} while (err == -EAGAIN);
	if (err)
		error("lock " PIN_ROOT ": %s", error_name(err));
	return err;
}

int pins_open(struct pins *p, bool create)
{
	char netns[48];
	int err;

	*p = (struct pins){ .lock = -1 };
	name_namespace(netns, sizeof(netns));
	snprintf(p->own.path, sizeof(p->own.path), PIN_ROOT "/%d/%s", RST_ABI_VERSION, netns);
	err = take_lock(p, create);
	if (!err && create)
		err = make_place(&p->own);
	if (err) {
		pins_close(p);
		return err;
	}
	find_places(p, netns);
	return 0;
}

void pins_close(struct pins *p)
{
	if (p->lock >= 0)
		close(p->lock);
	p->lock = -1;
}

const struct pin_place *pins_owner(const struct pins *p, uint32_t ring_id)
{
	unsigned int i;

	if (!ring_id)
		return NULL;
	if (p->own.ring_id == ring_id)
		return &p->own;
	for (i = 0; i < p->n_others; i++)
		if (p->others[i].ring_id == ring_id)
			return &p->others[i];
	return NULL;
}

static void each_of_abi(const char *abi, const char *but,
			void (*fn)(void *ctx, const struct pin_place *place), void *ctx)
{
	struct pin_place place = { 0 };
	struct dirent *e;
	char path[48];
	DIR *dir;

	snprintf(path, sizeof(path), PIN_ROOT "/%.16s", abi);
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		if (strncmp(e->d_name, "netns-", 6) || !strcmp(e->d_name, but) ||
		    strlen(e->d_name) > 40)
			continue;
		snprintf(place.path, sizeof(place.path), "%s/%.40s", path, e->d_name);
		fn(ctx, &place);
	}
	if (dir)
		closedir(dir);
}

void pins_each_elsewhere(const struct pins *p, void (*fn)(void *ctx, const struct pin_place *place),
			 void *ctx)
{
	const char *own = strrchr(p->own.path, '/') + 1;
	DIR *dir = opendir(PIN_ROOT);
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			each_of_abi(e->d_name, own, fn, ctx);
	if (dir)
		closedir(dir);
}

/* -ENOENT: nothing is pinned there */
static int get_map(const char *path, const char *name)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);
	int fd = bpf_obj_get(path), err;

	if (fd < 0)
		return -errno;
	if (!bpf_obj_get_info_by_fd(fd, &info, &len) && !strcmp(info.name, name))
		return fd;
	err = -EEXIST;
	close(fd);
	return err;
}

int pin_place_maps(struct pin_place *place, struct shared_maps *maps)
{
	char path[PIN_PATH_MAX];
	unsigned int i;
	int fd;

	for (i = 0; i < N_SHARED_MAPS; i++) {
		pin_path(place, "maps", shared_map_name(i), path);
		fd = get_map(path, shared_map_name(i));
		if (fd >= 0) {
			maps->fd[i] = fd;
		} else if (fd != -ENOENT) {
			error("'%s' is not a map of ours (%s): remove it", path, error_name(fd));
			return fd;
		}
	}
	return 0;
}

int pin_place_pin_maps(struct pin_place *place, const struct shared_maps *maps)
{
	char path[PIN_PATH_MAX];
	unsigned int i;
	int err = 0;

	for (i = 0; i < N_SHARED_MAPS && !err; i++) {
		if (maps->fd[i] < 0)
			continue;
		pin_path(place, "maps", shared_map_name(i), path);
		if (bpf_obj_pin(maps->fd[i], path) && errno != EEXIST)
			err = -errno;
	}
	if (err)
		error("pin '%s': %s", path, error_name(err));
	place->ring_id = shared_maps_id(maps, MAP_RING);
	return err;
}

int pin_place_pin_program(const struct pin_place *place, const struct bpf_program *prog)
{
	char path[PIN_PATH_MAX], fresh[PIN_PATH_MAX];

	pin_path(place, "progs", bpf_program__name(prog), path);
	pin_path(place, "progs", "new", fresh);
	unlink(fresh);
	if (bpf_obj_pin(bpf_program__fd(prog), fresh) || rename(fresh, path))
		return -errno;
	return 0;
}

static int empty_dir(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	int err = 0;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while ((e = readdir(dir)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..") &&
		    unlinkat(dirfd(dir), e->d_name, 0) &&
		    unlinkat(dirfd(dir), e->d_name, AT_REMOVEDIR))
			err = -errno;
	closedir(dir);
	return rmdir(path) ? -errno : err;
}

/* Other namespaces and other versions may have theirs in the directories above. */
int pin_place_remove(const struct pin_place *place)
{
	char path[PIN_PATH_MAX];
	unsigned int i;
	int err = 0, n;

	for (i = 0; i < sizeof(subs) / sizeof(subs[0]); i++) {
		pin_path(place, subs[i], "", path);
		n = empty_dir(path);
		err = err ? err : n;
	}
	if (!err && rmdir(place->path) && errno != ENOENT)
		err = -errno;
	snprintf(path, sizeof(path), "%s", place->path);
	*strrchr(path, '/') = 0;
	if (!err && !rmdir(path))
		rmdir(PIN_ROOT);
	return err;
}
