// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_case_json.c - evidence survives being written and read, and wrong evidence is refused.
 */
#include <errno.h>

#include "archive/case_json.h"
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

static void test_round_trip(const struct scene *s, uint8_t af)
{
	struct reset_case before = scene_build(s, af);
	struct stored_case after;
	char why[128] = "", *first, *second;
	json_t *o = case_to_json(&before), *again;

	check_int(case_from_json(o, &after, why, sizeof(why)), 0, "%s is read again (%s)", s->name,
		  why);
	again = case_to_json(&after.c);
	first = json_dumps(o, JSON_SORT_KEYS);
	second = json_dumps(again, JSON_SORT_KEYS);
	check_str(second, first, "%s: the same evidence", s->name);
	classify(&before);
	classify(&after.c);
	check(before.diagnosis.cause == after.c.diagnosis.cause &&
		      before.diagnosis.confidence == after.c.diagnosis.confidence &&
		      before.diagnosis.facts_yes == after.c.diagnosis.facts_yes &&
		      before.diagnosis.facts_no == after.c.diagnosis.facts_no,
	      "%s: the same answer, %s", s->name, before.diagnosis.cause->id);
	free(first);
	free(second);
	json_decref(o);
	json_decref(again);
}

static void test_refusals(void)
{
	static const char *const wrong[] = {
		"[]",
		"{\"colour\": 1}",
		"{\"kind\": 2}",
		"{\"kind\": -1}",
		"{\"kind\": \"reset\"}",
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
	test_refusals();
	test_too_long_list();
	return test_done();
}
