/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scene.h - a reset in one table row: what the wire and the kernel showed of it.
 *
 * LOCAL:80 is ours, PEER:40000 is the other end. What a row does not mention is as it is when
 * nothing was seen: no socket, no stack, no reason, no conntrack.
 */
#ifndef SCENE_H
#define SCENE_H

#include <netinet/tcp.h>

#include "diagnose/classify.h"
#include "samples.h"

#define SOCK_DEAD 0x01u
#define SOCK_LINGER 0x10u

enum place {
	OUT,	   /* left here */
	IN,	   /* came in, for an address of ours */
	IN_OTHER,  /* came in, for somebody else's address */
	THROUGH,   /* came in and left again */
	OUT_AGAIN, /* left here, and was then passed on between interfaces of ours */
	NOWHERE,
};

/* conntrack's mark on the segment */
enum mark { NOT_READ, NO_ENTRY, NOTRACK, TRACKED };

/* the entry that conntrack has for the flow */
enum mapping {
	NO_MAPPING,
	DNAT_DUE,	/* of this very tuple, which was not translated */
	SNAT_REPLY_DUE, /* a reply to a masqueraded address, not translated back */
	DNAT_DONE,	/* the segment is what the mapping makes of it */
	DNAT_OTHER,	/* of another tuple */
	PLAIN,		/* an entry without NAT */
};

struct scene {
	const char *name;
	const char *want;	     /* the causes that are right, by '|' */
	enum confidence least, most; /* of any but "unknown"; most 0 = certain */
	enum place place;
	enum kernel_call call;
	const char *stack; /* innermost first, by spaces; "?" = an address without a name */
	const char *reason;
	uint8_t state; /* of the socket, TCP_*; 0 = no socket */
	uint8_t substate;
	uint32_t flags; /* SOCK_* */
	uint32_t lingertime;
	int32_t linger2;
	uint32_t unread;
	uint32_t user_timeout;
	bool unread_known;
	bool other_socket; /* the socket is of another connection */
	const char *seg;   /* flags of the segment that was answered */
	uint32_t seg_len;
	const char *history;	   /* "<S >SA <A": '<' from the peer, before the segment */
	bool blind;		   /* no history could be taken */
	uint8_t rst_ttl, peer_ttl; /* 0 = 64 */
	uint16_t rst_window;
	enum mark mark;
	enum mapping map;
	bool asked;	      /* ctnetlink answered */
	bool gone;	      /* conntrack had dropped a mapping of this very tuple */
	bool remapped;	      /* ..., of this connection, to another backend than now */
	bool reported;	      /* conntrack reported the segment as INVALID */
	uint32_t views;	      /* 0 = all of them */
	uint32_t blind_views; /* views that are missing */
	uint64_t lost_events, lost_packets;
	bool hurried;
	enum window_kind window;	    /* the exchange of the connection's socket */
	int window_from, window_to;	    /* µs before the reset; window_to 0 = still open */
	bool window_same_cpu, window_other; /* of other numbers than the segment's */
	uint8_t now_state;  /* of the socket when the RST left, TCP_*; 0 = not asked */
	bool short_history; /* what was before is overwritten */
	bool nat_rules;	    /* this namespace has some */
	bool now_elsewhere; /* the RST left by another interface */
	enum kernel_call clash;
	bool clash_by_nat; /* conntrack gave the SYN another port than the socket has */
	bool stall;	   /* no RST at all */
	uint64_t mem_pages, mem_limit;
	enum maker maker;     /* what came in came by the segment's interface */
	bool foreign_source;  /* the RST's is no address of ours */
	const char *programs; /* of others, on the hook; "" = none */
	const char *guest;    /* who writes to the tap that it came by */
	bool guest_is_vm;
};

static inline void scene_stack(struct kernel_event *k, const char *words)
{
	static char pool[512][48];
	static unsigned int used;
	size_t len;

	for (; words && *words; words += len + (words[len] == ' ')) {
		char *name = pool[used++ % 512];

		len = strcspn(words, " ");
		snprintf(name, 48, "%.*s", (int)len, words);
		k->stack[k->stack_len] = (struct frame){
			.name = strcmp(name, "?") ? name : NULL,
			.module = "",
			.addr = 0xffffffff81000000ull + k->stack_len * 0x100,
			.offset = 0x11 + k->stack_len,
			.size = 0x80,
		};
		k->stack_len++;
	}
}

static inline struct packet scene_packet(const struct reset_case *c, bool from_peer,
					 const char *flags, uint32_t len, unsigned int at)
{
	uint8_t af = c->seen.rst.tuple.family;

	return (struct packet){
		.ts_ns = T0 + at * MS,
		.tuple = from_peer ? make_tuple(af, PEER, 40000, LOCAL, 80) :
				     make_tuple(af, LOCAL, 80, PEER, 40000),
		.seq = 100 + at,
		.ack = 700,
		.len = len,
		.flags = make_flags(flags),
		.ttl = 64,
		.ifindex = 2,
		.hook = from_peer ? HOOK_TC_INGRESS : HOOK_TC_EGRESS,
	};
}

static inline void scene_history(const struct scene *s, struct reset_case *c)
{
	const char *word;
	char flags[8];

	for (word = s->history; word && *word; word += strcspn(word, " "), word += *word == ' ') {
		snprintf(flags, sizeof(flags), "%.*s", (int)strcspn(word, " ") - 1, word + 1);
		c->asked.history[c->asked.n_history] = scene_packet(
			c, *word == '<', flags, !!strchr(flags, 'P') * 100, c->asked.n_history);
		if (*word == '<' && s->peer_ttl)
			c->asked.history[c->asked.n_history].ttl = s->peer_ttl;
		c->asked.n_history++;
	}
	if (!s->seg)
		return;
	c->seen.answers = scene_packet(c, true, s->seg, s->seg_len, c->asked.n_history);
	c->seen.answer_match = ANSWER_EXACT;
	c->asked.history[c->asked.n_history++] = c->seen.answers;
	if (s->blind)
		c->asked.n_history = 0;
}

static inline void scene_sightings(const struct scene *s, struct reset_case *c)
{
	struct sighting in = { .ts_ns = c->seen.rst.ts_ns,
			       .tuple = c->seen.rst.tuple,
			       .ifindex = 2,
			       .hook = HOOK_TC_INGRESS,
			       .ttl = c->seen.rst.ttl };
	struct sighting egress = in, passed = in;

	egress.hook = passed.hook = HOOK_TC_EGRESS;
	passed.ifindex = 3;
	passed.forwarded = true;
	switch (s->place) {
	case THROUGH:
		c->seen.sightings[c->seen.n_sightings++] = in;
		c->seen.sightings[c->seen.n_sightings++] = passed;
		break;
	case OUT_AGAIN:
		c->seen.sightings[c->seen.n_sightings++] = egress;
		c->seen.sightings[c->seen.n_sightings++] = passed;
		break;
	case OUT:
		c->seen.sightings[c->seen.n_sightings++] = egress;
		break;
	case NOWHERE:
		break;
	default:
		c->seen.sightings[c->seen.n_sightings++] = in;
	}
	c->asked.src_local = c->asked.dst_local = -1;
	if (s->place == OUT)
		c->asked.src_local = 1;
	if (s->place == IN || s->place == IN_OTHER)
		c->asked.dst_local = s->place == IN;
}

static inline void scene_maker(const struct scene *s, struct reset_case *c)
{
	struct suspects *who = &c->asked.suspects;

	c->seen.maker = s->maker;
	if (s->maker == MAKER_CAME_IN) {
		c->seen.came_by = c->seen.answers.ifindex;
		c->seen.sightings[0].forwarded = s->place == OUT;
	}
	if (s->foreign_source)
		c->asked.src_local = 0;
	who->asked = s->programs || s->guest || s->maker == MAKER_RAW;
	who->programs_known = s->programs;
	snprintf(who->programs, sizeof(who->programs), "%s", s->programs ? s->programs : "");
	snprintf(who->guest, sizeof(who->guest), "%s", s->guest ? s->guest : "");
	who->guest_is_vm = s->guest_is_vm;
}

static inline void scene_conntrack(const struct scene *s, struct reset_case *c,
				   struct kernel_event *k)
{
	static const uint8_t marks[] = { [NO_ENTRY] = 0, [NOTRACK] = 7, [TRACKED] = 8 };
	uint8_t af = c->seen.rst.tuple.family;
	struct conntrack *ct = &k->ct;

	k->nfct_known = s->mark != NOT_READ;
	k->nfct = marks[s->mark];
	k->invalid_reported = s->reported;
	c->asked.ct_asked = s->asked;
	ct->has_entry = s->map != NO_MAPPING;
	ct->state = s->reported ? CT_INVALID : s->mark == TRACKED ? CT_ESTABLISHED : CT_NONE;
	if (s->reported)
		strcpy(ct->why, "SEQ is over upper bound");
	ct->dnat = s->map == DNAT_DUE || s->map == DNAT_DONE || s->map == DNAT_OTHER;
	ct->snat = s->map == SNAT_REPLY_DUE;
	switch (s->map) {
	case DNAT_DONE:
		ct->orig = make_tuple(af, PEER, 40000, LOCAL, 6050);
		ct->reply = make_tuple(af, LOCAL, 80, PEER, 40000);
		break;
	case DNAT_OTHER:
		ct->orig = make_tuple(af, PEER, 40001, LOCAL, 80);
		ct->reply = make_tuple(af, LOCAL, 8080, PEER, 40001);
		break;
	case SNAT_REPLY_DUE:
		ct->orig = make_tuple(af, INNER, 5555, PEER, 40000);
		ct->reply = make_tuple(af, PEER, 40000, LOCAL, 80);
		break;
	case DNAT_DUE:
		ct->orig = make_tuple(af, PEER, 40000, LOCAL, 80);
		ct->reply = make_tuple(af, LOCAL, 8080, PEER, 40000);
		break;
	case PLAIN:
		ct->orig = make_tuple(af, PEER, 40000, LOCAL, 80);
		ct->reply = make_tuple(af, LOCAL, 80, PEER, 40000);
		break;
	default:
		break;
	}
	c->asked.ct = *ct;
}

static inline enum lookup scene_lookup(const struct scene *s)
{
	if (s->call != CALL_PASSIVE && s->call != CALL_ACTIVE)
		return LOOKUP_UNKNOWN;
	return s->state == 0		   ? LOOKUP_NONE :
	       s->state == TCP_LISTEN	   ? LOOKUP_LISTENER :
	       s->state == TCP_TIME_WAIT   ? LOOKUP_TIMEWAIT :
	       s->state == TCP_ESTABLISHED ? LOOKUP_ESTABLISHED :
	       s->state == 12		   ? LOOKUP_REQUEST :
					     LOOKUP_OTHER;
}

static inline void scene_socket(const struct scene *s, uint8_t af, struct kernel_event *k)
{
	k->sock = (struct kernel_sock){
		.tuple = s->other_socket ? make_tuple(af, LOCAL, 8080, OTHER, 1111) :
					   make_tuple(af, LOCAL, 80, PEER, 40000),
		.flags = s->flags,
		.lingertime = s->lingertime,
		.linger2 = s->linger2,
		.unread = s->unread,
		.unread_known = s->unread_known,
		.user_timeout = s->user_timeout,
		.state = s->state,
		.tw_substate = s->substate,
		.present = s->state != 0,
		.full = s->state != 0 && s->state != TCP_TIME_WAIT && s->state != 12,
	};
}

/* 10 µs before the reset the segment came in. */
static inline void scene_race(const struct scene *s, struct reset_case *c, struct kernel_event *k)
{
	if (s->window || s->now_state)
		c->seen.answers.ts_ns = k->ts_ns - 10000;
	if (s->window)
		k->window = (struct hash_window){
			.kind = s->window,
			.start_ns = k->ts_ns - (uint64_t)s->window_from * 1000,
			.end_ns = s->window_to ? k->ts_ns - (uint64_t)s->window_to * 1000 : 0,
			.cpu = s->window_same_cpu ? 0 : 1,
			.rcv_nxt = s->window_other ? 0x80000000u : 0,
			.snd_nxt = 700,
		};
	if (s->now_state)
		c->seen.now = (struct socket_now){
			.asked = true,
			.state = s->now_state == TCP_LISTEN ? 0 : s->now_state,
			.full = s->now_state == TCP_ESTABLISHED || s->now_state == TCP_LISTEN,
			.snd_nxt = 700,
		};
	if (s->now_elsewhere)
		c->seen.answers.ifindex++;
}

static inline void scene_clash(const struct scene *s, struct reset_case *c)
{
	uint8_t af = c->seen.rst.tuple.family;
	struct kernel_event *k;

	c->seen.kind = s->stall ? CASE_STALL : CASE_RESET;
	if (!s->clash)
		return;
	k = own_account(&c->seen.clash);
	k->call = s->clash;
	k->sock.present = true;
	k->sock.tuple = make_tuple(af, LOCAL, 80, PEER, 40000);
	k->has_segment = true;
	k->segment = make_tuple(af, PEER, 40000, LOCAL, 6050);
	k->ct.has_entry = true;
	k->ct.dnat = true;
	k->ct.orig = k->segment;
	k->ct.reply = make_tuple(af, LOCAL, 80, PEER, s->clash_by_nat ? 55555 : 40000);
}

/* Not classified yet. */
static inline struct reset_case scene_build(const struct scene *s, uint8_t af)
{
	bool is_in = s->place == IN || s->place == IN_OTHER || s->place == THROUGH;
	struct kernel_event *k;
	struct reset_case c;

	case_init(&c);
	c.seen.first_ts = T0 + 100 * MS;
	k = own_account(&c.seen.kernel);
	c.seen.rst = (struct packet){
		.ts_ns = T0 + 100 * MS,
		.tuple = is_in ? make_tuple(af, PEER, 40000, LOCAL, 80) :
				 make_tuple(af, LOCAL, 80, PEER, 40000),
		.seq = 700,
		.flags = FLAG_RST | (s->call == CALL_ACTIVE ? FLAG_ACK : 0),
		.ttl = s->rst_ttl ? s->rst_ttl : 64,
		.window = s->rst_window,
		.ifindex = 2,
		.hook = is_in ? HOOK_TC_INGRESS : HOOK_TC_EGRESS,
	};
	scene_history(s, &c);
	scene_sightings(s, &c);
	k->call = s->call;
	k->id = 2;
	k->ts_ns = c.seen.rst.ts_ns - 1000;
	k->lookup = scene_lookup(s);
	scene_socket(s, af, k);
	if (s->seg && s->call != CALL_ACTIVE && s->call != CALL_NONE) {
		k->has_segment = true;
		k->segment = make_tuple(af, PEER, 40000, LOCAL, 80);
		k->segment_flags = make_flags(s->seg);
		k->segment_len = s->seg_len;
		k->segment_ack = 700;
	}
	k->hook = 1;
	if (s->reason)
		snprintf(k->reason, sizeof(k->reason), "%s", s->reason);
	scene_stack(k, s->stack);
	scene_conntrack(s, &c, k);
	scene_race(s, &c, k);
	scene_clash(s, &c);
	c.asked.gone.known = s->gone || s->remapped;
	if (s->remapped) {
		c.asked.gone.ts_ns = c.seen.rst.ts_ns - 1;
		c.asked.ct = (struct conntrack){ .has_entry = true,
						 .dnat = true,
						 .orig = tuple_reverse(&c.seen.rst.tuple),
						 .reply = c.seen.rst.tuple };
		set_host(c.asked.ct.orig.daddr, af, INNER);
		c.asked.gone.ct = c.asked.ct;
		set_host(c.asked.gone.ct.reply.saddr, af, OTHER);
	}
	c.asked.nat_rules = s->nat_rules     ? NAT_RULES_PRESENT :
			    c.asked.ct_asked ? NAT_RULES_NONE :
					       NAT_RULES_UNKNOWN;
	if (s->short_history)
		c.asked.history_since_ns = c.seen.answers.ts_ns - MS;
	k->sock.memory_known = s->mem_limit != 0;
	k->sock.mem_pages = s->mem_pages;
	k->sock.mem_limit = s->mem_limit;
	k->sock.wmem_queued = 100000;
	c.asked.views = (s->views ? s->views : 0x1ff) & ~s->blind_views;
	scene_maker(s, &c);
	c.asked.lost_events = s->lost_events;
	c.asked.lost_packets = s->lost_packets;
	c.asked.hurried = s->hurried;
	return c;
}

#endif
