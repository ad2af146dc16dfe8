/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * nat_rules.h - does this network namespace have NAT rules at all?
 *
 * A segment without a conntrack entry may have been due for translation by a rule. That none
 * was due is known only where somebody has looked at the rules.
 */
#ifndef NAT_RULES_H
#define NAT_RULES_H

#include "model/case.h"

struct nat_reader;

/**
 * nat_reader__open() - of the current network namespace
 * @root: where /proc and /sys are: "" but in tests
 *
 * Return: NULL with errno.
 */
struct nat_reader *nat_reader__open(const char *root);

/**
 * nat_reader__rules() - are there NAT rules, for IPv4 or IPv6?
 *
 * Rules that were there once count for ever: entries that they made may have outlived them.
 * Loads no kernel module.
 *
 * Return: NAT_RULES_UNKNOWN when the kernel does not answer.
 */
enum nat_rules nat_reader__rules(struct nat_reader *n);

void nat_reader__free(struct nat_reader *n);

#endif
