/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * incident.h - which other resets a reset belongs to.
 *
 * Every case is part of one incident, which has the id of its first case: that of a lone case has the
 * case's own.
 */
#ifndef MODEL_INCIDENT_H
#define MODEL_INCIDENT_H

#include <stdbool.h>
#include <stdint.h>

#include "model/packet.h"

#define INCIDENT_ID_TEXT 33 /* that of a case */

/* What ties a case to those before it. */
enum incident_role {
	ROLE_FIRST,	   /* nothing: it begins the incident */
	ROLE_AFTERMATH,	   /* its connection was reset already */
	ROLE_REPEAT,	   /* the same RST was sent before */
	ROLE_OTHER_SIDE,   /* a proxy handed the reset of its other connection on */
	ROLE_SAME_EXIT,	   /* the same process ended */
	ROLE_SAME_UNIT,	   /* processes of one service ended in the same way */
	ROLE_SAME_CLOSE,   /* the same process closed its listeners */
	ROLE_SAME_COMMAND, /* of an administrator: ss -K, conntrack -F */
	ROLE_SCAN,
	ROLE_HEALTH_CHECK,
	ROLE_SAME_SERVICE, /* the service was in the same state */
	N_ROLES_OF_CASES,
};

struct membership {
	bool known; /* looked for; the rest holds */
	enum incident_role role;
	uint64_t size;	     /* so far, with this case */
	uint64_t first_ns;   /* when it began, ns since 1970 */
	const char *because; /* template of the evidence; NULL for the first */
	char id[INCIDENT_ID_TEXT];
	struct tuple other; /* ROLE_OTHER_SIDE: of the reset on the proxy's other connection, */
	uint64_t other_ns;  /* and when it was taken, CLOCK_MONOTONIC */
};

#endif
