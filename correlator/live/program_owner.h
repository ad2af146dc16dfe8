/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * program_owner.h - is a BPF program one of an rstscope's? Also for those who may not ask by its id.
 */
#ifndef PROGRAM_OWNER_H
#define PROGRAM_OWNER_H

#include <stdbool.h>
#include <stdint.h>

/**
 * program_is_rstscope() - ours, of this or another process, or pinned
 *
 * Its name says so, which only CAP_SYS_ADMIN may read; without, a process named rstscope has it, or it is
 * pinned in our place.
 */
bool program_is_rstscope(uint32_t prog_id);

#endif
