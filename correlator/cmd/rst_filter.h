/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rst_filter.h - a pcap-filter(7) expression, applied to the RST.
 */
#ifndef RST_FILTER_H
#define RST_FILTER_H

#include <stddef.h>

#include "model/case.h"

struct filter;

/**
 * filter__compile() - @why receives libpcap's words when it fails
 *
 * Return: NULL if the expression is wrong.
 */
struct filter *filter__compile(const char *expression, char *why, size_t len);

/** filter_add_word() - join the words of an expression, as tcpdump does; @expression grows. 0 or -ENOMEM */
int filter_add_word(char **expression, const char *word);

/** filter__matches() - @f may be NULL: then everything does */
bool filter__matches(const struct filter *f, const struct packet *rst);

/** filter__matches_case() - do its RST's ends match, wherever it was seen, before or after NAT? */
bool filter__matches_case(const struct filter *f, const struct reset_case *c);

void filter__free(struct filter *f);

#endif
