/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rst_cgroups.bpf.h - the names of the cgroups whose sockets are reported, read at the reset.
 *
 * Once for each cgroup: user space looks them up by the id that the event has.
 */
#ifndef RST_CGROUPS_BPF_H
#define RST_CGROUPS_BPF_H

#include <linux/bpf.h>

#include "compat.bpf.h"
#include "rst_event.h"

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct rst_cgroup);
} rst_cgroups SEC(".maps");

static const struct rst_cgroup no_cgroup = { 0 };

static __always_inline void read_cgroup_names(const struct kernfs_node *kn, struct rst_cgroup *c)
{
	const struct kernfs_node *parent;
	long len;
	int i;

	for (i = 0; i < RST_CGROUP_DEPTH; i++) {
		parent = kernfs_parent(kn);
		if (!parent) {
			c->names = i;
			c->known = 1;
			return;
		}
		len = bpf_probe_read_kernel_str(c->name[i], RST_CGROUP_NAME,
						BPF_CORE_READ(kn, name));
		/* One that fills its place may have been longer. */
		if (len <= 0 || len == RST_CGROUP_NAME)
			return;
		kn = parent;
	}
}

/* Returns its id. Its names are there by the time that the event is. */
static __always_inline __u64 name_cgroup(const struct cgroup *cgrp)
{
	const struct kernfs_node *kn = cgrp ? BPF_CORE_READ(cgrp, kn) : NULL;
	__u64 id = kn ? BPF_CORE_READ(kn, id) : 0;
	struct rst_cgroup *c;

	if (!id || !can_read_strings())
		return id;
	c = bpf_map_lookup_elem(&rst_cgroups, &id);
	if (c)
		return id;
	bpf_map_update_elem(&rst_cgroups, &id, &no_cgroup, BPF_NOEXIST);
	c = bpf_map_lookup_elem(&rst_cgroups, &id);
	if (c)
		read_cgroup_names(kn, c);
	return id;
}

#endif
