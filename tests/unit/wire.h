/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wire.h - captures made by hand: packets in any wrapping, in a file of pcap or pcapng.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "samples.h"
#include "archive/reader.h"

struct wire {
	uint8_t bytes[1 << 20];
	size_t n;
};

static inline void wire_put(struct wire *w, const void *data, size_t n)
{
	memcpy(w->bytes + w->n, data, n);
	w->n += n;
}

static inline void wire_put8(struct wire *w, unsigned int v)
{
	w->bytes[w->n++] = (uint8_t)v;
}

static inline void wire_put16(struct wire *w, unsigned int v)
{
	wire_put8(w, v >> 8);
	wire_put8(w, v);
}

static inline void wire_put32(struct wire *w, uint32_t v)
{
	wire_put16(w, v >> 16);
	wire_put16(w, v & 0xffff);
}

/* Fields of files are in the host's order. */
static inline void wire_host16(struct wire *w, uint16_t v)
{
	wire_put(w, &v, sizeof(v));
}

static inline void wire_host32(struct wire *w, uint32_t v)
{
	wire_put(w, &v, sizeof(v));
}

/* One segment; "from the client" is PEER:40000 to LOCAL:80. */
struct wire_segment {
	uint64_t us; /* since T0 */
	bool from_server;
	const char *flags;
	uint32_t seq, ack, len;
	uint8_t ttl;   /* 0 = 64 */
	uint16_t win;  /* of a RST */
	uint16_t port; /* of the client; 0 = 40000 */
	bool labelled; /* with an IPv6 flow label */
};

/* IP and TCP. */
static inline void wire_ip(struct wire *w, const struct wire_segment *s, uint8_t af)
{
	uint16_t port = s->port ? s->port : 40000;
	struct tuple t = s->from_server ? make_tuple(af, LOCAL, 80, PEER, port) :
					  make_tuple(af, PEER, port, LOCAL, 80);

	if (af == AF_INET) {
		wire_put16(w, 0x4500);
		wire_put16(w, 40 + s->len);
		wire_put32(w, 0);
		wire_put8(w, s->ttl ? s->ttl : 64);
		wire_put8(w, 6);
		wire_put16(w, 0);
		wire_put(w, t.saddr + 12, 4);
		wire_put(w, t.daddr + 12, 4);
	} else {
		wire_put32(w, 0x60000000u | (s->labelled ? 0x12345 : 0));
		wire_put16(w, 20 + s->len);
		wire_put8(w, 6);
		wire_put8(w, s->ttl ? s->ttl : 64);
		wire_put(w, t.saddr, 16);
		wire_put(w, t.daddr, 16);
	}
	wire_put16(w, t.sport);
	wire_put16(w, t.dport);
	wire_put32(w, s->seq);
	wire_put32(w, s->ack);
	wire_put8(w, 0x50);
	wire_put8(w, make_flags(s->flags));
	wire_put16(w, strchr(s->flags, 'R') ? s->win : 500);
	wire_put32(w, 0);
	memset(w->bytes + w->n, 'x', s->len);
	w->n += s->len;
}

static inline void wire_pcap_header(struct wire *w, uint32_t linktype)
{
	wire_host32(w, 0xa1b23c4d); /* nanoseconds */
	wire_host16(w, 2);
	wire_host16(w, 4);
	wire_host32(w, 0);
	wire_host32(w, 0);
	wire_host32(w, 262144);
	wire_host32(w, linktype);
}

static inline void wire_record(struct wire *w, uint64_t us, const struct wire *packet,
			       uint32_t snap)
{
	uint64_t ns = T0 + us * 1000;
	uint32_t n = packet->n < snap ? (uint32_t)packet->n : snap;

	wire_host32(w, (uint32_t)(ns / 1000000000u));
	wire_host32(w, (uint32_t)(ns % 1000000000u));
	wire_host32(w, n);
	wire_host32(w, (uint32_t)packet->n);
	wire_put(w, packet->bytes, n);
}

/* --- reading it ------------------------------------------------------------------------------------ */

#define OUTCOMES_MAX 64

struct outcome {
	unsigned int n;
	struct reset_case cases[OUTCOMES_MAX];
	char warnings[4096];
	char why[512];
	int err;
};

static inline int outcome_case(void *ctx, struct reset_case *c, const struct report_context *report)
{
	struct outcome *o = ctx;

	(void)report;
	if (o->n < OUTCOMES_MAX)
		o->cases[o->n] = *c;
	o->n++;
	return 0;
}

static inline void outcome_warning(void *ctx, const char *text)
{
	struct outcome *o = ctx;
	size_t have = strlen(o->warnings);

	snprintf(o->warnings + have, sizeof(o->warnings) - have, "%s\n", text);
}

/* A file without a name, to be read as /proc/self/fd/N. */
static inline int wire_file(const void *bytes, size_t n, char path[64])
{
	int fd = memfd_create("wire", 0);

	if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
		abort();
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

static inline void wire_read_path(const char *path, struct outcome *o)
{
	const char *files[] = { path };
	struct reader_config cfg = {
		.files = files,
		.n_files = 1,
		.on_case = outcome_case,
		.on_warning = outcome_warning,
		.on_notice = outcome_warning,
		.ctx = o,
	};

	memset(o, 0, sizeof(*o));
	o->err = reader_read(&cfg, o->why, sizeof(o->why));
}

/* The outcome is one that the next call overwrites. */
static inline const struct outcome *wire_read(const void *bytes, size_t n)
{
	static struct outcome o;
	char path[64];
	int fd = wire_file(bytes, n, path);

	wire_read_path(path, &o);
	close(fd);
	return &o;
}

/* The same through a pipe. */
static inline const struct outcome *wire_read_piped(const void *bytes, size_t n)
{
	static struct outcome o;
	char path[64];
	int fds[2];
	pid_t writer;

	if (pipe(fds))
		abort();
	writer = fork();
	if (!writer) {
		ssize_t put;

		close(fds[0]);
		for (; n && (put = write(fds[1], bytes, n)) > 0; n -= (size_t)put)
			bytes = (const uint8_t *)bytes + put;
		_exit(0);
	}
	close(fds[1]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	wire_read_path(path, &o);
	close(fds[0]);
	waitpid(writer, NULL, 0);
	return &o;
}

#endif
