// SPDX-License-Identifier: GPL-2.0-only
/*
 * sink_evidence.c - what each answer was derived from, one JSON object per line.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "evidence.h"
#include "sink.h"

/* Names of the interfaces that the evidence names by number. */
static json_t *interfaces(const struct reset_case *c, const struct report_context *ctx)
{
	json_t *o = json_object();
	unsigned int i, at;
	char number[16];

	for (i = 0; i < c->n_sightings + c->n_history + 2; i++) {
		at = i < c->n_sightings			? c->sightings[i].ifindex :
		     i < c->n_sightings + c->n_history	? c->history[i - c->n_sightings].ifindex :
		     i == c->n_sightings + c->n_history ? c->rst.ifindex :
							  c->answers.ifindex;
		snprintf(number, sizeof(number), "%u", at);
		json_object_set_new(o, number, json_string(ctx->ifname(ctx->ifname_ctx, at)));
	}
	return o;
}

static int emit_evidence(struct sink *s, const struct reset_case *c,
			 const struct report_context *ctx)
{
	struct utsname host;
	json_t *doc;
	int err = 0;

	uname(&host);
	doc = json_pack("{ss ss ss sI ss ss so so}", "release", host.release, "host", ctx->host,
			"view", ctx->view, "wall_offset_ns", (json_int_t)ctx->wall_offset_ns,
			"cause", c->cause->id, "confidence", confidence_name(c->confidence),
			"interfaces", interfaces(c, ctx), "evidence", evidence_json(c));
	if (!doc)
		return -ENOMEM;
	errno = 0;
	if (json_dumpf(doc, s->out, JSON_COMPACT) || fputc('\n', s->out) == EOF || fflush(s->out))
		err = errno ? -errno : -EIO;
	json_decref(doc);
	return err;
}

const struct sink_ops sink_evidence = { "evidence", emit_evidence };
