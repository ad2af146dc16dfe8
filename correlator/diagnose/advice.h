/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * advice.h - what to do about a case: its cause's advice, as far as it fits this case.
 */
#ifndef ADVICE_H
#define ADVICE_H

#include "diagnose/causes.h"

/**
 * case_advice() - the @i-th piece of advice that fits, best first; NULL after the last
 *
 * A process that was killed could not have read its socket: what ended it comes first then. Otherwise
 * what the program's own settings can do does.
 */
const struct advice *case_advice(const struct reset_case *c, unsigned int i);

#endif
