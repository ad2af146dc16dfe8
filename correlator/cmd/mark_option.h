/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mark_option.h - the argument of --mark.
 */
#ifndef MARK_OPTION_H
#define MARK_OPTION_H

#include "live/mark.h"

#define MARK_ARG "VALUE/MASK[:ACTIVE]"
#define MARK_HELP                                                                                  \
	"Set these bits of the packet mark (skb->mark) on RST segments at tc ingress and egress, " \
	"for nft, iptables, tc and policy routing; at egress, resets that this host sends on its " \
	"own initiative get ACTIVE instead"

/**
 * mark_option_parse() - "0x1/0x3" or "0x1/0x3:0x2"
 *
 * Return: NULL, or what is wrong with it.
 */
const char *mark_option_parse(const char *arg, struct mark *ret);

#endif
