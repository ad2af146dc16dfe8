// SPDX-License-Identifier: GPL-2.0-only
/*
 * pin_links.c - the links/ and qdiscs/ of a place: tcx links that stay, and qdiscs that are ours.
 */
#include "live/pin_links.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <net/if.h>

#include "live/bpf_ids.h"

#define TCX_BEFORE (1u << 3) /* BPF_F_BEFORE, 6.6: with no other named, before all */

static void link_path(const struct pin_place *place, uint32_t ifindex, enum tc_direction dir,
		      char *ret)
{
	char name[32];

	snprintf(name, sizeof(name), "%" PRIu32 "-%s", ifindex,
		 dir == INGRESS ? "ingress" : "egress");
	pin_path(place, "links", name, ret);
}

int pin_link_create(const struct pin_place *place, uint32_t ifindex, enum tc_direction dir,
		    int prog_fd)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = TCX_BEFORE);
	int type = dir == INGRESS ? BPF_IDS_TCX_INGRESS : BPF_IDS_TCX_EGRESS, fd, err;
	char path[PIN_PATH_MAX];

	fd = bpf_link_create(prog_fd, (int)ifindex, (enum bpf_attach_type)type, &opts);
	if (fd < 0)
		return -errno;
	link_path(place, ifindex, dir, path);
	/* What is there belongs to an interface that had this number before. */
	unlink(path);
	err = bpf_obj_pin(fd, path) ? -errno : 0;
	close(fd);
	return err;
}

/* @ret: what the kernel says of what is pinned here; false if that is no link of tcx */
static bool look_at(int fd, struct bpf_link_info *ret)
{
	uint32_t len = sizeof(*ret);

	memset(ret, 0, sizeof(*ret));
	return !bpf_obj_get_info_by_fd(fd, ret, &len) && ret->type == BPF_IDS_LINK_TCX;
}

/* The number of the interface has this place for all types that have one. */
static bool is_defunct(const struct bpf_link_info *info)
{
	return !info->xdp.ifindex;
}

/* Return: a descriptor, with the path in @ret; -ENOENT: it is not pinned here. */
static int find_link(const struct pin_place *place, uint32_t link_id, char *ret)
{
	struct bpf_link_info info;
	char path[PIN_PATH_MAX];
	struct dirent *e;
	int fd = -ENOENT;
	DIR *dir;

	pin_path(place, "links", "", path);
	dir = opendir(path);
	while (dir && fd < 0 && (e = readdir(dir))) {
		if (e->d_name[0] == '.' || strlen(e->d_name) > 40)
			continue;
		pin_path(place, "links", e->d_name, ret);
		fd = bpf_obj_get(ret);
		if (fd >= 0 && (!look_at(fd, &info) || info.id != link_id)) {
			close(fd);
			fd = -ENOENT;
		}
	}
	if (dir)
		closedir(dir);
	return fd < 0 ? -ENOENT : fd;
}

static int find_anywhere(const struct pins *p, uint32_t link_id, char *ret)
{
	int fd = link_id ? find_link(&p->own, link_id, ret) : -ENOENT;
	unsigned int i;

	for (i = 0; link_id && fd < 0 && i < p->n_others; i++)
		fd = find_link(&p->others[i], link_id, ret);
	return fd;
}

int pin_link_update(const struct pins *p, uint32_t link_id, int prog_fd)
{
	char path[PIN_PATH_MAX], own[PIN_PATH_MAX];
	int fd = find_anywhere(p, link_id, path), err = 0;

	if (fd < 0)
		return fd;
	if (bpf_link_update(fd, prog_fd, NULL))
		err = -errno;
	close(fd);
	pin_path(&p->own, "links", strrchr(path, '/') + 1, own);
	if (!err && strcmp(path, own) && rename(path, own))
		err = -errno;
	return err;
}

int pin_link_remove(const struct pins *p, uint32_t link_id)
{
	char path[PIN_PATH_MAX];
	int fd = find_anywhere(p, link_id, path), err = 0;

	if (fd < 0)
		return fd;
	/* Somebody else may hold the link, so that its pin is not all that keeps it. */
	if (bpf_link_detach(fd) && errno != ENOLINK)
		err = -errno;
	close(fd);
	return err || !unlink(path) ? err : -errno;
}

/* Looks at all that is pinned; @remove: what is defunct */
static struct pin_links_count go_through(const struct pin_place *place, bool remove)
{
	struct pin_links_count n = { 0, 0 };
	char path[PIN_PATH_MAX];
	struct bpf_link_info info;
	struct dirent *e;
	DIR *dir;
	int fd;

	pin_path(place, "links", "", path);
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		if (e->d_name[0] == '.' || strlen(e->d_name) > 40)
			continue;
		pin_path(place, "links", e->d_name, path);
		fd = bpf_obj_get(path);
		if (fd >= 0 && look_at(fd, &info)) {
			n.live += !is_defunct(&info);
			n.defunct += is_defunct(&info);
			if (remove && is_defunct(&info))
				unlink(path);
		}
		if (fd >= 0)
			close(fd);
	}
	if (dir)
		closedir(dir);
	return n;
}

struct pin_links_count pin_links_count(const struct pin_place *place)
{
	return go_through(place, false);
}

static void sweep_qdiscs(const struct pin_place *place)
{
	char path[PIN_PATH_MAX], name[IF_NAMESIZE];
	struct dirent *e;
	DIR *dir;

	pin_path(place, "qdiscs", "", path);
	dir = opendir(path);
	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.' &&
		    !if_indextoname((unsigned int)strtoul(e->d_name, NULL, 10), name))
			unlinkat(dirfd(dir), e->d_name, AT_REMOVEDIR);
	if (dir)
		closedir(dir);
}

void pin_links_sweep(const struct pin_place *place)
{
	go_through(place, true);
	sweep_qdiscs(place);
}

static void qdisc_path(const struct pin_place *place, uint32_t ifindex, char *ret)
{
	char name[16];

	snprintf(name, sizeof(name), "%" PRIu32, ifindex);
	pin_path(place, "qdiscs", name, ret);
}

int pin_qdisc_note(const struct pin_place *place, uint32_t ifindex)
{
	char path[PIN_PATH_MAX];

	qdisc_path(place, ifindex, path);
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

bool pin_qdisc_forget(const struct pin_place *place, uint32_t ifindex)
{
	char path[PIN_PATH_MAX];

	qdisc_path(place, ifindex, path);
	return !rmdir(path);
}
