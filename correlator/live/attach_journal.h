/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * attach_journal.h - what a killed sensor leaves attached, and its removal by the next one.
 *
 * BPF links go away with their process. Filters on a clsact qdisc and XDP programs do not, so
 * each sensor notes them, before it attaches, in a file that it keeps locked while it lives.
 */
#ifndef ATTACH_JOURNAL_H
#define ATTACH_JOURNAL_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "host/netns.h"

enum leftover_kind { LEFTOVER_INGRESS, LEFTOVER_EGRESS, LEFTOVER_QDISC, LEFTOVER_XDP };

struct leftover {
	enum leftover_kind kind;
	uint32_t ifindex;
	char ifname[IFNAMSIZ];
	uint32_t prog_id; /* of a filter: the kernel gives it to no other program */
};

/* Whose notes these are: what they say holds nowhere else. */
struct attach_place {
	char boot_id[40];
	struct netns_id netns;
	uint32_t map_id; /* a map of this sensor alone: what uses it was attached by it */
};

/** attach_place_here() - this boot, this namespace, no map yet */
struct attach_place attach_place_here(void);

struct attach_journal;

/**
 * attach_journal__open() - a new file of our own; NULL with errno (then a kill would leave things behind)
 */
struct attach_journal *attach_journal__open(const struct attach_place *place);

/** attach_journal__note() - call before attaching what would outlive us; 0 or -errno */
int attach_journal__note(struct attach_journal *l, const struct leftover *item);

/** attach_journal__note_again() - the same for what may be noted already: it is there once */
int attach_journal__note_again(struct attach_journal *l, const struct leftover *item);

/** attach_journal__disown() - a qdisc that was noted is another's: it came before ours, or after */
int attach_journal__disown(struct attach_journal *l, const struct leftover *qdisc);

/** attach_journal__close() - @clean: all is detached, remove the file; else the next start tries */
void attach_journal__close(struct attach_journal *l, bool clean);

enum reaped {
	REAPED,
	REAPED_ABSENT, /* for good: it is not there, and not elsewhere */
	REAPED_NOT,
};

struct reaper {
	/*
	 * Remove what was noted, if it is there. @here: noted in this namespace.
	 * Elsewhere only the XDP program of an interface that was moved can be met again, and
	 * only that is handed over.
	 */
	enum reaped (*remove)(void *ctx, const struct leftover *item,
			      const struct attach_place *owner, bool here);
	/* Is anything of that sensor left? Then its notes are kept for another namespace. */
	bool (*lives)(void *ctx, uint32_t map_id);
	void *ctx;
};

/**
 * attach_journal_reap() - go through the notes of dead sensors, the last first
 *
 * Notes of another boot, and what is not a note, are deleted and nothing else; where a boot is not
 * known, not while anything of their sensor lives.
 *
 * Return: how many items were removed.
 */
int attach_journal_reap(const struct attach_place *place, const struct reaper *r);

#endif
