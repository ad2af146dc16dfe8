// SPDX-License-Identifier: GPL-2.0-only
/*
 * attach_notes.c - this sensor's own journal: begun with the first note, and what to do without it.
 */
#include "live/attach_notes.h"

#include <errno.h>

#include "base/log.h"

static int take(struct attach_notes *n, const struct leftover *item, bool again)
{
	if (!n->journal && !n->said_unnoted)
		n->journal = attach_journal__open(n->place);
	if (!n->journal)
		return -errno;
	return again ? attach_journal__note_again(n->journal, item) :
		       attach_journal__note(n->journal, item);
}

/* Before it is attached: a kill may come at any time. */
void attach_notes_take(struct attach_notes *n, const struct leftover *item, bool again)
{
	int err = take(n, item, again);

	if (!err || n->said_unnoted)
		return;
	n->said_unnoted = true;
	warning("cannot write /run/rstscope (%s): if rstscope is killed by SIGKILL, detach "
		"its leftovers manually: %s",
		error_name(err),
		item->kind == LEFTOVER_XDP ?
			"`xdp-loader unload IF --all`, or `ip link set dev IF xdp off` (both also "
			"detach the XDP programs of others)" :
			"`tc filter del dev IF ingress pref N`, and egress");
}

void attach_notes_disown(struct attach_notes *n, const struct leftover *qdisc)
{
	if (n->journal)
		attach_journal__disown(n->journal, qdisc);
}

void attach_notes_end(struct attach_notes *n, bool clean)
{
	attach_journal__close(n->journal, clean);
}
