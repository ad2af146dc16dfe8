/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * history_option.h - the argument of --history: how far back the flight recorder goes.
 */
#ifndef HISTORY_OPTION_H
#define HISTORY_OPTION_H

#include <stddef.h>

/**
 * history_option_parse() - "4096" records for each CPU, or "1M" for all of them together
 * @ret_slots: a power of two, the largest that fits
 * @why: what is wrong
 *
 * Return: 0 or -EINVAL.
 */
int history_option_parse(const char *arg, unsigned int cpus, unsigned int *ret_slots, char *why,
			 size_t size);

/** history_bytes() - that these records take, on all CPUs */
unsigned long long history_bytes(unsigned int slots, unsigned int cpus);

#endif
