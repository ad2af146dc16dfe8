// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_json_writer.c - whatever is written is JSON, says the same, and is harmless on a terminal.
 */
#include <jansson.h>
#include <stdlib.h>

#include "base/json_writer.h"
#include "test.h"

typedef void (*put_text)(struct json_writer *w, const char *key, const char *s);

/* free() it. */
static char *one(put_text put, const char *s)
{
	struct json_writer *w = json_writer__new();
	size_t len;
	char *copy;

	put(w, NULL, s);
	copy = strdup(json_writer__text(w, &len));
	json_writer__free(w);
	return copy;
}

static void expect(put_text put, const char *s, const char *want, const char *what)
{
	char *text = one(put, s);
	json_t *o = json_loads(text, JSON_DECODE_ANY, NULL);

	check_str(text, want, "%s", what);
	check(o, "%s: a strict parser reads it", what);
	json_decref(o);
	free(text);
}

static void test_text(void)
{
	static const struct {
		const char *what, *text, *want;
	} rows[] = {
		{ "plain text", "eth0", "\"eth0\"" },
		{ "nothing", "", "\"\"" },
		{ "quotes", "a\"b\\c/d", "\"a\\\"b\\\\c/d\"" },
		{ "control characters with a letter", "\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\"" },
		{ "and without", "\x01\v\x1b[31m", "\"\\u0001\\u000B\\u001B[31m\"" },
		{ "DEL", "\x7f", "\"\\u007F\"" },
		{ "C1", "\xc2\x80\xc2\x9b\xc2\x9f", "\"\\u0080\\u009B\\u009F\"" },
		{ "what comes after C1", "\xc2\xa0", "\"\xc2\xa0\"" },
		{ "directions", "\xe2\x80\xaa\xe2\x80\xae\xe2\x81\xa6\xe2\x81\xa9",
		  "\"\\u202A\\u202E\\u2066\\u2069\"" },
		{ "their neighbours", "\xe2\x80\xa9\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa",
		  "\"\xe2\x80\xa9\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa\"" },
		{ "two, three and four bytes", "\xc3\xbc\xe2\x86\x92\xf0\x9f\x98\x80",
		  "\"\xc3\xbc\xe2\x86\x92\xf0\x9f\x98\x80\"" },
		{ "a character that was cut", "Nachrichten-dr\xc3", "\"Nachrichten-dr\\\\xc3\"" },
		{ "three bytes, cut", "\xe2\x86", "\"\\\\xe2\\\\x86\"" },
		{ "a longer form than need be", "\xc0\xaf", "\"\\\\xc0\\\\xaf\"" },
		{ "the same of three", "\xe0\x80\xaf", "\"\\\\xe0\\\\x80\\\\xaf\"" },
		{ "a surrogate", "\xed\xa0\x80", "\"\\\\xed\\\\xa0\\\\x80\"" },
		{ "beyond Unicode", "\xf4\x90\x80\x80", "\"\\\\xf4\\\\x90\\\\x80\\\\x80\"" },
		{ "bytes of no character", "\x80\xff", "\"\\\\x80\\\\xff\"" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		expect(json__text, rows[i].text, rows[i].want, rows[i].what);
	expect(json__text, NULL, "null", "no text");
	expect(json__bytes, NULL, "null", "no bytes");
	expect(json__bytes, "\xc3\xbc", "\"\xc3\xbc\"", "bytes that are text");
	expect(json__bytes, "a\xff", "{\"bytes\":\"61FF\"}", "bytes that are none");
}

/* All strings of one, two and three bytes of an alphabet of what matters. */
static void test_any_bytes(void)
{
	static const unsigned char of[] = { 1,	  '"',	'\\', 'a',  0x7f, 0x80, 0x9b, 0xa8,
					    0xae, 0xc2, 0xe0, 0xe2, 0xed, 0xf0, 0xf4, 0xff };
	unsigned int n = ARRAY_SIZE(of), i, bad = 0;
	char s[4] = "";

	for (i = 0; i < n * n * n; i++) {
		char *text;
		json_t *o;
		size_t at;

		s[0] = (char)of[i % n];
		s[1] = (char)of[i / n % n];
		s[2] = (char)of[i / n / n];
		text = one(json__text, s);
		o = json_loads(text, JSON_DECODE_ANY, NULL);
		bad += !o;
		for (at = 0; text[at]; at++)
			bad += (unsigned char)text[at] < 0x20 || text[at] == 0x7f ||
			       ((unsigned char)text[at] == 0xc2 &&
				(unsigned char)text[at + 1] < 0xa0);
		json_decref(o);
		free(text);
	}
	check_int(bad, 0, "any bytes become JSON without a control character");
}

static void test_values(void)
{
	static const char want[] =
		"{\"u\":18446744073709551615,\"s\":-9223372036854775808,\"z\":0,\"t\":true,"
		"\"f\":false,\"n\":null,\"us\":[34.396,5.0,-0.001,0.0,0.12,1000000000.123],"
		"\"empty\":{},\"none\":[]}";
	static const int64_t ns[] = { 34396, 5000, -1, 0, 120, 1000000000123 };
	struct json_writer *w = json_writer__new();
	size_t i, len;

	json__object(w, NULL);
	json__unsigned(w, "u", UINT64_MAX);
	json__signed(w, "s", INT64_MIN);
	json__signed(w, "z", 0);
	json__boolean(w, "t", true);
	json__boolean(w, "f", false);
	json__null(w, "n");
	json__array(w, "us");
	for (i = 0; i < ARRAY_SIZE(ns); i++)
		json__microseconds(w, NULL, ns[i]);
	json__end(w);
	json__object(w, "empty");
	json__end(w);
	json__array(w, "none");
	json__end(w);
	json__end(w);
	check_str(json_writer__text(w, &len), want, "values of all kinds");
	check_int((long long)len, (long long)strlen(want), "and how long they are");
	json_writer__free(w);
}

static void test_taken_back(void)
{
	struct json_writer *w = json_writer__new();
	size_t len;

	json__array(w, NULL);
	json__object(w, NULL);
	json__object(w, "first");
	json__end_filled(w);
	json__array(w, "second");
	json__object(w, NULL);
	json__end_filled(w);
	json__end_filled(w);
	json__unsigned(w, "third", 3);
	json__object(w, "fourth");
	json__end_filled(w);
	json__object(w, "fifth");
	json__null(w, "x");
	json__end_filled(w);
	json__end(w);
	json__end(w);
	check_str(json_writer__text(w, &len), "[{\"third\":3,\"fifth\":{\"x\":null}}]",
		  "what is empty is taken back, with its comma");
	json_writer__free(w);
}

static void test_long(void)
{
	struct json_writer *w = json_writer__new();
	json_t *o;
	size_t len;
	int i;

	json__array(w, NULL);
	for (i = 0; i < 100000; i++)
		json__text(w, NULL, "a\"text\xff");
	json__end(w);
	o = json_loads(json_writer__text(w, &len), 0, NULL);
	check_int((long long)json_array_size(o), 100000, "it grows as it must");
	json_decref(o);
	json_writer__free(w);
}

int main(void)
{
	test_text();
	test_any_bytes();
	test_values();
	test_taken_back();
	test_long();
	return test_done();
}
