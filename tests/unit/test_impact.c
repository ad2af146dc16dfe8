// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_impact.c - did it hurt? Histories in one row each.
 *
 * Words of a history: ">" from the RST's sender, "<" from its receiver, then the flags, then the
 * payload bytes, then "@" and the milliseconds before the RST where it is not the next one. Each
 * side acknowledges all that the other had sent, unless its flags lack the A or "-N" says how much
 * it lacks.
 */
#include "diagnose/impact.h"

#include <netinet/tcp.h>
#include <stdlib.h>

#include "diagnose/advice.h"
#include "diagnose/classify.h"
#include "diagnose/timeouts.h"
#include "samples.h"

enum where { HERE, CAME_IN, PASSED, CAPTURED };

struct row {
	const char *name;
	const char *history;
	const char *
		rst; /* "RA": an active one, "RA-N" lacks N bytes, "RA0" answers a SYN, "R" any other */
	enum impact_kind want;
	enum impact_reason reason;
	enum where where;
	enum effect effect;
	const char *socket; /* "una=N unsent=N unread=N state=N got=N sent_ms=N heard_ms=N" */
	bool taken;	    /* tcp_reset() ran */
	bool blind;	    /* no kernel view */
	const char *after;  /* "C" a challenge ACK, "D" the receiver went on */
	uint16_t port;	    /* of the sender; 0 = 80 */
	const char *stack;
	enum keepalive_race race;
	uint32_t timer_ms; /* of a race */
	int idle_ms;	   /* -1: not known; 0: not looked at */
};

#define SYN3 "<S >SA <A "
#define HELLO SYN3 "<PA100 >PA5000 <A "

static const struct row rows[] = {
	{ "a response under way is lost", HELLO "<PA100 >PA9000 ", "RA", .want = IMPACT_HARMFUL,
	  .reason = REASON_LOST },
	{ "half of a response is acknowledged", HELLO "<PA100 >PA9000 <A-4000 ", "RA",
	  .want = IMPACT_HARMFUL, .reason = REASON_LOST },
	{ "what is queued and was never sent counts", HELLO, "RA", .want = IMPACT_HARMFUL,
	  .reason = REASON_LOST, .socket = "unsent=70000 state=7" },
	{ "a request was received and not answered", HELLO "<PA100 >A ", "RA",
	  .want = IMPACT_HARMFUL, .reason = REASON_LOST },
	{ "the first request was not answered", SYN3 "<PA100 >A ", "RA", .want = IMPACT_HARMFUL,
	  .reason = REASON_LOST },
	{ "a request met a closed socket", HELLO ">FA <A <PA100 ", "R", .want = IMPACT_HARMFUL,
	  .reason = REASON_LOST, .race = RACE_AFTER_FIN, .timer_ms = 2 },
	{ "a request crosses the FIN of an idle connection",
	  SYN3 "<PA100@9000 >PA5000@8000 <A@8000 >FA@3000 <PA100-1@3000 ", "R",
	  .want = IMPACT_HARMFUL, .reason = REASON_LOST, .race = RACE_CROSSED, .timer_ms = 5000,
	  .idle_ms = 5000 },
	{ "a request follows a FIN that was acknowledged",
	  SYN3 "<PA100@9000 >PA5000@8000 <A@8000 >FA@3000 <A@3000 <PA100@1 ", "R",
	  .want = IMPACT_HARMFUL, .reason = REASON_LOST, .race = RACE_AFTER_FIN, .timer_ms = 5000,
	  .idle_ms = 7999 },
	{ "a request crosses the RST of an idle connection", HELLO ">RA <PA100 ", "R",
	  .want = IMPACT_HARMFUL, .reason = REASON_LOST, .race = RACE_CROSSED },
	{ "a request was unread at close()", HELLO "<PA100 ", "RA", .want = IMPACT_HARMFUL,
	  .reason = REASON_LOST, .socket = "unread=100 state=7", .stack = "__tcp_close" },
	{ "... also where the history is gone", "", "RA", .want = IMPACT_HARMFUL,
	  .reason = REASON_LOST, .socket = "unread=100 state=7", .stack = "__tcp_close" },
	{ "a short response to a client that has closed", SYN3 "<PA100 <FA >PA60 ", "RA",
	  .want = IMPACT_HARMFUL, .reason = REASON_LOST },
	{ "a request of 24 bytes on what cannot be TLS", SYN3 "<PA14 >PA7 <A >FA <A <PA24 ", "R",
	  .want = IMPACT_HARMFUL, .reason = REASON_LOST, .race = RACE_AFTER_FIN, .timer_ms = 2 },
	{ "a client is reset while it waits", HELLO "<PA100 ", "RA", .want = IMPACT_HARMFUL,
	  .reason = REASON_LOST, CAME_IN, EFFECT_TAKEN, .taken = true, .socket = "state=1" },
	{ "an upload is cut by a segment's answer", SYN3 "<PA1400 <PA1400 <PA1400 ", "R",
	  .want = IMPACT_HARMFUL, .reason = REASON_LOST },
	{ "a gateway sees data lost", HELLO "<PA100 >PA9000 ", "RA", .want = IMPACT_HARMFUL,
	  .reason = REASON_LOST, PASSED },
	{ "a capture shows data lost", HELLO "<PA100 >PA9000 ", "RA", .want = IMPACT_HARMFUL,
	  .reason = REASON_LOST, CAPTURED },
	{ "a client cancels a long response", "<SA >A >PA100 <PA9000 ", "RA-5000",
	  .want = IMPACT_HARMFUL, .reason = REASON_LOST, .port = 40001 },
	{ "a proxy gives up after it has waited", ">S <SA >A >PA100@3000 <A ", "RA",
	  .want = IMPACT_HARMFUL, .reason = REASON_LOST, .port = 40001, .idle_ms = 3000 },

	{ "a SYN to a closed port", "<S ", "RA0", .want = IMPACT_REFUSED,
	  .reason = REASON_SYN_REFUSED },
	{ "our SYN was refused", "<S ", "RA0", .want = IMPACT_REFUSED, .reason = REASON_SYN_REFUSED,
	  CAME_IN, EFFECT_TAKEN, .taken = true, .socket = "state=2" },
	{ "reset after the handshake by who accepted it", SYN3, "RA", .want = IMPACT_REFUSED,
	  .reason = REASON_NOT_SERVED },

	{ "both have finished", HELLO ">FA <FA >A <A ", "R", .want = IMPACT_NONE,
	  .reason = REASON_FINISHED },
	{ "idle, all answered and acknowledged", HELLO, "RA", .want = IMPACT_NONE,
	  .reason = REASON_IDLE },
	{ "the RST acknowledges what was under way", ">S <SA >A >PA100 <PA5000 ", "RA",
	  .want = IMPACT_NONE, .reason = REASON_IDLE, .port = 40001 },
	{ "a health check with an answer", ">S <SA >A >PA60 <PA200 ", "RA", .want = IMPACT_NONE,
	  .reason = REASON_IDLE, CAME_IN, EFFECT_TAKEN, .taken = true, .socket = "state=1",
	  .port = 40001 },
	{ "idle, by the socket alone", "", "RA", .want = IMPACT_NONE, .reason = REASON_IDLE,
	  .socket = "state=7 got=900 sent_ms=61000 heard_ms=61500", .idle_ms = 61000 },
	{ "close_notify meets a closed socket", HELLO ">FA <A <PA24 ", "R", .want = IMPACT_NONE,
	  .reason = REASON_FAREWELL },
	{ "close_notify and FIN are unread", HELLO "<PA31 <FA ", "RA", .want = IMPACT_NONE,
	  .reason = REASON_FAREWELL, .socket = "unread=31 fin state=7", .stack = "__tcp_close" },
	{ "QUIT and FIN are unread", HELLO "<PA6 <FA ", "RA", .want = IMPACT_NONE,
	  .reason = REASON_FAREWELL, .socket = "unread=6 fin state=7", .stack = "__tcp_close" },
	{ "a server's close_notify meets a closed client",
	  "<SA >A >PA100 <PA5000 >PA24 >FA <A <PA24 ", "R", .want = IMPACT_NONE,
	  .reason = REASON_FAREWELL, .port = 40001 },
	{ "the client's close_notify, then its own RST", ">S <SA >A >PA100 <PA5000 >A >PA31 ", "RA",
	  .want = IMPACT_NONE, .reason = REASON_FAREWELL, .port = 40001 },
	{ "both say close_notify at once", HELLO "<PA100 >PA900 <A <PA24 >PA24-24 >FA-24 ", "RA",
	  .want = IMPACT_NONE, .reason = REASON_FAREWELL, .port = 0,
	  .socket = "unread=24 unsent=0 state=7", .stack = "__tcp_close" },
	{ "the connection had been reset", HELLO "<PA100 >RA <A ", "R", .want = IMPACT_NONE,
	  .reason = REASON_RESET_BEFORE },
	{ "... and nothing had been lost, but now is", HELLO ">RA <PA100 ", "R",
	  .want = IMPACT_HARMFUL, .reason = REASON_LOST, .race = RACE_CROSSED },

	{ "connect, then RST", ">S <SA >A ", "RA", .want = IMPACT_PROBE, .reason = REASON_NO_DATA,
	  .port = 40001 },
	{ "a half-open scan", ">S <SA ", "R", .want = IMPACT_PROBE, .reason = REASON_NO_DATA,
	  CAME_IN, EFFECT_TAKEN, .port = 40001 },
	{ "a check that ends after the handshake of TLS", ">S <SA >A >PA517 <PA141 >PA51 ", "RA",
	  .want = IMPACT_PROBE, .reason = REASON_GIVEN_UP, .port = 40001 },
	{ "a second request that is given up is none", ">S <SA >A >PA100 <PA400 >PA100@20 ", "RA",
	  .want = IMPACT_HARMFUL, .reason = REASON_LOST, .port = 40001 },
	{ "connect and close, then RST", SYN3 "<FA >A ", "RA", .want = IMPACT_PROBE,
	  .reason = REASON_NO_DATA },
	{ "no data, by the socket alone", "", "RA", .want = IMPACT_PROBE, .reason = REASON_NO_DATA,
	  .port = 40001, .socket = "state=7" },

	{ "out of window, and the connection goes on", HELLO, "R", .want = IMPACT_IGNORED,
	  .reason = REASON_GOES_ON, CAME_IN, EFFECT_IGNORED },
	{ "... also without a kernel view", HELLO, "R", .want = IMPACT_IGNORED,
	  .reason = REASON_GOES_ON, CAME_IN, EFFECT_IGNORED, .blind = true, .after = "D" },
	{ "a challenge ACK", HELLO, "R", .want = IMPACT_IGNORED, .reason = REASON_GOES_ON, CAME_IN,
	  EFFECT_CHALLENGED, .blind = true, .after = "C" },
	{ "a RST for nobody", "", "R", .want = IMPACT_IGNORED, .reason = REASON_NO_CONNECTION,
	  CAME_IN, EFFECT_IGNORED },
	{ "late, after both have finished", HELLO ">FA <FA >A <A ", "R", .want = IMPACT_NONE,
	  .reason = REASON_FINISHED, CAME_IN, EFFECT_IGNORED },

	{ "nothing was seen", "", "R", .want = IMPACT_UNKNOWN, .reason = REASON_NOT_SEEN,
	  .blind = true, .idle_ms = -1 },
	{ "a few bytes of which nobody knows what came before", "<PA31 ", "R",
	  .want = IMPACT_UNKNOWN, .reason = REASON_NOT_SEEN },
	{ "the same, of more bytes", "<PA131 ", "R", .want = IMPACT_HARMFUL,
	  .reason = REASON_LOST },
	{ "one side was seen", "<A <A ", "RA", .want = IMPACT_UNKNOWN,
	  .reason = REASON_NO_DATA_SEEN, .blind = true },
	{ "without a kernel view nobody knows if it was taken", HELLO, "RA", .want = IMPACT_NONE,
	  .reason = REASON_IDLE, CAME_IN, EFFECT_UNKNOWN, .blind = true },
	{ "how long the silence was before the request that was reset",
	  SYN3 "<PA100@5000 >PA5000@4900 <A@4900 >FA@10 <A@10 <PA100@1 ", "R",
	  .want = IMPACT_HARMFUL, .reason = REASON_LOST, .race = RACE_AFTER_FIN, .timer_ms = 4890,
	  .idle_ms = 4899 },
};

struct sides {
	uint32_t next[2]; /* of the sender, and of the receiver */
};

static void add_word(struct reset_case *c, struct sides *s, const char *word)
{
	struct packet *p = &c->asked.history[c->asked.n_history++];
	unsigned int e = *word == '<';
	char flags[8] = "";
	const char *at = word + 1, *lacks;
	size_t n = strspn(at, "SAFPR");

	memcpy(flags, at, n);
	*p = (struct packet){
		.tuple = e ? tuple_reverse(&c->seen.rst.tuple) : c->seen.rst.tuple,
		.flags = make_flags(flags),
		.len = (uint32_t)strtoul(at + n, NULL, 10),
		.seq = s->next[e],
		.ttl = 64,
		.ifindex = 2,
	};
	lacks = strchr(at + n, '-');
	if (p->flags & FLAG_ACK)
		p->ack = s->next[!e] - (lacks && lacks < at + strcspn(at, " ") ?
						(uint32_t)strtoul(lacks + 1, NULL, 10) :
						0);
	if (lacks == at + n)
		p->len = 0;
	s->next[e] = segment_end(p);
	p->ts_ns = 0;
	at = strpbrk(at, "@ ");
	if (at && *at == '@')
		p->ts_ns = c->seen.rst.ts_ns - strtoul(at + 1, NULL, 10) * MS;
}

/* Those without a time lie a millisecond apart. */
static void set_times(struct reset_case *c)
{
	unsigned int i;

	for (i = c->asked.n_history; i-- > 0;)
		if (!c->asked.history[i].ts_ns)
			c->asked.history[i].ts_ns =
				(i + 1 < c->asked.n_history ? c->asked.history[i + 1].ts_ns :
							      c->seen.rst.ts_ns) -
				MS;
}

static uint32_t number_in(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? (uint32_t)strtoul(at + strlen(key), NULL, 10) : 0;
}

static void fill_socket(const struct row *r, const struct sides *s, struct kernel_event *k,
			unsigned int end)
{
	uint32_t unread = number_in(r->socket, "unread=");

	k->sock = (struct kernel_sock){
		.present = true,
		.full = true,
		.counts_known = true,
		.state = (uint8_t)number_in(r->socket, "state="),
		.rcv_nxt = s->next[!end],
		.snd_nxt = s->next[end],
		.snd_una = s->next[end],
		.write_seq = s->next[end] + number_in(r->socket, "unsent="),
		.copied_seq = s->next[!end] - unread - !!strstr(r->socket, "fin"),
		.flags = strstr(r->socket, "fin") ? 2 : 0,
		.bytes_received =
			number_in(r->socket, "got=") + unread + !!strstr(r->socket, "fin"),
		.times_known = strstr(r->socket, "heard_ms="),
		.sent_ms = number_in(r->socket, "sent_ms="),
		.heard_ms = number_in(r->socket, "heard_ms="),
	};
}

static void add_accounts(const struct row *r, const struct sides *s, struct reset_case *c)
{
	struct kernel_event *k;

	if (r->taken) {
		k = own_account(&c->seen.receive);
		k->call = CALL_RECEIVE;
		if (r->socket)
			fill_socket(r, s, k, 1);
		k->sock.tuple = tuple_reverse(&c->seen.rst.tuple);
	} else if (r->socket) {
		k = own_account(&c->seen.kernel);
		k->call = CALL_ACTIVE;
		fill_socket(r, s, k, 0);
		k->sock.tuple = c->seen.rst.tuple;
		if (r->stack)
			k->stack[k->stack_len++] = (struct frame){ .name = r->stack, .module = "" };
	}
}

static void add_rst(const struct row *r, const struct sides *s, struct reset_case *c)
{
	struct packet *rst = &c->seen.rst;

	if (!strcmp(r->rst, "RA0")) {
		rst->flags = FLAG_RST | FLAG_ACK;
		rst->ack = s->next[1];
		case_choose_answer(c);
	} else if (!strncmp(r->rst, "RA", 2)) {
		rst->flags = FLAG_RST | FLAG_ACK;
		rst->seq = s->next[0];
		rst->ack = s->next[1] - (uint32_t)strtoul(r->rst + 2 + !!r->rst[2], NULL, 10);
	} else {
		rst->flags = FLAG_RST;
		rst->seq = s->next[0];
		if (r->where != CAME_IN || !r->blind)
			case_choose_answer(c);
	}
}

static struct reset_case build(const struct row *r, uint8_t af)
{
	struct sides s = { { 1000, 5000 } };
	struct reset_case c;
	const char *word;

	case_init(&c);
	c.seen.rst = (struct packet){
		.ts_ns = T0 + 100000 * MS,
		.tuple = make_tuple(af, PEER, r->port ? r->port : 80, LOCAL, r->port ? 80 : 40000),
		.ttl = 64,
		.ifindex = 2,
		.hook = r->where == HERE ? HOOK_TC_EGRESS : HOOK_TC_INGRESS,
	};
	for (word = r->history; *word; word += strcspn(word, " ") + 1)
		add_word(&c, &s, word);
	set_times(&c);
	add_rst(r, &s, &c);
	c.seen.sightings[c.seen.n_sightings++] = (struct sighting){
		.tuple = c.seen.rst.tuple, .hook = c.seen.rst.hook, .ifindex = 2, .ttl = 64
	};
	c.seen.conversation.known = r->where == CAPTURED;
	c.asked.dst_local = r->where == CAME_IN;
	c.asked.views = r->blind ? 0 : 0x1ff;
	c.asked.after.looked = true;
	c.asked.after.challenged = r->after && strchr(r->after, 'C');
	c.asked.after.went_on = r->after && strchr(r->after, 'D');
	add_accounts(r, &s, &c);
	return c;
}

static void test_row(const struct row *r, const struct family *f)
{
	struct reset_case c = build(r, f->af);
	const struct impact *i = &c.diagnosis.impact;
	int64_t idle_ms;

	classify(&c);
	check_str(impact_id(i->kind), impact_id(r->want), "%s (%s)", r->name, f->name);
	check(i->reason == r->reason, "... for reason %d, not %d", r->reason, i->reason);
	check_str(effect_id(c.diagnosis.effect), effect_id(r->effect), "... with its effect");
	check_str(keepalive_race_id(i->race), keepalive_race_id(r->race), "... and its race");
	check(!r->timer_ms || i->timer_ns / MS == r->timer_ms,
	      "... %u ms after the last data, not %llu", r->timer_ms,
	      (unsigned long long)(i->timer_ns / MS));
	idle_ms = i->idle_known ? (int64_t)(i->idle_ns / MS) : -1;
	check(!r->idle_ms || idle_ms == r->idle_ms, "... after %d ms of silence, not %lld",
	      r->idle_ms, (long long)idle_ms);
}

static void test_after(void)
{
	struct packet rst = { .ts_ns = T0, .tuple = make_tuple(AF_INET, PEER, 80, LOCAL, 40000) };
	struct packet p = { .tuple = tuple_reverse(&rst.tuple), .flags = FLAG_ACK, .ack = 7 };
	struct after_rst a = { 0 };
	uint32_t acked = 7;

	p.ts_ns = T0 + 50000;
	after_see(&a, &rst, &acked, MS, &p);
	check(a.challenged && !a.went_on, "the last ACK once more is a challenge");
	a = (struct after_rst){ 0 };
	p.ack = 8;
	after_see(&a, &rst, &acked, MS, &p);
	check(!a.challenged && !a.went_on, "an ACK that was under way is none");
	p.ts_ns = T0 + 2 * MS;
	after_see(&a, &rst, &acked, MS, &p);
	check(a.went_on, "what comes later shows that the connection lives");
	a = (struct after_rst){ 0 };
	p.flags = FLAG_SYN;
	after_see(&a, &rst, &acked, MS, &p);
	p.flags = FLAG_ACK;
	after_see(&a, &rst, &acked, MS, &p);
	check(!a.went_on && a.reopened, "what comes after a SYN is another connection");
}

static void test_timeouts(void)
{
	const struct idle_timeout *o = timeout_fit(75100 * MS, 0);

	check(o && strstr(o->whose, "nginx"), "75.1 s are nginx's");
	check(!timeout_fit(75100 * MS, 1), "... and nobody else's");
	check(timeout_fit(5000 * MS, 0) && timeout_fit(5000 * MS, 1), "5 s are several ones'");
	o = timeout_fit(65000 * MS, 0);
	check(o && strstr(o->whose, "Node.js"), "65 s are a newer Node.js's");
	check(!timeout_fit(42000 * MS, 0), "42 s are nobody's");
	check(!timeout_fit(0, 0), "nor is no silence");
}

/* A client whose request met a closed connection is not helped by what its server reads. */
static void test_advice(void)
{
	struct row r = { "", HELLO ">FA <A <PA100 ", "R", .want = IMPACT_HARMFUL };
	struct reset_case c = build(&r, AF_INET);
	const struct advice *a;
	unsigned int i;

	classify(&c);
	for (i = 0; (a = case_advice(&c, i)); i++)
		check(!strstr(a->action, "EOF"), "advice %u is not to read to the end", i);
	check(i == 2 && strstr(case_advice(&c, 0)->action, "shorter") &&
		      strstr(case_advice(&c, 1)->action, "idempotent"),
	      "a request that met a closed connection: whose timer, and to try again");
}

static void test_lists(void)
{
	unsigned int i;

	check(impact_is_listed(NULL, IMPACT_NONE) &&
		      impact_is_listed("none,harmful", IMPACT_HARMFUL) &&
		      !impact_is_listed("nonesuch,harmful", IMPACT_NONE),
	      "a list of impacts is read by whole names");
	check(!impact_list_unknown("harmful,refused,none,probe,ignored,unknown"),
	      "all impacts can be listed");
	check_str(impact_list_unknown("none,harm"), "harm", "what is no impact is found");
	check_str(impact_list_unknown(""), "", "an empty list has none");
	for (i = 0; i < N_REASONS; i++)
		check(impact_reasons[i] && template_is_known(impact_reasons[i]),
		      "reason %u has a sentence", i);
}

int main(void)
{
	const struct family *f;
	size_t i;

	for_each_family(f) for (i = 0; i < ARRAY_SIZE(rows); i++) test_row(&rows[i], f);
	test_after();
	test_timeouts();
	test_advice();
	test_lists();
	return test_done();
}
