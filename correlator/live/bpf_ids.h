/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bpf_ids.h - programs, links and tcx hooks of this kernel by their ids, whoever made them.
 *
 * All of it takes CAP_SYS_ADMIN.
 */
#ifndef BPF_IDS_H
#define BPF_IDS_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/bpf.h>

#define BPF_TCX_MAX 64 /* programs on one hook; the kernel allows no more */

/* What the headers of Debian 12 do not know yet. */
enum {
	BPF_IDS_TCX_INGRESS = 46, /* enum bpf_attach_type */
	BPF_IDS_TCX_EGRESS = 47,
	BPF_IDS_LINK_TRACING = 2, /* enum bpf_link_type */
	BPF_IDS_LINK_XDP = 6,
	BPF_IDS_LINK_TCX = 11,
};

/** bpf_ids_allowed() - 0, -EPERM without the capability, -ENOSYS without bpf(2) */
int bpf_ids_allowed(void);

/**
 * bpf_program_by_id() - what the kernel says of it
 * @map_ids, @n_maps: room for so many; how many there are is in @ret
 *
 * Return: 0 or -errno (-ENOENT: it is gone).
 */
int bpf_program_by_id(uint32_t id, struct bpf_prog_info *ret, uint32_t *map_ids, uint32_t n_maps);

/** bpf_program_next_id() - the one after @id, 0 for the first; 0 = no more */
uint32_t bpf_program_next_id(uint32_t id);

/** bpf_map_by_id() - a descriptor of it, and what the kernel says of it; or -errno */
int bpf_map_by_id(uint32_t id, struct bpf_map_info *ret);

/**
 * bpf_stats_open() - have the kernel count runs of programs and their time, until it is closed
 *
 * Return: a descriptor or -errno.
 */
int bpf_stats_open(void);

struct bpf_link_entry {
	uint32_t id;
	uint32_t type; /* enum bpf_link_type */
	uint32_t prog_id;
	uint32_t ifindex;     /* XDP and tcx */
	uint32_t target_prog; /* that an extension replaces a function of */
	uint32_t target_btf;  /* that function */
};

struct bpf_links {
	struct bpf_link_entry *links;
	unsigned int n;
};

/** bpf_links_read() - those of XDP and tcx, and of extensions of programs; 0 or -errno */
int bpf_links_read(struct bpf_links *ret);
void bpf_links_free(struct bpf_links *links);

struct bpf_tcx {
	uint32_t prog_id[BPF_TCX_MAX]; /* in the order in which they run */
	uint32_t link_id[BPF_TCX_MAX]; /* 0 = attached without a link */
	unsigned int n;
};

/** bpf_tcx_query() - of an interface of this namespace; none where the kernel has no tcx */
int bpf_tcx_query(uint32_t ifindex, bool ingress, struct bpf_tcx *ret);

/** bpf_function_name() - of a program's BTF; false when it cannot be read */
bool bpf_function_name(uint32_t btf_id, uint32_t type_id, char *ret, unsigned int size);

#endif
