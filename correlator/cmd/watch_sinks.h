/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watch_sinks.h - the sinks that the options ask for.
 */
#ifndef WATCH_SINKS_H
#define WATCH_SINKS_H

#include "archive/sinks.h"
#include "cmd/watch_options.h"

/* Lives as long as the sinks. */
struct watch_sinks {
	struct sinks *list;
	struct recording_sink_config recording; /* recall and recall_ctx: the caller's */
	struct store_config store;
	char host[256];
	int stop_fd;
	bool no_fold;
};

/** watch_sinks__know() - is there a sink of this name? */
bool watch_sinks__know(const char *name);

/**
 * watch_sinks__open() - all of them; what is left open on failure, watch_sinks__close() closes
 *
 * Return: 0 or -errno, which has been logged.
 */
int watch_sinks__open(struct watch_sinks *s, const struct watch_options *o);

void watch_sinks__close(struct watch_sinks *s);

#endif
