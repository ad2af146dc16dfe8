// SPDX-License-Identifier: GPL-2.0-only
/*
 * case_json.c - a case before it is classified, as a JSON object and back.
 *
 * Both ways walk the same tables of members, so what is written can be read. Enumerations stand
 * as numbers: they are append-only.
 */
#include "archive/case_json.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum kind { END, UNSIGNED, SIGNED, BOOLEAN, TEXT, TUPLE, STRUCT, ACCOUNT, ARRAY, FRAMES };

struct member {
	const char *name;
	enum kind kind;
	size_t offset;
	size_t size;		     /* of one element */
	uint64_t max;		     /* UNSIGNED: largest value; ARRAY, FRAMES: elements */
	const struct member *inside; /* STRUCT, ACCOUNT, ARRAY */
	size_t count; /* ARRAY, FRAMES: offset of the unsigned int that counts them */
};

#define AT(type, m) offsetof(struct type, m), sizeof(((struct type *)0)->m)
#define MAX_OF(type, m) (UINT64_MAX >> (64 - 8 * sizeof(((struct type *)0)->m)))
#define NUM(type, m)                                                \
	{                                                           \
#m, UNSIGNED, AT(type, m), MAX_OF(type, m), NULL, 0 \
	}
#define ENUM(type, m, last)                              \
	{                                                \
#m, UNSIGNED, AT(type, m), last, NULL, 0 \
	}
#define INT(type, m)                                \
	{                                           \
#m, SIGNED, AT(type, m), 0, NULL, 0 \
	}
#define BOOL(type, m)                                \
	{                                            \
#m, BOOLEAN, AT(type, m), 0, NULL, 0 \
	}
#define STR(type, m)                              \
	{                                         \
#m, TEXT, AT(type, m), 0, NULL, 0 \
	}
#define TUP(type, m)                               \
	{                                          \
#m, TUPLE, AT(type, m), 0, NULL, 0 \
	}
#define SUB(type, m, members)                          \
	{                                              \
#m, STRUCT, AT(type, m), 0, members, 0 \
	}
#define REF(type, m, members)                           \
	{                                               \
#m, ACCOUNT, AT(type, m), 0, members, 0 \
	}
#define LIST(type, m, kind, elements, members, n)                                               \
	{                                                                                       \
#m, kind, offsetof(struct type, m), sizeof(((struct type *)0)->m[0]), elements, \
			members, offsetof(struct type, n)                                       \
	}
#define LAST                                \
	{                                   \
		NULL, END, 0, 0, 0, NULL, 0 \
	}

static const struct member packet_members[] = {
	NUM(packet, ts_ns), TUP(packet, tuple),	     NUM(packet, seq),
	NUM(packet, ack),   NUM(packet, len),	     NUM(packet, ifindex),
	NUM(packet, cpu),   NUM(packet, window),     NUM(packet, ipid),
	NUM(packet, flags), NUM(packet, ttl),	     ENUM(packet, hook, HOOK_PCAP),
	BOOL(packet, gso),  BOOL(packet, forwarded), LAST,
};

static const struct member sighting_members[] = {
	NUM(sighting, ts_ns),
	TUP(sighting, tuple),
	NUM(sighting, ifindex),
	ENUM(sighting, hook, HOOK_PCAP),
	NUM(sighting, ttl),
	BOOL(sighting, forwarded),
	LAST,
};

static const struct member conntrack_members[] = {
	ENUM(conntrack, state, CT_UNTRACKED),
	BOOL(conntrack, has_entry),
	BOOL(conntrack, snat),
	BOOL(conntrack, dnat),
	TUP(conntrack, orig),
	TUP(conntrack, reply),
	STR(conntrack, why),
	LAST,
};

static const struct member sock_members[] = {
	TUP(kernel_sock, tuple),
	NUM(kernel_sock, flags),
	NUM(kernel_sock, lingertime),
	NUM(kernel_sock, rcv_nxt),
	NUM(kernel_sock, snd_nxt),
	NUM(kernel_sock, unread),
	INT(kernel_sock, linger2),
	NUM(kernel_sock, user_timeout),
	NUM(kernel_sock, mem_pages),
	NUM(kernel_sock, mem_limit),
	NUM(kernel_sock, wmem_queued),
	NUM(kernel_sock, state),
	NUM(kernel_sock, shutdown),
	NUM(kernel_sock, tw_substate),
	BOOL(kernel_sock, present),
	BOOL(kernel_sock, full),
	BOOL(kernel_sock, unread_known),
	BOOL(kernel_sock, memory_known),
	LAST,
};

static const struct member window_members[] = {
	ENUM(hash_window, kind, WINDOW_TIMEWAIT),
	NUM(hash_window, start_ns),
	NUM(hash_window, end_ns),
	NUM(hash_window, cpu),
	NUM(hash_window, rcv_nxt),
	NUM(hash_window, snd_nxt),
	LAST,
};

static const struct member view_members[] = {
	NUM(kernel_event, ts_ns),
	ENUM(kernel_event, call, CALL_WINDOW),
	ENUM(kernel_event, lookup, LOOKUP_OTHER),
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
	SUB(kernel_event, seen, packet_members),
	SUB(kernel_event, ct, conntrack_members),
	STR(kernel_event, reason),
	LIST(kernel_event, stack, FRAMES, CASE_STACK_MAX, NULL, stack_len),
	NUM(kernel_event, tgid),
	STR(kernel_event, comm),
	NUM(kernel_event, cpu),
	LAST,
};

static const struct member now_members[] = {
	BOOL(socket_now, asked),  BOOL(socket_now, full),   NUM(socket_now, state),
	NUM(socket_now, rcv_nxt), NUM(socket_now, snd_nxt), LAST,
};

static const struct member gone_members[] = {
	BOOL(gone_mapping, known),
	BOOL(gone_mapping, by_request),
	NUM(gone_mapping, ts_ns),
	SUB(gone_mapping, ct, conntrack_members),
	LAST,
};

static const struct member owner_members[] = {
	BOOL(owner, known), NUM(owner, pid),	   STR(owner, comm),
	STR(owner, cgroup), STR(owner, container), LAST,
};

/* Named without the part of the case where they stand. */
static const struct member case_members[] = {
	ENUM(reset_case, seen.kind, CASE_STALL),
	SUB(reset_case, seen.rst, packet_members),
	LIST(reset_case, seen.sightings, ARRAY, CASE_SIGHTINGS_MAX, sighting_members,
	     seen.n_sightings),
	SUB(reset_case, seen.answers, packet_members),
	ENUM(reset_case, seen.answer_match, ANSWER_EXACT),
	REF(reset_case, seen.kernel, view_members),
	REF(reset_case, seen.receive, view_members),
	REF(reset_case, seen.clash, view_members),
	SUB(reset_case, seen.now, now_members),
	SUB(reset_case, asked.gone, gone_members),
	SUB(reset_case, asked.ct, conntrack_members),
	SUB(reset_case, asked.owner, owner_members),
	BOOL(reset_case, asked.ct_asked),
	BOOL(reset_case, asked.ct_tracking),
	ENUM(reset_case, asked.nat_rules, NAT_RULES_UNKNOWN),
	NUM(reset_case, asked.history_since_ns),
	INT(reset_case, asked.src_local),
	INT(reset_case, asked.dst_local),
	LIST(reset_case, asked.history, ARRAY, CASE_HISTORY_MAX, packet_members, asked.n_history),
	NUM(reset_case, asked.views),
	NUM(reset_case, asked.lost_events),
	NUM(reset_case, asked.lost_packets),
	BOOL(reset_case, asked.hurried),
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

static json_t *tuple_json(const struct tuple *t)
{
	size_t skip = t->family == AF_INET6 ? 0 : 12;
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];

	if (!t->family)
		return NULL;
	inet_ntop(t->family, t->saddr + skip, src, sizeof(src));
	inet_ntop(t->family, t->daddr + skip, dst, sizeof(dst));
	return json_pack("[s i s i]", src, (int)t->sport, dst, (int)t->dport);
}

static json_t *struct_json(const void *base, const struct member *m);

/* NULL: there is nothing in it. */
static json_t *filled_json(const void *base, const struct member *m)
{
	json_t *o = struct_json(base, m);

	if (json_object_size(o))
		return o;
	json_decref(o);
	return NULL;
}

/* Without the address, which would give away where the kernel lies in memory. */
static json_t *frame_json(const struct frame *f)
{
	if (!f->name)
		return json_null();
	if (!f->addr)
		return json_string(f->name);
	return json_pack("[s I I s?]", f->name, (json_int_t)f->offset, (json_int_t)f->size,
			 f->module);
}

static json_t *list_json(const void *base, const struct member *m)
{
	unsigned int i, n = *(const unsigned int *)((const char *)base + m->count);
	json_t *array = n ? json_array() : NULL;

	for (i = 0; i < n && i < m->max; i++) {
		const void *at = (const char *)base + m->offset + i * m->size;

		json_array_append_new(array, m->kind == ARRAY ? struct_json(at, m->inside) :
								frame_json(at));
	}
	return array;
}

/* NULL: it is 0. */
static json_t *member_json(const void *base, const struct member *m)
{
	const void *at = (const char *)base + m->offset;

	switch (m->kind) {
	case UNSIGNED:
		return load(at, m->size) ? json_integer((json_int_t)load(at, m->size)) : NULL;
	case SIGNED:
		return *(const int *)at ? json_integer(*(const int *)at) : NULL;
	case BOOLEAN:
		return *(const bool *)at ? json_true() : NULL;
	case TEXT:
		return *(const char *)at ? json_string(at) : NULL;
	case TUPLE:
		return tuple_json(at);
	case STRUCT:
		return filled_json(at, m->inside);
	case ACCOUNT:
		return filled_json(*(const struct kernel_event *const *)at, m->inside);
	default:
		return list_json(base, m);
	}
}

static json_t *struct_json(const void *base, const struct member *m)
{
	json_t *o = json_object();

	for (; m->kind != END; m++) {
		json_t *value = member_json(base, m);

		if (value)
			json_object_set_new(o, key_of(m), value);
	}
	return o;
}

json_t *case_to_json(const struct reset_case *c)
{
	return struct_json(c, case_members);
}

/* --- reading ------------------------------------------------------------------------------- */

struct reader {
	char *why;
	size_t why_len;
	struct kernel_event *account; /* the next that is free */
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
		return refuse(r, name, "has a wrong address");
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
		return refuse(r, list, "has an element that is no call");
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
		return refuse(r, key_of(m), "is no list, or too long a one");
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

static int parse_number(const struct reader *r, const json_t *o, const struct member *m, void *at)
{
	json_int_t v = json_integer_value(o);

	if (!json_is_integer(o) || (m->kind == SIGNED && (v < INT32_MIN || v > INT32_MAX)) ||
	    (m->kind == UNSIGNED && (m->max != UINT64_MAX && (v < 0 || (uint64_t)v > m->max))))
		return refuse(r, key_of(m), "is not a number in its range");
	store(at, m->size, (uint64_t)v);
	return 0;
}

static int parse_text(const struct reader *r, const json_t *o, const struct member *m, char *at)
{
	const char *text = json_string_value(o);

	if (!text || strlen(text) >= m->size)
		return refuse(r, key_of(m), "is no text, or too long a one");
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
	case BOOLEAN:
		*(bool *)at = json_is_true(o);
		return json_is_boolean(o) ? 0 : refuse(r, key_of(m), "is neither true nor false");
	case TEXT:
		return parse_text(r, o, m, at);
	case TUPLE:
		return parse_tuple(r, o, key_of(m), at);
	case STRUCT:
		return parse_struct(r, o, key_of(m), at, m->inside);
	case ACCOUNT:
		return parse_account(r, o, m, at);
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
		return refuse(r, name, "is no object");
	json_object_foreach((json_t *)o, key, value)
	{
		for (m = members; m->kind != END && strcmp(key_of(m), key);)
			m++;
		err = m->kind == END ? refuse(r, key, "is not known") :
				       parse_member(r, value, base, m);
		if (err)
			break;
	}
	return err;
}

int case_from_json(const json_t *o, struct stored_case *ret, char *why, size_t why_len)
{
	struct reader r = { why, why_len, ret->accounts };

	memset(ret->accounts, 0, sizeof(ret->accounts));
	case_init(&ret->c);
	ret->c.asked.src_local = ret->c.asked.dst_local = 0; /* what is 0 is left out */
	return parse_struct(&r, o, "the case", &ret->c, case_members);
}
