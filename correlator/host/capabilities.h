/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capabilities.h - the capabilities that the sensor needs, and no more, for good.
 */
#ifndef CAPABILITIES_H
#define CAPABILITIES_H

#include <stdbool.h>

enum keep {
	/* libxdp looks programs up by id when it detaches, and libbpf the BTF of modules that are
	 * loaded later; both take CAP_SYS_ADMIN. */
	KEEP_ADMIN = 0x01,
	KEEP_SETUID = 0x02,    /* and SETGID: host/file_owner.h */
	KEEP_MAP_FILES = 0x04, /* files that processes have mapped: host/user_stack.h */
};

/** capabilities_missing() - name of the first capability that is lacking; NULL = all are there */
const char *capabilities_missing(void);

/**
 * capabilities_drop() - keep only what watching and detaching still need; 0 or -errno
 * @keep_also: enum keep; may be called again with less
 *
 * For good: no program that would be executed gets more, though it be root's or set-user-id.
 */
int capabilities_drop(unsigned int keep_also);

#endif
