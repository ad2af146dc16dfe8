/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * prescan.h - which conversations of a capture are reset: what a first reading tells.
 */
#ifndef PRESCAN_H
#define PRESCAN_H

#include "capture/flow_tracker.h"
#include "capture/input.h"

/**
 * prescan() - mark in @t all conversations of a capture that have a RST
 * @in: can be parted, and nothing of it was consumed; nor is it after this
 * @on_progress: called now and then; @done from 0 to 1
 *
 * Return: false if that cannot be told, and all are to be followed. What is wrong with the file, the second
 * reading tells.
 */
bool prescan(struct flow_tracker *t, struct input *in,
	     void (*on_progress)(void *ctx, double done, uint64_t packets), void *ctx);

#endif
