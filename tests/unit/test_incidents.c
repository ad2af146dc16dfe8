// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_incidents.c - which resets belong together, and which only look as if they did.
 */
#include <stdlib.h>

#include "diagnose/incidents.h"
#include "diagnose/incident_links.h"
#include "model/case_id.h"
#include "scene.h"

#define S (1000 * MS)

static const struct scene lone = { .place = OUT,
				   .call = CALL_ACTIVE,
				   .stack = "tcp_send_active_reset __tcp_close tcp_close",
				   .state = TCP_ESTABLISHED,
				   .history = "<S >SA <A <PA >A",
				   .unread = 100,
				   .unread_known = true };
static const struct scene killed_socket = {
	.place = OUT,
	.call = CALL_ACTIVE,
	.stack = "tcp_send_active_reset tcp_abort tcp_diag_destroy",
	.state = TCP_ESTABLISHED,
	.history = "<S >SA <A <PA >A"
};
static const struct scene stopped_listener = {
	.place = OUT,
	.call = CALL_ACTIVE,
	.stack = "tcp_send_active_reset inet_csk_listen_stop __tcp_close tcp_close",
	.state = TCP_ESTABLISHED,
	.history = "<S >SA <A"
};
static const struct scene refused = { .place = OUT,
				      .call = CALL_PASSIVE,
				      .reason = "NO_SOCKET",
				      .seg = "S",
				      .mark = NO_ENTRY,
				      .asked = true };
static const struct scene without_mapping = { .place = OUT,
					      .call = CALL_PASSIVE,
					      .reason = "NO_SOCKET",
					      .seg = "PA",
					      .seg_len = 100,
					      .mark = NO_ENTRY,
					      .asked = true,
					      .gone = true };
static const struct scene probe = { .place = IN,
				    .history = "<S >SA <A",
				    .blind_views = COVERS_RECEIVE };

/* What is done to a case before it is classified; @n is the parameter of its row. */
typedef void (*change_fn)(struct reset_case *c, uint32_t n);

static struct kernel_event *kernel_of(struct reset_case *c)
{
	return (struct kernel_event *)c->seen.kernel;
}

static void by_task(struct reset_case *c, uint32_t n)
{
	kernel_of(c)->tgid = n;
	snprintf(kernel_of(c)->comm, sizeof(kernel_of(c)->comm), "nginx");
}

static void by_exit(struct reset_case *c, uint32_t n)
{
	static const char *const stack[] = { "tcp_send_active_reset", "__tcp_close", "tcp_close",
					     "do_exit" };
	struct kernel_event *k = kernel_of(c);
	size_t i;

	by_task(c, n);
	k->exiting = true;
	k->exit_code = 9;
	k->stack_len = 0;
	for (i = 0; i < ARRAY_SIZE(stack); i++)
		k->stack[k->stack_len++] = (struct frame){ .name = stack[i], .module = "" };
}

static void in_service(struct reset_case *c, uint32_t n)
{
	by_exit(c, n);
	kernel_of(c)->task_cgroup = 77;
	c->asked.owner.known = true;
	strcpy(c->asked.owner.cgroup, "/system.slice/nginx.service");
}

static void in_session(struct reset_case *c, uint32_t n)
{
	in_service(c, n);
	strcpy(c->asked.owner.cgroup, "/user.slice/session-1.scope");
}

static void by_netlink(struct reset_case *c, uint32_t n)
{
	c->asked.gone.by_request = n != 0;
	c->asked.gone.by_port = n;
	c->asked.gone.ts_ns = T0;
	c->asked.gone.ct.orig = c->seen.kernel->segment;
	c->asked.gone.ct.reply = c->seen.rst.tuple;
	c->asked.gone.ct.dnat = c->asked.gone.ct.has_entry = true;
	set_host(c->asked.gone.ct.reply.saddr, c->seen.rst.tuple.family, OTHER);
}

static void on_port(struct reset_case *c, uint32_t n)
{
	c->seen.rst.tuple.sport = (uint16_t)n;
	c->seen.sightings[0].tuple = c->seen.rst.tuple;
	c->seen.answers.tuple.dport = c->asked.history[0].tuple.dport = (uint16_t)n;
	kernel_of(c)->segment.dport = (uint16_t)n;
}

/* With the numbers of a handshake. */
static void in_place(struct reset_case *c, uint32_t n)
{
	struct packet *h = c->asked.history;

	(void)n;
	h[1].seq = h[2].ack - 1;
	h[1].ack = h[2].seq = c->seen.rst.seq = segment_end(&h[0]);
}

static void of_flow(struct tuple *t, const struct tuple *was, const struct tuple *now)
{
	*t = t->sport == was->sport ? *now : tuple_reverse(now);
}

/* Another connection: another port of the side that opened it, and other numbers. */
static void renumber(struct reset_case *c)
{
	struct tuple *t = &c->seen.rst.tuple, was = *t;
	static uint32_t next = 1000;
	unsigned int i;

	next += 7919;
	*(was.sport > was.dport ? &t->sport : &t->dport) = (uint16_t)(next % 50000 + 10000);
	c->seen.rst.ack = next;
	for (i = 0; i < c->asked.n_history; i++)
		of_flow(&c->asked.history[i].tuple, &was, t);
	of_flow(&c->seen.answers.tuple, &was, t);
	of_flow(&kernel_of(c)->segment, &was, t);
	of_flow(&kernel_of(c)->sock.tuple, &was, t);
	c->seen.sightings[0].tuple = *t;
}

/* A case @at_ns after the first. */
static struct reset_case make_case(const struct scene *s, uint8_t af, uint64_t at_ns,
				   change_fn change, uint32_t n)
{
	struct reset_case c = scene_build(s, af);
	uint64_t was = c.seen.rst.ts_ns;
	unsigned int i;

	c.seen.rst.ts_ns = c.seen.first_ts = T0 + at_ns;
	for (i = 0; i < c.asked.n_history; i++)
		c.asked.history[i].ts_ns += T0 + at_ns - was;
	c.seen.answers.ts_ns += T0 + at_ns - was;
	c.seen.sightings[0].ts_ns = c.seen.rst.ts_ns;
	if (change)
		change(&c, n);
	renumber(&c);
	classify(&c);
	return c;
}

static const struct incident_scene here = { .host = "a" };

static const char *add(struct incidents *t, struct reset_case *c)
{
	incidents__add(t, c, &here);
	return incident_role_id(c->incident.role);
}

/* One case each; they are one incident, or two. */
struct pair {
	const char *desc;
	const struct scene *scene;
	change_fn change;
	uint32_t one, other; /* what change is given */
	uint64_t apart_ns;
	const char *role; /* "first": no link */
};

static const struct pair pairs[] = {
	{ "two connections of one process that was killed", &lone, by_exit, 1234, 1234, MS,
	  "same-exit" },
	{ "... of two processes that were killed at once", &lone, by_exit, 1234, 1235, MS,
	  "first" },
	{ "... of one number, much later", &lone, by_exit, 1234, 1234, 3 * S, "first" },
	{ "two resets of one living process in one millisecond", &lone, by_task, 1234, 1234, MS / 2,
	  "first" },
	{ "two processes of a service ended in the same way", &lone, in_service, 1234, 1235, MS,
	  "same-unit" },
	{ "two programs of one name in a user's session ended", &lone, in_session, 1234, 1235, MS,
	  "first" },
	{ "one process closed its listeners", &stopped_listener, by_task, 1234, 1234, MS,
	  "same-close" },
	{ "two processes closed theirs", &stopped_listener, by_task, 1234, 1235, MS, "first" },
	{ "one process closed one listener, and a second later another", &stopped_listener, by_task,
	  1234, 1234, S, "first" },
	{ "one ss -K", &killed_socket, by_task, 77, 77, MS, "same-command" },
	{ "two of them", &killed_socket, by_task, 77, 78, MS, "first" },
	{ "one conntrack -F, and segments that missed their mappings a minute apart",
	  &without_mapping, by_netlink, 77, 77, 60 * S, "same-command" },
	{ "two processes that deleted a mapping each", &without_mapping, by_netlink, 77, 78, MS,
	  "first" },
	{ "mappings that timed out", &without_mapping, by_netlink, 0, 0, MS, "first" },
	{ "two clients of a service that is down", &refused, on_port, 80, 80, S, "same-service" },
	{ "... of two services that are down", &refused, on_port, 80, 81, S, "first" },
};

static void test_pairs(const struct family *f)
{
	const struct pair *p;

	for (p = pairs; p < pairs + ARRAY_SIZE(pairs); p++) {
		struct reset_case a = make_case(p->scene, f->af, 0, p->change, p->one);
		struct reset_case b = make_case(p->scene, f->af, p->apart_ns, p->change, p->other);
		struct incidents *t = incidents__new();
		bool linked = strcmp(p->role, "first") != 0;

		check_str(add(t, &a), "first", "%s (%s): the first", p->desc, f->name);
		check_str(add(t, &b), p->role, "... the second");
		check(!strcmp(a.incident.id, b.incident.id) == linked, "... its incident");
		check_int(b.incident.size, linked ? 2 : 1, "... its size");
		check(!linked == !b.incident.because, "... and the evidence");
		incidents__free(t);
	}
}

/* --- one connection ----------------------------------------------------------------------------- */

static struct reset_case second_of_connection(const struct reset_case *first)
{
	struct reset_case c = *first;
	struct packet *h = c.asked.history;

	h[c.asked.n_history++] = first->seen.rst;
	h[c.asked.n_history] = h[0];
	h[c.asked.n_history].ts_ns = first->seen.rst.ts_ns + MS;
	h[c.asked.n_history].flags = FLAG_ACK;
	h[c.asked.n_history++].len = 10;
	c.seen.rst.ts_ns += 2 * MS;
	c.seen.rst.seq += 10;
	c.seen.rst.flags = FLAG_RST;
	return c;
}

static void test_aftermath(void)
{
	struct reset_case first = make_case(&lone, AF_INET, 0, NULL, 0), second, unseen;
	struct incidents *t = incidents__new();
	char id[CASE_ID_TEXT];

	first.seen.rst.seq = segment_end(&first.asked.history[first.asked.n_history - 1]);
	first.asked.history[first.asked.n_history - 1].tuple = first.seen.rst.tuple;
	second = unseen = second_of_connection(&first);
	case_id(id, &first, first.seen.rst.ts_ns);
	add(t, &first);
	check_str(first.incident.id, id, "a lone case's incident has its id");
	check_str(add(t, &second), "aftermath", "another RST of a connection that was reset");
	check_str(second.incident.id, id, "... is of the first one's incident");
	incidents__free(t);
	t = incidents__new();
	check_str(add(t, &unseen), "aftermath", "also where the first was not reported");
	check_str(unseen.incident.id, id, "... by the id that it would have had");
	check_int(unseen.incident.size, 1, "... though it does not count");
	incidents__free(t);
}

static void test_repeat(void)
{
	struct reset_case a = make_case(&refused, AF_INET, 0, on_port, 80), b = a, other = a;
	struct incidents *t = incidents__new();

	b.seen.rst.ts_ns += 3 * S;
	other.seen.rst.ts_ns += 3 * S;
	other.seen.rst.tuple.dport++;
	other.seen.sightings[0].tuple = other.seen.rst.tuple;
	add(t, &a);
	check_str(add(t, &b), "repeat", "a SYN that was sent again is refused again");
	check_str(add(t, &other), "same-service",
		  "the same numbers of another connection are no repetition");
	incidents__free(t);
}

/* --- what takes more than two ------------------------------------------------------------------------ */

static void test_scan(void)
{
	struct incidents *t = incidents__new();
	struct reset_case c, first, retry;
	uint32_t n;

	first = make_case(&refused, AF_INET, 0, on_port, 1);
	add(t, &first);
	for (n = 2; n <= 3; n++) {
		c = make_case(&refused, AF_INET, n * MS, on_port, n);
		check_str(add(t, &c), "first", "port %u alone is no scan", n);
	}
	for (; n <= 10; n++)
		c = make_case(&refused, AF_INET, n * MS, on_port, n), add(t, &c);
	check_str(incident_role_id(c.incident.role), "scan", "ten of them are");
	check_str(c.incident.id, first.incident.id, "... and began with the first");
	incidents__free(t);
	t = incidents__new();
	for (n = 0; n < 10; n++)
		retry = make_case(&refused, AF_INET, n * MS, on_port, 80), add(t, &retry);
	check_str(incident_role_id(retry.incident.role), "same-service",
		  "one port ten times is none");
	incidents__free(t);
}

/* Gaps in ms; the role of the last. */
static const char *role_after(const unsigned int *gaps, unsigned int n)
{
	struct incidents *t = incidents__new();
	struct reset_case c;
	uint64_t at = 0;
	unsigned int i;

	for (i = 0; i <= n; i++) {
		c = make_case(&probe, AF_INET, at * MS, in_place, 0);
		add(t, &c);
		at += i < n ? gaps[i] : 0;
	}
	incidents__free(t);
	return incident_role_id(c.incident.role);
}

/* Of clients on high ports that a server resets: who opened those was not seen. */
static void test_clients_are_no_ports(void)
{
	struct scene s = probe;
	struct incidents *t = incidents__new();
	struct reset_case c;
	unsigned int i;

	s.place = OUT;
	s.history = "<A";
	s.call = CALL_ACTIVE;
	for (i = 0; i < 10; i++) {
		c = make_case(&s, AF_INET, i * MS, NULL, 0);
		c.diagnosis.impact.kind = IMPACT_PROBE;
		add(t, &c);
	}
	check_str(incident_role_id(c.incident.role), "first", "ten clients are no scan");
	incidents__free(t);
}

static void test_health_check(void)
{
	static const unsigned int regular[] = { 2000, 2030 }, two[] = { 2000 };
	static const unsigned int irregular[] = { 2000, 700, 3100 };
	static const unsigned int again[] = { 2000, 700, 2000, 2000 };
	static const unsigned int loop[] = { 10, 10, 10 };
	struct reset_case c = make_case(&probe, AF_INET, 0, in_place, 0);

	check_int(c.diagnosis.impact.kind, IMPACT_PROBE, "the sample is a probe");
	check_str(role_after(two, 1), "first", "two probes have no rhythm yet");
	check_str(role_after(regular, 2), "health-check", "three at equal intervals do");
	check_str(role_after(irregular, 3), "first", "those of a client at random do not");
	check_str(role_after(again, 4), "health-check", "a rhythm may begin anew");
	check_str(role_after(loop, 3), "first", "many a second are no check");
}

/* --- the table --------------------------------------------------------------------------------------- */

static void test_hosts(void)
{
	struct reset_case a = make_case(&lone, AF_INET, 0, by_exit, 1234);
	struct reset_case b = make_case(&lone, AF_INET, MS, by_exit, 1234);
	struct incident_scene there = { .host = "b" };
	struct incidents *t = incidents__new();

	incidents__add(t, &a, &here);
	incidents__add(t, &b, &there);
	check_int(b.incident.role, ROLE_FIRST, "process 1234 of another host is another");
	incidents__free(t);
}

static void test_bound(void)
{
	struct reset_case first = make_case(&lone, AF_INET, 0, by_exit, 1234), c, last;
	struct incidents *t = incidents__new();
	unsigned int i;

	add(t, &first);
	c = make_case(&lone, AF_INET, 0, NULL, 0);
	for (i = 0; i < 3 * INCIDENT_KEYS_MAX; i++) {
		c.seen.rst.seq++;
		c.seen.rst.ts_ns += 1000;
		add(t, &c);
	}
	check(incidents__forgotten(t) > 0, "what had to make room is counted");
	last = make_case(&lone, AF_INET, 200 * MS, by_exit, 1234);
	check_str(add(t, &last), "first", "... and links to nothing");
	incidents__free(t);
	t = incidents__new();
	for (i = 0; i < 3 * INCIDENT_KEYS_MAX; i++) {
		last = make_case(&lone, AF_INET, i * 1000ull, by_exit, 1234);
		add(t, &last);
	}
	check_int(last.incident.size, 3 * INCIDENT_KEYS_MAX,
		  "an incident may be larger than the table");
	incidents__free(t);
}

/* What a case is linked by is the oldest that there is, and its other keys need room. */
static void test_oldest_is_used(void)
{
	const unsigned int few = 16, each = 2; /* keys of a lone case */
	unsigned int fill, i, wrong = 0, linked = 0;

	for (fill = INCIDENT_KEYS_MAX / each - few; fill <= INCIDENT_KEYS_MAX / each; fill++) {
		struct reset_case c = make_case(&lone, AF_INET, 0, by_exit, 1234);
		struct incidents *t = incidents__new();
		bool is_linked;

		add(t, &c);
		c = make_case(&lone, AF_INET, 0, NULL, 0);
		for (i = 0; i < fill; i++) {
			c.seen.rst.seq++;
			add(t, &c);
		}
		c = make_case(&lone, AF_INET, 200 * MS, by_exit, 1234);
		c.seen.rst.seq += INCIDENT_KEYS_MAX;
		is_linked = !strcmp(add(t, &c), "same-exit");
		linked += is_linked;
		c.seen.rst.seq++;
		wrong += strcmp(add(t, &c), "same-exit") != 0 || c.incident.size != 2u + is_linked;
		incidents__free(t);
	}
	check(linked > 0 && linked <= few, "%u fills leave the first of an exit in the table",
	      linked);
	check_int(wrong, 0, "what links a case to it is not forgotten for the case's other keys");
}

static void test_sentences(void)
{
	unsigned int i;

	for (i = 0; i < n_incident_links; i++)
		check(template_is_known(incident_links[i].because), "the sentence of row %u", i);
	for (i = 0; i < N_ROLES_OF_CASES; i++)
		check(incident_role_id(i), "role %u has a name", i);
	check(!incident_role_id(i), "no other has");
}

int main(void)
{
	const struct family *f;

	for_each_family(f) test_pairs(f);
	test_aftermath();
	test_repeat();
	test_scan();
	test_clients_are_no_ports();
	test_health_check();
	test_hosts();
	test_bound();
	test_oldest_is_used();
	test_sentences();
	return test_done();
}
