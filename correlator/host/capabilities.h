/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capabilities.h - the capabilities that the sensor needs, and no more.
 */
#ifndef CAPABILITIES_H
#define CAPABILITIES_H

#include <stdbool.h>

/** capabilities_missing() - name of the first capability that is lacking; NULL = all are there */
const char *capabilities_missing(void);

/**
 * capabilities_drop() - keep only what watching and detaching still need; 0 or -errno
 * @keep_admin: libxdp looks programs up by id when it detaches, and libbpf the BTF of modules
 *	that are loaded later; both take CAP_SYS_ADMIN
 */
int capabilities_drop(bool keep_admin);

#endif
