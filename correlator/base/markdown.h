/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * markdown.h - Markdown for a terminal, for man(1), or as it is.
 *
 * Of Markdown it knows headings ("#", "##", "###"), paragraphs, items ("- ", and "  - " below
 * one), fenced code, and `code`.
 */
#ifndef MARKDOWN_H
#define MARKDOWN_H

#include <stdbool.h>
#include <stdio.h>

enum markdown_format { PROSE_TEXT, PROSE_MARKDOWN, PROSE_MAN };

struct markdown {
	FILE *out;
	enum markdown_format format;
	unsigned int deeper; /* levels to add to each heading */
	bool bold;	     /* text: headings in bold */
};

/** markdown_print() - print @markdown, which ends with a newline */
void markdown_print(const struct markdown *p, const char *markdown);

#endif
