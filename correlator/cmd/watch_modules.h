/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watch_modules.h - what waits for kernel modules: probes, conntrack's reports, CAP_SYS_ADMIN.
 */
#ifndef WATCH_MODULES_H
#define WATCH_MODULES_H

#include "base/loop.h"
#include "cmd/watch_host.h"

struct watch_modules;

struct watch_modules_config {
	struct loop *loop;
	struct live_host *host;
	unsigned int keep;  /* enum keep: capabilities that are needed to the end */
	loop_fn on_dropped; /* conntrack has reported dropped entries */
	void *ctx;
};

/** watch_modules__start() - drop the capabilities, and wait; NULL with errno */
struct watch_modules *watch_modules__start(const struct watch_modules_config *cfg);

/** watch_modules__free() - takes NULL */
void watch_modules__free(struct watch_modules *m);

#endif
