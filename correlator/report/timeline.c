// SPDX-License-Identifier: GPL-2.0-only
/*
 * timeline.c - what happened around one reset, in chronological order.
 */
#include "report/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "model/format.h"
#include "model/stack.h"

#define MOMENTS_MAX (CASE_HISTORY_MAX + CASE_SIGHTINGS_MAX + 8)

void format_delay(char *buf, size_t len, int64_t ns)
{
	char duration[DURATION_TEXT_MAX];
	uint64_t a = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;

	snprintf(buf, len, "%s%s", ns < 0 ? "-" : ns ? "+" : "", format_duration(duration, a));
}

static struct moment *add_moment(struct timeline *t, const struct reset_case *c, uint64_t ts_ns)
{
	struct moment *m;

	if (t->n == MOMENTS_MAX)
		return NULL;
	m = &t->moments[t->n++];
	memset(m, 0, sizeof(*m));
	m->ns = (int64_t)(ts_ns - c->seen.rst.ts_ns);
	return m;
}

static void say_place(struct moment *m, const struct report_context *report, uint32_t ifindex,
		      enum hook hook)
{
	FILE *out = fmemopen(m->where, sizeof(m->where), "w");

	if (!out)
		return;
	print_escaped(out, report->ifname(report->ifname_ctx, ifindex));
	if (hook != HOOK_PCAP)
		fprintf(out, " %s", hook_name(hook));
	fclose(out);
}

static void say_packet(struct moment *m, const struct packet *p, const char *remark)
{
	FILE *out = fmemopen(m->what, sizeof(m->what), "w");

	if (!out)
		return;
	print_tuple(out, &p->tuple);
	fputc(' ', out);
	print_flags(out, p->flags);
	fprintf(out, " seq %u", p->seq);
	if (p->flags & FLAG_ACK)
		fprintf(out, " ack %u", p->ack);
	if (p->len)
		fprintf(out, " len %u", p->len);
	fputs(remark, out);
	fclose(out);
}

static bool is_answer(const struct reset_case *c, const struct packet *p)
{
	return c->seen.answer_match == ANSWER_EXACT && p->ts_ns == c->seen.answers.ts_ns &&
	       p->ifindex == c->seen.answers.ifindex;
}

static void add_packet(struct timeline *t, const struct reset_case *c,
		       const struct report_context *report, const struct packet *p)
{
	struct moment *m = add_moment(t, c, p->ts_ns);

	if (!m)
		return;
	m->matters = is_answer(c, p);
	say_place(m, report, p->ifindex, p->hook);
	say_packet(m, p, m->matters && c->seen.kind == CASE_RESET ? "  << triggered the RST" : "");
}

static void add_packets(struct timeline *t, const struct reset_case *c,
			const struct report_context *report)
{
	bool answer_there = c->seen.answer_match != ANSWER_EXACT;
	unsigned int i;

	for (i = 0; i < c->asked.n_history; i++) {
		answer_there |= is_answer(c, &c->asked.history[i]);
		add_packet(t, c, report, &c->asked.history[i]);
	}
	if (!answer_there)
		add_packet(t, c, report, &c->seen.answers);
	for (i = 0; c->seen.kind == CASE_RESET && i < c->seen.n_sightings; i++) {
		const struct sighting *s = &c->seen.sightings[i];
		struct moment *m = add_moment(t, c, s->ts_ns);
		struct packet p = c->seen.rst;

		if (!m)
			return;
		p.tuple = s->tuple;
		m->matters = true;
		say_place(m, report, s->ifindex, s->hook);
		say_packet(m, &p, i ? "  (same RST)" : "");
	}
}

static void say_call(struct moment *m, const struct kernel_event *k)
{
	FILE *out = fmemopen(m->what, sizeof(m->what), "w");

	if (!out)
		return;
	fprintf(out, "%s()", call_name(k));
	if (k->has_segment && k->call == CALL_PASSIVE)
		fprintf(out, ": the lookup found %s",
			k->lookup == LOOKUP_NONE ? "no socket" : lookup_name(k->lookup));
	if (k->reason[0]) {
		fputs(", reason ", out);
		print_escaped(out, k->reason);
	}
	fclose(out);
}

static void add_kernel(struct timeline *t, const struct reset_case *c, const struct kernel_event *k)
{
	struct moment *m;

	if (k->call == CALL_NONE || k->call == CALL_NF_DROP)
		return;
	m = add_moment(t, c, k->ts_ns);
	if (!m)
		return;
	m->matters = true;
	snprintf(m->where, sizeof(m->where), "CPU %u", k->cpu);
	say_call(m, k);
}

static void add_window(struct timeline *t, const struct reset_case *c)
{
	const struct hash_window *w = &c->seen.kernel->window;
	const char *what = w->kind == WINDOW_TIMEWAIT ? "TIME_WAIT socket replaces the socket" :
							"socket replaces its request socket";
	struct moment *m;
	int i;

	for (i = 0; w->kind != WINDOW_NONE && i < (w->end_ns ? 2 : 1); i++) {
		m = add_moment(t, c, i ? w->end_ns : w->start_ns);
		if (!m)
			return;
		m->matters = true;
		snprintf(m->where, sizeof(m->where), "CPU %u", w->cpu);
		snprintf(m->what, sizeof(m->what), "%s: %s", what, i ? "end" : "start");
	}
}

static int by_time(const void *a, const void *b)
{
	int64_t x = ((const struct moment *)a)->ns, y = ((const struct moment *)b)->ns;

	return x < y ? -1 : x > y;
}

struct timeline timeline_make(const struct reset_case *c, const struct report_context *report)
{
	struct timeline t = { .moments = malloc(MOMENTS_MAX * sizeof(struct moment)) };

	if (!t.moments)
		return t;
	add_packets(&t, c, report);
	add_kernel(&t, c, c->seen.kernel);
	add_kernel(&t, c, c->seen.clash);
	add_kernel(&t, c, c->seen.receive);
	add_window(&t, c);
	qsort(t.moments, t.n, sizeof(*t.moments), by_time);
	return t;
}

void timeline_free(struct timeline *t)
{
	free(t->moments);
	*t = (struct timeline){ 0 };
}
