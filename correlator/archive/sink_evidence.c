// SPDX-License-Identifier: GPL-2.0-only
/*
 * sink_evidence.c - what each answer was derived from, one JSON object per line.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "archive/case_json.h"
#include "archive/sinks.h"

#define INTERFACES_MAX (CASE_SIGHTINGS_MAX + CASE_HISTORY_MAX + 3)

struct interfaces {
	uint32_t ifindex[INTERFACES_MAX];
	unsigned int n;
};

static void add_interface(struct interfaces *all, uint32_t ifindex)
{
	unsigned int i;

	for (i = 0; i < all->n; i++)
		if (all->ifindex[i] == ifindex)
			return;
	all->ifindex[all->n++] = ifindex;
}

/* Names of the interfaces that the evidence has by number. */
static void write_interfaces(struct json_writer *w, const struct reset_case *c,
			     const struct report_context *ctx)
{
	struct interfaces all = { .n = 0 };
	char number[16];
	unsigned int i;

	for (i = 0; i < c->seen.n_sightings; i++)
		add_interface(&all, c->seen.sightings[i].ifindex);
	for (i = 0; i < c->asked.n_history; i++)
		add_interface(&all, c->asked.history[i].ifindex);
	add_interface(&all, c->seen.rst.ifindex);
	add_interface(&all, c->seen.answers.ifindex);
	if (c->seen.conversation.absent_at_sender)
		add_interface(&all, c->seen.conversation.nearer_ifindex);
	json__object(w, "interfaces");
	for (i = 0; i < all.n; i++) {
		snprintf(number, sizeof(number), "%u", all.ifindex[i]);
		json__bytes(w, number, ctx->ifname(ctx->ifname_ctx, all.ifindex[i]));
	}
	json__end(w);
}

static void write_lines(struct json_writer *w, const struct kernel_event *k,
			const struct report_context *ctx)
{
	char key[CASE_NAME_MAX * 2];
	unsigned int i;

	for (i = 0; i < k->stack_len; i++) {
		const char *line = ctx->source_line(ctx->source_ctx, &k->stack[i]);

		if (!line || !k->stack[i].name)
			continue;
		snprintf(key, sizeof(key), "%s+0x%x", k->stack[i].name, k->stack[i].offset);
		json__bytes(w, key, line);
	}
}

void evidence_document(struct json_writer *w, const struct reset_case *c,
		       const struct report_context *ctx)
{
	struct utsname host;

	uname(&host);
	json__object(w, NULL);
	json__unsigned(w, "format", CASE_FORMAT);
	/* Of a capture nobody knows which kernel it was. */
	if (c->seen.rst.hook != HOOK_PCAP)
		json__text(w, "release", host.release);
	json__bytes(w, "host", ctx->host);
	json__text(w, "view", ctx->view);
	json__signed(w, "wall_offset_ns", ctx->wall_offset_ns);
	json__text(w, "cause", c->diagnosis.cause->id);
	json__text(w, "confidence", confidence_name(c->diagnosis.confidence));
	write_interfaces(w, c, ctx);
	case_to_json(w, "evidence", c);
	json__object(w, "lines");
	write_lines(w, c->seen.kernel, ctx);
	write_lines(w, c->seen.clash, ctx);
	json__end_filled(w);
	json__end(w);
}

static int emit_evidence(struct sink *s, const struct reset_case *c,
			 const struct report_context *ctx)
{
	return sink_emit_document(s, c, ctx, evidence_document);
}

const struct sink_ops sink_evidence = {
	.name = "evidence",
	.open = sink_file_open,
	.emit = emit_evidence,
	.reopen = sink_file_reopen,
	.close = sink_file_close,
};
