/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * attach_xdp.h - our XDP program beside those of others, by libxdp's dispatcher.
 *
 * It is known by the map that it writes to, which belongs to one sensor alone. So it is found
 * wherever it is, and whoever else has an rst_xdp on the same interface keeps it.
 */
#ifndef ATTACH_XDP_H
#define ATTACH_XDP_H

#include <stdbool.h>

#include "live/bpf_object.h"

/** xdp_attach() - to @ifindex; @native: by the driver, else generic; 0 or -errno */
int xdp_attach(const struct shared_maps *maps, uint32_t ifindex, bool native);

/** xdp_has() - is a program that uses the map @map_id attached to @ifindex? 1, 0 or -errno */
int xdp_has(uint32_t ifindex, uint32_t map_id);

/** xdp_is_taken() - by a program that is attached alone, so that no other can be? Then it warns. */
bool xdp_is_taken(uint32_t ifindex, const char *name);

/**
 * xdp_detach() - remove from @ifindex the programs that use the map @map_id, and no others
 *
 * Return: how many there were, or -errno.
 */
int xdp_detach(uint32_t ifindex, uint32_t map_id);

/** xdp_detach_program() - the same by the program's id */
int xdp_detach_program(uint32_t ifindex, uint32_t prog_id);

/** xdp_exchange() - put a program in the place of one that is attached without a dispatcher */
int xdp_exchange(uint32_t ifindex, uint32_t old_id, int prog_fd, bool native);

/**
 * xdp_load() - load the program alone, to compare it with one that is attached
 *
 * Return: NULL with errno.
 */
struct bpf_object *xdp_load(const struct shared_maps *maps);

/**
 * xdp_detach_in() - the same in another network namespace, for which CAP_SYS_ADMIN is needed
 */
int xdp_detach_in(int netns_fd, uint32_t ifindex, uint32_t map_id);

/**
 * xdp_remove_pins() - what libxdp has pinned of ours for a dispatcher that is not attached
 * @ifindex: 0: for any interface
 *
 * libxdp was killed, or somebody removed the dispatcher or its interface; the pins, and with them
 * program and maps, stay. Only programs that use @map_id.
 *
 * Return: was there any?
 */
bool xdp_remove_pins(uint32_t ifindex, uint32_t map_id);

#endif
