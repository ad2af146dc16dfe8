/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reference.h - a second opinion on what a packet is, by code that shares nothing with ours.
 */
#ifndef REFERENCE_H
#define REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rst_event.h"

#define VERDICT_RECORD 0
#define VERDICT_NOTHING (-1) /* not TCP: neither recorded nor counted */

/**
 * reference_parse() - what a packet must leave behind
 * @ethernet: else it begins with the IP header and bytes 12 and 13 are its ethertype: that is
 *            where BPF_PROG_TEST_RUN takes it from
 * @ret: the record; time and meta but for the family are left 0
 * @ret_jumbo: the IP header says no length
 *
 * Return: VERDICT_*, or the enum rst_count that it is refused under.
 */
int reference_parse(const uint8_t *bytes, size_t len, bool ethernet, struct rst_pkt *ret,
		    bool *ret_jumbo);

#endif
