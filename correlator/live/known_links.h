/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * known_links.h - the interfaces that were ever seen: reports name some that may be gone by then.
 */
#ifndef KNOWN_LINKS_H
#define KNOWN_LINKS_H

#include <stdbool.h>
#include <stdint.h>

#include "host/netlink.h"

/* Names made up for unknown interfaces, in turn. */
#define IFNAMES 4

struct known_link {
	struct known_link *next;
	struct link_info link;
	bool waits;	  /* for sensor__attach_some() */
	bool unsupported; /* said once */
	uint64_t
		gone_ns; /* since when it is waited for; 0 = it is there, or not asked for by name */
	unsigned int listing; /* the last that had it */
};

/* In the kernel's order. */
struct known_links {
	struct known_link *first, **last;
	char unknown[IFNAMES][IFNAMSIZ];
	unsigned int n_unknown;
};

void known_links_init(struct known_links *l);

/** known_links_find() - NULL = never seen */
struct known_link *known_links_find(const struct known_links *l, uint32_t ifindex);

/** known_links_remember() - as it is now, with its name of before if it has none; NULL = no memory */
struct known_link *known_links_remember(struct known_links *l, const struct link_info *link);

/** known_links_has() - by name */
bool known_links_has(const struct known_links *l, const char *name);

/** known_links_name() - "if7" when it was never seen (valid for three more calls) */
const char *known_links_name(struct known_links *l, uint32_t ifindex);

void known_links_free(struct known_links *l);

#endif
