// SPDX-License-Identifier: GPL-2.0-only
/*
 * markdown.c - Markdown for a terminal, for man(1), or as it is.
 */
#include "base/markdown.h"

#include <string.h>

#include "base/textwrap.h"

#define TEXT_INDENT 2
#define CODE_INDENT 4
#define PARAGRAPH_MAX 4096

enum block { BLOCK_NONE, BLOCK_PARAGRAPH, BLOCK_ITEM, BLOCK_SUB_ITEM };

/* A paragraph or an item, whose lines are joined before it is printed. */
struct gathered {
	enum block block;
	size_t len;
	char text[PARAGRAPH_MAX];
};

struct ops {
	void (*heading)(const struct markdown *p, unsigned int level, const char *text);
	void (*paragraph)(const struct markdown *p, enum block block, const char *text);
	void (*code)(const struct markdown *p, const char *line, size_t len);
	void (*code_begin)(const struct markdown *p);
	void (*code_end)(const struct markdown *p);
	void (*gap)(const struct markdown *p); /* an empty line between blocks */
};

static void text_heading(const struct markdown *p, unsigned int level, const char *text)
{
	(void)level;
	fprintf(p->out, "%s%s%s\n", p->bold ? "\033[1m" : "", text, p->bold ? "\033[0m" : "");
}

static void text_paragraph(const struct markdown *p, enum block block, const char *text)
{
	static const char *const bullets[] = { "", "", "- ", "  - " };
	unsigned int indent = TEXT_INDENT + strlen(bullets[block]);

	fprintf(p->out, "%*s%s", TEXT_INDENT, "", bullets[block]);
	wrap_text(p->out, indent, text);
}

static void text_code(const struct markdown *p, const char *line, size_t len)
{
	fprintf(p->out, "%*s%.*s\n", CODE_INDENT, "", (int)len, line);
}

static void text_gap(const struct markdown *p)
{
	fputc('\n', p->out);
}

/* Non-ASCII by its roff name, so that groff needs no preprocessor. Returns the bytes consumed. */
static size_t man_symbol(FILE *out, const char *s, size_t len)
{
	static const char *const symbols[][2] = { { "→", "\\(->" }, { "µ", "\\(mc" } };
	size_t i;

	for (i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		size_t n = strlen(symbols[i][0]);

		if (n <= len && !memcmp(s, symbols[i][0], n)) {
			fputs(symbols[i][1], out);
			return n;
		}
	}
	return 0;
}

/* Escapes what roff would take for a request, or print as a character that cannot be copied. */
static void man_escaped(FILE *out, const char *s, size_t len, bool code)
{
	static const char *const escapes[][2] = {
		{ "\\", "\\e" },  { "'", "\\(aq" }, { "`", "\\(ga" },
		{ "^", "\\(ha" }, { "~", "\\(ti" }, { "-", "\\-" },
	};

	for (; len; s++, len--) {
		size_t i, symbol = man_symbol(out, s, len);

		if (symbol) {
			s += symbol - 1;
			len -= symbol - 1;
			continue;
		}
		for (i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++)
			if (*s == escapes[i][0][0])
				break;
		if (i < sizeof(escapes) / sizeof(escapes[0]) && (code || i == 0))
			fputs(escapes[i][1], out);
		else
			fputc(*s, out);
	}
}

/* Text with `code`, which becomes bold. */
static void man_inline(FILE *out, const char *s)
{
	bool code = false;

	if (*s == '.' || *s == '\'')
		fputs("\\&", out);
	while (*s) {
		size_t len = strcspn(s, "`");

		man_escaped(out, s, len, code);
		s += len;
		if (*s == '`') {
			code = !code;
			fputs(code ? "\\fB" : "\\fR", out);
			s++;
		}
	}
	fputc('\n', out);
}

static void man_heading(const struct markdown *p, unsigned int level, const char *text)
{
	fputs(level <= 1 ? ".SH " : ".SS ", p->out);
	man_inline(p->out, text);
}

static void man_paragraph(const struct markdown *p, enum block block, const char *text)
{
	static const char *const begin[] = { "", ".PP\n", ".IP \\(bu 2\n", ".RS 2\n.IP \\(en 2\n" };

	fputs(begin[block], p->out);
	man_inline(p->out, text);
	if (block == BLOCK_SUB_ITEM)
		fputs(".RE\n", p->out);
}

static void man_code_begin(const struct markdown *p)
{
	fputs(".PP\n.RS 4\n.nf\n", p->out);
}

static void man_code(const struct markdown *p, const char *line, size_t len)
{
	if (len && (*line == '.' || *line == '\''))
		fputs("\\&", p->out);
	man_escaped(p->out, line, len, true);
	fputc('\n', p->out);
}

static void man_code_end(const struct markdown *p)
{
	fputs(".fi\n.RE\n", p->out);
}

static const struct ops text_ops = {
	.heading = text_heading,
	.paragraph = text_paragraph,
	.code = text_code,
	.gap = text_gap,
};

static const struct ops man_ops = {
	.heading = man_heading,
	.paragraph = man_paragraph,
	.code_begin = man_code_begin,
	.code = man_code,
	.code_end = man_code_end,
};

static void flush_block(const struct markdown *p, const struct ops *ops, struct gathered *g)
{
	if (g->block != BLOCK_NONE)
		ops->paragraph(p, g->block, g->text);
	g->block = BLOCK_NONE;
	g->len = 0;
}

static enum block block_of(const char *line, enum block now)
{
	if (!strncmp(line, "- ", 2))
		return BLOCK_ITEM;
	if (!strncmp(line, "  - ", 4))
		return BLOCK_SUB_ITEM;
	return now == BLOCK_NONE ? BLOCK_PARAGRAPH : now;
}

static void gather_line(const struct markdown *p, const struct ops *ops, struct gathered *g,
			const char *line, size_t len)
{
	enum block block = block_of(line, g->block);
	const char *text = line + strspn(line, " ");

	if (*text == '-' && text[1] == ' ') {
		flush_block(p, ops, g);
		text += 2;
	}
	g->block = block;
	g->len += snprintf(g->text + g->len, sizeof(g->text) - g->len, "%s%.*s", g->len ? " " : "",
			   (int)(len - (size_t)(text - line)), text);
	if (g->len >= sizeof(g->text))
		g->len = sizeof(g->text) - 1;
}

static void print_heading(const struct markdown *p, const struct ops *ops, const char *line,
			  size_t len)
{
	size_t level = strspn(line, "#");
	char text[128];

	snprintf(text, sizeof(text), "%.*s", (int)(len - level - 1), line + level + 1);
	ops->heading(p, level + p->deeper, text);
}

static void print_line(const struct markdown *p, const struct ops *ops, struct gathered *g,
		       const char *line, size_t len, bool *in_code)
{
	if (!strncmp(line, "```", 3)) {
		flush_block(p, ops, g);
		*in_code = !*in_code;
		if (*in_code && ops->code_begin)
			ops->code_begin(p);
		else if (!*in_code && ops->code_end)
			ops->code_end(p);
	} else if (*in_code) {
		ops->code(p, line, len);
	} else if (*line == '#') {
		print_heading(p, ops, line, len);
	} else if (!len) {
		flush_block(p, ops, g);
		if (ops->gap)
			ops->gap(p);
	} else {
		gather_line(p, ops, g, line, len);
	}
}

/* Only the headings change, and only outside of code. */
static void print_markdown(const struct markdown *p, const char *line, size_t len, bool *in_code)
{
	unsigned int i;

	if (!strncmp(line, "```", 3))
		*in_code = !*in_code;
	for (i = 0; !*in_code && *line == '#' && i < p->deeper; i++)
		fputc('#', p->out);
	fprintf(p->out, "%.*s\n", (int)len, line);
}

void markdown_print(const struct markdown *p, const char *markdown)
{
	const struct ops *ops = p->format == PROSE_MAN ? &man_ops : &text_ops;
	struct gathered g = { .block = BLOCK_NONE };
	bool in_code = false;

	while (*markdown) {
		size_t len = strcspn(markdown, "\n");

		if (p->format == PROSE_MARKDOWN)
			print_markdown(p, markdown, len, &in_code);
		else
			print_line(p, ops, &g, markdown, len, &in_code);
		markdown += len + (markdown[len] == '\n');
	}
	if (p->format != PROSE_MARKDOWN)
		flush_block(p, ops, &g);
}
