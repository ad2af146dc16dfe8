// SPDX-License-Identifier: GPL-2.0-only
/*
 * incident_links.c - what ties a reset to earlier ones: a kind is a row of the table at the end.
 *
 * A false link is worse than none: a row needs something that only resets of one origin share, and
 * its sentence says what that is. "At the same time" is never enough.
 */
#include "diagnose/incident_links.h"

#include <string.h>

#include "diagnose/aftermath.h"

#define NS_PER_SEC 1000000000ull

static void append(struct link_key *k, size_t *at, const void *what, size_t len)
{
	memcpy(k->bytes + *at, what, len);
	*at += len;
}

static bool begin(struct link_key *k, const struct reset_case *c)
{
	*k = (struct link_key){ .when_ns = c->seen.rst.ts_ns };
	return true;
}

static bool has(const struct reset_case *c, fact_set facts)
{
	return (c->diagnosis.facts_yes & facts) == facts;
}

static bool is_cause(const struct reset_case *c, const char *id)
{
	return !strcmp(c->diagnosis.cause->id, id) && c->diagnosis.confidence >= CONF_LIKELY;
}

/* --- of one connection -------------------------------------------------------------------------- */

static void key_of_rst(struct link_key *k, const struct tuple *t, const struct packet *rst)
{
	uint8_t flags = rst->flags & (FLAG_FIN | FLAG_SYN | FLAG_RST | FLAG_ACK);
	size_t at = 0;

	append(k, &at, t->saddr, sizeof(t->saddr));
	append(k, &at, t->daddr, sizeof(t->daddr));
	append(k, &at, &t->sport, sizeof(t->sport));
	append(k, &at, &t->dport, sizeof(t->dport));
	append(k, &at, &rst->seq, sizeof(rst->seq));
	append(k, &at, &rst->ack, sizeof(rst->ack));
	append(k, &at, &flags, sizeof(flags));
}

static bool first_of_connection(const struct reset_case *c, struct link_key *k)
{
	const struct packet *first = first_reset(c);

	if (!first)
		return false;
	begin(k, c);
	key_of_rst(k, &first->tuple, first);
	return true;
}

/* Its own RST, by the addresses of each place where it was seen. */
static bool itself_at(const struct reset_case *c, unsigned int i, struct link_key *k)
{
	if (c->seen.kind != CASE_RESET || i > c->seen.n_sightings)
		return false;
	begin(k, c);
	key_of_rst(k, i ? &c->seen.sightings[i - 1].tuple : &c->seen.rst.tuple, &c->seen.rst);
	return true;
}

static bool itself(const struct reset_case *c, struct link_key *k)
{
	return itself_at(c, 0, k);
}

/* --- of one process, or one command --------------------------------------------------------------- */

static bool key_of_task(const struct reset_case *c, struct link_key *k)
{
	size_t at = 0;

	if (!c->seen.kernel->tgid)
		return false;
	begin(k, c);
	append(k, &at, &c->seen.kernel->tgid, sizeof(c->seen.kernel->tgid));
	return true;
}

static bool is_exit(const struct reset_case *c)
{
	return has(c, FACT(ACTIVE) | FACT(IN_EXIT)) && c->seen.kernel->exiting;
}

static bool ended_process(const struct reset_case *c, struct link_key *k)
{
	size_t at = sizeof(c->seen.kernel->tgid);

	if (!is_exit(c) || !key_of_task(c, k))
		return false;
	append(k, &at, &c->seen.kernel->exit_code, sizeof(c->seen.kernel->exit_code));
	return true;
}

/* In the session of a user, programs of one name have nothing to do with each other. */
static bool is_service(const struct owner *o)
{
	size_t len = strlen(o->cgroup);

	return o->container[0] || (len > 8 && !strcmp(o->cgroup + len - 8, ".service"));
}

static bool ended_service(const struct reset_case *c, struct link_key *k)
{
	const struct kernel_event *kernel = c->seen.kernel;
	size_t at = 0;

	if (!is_exit(c) || !kernel->task_cgroup || !is_service(&c->asked.owner))
		return false;
	begin(k, c);
	append(k, &at, &kernel->task_cgroup, sizeof(kernel->task_cgroup));
	append(k, &at, &kernel->exit_code, sizeof(kernel->exit_code));
	append(k, &at, kernel->comm, sizeof(kernel->comm));
	return true;
}

static bool closed_listener(const struct reset_case *c, struct link_key *k)
{
	return has(c, FACT(ACTIVE) | FACT(IN_LISTEN_STOP)) && !has(c, FACT(IN_EXIT)) &&
	       key_of_task(c, k);
}

static bool killer(const struct reset_case *c, struct link_key *k)
{
	return has(c, FACT(ACTIVE) | FACT(IN_ABORT)) && key_of_task(c, k);
}

/* When the mapping was dropped counts, not when a segment missed it. */
static bool deleted_mapping(const struct reset_case *c, struct link_key *k)
{
	const struct gone_mapping *gone = &c->asked.gone;
	size_t at = 0;

	if (!(c->diagnosis.facts_yes & (FACT(MAPPING_GONE) | FACT(REMAPPED))) ||
	    !gone->by_request || !gone->by_port)
		return false;
	begin(k, c);
	k->when_ns = gone->ts_ns;
	append(k, &at, &gone->by_port, sizeof(gone->by_port));
	return true;
}

/* --- of one client, or one service ------------------------------------------------------------------ */

/* Not guessed by the ports: then a server's clients would be taken for its ports. */
static bool is_opened_by_sender(const struct reset_case *c)
{
	unsigned int i;

	for (i = 0; i < c->asked.n_history; i++)
		if (is_bare_syn(&c->asked.history[i]) &&
		    tuple_equal(&c->asked.history[i].tuple, &c->seen.rst.tuple))
			return true;
	return false;
}

/* The side that opened a connection which came to nothing, and the other one. */
static bool failed_attempt(const struct reset_case *c, struct link_key *k, size_t *at)
{
	const struct tuple *t = &c->seen.rst.tuple;
	bool by_opener = c->diagnosis.impact.kind == IMPACT_PROBE;

	if (c->seen.kind != CASE_RESET ||
	    (by_opener ? !is_opened_by_sender(c) : c->diagnosis.impact.kind != IMPACT_REFUSED))
		return false;
	begin(k, c);
	*at = 0;
	append(k, at, by_opener ? t->saddr : t->daddr, sizeof(t->saddr));
	append(k, at, by_opener ? t->daddr : t->saddr, sizeof(t->daddr));
	k->port = by_opener ? t->dport : t->sport;
	return true;
}

static bool tried_port(const struct reset_case *c, struct link_key *k)
{
	size_t at;

	return failed_attempt(c, k, &at);
}

static bool probed_service(const struct reset_case *c, struct link_key *k)
{
	size_t at;

	if (c->diagnosis.impact.kind != IMPACT_PROBE || !failed_attempt(c, k, &at))
		return false;
	append(k, &at, &k->port, sizeof(k->port));
	return true;
}

static bool key_of_service(const struct reset_case *c, struct link_key *k)
{
	const struct tuple *t = &c->seen.rst.tuple;
	size_t at = 0;

	begin(k, c);
	append(k, &at, t->saddr, sizeof(t->saddr));
	append(k, &at, &t->sport, sizeof(t->sport));
	return true;
}

static bool dead_service(const struct reset_case *c, struct link_key *k)
{
	return is_cause(c, "closed-port") && key_of_service(c, k);
}

static bool full_listener(const struct reset_case *c, struct link_key *k)
{
	return is_cause(c, "accept-overflow") && key_of_service(c, k);
}

static bool rejected_service(const struct reset_case *c, struct link_key *k)
{
	return is_cause(c, "netfilter-reject") && key_of_service(c, k);
}

const struct incident_link incident_links[] = {
	{
		.role = ROLE_AFTERMATH,
		.because = "the same connection had been reset at {first.time} by {first.src}",
		.key = first_of_connection,
		.offers = itself_at,
		.first = first_reset,
		.within_ns = 600 * NS_PER_SEC,
	},
	{
		.role = ROLE_REPEAT,
		.because = "the same RST had been sent at {incident.time}",
		.key = itself,
		.within_ns = 120 * NS_PER_SEC,
	},
	{
		.role = ROLE_SAME_EXIT,
		.because = "{exit}; the first of its connections was reset at {incident.time}",
		.key = ended_process,
		.within_ns = 2 * NS_PER_SEC,
		.of_host = true,
	},
	{
		.role = ROLE_SAME_UNIT,
		.because = "{exit}; another process of the same service had ended in the same way, "
			   "at {incident.time}",
		.key = ended_service,
		.within_ns = NS_PER_SEC,
		.of_host = true,
	},
	{
		.role = ROLE_SAME_CLOSE,
		.because = "{task} was closing its listeners; the first reset of that was at "
			   "{incident.time}",
		.key = closed_listener,
		.within_ns = NS_PER_SEC / 2,
		.of_host = true,
	},
	{
		.role = ROLE_SAME_COMMAND,
		.because = "{task} killed this socket too; the first that it killed was reset at "
			   "{incident.time}",
		.key = killer,
		.within_ns = NS_PER_SEC,
		.of_host = true,
	},
	{
		.role = ROLE_SAME_COMMAND,
		.because = "the same request deleted this mapping from conntrack too (netlink port "
			   "{gone.port}); the first reset of that was at {incident.time}",
		.key = deleted_mapping,
		.within_ns = NS_PER_SEC,
		.of_host = true,
	},
	{
		.role = ROLE_SCAN,
		.because = "the same client tried several ports without success, the first at "
			   "{incident.time}",
		.key = tried_port,
		.within_ns = 10 * NS_PER_SEC,
		.ports = 4,
	},
	{
		.role = ROLE_HEALTH_CHECK,
		.because = "the same client opens a connection to this service, and resets it, at "
			   "regular intervals, since {incident.time}",
		.key = probed_service,
		.within_ns = 600 * NS_PER_SEC,
		.beats = 2,
	},
	{
		.role = ROLE_SAME_SERVICE,
		.because = "{rst.src} had no listener at {incident.time} either",
		.key = dead_service,
		.within_ns = 60 * NS_PER_SEC,
	},
	{
		.role = ROLE_SAME_SERVICE,
		.because = "the accept queue of {rst.src} was full at {incident.time} too",
		.key = full_listener,
		.within_ns = 10 * NS_PER_SEC,
	},
	{
		.role = ROLE_SAME_SERVICE,
		.because = "netfilter rejected connections to {rst.src} at {incident.time} too",
		.key = rejected_service,
		.within_ns = 60 * NS_PER_SEC,
	},
};

_Static_assert(sizeof(incident_links) / sizeof(incident_links[0]) <= INCIDENT_LINKS_MAX,
	       "room for all");

const unsigned int n_incident_links = sizeof(incident_links) / sizeof(incident_links[0]);
