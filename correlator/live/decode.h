/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decode.h - event bytes from BPF or a recording into the values of case.h.
 */
#ifndef DECODE_H
#define DECODE_H

#include <stddef.h>
#include <stdint.h>

#include "model/case.h"

struct rst_pkt;

/* Names that only the kernel which made the events knows. */
struct kernel_names {
	/* Name of an enum sk_rst_reason, without its prefix; NULL = unknown number. */
	const char *(*rst_reason)(void *ctx, int value);
	/* The function at a kernel address; its names live as long as the table. */
	void (*frame)(void *ctx, uint64_t addr, struct frame *ret);
	void *ctx;
};

struct rst_closer;

enum event_kind { EVENT_WIRE, EVENT_KERNEL };

struct wire_event {
	uint64_t id;
	uint64_t join_id; /* kernel event that it met on its CPU; 0 = none */
	struct packet rst;
	struct packet answers;
	enum answer_match match;
	struct socket_now now;
	enum maker maker;
	uint32_t came_by;  /* MAKER_CAME_IN: by this interface */
	bool before_start; /* from the recorder, where it was before anybody could be told */
};

struct event {
	enum event_kind kind;
	union {
		struct wire_event wire;
		struct kernel_event kernel;
	};
};

/**
 * decode_event() - check an event and view it in host order
 * @buf: event bytes as they came, 8-byte aligned
 * @len: length in bytes, as the ring buffer or the recording states it
 * @names: names of the kernel that made the event
 * @ret: filled on success only
 *
 * Return: 0; -EMSGSIZE if @len is too short for its type; -EPROTO for a version or type that
 * we do not know. Never reads past @len.
 */
int decode_event(const void *buf, size_t len, const struct kernel_names *names, struct event *ret);

/** decode_packet() - one flight-recorder record; @cpu is the ring that it stood in. */
void decode_packet(const struct rst_pkt *rec, uint32_t cpu, struct packet *ret);

/** decode_closer() - the task that closed a connection's socket */
void decode_closer(const struct rst_closer *from, struct closer *ret);

#endif
