/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * raw_sockets.h - which processes hold raw or packet sockets of the current network namespace.
 */
#ifndef RAW_SOCKETS_H
#define RAW_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/case.h"

#define RAW_SOCKETS_MAX 256

/** raw_sockets_holders() - "NAME (pid N), ..." for MAKER_RAW, MAKER_PACKET or MAKER_ANSWERER; "" = none */
void raw_sockets_holders(enum maker kind, char *ret, size_t size);

/**
 * raw_sockets_inode() - of a line of /proc/net/raw, raw6 or packet
 * @protocol: of raw sockets the one that is wanted; @but: is it, or is it all others
 *
 * Return: 0 for the heading, and for what is not wanted.
 */
uint64_t raw_sockets_inode(const char *line, bool packet, unsigned int protocol, bool but);

#endif
