// SPDX-License-Identifier: GPL-2.0-only
/*
 * incidents.c - which resets belong together: the keys of the past cases, and the incidents they are of.
 *
 *      case --- its key of each row ---> entry, by hash --- refers to ---> incident: id, size
 *
 * A case looks its keys up, and joins the incident of the first that is there. Then its own keys are
 * entered. Entries are forgotten in the order of their last use; an incident, with its last entry.
 */
#include "diagnose/incidents.h"

#include <stdlib.h>
#include <string.h>

#include "diagnose/incident_links.h"
#include "diagnose/proxy_sides.h"
#include "model/case_id.h"

_Static_assert(INCIDENT_ID_TEXT == CASE_ID_TEXT, "an incident's id is a case's");

#define N_BUCKETS INCIDENT_KEYS_MAX /* a power of two */
#define PORTS_MAX 4
/* Resets that processes of these hosts took, and may hand on. */
#define TAKEN_MAX 256
/* More often is no check, but a loop. */
#define BEAT_MIN_NS 100000000u
/* Of an interval: what a busy machine makes of it. */
#define JITTER 5

/* The row and the host come first, then what the case gives; without holes. */
struct key {
	uint32_t row;
	uint32_t host;
	uint8_t bytes[LINK_KEY_MAX];
};

struct incident {
	struct incident *next; /* spare */
	uint32_t entries;
	uint64_t size;
	uint64_t first_ns;
	char id[INCIDENT_ID_TEXT];
};

struct entry {
	struct entry *next;	     /* of the bucket, or spare */
	struct entry *older, *newer; /* by use */
	struct incident *incident;
	struct key key;
	uint64_t when_ns;
	uint64_t interval_ns;
	unsigned int beats; /* intervals that were equal */
	unsigned int n_ports;
	uint16_t ports[PORTS_MAX];
};

struct taken {
	struct incident *incident; /* NULL = unused */
	uint32_t host;
	struct proxy_side side;
};

struct incidents {
	struct taken taken[TAKEN_MAX]; /* the newest overwrites the oldest */
	unsigned int n_taken;
	struct entry *buckets[N_BUCKETS];
	struct entry *oldest, *newest, *spare_entries;
	struct incident *spare_incidents;
	uint64_t forgotten;
	unsigned int n_entries, n_incidents; /* places that were ever used */
	struct entry entries[INCIDENT_KEYS_MAX];
	/* of every entry, and of the case at hand */
	struct incident incidents[INCIDENT_KEYS_MAX + TAKEN_MAX + 1];
};

/* A case's key of one row, and what is there. */
struct found {
	struct entry *entry; /* NULL = none */
	uint64_t when_ns;
	struct key key;
	uint16_t port;
	bool has_key;
	bool anew; /* what is there does not hold any more */
};

static const char *const roles[N_ROLES_OF_CASES] = {
	[ROLE_FIRST] = "first",
	[ROLE_AFTERMATH] = "aftermath",
	[ROLE_REPEAT] = "repeat",
	[ROLE_OTHER_SIDE] = "other-side",
	[ROLE_SAME_EXIT] = "same-exit",
	[ROLE_SAME_UNIT] = "same-unit",
	[ROLE_SAME_CLOSE] = "same-close",
	[ROLE_SAME_COMMAND] = "same-command",
	[ROLE_SCAN] = "scan",
	[ROLE_HEALTH_CHECK] = "health-check",
	[ROLE_SAME_SERVICE] = "same-service",
};

const char *incident_role_id(unsigned int role)
{
	return role < N_ROLES_OF_CASES ? roles[role] : NULL;
}

struct incidents *incidents__new(void)
{
	return calloc(1, sizeof(struct incidents));
}

/* FNV-1a. */
static uint64_t hash(const void *what, size_t len)
{
	const uint8_t *at = what;
	uint64_t h = 0xcbf29ce484222325ull;

	while (len--)
		h = (h ^ *at++) * 0x100000001b3ull;
	return h;
}

static struct entry **bucket_of(struct incidents *t, const struct key *key)
{
	uint64_t h = hash(key, sizeof(*key));

	return &t->buckets[(h ^ h >> 32) % N_BUCKETS];
}

/* --- entries, by use ------------------------------------------------------------------------------ */

static void leave_order(struct incidents *t, struct entry *e)
{
	*(e->older ? &e->older->newer : &t->oldest) = e->newer;
	*(e->newer ? &e->newer->older : &t->newest) = e->older;
	e->older = e->newer = NULL;
}

static void become_newest(struct incidents *t, struct entry *e)
{
	e->older = t->newest;
	*(t->newest ? &t->newest->newer : &t->oldest) = e;
	t->newest = e;
}

static void let_go(struct incidents *t, struct incident *i)
{
	if (!i || --i->entries)
		return;
	i->next = t->spare_incidents;
	t->spare_incidents = i;
}

static void refer(struct incidents *t, struct entry *e, struct incident *i)
{
	i->entries++;
	let_go(t, e->incident);
	e->incident = i;
}

static struct incident *new_incident(struct incidents *t)
{
	struct incident *i = t->spare_incidents;

	if (i)
		t->spare_incidents = i->next;
	else
		i = &t->incidents[t->n_incidents++];
	return i;
}

static bool is_good(const struct entry *e, uint64_t when_ns)
{
	uint64_t apart = when_ns > e->when_ns ? when_ns - e->when_ns : e->when_ns - when_ns;

	return apart <= incident_links[e->key.row].within_ns;
}

static void forget_oldest(struct incidents *t, uint64_t now_ns)
{
	struct entry *e = t->oldest, **at = bucket_of(t, &e->key);

	t->forgotten += is_good(e, now_ns);
	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	leave_order(t, e);
	let_go(t, e->incident);
	*e = (struct entry){ .next = t->spare_entries };
	t->spare_entries = e;
}

/* What was found stays while the keys of the same case are entered: it is not among the oldest then. */
static struct entry *find(struct incidents *t, const struct key *key)
{
	struct entry *e = *bucket_of(t, key);

	while (e && memcmp(&e->key, key, sizeof(*key)) != 0)
		e = e->next;
	if (e) {
		leave_order(t, e);
		become_newest(t, e);
	}
	return e;
}

static struct entry *spare_entry(struct incidents *t, uint64_t now_ns)
{
	struct entry *e;

	if (t->n_entries < INCIDENT_KEYS_MAX)
		return &t->entries[t->n_entries++];
	if (!t->spare_entries)
		forget_oldest(t, now_ns);
	e = t->spare_entries;
	t->spare_entries = e->next;
	return e;
}

static struct entry *enter(struct incidents *t, const struct key *key, uint64_t when_ns)
{
	struct entry *e = spare_entry(t, when_ns), **bucket = bucket_of(t, key);

	*e = (struct entry){ .next = *bucket, .key = *key, .when_ns = when_ns };
	*bucket = e;
	become_newest(t, e);
	return e;
}

/* --- what has to come together first ---------------------------------------------------------------- */

static void count_port(struct entry *e, uint16_t port)
{
	unsigned int i;

	for (i = 0; i < e->n_ports; i++)
		if (e->ports[i] == port)
			return;
	if (e->n_ports < PORTS_MAX)
		e->ports[e->n_ports++] = port;
}

/* false: the rhythm is broken. */
static bool count_beat(struct entry *e, uint64_t when_ns)
{
	uint64_t interval = when_ns > e->when_ns ? when_ns - e->when_ns : 0, was = e->interval_ns;
	uint64_t off = interval > was ? interval - was : was - interval;

	if (interval < BEAT_MIN_NS)
		return false;
	if (was && off > was / JITTER)
		return false;
	e->interval_ns = interval;
	e->beats++;
	return true;
}

static bool is_enough(const struct incident_link *l, const struct entry *e)
{
	return e->n_ports >= l->ports && e->beats >= l->beats;
}

/* --- a case ------------------------------------------------------------------------------------------ */

static uint32_t host_of(const struct incident_scene *at)
{
	return at->host ? (uint32_t)hash(at->host, strlen(at->host)) : 0;
}

static struct key whole_key(unsigned int row, const struct link_key *k,
			    const struct incident_scene *at)
{
	struct key key = { .row = row };

	if (incident_links[row].of_host)
		key.host = host_of(at);
	memcpy(key.bytes, k->bytes, sizeof(key.bytes));
	return key;
}

static uint64_t wall(uint64_t ts_ns, const struct incident_scene *at)
{
	return ts_ns + (uint64_t)at->wall_offset_ns;
}

/* true: by this row it belongs to what is there. */
static bool look_up(struct incidents *t, unsigned int row, const struct reset_case *c,
		    const struct incident_scene *at, struct found *f)
{
	const struct incident_link *l = &incident_links[row];
	struct link_key k;

	*f = (struct found){ .has_key = l->key(c, &k) };
	if (!f->has_key)
		return false;
	f->key = whole_key(row, &k, at);
	f->when_ns = wall(k.when_ns, at);
	f->port = k.port;
	f->entry = find(t, &f->key);
	if (!f->entry)
		return false;
	f->anew = !is_good(f->entry, f->when_ns) || (l->beats && !count_beat(f->entry, f->when_ns));
	if (!f->anew && l->ports)
		count_port(f->entry, f->port);
	return !f->anew && is_enough(l, f->entry);
}

static void remember(struct incidents *t, const struct found *f, struct incident *i)
{
	struct entry *e = f->entry ? f->entry : enter(t, &f->key, f->when_ns);

	if (!f->entry || f->anew) {
		refer(t, e, i);
		e->n_ports = e->beats = 0;
		e->interval_ns = 0;
		count_port(e, f->port);
		e->when_ns = f->when_ns;
	}
	if (f->when_ns > e->when_ns)
		e->when_ns = f->when_ns;
}

/* By what later cases may refer to it. */
static void offer(struct incidents *t, unsigned int row, const struct reset_case *c,
		  const struct incident_scene *at, struct incident *i)
{
	struct found f = { .has_key = true };
	struct link_key k;
	unsigned int n;

	for (n = 0; incident_links[row].offers(c, n, &k); n++) {
		f.key = whole_key(row, &k, at);
		f.when_ns = wall(k.when_ns, at);
		f.entry = find(t, &f.key);
		f.anew = f.entry && !is_good(f.entry, f.when_ns);
		remember(t, &f, i);
	}
}

/* With the id of the case, or of the one that it follows from, which was not seen. */
static struct incident *begin_incident(struct incidents *t, struct reset_case *c,
				       const struct incident_scene *at)
{
	const struct packet *first = &c->seen.rst, *missed;
	struct incident *i = new_incident(t);
	unsigned int row;

	c->incident.role = ROLE_FIRST;
	c->incident.because = NULL;
	for (row = 0; row < n_incident_links; row++) {
		const struct incident_link *l = &incident_links[row];

		missed = l->first ? l->first(c) : NULL;
		if (!missed)
			continue;
		first = missed;
		c->incident.role = l->role;
		c->incident.because = l->because;
		break;
	}
	*i = (struct incident){ .first_ns = wall(first->ts_ns, at) };
	reset_id(i->id, first, i->first_ns);
	return i;
}

static void remember_all(struct incidents *t, const struct found found[],
			 const struct reset_case *c, const struct incident_scene *at,
			 struct incident *i)
{
	unsigned int row;

	for (row = 0; row < n_incident_links; row++) {
		if (found[row].has_key)
			remember(t, &found[row], i);
		if (incident_links[row].offers)
			offer(t, row, c, at, i);
	}
}

/* --- the two sides of a proxy --------------------------------------------------------------------------- */

static void remember_taken(struct incidents *t, const struct reset_case *c,
			   const struct incident_scene *at, struct incident *i)
{
	struct taken *place = &t->taken[t->n_taken % TAKEN_MAX];
	struct proxy_side side;

	if (!proxy_side_taken(c, &side))
		return;
	i->entries++;
	let_go(t, place->incident);
	*place = (struct taken){ .incident = i, .host = host_of(at), .side = side };
	t->n_taken++;
}

/* The only one that fits; NULL: none does, or it could be either of two. */
static const struct taken *taken_before(const struct incidents *t, const struct reset_case *c,
					const struct incident_scene *at)
{
	const struct taken *only = NULL;
	struct proxy_side side;
	unsigned int i;

	if (!proxy_side_sent(c, &side))
		return NULL;
	for (i = 0; i < TAKEN_MAX; i++) {
		const struct taken *k = &t->taken[i];

		if (!k->incident || k->host != host_of(at) || !proxy_sides_fit(&k->side, &side))
			continue;
		if (only)
			return NULL;
		only = k;
	}
	return only;
}

static struct incident *handed_on(struct incidents *t, struct reset_case *c,
				  const struct incident_scene *at)
{
	const struct taken *k = taken_before(t, c, at);

	if (!k)
		return NULL;
	c->incident.role = ROLE_OTHER_SIDE;
	c->incident.other = k->side.rst;
	c->incident.other_ns = k->side.rst_ns;
	c->incident.because = PROXY_SIDES_BECAUSE;
	return k->incident;
}

void incidents__add(struct incidents *t, struct reset_case *c, const struct incident_scene *at)
{
	struct found found[INCIDENT_LINKS_MAX];
	struct incident *i = NULL;
	unsigned int row;

	c->incident.known = true;
	for (row = 0; row < n_incident_links; row++) {
		if (!look_up(t, row, c, at, &found[row]) || i)
			continue;
		i = found[row].entry->incident;
		c->incident.role = incident_links[row].role;
		c->incident.because = incident_links[row].because;
	}
	if (!i)
		i = handed_on(t, c, at);
	if (!i)
		i = begin_incident(t, c, at);
	c->incident.size = ++i->size;
	c->incident.first_ns = i->first_ns;
	memcpy(c->incident.id, i->id, sizeof(i->id));
	i->entries++; /* held until all is entered */
	remember_all(t, found, c, at, i);
	remember_taken(t, c, at, i);
	let_go(t, i);
}

uint64_t incidents__forgotten(const struct incidents *t)
{
	return t->forgotten;
}

void incidents__free(struct incidents *t)
{
	free(t);
}
