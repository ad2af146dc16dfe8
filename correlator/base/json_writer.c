// SPDX-License-Identifier: GPL-2.0-only
/*
 * json_writer.c - JSON, written member by member into memory.
 *
 * A case has some 300 members: nothing here formats by printf, and what is plain is copied in one go.
 */
#include "base/json_writer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 12
#define ROOM_FIRST 8192

/* An object or array that is open. */
struct level {
	size_t begun; /* where its comma or its key stands */
	char close;
	bool filled;
};

struct json_writer {
	char *at;
	size_t n;
	size_t room;
	bool failed;
	unsigned int depth;
	struct level levels[DEPTH_MAX];
};

struct json_writer *json_writer__new(void)
{
	struct json_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->at = malloc(ROOM_FIRST);
	w->room = ROOM_FIRST;
	if (w->at)
		return w;
	free(w);
	return NULL;
}

void json_writer__free(struct json_writer *w)
{
	if (!w)
		return;
	free(w->at);
	free(w);
}

/* Room for @n bytes more, and where they go; NULL: out of memory. */
static char *reserve(struct json_writer *w, size_t n)
{
	size_t room = (w->n + n) * 2;
	char *grown;

	if (w->n + n <= w->room)
		return w->at + w->n;
	grown = realloc(w->at, room);
	if (!grown) {
		w->failed = true;
		return NULL;
	}
	w->at = grown;
	w->room = room;
	return w->at + w->n;
}

static void put(struct json_writer *w, const void *data, size_t n)
{
	char *to = reserve(w, n);

	if (!to)
		return;
	memcpy(to, data, n);
	w->n += n;
}

static void put_char(struct json_writer *w, char ch)
{
	put(w, &ch, 1);
}

const char *json_writer__text(struct json_writer *w, size_t *ret_len)
{
	assert(!w->depth);
	put_char(w, 0);
	if (w->failed)
		return NULL;
	*ret_len = --w->n;
	return w->at;
}

static void put_key(struct json_writer *w, const char *key)
{
	struct level *l = w->depth ? &w->levels[w->depth - 1] : NULL;
	size_t len = key ? strlen(key) : 0;
	char *to = reserve(w, len + 4);

	if (!to)
		return;
	if (l && l->filled)
		*to++ = ',';
	if (l)
		l->filled = true;
	if (key) {
		*to++ = '"';
		memcpy(to, key, len); /* NOLINT(bugprone-not-null-terminated-result) */
		to += len;
		*to++ = '"';
		*to++ = ':';
	}
	w->n = (size_t)(to - w->at);
}

static void begin(struct json_writer *w, const char *key, const char *ends)
{
	size_t begun = w->n;

	assert(w->depth < DEPTH_MAX);
	put_key(w, key);
	put_char(w, ends[0]);
	w->levels[w->depth++] = (struct level){ begun, ends[1], false };
}

void json__object(struct json_writer *w, const char *key)
{
	begin(w, key, "{}");
}

void json__array(struct json_writer *w, const char *key)
{
	begin(w, key, "[]");
}

void json__end(struct json_writer *w)
{
	assert(w->depth);
	put_char(w, w->levels[--w->depth].close);
}

void json__end_filled(struct json_writer *w)
{
	const struct level *l = &w->levels[w->depth - 1];

	if (l->filled || w->failed) {
		json__end(w);
		return;
	}
	/* The first in its own level, it had no comma. */
	if (w->depth > 1 && w->at[l->begun] != ',')
		w->levels[w->depth - 2].filled = false;
	w->n = l->begun;
	w->depth--;
}

/* --- text -------------------------------------------------------------------------------------- */

static bool is_tail(unsigned char ch)
{
	return (ch & 0xc0) == 0x80;
}

/* Bytes of the character that begins here; 0 = this is no UTF-8. (RFC 3629, section 4) */
static size_t utf8_length(const unsigned char *s)
{
	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		return is_tail(s[1]) ? 2 : 0;
	if (s[0] >= 0xe0 && s[0] <= 0xef) {
		if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f))
			return 0;
		return is_tail(s[1]) && is_tail(s[2]) ? 3 : 0;
	}
	if (s[0] < 0xf0 || s[0] > 0xf4 || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return is_tail(s[1]) && is_tail(s[2]) && is_tail(s[3]) ? 4 : 0;
}

/* Not above U+FFFF: nothing there is escaped. */
static uint32_t code_point(const unsigned char *s, size_t len)
{
	return len == 1 ? s[0] :
	       len == 2 ? (uint32_t)(s[0] & 0x1f) << 6 | (s[1] & 0x3f) :
	       len == 3 ? (uint32_t)(s[0] & 0x0f) << 12 | (uint32_t)(s[1] & 0x3f) << 6 |
				  (s[2] & 0x3f) :
			  0xfffd;
}

/* Controls of C0 and C1, and what embeds, overrides or isolates a direction of writing. */
static bool is_escaped(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

static const char digits[] = "0123456789ABCDEF";

static void put_escaped(struct json_writer *w, uint32_t c)
{
	static const char letters[] = "btn?fr"; /* from U+0008 on */
	char text[6] = {
		'\\',	       'u', digits[c >> 12 & 15], digits[c >> 8 & 15], digits[c >> 4 & 15],
		digits[c & 15]
	};

	if (c >= '\b' && c <= '\r' && c != '\v') {
		text[1] = letters[c - '\b'];
		put(w, text, 2);
	} else {
		put(w, text, sizeof(text));
	}
}

static void put_invalid(struct json_writer *w, unsigned char byte)
{
	char text[5] = { '\\', '\\', 'x', digits[byte >> 4], digits[byte & 15] };

	text[3] |= text[3] > '9' ? 0x20 : 0;
	text[4] |= text[4] > '9' ? 0x20 : 0;
	put(w, text, sizeof(text));
}

static bool is_plain(unsigned char ch)
{
	return ch >= 0x20 && ch < 0x7f && ch != '"' && ch != '\\';
}

/* One character that is not plain; returns its length. */
static size_t put_other(struct json_writer *w, const unsigned char *s)
{
	size_t len = utf8_length(s);
	uint32_t c = code_point(s, len);

	if (!len) {
		put_invalid(w, *s);
		return 1;
	}
	if (*s == '"' || *s == '\\')
		put_char(w, '\\');
	if (is_escaped(c))
		put_escaped(w, c);
	else
		put(w, s, len);
	return len;
}

void json__text(struct json_writer *w, const char *key, const char *s)
{
	const unsigned char *at = (const unsigned char *)s, *plain;

	if (!s) {
		json__null(w, key);
		return;
	}
	put_key(w, key);
	put_char(w, '"');
	while (*at) {
		for (plain = at; is_plain(*at);)
			at++;
		put(w, plain, (size_t)(at - plain));
		if (*at)
			at += put_other(w, at);
	}
	put_char(w, '"');
}

static bool is_utf8(const char *s)
{
	const unsigned char *at = (const unsigned char *)s;
	size_t len;

	for (; *at; at += len) {
		len = utf8_length(at);
		if (!len)
			return false;
	}
	return true;
}

void json__bytes(struct json_writer *w, const char *key, const char *s)
{
	const unsigned char *at;

	if (!s || is_utf8(s)) {
		json__text(w, key, s);
		return;
	}
	json__object(w, key);
	put_key(w, "bytes");
	put_char(w, '"');
	for (at = (const unsigned char *)s; *at; at++) {
		put_char(w, digits[*at >> 4]);
		put_char(w, digits[*at & 15]);
	}
	put_char(w, '"');
	json__end(w);
}

/* --- numbers ------------------------------------------------------------------------------------ */

static void put_number(struct json_writer *w, uint64_t v)
{
	char text[20];
	unsigned int at = sizeof(text);

	do {
		text[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	put(w, text + at, sizeof(text) - at);
}

void json__unsigned(struct json_writer *w, const char *key, uint64_t v)
{
	put_key(w, key);
	put_number(w, v);
}

void json__signed(struct json_writer *w, const char *key, int64_t v)
{
	put_key(w, key);
	if (v < 0)
		put_char(w, '-');
	put_number(w, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void json__boolean(struct json_writer *w, const char *key, bool v)
{
	put_key(w, key);
	put(w, v ? "true" : "false", v ? 4 : 5);
}

void json__null(struct json_writer *w, const char *key)
{
	put_key(w, key);
	put(w, "null", 4);
}

void json__microseconds(struct json_writer *w, const char *key, int64_t ns)
{
	uint64_t v = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
	unsigned int rest = v % 1000;
	char text[4] = { '.', (char)('0' + rest / 100), (char)('0' + rest / 10 % 10),
			 (char)('0' + rest % 10) };

	put_key(w, key);
	if (ns < 0)
		put_char(w, '-');
	put_number(w, v / 1000);
	put(w, text, rest % 10 ? 4 : rest % 100 ? 3 : 2);
}
