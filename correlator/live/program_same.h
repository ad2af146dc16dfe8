/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * program_same.h - are two loaded programs the same one, with the same constants?
 */
#ifndef PROGRAM_SAME_H
#define PROGRAM_SAME_H

#include <stdbool.h>
#include <stdint.h>

/** program_id() - 0 = not known */
uint32_t program_id(int fd);

/** program_is_same() - the program with @id, and one that we have loaded; false when in doubt */
bool program_is_same(uint32_t id, int fd);

#endif
