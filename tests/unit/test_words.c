// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_words.c - each word in braces that the sentences are made of, and each name of a value.
 */
#include <stdlib.h>

#include "model/format.h"
#include "model/stack.h"
#include "scene.h"

/* As a template has it, and what becomes of it for IPv4; of IPv6 only that it is not the same. */
struct word {
	const char *template;
	const char *want;
};

static struct reset_case full_case(uint8_t af)
{
	static const struct scene race = { .call = CALL_PASSIVE,
					   .state = TCP_LISTEN,
					   .seg = "PA",
					   .seg_len = 10,
					   .history = "<S >SA <A",
					   .window = WINDOW_TIMEWAIT,
					   .window_from = 12,
					   .window_to = 4,
					   .now_state = TCP_ESTABLISHED,
					   .clash = CALL_CHALLENGE,
					   .clash_by_nat = true,
					   .gone = true };
	struct reset_case c = scene_build(&race, af);
	struct kernel_event *k = own_account(&c.seen.kernel);

	k->cpu = 3;
	k->tgid = 42;
	strcpy(k->comm, "nginx");
	k->ct.state = CT_ESTABLISHED;
	k->window.cpu = 1;
	k->sock.user_timeout = 3000;
	k->sock.mem_pages = 7;
	k->sock.mem_limit = 8;
	c.seen.rst.ttl = 61;
	c.asked.history[1].ttl = 48; /* the sender's SYN ACK */
	c.asked.gone.ts_ns = c.seen.rst.ts_ns - 1500 * MS;
	c.asked.gone.ct.orig = make_tuple(af, PEER, 40000, LOCAL, 6050);
	c.asked.gone.ct.reply = make_tuple(af, INNER, 80, PEER, 40000);
	c.seen.conversation.finished_ns = c.seen.rst.ts_ns - 20 * MS;
	c.seen.conversation.sender_isn = 1000;
	c.seen.conversation.probes = 9;
	c.seen.conversation.went_on_ttl = 55;
	c.seen.conversation.nearer_ifindex = 6;
	return c;
}

static void check_word(const struct reset_case *c, const char *template, const char *want,
		       const char *what)
{
	char *got = template_expand(template, c, &sample_context);

	check_str(got, want, "%s is '%s'%s", template, want, what);
	free(got);
}

static void test_words(void)
{
	static const struct word words[] = {
		{ "{sk}", "192.0.2.1:80 → 192.0.2.2:40000" },
		{ "{sk.local}", "192.0.2.1:80" },
		{ "{sk.user_timeout}", "3000" },
		{ "{rst.ttl}", "61" },
		{ "{peer.ttl}", "48" },
		{ "{ct.state}", "ESTABLISHED" },
		{ "{ct.leaked}", "192.0.2.2:40000 → 192.0.2.1:80" },
		{ "{task}", "nginx[42]" },
		{ "{kernel.cpu}", "3" },
		{ "{race.cpu}", "1" },
		{ "{now.state}", "ESTABLISHED" },
		{ "{race.window}", "from 12.0 µs before to 4.0 µs before the reset" },
		{ "{race.arrival}", "10.0 µs before it" },
		{ "{gone.seg}", "192.0.2.2:40000 → 192.0.2.1:6050" },
		{ "{gone.mapping}", "reply tuple 192.0.2.3:80 → 192.0.2.2:40000" },
		{ "{gone.ago}", "1.50 s" },
		{ "{mem.pages} of {mem.limit}", "7 of 8" },
		{ "{fin.ago}", "20.0 ms" },
		{ "{seg.ack}", "700" },
		{ "{syn.ack}", "1001" },
		{ "{probes}", "9" },
		{ "{went.ttl}", "55" },
		{ "{ct.refused}", "" },
	};
	struct reset_case c = full_case(AF_INET), none;
	char *got;
	size_t i;

	case_init(&none);
	for (i = 0; i < ARRAY_SIZE(words); i++)
		check_word(&c, words[i].template, words[i].want, "");
	got = template_expand("{absent}", &c, &sample_context);
	check(got && !strncmp(got, "eth6", 4) && strstr(got, "192.0.2.1"),
	      "{absent} names the capture and the sender");
	free(got);
	check_word(&none, "{peer.ttl}", "", " where no segment of the peer was seen");
	check_word(&none, "{fin.ago}", "0.0 µs", " where no time is known");
}

/* A window that is open, one mapping that somebody deleted, one clash without NAT. */
static void test_other_words(void)
{
	struct reset_case c = full_case(AF_INET);

	own_account(&c.seen.kernel)->window.end_ns = 0;
	check_word(&c, "{race.window}", "from 12.0 µs before the reset on", " of an open one");
	check_word(&c, "{gone.how}", "it timed out, or was evicted to make room for another", "");
	c.asked.gone.by_request = true;
	check_word(&c, "{gone.how}", "it was deleted on request", " by request");
	c.asked.gone.ts_ns = c.seen.rst.ts_ns + 1;
	check_word(&c, "{gone.ago}", "0.0 µs", " of what comes later");
	check_word(&c, "{unread}", "received data was", " where its length is not known");
	own_account(&c.seen.kernel)->sock.unread = 5;
	check_word(&c, "{unread}", "5 bytes were", "");
	check_word(&c, "{rst.for}", "192.0.2.2, not a local address", "");
	c.asked.ct.has_entry = true;
	c.asked.ct.orig = make_tuple(AF_INET, INNER, 5555, LOCAL, 80);
	c.asked.ct.reply = make_tuple(AF_INET, LOCAL, 80, PEER, 40000);
	check_word(&c, "{rst.for}",
		   "192.0.2.2, which NAT here translates back to 192.0.2.3, not a local address",
		   " behind NAT");
}

static void test_hidden(void)
{
	struct reset_case c = full_case(AF_INET);

	c.asked.ct.orig = make_tuple(AF_INET, PEER, 40000, OTHER, 443);
	c.asked.ct.reply = tuple_reverse(&c.seen.rst.tuple);
	check_word(&c, "{ct.hidden}", "192.0.2.4:443", " of the reply's direction");
	c.asked.ct.reply = make_tuple(AF_INET, INNER, 1, OTHER, 8443);
	check_word(&c, "{ct.hidden}", "192.0.2.4:8443", " of the other direction");
}

static void test_clash(void)
{
	struct reset_case c = full_case(AF_INET);
	char *got = template_expand("{clash}", &c, &sample_context);
	struct kernel_event *clash;

	check_has(got, "192.0.2.2:40000 → 192.0.2.1:6050 (SYN)", "{clash} begins with the SYN");
	check_has(got, "192.0.2.1:80 → 192.0.2.2:40000", "... names the socket that took it");
	check_has(got, "192.0.2.2:55555 → 192.0.2.1:80", "... what NAT makes of it");
	check_has(got, "challenge ACK", "... and what the socket did");
	free(got);
	clash = own_account(&c.seen.clash);
	clash->call = CALL_TIMEWAIT;
	clash->ct.has_entry = false;
	got = template_expand("{clash}", &c, &sample_context);
	check_has(got, "TIME_WAIT", "{clash} with a TIME_WAIT socket says so");
	check_lacks(got, "55555", "... and nothing of NAT where there is no entry");
	check_lacks(got, "challenge ACK", "... and of no challenge");
	free(got);
}

/* Of the words that hold an address: both families have their own form. */
static void test_families(void)
{
	static const char *const words[] = { "{sk}",	   "{sk.local}",     "{ct.leaked}",
					     "{gone.seg}", "{gone.mapping}", "{rst.for}",
					     "{clash}",	   "{absent}" };
	struct reset_case c = full_case(AF_INET6);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		char *got = template_expand(words[i], &c, &sample_context);

		check_has(got, "2001:db8::", "%s has IPv6 addresses", words[i]);
		check_lacks(got, "192.0.2.", "%s has no others", words[i]);
		free(got);
	}
}

/* --- names of values ---------------------------------------------------------------------------------- */

static void test_names(void)
{
	static const struct {
		enum kernel_call call;
		const char *v4, *v6;
	} calls[] = {
		{ CALL_NONE, "", "" },
		{ CALL_PASSIVE, "tcp_v4_send_reset", "tcp_v6_send_reset" },
		{ CALL_ACTIVE, "tcp_send_active_reset", "tcp_send_active_reset" },
		{ CALL_RECEIVE, "tcp_reset", "tcp_reset" },
		{ CALL_REJECT, "nf_send_reset", "nf_send_reset6" },
		{ CALL_CHALLENGE, "tcp_send_challenge_ack", "tcp_send_challenge_ack" },
		{ CALL_TIMEWAIT, "tcp_timewait_state_process", "tcp_timewait_state_process" },
	};
	struct kernel_event k = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		k.call = calls[i].call;
		k.segment.family = AF_INET;
		check_str(call_name(&k), calls[i].v4, "call %d is '%s'", k.call, calls[i].v4);
		k.segment.family = AF_INET6;
		check_str(call_name(&k), calls[i].v6, "... and '%s' with IPv6", calls[i].v6);
	}
}

static void test_states(void)
{
	static const char *const conntrack[] = {
		[CT_UNKNOWN] = "none",
		[CT_NONE] = "none",
		[CT_INVALID] = "INVALID",
		[CT_NEW] = "NEW",
		[CT_ESTABLISHED] = "ESTABLISHED",
		[CT_RELATED] = "RELATED",
		[CT_UNTRACKED] = "UNTRACKED",
	};
	static const char *const lookups[] = {
		[LOOKUP_UNKNOWN] = "none",
		[LOOKUP_NONE] = "none",
		[LOOKUP_LISTENER] = "listener",
		[LOOKUP_REQUEST] = "request",
		[LOOKUP_ESTABLISHED] = "established",
		[LOOKUP_TIMEWAIT] = "timewait",
		[LOOKUP_OTHER] = "other",
	};
	static const char *const zeek[] = { "RSTO", "RSTR", "RSTOS0", "RSTRH", "REJ", "OTH" };
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(conntrack); i++)
		check_str(ct_state_name((enum ct_state)i), conntrack[i],
			  "conntrack's state %zu is %s", i, conntrack[i]);
	for (i = 0; i < ARRAY_SIZE(lookups); i++)
		check_str(lookup_name((enum lookup)i), lookups[i], "look-up %zu is %s", i,
			  lookups[i]);
	check_str(hook_name(HOOK_TC_INGRESS), "tc-ingress", "tc ingress has its name");
	check_str(hook_name(HOOK_TC_EGRESS), "tc-egress", "tc egress has its name");
	for (i = 0; i < ARRAY_SIZE(zeek); i++)
		for (k = 0; k < i; k++)
			check(strcmp(conversation_state_text(zeek[i]),
				     conversation_state_text(zeek[k])),
			      "%s is not explained like %s", zeek[i], zeek[k]);
}

int main(void)
{
	test_words();
	test_other_words();
	test_hidden();
	test_clash();
	test_families();
	test_names();
	test_states();
	return test_done();
}
