/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bpf_pins.h - what is pinned in the BPF file systems that this mount namespace sees.
 */
#ifndef BPF_PINS_H
#define BPF_PINS_H

#include <stdbool.h>
#include <stdint.h>

enum bpf_kind { BPF_KIND_OTHER, BPF_KIND_MAP, BPF_KIND_PROGRAM, BPF_KIND_LINK };

struct bpf_pin {
	enum bpf_kind kind;
	uint32_t id;
	bool is_ring; /* a map of the shape of a rst_ring */
	char *path;
};

struct bpf_pins {
	struct bpf_pin *pins;
	unsigned int n;
	unsigned int n_mounts; /* of bpf */
	bool cut_short;	       /* there is more than is looked at */
};

/** bpf_pins_read() - 0 or -errno */
int bpf_pins_read(struct bpf_pins *ret);

/** bpf_pins_find() - path of the first pin of it; NULL = pinned nowhere in sight */
const char *bpf_pins_find(const struct bpf_pins *pins, enum bpf_kind kind, uint32_t id);

void bpf_pins_free(struct bpf_pins *pins);

/**
 * bpf_pins_in_dispatcher() - the program that libxdp has pinned for a slot of this dispatcher
 *
 * Return: its id, or 0.
 */
uint32_t bpf_pins_in_dispatcher(uint32_t ifindex, uint32_t dispatcher_id, unsigned int slot);

/** bpf_fd_kind() - by the name that the kernel gives a descriptor: "anon_inode:bpf-map" */
enum bpf_kind bpf_fd_kind(const char *link);

#endif
