// SPDX-License-Identifier: GPL-2.0-only
/*
 * watch_store.c - the store that `watch --store` appends to beside its reports.
 */
#include "cmd/watch_store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"

struct watch_store {
	struct store *store;
	const char *path;
	bool said_failed;
};

struct watch_store *watch_store__open(const struct store_config *cfg, char *why, size_t why_len)
{
	struct watch_store *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return NULL;
	w->path = cfg->path;
	w->store = store__open(cfg, why, why_len);
	if (w->store) {
		/* What is too old goes at once, not only with the next reset. */
		watch_store__flush(w);
		return w;
	}
	err = errno;
	free(w);
	errno = err;
	return NULL;
}

static void say(struct watch_store *w, int err, uint64_t missing)
{
	if (err && !w->said_failed)
		warning("write store '%s': %s; watching goes on, and what is missing is counted",
			w->path, store__why(w->store));
	if (!err && w->said_failed && missing)
		warning("store '%s' goes on; %" PRIu64 " resets are missing in it", w->path,
			missing);
	w->said_failed = err != 0;
}

void watch_store__add(struct watch_store *w, const struct reset_case *c,
		      const struct report_context *report)
{
	int err;

	if (!w)
		return;
	err = store__add(w->store, c, report);
	if (err)
		say(w, err, 0);
}

static uint64_t wall_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void watch_store__flush(struct watch_store *w)
{
	uint64_t missing;
	int err;

	if (!w)
		return;
	missing = store__missing(w->store);
	err = store__flush(w->store, wall_clock());
	/* Without anything to commit nothing is known of the disk. */
	if (err || (missing && !store__missing(w->store)))
		say(w, err, missing);
}

void watch_store__close(struct watch_store *w)
{
	if (!w)
		return;
	watch_store__flush(w);
	if (store__lost(w->store))
		warning("store '%s': %" PRIu64 " resets could not be written", w->path,
			store__lost(w->store));
	store__close(w->store);
	free(w);
}
