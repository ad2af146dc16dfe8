// SPDX-License-Identifier: GPL-2.0-only
/*
 * sink_evidence.c - what each answer was derived from, one JSON object per line.
 */
#include <errno.h>
#include <sys/utsname.h>

#include "evidence.h"
#include "sink.h"

static int emit_evidence(struct sink *s, const struct reset_case *c,
			 const struct report_context *ctx)
{
	struct utsname host;
	json_t *doc;
	int err = 0;

	uname(&host);
	doc = json_pack("{ss ss ss ss so}", "release", host.release, "view", ctx->view, "cause",
			c->cause->id, "confidence", confidence_name(c->confidence), "evidence",
			evidence_json(c));
	if (!doc)
		return -ENOMEM;
	errno = 0;
	if (json_dumpf(doc, s->out, JSON_COMPACT) || fputc('\n', s->out) == EOF || fflush(s->out))
		err = errno ? -errno : -EIO;
	json_decref(doc);
	return err;
}

const struct sink_ops sink_evidence = { "evidence", emit_evidence };
