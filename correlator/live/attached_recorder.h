/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * attached_recorder.h - a recorder that was found by the maps of its programs.
 */
#ifndef ATTACHED_RECORDER_H
#define ATTACHED_RECORDER_H

#include "live/attached.h"

/**
 * recorder_of_maps() - the recorder that these maps of a program belong to, added if it is new
 * @ret: NULL = none of them is a ring
 *
 * Return: 0 or -errno.
 */
int recorder_of_maps(struct attached_recorder **list, const uint32_t *map_ids, unsigned int n,
		     struct attached_recorder **ret);

/** recorder_add_program() - 0 or -ENOMEM */
int recorder_add_program(struct attached_recorder *r, const struct attached_program *p);

void recorders_free(struct attached_recorder *list);

#endif
