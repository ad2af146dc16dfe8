// SPDX-License-Identifier: GPL-2.0-only
/*
 * log.c - talk, on stderr.
 */
#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

enum log_level log_threshold = LOG_NOTICE;

void log_at(enum log_level level, const char *fmt, ...)
{
	static const char *const prefixes[] = { "error: ", "warning: ", "", "debug: " };
	va_list ap;

	if (level > log_threshold)
		return;
	fputs(prefixes[level], stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* Probing what a kernel grants makes the libraries complain; that is for -v only. */
static int print_libbpf(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (log_threshold < LOG_DEBUG || level == LIBBPF_DEBUG)
		return 0;
	return vfprintf(stderr, fmt, ap);
}

static int print_libxdp(enum libxdp_print_level level, const char *fmt, va_list ap)
{
	if (log_threshold < LOG_DEBUG || level == LIBXDP_DEBUG)
		return 0;
	return vfprintf(stderr, fmt, ap);
}

void log_libraries(void)
{
	libbpf_set_print(print_libbpf);
	libxdp_set_print(print_libxdp);
}

const char *error_name(int err)
{
	static char buf[128];
	const char *name;

	err = abs(err);
	name = strerrorname_np(err);
	if (!name)
		snprintf(buf, sizeof(buf), "error %d", err);
	else
		snprintf(buf, sizeof(buf), "-%s (%s)", name, strerrordesc_np(err));
	return buf;
}
