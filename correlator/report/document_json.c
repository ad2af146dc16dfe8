// SPDX-License-Identifier: GPL-2.0-only
/*
 * document_json.c - one object: the summary, and the cases as `--json` prints them.
 */
#include <errno.h>

#include "report/document.h"

static int begin_json(struct document *d)
{
	(void)d;
	return 0;
}

static int add_json(struct document *d, const struct reset_case *c,
		    const struct report_context *report)
{
	struct json_writer *w = json_writer__new();
	const char *text;
	size_t len;

	if (!w)
		return -ENOMEM;
	report_json(w, c, report);
	text = json_writer__text(w, &len);
	if (text) {
		fputs(ftell(d->spool) ? ",\n" : "\n", d->spool);
		fwrite(text, 1, len, d->spool);
	}
	json_writer__free(w);
	return text ? document_error(d->spool) : -ENOMEM;
}

static int end_json(struct document *d, const struct summary *s)
{
	json_t *o = summary__json(s);
	int err;

	if (!o)
		return -ENOMEM;
	fputs("{\"summary\":", d->out);
	json_dumpf(o, d->out, JSON_COMPACT);
	json_decref(o);
	fputs(",\"cases\":[", d->out);
	err = document_unspool(d);
	fputs("\n]}\n", d->out);
	return err ? err : document_error(d->out);
}

static void free_json(struct document *d)
{
	(void)d;
}

const struct document_ops document_json = { "json",   ".json",	begin_json,
					    add_json, end_json, free_json };
