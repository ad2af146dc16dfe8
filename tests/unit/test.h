/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test.h - a tiny TAP harness: one line a check, named as a sentence.
 *
 * A failed check prints both values and where it stands, and the program goes on; main() ends
 * with `return test_done();`, which is 1 when anything failed.
 */
#ifndef TEST_H
#define TEST_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static unsigned int test_checks, test_failures;

static inline void test_line(bool ok, const char *suffix, const char *fmt, va_list ap)
{
	printf("%sok - ", ok ? "" : "not ");
	vprintf(fmt, ap);
	printf("%s\n", suffix);
	fflush(stdout); /* a crash must not swallow what was already known */
	test_checks++;
	test_failures += !ok;
}

__attribute__((format(printf, 4, 5))) static inline bool
test_true(bool ok, const char *where, const char *expression, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	test_line(ok, "", fmt, ap);
	va_end(ap);
	if (!ok)
		printf("#   %s\n#   false: %s\n", where, expression);
	return ok;
}

__attribute__((format(printf, 4, 5))) static inline bool
test_int(long long got, long long want, const char *where, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	test_line(got == want, "", fmt, ap);
	va_end(ap);
	if (got != want)
		printf("#   %s\n#   got  %lld (0x%llx)\n#   want %lld (0x%llx)\n", where, got,
		       (unsigned long long)got, want, (unsigned long long)want);
	return got == want;
}

/* On one line, so that no part of a value is taken for a result. */
static inline void test_value(const char *label, const char *s)
{
	printf("#   %s", label);
	for (; s && *s; s++) {
		if (*s >= ' ' && *s <= '~' && *s != '\\')
			putchar(*s);
		else
			printf("\\x%02x", (unsigned char)*s);
	}
	puts(s ? "\"" : "(null)");
}

__attribute__((format(printf, 4, 5))) static inline bool
test_str(const char *got, const char *want, const char *where, const char *fmt, ...)
{
	bool ok = got && want ? !strcmp(got, want) : got == want;
	va_list ap;

	va_start(ap, fmt);
	test_line(ok, "", fmt, ap);
	va_end(ap);
	if (ok)
		return true;
	printf("#   %s\n", where);
	test_value("got  \"", got);
	test_value("want \"", want);
	return false;
}

/* Does @got hold @part, or, with @wanted false, hold it not? */
__attribute__((format(printf, 5, 6))) static inline bool
test_part(const char *got, const char *part, bool wanted, const char *where, const char *fmt, ...)
{
	bool ok = got && !!strstr(got, part) == wanted;
	va_list ap;

	va_start(ap, fmt);
	test_line(ok, "", fmt, ap);
	va_end(ap);
	if (ok)
		return true;
	printf("#   %s\n", where);
	test_value("got  \"", got);
	test_value(wanted ? "want a text with \"" : "want a text without \"", part);
	return false;
}

__attribute__((format(printf, 1, 2))) static inline void test_skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	test_line(true, " # SKIP", fmt, ap);
	va_end(ap);
}

#define TEST_STRING(x) #x
#define TEST_LINE(x) TEST_STRING(x)
#define TEST_WHERE __FILE__ ":" TEST_LINE(__LINE__)

/* The sentence comes last, as printf takes it. */
#define check(expression, ...) test_true(!!(expression), TEST_WHERE, #expression, __VA_ARGS__)
#define check_int(got, want, ...) \
	test_int((long long)(got), (long long)(want), TEST_WHERE, __VA_ARGS__)
#define check_str(got, want, ...) test_str(got, want, TEST_WHERE, __VA_ARGS__)
#define check_has(got, part, ...) test_part(got, part, true, TEST_WHERE, __VA_ARGS__)
#define check_lacks(got, part, ...) test_part(got, part, false, TEST_WHERE, __VA_ARGS__)

static inline int test_done(void)
{
	printf("1..%u\n", test_checks);
	if (test_failures)
		printf("# %u of %u failed\n", test_failures, test_checks);
	return test_failures ? 1 : 0;
}

/* splitmix64: the same numbers everywhere, so that a printed seed repeats a failure. */
static inline unsigned long long test_random(unsigned long long *state)
{
	unsigned long long z = (*state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

#endif
