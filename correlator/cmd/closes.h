/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * closes.h - after how long this host closes idle connections: what the recorder shows, by service.
 */
#ifndef CLOSES_H
#define CLOSES_H

#include "cmd/watch.h"

struct closes;

/** closes__new() - NULL with errno */
struct closes *closes__new(void);

/**
 * closes__ask() - how often has the service that closed this case's connection closed others, too?
 *
 * Only if its history shows that the RST's sender, this host, had closed it when it was idle. Learns
 * what the recorder has of that service since it was asked last; fills asked.closes.
 */
void closes__ask(struct closes *cl, const struct watch_host *h, struct reset_case *c);

/** closes__free() - takes NULL */
void closes__free(struct closes *cl);

#endif
