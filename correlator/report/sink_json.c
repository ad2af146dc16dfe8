// SPDX-License-Identifier: GPL-2.0-only
/*
 * sink_json.c - one JSON object per reset per line.
 */
#include <errno.h>
#include <stdlib.h>

#include "report/sink.h"

int sink_emit_document(struct sink *s, const struct reset_case *c, const struct report_context *ctx,
		       sink_document_fn write)
{
	struct json_writer *w = json_writer__new();
	const char *text;
	size_t len;
	int err = -ENOMEM;

	if (!w)
		return err;
	errno = 0;
	write(w, c, ctx);
	text = json_writer__text(w, &len);
	if (text) {
		fwrite(text, 1, len, s->out);
		fputc('\n', s->out);
		err = sink_flush(s);
	}
	json_writer__free(w);
	return err;
}

static int emit_json(struct sink *s, const struct reset_case *c, const struct report_context *ctx)
{
	return sink_emit_document(s, c, ctx, report_json);
}

const struct sink_ops sink_json = {
	.name = "json",
	.open = sink_file_open,
	.emit = emit_json,
	.reopen = sink_file_reopen,
	.close = sink_file_close,
};
