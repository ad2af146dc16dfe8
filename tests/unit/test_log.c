// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_log.c - the texts that the log hands out.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "test.h"

static void test_error_names(void)
{
	const char *names[ERROR_NAMES];
	char line[256];
	int i;

	check_str(error_name(-EBUSY), "-EBUSY (Device or resource busy)", "-errno has a name");
	check_str(error_name(EBUSY), error_name(-EBUSY), "... and so has errno");
	check_str(error_name(9999), "error 9999", "what has no name is a number");
	snprintf(line, sizeof(line), "%s, then %s", error_name(EPERM), error_name(ENOENT));
	check_str(line,
		  "-EPERM (Operation not permitted), then -ENOENT (No such file or directory)",
		  "two names in one expression are two names");
	for (i = 0; i < ERROR_NAMES; i++)
		names[i] = error_name(9000 + i);
	check_str(names[0], "error 9000", "%d names are valid at a time", ERROR_NAMES);
}

/* What the log writes of it. */
static const char *logged(const char *name)
{
	static char text[512];
	int saved = dup(STDERR_FILENO), pipes[2];
	ssize_t n;

	if (pipe(pipes))
		abort();
	dup2(pipes[1], STDERR_FILENO);
	warning("interface '%s'", name);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(pipes[1]);
	n = read(pipes[0], text, sizeof(text) - 1);
	close(pipes[0]);
	text[n > 0 ? n : 0] = 0;
	return text;
}

static void test_escapes(void)
{
	static const struct {
		const char *name, *want;
	} names[] = {
		{ "eth0", "eth0" },
		{ "größe µs → 日本 🙂 ~", "größe µs → 日本 🙂 ~" },
		{ "at\x1b[31mX\x1b]0;p\a", "at\\x1b[31mX\\x1b]0;p\\x07" },
		{ "a\nerror: b\r\tc\x7f", "a\\x0aerror: b\\x0d\\x09c\\x7f" },
		{ "\xc2\x9b"
		  "31m",
		  "\\xc2\\x9b31m" }, /* U+009B */
		{ "\xe2\x80\xae"
		  "gpj",
		  "\\xe2\\x80\\xaegpj" }, /* U+202E */
		{ "\xe2\x81\xa6\xd8\x9c", "\\xe2\\x81\\xa6\\xd8\\x9c" },
		{ "\x9b"
		  "31m\xff",
		  "\\x9b31m\\xff" },
		{ "\xc3", "\\xc3" },
		{ "\xe2\x82", "\\xe2\\x82" },
		{ "\xc0\x9b\xe0\x82\x9b", "\\xc0\\x9b\\xe0\\x82\\x9b" }, /* too long */
		{ "\xed\xa0\x80\xf5\x80\x80\x80", "\\xed\\xa0\\x80\\xf5\\x80\\x80\\x80" },
	};
	char line[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(line, sizeof(line), "warning: interface '%s'\n", names[i].want);
		check_str(logged(names[i].name), line, "name %zu acts on no terminal", i + 1);
	}
}

int main(void)
{
	test_escapes();
	test_error_names();
	return test_done();
}
