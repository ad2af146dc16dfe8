/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * attach_notes.h - this sensor's own journal: begun with the first note, and what to do without it.
 */
#ifndef ATTACH_NOTES_H
#define ATTACH_NOTES_H

#include "live/attach_journal.h"

/* All zero, but for the place. */
struct attach_notes {
	const struct attach_place *place;
	struct attach_journal *journal; /* NULL: nothing to note yet, or it cannot be written */
	bool said_unnoted;
};

/** attach_notes_take() - before attaching; @again: it may be noted already. A failure is logged once. */
void attach_notes_take(struct attach_notes *n, const struct leftover *item, bool again);

/** attach_notes_disown() - attach_journal__disown(), if there is a journal */
void attach_notes_disown(struct attach_notes *n, const struct leftover *qdisc);

/** attach_notes_end() - @clean: all is detached */
void attach_notes_end(struct attach_notes *n, bool clean);

#endif
