// SPDX-License-Identifier: GPL-2.0-only
/*
 * program_same.c - are two loaded programs the same one, with the same constants?
 *
 * The kernel's tag is of the instructions alone. Constants that were set before load, such as the
 * mark, stand in a map.
 */
#include "live/program_same.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>

#define MAX_MAPS 64 /* of one program */

struct looks {
	uint8_t tag[BPF_TAG_SIZE];
	void *constants; /* NULL = none */
	uint32_t size;
};

uint32_t program_id(int fd)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.id;
}

static bool read_constants(int map_fd, struct looks *ret)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info), zero = 0;

	if (bpf_obj_get_info_by_fd(map_fd, &info, &len))
		return false;
	if (!strstr(info.name, ".rodata"))
		return true;
	free(ret->constants);
	ret->size = info.value_size;
	ret->constants = malloc(info.value_size);
	return ret->constants && !bpf_map_lookup_elem(map_fd, &zero, ret->constants);
}

static bool look_at(int fd, struct looks *ret)
{
	uint32_t ids[MAX_MAPS] = { 0 }, i;
	struct bpf_prog_info info = { .nr_map_ids = MAX_MAPS, .map_ids = (uintptr_t)ids };
	uint32_t len = sizeof(info);
	bool good = true;
	int map_fd;

	if (bpf_obj_get_info_by_fd(fd, &info, &len) || info.nr_map_ids > MAX_MAPS)
		return false;
	memcpy(ret->tag, info.tag, sizeof(ret->tag));
	for (i = 0; i < info.nr_map_ids && good; i++) {
		map_fd = bpf_map_get_fd_by_id(ids[i]);
		good = map_fd >= 0 && read_constants(map_fd, ret);
		if (map_fd >= 0)
			close(map_fd);
	}
	return good;
}

bool program_is_same(uint32_t id, int fd)
{
	struct looks old = { 0 }, fresh = { 0 };
	int old_fd = bpf_prog_get_fd_by_id(id);
	bool same;

	same = old_fd >= 0 && look_at(old_fd, &old) && look_at(fd, &fresh) &&
	       !memcmp(old.tag, fresh.tag, sizeof(old.tag)) && old.size == fresh.size &&
	       (!old.size || !memcmp(old.constants, fresh.constants, old.size));
	if (old_fd >= 0)
		close(old_fd);
	free(old.constants);
	free(fresh.constants);
	return same;
}
