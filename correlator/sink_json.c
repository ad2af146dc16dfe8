// SPDX-License-Identifier: GPL-2.0-only
/*
 * sink_json.c - one JSON object per reset per line.
 */
#include <errno.h>

#include "sink.h"

static int emit_json(struct sink *s, const struct reset_case *c, const struct report_context *ctx)
{
	json_t *doc = report_json(c, ctx);
	int err;

	if (!doc)
		return -ENOMEM;
	errno = 0;
	if (json_dumpf(doc, s->out, JSON_COMPACT | JSON_REAL_PRECISION(12)) ||
	    fputc('\n', s->out) == EOF)
		err = errno ? -errno : -EIO;
	else
		err = sink_flush(s);
	json_decref(doc);
	return err;
}

const struct sink_ops sink_json = { "json", emit_json };
