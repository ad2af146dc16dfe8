// SPDX-License-Identifier: GPL-2.0-only
/*
 * wrap.c - text in lines of 80 columns.
 */
#include "wrap.h"

#include <string.h>

#define WIDTH 80

/* Columns, not bytes: continuation bytes of UTF-8 take none. */
static unsigned int columns(const char *s, size_t len)
{
	unsigned int n = 0;

	while (len--)
		n += (*s++ & 0xc0) != 0x80;
	return n;
}

/* Up to the next space; but a command in backquotes is one word, so that it can be copied. */
static size_t word_length(const char *text)
{
	size_t len = strcspn(text, " ");
	const char *open = memchr(text, '`', len), *end;

	if (!open)
		return len;
	end = strchr(open + 1, '`');
	if (end && (size_t)(end - text) > len)
		len = (size_t)(end - text) + strcspn(end, " ");
	return len;
}

void wrap_text(FILE *out, unsigned int indent, const char *text)
{
	unsigned int col = indent;

	while (*text) {
		size_t len = word_length(text);
		unsigned int width = columns(text, len);

		if (col > indent && col + 1 + width > WIDTH) {
			fprintf(out, "\n%*s", (int)indent, "");
			col = indent;
		}
		if (col > indent) {
			fputc(' ', out);
			col++;
		}
		fwrite(text, 1, len, out);
		col += width;
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}
