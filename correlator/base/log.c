// SPDX-License-Identifier: GPL-2.0-only
/*
 * log.c - talk, on stderr.
 */
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"

enum log_level log_threshold = LOG_NOTICE;

/* Names of interfaces and files, and what libraries say of them, are others' text. */
void log_escaped(const char *fmt, va_list ap, bool lines)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		return;
	escape_print(stderr, text, lines);
	free(text);
}

void log_at(enum log_level level, const char *fmt, ...)
{
	static const char *const prefixes[] = { "error: ", "warning: ", "", "debug: " };
	va_list ap;

	if (level > log_threshold)
		return;
	flockfile(stderr);
	fputs(prefixes[level], stderr);
	va_start(ap, fmt);
	log_escaped(fmt, ap, false);
	va_end(ap);
	fputc('\n', stderr);
	funlockfile(stderr);
}

const char *error_name(int err)
{
	static _Thread_local char bufs[ERROR_NAMES][128];
	static _Thread_local unsigned int used;
	char *buf = bufs[used++ % ERROR_NAMES];
	const char *name;

	err = abs(err);
	name = strerrorname_np(err);
	if (!name)
		snprintf(buf, sizeof(bufs[0]), "error %d", err);
	else
		snprintf(buf, sizeof(bufs[0]), "-%s (%s)", name, strerrordesc_np(err));
	return buf;
}
