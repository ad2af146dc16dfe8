/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watch_run.h - the parts of a watch, joined by one event loop.
 */
#ifndef WATCH_RUN_H
#define WATCH_RUN_H

#include "cmd/watch_options.h"
#include "host/debug_lines.h"

/**
 * watch_run() - attach, watch until something ends it, detach
 * @filter: NULL = everything
 * @lines: of the kernel's source
 *
 * Return: 0 or -errno, which has been logged.
 */
int watch_run(const struct watch_options *opt, const struct filter *filter,
	      struct debug_lines *lines);

#endif
