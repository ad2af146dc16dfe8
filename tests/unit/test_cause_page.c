// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_cause_page.c - texts and rows of causes belong together; Markdown, text and man; the files
 * that `make docs` writes are those of this source.
 *
 * Reads docs/ from the current directory, which tests/run.sh makes the root of the tree.
 */
#include <jansson.h>
#include <stdlib.h>

#include "report/cause_page.h"
#include "test.h"

static const char *const sections[] = { SECTION_WHAT, SECTION_TELL, SECTION_KERNELS, SECTION_LAB };

static void test_sections(const struct cause_text *t)
{
	const char *last = t->markdown;
	size_t headings = 0, i;
	char first[64];

	snprintf(first, sizeof(first), "# %s\n", t->id);
	check(!strncmp(t->markdown, first, strlen(first)), "docs/causes/%s.md begins with its id",
	      t->id);
	for (i = 0; i < ARRAY_SIZE(sections); i++) {
		const char *at = strstr(last, sections[i]);

		check(at, "%s has, in order, '%.*s'", t->id, (int)strlen(sections[i]) - 5,
		      sections[i] + 4);
		last = at ? at : last;
	}
	for (last = t->markdown; (last = strstr(last, "\n## ")); last++)
		headings++;
	check_int(headings, ARRAY_SIZE(sections), "%s has no other sections", t->id);
	check_has(t->markdown, "\nrstscope watch --netns lab", "%s has commands to paste", t->id);
}

/* What would not survive in one of the formats, or on the way into a shell. */
static void test_characters(const struct cause_text *t)
{
	size_t longest = 0, fences = 0, strange = 0, len;
	const char *line;

	for (line = t->markdown; *line; line += len + (line[len] == '\n')) {
		const char *c;

		len = strcspn(line, "\n");
		longest = len > longest ? len : longest;
		fences += !strncmp(line, "```", 3);
		for (c = line; c < line + len; c++)
			strange += *c < ' ' || *c > '~';
	}
	check(longest <= 100, "the lines of %s have at most 100 columns (%zu)", t->id, longest);
	check(fences && fences % 2 == 0, "the code of %s ends", t->id);
	check_int(strange, 0, "%s has printable ASCII only: no tabs, for those who paste", t->id);
}

static void test_texts(void)
{
	size_t i;

	for (i = 0; i < n_causes; i++)
		check(cause_text_find(causes[i].id), "docs/causes/%s.md exists", causes[i].id);
	for (i = 0; i < n_cause_texts; i++) {
		check(cause_find(cause_texts[i].id), "docs/causes/%s.md belongs to a cause",
		      cause_texts[i].id);
		test_sections(&cause_texts[i]);
		test_characters(&cause_texts[i]);
	}
	check(!cause_text_find("no-such-cause"), "there is no text without a file");
}

/* Each `word-with-a-hyphen` of the texts that could be the id of a cause must be one. */
static void test_references(const struct cause_text *t)
{
	const char *at = t->markdown;

	while ((at = strstr(at, "`"))) {
		size_t len = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz2-");
		char id[64];

		if (at[1] != '-' && at[1 + len] == '`' && memchr(at + 1, '-', len) &&
		    len < sizeof(id)) {
			snprintf(id, sizeof(id), "%.*s", (int)len, at + 1);
			check(cause_find(id), "'%s', which %s mentions, is a cause", id, t->id);
		}
		at += 1 + strcspn(at + 1, "`\n");
		at += *at == '`';
	}
}

static char *all_in(enum markdown_format format)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	cause_page_print_all(out, format);
	fclose(out);
	return text;
}

static char *content_of(const char *path)
{
	char *text = NULL;
	size_t size = 0;
	FILE *in = fopen(path, "r");

	if (!in)
		return NULL;
	if (getdelim(&text, &size, '\0', in) < 0) {
		free(text);
		text = NULL;
	}
	fclose(in);
	return text;
}

static void test_file(const char *path, enum markdown_format format)
{
	char *want = all_in(format), *got = content_of(path);

	check(got && !strcmp(got, want), "%s is up to date (`make docs`)", path);
	free(want);
	free(got);
}

static char *prose(const char *markdown, enum markdown_format format, unsigned int deeper)
{
	struct markdown p = { .format = format, .deeper = deeper };
	char *text = NULL;
	size_t size;

	p.out = open_memstream(&text, &size);
	markdown_print(&p, markdown);
	fclose(p.out);
	return text;
}

static void check_prose(const char *markdown, enum markdown_format format, unsigned int deeper,
			const char *want, const char *what)
{
	char *got = prose(markdown, format, deeper);

	check_str(got, want, "%s", what);
	free(got);
}

static void test_text(void)
{
	check_prose("# a\n\nb\nc\n", PROSE_TEXT, 0, "a\n\n  b c\n",
		    "lines of a paragraph are joined");
	check_prose("- a\n  b\n- c\n  - d\n\ne\n", PROSE_TEXT, 0,
		    "  - a b\n  - c\n    - d\n\n  e\n", "items are set off, items below them more");
	check_prose("a\n```\n# b\n- c\n\n```\nd\n", PROSE_TEXT, 0,
		    "  a\n    # b\n    - c\n    \n  d\n",
		    "code stays as it is, but for its indent");
	check_prose(
		"a 567890 234567890 234567890 234567890 234567890 234567890 234567890 2345 `b c`\n",
		PROSE_TEXT, 0,
		"  a 567890 234567890 234567890 234567890 234567890 234567890 234567890 2345\n"
		"  `b c`\n",
		"lines break at 80 columns, commands do not break");
}

static void test_man(void)
{
	check_prose("# a\n## b\n\nc `d-e` f-g\n", PROSE_MAN, 0,
		    ".SH a\n.SS b\n.PP\nc \\fBd\\-e\\fR f-g\n", "man: headings, code in bold");
	check_prose(".a\n\n'b\n", PROSE_MAN, 0, ".PP\n\\&.a\n.PP\n\\&'b\n",
		    "man: text is no request");
	check_prose("```\n.a 'b' `c` \\n ~^-\n```\n", PROSE_MAN, 0,
		    ".PP\n.RS 4\n.nf\n\\&.a \\(aqb\\(aq \\(gac\\(ga \\en \\(ti\\(ha\\-\n.fi\n.RE\n",
		    "man: code can be copied");
	check_prose("a → b\n", PROSE_MAN, 0, ".PP\na \\(-> b\n",
		    "man: symbols by their roff names");
	check_prose("- a\n  - b\n", PROSE_MAN, 0, ".IP \\(bu 2\na\n.RS 2\n.IP \\(en 2\nb\n.RE\n",
		    "man: items");
}

static void test_markdown(void)
{
	const char *plain = "# a\n\n- b\n  c\n\n```\n# d\n```\n";

	check_prose(plain, PROSE_MARKDOWN, 0, plain, "Markdown stays as it is");
	check_prose(plain, PROSE_MARKDOWN, 1, "## a\n\n- b\n  c\n\n```\n# d\n```\n",
		    "Markdown below a heading: only headings change");
}

static void test_nearest(void)
{
	check_str(cause_nearest("dnat-invalide"), "dnat-invalid", "a letter too many");
	check_str(cause_nearest("unreaddata"), "unread-data", "a letter missing");
	check_str(cause_nearest("closde-port"), "closed-port", "two letters exchanged");
	check_str(cause_nearest("dnat"), "dnat-invalid", "a beginning");
	check_str(cause_nearest("killed"), "socket-killed", "an end");
	check_str(cause_nearest("xyzzy"), NULL, "nothing like it");
	check_str(cause_nearest(""), NULL, "nothing at all");
	check_str(cause_nearest("0123456789012345678901234567890123456789"), NULL, "far too long");
}

static void test_json(void)
{
	static const char *const keys[] = {
		"id", "title", "type", "origin", "advice", "reference"
	};
	size_t i, k;

	for (i = 0; i < n_causes; i++) {
		json_t *o = cause_json(&causes[i]);

		for (k = 0; k < ARRAY_SIZE(keys); k++)
			check(json_object_get(o, keys[k]), "the JSON of %s has '%s'", causes[i].id,
			      keys[k]);
		check_str(json_string_value(json_object_get(o, "id")), causes[i].id,
			  "the JSON of %s names it", causes[i].id);
		json_decref(o);
	}
}

int main(void)
{
	size_t i;

	test_texts();
	for (i = 0; i < n_cause_texts; i++)
		test_references(&cause_texts[i]);
	test_text();
	test_man();
	test_markdown();
	test_nearest();
	test_json();
	test_file("docs/causes.md", PROSE_MARKDOWN);
	test_file("docs/rstscope-causes.7", PROSE_MAN);
	return test_done();
}
