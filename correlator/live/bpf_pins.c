// SPDX-License-Identifier: GPL-2.0-only
/*
 * bpf_pins.c - what is pinned in the BPF file systems that this mount namespace sees.
 *
 * Every loader has a directory of its own, and some mount a file system of their own: all of them
 * are searched. What is pinned in another mount namespace cannot be seen from here.
 */
#include "live/bpf_pins.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "live/attached.h"

#define MAX_DEPTH 12
#define MAX_PINS 100000
#define PATH_SIZE 4096

struct walk {
	struct bpf_pins pins;
	unsigned int room;
	int err;
};

enum bpf_kind bpf_fd_kind(const char *link)
{
	if (strstr(link, "bpf-map"))
		return BPF_KIND_MAP;
	if (strstr(link, "bpf-prog"))
		return BPF_KIND_PROGRAM;
	return strstr(link, "bpf_link") || strstr(link, "bpf-link") ? BPF_KIND_LINK :
								      BPF_KIND_OTHER;
}

static enum bpf_kind kind_of(int fd)
{
	char path[64], link[128] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (readlink(path, link, sizeof(link) - 1) < 0)
		return BPF_KIND_OTHER;
	return bpf_fd_kind(link);
}

/* The id comes second in the information about maps, programs and links alike. */
static uint32_t id_of(int fd, struct bpf_pin *pin)
{
	union {
		struct bpf_map_info map;
		struct bpf_prog_info prog;
		struct bpf_link_info link;
	} info;
	uint32_t len = pin->kind == BPF_KIND_MAP     ? sizeof(info.map) :
		       pin->kind == BPF_KIND_PROGRAM ? sizeof(info.prog) :
						       sizeof(info.link);

	memset(&info, 0, sizeof(info));
	if (pin->kind == BPF_KIND_OTHER || bpf_obj_get_info_by_fd(fd, &info, &len))
		return 0;
	if (pin->kind == BPF_KIND_MAP)
		pin->is_ring = attached_ring_fits(&info.map);
	return info.map.id;
}

static void add_pin(struct walk *w, const char *path, int fd)
{
	struct bpf_pin pin = { .kind = kind_of(fd) }, *grown;

	pin.id = id_of(fd, &pin);
	if (w->pins.n == w->room) {
		grown = realloc(w->pins.pins, (w->room + 256) * sizeof(*grown));
		if (!grown) {
			w->err = -ENOMEM;
			return;
		}
		w->pins.pins = grown;
		w->room += 256;
	}
	pin.path = strdup(path);
	if (!pin.path)
		w->err = -ENOMEM;
	else
		w->pins.pins[w->pins.n++] = pin;
}

/* @path: of PATH_SIZE bytes, used for what is below, too */
static void walk_directory(struct walk *w, char *path, unsigned int depth)
{
	size_t len = strlen(path);
	DIR *dir = opendir(path);
	struct dirent *e;
	int fd;

	while (dir && !w->err && !w->pins.cut_short && (e = readdir(dir))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (w->pins.n == MAX_PINS || depth == MAX_DEPTH ||
		    (size_t)snprintf(path + len, PATH_SIZE - len, "/%s", e->d_name) >=
			    PATH_SIZE - len) {
			w->pins.cut_short = true;
			break;
		}
		if (e->d_type == DT_DIR) {
			walk_directory(w, path, depth + 1);
			continue;
		}
		fd = e->d_type == DT_REG ? bpf_obj_get(path) : -1;
		if (fd < 0)
			continue;
		add_pin(w, path, fd);
		close(fd);
	}
	path[len] = 0;
	if (dir)
		closedir(dir);
}

int bpf_pins_read(struct bpf_pins *ret)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	char path[PATH_SIZE];
	struct walk w = { 0 };
	struct mntent *m;

	if (!mounts)
		return -errno;
	while (!w.err && (m = getmntent(mounts))) {
		if (strcmp(m->mnt_type, "bpf"))
			continue;
		w.pins.n_mounts++;
		snprintf(path, sizeof(path), "%s", m->mnt_dir);
		walk_directory(&w, path, 0);
	}
	endmntent(mounts);
	if (w.err)
		bpf_pins_free(&w.pins);
	else
		*ret = w.pins;
	return w.err;
}

const char *bpf_pins_find(const struct bpf_pins *pins, enum bpf_kind kind, uint32_t id)
{
	unsigned int i;

	for (i = 0; id && i < pins->n; i++)
		if (pins->pins[i].kind == kind && pins->pins[i].id == id)
			return pins->pins[i].path;
	return NULL;
}

void bpf_pins_free(struct bpf_pins *pins)
{
	unsigned int i;

	for (i = 0; i < pins->n; i++)
		free(pins->pins[i].path);
	free(pins->pins);
	memset(pins, 0, sizeof(*pins));
}

uint32_t bpf_pins_in_dispatcher(uint32_t ifindex, uint32_t dispatcher_id, unsigned int slot)
{
	const char *bpffs = secure_getenv("LIBXDP_BPFFS");
	struct bpf_pin pin = { 0 };
	char path[PATH_SIZE];
	int fd;

	snprintf(path, sizeof(path), "%s/xdp/dispatch-%" PRIu32 "-%" PRIu32 "/prog%u-prog",
		 bpffs ? bpffs : "/sys/fs/bpf", ifindex, dispatcher_id, slot);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return 0;
	pin.kind = kind_of(fd);
	pin.id = id_of(fd, &pin);
	close(fd);
	return pin.kind == BPF_KIND_PROGRAM ? pin.id : 0;
}
