// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_case_json.c - evidence survives being written and read, and wrong evidence is refused.
 */
#include <errno.h>

#include "json.h"
#include "model/names.h"
#include "scene.h"

static const struct scene scenes[] = {
	{ .name = "a closed port", .call = CALL_PASSIVE, .seg = "S", .reason = "NO_SOCKET" },
	{ .name = "a race",
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "PA",
	  .seg_len = 10,
	  .history = "<S >SA <A",
	  .window = WINDOW_HANDSHAKE,
	  .window_from = 8,
	  .window_to = 4 },
	{ .name = "a clash", .place = IN, .clash = CALL_CHALLENGE, .clash_by_nat = true },
	{ .name = "a stall",
	  .place = IN,
	  .stall = true,
	  .clash = CALL_CHALLENGE,
	  .clash_by_nat = true },
	{ .name = "INVALID",
	  .call = CALL_PASSIVE,
	  .seg = "PA",
	  .mark = NO_ENTRY,
	  .map = DNAT_DUE,
	  .reported = true,
	  .asked = true },
	{ .name = "a socket with all its fields",
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .flags = SOCK_DEAD | SOCK_LINGER,
	  .linger2 = -1,
	  .unread = 7,
	  .unread_known = true,
	  .user_timeout = 3,
	  .mem_pages = 4,
	  .mem_limit = UINT64_MAX,
	  .lost_events = 1,
	  .hurried = true,
	  .stack = "tcp_send_active_reset ? __tcp_close" },
	{ .name = "a forwarded reset", .place = THROUGH, .gone = true },
};

static void test_same_answer(const struct reset_case *written, const struct reset_case *read,
			     const char *name)
{
	struct reset_case before = *written, after = *read;

	classify(&before);
	classify(&after);
	check(before.diagnosis.cause == after.diagnosis.cause &&
		      before.diagnosis.confidence == after.diagnosis.confidence &&
		      before.diagnosis.facts_yes == after.diagnosis.facts_yes &&
		      before.diagnosis.facts_no == after.diagnosis.facts_no,
	      "%s: the same answer, %s", name, before.diagnosis.cause->id);
}

static void test_case_again(const struct reset_case *before, const char *name)
{
	struct stored_case after;
	char why[128] = "", *first = case_text(before), *second;
	json_t *o = parsed(strdup(first));

	case_json_restore(o);
	check_int(case_from_json(o, &after, why, sizeof(why)), 0, "%s is read again (%s)", name,
		  why);
	second = case_text(&after.c);
	check_str(second, first, "%s: the same evidence", name);
	test_same_answer(before, &after.c, name);
	free(first);
	free(second);
	json_decref(o);
}

static void test_round_trip(const struct scene *s, uint8_t af)
{
	struct reset_case c = scene_build(s, af);

	test_case_again(&c, s->name);
}

/* All that a capture shows, and each member with a value of its own. */
static void test_capture(void)
{
	struct reset_case c = scene_build(&scenes[0], AF_INET6);
	struct conversation *v = &c.seen.conversation;

	c.seen.rst.hook = c.seen.sightings[0].hook = HOOK_PCAP;
	c.seen.rst.heading = HEADING_OUT;
	c.seen.sightings[0].heading = HEADING_IN;
	c.seen.rst.marks = MARK_NO_MPTCP | MARK_LABEL;
	*v = (struct conversation){ .known = true,
				    .state = "RSTO",
				    .history = "ShAdDR",
				    .whole = true,
				    .sender_opened = true,
				    .sender_finished = true,
				    .peer_finished = true,
				    .sender_silent = true,
				    .finished_ns = 1,
				    .sender_isn = 2,
				    .none_missing = true,
				    .received = KNOWN_YES,
				    .probes = 3,
				    .syn_sent = true,
				    .in_window = KNOWN_NO,
				    .port_open = KNOWN_YES,
				    .reset_before = true,
				    .aborted_before = true,
				    .went_on = true,
				    .went_on_ttl = 4,
				    .absent_at_sender = true,
				    .nearer_ifindex = 5 };
	test_case_again(&c, "a case of a capture");
}

/* The kernel cuts a name at 15 bytes, which may be within a character. */
static void test_bytes(void)
{
	struct reset_case c = scene_build(&scenes[0], AF_INET);
	struct kernel_event *k = own_account(&c.seen.kernel);

	snprintf(k->comm, sizeof(k->comm), "Nachrichten-dr\xc3");
	snprintf(c.asked.owner.comm, sizeof(c.asked.owner.comm), "\xff\x80\xfe");
	c.asked.owner.known = true;
	test_case_again(&c, "names that are not UTF-8");
}

/* --- names of values ------------------------------------------------------------------------ */

/* @last: the last value that case.h has. */
static void test_names(const char *what, value_name names, unsigned int last)
{
	unsigned int v;

	for (v = 0; v <= last; v++)
		check(names(v) && name_parse(names, names(v)) == (int)v,
		      "%s %u has a name of its own, '%s'", what, v, names(v) ? names(v) : "");
	check(!names(last + 1), "%s: that is all", what);
	check_int(name_parse(names, "no such name"), -1, "%s: another name is none", what);
}

static void test_all_names(void)
{
	test_names("hook", hook_id, HOOK_PCAP);
	test_names("heading", heading_id, HEADING_OUT);
	test_names("kind", case_kind_id, CASE_STALL);
	test_names("match", answer_match_id, ANSWER_EXACT);
	test_names("conntrack state", ct_state_id, CT_UNTRACKED);
	test_names("call", kernel_call_id, CALL_WINDOW);
	test_names("lookup", lookup_id, LOOKUP_OTHER);
	test_names("window", window_kind_id, WINDOW_TIMEWAIT);
	test_names("tristate", tristate_id, KNOWN_YES);
	test_names("NAT rules", nat_rules_id, NAT_RULES_UNKNOWN);
}

static void test_numbers_of_format_1(void)
{
	static const char text[] =
		"{\"kind\": 1, \"rst\": {\"hook\": 3}, \"answer_match\": 2, \"ct\": {\"state\": 6},"
		"\"kernel\": {\"call\": 8, \"lookup\": 6, \"window\": {\"kind\": 2}}}";
	json_t *o = json_loads(text, 0, NULL);
	struct stored_case s;
	char why[128] = "";

	check_int(case_from_json(o, &s, why, sizeof(why)), 0, "numbers are read (%s)", why);
	check(s.c.seen.kind == CASE_STALL && s.c.seen.rst.hook == HOOK_PCAP &&
		      s.c.seen.answer_match == ANSWER_EXACT && s.c.asked.ct.state == CT_UNTRACKED &&
		      s.c.seen.kernel->call == CALL_WINDOW &&
		      s.c.seen.kernel->lookup == LOOKUP_OTHER &&
		      s.c.seen.kernel->window.kind == WINDOW_TIMEWAIT,
	      "and mean what they did");
	json_decref(o);
}

static void test_refusals(void)
{
	static const char *const wrong[] = {
		"[]",
		"{\"colour\": 1}",
		"{\"kind\": 2}",
		"{\"kind\": -1}",
		"{\"kind\": \"colour\"}",
		"{\"kind\": true}",
		"{\"ct_asked\": 1}",
		"{\"rst\": 1}",
		"{\"rst\": {\"ttl\": 256}}",
		"{\"rst\": {\"tuple\": [\"10.0.0.1\", 1, \"10.0.0.2\"]}}",
		"{\"rst\": {\"tuple\": [\"10.0.0.1\", 1, \"10.0.0.2\", 65536]}}",
		"{\"rst\": {\"tuple\": [\"10.0.0.1\", 1, \"::1\", 2]}}",
		"{\"rst\": {\"tuple\": [\"localhost\", 1, \"10.0.0.2\", 2]}}",
		"{\"history\": {}}",
		"{\"src_local\": 4294967296}",
		"{\"kernel\": {\"reason\": \"0123456789012345678901234567890123456789012345678901234"
		"5678901234567890\"}}",
	};
	struct stored_case c;
	char why[128];
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		json_t *o = json_loads(wrong[i], 0, NULL);

		why[0] = 0;
		check(case_from_json(o, &c, why, sizeof(why)) == -EPROTO && why[0],
		      "refused: %s (%s)", wrong[i], why);
		json_decref(o);
	}
}

static void test_too_long_list(void)
{
	json_t *list = json_array(), *o;
	struct stored_case c;
	char why[128];
	int i;

	for (i = 0; i <= CASE_HISTORY_MAX; i++)
		json_array_append_new(list, json_object());
	o = json_pack("{so}", "history", list);
	check_int(case_from_json(o, &c, why, sizeof(why)), -EPROTO,
		  "a history longer than a case holds is refused");
	json_decref(o);
}

int main(void)
{
	size_t i;

	for (i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		test_round_trip(&scenes[i], AF_INET);
		test_round_trip(&scenes[i], AF_INET6);
	}
	test_capture();
	test_bytes();
	test_all_names();
	test_numbers_of_format_1();
	test_refusals();
	test_too_long_list();
	return test_done();
}
