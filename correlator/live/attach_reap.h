/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * attach_reap.h - remove what sensors that were killed have left attached.
 */
#ifndef ATTACH_REAP_H
#define ATTACH_REAP_H

#include "host/netlink.h"
#include "live/attach_journal.h"

/** attach_reap() - as their notes list it, and nothing else; how much it was goes to the log */
void attach_reap(const struct attach_place *place, struct netlink *nl);

#endif
