// SPDX-License-Identifier: GPL-2.0-only
/*
 * document.c - the list of formats, and what they share.
 */
#include "report/document.h"

#include <errno.h>
#include <string.h>

static const struct document_ops *const formats[] = { &document_text, &document_markdown,
						      &document_json, &document_html };

#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

const struct document_ops *document_format(const char *name)
{
	size_t i;

	for (i = 0; i < N_FORMATS; i++)
		if (!strcmp(formats[i]->name, name))
			return formats[i];
	return NULL;
}

const struct document_ops *document_format_of(const char *path)
{
	const char *dot = strrchr(path, '.');
	size_t i;

	for (i = 0; dot && i < N_FORMATS; i++)
		if (!strcmp(formats[i]->suffix, dot))
			return formats[i];
	return NULL;
}

int document_error(FILE *out)
{
	if (!ferror(out))
		return 0;
	return errno ? -errno : -EIO;
}

int document_unspool(struct document *d)
{
	char buf[65536];
	size_t n;

	if (fflush(d->spool) || ferror(d->spool))
		return errno ? -errno : -EIO;
	rewind(d->spool);
	while ((n = fread(buf, 1, sizeof(buf), d->spool)) > 0)
		if (fwrite(buf, 1, n, d->out) != n)
			return errno ? -errno : -EIO;
	return document_error(d->spool);
}
