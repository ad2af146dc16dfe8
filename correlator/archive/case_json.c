// SPDX-License-Identifier: GPL-2.0-only
/*
 * case_json.c - a case before it is classified, as a JSON object and back.
 *
 * Both ways walk the same tables of members, so what is written can be read. Enumerations stand
 * as names; format 1 had numbers, which are read as well.
 */
#include "archive/case_json.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/format.h"
#include "model/names.h"

enum kind {
	END,
	UNSIGNED,
	SIGNED,
	NAMED,
	BOOLEAN,
	TEXT,
	TUPLE,
	STRUCT,
	ACCOUNT,
	ARRAY,
	FRAMES,
	CALLS
};

struct member {
	const char *name;
	enum kind kind;
	size_t offset;
	size_t size;		     /* of one element */
	uint64_t max;		     /* UNSIGNED: largest value; ARRAY, FRAMES: elements */
	const struct member *inside; /* STRUCT, ACCOUNT, ARRAY */
	size_t count;	  /* ARRAY, FRAMES: offset of the unsigned int that counts them */
	value_name names; /* NAMED */
};

#define AT(type, m) .offset = offsetof(struct type, m), .size = sizeof(((struct type *)0)->m)
#define MAX_OF(type, m) (UINT64_MAX >> (64 - 8 * sizeof(((struct type *)0)->m)))
#define MEMBER(type, m, ...)                         \
	{                                            \
		.name = #m, AT(type, m), __VA_ARGS__ \
	}
#define NUM(type, m) MEMBER(type, m, .kind = UNSIGNED, .max = MAX_OF(type, m))
#define ENUM(type, m, ids) MEMBER(type, m, .kind = NAMED, .names = (ids))
#define INT(type, m) MEMBER(type, m, .kind = SIGNED)
#define BOOL(type, m) MEMBER(type, m, .kind = BOOLEAN)
#define STR(type, m) MEMBER(type, m, .kind = TEXT)
#define TUP(type, m) MEMBER(type, m, .kind = TUPLE)
#define SUB(type, m, members) MEMBER(type, m, .kind = STRUCT, .inside = (members))
#define REF(type, m, members)                                                           \
	{                                                                               \
		.name = #m, .offset = offsetof(struct type, m), .size = sizeof(void *), \
		.kind = ACCOUNT, .inside = (members)                                    \
	}
#define LIST(type, m, what, elements, members, n)                                                 \
	{                                                                                         \
		.name = #m, .kind = (what), .offset = offsetof(struct type, m),                   \
		.size = sizeof(((struct type *)0)->m[0]), .max = (elements), .inside = (members), \
		.count = offsetof(struct type, n),                                                \
	}
#define LAST                \
	{                   \
		.kind = END \
	}

static const struct member packet_members[] = {
	NUM(packet, ts_ns),
	TUP(packet, tuple),
	NUM(packet, seq),
	NUM(packet, ack),
	NUM(packet, len),
	NUM(packet, ifindex),
	NUM(packet, cpu),
	NUM(packet, window),
	NUM(packet, ipid),
	NUM(packet, flags),
	NUM(packet, ttl),
	ENUM(packet, hook, hook_id),
	ENUM(packet, heading, heading_id),
	NUM(packet, marks),
	BOOL(packet, gso),
	BOOL(packet, forwarded),
	LAST,
};

static const struct member sighting_members[] = {
	NUM(sighting, ts_ns),
	TUP(sighting, tuple),
	NUM(sighting, ifindex),
	ENUM(sighting, hook, hook_id),
	ENUM(sighting, heading, heading_id),
	NUM(sighting, ttl),
	BOOL(sighting, forwarded),
	LAST,
};

static const struct member conntrack_members[] = {
	ENUM(conntrack, state, ct_state_id),
	BOOL(conntrack, has_entry),
	BOOL(conntrack, snat),
	BOOL(conntrack, dnat),
	TUP(conntrack, orig),
	TUP(conntrack, reply),
	STR(conntrack, why),
	LAST,
};

static const struct member sock_members[] = {
	TUP(kernel_sock, tuple),	 NUM(kernel_sock, flags),
	NUM(kernel_sock, lingertime),	 NUM(kernel_sock, rcv_nxt),
	NUM(kernel_sock, snd_nxt),	 NUM(kernel_sock, unread),
	INT(kernel_sock, linger2),	 NUM(kernel_sock, user_timeout),
	NUM(kernel_sock, mem_pages),	 NUM(kernel_sock, mem_limit),
	NUM(kernel_sock, wmem_queued),	 NUM(kernel_sock, state),
	NUM(kernel_sock, shutdown),	 NUM(kernel_sock, tw_substate),
	BOOL(kernel_sock, present),	 BOOL(kernel_sock, full),
	BOOL(kernel_sock, unread_known), BOOL(kernel_sock, memory_known),
	BOOL(kernel_sock, counts_known), NUM(kernel_sock, bytes_received),
	NUM(kernel_sock, bytes_acked),	 NUM(kernel_sock, snd_una),
	NUM(kernel_sock, write_seq),	 NUM(kernel_sock, copied_seq),
	BOOL(kernel_sock, times_known),	 NUM(kernel_sock, sent_ms),
	NUM(kernel_sock, heard_ms),	 LAST,
};

static const struct member window_members[] = {
	ENUM(hash_window, kind, window_kind_id),
	NUM(hash_window, start_ns),
	NUM(hash_window, end_ns),
	NUM(hash_window, cpu),
	NUM(hash_window, rcv_nxt),
	NUM(hash_window, snd_nxt),
	LAST,
};

static const struct member task_members[] = {
	NUM(task, tgid), NUM(task, tid), STR(task, comm), STR(task, process), LAST,
};

static const struct member closer_members[] = {
	SUB(closer, task, task_members),
	NUM(closer, ts_ns),
	LAST,
};

static const struct member view_members[] = {
	NUM(kernel_event, ts_ns),
	ENUM(kernel_event, call, kernel_call_id),
	ENUM(kernel_event, lookup, lookup_id),
	SUB(kernel_event, sock, sock_members),
	BOOL(kernel_event, has_segment),
	TUP(kernel_event, segment),
	NUM(kernel_event, segment_seq),
	NUM(kernel_event, segment_ack),
	NUM(kernel_event, segment_len),
	NUM(kernel_event, segment_flags),
	BOOL(kernel_event, nfct_known),
	NUM(kernel_event, nfct),
	BOOL(kernel_event, invalid_reported),
	NUM(kernel_event, hook),
	SUB(kernel_event, window, window_members),
	/* The key is older than the member's name. */
	{ .name = "seen", AT(kernel_event, syn), .kind = STRUCT, .inside = packet_members },
	SUB(kernel_event, ct, conntrack_members),
	STR(kernel_event, reason),
	LIST(kernel_event, stack, FRAMES, CASE_STACK_MAX, NULL, stack_len),
	NUM(kernel_event, tgid),
	NUM(kernel_event, netns),
	BOOL(kernel_event, exiting),
	BOOL(kernel_event, oom_killed),
	NUM(kernel_event, exit_code),
	STR(kernel_event, comm),
	NUM(kernel_event, cpu),
	NUM(kernel_event, tid),
	STR(kernel_event, process),
	SUB(kernel_event, closer, closer_members),
	LAST,
};

static const struct member now_members[] = {
	BOOL(socket_now, asked),  BOOL(socket_now, full),   NUM(socket_now, state),
	NUM(socket_now, rcv_nxt), NUM(socket_now, snd_nxt), LAST,
};

static const struct member gone_members[] = {
	BOOL(gone_mapping, known),
	BOOL(gone_mapping, by_request),
	NUM(gone_mapping, by_port),
	NUM(gone_mapping, ts_ns),
	SUB(gone_mapping, ct, conntrack_members),
	LAST,
};

static const struct member after_members[] = {
	BOOL(after_rst, looked),
	BOOL(after_rst, challenged),
	BOOL(after_rst, went_on),
	BOOL(after_rst, reopened),
	LAST,
};

static const struct member closes_members[] = {
	NUM(own_closes, seen),
	NUM(own_closes, same),
	LAST,
};

static const struct member owner_members[] = {
	BOOL(owner, known),
	NUM(owner, pid),
	STR(owner, comm),
	STR(owner, cgroup),
	STR(owner, container),
	STR(owner, pod),
	NUM(owner, tid),
	STR(owner, thread),
	STR(owner, command),
	STR(owner, unit),
	LAST,
};

static const struct member netns_members[] = {
	NUM(case_netns, ino),	       BOOL(case_netns, foreign), BOOL(case_netns, leaked),
	BOOL(case_netns, unreachable), STR(case_netns, name),	  LAST,
};

static const struct member suspects_members[] = {
	BOOL(suspects, asked),
	STR(suspects, processes),
	STR(suspects, programs),
	BOOL(suspects, programs_known),
	STR(suspects, guest),
	BOOL(suspects, guest_is_vm),
	LAST,
};

static const struct member conversation_members[] = {
	BOOL(conversation, known),
	STR(conversation, state),
	STR(conversation, history),
	BOOL(conversation, whole),
	BOOL(conversation, sender_opened),
	BOOL(conversation, sender_finished),
	BOOL(conversation, peer_finished),
	BOOL(conversation, sender_silent),
	NUM(conversation, finished_ns),
	NUM(conversation, sender_isn),
	BOOL(conversation, none_missing),
	ENUM(conversation, received, tristate_id),
	NUM(conversation, probes),
	BOOL(conversation, syn_sent),
	ENUM(conversation, in_window, tristate_id),
	ENUM(conversation, port_open, tristate_id),
	BOOL(conversation, reset_before),
	BOOL(conversation, aborted_before),
	BOOL(conversation, went_on),
	NUM(conversation, went_on_ttl),
	BOOL(conversation, absent_at_sender),
	NUM(conversation, nearer_ifindex),
	LAST,
};

/* Named without the part of the case where they stand. */
static const struct member case_members[] = {
	ENUM(reset_case, seen.kind, case_kind_id),
	SUB(reset_case, seen.rst, packet_members),
	LIST(reset_case, seen.sightings, ARRAY, CASE_SIGHTINGS_MAX, sighting_members,
	     seen.n_sightings),
	SUB(reset_case, seen.answers, packet_members),
	ENUM(reset_case, seen.answer_match, answer_match_id),
	REF(reset_case, seen.kernel, view_members),
	REF(reset_case, seen.receive, view_members),
	REF(reset_case, seen.clash, view_members),
	SUB(reset_case, seen.now, now_members),
	ENUM(reset_case, seen.maker, maker_id),
	NUM(reset_case, seen.came_by),
	SUB(reset_case, seen.conversation, conversation_members),
	SUB(reset_case, asked.gone, gone_members),
	SUB(reset_case, asked.ct, conntrack_members),
	SUB(reset_case, asked.netns, netns_members),
	SUB(reset_case, asked.owner, owner_members),
	SUB(reset_case, asked.victim, owner_members),
	SUB(reset_case, asked.killer, owner_members),
	{ .name = "user_stack",
	  .offset = offsetof(struct reset_case, asked.user_stack),
	  .kind = CALLS },
	SUB(reset_case, asked.suspects, suspects_members),
	SUB(reset_case, asked.after, after_members),
	SUB(reset_case, asked.closes, closes_members),
	BOOL(reset_case, asked.ct_asked),
	BOOL(reset_case, asked.ct_tracking),
	ENUM(reset_case, asked.nat_rules, nat_rules_id),
	NUM(reset_case, asked.history_since_ns),
	INT(reset_case, asked.src_local),
	INT(reset_case, asked.dst_local),
	LIST(reset_case, asked.history, ARRAY, CASE_HISTORY_MAX, packet_members, asked.n_history),
	NUM(reset_case, asked.views),
	NUM(reset_case, asked.lost_events),
	NUM(reset_case, asked.lost_packets),
	BOOL(reset_case, asked.hurried),
	BOOL(reset_case, seen.before_start),
	LAST,
};

static const char *key_of(const struct member *m)
{
	const char *dot = strchr(m->name, '.');

	return dot ? dot + 1 : m->name;
}

/* --- writing ------------------------------------------------------------------------------- */

static uint64_t load(const void *at, size_t size)
{
	uint64_t v = 0;

	/* Little-endian or big: by its own type. */
	switch (size) {
	case 1:
		return *(const uint8_t *)at;
	case 2:
		return *(const uint16_t *)at;
	case 4:
		return *(const uint32_t *)at;
	default:
		memcpy(&v, at, sizeof(v));
		return v;
	}
}

static void write_tuple(struct json_writer *w, const char *key, const struct tuple *t)
{
	char text[INET6_ADDRSTRLEN];

	if (!t->family)
		return;
	json__array(w, key);
	json__text(w, NULL, format_address(text, t->saddr, t->family));
	json__unsigned(w, NULL, t->sport);
	json__text(w, NULL, format_address(text, t->daddr, t->family));
	json__unsigned(w, NULL, t->dport);
	json__end(w);
}

static void write_members(struct json_writer *w, const void *base, const struct member *m);

static void write_filled(struct json_writer *w, const char *key, const void *base,
			 const struct member *members)
{
	json__object(w, key);
	write_members(w, base, members);
	json__end_filled(w);
}

/* Without the address, which would give away where the kernel lies in memory. */
static void write_frame(struct json_writer *w, const struct frame *f)
{
	if (!f->name || !f->addr) {
		json__bytes(w, NULL, f->name);
		return;
	}
	json__array(w, NULL);
	json__bytes(w, NULL, f->name);
	json__unsigned(w, NULL, f->offset);
	json__unsigned(w, NULL, f->size);
	json__bytes(w, NULL, f->module);
	json__end(w);
}

/* Of an application: its calls, and why there are no more. */
static void write_calls(struct json_writer *w, const char *key, const struct user_stack *s)
{
	unsigned int i;

	if (!s)
		return;
	json__object(w, key);
	json__array(w, "calls");
	for (i = 0; i < s->n; i++)
		json__bytes(w, NULL, s->frames[i].text);
	json__end(w);
	json__bytes(w, "end", s->end);
	json__end(w);
}

static void write_list(struct json_writer *w, const void *base, const struct member *m)
{
	unsigned int i, n = *(const unsigned int *)((const char *)base + m->count);

	json__array(w, key_of(m));
	for (i = 0; i < n && i < m->max; i++) {
		const void *at = (const char *)base + m->offset + i * m->size;

		if (m->kind == FRAMES) {
			write_frame(w, at);
			continue;
		}
		json__object(w, NULL);
		write_members(w, at, m->inside);
		json__end(w);
	}
	json__end_filled(w);
}

/* What is 0 is left out. */
static void write_number(struct json_writer *w, const void *at, const struct member *m)
{
	uint64_t v = load(at, m->size);

	if (v && m->kind == NAMED)
		json__text(w, key_of(m), m->names((unsigned int)v));
	else if (v && m->kind == SIGNED)
		json__signed(w, key_of(m), *(const int *)at);
	else if (v)
		json__signed(w, key_of(m), (int64_t)v);
}

static void write_member(struct json_writer *w, const void *base, const struct member *m)
{
	const void *at = (const char *)base + m->offset;

	switch (m->kind) {
	case BOOLEAN:
		if (*(const bool *)at)
			json__boolean(w, key_of(m), true);
		break;
	case TEXT:
		if (*(const char *)at)
			json__bytes(w, key_of(m), at);
		break;
	case TUPLE:
		write_tuple(w, key_of(m), at);
		break;
	case STRUCT:
		write_filled(w, key_of(m), at, m->inside);
		break;
	case ACCOUNT:
		write_filled(w, key_of(m), *(const struct kernel_event *const *)at, m->inside);
		break;
	case ARRAY:
	case FRAMES:
		write_list(w, base, m);
		break;
	case CALLS:
		write_calls(w, key_of(m), *(const struct user_stack *const *)at);
		break;
	default:
		write_number(w, at, m);
	}
}

static void write_members(struct json_writer *w, const void *base, const struct member *m)
{
	for (; m->kind != END; m++)
		write_member(w, base, m);
}

void case_to_json(struct json_writer *w, const char *key, const struct reset_case *c)
{
	json__object(w, key);
	write_members(w, c, case_members);
	json__end(w);
}

/* --- reading ------------------------------------------------------------------------------- */

struct reader {
	char *why;
	size_t why_len;
	struct kernel_event *account; /* the next that is free */
	struct user_stack *user_stack;
};

static int refuse(const struct reader *r, const char *name, const char *what)
{
	snprintf(r->why, r->why_len, "'%s' %s", name, what);
	return -EPROTO;
}

static void store(void *at, size_t size, uint64_t v)
{
	switch (size) {
	case 1:
		*(uint8_t *)at = (uint8_t)v;
		break;
	case 2:
		*(uint16_t *)at = (uint16_t)v;
		break;
	case 4:
		*(uint32_t *)at = (uint32_t)v;
		break;
	default:
		memcpy(at, &v, sizeof(v));
	}
}

static bool parse_address(const json_t *o, uint8_t family, uint8_t *to)
{
	return inet_pton(family, json_string_value(o), family == AF_INET6 ? to : to + 12) == 1;
}

static int parse_tuple(const struct reader *r, const json_t *o, const char *name, struct tuple *t)
{
	const char *src = json_string_value(json_array_get(o, 0));
	const char *dst = json_string_value(json_array_get(o, 2));
	json_int_t sport = json_integer_value(json_array_get(o, 1));
	json_int_t dport = json_integer_value(json_array_get(o, 3));

	if (json_array_size(o) != 4 || !src || !dst || sport < 0 || sport > UINT16_MAX ||
	    dport < 0 || dport > UINT16_MAX)
		return refuse(r, name, "is not [address, port, address, port]");
	t->family = strchr(src, ':') ? AF_INET6 : AF_INET;
	t->sport = (uint16_t)sport;
	t->dport = (uint16_t)dport;
	if (!parse_address(json_array_get(o, 0), t->family, t->saddr) ||
	    !parse_address(json_array_get(o, 2), t->family, t->daddr))
		return refuse(r, name, "has an invalid address");
	return 0;
}

static int parse_struct(struct reader *r, const json_t *o, const char *name, void *base,
			const struct member *members);

static bool is_u32(const json_t *o)
{
	json_int_t v = json_integer_value(o);

	return json_is_integer(o) && v >= 0 && v <= UINT32_MAX;
}

/* A name, null, or [name, offset, size, module]; the texts stay the document's. */
static int parse_frame(const struct reader *r, const json_t *o, const char *list, struct frame *f)
{
	const json_t *offset = json_array_get(o, 1), *size = json_array_get(o, 2);
	const json_t *module = json_array_get(o, 3);

	f->name = json_string_value(json_is_array(o) ? json_array_get(o, 0) : o);
	if (json_is_null(o) || json_is_string(o))
		return 0;
	if (json_array_size(o) != 4 || !f->name || !is_u32(offset) || !is_u32(size) ||
	    !(json_is_string(module) || json_is_null(module)))
		return refuse(r, list, "has an element that is not a call");
	f->addr = 1; /* known, and not told */
	f->offset = (uint32_t)json_integer_value(offset);
	f->size = (uint32_t)json_integer_value(size);
	f->module = json_string_value(module);
	return 0;
}

static int parse_list(struct reader *r, const json_t *o, void *base, const struct member *m)
{
	size_t i, n = json_array_size(o);
	int err = 0;

	if (!json_is_array(o) || n > m->max)
		return refuse(r, key_of(m), "is not a list, or too long");
	for (i = 0; i < n && !err; i++) {
		const json_t *element = json_array_get(o, i);
		void *at = (char *)base + m->offset + i * m->size;

		err = m->kind == ARRAY ? parse_struct(r, element, m->name, at, m->inside) :
					 parse_frame(r, element, m->name, at);
	}
	*(unsigned int *)((char *)base + m->count) = (unsigned int)n;
	return err;
}

/* A name stands once in an object, so there are as many as members of that kind. */
static int parse_account(struct reader *r, const json_t *o, const struct member *m, void *at)
{
	struct kernel_event *k = r->account++;

	*(const struct kernel_event **)at = k;
	return parse_struct(r, o, key_of(m), k, m->inside);
}

static int parse_calls(struct reader *r, const json_t *o, const char *name, void *at)
{
	const json_t *calls = json_object_get(o, "calls");
	const char *end = json_string_value(json_object_get(o, "end"));
	struct user_stack *s = r->user_stack;
	size_t i, n = json_array_size(calls);

	if (json_object_size(o) != 2 || !json_is_array(calls) || n > USER_FRAMES_MAX || !end ||
	    strlen(end) >= sizeof(s->end))
		return refuse(r, name, "is not a list of calls with its end, or too long");
	for (i = 0; i < n; i++) {
		const char *text = json_string_value(json_array_get(calls, i));

		if (!text || strlen(text) >= USER_FRAME_TEXT)
			return refuse(r, name, "has an element that is not a string, or too long");
		memcpy(s->frames[i].text, text, strlen(text) + 1);
	}
	memcpy(s->end, end, strlen(end) + 1);
	s->n = (unsigned int)n;
	*(const struct user_stack **)at = s;
	return 0;
}

static int parse_number(const struct reader *r, const json_t *o, const struct member *m, void *at)
{
	json_int_t v = json_integer_value(o);

	if (!json_is_integer(o) || (m->kind == SIGNED && (v < INT32_MIN || v > INT32_MAX)) ||
	    (m->kind == UNSIGNED && (m->max != UINT64_MAX && (v < 0 || (uint64_t)v > m->max))))
		return refuse(r, key_of(m), "is not a number, or out of range");
	store(at, m->size, (uint64_t)v);
	return 0;
}

/* By name; by number in format 1. */
static int parse_named(const struct reader *r, const json_t *o, const struct member *m, void *at)
{
	json_int_t n = json_integer_value(o);
	int v = json_is_string(o) ? name_parse(m->names, json_string_value(o)) :
		json_is_integer(o) && n >= 0 && n <= INT8_MAX && m->names((unsigned int)n) ?
				    (int)n :
				    -1;

	if (v < 0)
		return refuse(r, key_of(m), "has a value that is not known");
	store(at, m->size, (uint64_t)v);
	return 0;
}

static int parse_text(const struct reader *r, const json_t *o, const struct member *m, char *at)
{
	const char *text = json_string_value(o);

	if (!text || strlen(text) >= m->size)
		return refuse(r, key_of(m), "is not a string, or too long");
	memcpy(at, text, strlen(text) + 1);
	return 0;
}

static int parse_member(struct reader *r, const json_t *o, void *base, const struct member *m)
{
	void *at = (char *)base + m->offset;

	switch (m->kind) {
	case UNSIGNED:
	case SIGNED:
		return parse_number(r, o, m, at);
	case NAMED:
		return parse_named(r, o, m, at);
	case BOOLEAN:
		*(bool *)at = json_is_true(o);
		return json_is_boolean(o) ? 0 : refuse(r, key_of(m), "is not a boolean");
	case TEXT:
		return parse_text(r, o, m, at);
	case TUPLE:
		return parse_tuple(r, o, key_of(m), at);
	case STRUCT:
		return parse_struct(r, o, key_of(m), at, m->inside);
	case ACCOUNT:
		return parse_account(r, o, m, at);
	case CALLS:
		return parse_calls(r, o, key_of(m), at);
	default:
		return parse_list(r, o, base, m);
	}
}

static int parse_struct(struct reader *r, const json_t *o, const char *name, void *base,
			const struct member *members)
{
	const struct member *m;
	const char *key;
	json_t *value;
	int err = 0;

	if (!json_is_object(o))
		return refuse(r, name, "is not an object");
	json_object_foreach((json_t *)o, key, value)
	{
		for (m = members; m->kind != END && strcmp(key_of(m), key);)
			m++;
		err = m->kind == END ? refuse(r, key, "is unknown") :
				       parse_member(r, value, base, m);
		if (err)
			break;
	}
	return err;
}

/* --- bytes ---------------------------------------------------------------------------------- */

static int hex_value(char ch)
{
	return ch >= '0' && ch <= '9' ? ch - '0' : ch >= 'A' && ch <= 'F' ? ch - 'A' + 10 : -1;
}

/* The text of {"bytes": "..."}; NULL: it is none. */
static json_t *text_of_bytes(const json_t *o)
{
	const char *hex = json_string_value(json_object_get(o, "bytes"));
	size_t i, n = hex ? strlen(hex) / 2 : 0;
	char *text = json_object_size(o) == 1 && n ? malloc(n) : NULL;
	json_t *restored = NULL;

	if (!text)
		return NULL;
	for (i = 0; i < n; i++) {
		int high = hex_value(hex[2 * i]), low = hex_value(hex[2 * i + 1]);

		if (high < 0 || low < 0 || high + low == 0)
			break;
		text[i] = (char)(high << 4 | low);
	}
	if (i == n && !hex[2 * n])
		restored = json_stringn_nocheck(text, n);
	free(text);
	return restored;
}

void case_json_restore(json_t *o)
{
	json_t *value, *text;
	const char *key;
	size_t i;

	json_object_foreach(o, key, value)
	{
		text = text_of_bytes(value);
		if (text)
			json_object_set_new_nocheck(o, key, text);
		else
			case_json_restore(value);
	}
	json_array_foreach(o, i, value)
	{
		text = text_of_bytes(value);
		if (text)
			json_array_set_new(o, i, text);
		else
			case_json_restore(value);
	}
}

int case_from_json(const json_t *o, struct stored_case *ret, char *why, size_t why_len)
{
	struct reader r = { why, why_len, ret->accounts, &ret->user_stack };

	memset(ret->accounts, 0, sizeof(ret->accounts));
	case_init(&ret->c);
	ret->c.asked.src_local = ret->c.asked.dst_local = 0; /* what is 0 is left out */
	return parse_struct(&r, o, "the case", &ret->c, case_members);
}
