/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * format.h - values of a case as people write them.
 */
#ifndef FORMAT_H
#define FORMAT_H

#include <stdio.h>

#include "model/case.h"

/** print_number() - in decimal; most of what is printed is addresses and ports, and fprintf() is slow */
void print_number(FILE *out, uint32_t n);
/** format_address() - IPv4 or IPv6; @buf takes INET6_ADDRSTRLEN bytes. Returns it. */
const char *format_address(char *buf, const uint8_t *addr, uint8_t family);
void print_address(FILE *out, const uint8_t *addr, uint8_t family);
void print_endpoint(FILE *out, const uint8_t *addr, uint16_t port, uint8_t family);
void print_tuple(FILE *out, const struct tuple *t);

#define FLAGS_TEXT_MAX 24
/** format_flags() - "SYN", "PSH ACK", "no flags"; @buf takes FLAGS_TEXT_MAX bytes. Returns it. */
const char *format_flags(char *buf, uint8_t flags);
void print_flags(FILE *out, uint8_t flags);

#define DURATION_TEXT_MAX 32
/**
 * format_duration() - in the unit that people read it in: "34.0 µs", "1.56 ms", "2.00 s", "350 s"
 * @buf: takes DURATION_TEXT_MAX bytes. Returns it.
 */
const char *format_duration(char *buf, uint64_t ns);
void print_duration(FILE *out, uint64_t ns);

/** print_escaped() - @s with everything but printable characters as \xNN */
void print_escaped(FILE *out, const char *s);

/** print_frame() - as the kernel does: "tcp_v4_rcv+0x1a/0x90", "nf_send_reset+0x5 [module]", "?" */
void print_frame(FILE *out, const struct frame *f);

const char *tcp_state_name(uint8_t state);
const char *ct_state_name(enum ct_state state);
/** conversation_state_text() - what Zeek's conn_state says, in words */
const char *conversation_state_text(const char *state);

const char *lookup_name(enum lookup lookup);
const char *hook_name(enum hook hook);

#endif
