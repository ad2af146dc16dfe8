/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pin_links.h - the links/ and qdiscs/ of a place: tcx links that stay, and qdiscs that are ours.
 */
#ifndef PIN_LINKS_H
#define PIN_LINKS_H

#include "host/clsact.h"
#include "live/pin_place.h"
#include "live/tc_object.h"

/**
 * pin_link_create() - attach before all others by a tcx link (6.6), and pin it
 *
 * A kill in between leaves nothing: the link ends with the process.
 *
 * Return: 0 or -errno.
 */
int pin_link_create(const struct pin_place *place, uint32_t ifindex, enum tc_direction dir,
		    int prog_fd);

/**
 * pin_link_update() - put a program in the place of another one, without a gap
 * @link_id: of a link that is pinned in any place of @p; its pin moves to the own place
 *
 * Return: 0 or -errno; -ENOENT: it is not pinned.
 */
int pin_link_update(const struct pins *p, uint32_t link_id, int prog_fd);

/** pin_link_remove() - detach it and remove its pin; 0 or -errno; -ENOENT: it is not pinned */
int pin_link_remove(const struct pins *p, uint32_t link_id);

struct pin_links_count {
	unsigned int live;
	unsigned int defunct; /* their interface is gone */
};

/** pin_links_count() - tcx links that are pinned in @place, also on interfaces of other namespaces */
struct pin_links_count pin_links_count(const struct pin_place *place);

/** pin_links_sweep() - remove pins of links and notes of qdiscs whose interface is gone */
void pin_links_sweep(const struct pin_place *place);

/** pin_qdisc_note() - before clsact is made for our filters; 0 or -errno */
int pin_qdisc_note(const struct pin_place *place, uint32_t ifindex);

/** pin_qdisc_forget() - Return: was it noted? */
bool pin_qdisc_forget(const struct pin_place *place, uint32_t ifindex);

#endif
