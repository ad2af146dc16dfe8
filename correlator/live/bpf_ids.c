// SPDX-License-Identifier: GPL-2.0-only
/*
 * bpf_ids.c - programs, links and tcx hooks of this kernel by their ids, whoever made them.
 *
 * An object may go between its id and its descriptor: that is not an error.
 */
#include "live/bpf_ids.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <sys/syscall.h>

int bpf_ids_allowed(void)
{
	uint32_t id;

	if (!bpf_prog_get_next_id(0, &id) || errno == ENOENT)
		return 0;
	return -errno;
}

int bpf_program_by_id(uint32_t id, struct bpf_prog_info *ret, uint32_t *map_ids, uint32_t n_maps)
{
	struct bpf_prog_info info = { .nr_map_ids = n_maps, .map_ids = (uintptr_t)map_ids };
	uint32_t len = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id), err = 0;

	if (fd < 0)
		return -errno;
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		err = -errno;
	close(fd);
	if (!err)
		*ret = info;
	return err;
}

uint32_t bpf_program_next_id(uint32_t id)
{
	uint32_t next;

	return bpf_prog_get_next_id(id, &next) ? 0 : next;
}

int bpf_map_by_id(uint32_t id, struct bpf_map_info *ret)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);
	int fd = bpf_map_get_fd_by_id(id), err;

	if (fd < 0)
		return -errno;
	if (bpf_obj_get_info_by_fd(fd, &info, &len)) {
		err = -errno;
		close(fd);
		return err;
	}
	*ret = info;
	return fd;
}

int bpf_stats_open(void)
{
	int fd = bpf_enable_stats(BPF_STATS_RUN_TIME);

	return fd < 0 ? -errno : fd;
}

/* The part of struct bpf_link_info that depends on the type. */
static void read_link_words(const struct bpf_link_info *info, uint32_t words[3])
{
	memcpy(words, &info->tracing, 3 * sizeof(words[0]));
}

static bool read_link(uint32_t id, struct bpf_link_entry *ret)
{
	struct bpf_link_info info = { 0 };
	uint32_t len = sizeof(info), words[3];
	int fd = bpf_link_get_fd_by_id(id);
	bool ok;

	if (fd < 0)
		return false;
	ok = !bpf_obj_get_info_by_fd(fd, &info, &len);
	close(fd);
	if (!ok)
		return false;
	read_link_words(&info, words);
	*ret = (struct bpf_link_entry){ .id = id, .type = info.type, .prog_id = info.prog_id };
	if (info.type == BPF_IDS_LINK_TRACING) {
		ret->target_prog = words[1];
		ret->target_btf = words[2];
	} else {
		ret->ifindex = words[0];
	}
	return info.type == BPF_IDS_LINK_TRACING || info.type == BPF_IDS_LINK_XDP ||
	       info.type == BPF_IDS_LINK_TCX;
}

int bpf_links_read(struct bpf_links *ret)
{
	struct bpf_links all = { 0 };
	struct bpf_link_entry *grown;
	unsigned int room = 0;
	uint32_t id = 0;

	while (!bpf_link_get_next_id(id, &id)) {
		if (all.n == room) {
			room = room ? 2 * room : 64;
			grown = realloc(all.links, room * sizeof(*grown));
			if (!grown) {
				bpf_links_free(&all);
				return -ENOMEM;
			}
			all.links = grown;
		}
		all.n += read_link(id, &all.links[all.n]);
	}
	*ret = all;
	return 0;
}

void bpf_links_free(struct bpf_links *links)
{
	free(links->links);
	links->links = NULL;
	links->n = 0;
}

/* union bpf_attr of BPF_PROG_QUERY as of 6.6; libbpf before 1.3 does not know its end. */
struct prog_query {
	uint32_t target_ifindex;
	uint32_t attach_type;
	uint32_t query_flags;
	uint32_t attach_flags;
	uint64_t prog_ids;
	uint32_t count;
	uint32_t pad;
	uint64_t prog_attach_flags;
	uint64_t link_ids;
	uint64_t link_attach_flags;
	uint64_t revision;
};

int bpf_tcx_query(uint32_t ifindex, bool ingress, struct bpf_tcx *ret)
{
	struct bpf_tcx found = { .n = 0 };
	struct prog_query query = {
		.target_ifindex = ifindex,
		.attach_type = ingress ? BPF_IDS_TCX_INGRESS : BPF_IDS_TCX_EGRESS,
		.prog_ids = (uintptr_t)found.prog_id,
		.link_ids = (uintptr_t)found.link_id,
		.count = BPF_TCX_MAX,
	};

	if (!syscall(__NR_bpf, BPF_PROG_QUERY, &query, sizeof(query)))
		found.n = query.count < BPF_TCX_MAX ? query.count : BPF_TCX_MAX;
	/* No such attach type, no such attributes, or nothing was ever attached there. */
	else if (errno != EINVAL && errno != E2BIG && errno != ENOENT)
		return -errno;
	*ret = found;
	return 0;
}

bool bpf_function_name(uint32_t btf_id, uint32_t type_id, char *ret, unsigned int size)
{
	struct btf *btf = btf_id ? btf__load_from_kernel_by_id(btf_id) : NULL;
	const struct btf_type *type = btf ? btf__type_by_id(btf, type_id) : NULL;
	const char *name = type ? btf__name_by_offset(btf, type->name_off) : NULL;

	if (name)
		snprintf(ret, size, "%s", name);
	btf__free(btf);
	return name;
}
