// SPDX-License-Identifier: GPL-2.0-only
/*
 * cgroup_names.c - the path of a cgroup as it was at the reset, though it may be removed since.
 *
 * The kernel resolves the id of a cgroup only as long as it is there, and that of a pod that was
 * killed is removed within milliseconds. So the BPF programs read the names at the reset.
 */
#include "live/cgroup_names.h"

#include <stdio.h>
#include <string.h>
#include <bpf/bpf.h>

bool cgroup_path(const struct rst_cgroup *c, char *ret, size_t len)
{
	char path[RST_CGROUP_DEPTH * (RST_CGROUP_NAME + 1) + 1] = "/";
	size_t at = 0, i;

	if (!c->known || c->names > RST_CGROUP_DEPTH)
		return false;
	for (i = c->names; i--;)
		at += (size_t)snprintf(path + at, sizeof(path) - at, "/%.*s", RST_CGROUP_NAME - 1,
				       c->name[i]);
	if (strlen(path) >= len)
		return false;
	strcpy(ret, path);
	return true;
}

bool cgroup_names_find(int map_fd, uint64_t id, char *ret, size_t len)
{
	struct rst_cgroup c;

	return id && map_fd >= 0 && !bpf_map_lookup_elem(map_fd, &id, &c) &&
	       cgroup_path(&c, ret, len);
}
