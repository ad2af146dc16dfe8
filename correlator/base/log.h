/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * log.h - talk, on stderr; data goes to stdout and never through here.
 */
#ifndef LOG_H
#define LOG_H

#include <stdarg.h>
#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_NOTICE, LOG_DEBUG };

extern enum log_level log_threshold;

/** log_at() - one line; control characters in it, newlines too, are escaped */
void log_at(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** log_escaped() - text of others, with control characters escaped; @lines: but newlines */
void log_escaped(const char *fmt, va_list ap, bool lines) __attribute__((format(printf, 1, 0)));

#define error(...) log_at(LOG_ERROR, __VA_ARGS__)
#define warning(...) log_at(LOG_WARNING, __VA_ARGS__)
#define notice(...) log_at(LOG_NOTICE, __VA_ARGS__)
#define debug(...) log_at(LOG_DEBUG, __VA_ARGS__)

/** log_libraries() - take over the messages of libbpf and libxdp, at debug level */
void log_libraries(void);

/* So many texts of error_name() are valid at a time, in each thread. */
#define ERROR_NAMES 4

/** error_name() - "-EBUSY (Device or resource busy)" for 16 or -16; overwritten ERROR_NAMES calls later */
const char *error_name(int err);

#endif
