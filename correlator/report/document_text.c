// SPDX-License-Identifier: GPL-2.0-only
/*
 * document_text.c - reports for terminals and for pasting: plain text, and Markdown.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "diagnose/advice.h"
#include "diagnose/impact.h"
#include "report/document.h"
#include "report/sink.h"
#include "report/timeline.h"

#define TOP 10
/* More cases are summed up only: a report of a storm fits one screen. */
#define DETAILS_MAX 20
#define STORM_TOP 5
#define STORM_GROUPS 12
#define BAR_WIDTH 30

/* --- common to both --------------------------------------------------------------------------------- */

struct named {
	const char *name;
	json_int_t n;
};

static int by_number(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	return x->n != y->n ? (x->n < y->n ? 1 : -1) : strcmp(x->name, y->name);
}

static json_int_t total(const json_t *value)
{
	json_int_t sum = json_integer_value(value);
	size_t i;

	for (i = 0; i < json_array_size(value); i++)
		sum += json_integer_value(json_array_get(value, i));
	return sum;
}

/* The largest first; free() it. */
static struct named *sorted(const json_t *names, size_t *ret_n)
{
	struct named *list = calloc(json_object_size(names) + 1, sizeof(*list));
	const char *name;
	json_t *value;

	*ret_n = 0;
	if (!list)
		return NULL;
	json_object_foreach((json_t *)names, name, value) list[(*ret_n)++] =
		(struct named){ name, total(value) };
	qsort(list, *ret_n, sizeof(*list), by_number);
	return list;
}

/* One more; is it to be printed whole, as far as is known by now? */
static bool count_case(struct document *d)
{
	return ++d->n <= DETAILS_MAX || d->details;
}

static bool is_storm(const struct document *d)
{
	return d->n > DETAILS_MAX && !d->details;
}

/* Where several resets have something in common. */
static bool has_groups(const struct document *d, const struct summary *s)
{
	size_t n;

	groups__sorted(summary__groups(s), &n);
	return is_storm(d) || n < summary__cases(s);
}

static int begin_prose(struct document *d)
{
	(void)d;
	return 0;
}

static void free_prose(struct document *d)
{
	(void)d;
}

/* --- text ------------------------------------------------------------------------------------------- */

static void print_bars(FILE *out, const char *what, const json_t *names, size_t top)
{
	struct named *list;
	size_t n, i;

	list = sorted(names, &n);
	if (n)
		fprintf(out, "%s\n", what);
	for (i = 0; list && i < n && i < top; i++) {
		int bar = (int)(list[i].n * BAR_WIDTH / list[0].n);

		fprintf(out, "  %8" PRId64 " ", (int64_t)list[i].n);
		for (; bar > 0; bar--)
			fputs("█", out);
		fputc(' ', out);
		print_escaped(out, list[i].name);
		fputc('\n', out);
	}
	if (n > top)
		fprintf(out, "           and %zu more\n", n - top);
	if (n)
		fputc('\n', out);
	free(list);
}

static void print_over_time(FILE *out, const struct summary *s)
{
	static const char *const levels[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	struct report_context wall = { .local_time = summary__local_time(s) };
	uint64_t start, width, most = 0, total_ns;
	const uint64_t *buckets = summary__buckets(s, &start, &width);
	char from[40];
	unsigned int i;

	for (i = 0; i < SUMMARY_BUCKETS; i++)
		most = buckets[i] > most ? buckets[i] : most;
	if (!most)
		return;
	total_ns = width * SUMMARY_BUCKETS;
	format_time(from, sizeof(from), start, &wall);
	fprintf(out, "Over time (peak: %" PRIu64 " per %" PRIu64 " s)\n  ", most,
		width / 1000000000u);
	for (i = 0; i < SUMMARY_BUCKETS; i++)
		fputs(levels[buckets[i] ? 1 + buckets[i] * 7 / most : 0], out);
	fprintf(out, "\n  %.19s%s + %" PRIu64 " s\n\n", from, from + 29, total_ns / 1000000000u);
}

/* The Greek letter and the space are two bytes and one column each. */
static int bytes_beyond_columns(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) == 0x80;
	return n;
}

static void print_timeline(FILE *out, const struct reset_case *c,
			   const struct report_context *report)
{
	struct timeline t = timeline_make(c, report);
	char delay[DURATION_TEXT_MAX];
	size_t i;

	for (i = 0; i < t.n; i++) {
		const struct moment *m = &t.moments[i];

		format_delay(delay, sizeof(delay), m->ns);
		fprintf(out, "  %c %*s  %-16s %s\n", m->matters ? '*' : ' ',
			14 + bytes_beyond_columns(delay), delay, m->where, m->what);
	}
	fputc('\n', out);
	timeline_free(&t);
}

static int add_text(struct document *d, const struct reset_case *c,
		    const struct report_context *report)
{
	struct sink sink = { .ops = &sink_text, .out = d->spool, .lazy = true };
	int err;

	if (!count_case(d))
		return 0;
	err = sink.ops->emit(&sink, c, report);
	if (err)
		return err;
	print_timeline(d->spool, c, report);
	return document_error(d->spool);
}

static void print_text_groups(struct document *d, const struct summary *s)
{
	if (!has_groups(d, s))
		return;
	groups__print(summary__groups(s), d->out, STORM_GROUPS, summary__local_time(s));
	fputc('\n', d->out);
}

static int print_storm_hint(struct document *d)
{
	fputs("For each reset: --details, or the formats json and html.\n", d->out);
	return document_error(d->out);
}

static int end_text(struct document *d, const struct summary *s)
{
	size_t top = is_storm(d) ? STORM_TOP : TOP;
	char *scope = summary__scope(s);

	print_escaped(d->out, d->title);
	fprintf(d->out, "\n%s\n\n", scope ? scope : "");
	free(scope);
	print_over_time(d->out, s);
	print_text_groups(d, s);
	print_bars(d->out, "By impact", summary__impacts(s), top);
	print_bars(d->out, "By cause", summary__causes(s), top);
	if (is_storm(d))
		return print_storm_hint(d);
	print_bars(d->out, "By owner", summary__owners(s), top);
	print_bars(d->out, "By peer", summary__peers(s), top);
	return document_unspool(d);
}

const struct document_ops document_text = { "text",   ".txt",	begin_prose,
					    add_text, end_text, free_prose };

/* --- Markdown ------------------------------------------------------------------------------------------ */

/* Escapes everything that has a meaning in Markdown, including GitHub's tables. */
static void print_markdown(FILE *out, const char *text)
{
	bool shows;
	size_t n, i;

	for (; (n = escape_next(text, &shows)); text += n) {
		if (*text == '\n' || *text == '\r' || *text == '\t')
			fputc(' ', out);
		else if (!shows)
			for (i = 0; i < n; i++)
				fprintf(out, "\\\\x%02x", (unsigned char)text[i]);
		else if (*text == '&')
			fputs("&amp;", out);
		else if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '>')
			fputs("&gt;", out);
		else if (strchr("\\`*_{}[]()#+-.!|~@:", *text))
			fprintf(out, "\\%c", *text);
		else
			fwrite(text, 1, n, out);
	}
}

/* Advice contains commands, `like this`: these are printed verbatim. */
static void print_with_code(FILE *out, const char *text)
{
	const char *open, *close;

	while ((open = strchr(text, '`')) && (close = strchr(open + 1, '`'))) {
		char *before = strndup(text, (size_t)(open - text));

		if (before)
			print_markdown(out, before);
		free(before);
		fwrite(open, 1, (size_t)(close - open) + 1, out);
		text = close + 1;
	}
	print_markdown(out, text);
}

static void print_table(FILE *out, const char *what, const json_t *names)
{
	struct named *list;
	size_t n, i;

	list = sorted(names, &n);
	if (n)
		fprintf(out, "| %s | resets |\n|---|---:|\n", what);
	for (i = 0; list && i < n && i < TOP; i++) {
		fputs("| ", out);
		print_markdown(out, list[i].name);
		fprintf(out, " | %" PRId64 " |\n", (int64_t)list[i].n);
	}
	if (n > TOP)
		fprintf(out, "| and %zu more | |\n", n - TOP);
	if (n)
		fputc('\n', out);
	free(list);
}

static void print_items(FILE *out, const char *head, struct report_lines lines)
{
	size_t i;

	if (lines.n)
		fprintf(out, "%s\n\n", head);
	for (i = 0; i < lines.n; i++) {
		fputs("- ", out);
		print_with_code(out, lines.line[i]);
		fputc('\n', out);
	}
	if (lines.n)
		fputc('\n', out);
	report_lines_free(&lines);
}

static void print_phrase(FILE *out, const char *before, const char *template,
			 const struct reset_case *c, const struct report_context *report)
{
	char *text = template_expand(template, c, report);

	fputs(before, out);
	print_with_code(out, text ? text : "");
	free(text);
}

static void print_advice(FILE *out, const struct reset_case *c, const struct report_context *report)
{
	const struct advice *a;
	unsigned int i;

	for (i = 0; (a = case_advice(c, i)); i++) {
		print_phrase(out, i ? "- or: " : "What to do\n\n- ", a->action, c, report);
		print_phrase(out, "\n  - trade-off: ", a->price, c, report);
		print_phrase(out, "\n  - undo: ", a->undo, c, report);
		fputc('\n', out);
	}
	if (i)
		fputc('\n', out);
}

static void print_moments(FILE *out, const struct reset_case *c,
			  const struct report_context *report)
{
	struct timeline t = timeline_make(c, report);
	char delay[DURATION_TEXT_MAX];
	size_t i;

	if (t.n)
		fputs("| relative to RST | where | what |\n|---:|---|---|\n", out);
	for (i = 0; i < t.n; i++) {
		const struct moment *m = &t.moments[i];
		const char *strong = m->matters ? "**" : "";

		format_delay(delay, sizeof(delay), m->ns);
		fprintf(out, "| %s | ", delay);
		print_markdown(out, m->where);
		fprintf(out, " | %s", strong);
		print_markdown(out, m->what);
		fprintf(out, "%s |\n", strong);
	}
	fputc('\n', out);
	timeline_free(&t);
}

static void print_images(FILE *out, const struct reset_case *c)
{
	struct tuple images[CASE_IMAGES_MAX];
	unsigned int n = case_images(c, images), i;

	for (i = 1; i < n; i++) {
		fputs(i > 1 ? ", " : "Before or after NAT: ", out);
		print_tuple(out, &images[i]);
	}
	fputs(n > 1 ? "\n\n" : "", out);
}

static void print_heading(FILE *out, const struct reset_case *c,
			  const struct report_context *report)
{
	char ts[40];

	format_time(ts, sizeof(ts), c->seen.rst.ts_ns, report);
	fprintf(out, "## %s: ", ts);
	fputs(c->seen.kind == CASE_RESET ? "RST " : "stalled handshake, no RST: SYN ", out);
	print_tuple(out, &c->seen.rst.tuple);
	fprintf(out, "\n\n**%s** (%s, %s, %s): ", c->diagnosis.cause->id,
		c->diagnosis.confidence == CONF_NONE ? "undetermined" :
						       confidence_name(c->diagnosis.confidence),
		type_name(c->diagnosis.type), origin_name(c->diagnosis.origin));
	print_phrase(out, "", c->diagnosis.cause->title, c, report);
	fputs("\n\n", out);
	print_images(out, c);
}

static void print_impact(FILE *out, const struct reset_case *c, const struct report_context *report)
{
	const struct impact *i = &c->diagnosis.impact;

	fprintf(out, "Impact: **%s**", impact_id(i->kind));
	print_phrase(out, ": ", impact_reasons[i->reason], c, report);
	fputs("\n\n", out);
}

static void print_candidates(FILE *out, const struct reset_case *c)
{
	unsigned int i;

	if (!c->diagnosis.n_candidates)
		return;
	fputs(c->diagnosis.confidence == CONF_CERTAIN ? "Possible root causes:" :
							"Candidates, most likely first:",
	      out);
	for (i = 0; i < c->diagnosis.n_candidates; i++)
		fprintf(out, "%s `%s`", i ? "," : "", c->diagnosis.candidates[i]->id);
	fputs("\n\n", out);
}

static int add_markdown(struct document *d, const struct reset_case *c,
			const struct report_context *report)
{
	if (!count_case(d))
		return 0;
	print_heading(d->spool, c, report);
	print_impact(d->spool, c, report);
	print_items(d->spool, "Evidence", report_evidence(c, report, true));
	print_candidates(d->spool, c);
	print_advice(d->spool, c, report);
	print_moments(d->spool, c, report);
	return document_error(d->spool);
}

/* A list: chats and trackers take it as it is, unlike a table. */
static void print_markdown_group(FILE *out, const struct group *g, enum group_by by,
				 bool local_time)
{
	struct report_context wall = { .local_time = local_time };
	char ts[40], lasted[DURATION_TEXT_MAX];

	format_time(ts, sizeof(ts), g->from_ns, &wall);
	fprintf(out, "- **%" PRIu64 "** `%s`%s", g->n, g->cause,
		g->causes_differ ? " and others" : "");
	if (by == GROUP_INCIDENT || by == GROUP_CAUSE) {
		fprintf(out, " at `%s`", g->service);
		fputs(*g->owner ? " of " : "", out);
		print_markdown(out, g->owner);
	} else {
		fputs(": ", out);
		print_markdown(out, g->name);
	}
	fprintf(out, ", since %.19s%s", ts, ts + 29);
	if (g->n > 1)
		fprintf(out, ", for %s", format_duration(lasted, g->until_ns - g->from_ns));
	if (by == GROUP_INCIDENT)
		fprintf(out, " (`%.32s`)", g->name);
	fputc('\n', out);
}

static void print_markdown_groups(struct document *d, const struct summary *s)
{
	struct groups *groups = summary__groups(s);
	const struct group *list;
	size_t n, i;

	if (!has_groups(d, s))
		return;
	list = groups__sorted(groups, &n);
	fprintf(d->out, "**%zu %s%s**\n\n", n, group_by_id(groups__by(groups)), n == 1 ? "" : "s");
	for (i = 0; i < n && i < STORM_GROUPS; i++)
		print_markdown_group(d->out, &list[i], groups__by(groups), summary__local_time(s));
	if (n > STORM_GROUPS)
		fprintf(d->out, "- and %zu more\n", n - STORM_GROUPS);
	fputc('\n', d->out);
}

/* "Cause: 12 closed-port, 3 unread-data" */
static void print_counts(FILE *out, const char *what, const json_t *names)
{
	struct named *list;
	size_t n, i;

	list = sorted(names, &n);
	fprintf(out, "%s:", what);
	for (i = 0; list && i < n; i++)
		fprintf(out, "%s %" PRId64 " `%s`", i ? "," : "", (int64_t)list[i].n, list[i].name);
	fputs("\n\n", out);
	free(list);
}

static int end_markdown(struct document *d, const struct summary *s)
{
	char *scope = summary__scope(s);

	fputs("# ", d->out);
	print_markdown(d->out, d->title);
	fputs("\n\n", d->out);
	print_markdown(d->out, scope ? scope : "");
	fputs("\n\n", d->out);
	free(scope);
	print_markdown_groups(d, s);
	if (is_storm(d)) {
		print_counts(d->out, "Impact", summary__impacts(s));
		print_counts(d->out, "Cause", summary__causes(s));
		return document_error(d->out);
	}
	print_table(d->out, "impact", summary__impacts(s));
	print_table(d->out, "cause", summary__causes(s));
	print_table(d->out, "owner", summary__owners(s));
	print_table(d->out, "peer", summary__peers(s));
	return document_unspool(d);
}

const struct document_ops document_markdown = { "markdown",   ".md",	    begin_prose,
						add_markdown, end_markdown, free_prose };
