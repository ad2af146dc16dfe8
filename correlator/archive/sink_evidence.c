// SPDX-License-Identifier: GPL-2.0-only
/*
 * sink_evidence.c - what each answer was derived from, one JSON object per line.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "archive/case_json.h"
#include "archive/sinks.h"

/* Names of the interfaces that the evidence names by number. */
static json_t *interfaces(const struct reset_case *c, const struct report_context *ctx)
{
	json_t *o = json_object();
	unsigned int i, at;
	char number[16];

	for (i = 0; i < c->seen.n_sightings + c->asked.n_history + 2; i++) {
		at = i < c->seen.n_sightings ? c->seen.sightings[i].ifindex :
		     i < c->seen.n_sightings + c->asked.n_history ?
					       c->asked.history[i - c->seen.n_sightings].ifindex :
		     i == c->seen.n_sightings + c->asked.n_history ? c->seen.rst.ifindex :
								     c->seen.answers.ifindex;
		snprintf(number, sizeof(number), "%u", at);
		json_object_set_new(o, number, json_string(ctx->ifname(ctx->ifname_ctx, at)));
	}
	return o;
}

static void add_lines(json_t *lines, const struct kernel_event *k, const struct report_context *ctx)
{
	char key[CASE_NAME_MAX * 2];
	unsigned int i;

	for (i = 0; i < k->stack_len; i++) {
		const char *line = ctx->source_line(ctx->source_ctx, &k->stack[i]);

		if (!line || !k->stack[i].name)
			continue;
		snprintf(key, sizeof(key), "%s+0x%x", k->stack[i].name, k->stack[i].offset);
		json_object_set_new(lines, key, json_string(line));
	}
}

json_t *evidence_document(const struct reset_case *c, const struct report_context *ctx)
{
	json_t *lines = json_object(), *doc;
	struct utsname host;

	uname(&host);
	add_lines(lines, c->seen.kernel, ctx);
	add_lines(lines, c->seen.clash, ctx);
	doc = json_pack("{ss ss ss sI ss ss so so}", "release", host.release, "host", ctx->host,
			"view", ctx->view, "wall_offset_ns", (json_int_t)ctx->wall_offset_ns,
			"cause", c->diagnosis.cause->id, "confidence",
			confidence_name(c->diagnosis.confidence), "interfaces", interfaces(c, ctx),
			"evidence", case_to_json(c));
	if (doc && json_object_size(lines))
		json_object_set(doc, "lines", lines);
	json_decref(lines);
	return doc;
}

static int emit_evidence(struct sink *s, const struct reset_case *c,
			 const struct report_context *ctx)
{
	json_t *doc = evidence_document(c, ctx);

	if (!doc)
		return -ENOMEM;
	errno = 0;
	/* What fails leaves the stream's error behind, for sink_flush(). */
	json_dumpf(doc, s->out, JSON_COMPACT);
	fputc('\n', s->out);
	json_decref(doc);
	return sink_flush(s);
}

const struct sink_ops sink_evidence = {
	.name = "evidence",
	.open = sink_file_open,
	.emit = emit_evidence,
	.reopen = sink_file_reopen,
	.close = sink_file_close,
};
