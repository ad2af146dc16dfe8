// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_proxy_sides.c - which reset of a process is the other side of one that it took.
 */
#include <stdlib.h>

#include "diagnose/incidents.h"
#include "report/template.h"
#include "scene.h"

#define PROXY 1234

/* The RST of the one end came in; then the process reset the other. */
static const struct scene upstream_resets = { .place = IN,
					      .history = ">S <SA >A >PA",
					      .blind_views = COVERS_RECEIVE };
static const struct scene client_resets = { .place = IN,
					    .history = "<S >SA <A <PA",
					    .blind_views = COVERS_RECEIVE };
static const struct scene resets_client = { .place = OUT,
					    .call = CALL_ACTIVE,
					    .stack = "tcp_send_active_reset __tcp_close tcp_close",
					    .state = TCP_ESTABLISHED,
					    .history = "<S >SA <A <PA",
					    .unread = 100,
					    .unread_known = true };
static const struct scene resets_upstream = { .place = OUT,
					      .call = CALL_ACTIVE,
					      .stack =
						      "tcp_send_active_reset __tcp_close tcp_close",
					      .state = TCP_ESTABLISHED,
					      .history = ">S <SA >A >PA",
					      .unread = 100,
					      .unread_known = true };

/* When, in ms: of the data in the history, and of the RST. */
struct times {
	int data, rst;
};

static struct reset_case make_side(const struct scene *s, uint8_t af, uint16_t port, uint32_t pid,
				   struct times at)
{
	struct reset_case c = scene_build(s, af);
	struct owner *who = s->place == IN ? &c.asked.victim : &c.asked.owner;
	unsigned int i;

	who->known = pid != 0;
	who->pid = pid;
	strcpy(who->comm, "proxy");
	c.seen.rst.ts_ns = c.seen.first_ts = T0 + (uint64_t)at.rst * MS;
	*(s->place == IN ? &c.seen.rst.tuple.sport : &c.seen.rst.tuple.dport) = port;
	c.seen.rst.seq += port;
	c.seen.sightings[0].tuple = c.seen.rst.tuple;
	for (i = 0; i < c.asked.n_history; i++) {
		struct packet *p = &c.asked.history[i];
		struct tuple back = tuple_reverse(&c.seen.rst.tuple);

		p->tuple =
			p->tuple.saddr[15] == c.seen.rst.tuple.saddr[15] ? c.seen.rst.tuple : back;
		/* The handshakes lie far apart: what ties them is the data. */
		p->ts_ns = T0 + (uint64_t)(p->len ? at.data : (int)(port % 7) * 50 + (int)i) * MS;
	}
	classify(&c);
	return c;
}

static const struct row {
	const char *desc;
	const struct scene *taken, *sent;
	struct times at_taken, at_sent;
	uint32_t pid_taken, pid_sent;
	bool linked;
} rows[] = {
	{ "upstream resets, the client is reset",
	  &upstream_resets,
	  &resets_client,
	  { 601, 700 },
	  { 600, 702 },
	  PROXY,
	  PROXY,
	  true },
	{ "the client resets, upstream is reset",
	  &client_resets,
	  &resets_upstream,
	  { 600, 700 },
	  { 601, 702 },
	  PROXY,
	  PROXY,
	  true },
	{ "nothing was passed on in time",
	  &upstream_resets,
	  &resets_client,
	  { 660, 700 },
	  { 600, 702 },
	  PROXY,
	  PROXY,
	  false },
	{ "it was sent before it came",
	  &upstream_resets,
	  &resets_client,
	  { 600, 700 },
	  { 610, 702 },
	  PROXY,
	  PROXY,
	  false },
	{ "another process",
	  &upstream_resets,
	  &resets_client,
	  { 601, 700 },
	  { 600, 702 },
	  PROXY,
	  PROXY + 1,
	  false },
	{ "nobody knows whose",
	  &upstream_resets,
	  &resets_client,
	  { 601, 700 },
	  { 600, 702 },
	  0,
	  0,
	  false },
	{ "much later",
	  &upstream_resets,
	  &resets_client,
	  { 601, 700 },
	  { 600, 1300 },
	  PROXY,
	  PROXY,
	  false },
	{ "two clients of one server",
	  &client_resets,
	  &resets_client,
	  { 600, 700 },
	  { 601, 702 },
	  PROXY,
	  PROXY,
	  false },
	{ "two servers of one client",
	  &upstream_resets,
	  &resets_upstream,
	  { 600, 700 },
	  { 601, 702 },
	  PROXY,
	  PROXY,
	  false },
};

static const struct incident_scene here = { .host = "a" }, elsewhere = { .host = "b" };

static void test_row(const struct row *r, const struct family *f)
{
	struct reset_case a = make_side(r->taken, f->af, 50001, r->pid_taken, r->at_taken),
			  b = make_side(r->sent, f->af, 50003, r->pid_sent, r->at_sent), c = b;
	struct incidents *t = incidents__new();

	incidents__add(t, &a, &here);
	incidents__add(t, &c, &elsewhere);
	incidents__free(t);
	t = incidents__new();
	incidents__add(t, &a, &here);
	check_str(incident_role_id(c.incident.role), "first", "%s (%s): not on another host",
		  r->desc, f->name);
	incidents__add(t, &b, &here);
	check_str(incident_role_id(a.incident.role), "first", "... the first");
	check_str(incident_role_id(b.incident.role), r->linked ? "other-side" : "first",
		  "... the second");
	check(!strcmp(a.incident.id, b.incident.id) == r->linked, "... its incident");
	incidents__free(t);
}

/* It may be the other side of either. */
static void test_two(void)
{
	struct reset_case a = make_side(&upstream_resets, AF_INET, 50001, PROXY,
					(struct times){ 601, 700 }),
			  b = make_side(&upstream_resets, AF_INET, 50008, PROXY,
					(struct times){ 602, 701 }),
			  c = make_side(&resets_client, AF_INET, 50003, PROXY,
					(struct times){ 600, 702 });
	struct incidents *t = incidents__new();

	incidents__add(t, &a, &here);
	incidents__add(t, &b, &here);
	incidents__add(t, &c, &here);
	check_str(incident_role_id(c.incident.role), "first",
		  "what may belong to two belongs to none");
	incidents__free(t);
}

static void test_sentence(void)
{
	struct reset_case a = make_side(&upstream_resets, AF_INET, 50001, PROXY,
					(struct times){ 601, 700 }),
			  b = make_side(&resets_client, AF_INET, 50003, PROXY,
					(struct times){ 600, 702 });
	struct incidents *t = incidents__new();
	char *text;

	incidents__add(t, &a, &here);
	incidents__add(t, &b, &here);
	text = template_expand(b.incident.because, &b, NULL);
	check(text && strstr(text, "proxy[1234] had taken a RST from "), "who took it");
	check(text && strstr(text, ":50001 ") && strstr(text, "ms before"), "from where and when");
	free(text);
	incidents__free(t);
}

/* More than are remembered: those that go take nothing along that others need. */
static void test_many(void)
{
	struct incidents *t = incidents__new();
	struct reset_case c, sent;
	int i;

	for (i = 0; i < 1000; i++) {
		c = make_side(&upstream_resets, AF_INET, (uint16_t)(20000 + i), PROXY,
			      (struct times){ 10 * i + 1000, 10 * i + 1005 });
		incidents__add(t, &c, &here);
	}
	sent = make_side(&resets_client, AF_INET, 50003, PROXY,
			 (struct times){ 10 * 999 + 999, 10 * 999 + 1006 });
	incidents__add(t, &sent, &here);
	check_str(incident_role_id(sent.incident.role), "first", "in a storm two fit");
	incidents__free(t);
}

int main(void)
{
	const struct family *f;
	size_t i;

	for_each_family(f) for (i = 0; i < ARRAY_SIZE(rows); i++) test_row(&rows[i], f);
	test_two();
	test_sentence();
	test_many();
	return test_done();
}
