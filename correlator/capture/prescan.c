// SPDX-License-Identifier: GPL-2.0-only
/*
 * prescan.c - which conversations of a capture are reset.
 *
 * Few are, and to learn first which ones is far cheaper than to follow all. Two threads read half of the
 * file each; where the second half begins is a guess, which the reader of the first half verifies.
 */
#include "capture/prescan.h"

#include <errno.h>
#include <pthread.h>

#include "capture/pcap_reader.h"

#define PROGRESS_PACKETS 65536
/* A smaller file is not worth a thread. */
#define HALVE_BYTES (4u << 20)

struct marker {
	struct flow_tracker *trace;
	struct input *in;
	struct pcap_reader *capture;
	void (*on_progress)(void *ctx, double done, uint64_t packets);
	void *ctx;
	int got; /* what ended it: of pcap_reader__next() */
};

/* The packets of a recording are there for people. */
static int end_marking(void *ctx, const uint8_t *data, size_t len, bool swapped)
{
	(void)ctx;
	(void)data;
	(void)len;
	(void)swapped;
	return -ECANCELED;
}

static void mark(const struct marker *m, const struct capture_packet *p)
{
	uint16_t linktype = pcap_reader__interface(m->capture, p->interface)->linktype;
	const uint8_t *tcp = segment_glance(p, linktype);
	struct segment s;

	if (tcp && !(tcp[TCP_FLAGS] & FLAG_RST))
		return;
	if (segment_parse(p, linktype, &s) == SEGMENT_TCP && s.flags & FLAG_RST)
		flow_tracker__mark(m->trace, &s);
}

static void *mark_all(void *arg)
{
	struct marker *m = arg;
	struct capture_packet p;
	uint64_t packets = 0;

	while ((m->got = pcap_reader__next(m->capture, &p)) > 0) {
		mark(m, &p);
		if (!(++packets % PROGRESS_PACKETS) && m->on_progress)
			m->on_progress(m->ctx, input__progress(m->in), packets);
	}
	return NULL;
}

static void close_marker(struct marker *m)
{
	pcap_reader__free(m->capture);
	input__close(m->in);
}

static bool open_marker(struct marker *m, struct input *whole)
{
	char why[256];

	m->in = input__part(whole, 0);
	m->capture = m->in ? pcap_reader__open(m->in, why, sizeof(why)) : NULL;
	if (m->capture)
		pcap_reader__on_custom(m->capture, PCAPNG_PEN, end_marking, NULL);
	return m->capture;
}

/* From a packet in the middle on, as far as one can see. */
static bool open_second_half(struct marker *m, const struct marker *first, struct input *whole)
{
	uint64_t size = input__size(whole);

	*m = (struct marker){ .trace = first->trace };
	if (size < HALVE_BYTES)
		return false;
	m->in = input__part(whole, size / 2);
	m->capture = m->in ? pcap_reader__fork(first->capture, m->in) : NULL;
	return m->capture;
}

/* Returns whether both halves met. */
static bool mark_halves(struct marker *first, struct input *whole)
{
	struct capture_packet p;
	struct marker second;
	unsigned int n_interfaces;
	uint64_t begins;
	pthread_t thread;
	bool met = true;

	/* Interfaces are described before their packets. */
	first->got = pcap_reader__next(first->capture, &p);
	if (first->got <= 0)
		return true;
	mark(first, &p);
	n_interfaces = pcap_reader__n_interfaces(first->capture);
	begins = open_second_half(&second, first, whole) ? input__offset(second.in) : 0;
	if (begins && !pthread_create(&thread, NULL, mark_all, &second)) {
		input__end_at(first->in, begins);
		mark_all(first);
		pthread_join(thread, NULL);
		met = !first->got && pcap_reader__n_interfaces(first->capture) == n_interfaces;
		first->in->err = first->in->err ? first->in->err : second.in->err;
	} else {
		mark_all(first);
	}
	close_marker(&second);
	return met;
}

bool prescan(struct flow_tracker *t, struct input *in,
	     void (*on_progress)(void *ctx, double done, uint64_t packets), void *ctx)
{
	struct marker m = { .trace = t, .on_progress = on_progress, .ctx = ctx };
	bool all = false;

	if (flow_tracker__follow_marked(t))
		return false;
	if (open_marker(&m, in)) {
		if (!mark_halves(&m, in)) {
			close_marker(&m);
			if (open_marker(&m, in))
				mark_all(&m);
		}
		all = m.capture && !m.in->err;
	}
	close_marker(&m);
	if (!all)
		flow_tracker__follow_all(t);
	return all;
}
