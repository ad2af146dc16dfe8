/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bpf_holders.h - which processes have descriptors of maps, programs and links.
 */
#ifndef BPF_HOLDERS_H
#define BPF_HOLDERS_H

#include <stdint.h>
#include <sys/types.h>

#include "live/bpf_pins.h"

struct bpf_holder {
	enum bpf_kind kind;
	uint32_t id;
	pid_t pid;
	char comm[16];
};

struct bpf_holders {
	struct bpf_holder *holders;
	unsigned int n;
};

/** bpf_holders_read() - of this PID namespace, but for ourselves; 0 or -errno */
int bpf_holders_read(struct bpf_holders *ret);

/** bpf_holders_find() - the first process that has it; NULL = none in sight */
const struct bpf_holder *bpf_holders_find(const struct bpf_holders *holders, enum bpf_kind kind,
					  uint32_t id);

void bpf_holders_free(struct bpf_holders *holders);

/** bpf_fdinfo_id() - from the text of /proc/PID/fdinfo/FD; 0 = none */
uint32_t bpf_fdinfo_id(const char *text, enum bpf_kind kind);

#endif
