// SPDX-License-Identifier: GPL-2.0-only
/*
 * template.c - sentences for people, from templates and a case.
 */
#include "report/template.h"

#include <string.h>

#include "base/strbuf.h"
#include "report/placeholders.h"

static const struct placeholder *const tables[] = {
	placeholders_segment,
	placeholders_kernel,
	placeholders_host,
	placeholders_connection,
};

static const struct placeholder *find_placeholder(const char *name, size_t len)
{
	const struct placeholder *p;
	unsigned int i;

	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (p = tables[i]; p->name; p++)
			if (strlen(p->name) == len && !memcmp(p->name, name, len))
				return p;
	return NULL;
}

/* Splits @template at its next placeholder. Returns false at the end. */
static bool next_placeholder(const char **template, const char **name, size_t *len)
{
	const char *open = strchr(*template, '{');
	const char *end = open ? strchr(open, '}') : NULL;

	if (!end)
		return false;
	*name = open + 1;
	*len = (size_t)(end - open - 1);
	*template = end + 1;
	return true;
}

bool template_is_known(const char *template)
{
	const char *name;
	size_t len;

	while (next_placeholder(&template, &name, &len))
		if (!find_placeholder(name, len))
			return false;
	return true;
}

char *template_expand(const char *template, const struct reset_case *c,
		      const struct report_context *ctx)
{
	const char *text = template, *name;
	FILE *out = strbuf_begin();
	size_t len;

	if (!out)
		return NULL;
	while (next_placeholder(&template, &name, &len)) {
		const struct placeholder *p = find_placeholder(name, len);

		fwrite(text, 1, (size_t)(name - 1 - text), out);
		if (p && c)
			p->print(out, c, ctx);
		else if (p)
			fputs(p->in_general, out);
		text = template;
	}
	fputs(text, out);
	return strbuf_end();
}
