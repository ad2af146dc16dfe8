/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * samples.h - hosts, tuples and packets that the tests share, for IPv4 and IPv6 alike.
 */
#ifndef SAMPLES_H
#define SAMPLES_H

#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>

#include "model/case.h"
#include "report/template.h"
#include "test.h"

struct family {
	uint8_t af;
	const char *name;
};

static const struct family families[] = { { AF_INET, "IPv4" }, { AF_INET6, "IPv6" } };

#define for_each_family(f) for (f = families; f < families + ARRAY_SIZE(families); f++)

/* Hosts by number: 192.0.2.N and 2001:db8::N. */
enum { LOCAL = 1, PEER = 2, INNER = 3, OTHER = 4 };

#define MS 1000000ull
#define T0 5000000000ull /* when the samples begin, CLOCK_MONOTONIC */

static inline void set_host(uint8_t addr[16], uint8_t af, uint8_t n)
{
	static const uint8_t v4[12 + 3] = { [12] = 192, 0, 2 };
	static const uint8_t v6[15] = { 0x20, 0x01, 0x0d, 0xb8 };

	memcpy(addr, af == AF_INET6 ? v6 : v4, 15);
	addr[15] = n;
}

static inline struct tuple make_tuple(uint8_t af, uint8_t src, uint16_t sport, uint8_t dst,
				      uint16_t dport)
{
	struct tuple t = { .sport = sport, .dport = dport, .family = af };

	set_host(t.saddr, af, src);
	set_host(t.daddr, af, dst);
	return t;
}

/* An account that a case refers to, to be changed: a copy of its own, as those are shared. */
static inline struct kernel_event *own_account(const struct kernel_event **ref)
{
	static struct kernel_event pool[256];
	static unsigned int used;
	struct kernel_event *k = &pool[used++ % ARRAY_SIZE(pool)];

	*k = **ref;
	*ref = k;
	return k;
}

/* "SA", "PA", "R": one letter a flag. */
static inline uint8_t make_flags(const char *letters)
{
	uint8_t flags = 0;

	for (; *letters; letters++)
		flags |= *letters == 'S' ? FLAG_SYN :
			 *letters == 'A' ? FLAG_ACK :
			 *letters == 'F' ? FLAG_FIN :
			 *letters == 'R' ? FLAG_RST :
			 *letters == 'P' ? FLAG_PSH :
					   0;
	return flags;
}

static inline const char *sample_ifname(void *ctx, uint32_t ifindex)
{
	static char name[16];

	(void)ctx;
	snprintf(name, sizeof(name), "eth%u", ifindex);
	return name;
}

static inline const char *no_source_line(void *ctx, const struct frame *f)
{
	(void)ctx, (void)f;
	return NULL;
}

/* As if there were debug symbols of one function. */
static inline const char *one_source_line(void *ctx, const struct frame *f)
{
	(void)ctx;
	return f->name && !strcmp(f->name, "tcp_v4_rcv") ? "net/ipv4/tcp_ipv4.c:2155" : NULL;
}

static const struct report_context sample_context = {
	.host = "lab",
	.view = "fentry",
	.ifname = sample_ifname,
	.source_line = no_source_line,
};

#endif
