/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * aftermath.h - resets that only follow from an earlier one of the same connection.
 */
#ifndef AFTERMATH_H
#define AFTERMATH_H

#include "model/case.h"

/**
 * first_reset() - the oldest RST of the connection that the history has; NULL if there is none
 *
 * Of either end. After a SYN, which begins another connection, no earlier RST counts, nor one that was
 * ignored: its number was out of place, or both ends went on.
 */
const struct packet *first_reset(const struct reset_case *c);

/** is_finished() - does the history show a FIN of both ends, and nothing that began anew since? */
bool is_finished(const struct reset_case *c);

#endif
