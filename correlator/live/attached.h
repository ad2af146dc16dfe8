/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * attached.h - our programs on the interfaces of this network namespace, whoever attached them.
 *
 * A program is ours if it uses a map named rst_ring that has a ring's shape; those that use the
 * same one write to one recorder. Found by way of interfaces and programs, so that it does not
 * matter where, or in which mount namespace, anything is pinned.
 */
#ifndef ATTACHED_H
#define ATTACHED_H

#include <stdbool.h>
#include <stdint.h>
#include <net/if.h>
#include <linux/bpf.h>

#include "host/if_programs.h"

/* In the order in which they run. */
enum attached_way {
	ATTACHED_XDP,	     /* by netlink or a link */
	ATTACHED_DISPATCHED, /* XDP, by libxdp's dispatcher */
	ATTACHED_TCX,
	ATTACHED_FILTER, /* on a clsact or ingress qdisc */
};

/* A map named rst_*, of a recorder. */
struct attached_map {
	uint32_t id;
	char name[BPF_OBJ_NAME_LEN];
	uint32_t value_size;
	int fd;
};

struct attached_program;
struct attached_path;

struct attached_recorder {
	uint32_t ring_id;   /* names the recorder */
	uint32_t abi;	    /* 0 = not known */
	uint32_t cpus;	    /* that it has room for */
	uint32_t slots;	    /* records for each; 0 = not known */
	uint32_t ring_size; /* bytes for each CPU */
	struct attached_map *maps;
	unsigned int n_maps;
	const struct attached_program **programs;
	unsigned int n_programs;
	struct attached_recorder *next;
};

/* Something that sees the packets of a path: a program, ours or not, or a filter without one. */
struct attached_program {
	enum attached_way way;
	const struct attached_recorder *recorder; /* NULL = another's */
	const struct attached_path *path;
	unsigned int place;	     /* in it; 0 = runs first */
	uint32_t prog_id;	     /* 0 = a filter without BPF */
	char name[BPF_OBJ_NAME_LEN]; /* of the program, or the kind of filter */
	uint8_t tag[BPF_TAG_SIZE];
	uint64_t loaded_ns; /* since boot, with suspend */
	uint32_t uid;	    /* that loaded it */
	uint64_t runs;	    /* since kernel.bpf_stats_enabled was set */
	uint64_t run_ns;
	uint32_t link_id; /* 0 = none */
	enum if_xdp_mode mode;
	uint32_t dispatcher_id; /* program */
	struct if_filter filter;
};

/* What packets of one direction go through on an interface, first to last. */
struct attached_path {
	uint32_t ifindex;
	char ifname[IFNAMSIZ];
	bool ingress;
	struct attached_program *programs;
	unsigned int n;
	struct attached_path *next;
};

struct attached;

/**
 * attached__find() - in the current network namespace
 *
 * Return: NULL with errno; EPERM: takes CAP_SYS_ADMIN.
 */
struct attached *attached__find(void);

/** attached__recorders() - a list; NULL = nothing of ours is attached */
const struct attached_recorder *attached__recorders(const struct attached *a);

/** attached__paths() - those with a program of ours or of its name, by interface, ingress first */
const struct attached_path *attached__paths(const struct attached *a);

/** attached__read_runs() - anew how often programs of ours have run; 0 or -errno */
int attached__read_runs(struct attached *a);

/** attached_recorder_map() - its descriptor, borrowed; -1 = no program has such a map */
int attached_recorder_map(const struct attached_recorder *r, const char *name);

/** attached__free() - closes the descriptors; takes NULL */
void attached__free(struct attached *a);

/** attached_is_namesake() - a program that is named as ours, and uses no ring: of version 1, say */
bool attached_is_namesake(const struct attached_program *p);

/** attached_ring_fits() - has it the shape of a rst_ring, of whatever version? */
bool attached_ring_fits(const struct bpf_map_info *info);

#endif
