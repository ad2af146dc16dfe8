// SPDX-License-Identifier: GPL-2.0-only
/*
 * groups.c - many resets as a few lines: by incident, cause, service, owner, pod or source.
 */
#include "report/groups.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "model/case_id.h"
#include "report/summary.h"

/* A scan from forged addresses brings a source a reset. */
#define GROUPS_MAX 10000
#define OTHERS "others"
/* In JSON; the rest is in the cases. */
#define JSON_MAX 1000

struct groups {
	enum group_by by;
	json_t *numbers; /* name: place in list */
	struct group *list;
	size_t n, room;
	struct group *sorted;
};

static const char *const ids[N_GROUP_BYS] = {
	[GROUP_INCIDENT] = "incident", [GROUP_CAUSE] = "cause", [GROUP_SERVICE] = "service",
	[GROUP_OWNER] = "owner",       [GROUP_POD] = "pod",	[GROUP_SOURCE] = "source",
};

const char *group_by_id(unsigned int by)
{
	return by < N_GROUP_BYS ? ids[by] : NULL;
}

struct groups *groups__new(enum group_by by)
{
	struct groups *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->by = by;
	g->numbers = json_object();
	if (g->numbers)
		return g;
	free(g);
	errno = ENOMEM;
	return NULL;
}

void groups__free(struct groups *g)
{
	size_t i;

	if (!g)
		return;
	for (i = 0; i < g->n; i++)
		free(g->list[i].sort_name);
	json_decref(g->numbers);
	free(g->sorted);
	free(g->list);
	free(g);
}

enum group_by groups__by(const struct groups *g)
{
	return g->by;
}

/* --- what a case is grouped by ---------------------------------------------------------------------- */

static void print_end(char *buf, size_t len, const uint8_t *addr, uint16_t port, uint8_t family)
{
	FILE *out = fmemopen(buf, len, "w");

	*buf = 0;
	if (!out)
		return;
	if (port)
		print_endpoint(out, addr, port, family);
	else
		print_address(out, addr, family);
	fclose(out);
}

/* Servers' ports are the lower ones; clients know the address before NAT. */
static void print_service(char *buf, size_t len, const struct reset_case *c)
{
	const struct conntrack *ct = &c->asked.ct;
	const struct tuple *t = &c->seen.rst.tuple;

	if (ct->has_entry && ct->dnat)
		print_end(buf, len, ct->orig.daddr, ct->orig.dport, ct->orig.family);
	else if (t->sport <= t->dport)
		print_end(buf, len, t->saddr, t->sport, t->family);
	else
		print_end(buf, len, t->daddr, t->dport, t->family);
}

static void print_owner(char *buf, size_t len, const struct reset_case *c)
{
	const struct owner *o = &c->asked.owner;

	if (o->known && o->pid)
		snprintf(buf, len, "%s[%u]", o->comm, o->pid);
	else
		snprintf(buf, len, "%.*s", (int)len - 1, case_owner(c));
}

void group_name(char *buf, size_t len, enum group_by by, const struct reset_case *c,
		const struct report_context *ctx)
{
	const char *owner = case_owner(c), *pod = c->asked.owner.pod;

	switch (by) {
	case GROUP_CAUSE:
		snprintf(buf, len, "%s", c->diagnosis.cause->id);
		break;
	case GROUP_SERVICE:
		print_service(buf, len, c);
		break;
	case GROUP_OWNER:
		snprintf(buf, len, "%s", *owner ? owner : "(not known)");
		break;
	case GROUP_POD:
		snprintf(buf, len, "%s", c->asked.owner.known && *pod ? pod : "(none)");
		break;
	case GROUP_SOURCE:
		print_end(buf, len, c->seen.rst.tuple.saddr, 0, c->seen.rst.tuple.family);
		break;
	default:
		if (c->incident.known)
			snprintf(buf, len, "%s", c->incident.id);
		else
			case_id(buf, c, wall_time(c->seen.rst.ts_ns, ctx));
	}
}

/* --- the list ----------------------------------------------------------------------------------------- */

static struct group *new_group(struct groups *g, const char *name)
{
	size_t room = g->room ? 2 * g->room : 64;
	struct group *list = g->list;

	if (g->n == g->room) {
		list = realloc(g->list, room * sizeof(*list));
		if (!list)
			return NULL;
		g->list = list;
		g->room = room;
	}
	list[g->n] = (struct group){ .sort_name = strdup(name) };
	list[g->n].name = list[g->n].sort_name;
	if (!list[g->n].name)
		return NULL;
	json_object_set_new(g->numbers, name, json_integer((json_int_t)g->n));
	return &list[g->n++];
}

/* What is no UTF-8 has no name in JSON. */
static struct group *find_group(struct groups *g, const char *name)
{
	json_t *probe = json_string(name), *at;

	if (!probe)
		name = "(no UTF-8)";
	json_decref(probe);
	at = json_object_get(g->numbers, name);
	if (!at && g->n >= GROUPS_MAX) {
		name = OTHERS;
		at = json_object_get(g->numbers, name);
	}
	return at ? &g->list[json_integer_value(at)] : new_group(g, name);
}

void groups__add(struct groups *g, const struct reset_case *c, const struct report_context *ctx)
{
	uint64_t wall = wall_time(c->seen.rst.ts_ns, ctx);
	char name[GROUP_NAME_MAX];
	struct group *at;

	group_name(name, sizeof(name), g->by, c, ctx);
	at = find_group(g, name);
	if (!at)
		return;
	if (!at->n++) {
		at->cause = c->diagnosis.cause->id;
		at->from_ns = at->until_ns = wall;
		print_service(at->service, sizeof(at->service), c);
		print_owner(at->owner, sizeof(at->owner), c);
	}
	at->causes_differ |= at->cause != c->diagnosis.cause->id;
	at->from_ns = wall < at->from_ns ? wall : at->from_ns;
	at->until_ns = wall > at->until_ns ? wall : at->until_ns;
}

static int by_number(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return x->from_ns != y->from_ns ? (x->from_ns < y->from_ns ? -1 : 1) :
					  strcmp(x->name, y->name);
}

const struct group *groups__sorted(struct groups *g, size_t *ret_n)
{
	free(g->sorted);
	g->sorted = malloc((g->n + 1) * sizeof(*g->sorted));
	*ret_n = g->sorted ? g->n : 0;
	if (!g->sorted)
		return NULL;
	if (g->n)
		memcpy(g->sorted, g->list, g->n * sizeof(*g->sorted));
	qsort(g->sorted, g->n, sizeof(*g->sorted), by_number);
	return g->sorted;
}

/* --- for people and programs ---------------------------------------------------------------------------- */

/* Cut to so many bytes of what is printed, so that a line stays one. */
#define WHO_MAX 60

static void print_cut(FILE *out, const char *text)
{
	char cut[WHO_MAX + 1];

	snprintf(cut, sizeof(cut), "%s", text);
	print_escaped(out, cut);
}

static void print_line(FILE *out, const struct group *at, enum group_by by, bool local_time)
{
	struct report_context wall = { .local_time = local_time };
	char ts[40], lasted[DURATION_TEXT_MAX];

	format_time(ts, sizeof(ts), at->from_ns, &wall);
	format_duration(lasted, at->until_ns - at->from_ns);
	fprintf(out, "  %8" PRIu64 "  %.19s  %10s  %s%s  ", at->n, ts, at->n > 1 ? lasted : "",
		at->cause, at->causes_differ ? ", ..." : "");
	if (by == GROUP_INCIDENT || by == GROUP_CAUSE) {
		print_cut(out, at->service);
		fputs(*at->owner ? " " : "", out);
		print_cut(out, at->owner);
	} else {
		print_cut(out, at->name);
	}
	if (by == GROUP_INCIDENT)
		fprintf(out, "  id %.32s", at->name);
	fputc('\n', out);
}

void groups__print(struct groups *g, FILE *out, size_t max, bool local_time)
{
	const struct group *list;
	size_t n, i;

	list = groups__sorted(g, &n);
	if (!n)
		return;
	fprintf(out, "%zu %s%s (resets, since, for, cause)\n", n, group_by_id(g->by),
		n == 1 ? "" : "s");
	for (i = 0; i < n && i < max; i++)
		print_line(out, &list[i], g->by, local_time);
	if (n > max)
		fprintf(out, "            and %zu more\n", n - max);
}

json_t *groups__json(struct groups *g)
{
	json_t *array = json_array();
	const struct group *list;
	size_t n, i;

	list = groups__sorted(g, &n);
	for (i = 0; array && i < n && i < JSON_MAX; i++) {
		json_t *service = json_string(list[i].service), *owner = json_string(list[i].owner);

		json_array_append_new(
			array,
			json_pack("{ss sI sI sI ss so so}", "name", list[i].name, "resets",
				  (json_int_t)list[i].n, "from_ns", (json_int_t)list[i].from_ns,
				  "until_ns", (json_int_t)list[i].until_ns, "cause", list[i].cause,
				  "service", service ? service : json_null(), "owner",
				  owner && *list[i].owner ? owner : json_null()));
		if (owner && !*list[i].owner)
			json_decref(owner);
	}
	return array;
}
