/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * incidents.h - which resets belong together, and why.
 *
 * A case joins an incident only with evidence that it shares with an earlier case: a row of the table in
 * incident_links.c. Without any, it begins an incident of its own.
 */
#ifndef INCIDENTS_H
#define INCIDENTS_H

#include "diagnose/classify.h"

/* What is remembered of the past, at most; the oldest is forgotten. */
#define INCIDENT_KEYS_MAX 32768

struct incidents;

/* Where a case was seen: what is not part of it. */
struct incident_scene {
	const char *host;
	int64_t wall_offset_ns; /* add to the case's times for the wall clock */
};

/** incidents__new() - NULL with errno */
struct incidents *incidents__new(void);

/**
 * incidents__add() - fill in @c->incident of a classified case
 *
 * Cases come in the order of time. The same cases in the same order have the same incidents.
 */
void incidents__add(struct incidents *t, struct reset_case *c, const struct incident_scene *at);

/** incidents__forgotten() - links to the past that had to make room while they could have served */
uint64_t incidents__forgotten(const struct incidents *t);

/** incident_role_id() - as it stands in JSON; NULL: there is no such role */
const char *incident_role_id(unsigned int role);

/** incidents__free() - takes NULL */
void incidents__free(struct incidents *t);

#endif
