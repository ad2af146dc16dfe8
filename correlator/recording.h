/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RECORDING_H
#define RECORDING_H
#define RECORDING_PEN 32473
struct source;
int source_recording_block(struct source *s, const uint8_t *data, size_t len);
#endif
