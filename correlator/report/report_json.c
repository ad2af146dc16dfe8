// SPDX-License-Identifier: GPL-2.0-only
/*
 * report_json.c - a classified case as a document; every field is named here and nowhere else.
 */
#include "report/report_json.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/strbuf.h"

#define SCHEMA_VERSION 1

const char *kind_name(enum case_kind kind)
{
	return kind == CASE_STALL ? "stall" : "reset";
}

const char *origin_name(enum origin o)
{
	static const char *const names[] = { "unknown", "local", "forwarded", "remote" };

	return names[o];
}

const char *type_name(enum reset_type t)
{
	static const char *const names[] = { "unknown", "active", "passive", "netfilter" };

	return names[t];
}

const char *confidence_name(enum confidence conf)
{
	static const char *const names[] = { "none", "possible", "likely", "certain" };

	return names[conf];
}

void format_time(char *buf, size_t len, uint64_t ts_ns, const struct report_context *ctx)
{
	uint64_t wall = ts_ns + (uint64_t)ctx->wall_offset_ns;
	time_t sec = (time_t)(wall / 1000000000u);
	struct tm tm;
	size_t n;

	gmtime_r(&sec, &tm);
	n = strftime(buf, len, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + n, len - n, ".%09uZ", (unsigned int)(wall % 1000000000u));
}

static void add_line(struct report_lines *lines, char *line)
{
	char **grown;
	size_t i;

	if (!line)
		return;
	if (!*line) {
		free(line);
		return;
	}
	for (i = 0; i < lines->n; i++) {
		if (!strcmp(lines->line[i], line)) {
			free(line);
			return;
		}
	}
	grown = realloc(lines->line, (lines->n + 1) * sizeof(*grown));
	if (!grown) {
		free(line);
		return;
	}
	lines->line = grown;
	lines->line[lines->n++] = line;
}

void report_lines_free(struct report_lines *lines)
{
	size_t i;

	for (i = 0; i < lines->n; i++)
		free(lines->line[i]);
	free(lines->line);
	*lines = (struct report_lines){ 0 };
}

static void add_losses(struct report_lines *lines, const struct reset_case *c)
{
	char *line;

	if (c->asked.lost_events &&
	    asprintf(&line, "%llu events were lost meanwhile: absence of evidence proves nothing",
		     (unsigned long long)c->asked.lost_events) > 0)
		add_line(lines, line);
	if (c->asked.hurried)
		add_line(lines,
			 strdup("too many resets at once: history, owner and conntrack entry "
				"were not looked up"));
}

struct report_lines report_evidence(const struct reset_case *c, const struct report_context *ctx,
				    bool all)
{
	const struct way *way = cause_way(c);
	fact_set show = way ? way->needs : c->diagnosis.facts_yes;
	struct report_lines lines = { 0 };
	int f;

	for (f = 0; f < FACT_MAX; f++)
		if (fact_in(show, f))
			add_line(&lines, template_expand(fact_texts[f].yes, c, ctx));
	if (way && all)
		for (f = 0; f < FACT_MAX; f++)
			if (fact_in(way->forbids, f))
				add_line(&lines, template_expand(fact_texts[f].no, c, ctx));
	add_losses(&lines, c);
	return lines;
}

struct report_lines report_missing(const struct reset_case *c, const struct report_context *ctx)
{
	struct report_lines lines = { 0 };
	fact_set wanted = 0;
	unsigned int i, j;
	int f;

	for (i = 0; i < c->diagnosis.n_candidates; i++)
		for (j = 0; j < CAUSE_WAYS_MAX && c->diagnosis.candidates[i]->ways[j].confidence;
		     j++)
			wanted |= c->diagnosis.candidates[i]->ways[j].needs |
				  c->diagnosis.candidates[i]->ways[j].forbids;
	wanted &= ~(c->diagnosis.facts_yes | c->diagnosis.facts_no);
	for (f = 0; f < FACT_MAX; f++)
		if (fact_in(wanted, f))
			add_line(&lines, template_expand(fact_texts[f].missing, c, ctx));
	return lines;
}

/* The text in the string buffer. */
static json_t *json_memo(void)
{
	char *text = strbuf_end();
	json_t *value = text ? json_string(text) : NULL;

	free(text);
	return value;
}

/* Text from the network or a process need not be UTF-8; JSON must be. */
static json_t *json_text(const char *s)
{
	json_t *value = json_string(s);
	FILE *out = value ? NULL : strbuf_begin();

	if (!out)
		return value;
	print_escaped(out, s);
	return json_memo();
}

static json_t *json_lines(struct report_lines lines)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < lines.n; i++)
		json_array_append_new(array, json_text(lines.line[i]));
	report_lines_free(&lines);
	return array;
}

static json_t *json_phrase(const char *template, const struct reset_case *c,
			   const struct report_context *ctx)
{
	char *text = template_expand(template, c, ctx);
	json_t *value = text ? json_text(text) : json_null();

	free(text);
	return value;
}

static json_t *json_address(const uint8_t *addr, uint8_t family)
{
	FILE *out = strbuf_begin();

	if (!out)
		return NULL;
	print_address(out, addr, family);
	return json_memo();
}

static json_t *json_tuple(const struct tuple *t)
{
	return json_pack("{so si so si}", "src", json_address(t->saddr, t->family), "sport",
			 (int)t->sport, "dst", json_address(t->daddr, t->family), "dport",
			 (int)t->dport);
}

static json_t *json_flags(uint8_t flags)
{
	FILE *out = strbuf_begin();

	if (!out)
		return NULL;
	print_flags(out, flags);
	return json_memo();
}

static json_t *json_packet(const struct packet *p)
{
	json_t *o = json_tuple(&p->tuple);

	json_object_set_new(o, "seq", json_integer(p->seq));
	json_object_set_new(o, "ack", json_integer(p->ack));
	json_object_set_new(o, "flags", json_flags(p->flags));
	json_object_set_new(o, "ttl", json_integer(p->ttl));
	json_object_set_new(o, "ipid", json_integer(p->ipid));
	json_object_set_new(o, "len", json_integer(p->len));
	json_object_set_new(o, "win", json_integer(p->window));
	return o;
}

/* A packet with place and time; delta_us counts back from the RST. */
static json_t *json_seen_packet(const struct packet *p, const struct reset_case *c,
				const struct report_context *ctx)
{
	json_t *o = json_packet(p);
	char ts[40];

	format_time(ts, sizeof(ts), p->ts_ns, ctx);
	json_object_set_new(o, "ts", json_string(ts));
	json_object_set_new(o, "cpu", json_integer(p->cpu));
	json_object_set_new(o, "if", json_text(ctx->ifname(ctx->ifname_ctx, p->ifindex)));
	json_object_set_new(o, "hook", json_string(hook_name(p->hook)));
	json_object_set_new(o, "delta_us",
			    json_real((double)(int64_t)(c->seen.rst.ts_ns - p->ts_ns) / 1000.0));
	return o;
}

static json_t *json_conntrack(const struct conntrack *ct)
{
	json_t *o = json_object(), *nat = json_array();

	json_object_set_new(o, "state", json_string(ct_state_name(ct->state)));
	json_object_set_new(o, "why", ct->why[0] ? json_text(ct->why) : json_null());
	json_object_set_new(o, "orig", ct->has_entry ? json_tuple(&ct->orig) : json_null());
	json_object_set_new(o, "reply", ct->has_entry ? json_tuple(&ct->reply) : json_null());
	if (ct->snat)
		json_array_append_new(nat, json_string("snat"));
	if (ct->dnat)
		json_array_append_new(nat, json_string("dnat"));
	json_object_set_new(o, "nat", nat);
	return o;
}

static json_t *json_sock(const struct kernel_sock *s)
{
	json_t *o;

	if (!s->present)
		return json_null();
	o = json_tuple(&s->tuple);
	json_object_set_new(o, "state", json_string(tcp_state_name(s->state)));
	if (!s->full)
		return o;
	json_object_set_new(o, "linger", json_boolean(s->flags & 1u << 4));
	json_object_set_new(o, "linger_zero", json_boolean(s->flags & 1u << 4 && !s->lingertime));
	json_object_set_new(o, "shutdown", json_integer(s->shutdown));
	if (s->unread_known)
		json_object_set_new(o, "unread", json_integer(s->unread));
	return o;
}

static json_t *json_frame(const struct frame *f)
{
	FILE *out = strbuf_begin();

	if (!out)
		return NULL;
	print_frame(out, f);
	return json_memo();
}

static json_t *json_stack(const struct kernel_event *k)
{
	json_t *array = json_array();
	unsigned int i;

	for (i = 0; i < k->stack_len; i++)
		json_array_append_new(array, json_frame(&k->stack[i]));
	return array;
}

static const char *const window_names[] = { "none", "handshake", "timewait" };

/* The replacement of the socket that overlapped with the lookup, if it did. */
static json_t *json_race(const struct reset_case *c, const struct report_context *ctx)
{
	const struct hash_window *w = &c->seen.kernel->window;
	char start[40], end[40];

	if (!(c->diagnosis.facts_yes & (FACT(RACE_HANDSHAKE) | FACT(RACE_TIMEWAIT))))
		return json_null();
	format_time(start, sizeof(start), w->start_ns, ctx);
	format_time(end, sizeof(end), w->end_ns, ctx);
	return json_pack("{ss ss so si si sf}", "kind", window_names[w->kind], "start", start,
			 "end", w->end_ns ? json_string(end) : json_null(), "cpu", (int)w->cpu,
			 "lookup_cpu", (int)c->seen.kernel->cpu, "overlap_us",
			 (double)race_overlap_ns(c) / 1000.0);
}

/* The replacement of the connection's socket, even if it played no part in the reset. */
static json_t *json_window(const struct hash_window *w, const struct report_context *ctx)
{
	char start[40], end[40];

	if (w->kind == WINDOW_NONE)
		return json_null();
	format_time(start, sizeof(start), w->start_ns, ctx);
	format_time(end, sizeof(end), w->end_ns, ctx);
	return json_pack("{ss ss so si}", "kind", window_names[w->kind], "start", start, "end",
			 w->end_ns ? json_string(end) : json_null(), "cpu", (int)w->cpu);
}

/* Null if there is not a single line: then there are no debug symbols. */
static json_t *json_stack_lines(const struct kernel_event *k, const struct report_context *ctx)
{
	json_t *array = json_array();
	bool any = false;
	unsigned int i;

	for (i = 0; i < k->stack_len; i++) {
		const char *line = ctx->source_line(ctx->source_ctx, &k->stack[i]);

		any |= !!line;
		json_array_append_new(array, line ? json_text(line) : json_null());
	}
	if (any)
		return array;
	json_decref(array);
	return json_null();
}

static json_t *json_kernel(const struct reset_case *c, const struct report_context *ctx)
{
	bool by_clash = c->seen.kernel->call == CALL_NONE && c->diagnosis.facts_yes & FACT(CLASH);
	const struct kernel_event *k = by_clash ? c->seen.clash : c->seen.kernel;
	bool told = k->call != CALL_NONE;
	json_t *o = json_object();
	char ts[40];

	format_time(ts, sizeof(ts), k->ts_ns, ctx);
	json_object_set_new(o, "view", json_string(ctx->view));
	json_object_set_new(o, "ts", told ? json_string(ts) : json_null());
	json_object_set_new(o, "cpu", told ? json_integer(k->cpu) : json_null());
	json_object_set_new(o, "function",
			    told && *call_name(k) ? json_string(call_name(k)) : json_null());
	json_object_set_new(o, "reason", k->reason[0] ? json_text(k->reason) : json_null());
	json_object_set_new(o, "lookup", json_string(lookup_name(k->lookup)));
	json_object_set_new(o, "sk", json_sock(&k->sock));
	json_object_set_new(o, "skb", k->has_segment ? json_tuple(&k->segment) : json_null());
	json_object_set_new(o, "conntrack", json_conntrack(by_clash ? &k->ct : &c->asked.ct));
	json_object_set_new(o, "race", json_race(c, ctx));
	json_object_set_new(o, "window", json_window(&k->window, ctx));
	json_object_set_new(o, "stack", json_stack(k));
	json_object_set_new(o, "stack_lines", json_stack_lines(k, ctx));
	return o;
}

static json_t *json_owner(const struct owner *owner)
{
	json_t *o;

	if (!owner->known)
		return json_null();
	o = json_object();
	json_object_set_new(o, "pid", owner->pid ? json_integer(owner->pid) : json_null());
	json_object_set_new(o, "comm", owner->comm[0] ? json_text(owner->comm) : json_null());
	json_object_set_new(o, "cgroup", owner->cgroup[0] ? json_text(owner->cgroup) : json_null());
	json_object_set_new(o, "container",
			    owner->container[0] ? json_text(owner->container) : json_null());
	return o;
}

static json_t *json_candidates(const struct reset_case *c)
{
	json_t *array = json_array();
	unsigned int i;

	for (i = 0; i < c->diagnosis.n_candidates; i++)
		json_array_append_new(array, json_string(c->diagnosis.candidates[i]->id));
	return array;
}

static json_t *json_ruled_out(const struct reset_case *c, const struct report_context *ctx)
{
	json_t *array = json_array();
	unsigned int i;

	for (i = 0; i < c->diagnosis.n_ruled_out; i++) {
		const struct ruled_out *r = &c->diagnosis.ruled_out[i];
		const char *because = fact_in(c->diagnosis.facts_yes, r->fact) ?
					      fact_texts[r->fact].yes :
					      fact_texts[r->fact].no;

		json_array_append_new(array, json_pack("{ss so}", "cause", r->cause->id, "because",
						       json_phrase(because, c, ctx)));
	}
	return array;
}

static json_t *json_advice(const struct reset_case *c, const struct report_context *ctx)
{
	json_t *array = json_array();
	unsigned int i;

	for (i = 0; i < CAUSE_ADVICE_MAX && c->diagnosis.cause->advice[i].action; i++) {
		const struct advice *a = &c->diagnosis.cause->advice[i];

		json_array_append_new(array,
				      json_pack("{so so so}", "do", json_phrase(a->action, c, ctx),
						"price", json_phrase(a->price, c, ctx), "undo",
						json_phrase(a->undo, c, ctx)));
	}
	return array;
}

/* "newest" did not trigger the RST; it is just the last segment of the flow. */
static json_t *json_answers(const struct reset_case *c, const struct report_context *ctx)
{
	json_t *o;

	if (c->seen.answer_match == ANSWER_NONE)
		return json_null();
	o = json_seen_packet(&c->seen.answers, c, ctx);
	json_object_set_new(o, "match",
			    json_string(c->seen.answer_match == ANSWER_EXACT ? "exact" : "newest"));
	return o;
}

/* In Zeek's terms; captures only. */
static json_t *json_conversation(const struct conversation *v)
{
	if (!v->known)
		return json_null();
	return json_pack("{ss ss sb}", "state", v->state, "history", v->history, "whole", v->whole);
}

static json_t *json_history(const struct reset_case *c, const struct report_context *ctx)
{
	json_t *array = json_array();
	unsigned int i;

	for (i = 0; i < c->asked.n_history; i++)
		json_array_append_new(array, json_seen_packet(&c->asked.history[i], c, ctx));
	return array;
}

/* Where the RST was seen, in the order of the reports. */
static json_t *json_sightings(const struct reset_case *c, const struct report_context *ctx)
{
	json_t *array = json_array();
	unsigned int i;

	for (i = 0; i < c->seen.n_sightings; i++) {
		const struct sighting *s = &c->seen.sightings[i];
		json_t *o = json_tuple(&s->tuple);
		char ts[40];

		format_time(ts, sizeof(ts), s->ts_ns, ctx);
		json_object_set_new(o, "ts", json_string(ts));
		json_object_set_new(o, "if", json_text(ctx->ifname(ctx->ifname_ctx, s->ifindex)));
		json_object_set_new(o, "hook", json_string(hook_name(s->hook)));
		json_object_set_new(o, "ttl", json_integer(s->ttl));
		json_object_set_new(o, "forwarded", json_boolean(s->forwarded));
		json_array_append_new(array, o);
	}
	return array;
}

json_t *report_json(const struct reset_case *c, const struct report_context *ctx)
{
	json_t *o = json_object();
	char ts[40];

	if (!o)
		return NULL;
	format_time(ts, sizeof(ts), c->seen.rst.ts_ns, ctx);
	json_object_set_new(o, "v", json_integer(SCHEMA_VERSION));
	json_object_set_new(o, "kind", json_string(kind_name(c->seen.kind)));
	json_object_set_new(o, "ts", json_string(ts));
	json_object_set_new(o, "host", json_text(ctx->host));
	json_object_set_new(o, "if", json_text(ctx->ifname(ctx->ifname_ctx, c->seen.rst.ifindex)));
	json_object_set_new(o, "hook", json_string(hook_name(c->seen.rst.hook)));
	json_object_set_new(o, "origin", json_string(origin_name(c->diagnosis.origin)));
	json_object_set_new(o, "type", json_string(type_name(c->diagnosis.type)));
	json_object_set_new(o, "cause", json_string(c->diagnosis.cause->id));
	json_object_set_new(o, "confidence", json_string(confidence_name(c->diagnosis.confidence)));
	json_object_set_new(o, "candidates", json_candidates(c));
	json_object_set_new(o, "ruled_out", json_ruled_out(c, ctx));
	json_object_set_new(o, "title", json_phrase(c->diagnosis.cause->title, c, ctx));
	json_object_set_new(o, "evidence", json_lines(report_evidence(c, ctx, true)));
	json_object_set_new(o, "missing", json_lines(report_missing(c, ctx)));
	json_object_set_new(o, "advice", json_advice(c, ctx));
	json_object_set_new(o, "rst",
			    c->seen.kind == CASE_RESET ? json_packet(&c->seen.rst) : json_null());
	json_object_set_new(o, "sightings", json_sightings(c, ctx));
	json_object_set_new(o, "answers", json_answers(c, ctx));
	json_object_set_new(o, "kernel", json_kernel(c, ctx));
	json_object_set_new(o, "owner", json_owner(&c->asked.owner));
	json_object_set_new(o, "conversation", json_conversation(&c->seen.conversation));
	json_object_set_new(o, "history", json_history(c, ctx));
	json_object_set_new(o, "lost",
			    json_pack("{sI sI sb}", "events", (json_int_t)c->asked.lost_events,
				      "packets", (json_int_t)c->asked.lost_packets, "hurried",
				      c->asked.hurried));
	return o;
}
