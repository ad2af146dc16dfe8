/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * impact.h - did the reset hurt: what was lost, and did the RST take effect at all?
 */
#ifndef DIAGNOSE_IMPACT_H
#define DIAGNOSE_IMPACT_H

#include <stdio.h>

#include "diagnose/facts.h"

/**
 * impact_judge() - fill effect and impact of @c, whose facts are gathered
 *
 * Pure: by the numbers of the flow's packets and of the sockets that the kernel's accounts show.
 */
void impact_judge(struct reset_case *c);

/** impact_id(), effect_id(), keepalive_race_id() - as they stand in JSON; NULL: there is no such value */
const char *impact_id(unsigned int kind);
const char *effect_id(unsigned int effect);
const char *keepalive_race_id(unsigned int race);

/** impact_is_listed() - is it one of @list ("harmful,unknown")? NULL lists all. */
bool impact_is_listed(const char *list, enum impact_kind kind);

/** impact_list_unknown() - the first of @list that is no impact, up to the next comma; or NULL */
const char *impact_list_unknown(const char *list);

/** impact_counts_print() - ", 3 harmful, 1 none" without the first comma; nothing where all are 0 */
void impact_counts_print(const uint64_t counts[N_IMPACTS], FILE *out);

/** impact_reasons - one sentence each, for people; {names} as in template.h */
extern const char *const impact_reasons[N_REASONS];

#endif
