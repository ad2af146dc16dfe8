/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cgroup_names.h - the path of a cgroup as it was at the reset, though it may be removed since.
 */
#ifndef CGROUP_NAMES_H
#define CGROUP_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rst_event.h"

/** cgroup_path() - from the root of the hierarchy; false: not all names are known, or they do not fit */
bool cgroup_path(const struct rst_cgroup *c, char *ret, size_t len);

/** cgroup_names_find() - the same for the cgroup with this id, from the map rst_cgroups */
bool cgroup_names_find(int map_fd, uint64_t id, char *ret, size_t len);

#endif
