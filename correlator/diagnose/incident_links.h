/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * incident_links.h - what ties a reset to earlier ones: the table of kinds.
 */
#ifndef INCIDENT_LINKS_H
#define INCIDENT_LINKS_H

#include "diagnose/incidents.h"

#define LINK_KEY_MAX 48 /* a connection and two numbers */
#define INCIDENT_LINKS_MAX 16

/* What two cases of a kind share; unused bytes are 0. */
struct link_key {
	uint8_t bytes[LINK_KEY_MAX];
	uint64_t when_ns; /* of what they share, mostly of the RST; CLOCK_MONOTONIC of its host */
	uint16_t port;	  /* of those that are counted */
};

struct incident_link {
	const char *because; /* template */
	/* The case's part; false: it has none. */
	bool (*key)(const struct reset_case *c, struct link_key *ret);
	/* What later cases may refer to, if that is something else: the key number @i. */
	bool (*offers)(const struct reset_case *c, unsigned int i, struct link_key *ret);
	/* The first case, if it was not seen itself; NULL: such a link has none. */
	const struct packet *(*first)(const struct reset_case *c);
	uint64_t within_ns; /* of the last that had the key */
	enum incident_role role;
	unsigned int ports; /* so many different ones make it one */
	unsigned int beats; /* so many equal intervals make it one */
	bool of_host;	    /* numbers of processes: the same elsewhere is another */
};

/* The first that fits counts. */
extern const struct incident_link incident_links[];
extern const unsigned int n_incident_links;

#endif
