// SPDX-License-Identifier: GPL-2.0-only
/*
 * textwrap.c - text in lines of 80 columns.
 */
#include "base/textwrap.h"

#include <stdbool.h>
#include <string.h>

#define WIDTH 80

/*
 * Up to the next space; but a command in backquotes is one word, so that it can be copied.
 * @ret_width: columns, not bytes: continuation bytes of UTF-8 take none
 */
static size_t word_length(const char *text, unsigned int *ret_width)
{
	unsigned int width = 0;
	bool quoted = false;
	size_t i;

	for (i = 0; text[i] && (text[i] != ' ' || quoted); i++) {
		width += (text[i] & 0xc0) != 0x80;
		if (text[i] == '`')
			quoted = !quoted && strchr(text + i + 1, '`');
	}
	*ret_width = width;
	return i;
}

/* A line is written in one piece. */
void wrap_text(FILE *out, unsigned int indent, const char *text)
{
	const char *line = text, *end = text; /* of what fits */
	unsigned int col = indent, width;

	while (*text) {
		size_t len = word_length(text, &width), gap = (size_t)(text - end);

		if (end > line && col + gap + width > WIDTH) {
			fwrite(line, 1, (size_t)(end - line), out);
			fprintf(out, "\n%*s", (int)indent, "");
			col = indent;
			gap = 0;
			line = text;
		}
		col += (unsigned int)gap + width;
		end = text + len;
		for (text = end; *text == ' '; text++)
			;
	}
	fwrite(line, 1, (size_t)(end - line), out);
	fputc('\n', out);
}
