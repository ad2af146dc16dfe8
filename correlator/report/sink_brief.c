// SPDX-License-Identifier: GPL-2.0-only
/*
 * sink_brief.c - one line per reset, for lists and grep.
 */
#include <errno.h>

#include "diagnose/impact.h"
#include "report/sink.h"

static int emit_brief(struct sink *s, const struct reset_case *c, const struct report_context *ctx)
{
	char ts[40];

	errno = 0;
	format_time(ts, sizeof(ts), c->seen.rst.ts_ns, ctx);
	fprintf(s->out, "%s ", ts);
	print_tuple(s->out, &c->seen.rst.tuple);
	fprintf(s->out, " %s", c->diagnosis.cause->id);
	if (c->diagnosis.confidence != CONF_NONE)
		fprintf(s->out, " (%s)", confidence_name(c->diagnosis.confidence));
	else if (c->diagnosis.n_candidates)
		fprintf(s->out, " (candidate: %s)", c->diagnosis.candidates[0]->id);
	if (c->seen.conversation.known)
		fprintf(s->out, " %s %s", c->seen.conversation.state, c->seen.conversation.history);
	fprintf(s->out, " impact=%s\n", impact_id(c->diagnosis.impact.kind));
	return sink_flush(s);
}

const struct sink_ops sink_brief = {
	.name = "brief",
	.open = sink_file_open,
	.emit = emit_brief,
	.reopen = sink_file_reopen,
	.close = sink_file_close,
};
