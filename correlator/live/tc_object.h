/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tc_object.h - the tc programs of the wire view, loaded: which one an interface needs.
 */
#ifndef TC_OBJECT_H
#define TC_OBJECT_H

#include "host/netlink.h"
#include "live/bpf_object.h"
#include "live/mark.h"

enum tc_direction { INGRESS, EGRESS };

/**
 * tc_object_open(), tc_object_load() - NULL with errno; 0 or -errno
 * @maps: shared as embedded_open() and embedded_load() do
 */
struct bpf_object *tc_object_open(const struct shared_maps *maps, const struct mark *mark);
int tc_object_load(struct bpf_object *obj, struct shared_maps *maps);

/** tc_object_program() - the one for packets as they are on @link */
struct bpf_program *tc_object_program(const struct bpf_object *obj, const struct link_info *link,
				      enum tc_direction dir);

/** tc_object_supports() - do packets on @link begin with Ethernet or IP? */
bool tc_object_supports(const struct link_info *link);

#endif
