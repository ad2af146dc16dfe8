/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watch_record.h - the recording that `watch -w` makes beside its reports.
 *
 * A side show: whatever happens to it, watching goes on.
 */
#ifndef WATCH_RECORD_H
#define WATCH_RECORD_H

#include "archive/recording.h"
#include "cmd/watch_options.h"
#include "live/recorder.h"

struct watch_record;

/** watch_record__open() - NULL with errno. @report must live as long. */
struct watch_record *watch_record__open(const struct watch_options *opt,
					const struct report_context *report);

/* All of these take NULL for the recording, and do nothing then. */

/** watch_record__widen() - what the recording wants of the flow's past, beyond its history */
void watch_record__widen(const struct watch_record *w, const struct reset_case *c,
			 struct recall *what);

/** watch_record__keep() - its part of what was recalled: c->kept */
void watch_record__keep(const struct watch_record *w, const struct packet_list *list,
			struct reset_case *c);

/** watch_record__add() - write the case; says so, once, if that does not succeed */
void watch_record__add(struct watch_record *w, const struct recorder *f, const struct reset_case *c,
		       const struct report_context *report);

/** watch_record__close() - with a word on what is missing */
void watch_record__close(struct watch_record *w);

/** watch_record_drop() - forget what was kept */
void watch_record_drop(struct reset_case *c);

#endif
