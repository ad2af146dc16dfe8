/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * case_id.h - one name for a reset, the same on every host and in every capture that saw it.
 */
#ifndef MODEL_CASE_ID_H
#define MODEL_CASE_ID_H

#include "model/case.h"

#define CASE_ID_TEXT 33 /* hex digits and the NUL */

/**
 * case_id() - @c's id: the minute (8 hex digits), then a hash of what the RST says (24)
 * @wall_ns: when the RST was seen, ns since 1970
 *
 * Sequence numbers and flags survive NAT and routers; addresses and ports do not, so they are not
 * part of it. Two places that see a RST on both sides of a minute's edge differ by one in the first
 * eight digits and in no other; that is how ids are to be compared. Equal RSTs of one connection
 * within a minute share their id.
 */
void case_id(char ret[CASE_ID_TEXT], const struct reset_case *c, uint64_t wall_ns);

/** reset_id() - the same, of a RST that a case's history has */
void reset_id(char ret[CASE_ID_TEXT], const struct packet *rst, uint64_t wall_ns);

#endif
