// SPDX-License-Identifier: GPL-2.0-only
/*
 * cause_page.c - a cause in full: its text (docs/causes/ID.md) with facts and advice of its row.
 *
 * Everything is put together as Markdown first; markdown.c knows the formats.
 */
#include "report/cause_page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/report_json.h"

const struct cause_text *cause_text_find(const char *id)
{
	size_t i;

	for (i = 0; i < n_cause_texts; i++)
		if (!strcmp(cause_texts[i].id, id))
			return &cause_texts[i];
	return NULL;
}

static void put_phrase(FILE *out, const char *before, const char *template)
{
	char *text = template_expand(template, NULL, NULL);

	fprintf(out, "%s%s\n", before, text ? text : template);
	free(text);
}

static void put_facts(FILE *out, fact_set facts, bool yes)
{
	int f;

	for (f = 0; f < FACT_MAX; f++)
		if (fact_in(facts, f))
			put_phrase(out, "- ", yes ? fact_texts[f].yes : fact_texts[f].no);
}

static void put_behind(FILE *out, const struct cause *cause)
{
	unsigned int i;

	for (i = 0; i < CAUSE_BEHIND_MAX && cause->behind[i].id; i++)
		fprintf(out,
			"\nThe other host's `%s` may be behind it; no evidence here can tell.\n",
			cause->behind[i].id);
}

static void put_ways(FILE *out, const struct cause *cause)
{
	unsigned int i;

	if (cause->ways[0].confidence == CONF_NONE)
		return;
	fputs("\n## What proves it\n", out);
	for (i = 0; i < CAUSE_WAYS_MAX && cause->ways[i].confidence != CONF_NONE; i++) {
		fprintf(out, "\n`%s` when all of this holds:\n\n",
			confidence_name(cause->ways[i].confidence));
		put_facts(out, cause->ways[i].needs, true);
		put_facts(out, cause->ways[i].forbids, false);
	}
	put_behind(out, cause);
}

static void put_advice(FILE *out, const struct cause *cause)
{
	unsigned int i;

	if (!cause->advice[0].action)
		return;
	fputs("\n## What to do\n\n", out);
	for (i = 0; i < CAUSE_ADVICE_MAX && cause->advice[i].action; i++) {
		const struct advice *a = &cause->advice[i];

		put_phrase(out, i ? "- or: " : "- ", a->action);
		put_phrase(out, "  - price: ", a->price);
		put_phrase(out, "  - undo: ", a->undo);
	}
}

/* Facts and advice stand between what the cause is and what engineers do with it. */
static void put_cause(FILE *out, const struct cause *cause)
{
	const struct cause_text *t = cause_text_find(cause->id);
	const char *rest = t ? strstr(t->markdown, SECTION_KERNELS) : NULL;
	const char *body = t ? strchr(t->markdown, '\n') : NULL;

	fprintf(out, "# %s\n\n", cause->id);
	put_phrase(out, "", cause->title);
	if (body && rest)
		fwrite(body + 1, 1, (size_t)(rest - body - 1), out);
	put_ways(out, cause);
	put_advice(out, cause);
	if (rest)
		fputs(rest, out);
	if (strcmp(cause->reference, "none"))
		fprintf(out, "\n## See also\n\n%s\n", cause->reference);
}

int cause_page_print(const struct markdown *p, const struct cause *cause)
{
	char *markdown = NULL;
	size_t size;
	FILE *out = open_memstream(&markdown, &size);

	if (!out)
		return -errno;
	put_cause(out, cause);
	if (fclose(out)) {
		free(markdown);
		return -ENOMEM;
	}
	markdown_print(p, markdown);
	free(markdown);
	return 0;
}

static const char markdown_head[] = "# Causes of TCP resets\n\n"
				    "Made by `make docs` from docs/causes/ and "
				    "correlator/diagnose/causes.c; do not edit.\n\n";

static const char man_head[] = ".\\\" SPDX-License-Identifier: GPL-2.0-only\n"
			       ".\\\" Made by \"make docs\" from docs/causes/; do not edit.\n"
			       ".TH RSTSCOPE-CAUSES 7 \"\" \"rstscope\" \"Causes of TCP resets\"\n"
			       ".nh\n.ad l\n"
			       ".SH NAME\n"
			       "rstscope-causes \\- why TCP connections are reset\n"
			       ".SH DESCRIPTION\n";

static const char man_foot[] = ".SH SEE ALSO\n"
			       ".BR rstscope (8),\n.BR socket (7),\n.BR tcp (7),\n"
			       ".BR conntrack (8),\n.BR ip-netns (8),\n.BR ss (8)\n";

static const char introduction[] =
	"Each of these is an id that `rstscope watch` prints, in text and as `cause` in JSON; "
	"`rstscope causes ID` prints the same explanation.\n\n"
	"The kernel versions are those of kernel.org. Distributions carry fixes back under older "
	"numbers, so trust the check that stands beside them. A kernel package's own list of fixes "
	"is `/usr/share/doc/linux-image-$(uname -r)/changelog.gz` on Debian (zgrep), and "
	"`rpm -q --changelog kernel-core-$(uname -r)` on Fedora and its kin.\n\n"
	"The commands under \"In a lab\" are for a root shell of bash, with iproute2, iptables, "
	"nftables, conntrack and python3. They can be pasted as a whole, stay in network namespaces "
	"of their own unless the text says otherwise, and remove these at the end. rstscope reports "
	"meanwhile; the 3 seconds are for it to attach.\n\n";

static void put_contents(FILE *out, enum markdown_format format)
{
	size_t i;

	fputs(introduction, out);
	for (i = 0; i < n_causes; i++) {
		const char *id = causes[i].id;
		char *title = template_expand(causes[i].title, NULL, NULL);

		if (format == PROSE_MARKDOWN)
			fprintf(out, "- [`%s`](#%s): %s\n", id, id, title ? title : "");
		else
			fprintf(out, "- `%s`: %s\n", id, title ? title : "");
		free(title);
	}
}

int cause_page_print_all(FILE *out, enum markdown_format format)
{
	struct markdown p = { .out = out, .format = format, .deeper = format == PROSE_MARKDOWN };
	char *contents = NULL;
	size_t size, i;
	FILE *f = open_memstream(&contents, &size);
	int err = 0;

	if (!f)
		return -errno;
	put_contents(f, format);
	if (fclose(f)) {
		free(contents);
		return -ENOMEM;
	}
	fputs(format == PROSE_MARKDOWN ? markdown_head : man_head, out);
	markdown_print(&p, contents);
	free(contents);
	for (i = 0; !err && i < n_causes; i++) {
		if (format == PROSE_MARKDOWN)
			fputc('\n', out);
		err = cause_page_print(&p, &causes[i]);
	}
	if (format == PROSE_MAN)
		fputs(man_foot, out);
	return err;
}

static json_t *json_general(const char *template)
{
	char *text = template_expand(template, NULL, NULL);
	json_t *s = text ? json_string(text) : NULL;

	free(text);
	return s;
}

json_t *cause_json(const struct cause *cause)
{
	json_t *advice = json_array();
	unsigned int i;

	for (i = 0; i < CAUSE_ADVICE_MAX && cause->advice[i].action; i++) {
		const struct advice *a = &cause->advice[i];

		json_array_append_new(advice, json_pack("{so ss ss}", "do", json_general(a->action),
							"price", a->price, "undo", a->undo));
	}
	return json_pack("{ss so ss ss so ss}", "id", cause->id, "title",
			 json_general(cause->title), "type", type_name(cause->type), "origin",
			 origin_name(cause->origin), "advice", advice, "reference",
			 cause->reference);
}

#define ID_MAX 32

/* How many letters must be added, left out or changed to make @a of @b. */
static unsigned int edit_distance(const char *a, const char *b)
{
	size_t len = strnlen(b, ID_MAX), i;
	unsigned int row[ID_MAX + 1];

	for (i = 0; i <= len; i++)
		row[i] = i;
	for (; *a; a++) {
		unsigned int corner = row[0]++;

		for (i = 0; i < len; i++) {
			unsigned int changed = corner + (*a != b[i]);
			unsigned int shorter = row[i] + 1, longer = row[i + 1] + 1;

			corner = row[i + 1];
			row[i + 1] = shorter < longer ? shorter : longer;
			if (changed < row[i + 1])
				row[i + 1] = changed;
		}
	}
	return row[len];
}

const char *cause_nearest(const char *id)
{
	unsigned int least = strlen(id) / 3 + 1;
	const char *nearest = NULL;
	size_t i;

	if (!*id || strlen(id) > ID_MAX)
		return NULL;
	for (i = 0; i < n_causes; i++) {
		unsigned int distance = edit_distance(id, causes[i].id);

		/* "linger" or "dnat" for what begins so. */
		if (strstr(causes[i].id, id))
			distance = 1;
		if (distance < least || (distance == least && !nearest)) {
			least = distance;
			nearest = causes[i].id;
		}
	}
	return nearest;
}
