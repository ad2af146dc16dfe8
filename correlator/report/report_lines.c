// SPDX-License-Identifier: GPL-2.0-only
/*
 * report_lines.c - the sentences of a classified case, and what documents of all formats share.
 */
#include "report/report_lines.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/strbuf.h"

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

static char *put_digits(char *to, uint64_t v, unsigned int n)
{
	unsigned int i;

	for (i = n; i-- > 0; v /= 10)
		to[i] = (char)('0' + v % 10);
	return to + n;
}

/* @days since 1970. Not by gmtime(): a case has a dozen times. (Howard Hinnant, civil_from_days) */
static char *put_date(char *to, uint64_t days)
{
	uint64_t z = days + 719468, day_of_era = z % 146097;
	uint64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	uint64_t day = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	uint64_t month = (5 * day + 2) / 153; /* 0 = March */

	to = put_digits(to, z / 146097 * 400 + year_of_era + (month >= 10), 4);
	*to++ = '-';
	to = put_digits(to, month < 10 ? month + 3 : month - 9, 2);
	*to++ = '-';
	return put_digits(to, day - (153 * month + 2) / 5 + 1, 2);
}

static long seconds_east(time_t t)
{
	struct tm tm;

	return localtime_r(&t, &tm) ? tm.tm_gmtoff : 0;
}

static char *put_zone(char *to, bool local_time, long east)
{
	unsigned long minutes = (unsigned long)labs(east) / 60;

	if (!local_time) {
		*to++ = 'Z';
		return to;
	}
	*to++ = east < 0 ? '-' : '+';
	to = put_digits(to, minutes / 60, 2);
	*to++ = ':';
	return put_digits(to, minutes % 60, 2);
}

void format_time(char *buf, size_t len, uint64_t ts_ns, const struct report_context *ctx)
{
	static const uint64_t units[] = { 3600, 60, 1 };
	uint64_t wall = wall_time(ts_ns, ctx);
	long east = ctx->local_time ? seconds_east((time_t)(wall / 1000000000u)) : 0;
	uint64_t sec = wall / 1000000000u + (uint64_t)east;
	char text[40], *to = put_date(text, sec / 86400);
	unsigned int i;

	for (i = 0; i < 3; i++) {
		*to++ = i ? ':' : 'T';
		to = put_digits(to, sec / units[i] % (i ? 60 : 24), 2);
	}
	*to++ = '.';
	to = put_digits(to, wall % 1000000000u, 9);
	to = put_zone(to, ctx->local_time, east);
	*to++ = 0;
	memcpy(buf, text, (size_t)(to - text) < len ? (size_t)(to - text) : len);
}

static bool has_line(const struct report_lines *lines, const char *line)
{
	size_t i;

	for (i = 0; i < lines->n; i++)
		if (lines->line[i] == line || !strcmp(lines->line[i], line))
			return true;
	return false;
}

/* @owned: the same, if it is to be freed. */
static void add_line(struct report_lines *lines, const char *line, char *owned)
{
	if (!line || !*line || lines->n == LINES_MAX || has_line(lines, line)) {
		free(owned);
		return;
	}
	lines->owned[lines->n] = owned;
	lines->line[lines->n++] = line;
}

/* Most are the same for every case: those are not copied. */
static void add_template(struct report_lines *lines, const char *template,
			 const struct reset_case *c, const struct report_context *ctx)
{
	char *text;

	if (!strchr(template, '{')) {
		add_line(lines, template, NULL);
		return;
	}
	text = template_expand(template, c, ctx);
	add_line(lines, text, text);
}

void report_lines_free(struct report_lines *lines)
{
	size_t i;

	for (i = 0; i < lines->n; i++)
		free(lines->owned[i]);
	lines->n = 0;
}

static void add_losses(struct report_lines *lines, const struct reset_case *c)
{
	char *line;

	if (c->asked.lost_events &&
	    asprintf(&line, "%llu events were lost meanwhile: absence of evidence proves nothing",
		     (unsigned long long)c->asked.lost_events) > 0)
		add_line(lines, line, line);
	if (c->seen.before_start)
		add_line(lines,
			 "recorded before rstscope was started: without kernel view, owner and "
			 "conntrack entry",
			 NULL);
	if (c->seen.rst.hook == HOOK_KERNEL)
		add_line(
			lines,
			"not seen on the wire: it crossed no interface that is watched; the RST is "
			"what the kernel's account of it says",
			NULL);
	if (c->asked.netns.unreachable)
		add_line(
			lines,
			"its network namespace could not be entered: conntrack and NAT rules were not "
			"looked up there",
			NULL);
	if (c->asked.hurried)
		add_line(lines,
			 "too many resets at once: history, owner and conntrack entry "
			 "were not looked up",
			 NULL);
}

/* What became of a RST that came in. */
static void add_effect(struct report_lines *lines, const struct reset_case *c)
{
	const struct after_rst *a = &c->asked.after;

	switch (c->diagnosis.effect) {
	case EFFECT_TAKEN:
		add_line(lines,
			 c->seen.receive->call == CALL_RECEIVE ?
				 "TCP accepted the RST: tcp_reset() was called for its socket" :
				 "the RST has the number that the half-open connection expects",
			 NULL);
		break;
	case EFFECT_CHALLENGED:
		add_line(lines,
			 "a challenge ACK followed the RST at once: the connection continues",
			 NULL);
		break;
	case EFFECT_IGNORED:
		add_line(lines,
			 a->went_on || c->seen.conversation.went_on ?
				 "TCP ignored the RST: the connection continued after it" :
				 "TCP ignored the RST: tcp_reset() was not called for any socket",
			 NULL);
		break;
	default:
		break;
	}
}

/* Once may be chance. */
static bool is_own_timer(const struct reset_case *c)
{
	const struct own_closes *o = &c->asked.closes;

	return o->same >= 2 && 2 * o->same >= o->seen;
}

static void add_race(struct report_lines *lines, const struct reset_case *c)
{
	const struct impact *i = &c->diagnosis.impact;
	FILE *out = i->race ? strbuf_begin() : NULL;
	char *line;

	if (!out)
		return;
	fputs(i->race == RACE_CROSSED ?
		      "the request crossed the end of the connection: its sender could not know" :
		      "the request's sender had acknowledged the FIN, and sent it all the same",
	      out);
	if (i->timer_ns) {
		fputs("; the connection was closed after ", out);
		print_duration(out, i->timer_ns);
		fputs(" without data", out);
	}
	if (is_own_timer(c)) {
		const struct own_closes *o = &c->asked.closes;

		fprintf(out,
			"; %" PRIu32 " of %" PRIu32
			" other connections that this host's port %u closed "
			"were idle for as long: that is its own timer",
			o->same, o->seen, c->seen.rst.tuple.sport);
	}
	line = strbuf_end();
	add_line(lines, line, line);
}

/* What speaks for another sender, and, if anything does, what speaks against one. */
static void add_witnesses(struct report_lines *lines, const struct reset_case *c,
			  const struct report_context *ctx)
{
	fact_set speak_for, speak_against;
	int f;

	witness_facts(c, &speak_for, &speak_against);
	for (f = 0; speak_for && f < FACT_MAX; f++)
		if (fact_in(speak_for | speak_against, f))
			add_template(lines,
				     fact_in(c->diagnosis.facts_yes, f) ? fact_texts[f].yes :
									  fact_texts[f].no,
				     c, ctx);
}

struct report_lines report_evidence(const struct reset_case *c, const struct report_context *ctx,
				    bool all)
{
	const struct way *way = cause_way(c);
	fact_set show = (way ? way->needs : c->diagnosis.facts_yes) |
			(c->diagnosis.facts_yes & FACTS_OF_NOTE);
	struct report_lines lines = { .n = 0 };
	int f;

	for (f = 0; f < FACT_MAX; f++) {
		/* First the witnesses, then the verdict. */
		if (f == FACT_FORGED)
			add_witnesses(&lines, c, ctx);
		if (fact_in(show, f))
			add_template(&lines, fact_texts[f].yes, c, ctx);
	}
	add_effect(&lines, c);
	add_race(&lines, c);
	if (way && all)
		for (f = 0; f < FACT_MAX; f++)
			if (fact_in(way->forbids, f))
				add_template(&lines, fact_texts[f].no, c, ctx);
	add_losses(&lines, c);
	return lines;
}

/* What the ways need that are still open: on a live host, nothing that only captures can say. */
static fact_set facts_in_question(const struct cause *cause, const struct reset_case *c)
{
	const struct way *w = cause->ways;
	fact_set facts = 0;

	for (; w < cause->ways + CAUSE_WAYS_MAX && w->confidence; w++)
		if (!(w->needs & c->diagnosis.facts_no) && !(w->forbids & c->diagnosis.facts_yes))
			facts |= w->needs | w->forbids;
	return facts;
}

struct report_lines report_missing(const struct reset_case *c, const struct report_context *ctx)
{
	struct report_lines lines = { .n = 0 };
	fact_set wanted = 0;
	unsigned int i;
	int f;

	for (i = 0; i < c->diagnosis.n_candidates; i++)
		wanted |= facts_in_question(c->diagnosis.candidates[i], c);
	wanted &= ~(c->diagnosis.facts_yes | c->diagnosis.facts_no);
	for (f = 0; f < FACT_MAX; f++)
		if (fact_in(wanted, f))
			add_template(&lines, fact_texts[f].missing, c, ctx);
	return lines;
}
