/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * packet_headers.h - IP and TCP headers, rebuilt from what the flight recorder kept of a packet.
 */
#ifndef PACKET_HEADERS_H
#define PACKET_HEADERS_H

#include <stddef.h>
#include <stdint.h>

#include "model/packet.h"

#define PACKET_HEADERS_MAX 60

/**
 * packet_headers() - of @p, without options, in network byte order
 * @at: room for PACKET_HEADERS_MAX bytes
 *
 * A length that does not fit its field is 0, as Linux has it for what the device segments. The TCP
 * checksum is 0 where there was a payload.
 *
 * Return: their length in bytes.
 */
size_t packet_headers(uint8_t *at, const struct packet *p);

#endif
