// SPDX-License-Identifier: GPL-2.0-only
/*
 * report_json.c - a classified case as a document; every field is named here and nowhere else.
 */
#include "report/report_json.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "diagnose/advice.h"
#include "diagnose/aftermath.h"
#include "diagnose/impact.h"
#include "diagnose/incidents.h"
#include "diagnose/timeouts.h"
#include "model/case_id.h"
#include "model/community_id.h"
#include "model/kernel_bits.h"
#include "model/names.h"
#include "model/stack.h"

#define SCHEMA_VERSION 1

static void put_lines(struct json_writer *w, const char *key, struct report_lines lines)
{
	size_t i;

	json__array(w, key);
	for (i = 0; i < lines.n; i++)
		json__text(w, NULL, lines.line[i]);
	json__end(w);
	report_lines_free(&lines);
}

static void put_sentence(struct json_writer *w, const char *key, const char *template,
			 const struct reset_case *c, const struct report_context *ctx)
{
	char *text = strchr(template, '{') ? template_expand(template, c, ctx) : NULL;

	json__text(w, key, text ? text : template);
	free(text);
}

static void put_time(struct json_writer *w, const char *key, uint64_t ts_ns,
		     const struct report_context *ctx)
{
	char ts[40];

	format_time(ts, sizeof(ts), ts_ns, ctx);
	json__text(w, key, ts);
}

/* Null if it is not known. */
static void put_known(struct json_writer *w, const char *key, const char *text)
{
	json__text(w, key, *text ? text : NULL);
}

static void put_interface(struct json_writer *w, const struct report_context *ctx, uint32_t ifindex)
{
	json__text(w, "if", ctx->ifname(ctx->ifname_ctx, ifindex));
}

/* Members of the object that is open. */
static void put_ends(struct json_writer *w, const struct tuple *t)
{
	char text[INET6_ADDRSTRLEN];

	json__text(w, "src", format_address(text, t->saddr, t->family));
	json__unsigned(w, "sport", t->sport);
	json__text(w, "dst", format_address(text, t->daddr, t->family));
	json__unsigned(w, "dport", t->dport);
}

static void put_community_id(struct json_writer *w, const struct tuple *t)
{
	char id[COMMUNITY_ID_TEXT];

	community_id(id, t);
	json__text(w, "community_id", id);
}

static void put_tuple(struct json_writer *w, const char *key, bool known, const struct tuple *t)
{
	if (!known) {
		json__null(w, key);
		return;
	}
	json__object(w, key);
	put_ends(w, t);
	put_community_id(w, t);
	json__end(w);
}

static void put_packet(struct json_writer *w, const struct packet *p)
{
	char flags[FLAGS_TEXT_MAX];

	put_ends(w, &p->tuple);
	json__unsigned(w, "seq", p->seq);
	json__unsigned(w, "ack", p->ack);
	json__text(w, "flags", format_flags(flags, p->flags));
	json__unsigned(w, "ttl", p->ttl);
	json__unsigned(w, "ipid", p->ipid);
	json__unsigned(w, "len", p->len);
	json__unsigned(w, "win", p->window);
}

/* A packet with place and time; delta_us counts back from the RST. */
static void put_seen_packet(struct json_writer *w, const struct packet *p,
			    const struct reset_case *c, const struct report_context *ctx)
{
	put_packet(w, p);
	put_time(w, "ts", p->ts_ns, ctx);
	json__unsigned(w, "cpu", p->cpu);
	put_interface(w, ctx, p->ifindex);
	json__text(w, "hook", hook_name(p->hook));
	json__microseconds(w, "delta_us", (int64_t)(c->seen.rst.ts_ns - p->ts_ns));
}

static void put_conntrack(struct json_writer *w, const struct conntrack *ct)
{
	json__object(w, "conntrack");
	json__text(w, "state", ct_state_name(ct->state));
	put_known(w, "why", ct->why);
	put_tuple(w, "orig", ct->has_entry, &ct->orig);
	put_tuple(w, "reply", ct->has_entry, &ct->reply);
	json__array(w, "nat");
	if (ct->snat)
		json__text(w, NULL, "snat");
	if (ct->dnat)
		json__text(w, NULL, "dnat");
	json__end(w);
	json__end(w);
}

static void put_sock(struct json_writer *w, const struct kernel_sock *s)
{
	if (!s->present) {
		json__null(w, "sk");
		return;
	}
	json__object(w, "sk");
	put_ends(w, &s->tuple);
	json__text(w, "state", tcp_state_name(s->state));
	if (s->full) {
		json__boolean(w, "linger", s->flags & SOCK_FLAG_LINGER);
		json__boolean(w, "linger_zero", s->flags & SOCK_FLAG_LINGER && !s->lingertime);
		json__unsigned(w, "shutdown", s->shutdown);
		if (s->unread_known)
			json__unsigned(w, "unread", s->unread);
	}
	json__end(w);
}

static void put_stack(struct json_writer *w, const struct kernel_event *k)
{
	unsigned int i;

	json__array(w, "stack");
	for (i = 0; i < k->stack_len; i++) {
		FILE *out = strbuf_begin();
		char *text;

		if (!out)
			break;
		print_frame(out, &k->stack[i]);
		text = strbuf_end();
		json__text(w, NULL, text);
		free(text);
	}
	json__end(w);
}

/* Null if there is not a single line: then there are no debug symbols. */
static void put_stack_lines(struct json_writer *w, const struct kernel_event *k,
			    const struct report_context *ctx)
{
	bool any = false;
	unsigned int i;

	for (i = 0; i < k->stack_len && !any; i++)
		any = ctx->source_line(ctx->source_ctx, &k->stack[i]);
	if (!any) {
		json__null(w, "stack_lines");
		return;
	}
	json__array(w, "stack_lines");
	for (i = 0; i < k->stack_len; i++)
		json__text(w, NULL, ctx->source_line(ctx->source_ctx, &k->stack[i]));
	json__end(w);
}

/* Members of the object that is open. */
static void put_replacement(struct json_writer *w, const struct hash_window *window,
			    const struct report_context *ctx)
{
	json__text(w, "kind", window_kind_id(window->kind));
	put_time(w, "start", window->start_ns, ctx);
	if (window->end_ns)
		put_time(w, "end", window->end_ns, ctx);
	else
		json__null(w, "end");
	json__unsigned(w, "cpu", window->cpu);
}

/* The replacement of the socket that overlapped with the lookup, if it did. */
static void put_race(struct json_writer *w, const struct reset_case *c,
		     const struct report_context *ctx)
{
	if (!(c->diagnosis.facts_yes & (FACT(RACE_HANDSHAKE) | FACT(RACE_TIMEWAIT)))) {
		json__null(w, "race");
		return;
	}
	json__object(w, "race");
	put_replacement(w, &c->seen.kernel->window, ctx);
	json__unsigned(w, "lookup_cpu", c->seen.kernel->cpu);
	json__microseconds(w, "overlap_us", (int64_t)race_overlap_ns(c));
	json__end(w);
}

/* The replacement of the connection's socket, even if it played no part in the reset. */
static void put_window(struct json_writer *w, const struct hash_window *window,
		       const struct report_context *ctx)
{
	if (window->kind == WINDOW_NONE) {
		json__null(w, "window");
		return;
	}
	json__object(w, "window");
	put_replacement(w, window, ctx);
	json__end(w);
}

static void put_call(struct json_writer *w, const struct kernel_event *k,
		     const struct report_context *ctx)
{
	if (k->call == CALL_NONE) {
		json__null(w, "ts");
		json__null(w, "cpu");
		json__null(w, "function");
		return;
	}
	put_time(w, "ts", k->ts_ns, ctx);
	json__unsigned(w, "cpu", k->cpu);
	put_known(w, "function", call_name(k));
}

/* Of the process whose end closed the socket. */
static void put_exit(struct json_writer *w, const struct reset_case *c)
{
	const struct kernel_event *k = c->seen.kernel;
	unsigned int signal = k->exit_code & 0x7f;

	if (!k->exiting || !fact_in(c->diagnosis.facts_yes, FACT_IN_EXIT)) {
		json__null(w, "exit");
		return;
	}
	json__object(w, "exit");
	if (signal) {
		json__unsigned(w, "signal", signal);
		json__null(w, "status");
	} else {
		json__null(w, "signal");
		json__unsigned(w, "status", k->exit_code >> 8 & 0xff);
	}
	json__boolean(w, "oom_killed", k->oom_killed);
	json__end(w);
}

static void put_kernel(struct json_writer *w, const struct reset_case *c,
		       const struct report_context *ctx)
{
	bool by_clash = c->seen.kernel->call == CALL_NONE && c->diagnosis.facts_yes & FACT(CLASH);
	const struct kernel_event *k = by_clash ? c->seen.clash : c->seen.kernel;

	json__object(w, "kernel");
	json__text(w, "view", c->seen.before_start ? "none" : ctx->view);
	put_call(w, k, ctx);
	put_known(w, "reason", k->reason);
	json__text(w, "lookup", lookup_name(k->lookup));
	put_sock(w, &k->sock);
	put_tuple(w, "skb", k->has_segment, &k->segment);
	put_conntrack(w, by_clash ? &k->ct : &c->asked.ct);
	put_race(w, c, ctx);
	put_window(w, &k->window, ctx);
	put_stack(w, k);
	put_stack_lines(w, k, ctx);
	put_exit(w, c);
	json__end(w);
}

static void put_netns(struct json_writer *w, const struct case_netns *netns)
{
	if (!netns->ino) {
		json__null(w, "netns");
		return;
	}
	json__object(w, "netns");
	json__unsigned(w, "ino", netns->ino);
	put_known(w, "name", netns->name);
	json__end(w);
}

static void put_id(struct json_writer *w, const char *key, uint32_t id)
{
	if (id)
		json__unsigned(w, key, id);
	else
		json__null(w, key);
}

/* Members of the object that is open. */
static void put_process(struct json_writer *w, const struct owner *o)
{
	put_id(w, "pid", o->pid);
	put_known(w, "comm", o->comm);
	put_id(w, "tid", o->tid);
	put_known(w, "thread", o->thread);
	put_known(w, "cmdline", o->command);
	put_known(w, "unit", o->unit);
	put_known(w, "cgroup", o->cgroup);
	put_known(w, "container", o->container);
	put_known(w, "pod", o->pod);
}

static void put_owner(struct json_writer *w, const struct owner *owner)
{
	if (!owner->known) {
		json__null(w, "owner");
		return;
	}
	json__object(w, "owner");
	put_process(w, owner);
	json__end(w);
}

/* Who lost the connection: even where the process is not known, its network namespace is. */
static void put_victim(struct json_writer *w, const struct reset_case *c)
{
	const struct kernel_event *k = c->seen.receive;

	if (c->diagnosis.effect != EFFECT_TAKEN || k->call != CALL_RECEIVE) {
		json__null(w, "victim");
		return;
	}
	json__object(w, "victim");
	put_process(w, &c->asked.victim);
	put_id(w, "netns", k->netns);
	json__end(w);
}

static void put_killer(struct json_writer *w, const struct reset_case *c)
{
	if (!c->asked.killer.known) {
		json__null(w, "killer");
		return;
	}
	json__object(w, "killer");
	put_process(w, &c->asked.killer);
	json__text(w, "by", killed_by_id(stack_killed_by(c->seen.kernel)));
	json__end(w);
}

/* Null where it was not asked for, or the reset was not a task's own doing. */
static void put_user_stack(struct json_writer *w, const struct user_stack *s)
{
	unsigned int i;

	if (!s) {
		json__null(w, "user_stack");
		json__null(w, "user_stack_end");
		return;
	}
	json__array(w, "user_stack");
	for (i = 0; i < s->n; i++)
		json__text(w, NULL, s->frames[i].text);
	json__end(w);
	put_known(w, "user_stack_end", s->end);
}

static void put_candidates(struct json_writer *w, const struct reset_case *c)
{
	unsigned int i;

	json__array(w, "candidates");
	for (i = 0; i < c->diagnosis.n_candidates; i++)
		json__text(w, NULL, c->diagnosis.candidates[i]->id);
	json__end(w);
}

static void put_ruled_out(struct json_writer *w, const struct reset_case *c,
			  const struct report_context *ctx)
{
	unsigned int i;

	json__array(w, "ruled_out");
	for (i = 0; i < c->diagnosis.n_ruled_out; i++) {
		const struct ruled_out *r = &c->diagnosis.ruled_out[i];
		bool yes = fact_in(c->diagnosis.facts_yes, r->fact);

		json__object(w, NULL);
		json__text(w, "cause", r->cause->id);
		put_sentence(w, "because", yes ? fact_texts[r->fact].yes : fact_texts[r->fact].no,
			     c, ctx);
		json__end(w);
	}
	json__end(w);
}

static void put_advice(struct json_writer *w, const struct reset_case *c,
		       const struct report_context *ctx)
{
	const struct advice *a;
	unsigned int i;

	json__array(w, "advice");
	for (i = 0; (a = case_advice(c, i)); i++) {
		json__object(w, NULL);
		put_sentence(w, "do", a->action, c, ctx);
		put_sentence(w, "price", a->price, c, ctx);
		put_sentence(w, "undo", a->undo, c, ctx);
		json__end(w);
	}
	json__end(w);
}

static void put_count(struct json_writer *w, const char *key, bool known, uint32_t n)
{
	if (known)
		json__unsigned(w, key, n);
	else
		json__null(w, key);
}

static void put_losses_of(struct json_writer *w, const struct impact *i)
{
	json__object(w, "loss");
	put_count(w, "sender_unacknowledged", i->unacked_known || i->sender_unacked,
		  i->sender_unacked);
	put_count(w, "receiver_unacknowledged", i->unacked_known || i->receiver_unacked,
		  i->receiver_unacked);
	put_count(w, "unread", i->unread_known, i->unread);
	if (i->unanswered_known)
		json__boolean(w, "unanswered", i->unanswered);
	else
		json__null(w, "unanswered");
	json__end(w);
}

/* A request that met the end of an idle connection, and whose timers that may have been. */
static void put_race_of_request(struct json_writer *w, const struct reset_case *c)
{
	const struct impact *i = &c->diagnosis.impact;
	const struct idle_timeout *o;
	unsigned int n;

	if (!i->race) {
		json__null(w, "keepalive_race");
		return;
	}
	json__object(w, "keepalive_race");
	json__text(w, "kind", keepalive_race_id(i->race));
	if (i->timer_ns)
		json__signed(w, "closed_after_ms", (int64_t)(i->timer_ns / 1000000));
	else
		json__null(w, "closed_after_ms");
	json__array(w, "default_of");
	for (n = 0; (o = timeout_fit(i->timer_ns, n)); n++)
		json__text(w, NULL, o->whose);
	json__end(w);
	if (c->asked.closes.seen) {
		json__object(w, "own_closes");
		json__unsigned(w, "seen", c->asked.closes.seen);
		json__unsigned(w, "same", c->asked.closes.same);
		json__end(w);
	} else {
		json__null(w, "own_closes");
	}
	json__end(w);
}

static void put_impact(struct json_writer *w, const struct reset_case *c,
		       const struct report_context *ctx)
{
	const struct impact *i = &c->diagnosis.impact;

	json__text(w, "effect", effect_id(c->diagnosis.effect));
	json__text(w, "impact", impact_id(i->kind));
	put_sentence(w, "impact_reason", impact_reasons[i->reason], c, ctx);
	put_losses_of(w, i);
	if (i->idle_known)
		json__signed(w, "idle_ms", (int64_t)(i->idle_ns / 1000000));
	else
		json__null(w, "idle_ms");
	put_race_of_request(w, c);
}

/* The first reset of a connection that was reset already. */
static void put_first(struct json_writer *w, const struct reset_case *c,
		      const struct report_context *ctx)
{
	const struct packet *first = first_reset(c);
	char id[CASE_ID_TEXT];

	if (!first) {
		json__null(w, "follows");
		return;
	}
	reset_id(id, first, wall_time(first->ts_ns, ctx));
	json__object(w, "follows");
	json__text(w, "id", id);
	put_time(w, "ts", first->ts_ns, ctx);
	put_ends(w, &first->tuple);
	json__end(w);
}

/* Which other resets it belongs to; null where nobody looked for them. */
static void put_incident(struct json_writer *w, const struct reset_case *c,
			 const struct report_context *ctx)
{
	const struct membership *m = &c->incident;

	if (!m->known) {
		json__null(w, "incident");
		return;
	}
	json__object(w, "incident");
	json__text(w, "id", m->id);
	json__text(w, "role", incident_role_id(m->role));
	json__signed(w, "size", (int64_t)m->size);
	if (m->because)
		put_sentence(w, "because", m->because, c, ctx);
	else
		json__null(w, "because");
	json__end(w);
}

static void put_rst(struct json_writer *w, const struct reset_case *c)
{
	if (c->seen.kind != CASE_RESET) {
		json__null(w, "rst");
		return;
	}
	json__object(w, "rst");
	put_packet(w, &c->seen.rst);
	json__end(w);
}

/* "newest" did not trigger the RST; it is just the last segment of the flow. */
static void put_answers(struct json_writer *w, const struct reset_case *c,
			const struct report_context *ctx)
{
	if (c->seen.answer_match == ANSWER_NONE) {
		json__null(w, "answers");
		return;
	}
	json__object(w, "answers");
	put_seen_packet(w, &c->seen.answers, c, ctx);
	json__text(w, "match", answer_match_id(c->seen.answer_match));
	json__end(w);
}

/* In Zeek's terms; captures only. */
static void put_conversation(struct json_writer *w, const struct conversation *v)
{
	if (!v->known) {
		json__null(w, "conversation");
		return;
	}
	json__object(w, "conversation");
	json__text(w, "state", v->state);
	json__text(w, "history", v->history);
	json__boolean(w, "whole", v->whole);
	json__end(w);
}

static void put_history(struct json_writer *w, const struct reset_case *c,
			const struct report_context *ctx)
{
	unsigned int i;

	json__array(w, "history");
	for (i = 0; i < c->asked.n_history; i++) {
		json__object(w, NULL);
		put_seen_packet(w, &c->asked.history[i], c, ctx);
		json__end(w);
	}
	json__end(w);
}

/* Where the RST was seen, in the order of arrival. */
static void put_sightings(struct json_writer *w, const struct reset_case *c,
			  const struct report_context *ctx)
{
	unsigned int i;

	json__array(w, "sightings");
	for (i = 0; i < c->seen.n_sightings; i++) {
		const struct sighting *s = &c->seen.sightings[i];

		json__object(w, NULL);
		put_ends(w, &s->tuple);
		put_community_id(w, &s->tuple);
		put_time(w, "ts", s->ts_ns, ctx);
		put_interface(w, ctx, s->ifindex);
		json__text(w, "hook", hook_name(s->hook));
		json__unsigned(w, "ttl", s->ttl);
		json__boolean(w, "forwarded", s->forwarded);
		json__end(w);
	}
	json__end(w);
}

/* The RST's ends elsewhere: customers name the address before NAT, servers the one behind it. */
static void put_images(struct json_writer *w, const struct reset_case *c)
{
	struct tuple images[CASE_IMAGES_MAX];
	unsigned int n = case_images(c, images), i;

	json__array(w, "images");
	for (i = 1; i < n; i++)
		put_tuple(w, NULL, true, &images[i]);
	json__end(w);
}

static void put_losses(struct json_writer *w, const struct looked_up *asked)
{
	json__object(w, "lost");
	json__unsigned(w, "events", asked->lost_events);
	json__unsigned(w, "packets", asked->lost_packets);
	json__boolean(w, "hurried", asked->hurried);
	json__end(w);
}

static void put_head(struct json_writer *w, const struct reset_case *c,
		     const struct report_context *ctx)
{
	char id[CASE_ID_TEXT];

	case_id(id, c, wall_time(c->seen.rst.ts_ns, ctx));
	json__unsigned(w, "v", SCHEMA_VERSION);
	json__text(w, "id", id);
	put_community_id(w, &c->seen.rst.tuple);
	json__text(w, "kind", kind_name(c->seen.kind));
	put_time(w, "ts", c->seen.rst.ts_ns, ctx);
	json__text(w, "host", ctx->host);
	put_interface(w, ctx, c->seen.rst.ifindex);
	json__text(w, "hook", hook_name(c->seen.rst.hook));
	json__text(w, "origin", origin_name(c->diagnosis.origin));
	json__text(w, "type", type_name(c->diagnosis.type));
	json__text(w, "cause", c->diagnosis.cause->id);
	json__text(w, "confidence", confidence_name(c->diagnosis.confidence));
}

void report_json(struct json_writer *w, const struct reset_case *c,
		 const struct report_context *report)
{
	struct report_context utc = *report;
	const struct report_context *ctx = &utc;

	utc.local_time = false;
	json__object(w, NULL);
	put_head(w, c, ctx);
	put_candidates(w, c);
	put_ruled_out(w, c, ctx);
	put_sentence(w, "title", c->diagnosis.cause->title, c, ctx);
	put_impact(w, c, ctx);
	put_first(w, c, ctx);
	put_incident(w, c, ctx);
	put_lines(w, "evidence", report_evidence(c, ctx, true));
	put_lines(w, "missing", report_missing(c, ctx));
	put_advice(w, c, ctx);
	put_rst(w, c);
	put_sightings(w, c, ctx);
	put_images(w, c);
	put_answers(w, c, ctx);
	put_kernel(w, c, ctx);
	put_owner(w, &c->asked.owner);
	put_netns(w, &c->asked.netns);
	put_victim(w, c);
	put_killer(w, c);
	put_user_stack(w, c->asked.user_stack);
	put_conversation(w, &c->seen.conversation);
	put_history(w, c, ctx);
	if (c->seen.before_start)
		json__boolean(w, "before_start", true);
	put_losses(w, &c->asked);
	json__end(w);
}
