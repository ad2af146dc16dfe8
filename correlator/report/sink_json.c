// SPDX-License-Identifier: GPL-2.0-only
/*
 * sink_json.c - one JSON object per reset per line.
 */
#include <errno.h>
#include <stdlib.h>

#include "report/sink.h"

static int emit_json(struct sink *s, const struct reset_case *c, const struct report_context *ctx)
{
	json_t *doc = report_json(c, ctx);
	char *text = doc ? json_dumps(doc, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;
	int err = -ENOMEM;

	errno = 0;
	if (text) {
		fputs(text, s->out);
		fputc('\n', s->out);
		err = sink_flush(s);
	}
	free(text);
	json_decref(doc);
	return err;
}

const struct sink_ops sink_json = {
	.name = "json",
	.open = sink_file_open,
	.emit = emit_json,
	.reopen = sink_file_reopen,
	.close = sink_file_close,
};
