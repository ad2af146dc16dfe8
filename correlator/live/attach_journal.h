/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * attach_journal.h - what a killed sensor leaves attached, and its removal by the next one.
 *
 * BPF links go away with their process. Filters on a clsact qdisc and XDP programs do not, so
 * each sensor notes them in a file that it keeps locked while it lives.
 */
#ifndef ATTACH_JOURNAL_H
#define ATTACH_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

enum leftover_kind { LEFTOVER_INGRESS, LEFTOVER_EGRESS, LEFTOVER_QDISC, LEFTOVER_XDP };

struct leftover {
	enum leftover_kind kind;
	uint32_t ifindex;
	uint32_t handle; /* of a filter; mode of an XDP program */
	uint32_t priority;
	uint32_t prog_id; /* what was attached: nothing else is ever removed */
};

struct attach_journal;

/** attach_journal__open() - our own file; NULL with errno (then a kill would leave filters behind) */
struct attach_journal *attach_journal__open(uint64_t netns);

/** attach_journal__note() - call before attaching what would outlive us */
int attach_journal__note(struct attach_journal *l, const struct leftover *item);

/** attach_journal__close() - @clean: all is detached, remove the file; else the next start tries */
void attach_journal__close(struct attach_journal *l, bool clean);

/**
 * attach_journal_reap() - call @remove for each item that dead sensors of this namespace noted
 *
 * Return: number of items that @remove says it removed.
 */
int attach_journal_reap(uint64_t netns, bool (*remove)(void *ctx, const struct leftover *),
			void *ctx);

#endif
