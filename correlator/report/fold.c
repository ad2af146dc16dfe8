// SPDX-License-Identifier: GPL-2.0-only
/*
 * fold.c - an incident of many resets as the first of them and a line now and then.
 *
 * No reset is lost: each is printed whole, or counted in exactly one line.
 */
#include "report/fold.h"

#include <stdlib.h>
#include <string.h>

#include "diagnose/incidents.h"

#define NS_PER_SEC 1000000000ull
#define LINE_EVERY_NS NS_PER_SEC
/* Incidents that are under way at once; one that had to make room is printed whole again. */
#define SLOTS 1024

struct slot {
	char id[INCIDENT_ID_TEXT]; /* "" = free */
	const char *role;
	uint64_t n; /* not in any line yet */
	uint64_t all;
	uint64_t line_ns; /* when the last line was, or the first case */
};

struct fold {
	struct slot slots[SLOTS];
	size_t next; /* for fold__rest() */
};

struct fold *fold__new(void)
{
	return calloc(1, sizeof(struct fold));
}

void fold__free(struct fold *f)
{
	free(f);
}

/* By the digits that are a hash. */
static struct slot *slot_of(struct fold *f, const char *id)
{
	char digits[9] = "";

	memcpy(digits, id + 8, 8);
	return &f->slots[strtoul(digits, NULL, 16) % SLOTS];
}

static void take_count(struct slot *s, uint64_t now_ns, struct folded *ret)
{
	uint64_t ns = now_ns > s->line_ns ? now_ns - s->line_ns : 0;

	ret->role = s->role;
	ret->n = s->n;
	ret->all = s->all;
	ret->per_second = ns >= NS_PER_SEC ? s->n * NS_PER_SEC / ns : 0;
	memcpy(ret->id, s->id, sizeof(ret->id));
	s->n = 0;
	s->line_ns = now_ns;
}

bool fold__take(struct fold *f, const struct reset_case *c, uint64_t wall_ns, struct folded *ret,
		struct folded *ret_left)
{
	const struct membership *m = &c->incident;
	struct slot *s;

	*ret = *ret_left = (struct folded){ 0 };
	if (!m->known)
		return false;
	s = slot_of(f, m->id);
	if (strcmp(s->id, m->id) != 0) {
		if (s->n)
			take_count(s, wall_ns, ret_left);
		*s = (struct slot){ .role = incident_role_id(m->role),
				    .all = 1,
				    .line_ns = wall_ns };
		memcpy(s->id, m->id, sizeof(s->id));
		return false;
	}
	s->role = incident_role_id(m->role);
	s->n++;
	/* The second says at once that there are more. */
	if (++s->all == 2 || wall_ns >= s->line_ns + LINE_EVERY_NS)
		take_count(s, wall_ns, ret);
	return true;
}

bool fold__rest(struct fold *f, struct folded *ret)
{
	for (; f->next < SLOTS; f->next++) {
		struct slot *s = &f->slots[f->next];

		if (!s->n)
			continue;
		take_count(s, s->line_ns, ret);
		return true;
	}
	f->next = 0;
	return false;
}
