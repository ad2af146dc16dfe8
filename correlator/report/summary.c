// SPDX-License-Identifier: GPL-2.0-only
/*
 * summary.c - many resets in a few numbers: when, why, whose, with whom.
 */
#include "report/summary.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "diagnose/causes.h"
#include "diagnose/impact.h"

#define NS_PER_S 1000000000ull
/* Names of each kind; a scan brings a peer a reset. */
#define NAMES_MAX 10000
#define OTHERS "others"

struct summary {
	uint64_t cases;
	uint64_t from_ns;
	uint64_t until_ns;
	uint64_t start_ns; /* of the first bucket */
	uint64_t width_ns; /* of each; doubles when they do not suffice */
	uint64_t buckets[SUMMARY_BUCKETS];
	json_t *causes;
	json_t *impacts;
	json_t *owners;
	json_t *peers;
	json_t *hosts;
	struct groups *groups;
	bool local_time;
};

struct summary *summary__new(void)
{
	struct summary *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->width_ns = NS_PER_S;
	s->causes = json_object();
	s->impacts = json_object();
	s->owners = json_object();
	s->peers = json_object();
	s->hosts = json_object();
	s->groups = groups__new(GROUP_INCIDENT);
	if (s->groups)
		return s;
	summary__free(s);
	errno = ENOMEM;
	return NULL;
}

int summary__show(struct summary *s, enum group_by by, bool local_time)
{
	struct groups *groups = groups__new(by);

	if (!groups)
		return -ENOMEM;
	groups__free(s->groups);
	s->groups = groups;
	s->local_time = local_time;
	return 0;
}

bool summary__local_time(const struct summary *s)
{
	return s->local_time;
}

struct groups *summary__groups(const struct summary *s)
{
	return s->groups;
}

void summary__free(struct summary *s)
{
	if (!s)
		return;
	json_decref(s->causes);
	json_decref(s->impacts);
	json_decref(s->owners);
	json_decref(s->peers);
	json_decref(s->hosts);
	groups__free(s->groups);
	free(s);
}

/* Shifts the buckets, and doubles their width, until they span all there is and @ts_ns. */
static void make_room(struct summary *s, uint64_t ts_ns)
{
	uint64_t first = ts_ns < s->start_ns ? ts_ns : s->start_ns;
	uint64_t last = ts_ns > s->until_ns ? ts_ns : s->until_ns;
	uint64_t old[SUMMARY_BUCKETS], width = s->width_ns, start = first / width * width;
	unsigned int i;

	while ((last - start) / width >= SUMMARY_BUCKETS) {
		width *= 2;
		start = first / width * width;
	}
	memcpy(old, s->buckets, sizeof(old));
	memset(s->buckets, 0, sizeof(s->buckets));
	for (i = 0; i < SUMMARY_BUCKETS; i++)
		if (old[i])
			s->buckets[(s->start_ns + i * s->width_ns - start) / width] += old[i];
	s->start_ns = start;
	s->width_ns = width;
}

static void add_time(struct summary *s, uint64_t ts_ns)
{
	if (!s->cases) {
		s->start_ns = ts_ns / s->width_ns * s->width_ns;
		s->from_ns = s->until_ns = ts_ns;
	}
	if (ts_ns < s->start_ns || (ts_ns - s->start_ns) / s->width_ns >= SUMMARY_BUCKETS)
		make_room(s, ts_ns);
	if (ts_ns < s->from_ns)
		s->from_ns = ts_ns;
	if (ts_ns > s->until_ns)
		s->until_ns = ts_ns;
	s->buckets[(ts_ns - s->start_ns) / s->width_ns]++;
}

static void count(json_t *names, const char *name)
{
	json_t *n = json_object_get(names, name);

	if (!n && json_object_size(names) >= NAMES_MAX) {
		name = OTHERS;
		n = json_object_get(names, name);
	}
	/* What is no UTF-8 has no name in JSON. */
	if (n)
		json_integer_set(n, json_integer_value(n) + 1);
	else if (json_object_set_new(names, name, json_integer(1)) && strcmp(name, OTHERS))
		count(names, OTHERS);
}

void case_peer(const struct reset_case *c, char *buf, size_t len)
{
	const struct tuple *t = &c->seen.rst.tuple;
	FILE *out = fmemopen(buf, len, "w");

	*buf = 0;
	if (!out)
		return;
	print_address(out, c->diagnosis.origin == ORIGIN_LOCAL ? t->daddr : t->saddr, t->family);
	fclose(out);
}

const char *case_owner(const struct reset_case *c)
{
	const struct owner *o = &c->asked.owner;

	if (!o->known)
		return "";
	return o->comm[0] ? o->comm : o->container[0] ? o->container : o->cgroup;
}

static void count_cause(struct summary *s, const struct reset_case *c)
{
	json_t *by = json_object_get(s->causes, c->diagnosis.cause->id), *n;

	if (!by) {
		by = json_pack("[i i i i]", 0, 0, 0, 0);
		json_object_set_new(s->causes, c->diagnosis.cause->id, by);
	}
	n = json_array_get(by, c->diagnosis.confidence);
	json_integer_set(n, json_integer_value(n) + 1);
}

void summary__add(struct summary *s, const struct reset_case *c,
		  const struct report_context *report)
{
	char peer[64];

	add_time(s, wall_time(c->seen.rst.ts_ns, report));
	s->cases++;
	count_cause(s, c);
	count(s->impacts, impact_id(c->diagnosis.impact.kind));
	case_peer(c, peer, sizeof(peer));
	count(s->peers, peer);
	count(s->hosts, report->host);
	groups__add(s->groups, c, report);
	if (*case_owner(c))
		count(s->owners, case_owner(c));
}

uint64_t summary__cases(const struct summary *s)
{
	return s->cases;
}

uint64_t summary__from_ns(const struct summary *s)
{
	return s->from_ns;
}

uint64_t summary__until_ns(const struct summary *s)
{
	return s->until_ns;
}

const uint64_t *summary__buckets(const struct summary *s, uint64_t *ret_start_ns,
				 uint64_t *ret_width_ns)
{
	*ret_start_ns = s->start_ns;
	*ret_width_ns = s->width_ns;
	return s->buckets;
}

const json_t *summary__causes(const struct summary *s)
{
	return s->causes;
}

const json_t *summary__impacts(const struct summary *s)
{
	return s->impacts;
}

const json_t *summary__owners(const struct summary *s)
{
	return s->owners;
}

const json_t *summary__peers(const struct summary *s)
{
	return s->peers;
}

const json_t *summary__hosts(const struct summary *s)
{
	return s->hosts;
}

/* Without the fraction. */
static void print_wall(FILE *out, uint64_t ns, bool local_time)
{
	struct report_context wall = { .local_time = local_time };
	char ts[40];

	format_time(ts, sizeof(ts), ns, &wall);
	fprintf(out, "%.19s%s", ts, ts + 29);
}

static void print_hosts(FILE *out, const json_t *hosts)
{
	const char *name;
	json_t *n;
	unsigned int i = 0;

	json_object_foreach((json_t *)hosts, name, n)
	{
		if (i == 3) {
			fprintf(out, " and %zu more", json_object_size(hosts) - i);
			break;
		}
		fputs(i++ ? ", " : " on ", out);
		print_escaped(out, name);
	}
}

char *summary__scope(const struct summary *s)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "%" PRIu64 " reset%s", s->cases, s->cases == 1 ? "" : "s");
	print_hosts(out, s->hosts);
	if (s->cases) {
		fputs(", from ", out);
		print_wall(out, s->from_ns, s->local_time);
		fputs(" to ", out);
		print_wall(out, s->until_ns, s->local_time);
	}
	fclose(out);
	return text;
}

json_t *summary__json(const struct summary *s)
{
	json_t *buckets = json_array();
	char *scope = summary__scope(s);
	json_t *o;
	unsigned int i;

	for (i = 0; i < SUMMARY_BUCKETS; i++)
		json_array_append_new(buckets, json_integer((json_int_t)s->buckets[i]));
	o = json_pack("{sI ss sI sI so sO sO sO sO sO}", "resets", (json_int_t)s->cases, "scope",
		      scope ? scope : "", "start_ns", (json_int_t)s->start_ns, "width_ns",
		      (json_int_t)s->width_ns, "over_time", buckets, "causes", s->causes, "impacts",
		      s->impacts, "owners", s->owners, "peers", s->peers, "hosts", s->hosts);
	json_object_set_new(o, "group_by", json_string(group_by_id(groups__by(s->groups))));
	json_object_set_new(o, "groups", groups__json(s->groups));
	free(scope);
	return o;
}
