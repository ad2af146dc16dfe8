/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pinned_detach.h - take one program off its interface, by whichever way it was attached.
 */
#ifndef PINNED_DETACH_H
#define PINNED_DETACH_H

#include "live/attached.h"
#include "live/pin_place.h"

/** attached_find_or_say() - as attached__find(), but the error is logged */
struct attached *attached_find_or_say(void);

/**
 * pins_remove_unused() - unpin what nothing attached writes to, and what is gone
 * @moved: also what has only links on interfaces that were moved to another namespace
 */
void pins_remove_unused(struct pins *pins, bool moved);

/** program_detach() - 0 or -errno; -EBUSY: a link holds it that is not pinned by us */
int program_detach(const struct pins *pins, struct netlink *nl, const struct attached_program *p);

#endif
