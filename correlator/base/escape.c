// SPDX-License-Identifier: GPL-2.0-only
/*
 * escape.c - foreign text on its way to a terminal or a page.
 */
#include "base/escape.h"

#include <stdint.h>

/* Bytes of the sequence that begins so (RFC 3629); 0: none does. */
static size_t sequence_length(unsigned char first)
{
	return first < 0x80 ? 1 :
	       first < 0xc2 ? 0 :
	       first < 0xe0 ? 2 :
	       first < 0xf0 ? 3 :
	       first < 0xf5 ? 4 :
			      0;
}

/* The code point at @at; 0 if it is none, is too long a form of one, or half of a surrogate pair. */
static uint32_t decode(const unsigned char *at, size_t n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t c = n == 1 ? at[0] : at[0] & (0x7fu >> n);
	size_t i;

	for (i = 1; i < n; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (at[i] & 0x3f);
	}
	return c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : c;
}

static bool acts(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

size_t escape_next(const char *at, bool *ret_shows)
{
	const unsigned char *bytes = (const unsigned char *)at;
	size_t n = sequence_length(bytes[0]);
	uint32_t c = n ? decode(bytes, n) : 0;

	*ret_shows = c && !acts(c);
	return !bytes[0] ? 0 : c ? n : 1;
}

void escape_print(FILE *out, const char *text, bool lines)
{
	bool shows;
	size_t n, i;

	for (; (n = escape_next(text, &shows)); text += n) {
		if (shows || (lines && (*text == '\n' || *text == '\t')))
			fwrite(text, 1, n, out);
		else
			for (i = 0; i < n; i++)
				fprintf(out, "\\x%02x", (unsigned char)text[i]);
	}
}
