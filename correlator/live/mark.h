/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mark.h - the bits of skb->mark that RST segments get.
 */
#ifndef MARK_H
#define MARK_H

#include <stdint.h>

struct mark {
	uint32_t mask; /* 0 = none; both values are below it */
	uint32_t value;
	uint32_t active; /* at egress: sent by this host on its own initiative */
};

#endif
