/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fuzz.h - libFuzzer's entry; without it (tests/fuzz/replay.c) the corpus is run through once.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
