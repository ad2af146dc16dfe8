/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * module_events.h - learn that the kernel has loaded a module (kobject uevents).
 */
#ifndef MODULE_EVENTS_H
#define MODULE_EVENTS_H

#include <stdbool.h>

/**
 * module_events_open() - listen; the kernel says so only in network namespaces that are owned by
 *	the first user namespace
 *
 * Return: a descriptor, readable when there is something for module_events_read(); -ENOTSUP where
 * nothing would ever come; -errno.
 */
int module_events_open(void);

/** module_events_read() - take all that waits; was a module loaded, or may one have been missed? */
bool module_events_read(int fd);

#endif
