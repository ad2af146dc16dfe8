/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watch_store.h - the store that `watch --store` appends to beside its reports.
 *
 * A side show: whatever happens to it, watching goes on.
 */
#ifndef WATCH_STORE_H
#define WATCH_STORE_H

#include "archive/store.h"

struct watch_store;

/** watch_store__open() - NULL with errno, and @why as in store.h */
struct watch_store *watch_store__open(const struct store_config *cfg, char *why, size_t why_len);

/* All of these take NULL, and do nothing then. */
void watch_store__add(struct watch_store *w, const struct reset_case *c,
		      const struct report_context *report);

/** watch_store__flush() - commit; says so, once, if that does not succeed */
void watch_store__flush(struct watch_store *w);

/** watch_store__close() - with a word on what is missing */
void watch_store__close(struct watch_store *w);

#endif
