/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * classify.h - name the cause of a case.
 */
#ifndef CLASSIFY_H
#define CLASSIFY_H

#include "diagnose/causes.h"

/**
 * classify() - fill cause, confidence, origin, type, candidates and ruled_out of @c
 *
 * Pure: no I/O, no clock. The same case gives the same answer.
 */
void classify(struct reset_case *c);

/**
 * cause_way() - the way by which the case's cause was proven; NULL for "unknown"
 */
const struct way *cause_way(const struct reset_case *c);

#endif
