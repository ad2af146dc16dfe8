// SPDX-License-Identifier: GPL-2.0-only
/*
 * log_libbpf.c - what libbpf and libxdp have to say, through our log.
 */
#include <stdio.h>
#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

#include "base/log.h"

/* Probing what a kernel grants makes the libraries complain; that is for -v only. */
static int print_libbpf(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (log_threshold < LOG_DEBUG || level == LIBBPF_DEBUG)
		return 0;
	log_escaped(fmt, ap, true);
	return 0;
}

static int print_libxdp(enum libxdp_print_level level, const char *fmt, va_list ap)
{
	if (log_threshold < LOG_DEBUG || level == LIBXDP_DEBUG)
		return 0;
	log_escaped(fmt, ap, true);
	return 0;
}

void log_libraries(void)
{
	libbpf_set_print(print_libbpf);
	libxdp_set_print(print_libxdp);
}
