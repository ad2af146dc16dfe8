// SPDX-License-Identifier: GPL-2.0-only
/*
 * sink_text.c - one compact block per reset, for people.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/textwrap.h"
#include "diagnose/advice.h"
#include "diagnose/aftermath.h"
#include "diagnose/impact.h"
#include "diagnose/incidents.h"
#include "model/case_id.h"
#include "model/stack.h"
#include "report/fold.h"
#include "report/sink.h"

#define INDENT 13
/* As of the kernel's stack, what lies near counts; but libraries come first. */
#define USER_STACK_SHOWN 12
/* Of ranked candidates; the rest is rarely useful. */
#define RANKED_SHOWN 6

static const char *paint(const struct sink *s, const char *code)
{
	return s->colour ? code : "";
}

#define BOLD(s) paint(s, "\033[1m")
#define DIM(s) paint(s, "\033[2m")
#define RED(s) paint(s, "\033[1;31m")
#define YELLOW(s) paint(s, "\033[1;33m")
#define PLAIN(s) paint(s, "\033[0m")

/* Prints @text under @label, wrapped at spaces. */
static void print_wrapped(struct sink *s, const char *label, const char *text)
{
	size_t col;

	fputs("  ", s->out);
	fputs(DIM(s), s->out);
	fputs(label, s->out);
	for (col = 2 + strlen(label); col < INDENT; col++)
		fputc(' ', s->out);
	fputs(PLAIN(s), s->out);
	wrap_text(s->out, INDENT, text);
}

/* Prints the text in the string buffer under @label. */
static void print_buffered(struct sink *s, const char *label)
{
	char *text = strbuf_end();

	print_wrapped(s, label, text ? text : "");
	free(text);
}

static void print_lines(struct sink *s, const char *label, struct report_lines lines)
{
	size_t i;

	for (i = 0; i < lines.n; i++)
		print_wrapped(s, i ? "" : label, lines.line[i]);
	report_lines_free(&lines);
}

static void print_head(struct sink *s, const struct reset_case *c, const struct report_context *ctx)
{
	char ts[40];

	format_time(ts, sizeof(ts), c->seen.rst.ts_ns, ctx);
	fprintf(s->out, "%s%s%s  %s%s%s%s ", DIM(s), ts, PLAIN(s), BOLD(s),
		c->seen.kind == CASE_STALL ? "stalled handshake, no RST: SYN" : "RST",
		c->seen.rst.flags & FLAG_ACK ? "+ACK" : "", PLAIN(s));
	print_tuple(s->out, &c->seen.rst.tuple);
	fprintf(s->out, "\n  %s%s%s (", c->diagnosis.confidence >= CONF_LIKELY ? RED(s) : YELLOW(s),
		c->diagnosis.cause->id, PLAIN(s));
	if (c->diagnosis.confidence != CONF_NONE)
		fprintf(s->out, "%s, ", confidence_name(c->diagnosis.confidence));
	fprintf(s->out, "%s, %s)\n", type_name(c->diagnosis.type),
		origin_name(c->diagnosis.origin));
}

static void print_title(struct sink *s, const struct reset_case *c,
			const struct report_context *ctx)
{
	char *title = template_expand(c->diagnosis.cause->title, c, ctx);

	print_wrapped(s, "cause", title ? title : "");
	free(title);
}

static void print_impact(struct sink *s, const struct reset_case *c,
			 const struct report_context *ctx)
{
	const struct impact *i = &c->diagnosis.impact;
	char *why = template_expand(impact_reasons[i->reason], c, ctx), *line = NULL;

	if (why && asprintf(&line, "%s: %s", impact_id(i->kind), why) > 0)
		print_wrapped(s, "impact", line);
	free(line);
	free(why);
}

static void print_first(struct sink *s, const struct reset_case *c,
			const struct report_context *ctx)
{
	char *line =
		first_reset(c) ?
			template_expand("from the reset at {first.time} by {first.src}", c, ctx) :
			NULL;

	if (line)
		print_wrapped(s, "follows", line);
	free(line);
}

/* Why it belongs to an earlier one; that of an aftermath is said already. */
static void print_incident(struct sink *s, const struct reset_case *c,
			   const struct report_context *ctx)
{
	const struct membership *m = &c->incident;
	char *why = NULL, *line = NULL;

	if (!m->known || !m->because || m->role == ROLE_AFTERMATH)
		return;
	why = template_expand(m->because, c, ctx);
	if (why && asprintf(&line, "%s of %s: %s", incident_role_id(m->role), m->id, why) > 0)
		print_wrapped(s, "incident", line);
	free(line);
	free(why);
}

static void print_answers(struct sink *s, const struct reset_case *c,
			  const struct report_context *ctx)
{
	const struct packet *p = &c->seen.answers;
	FILE *out;

	if (c->seen.answer_match == ANSWER_NONE || c->seen.kind == CASE_STALL)
		return;
	out = strbuf_begin();
	if (!out)
		return;
	print_tuple(out, &p->tuple);
	fprintf(out, " ");
	print_flags(out, p->flags);
	fprintf(out, " seq %u ack %u len %u, ", p->seq, p->ack, p->len);
	print_duration(out, c->seen.rst.ts_ns > p->ts_ns ? c->seen.rst.ts_ns - p->ts_ns : 0);
	fputs(" earlier on ", out);
	print_escaped(out, ctx->ifname(ctx->ifname_ctx, p->ifindex));
	print_buffered(s, c->seen.answer_match == ANSWER_EXACT ? "trigger" : "last seen");
}

/* Customers report the address before NAT. */
static void print_images(struct sink *s, const struct reset_case *c)
{
	struct tuple images[CASE_IMAGES_MAX];
	unsigned int n = case_images(c, images), i;
	FILE *out;

	for (i = 1; i < n; i++) {
		out = strbuf_begin();
		if (!out)
			return;
		print_tuple(out, &images[i]);
		print_buffered(s, i == 1 ? "NAT" : "");
	}
}

static void print_conversation(struct sink *s, const struct reset_case *c)
{
	const struct conversation *v = &c->seen.conversation;
	char line[128];

	if (!v->known)
		return;
	snprintf(line, sizeof(line), "%s (%s), history %s", v->state,
		 conversation_state_text(v->state), v->history);
	print_wrapped(s, "state", line);
}

static void print_one_frame(struct sink *s, const char *label, const struct frame *f,
			    const struct report_context *ctx)
{
	const char *line = ctx->source_line(ctx->source_ctx, f);
	FILE *out = strbuf_begin();

	if (!out)
		return;
	print_frame(out, f);
	if (line) {
		fputc(' ', out);
		print_escaped(out, line);
	}
	print_buffered(s, label);
}

static void print_stack(struct sink *s, const struct kernel_event *k,
			const struct report_context *ctx)
{
	unsigned int first = stack_first(k), i;

	for (i = first; i < k->stack_len && i < first + STACK_SHOWN; i++)
		print_one_frame(s, i == first ? "stack" : "", &k->stack[i], ctx);
}

/* The application's, of the task that made the RST. */
static void print_user_stack(struct sink *s, const struct user_stack *u)
{
	unsigned int i;
	FILE *out;

	for (i = 0; u && i < u->n && i < USER_STACK_SHOWN; i++) {
		out = strbuf_begin();
		if (!out)
			return;
		print_escaped(out, u->frames[i].text);
		print_buffered(s, i ? "" : "called by");
	}
	if (u && u->end[0] && i < USER_STACK_SHOWN) {
		out = strbuf_begin();
		if (!out)
			return;
		fputs("... ", out);
		print_escaped(out, u->end);
		print_buffered(s, i ? "" : "called by");
	}
}

/* The first twelve digits, as docker prints it. */
static void print_container(FILE *out, const char *id)
{
	char head[13] = "";

	memcpy(head, id, strnlen(id, sizeof(head) - 1));
	fputs(" container ", out);
	print_escaped(out, head);
}

/* If the thread that acted is not the first, which the process is named after. */
static void print_thread(FILE *out, const struct owner *o)
{
	if (!o->tid || o->tid == o->pid)
		return;
	fputs(" thread ", out);
	print_escaped(out, o->thread);
	fprintf(out, "[%u]", o->tid);
}

static void print_process(struct sink *s, const char *label, const struct owner *o)
{
	FILE *out = o->known ? strbuf_begin() : NULL;

	if (!out)
		return;
	if (o->pid) {
		print_escaped(out, o->comm);
		fprintf(out, "[%u]", o->pid);
	}
	print_thread(out, o);
	if (o->container[0])
		print_container(out, o->container);
	else if (o->cgroup[0]) {
		fputs(" cgroup ", out);
		print_escaped(out, o->cgroup);
	}
	if (o->command[0] && strcmp(o->command, o->comm)) {
		fputs(", command line: ", out);
		print_escaped(out, o->command);
	}
	print_buffered(s, label);
}

static void print_processes(struct sink *s, const struct reset_case *c)
{
	print_process(s, "owner", &c->asked.owner);
	print_process(s, "killer", &c->asked.killer);
	if (c->diagnosis.effect == EFFECT_TAKEN)
		print_process(s, "victim", &c->asked.victim);
}

/* Where a watch of one namespace would have seen it, too. */
static void print_netns(struct sink *s, const struct reset_case *c)
{
	const struct case_netns *n = &c->asked.netns;
	FILE *out = n->foreign ? strbuf_begin() : NULL;

	if (!out)
		return;
	if (n->name[0]) {
		print_escaped(out, n->name);
		fprintf(out, " (%" PRIu32 ")", n->ino);
	} else {
		fprintf(out, "%" PRIu32 ", without a name", n->ino);
	}
	print_buffered(s, "netns");
}

static void print_labelled(struct sink *s, const char *word, const char *text)
{
	char *line;

	if (!strncmp(text, "none", 4) || asprintf(&line, "%s: %s", word, text) < 0)
		return;
	print_wrapped(s, "", line);
	free(line);
}

/* Where only the place is known, the next step is to look there. */
static const char *first_step(const struct reset_case *c)
{
	return c->diagnosis.cause->rank.tells_where ? "next" : "fix";
}

static void print_advice(struct sink *s, const struct reset_case *c,
			 const struct report_context *ctx)
{
	const struct advice *a;
	unsigned int i;

	for (i = 0; (a = case_advice(c, i)); i++) {
		char *action = template_expand(a->action, c, ctx);

		if (!action)
			continue;
		print_wrapped(s, i ? "or" : first_step(c), action);
		print_labelled(s, "trade-off", a->price);
		print_labelled(s, "undo", a->undo);
		free(action);
	}
}

/* Without a kernel view everything is missing for the same reason. */
static void print_missing(struct sink *s, const struct reset_case *c,
			  const struct report_context *ctx)
{
	char *line;

	if (c->diagnosis.facts_yes & FACT(CAPTURE)) {
		line = c->diagnosis.n_candidates ?
			       template_expand("data from the kernel of {rst.src}: run "
					       "`rstscope watch` there",
					       c, ctx) :
			       NULL;
		if (line)
			print_wrapped(s, "missing", line);
		free(line);
		return;
	}
	if (c->seen.before_start && c->diagnosis.n_candidates)
		print_wrapped(s, "missing", "the kernel view, which was not attached yet");
	else if (!(c->asked.views & (COVERS_PASSIVE | COVERS_ACTIVE)) && c->diagnosis.n_candidates)
		print_wrapped(s, "missing", "the kernel view (see the startup report)");
	else
		print_lines(s, "missing", report_missing(c, ctx));
}

static void print_candidates(struct sink *s, const struct reset_case *c)
{
	unsigned int shown =
		c->diagnosis.facts_yes & FACT(CAPTURE) ? RANKED_SHOWN : CASE_CAUSES_MAX;
	unsigned int i;
	FILE *out;

	if (!c->diagnosis.n_candidates)
		return;
	out = strbuf_begin();
	if (!out)
		return;
	for (i = 0; i < c->diagnosis.n_candidates && i < shown; i++) {
		fputs(i ? ", " : "", out);
		fputs(c->diagnosis.candidates[i]->id, out);
	}
	if (i < c->diagnosis.n_candidates)
		fprintf(out, "; %u less likely ones (see --json)", c->diagnosis.n_candidates - i);
	/* Something on the other host may be behind a cause that is certain here. */
	if (c->diagnosis.confidence == CONF_CERTAIN)
		fputs(c->diagnosis.origin == ORIGIN_REMOTE ? " (on this host)" :
							     " (on the other host)",
		      out);
	print_buffered(s, "candidates");
}

/* By it the other host's report of the same RST is found. */
static void print_id(struct sink *s, const struct reset_case *c, const struct report_context *ctx)
{
	char id[CASE_ID_TEXT];

	case_id(id, c, wall_time(c->seen.rst.ts_ns, ctx));
	print_wrapped(s, "id", id);
}

static void print_whole(struct sink *s, const struct reset_case *c,
			const struct report_context *ctx)
{
	print_head(s, c, ctx);
	print_title(s, c, ctx);
	print_impact(s, c, ctx);
	print_first(s, c, ctx);
	print_incident(s, c, ctx);
	print_lines(s, "because", report_evidence(c, ctx, false));
	print_candidates(s, c);
	print_missing(s, c, ctx);
	print_images(s, c);
	print_answers(s, c, ctx);
	print_conversation(s, c);
	print_stack(s, c->seen.kernel, ctx);
	print_user_stack(s, c->asked.user_stack);
	print_processes(s, c);
	print_netns(s, c);
	print_advice(s, c, ctx);
	print_id(s, c, ctx);
	fputc('\n', s->out);
}

/* What was counted, and, where a case is at hand, why it belongs together. */
static void print_folded(struct sink *s, const struct folded *f, const struct reset_case *c,
			 const struct report_context *ctx)
{
	char *why = NULL;

	if (!f->n)
		return;
	if (c && c->incident.because)
		why = template_expand(c->incident.because, c, ctx);
	fprintf(s->out, "%s+%" PRIu64 " reset%s%s of incident %s: %s, %" PRIu64 " so far", BOLD(s),
		f->n, f->n == 1 ? "" : "s", PLAIN(s), f->id, f->role, f->all);
	if (f->per_second)
		fprintf(s->out, ", %" PRIu64 " per second", f->per_second);
	fprintf(s->out, "%s%s\n\n", why ? "\n  " : "", why ? why : "");
	free(why);
}

static int emit_text(struct sink *s, const struct reset_case *c, const struct report_context *ctx)
{
	struct folded now, left;

	errno = 0;
	if (!s->fold) {
		print_whole(s, c, ctx);
		return sink_flush(s);
	}
	if (fold__take(s->fold, c, wall_time(c->seen.rst.ts_ns, ctx), &now, &left)) {
		print_folded(s, &now, c, ctx);
	} else {
		print_folded(s, &left, NULL, ctx);
		print_whole(s, c, ctx);
	}
	return sink_flush(s);
}

const char sink_text_whole[] = "whole";

int sink_text_fold(struct sink *s)
{
	s->fold = fold__new();
	return s->fold ? 0 : -errno;
}

int sink_text_unfold(struct sink *s)
{
	struct folded left;
	int err = 0;

	errno = 0;
	while (s->fold && fold__rest(s->fold, &left))
		print_folded(s, &left, NULL, NULL);
	if (s->fold && s->out)
		err = sink_flush(s);
	fold__free(s->fold);
	s->fold = NULL;
	return err;
}

static int open_text(struct sink *s, const struct sink_config *cfg)
{
	int err = sink_file_open(s, cfg);

	return err || cfg->own == sink_text_whole ? err : sink_text_fold(s);
}

static void close_text(struct sink *s)
{
	if (s->out)
		sink_text_unfold(s);
	fold__free(s->fold);
	s->fold = NULL;
	sink_file_close(s);
}

const struct sink_ops sink_text = {
	.name = "text",
	.open = open_text,
	.emit = emit_text,
	.reopen = sink_file_reopen,
	.close = close_text,
};
