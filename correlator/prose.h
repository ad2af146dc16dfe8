/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * prose.h - Markdown for a terminal, for man(1), or as it is.
 *
 * Of Markdown it knows headings ("#", "##", "###"), paragraphs, items ("- ", and "  - " below
 * one), fenced code, and `code`.
 */
#ifndef PROSE_H
#define PROSE_H

#include <stdbool.h>
#include <stdio.h>

enum prose_format { PROSE_TEXT, PROSE_MARKDOWN, PROSE_MAN };

struct prose {
	FILE *out;
	enum prose_format format;
	unsigned int deeper; /* levels to add to each heading */
	bool bold;	     /* text: headings in bold */
};

/** prose_print() - print @markdown, which ends with a newline */
void prose_print(const struct prose *p, const char *markdown);

#endif
