/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pin_place.h - where the recorder that stays is pinned: /sys/fs/bpf/rstscope/ABI/netns-ID.
 *
 * Below it are maps/, progs/, links/IFINDEX-ingress and -egress, and qdiscs/IFINDEX, an empty
 * directory for each clsact qdisc that was made for our filters. Whoever changes anything there
 * holds the lock.
 */
#ifndef PIN_PLACE_H
#define PIN_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "live/bpf_object.h"

#define PIN_BPFFS "/sys/fs/bpf"
#define PIN_ROOT PIN_BPFFS "/rstscope"
#define PIN_PATH_MAX 160
#define PIN_ABIS 8 /* side by side */

struct pin_place {
	char path[96];
	uint32_t ring_id; /* of the map rst_ring; 0 = none is pinned */
};

struct pins {
	int lock;
	struct pin_place own; /* for this ABI; its directory may not be there yet */
	struct pin_place others[PIN_ABIS];
	unsigned int n_others;
};

/**
 * pins_open() - wait for the lock, and find what is pinned for this network namespace
 * @create: make the directories of this ABI
 *
 * Return: 0; -errno, logged; -ENOENT, not logged: there is nothing, and @create was not given.
 */
int pins_open(struct pins *p, bool create);
void pins_close(struct pins *p);

/** pins_each_elsewhere() - call @fn for the places of other network namespaces */
void pins_each_elsewhere(const struct pins *p, void (*fn)(void *ctx, const struct pin_place *place),
			 void *ctx);

/** pins_owner() - is this the ring of one of them? */
const struct pin_place *pins_owner(const struct pins *p, uint32_t ring_id);

/** pin_place_maps() - take the pinned maps into @maps; 0, or -errno, logged */
int pin_place_maps(struct pin_place *place, struct shared_maps *maps);

/** pin_place_pin_maps() - pin those that are not; 0, or -errno, logged */
int pin_place_pin_maps(struct pin_place *place, const struct shared_maps *maps);

/** pin_place_pin_program() - under its name, in place of one that is there; 0 or -errno */
int pin_place_pin_program(const struct pin_place *place, const struct bpf_program *prog);

/** pin_place_remove() - unpin everything; 0 or -errno */
int pin_place_remove(const struct pin_place *place);

/** pin_path() - "PLACE/SUB/NAME"; @ret of PIN_PATH_MAX */
void pin_path(const struct pin_place *place, const char *sub, const char *name, char *ret);

#endif
