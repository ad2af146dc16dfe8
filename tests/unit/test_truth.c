// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_truth.c - no sentence of a report contradicts the data of the same report.
 *
 * test_truth [FILE.ndjson...]
 *
 * A rule names a fact, which of its sentences is meant, and the data that belie it; the sentences
 * themselves come from fact_texts.c, so that a new wording does not silence a rule. Without
 * arguments: each rule fires on a report made to break it, and none on what was recorded on real
 * kernels (tests/cases). With arguments: on what the live tests printed as JSON.
 */
#include <dirent.h>

#include "truth.h"

#define BELIED_BY(fact, side, predicate, broken)                                          \
	{                                                                                 \
		FACT_##fact, side, #fact " " #side ": " #predicate, b_##predicate, broken \
	}
#define NO_LINE(text, predicate, broken)                \
	{                                               \
		0, LITERAL, text, b_##predicate, broken \
	}
#define NEVER(text, predicate, broken)                 \
	{                                              \
		0, ALWAYS, text, b_##predicate, broken \
	}

/* Packets for the samples: of the RST's sender (s), and of the other end. */
#define FROM_S "\"src\": \"10.0.0.1\", \"sport\": 80, \"if\": \"eth0\", \"hook\": \"tc-ingress\", "
#define FROM_R "\"src\": \"10.0.0.2\", \"sport\": 4000, \"if\": \"eth0\", \"hook\": \"tc-egress\", "
#define SYN "{" FROM_R "\"flags\": \"SYN\", \"seq\": 1, \"len\": 0, \"ttl\": 64}"
#define SYN_ACK "{" FROM_S "\"flags\": \"SYN ACK\", \"seq\": 1, \"len\": 0, \"ttl\": 63}"
#define S_DATA "{" FROM_S "\"flags\": \"PSH ACK\", \"seq\": 2, \"len\": 9, \"ttl\": 63}"
#define R_DATA "{" FROM_R "\"flags\": \"PSH ACK\", \"seq\": 2, \"len\": 9, \"ttl\": 64}"
#define EXACT "\"answers\": {\"match\": \"exact\", \"flags\": \"PSH ACK\", \"len\": 9}"
#define BY(function) "\"kernel\": {\"function\": \"" function "\"}"
#define LOOKED_UP(how) "\"kernel\": {\"function\": \"tcp_v4_send_reset\", \"lookup\": \"" how "\"}"
#define SOCKET(member) "\"kernel\": {\"function\": \"tcp_send_active_reset\", \"sk\": {" member "}}"
#define STACK(frame) \
	"\"kernel\": {\"function\": \"tcp_send_active_reset\", \"stack\": [\"" frame "+0x1/0x2\"]}"

static const struct rule rules[] = {
	BELIED_BY(SEGMENT_KNOWN, MISSING, segment_known, EXACT),
	BELIED_BY(SEGMENT_KNOWN, NO, segment_known, EXACT),
	BELIED_BY(SEGMENT_KNOWN, YES, no_segment, ""),
	BELIED_BY(SEGMENT_SYN, YES, not_syn, EXACT),
	BELIED_BY(SEGMENT_DATA, YES, no_data,
		  "\"answers\": {\"match\": \"exact\", \"flags\": \"ACK\", \"len\": 0}"),
	BELIED_BY(SEGMENT_DATA, NO, data, EXACT),
	BELIED_BY(SEGMENT_BARE, YES, data, EXACT),
	BELIED_BY(FOREIGN_TTL, YES, same_ttl, "\"history\": [" S_DATA "]"),
	BELIED_BY(FOREIGN_TTL, MISSING, peer_seen, "\"history\": [" S_DATA "]"),
	BELIED_BY(SENT_HERE, YES, came_in, "\"sightings\": [{\"hook\": \"tc-ingress\"}]"),
	BELIED_BY(SENT_HERE, NO, left, "\"sightings\": [{\"hook\": \"tc-egress\"}]"),
	BELIED_BY(SENT_HERE, MISSING, left, "\"sightings\": [{\"hook\": \"tc-egress\"}]"),
	BELIED_BY(PASSED_THROUGH, YES, not_forwarded, ""),
	NO_LINE("not a local address", for_this_host, "\"effect\": \"taken\""),
	BELIED_BY(ARRIVED_HERE, NO, for_this_host, "\"effect\": \"taken\""),
	BELIED_BY(ARRIVED_HERE, YES, left, "\"sightings\": [{\"hook\": \"tc-egress\"}]"),
	BELIED_BY(FLOW_SEEN, YES, one_way, "\"history\": [" SYN "]"),
	BELIED_BY(FLOW_SEEN, MISSING, whole,
		  "\"history\": [" SYN ", " SYN_ACK ", " R_DATA ", " S_DATA "]"),
	BELIED_BY(FOLLOWS, YES, not_follows, ""),
	BELIED_BY(FOLLOWS, NO, follows, "\"follows\": {}"),
	BELIED_BY(PASSIVE, YES, not_passive, "\"type\": \"active\""),
	BELIED_BY(PASSIVE, NO, passive, BY("tcp_v4_send_reset")),
	BELIED_BY(PASSIVE, MISSING, kernel, BY("tcp_v4_send_reset")),
	BELIED_BY(ACTIVE, YES, not_active, "\"type\": \"passive\""),
	BELIED_BY(ACTIVE, NO, active, BY("tcp_send_active_reset")),
	BELIED_BY(ACTIVE, MISSING, kernel, BY("tcp_send_active_reset")),
	BELIED_BY(TCP_SILENT, YES, spoke, "\"lost\": {\"events\": 1}"),
	BELIED_BY(TCP_SILENT, YES, spoke, BY("tcp_v6_send_reset")),
	BELIED_BY(OF_ANOTHER, YES, spoke, BY("tcp_v6_send_reset")),
	BELIED_BY(REJECT, YES, not_rejected, "\"type\": \"passive\""),
	BELIED_BY(NO_SOCKET, YES, found, LOOKED_UP("listener")),
	BELIED_BY(NO_SOCKET, NO, found_none, LOOKED_UP("none")),
	BELIED_BY(NO_SOCKET, MISSING, looked_up, LOOKED_UP("none")),
	BELIED_BY(LISTENER, YES, no_listener, LOOKED_UP("none")),
	BELIED_BY(LISTENER, NO, listener, LOOKED_UP("listener")),
	BELIED_BY(TIMEWAIT, YES, no_timewait, LOOKED_UP("none")),
	BELIED_BY(LINGER_ZERO, YES, no_linger, SOCKET("\"linger\": true, \"linger_zero\": false")),
	BELIED_BY(LINGER_ZERO, NO, linger, SOCKET("\"linger\": true, \"linger_zero\": true")),
	BELIED_BY(LINGER_ZERO, MISSING, socket, SOCKET("\"linger\": false")),
	BELIED_BY(UNREAD, YES, no_unread, SOCKET("\"unread\": 0")),
	BELIED_BY(UNREAD, NO, unread, "\"loss\": {\"unread\": 9}"),
	BELIED_BY(FIN_WAIT2_MINI, YES, other_state, SOCKET("\"state\": \"ESTABLISHED\"")),
	BELIED_BY(IN_FIN_WAIT2, YES, other_state, SOCKET("\"state\": \"ESTABLISHED\"")),
	BELIED_BY(IN_EXIT, NO, in_exit, STACK("do_exit")),
	BELIED_BY(IN_ABORT, YES, not_active, "\"type\": \"passive\""),
	BELIED_BY(IN_ABORT, NO, in_abort, STACK("tcp_abort")),
	BELIED_BY(IN_DISCONNECT, NO, in_disconnect, STACK("tcp_disconnect")),
	BELIED_BY(MADE_BY_LEAK, MISSING, entry, "\"kernel\": {\"conntrack\": {\"orig\": {}}}"),
	BELIED_BY(CAPTURE, YES, kernel, BY("tcp_v4_send_reset")),
	BELIED_BY(CAPTURE, NO, capture, "\"conversation\": {}"),
	BELIED_BY(RACE_HANDSHAKE, YES, no_race, ""),
	BELIED_BY(RACE_TIMEWAIT, YES, no_race, ""),
	BELIED_BY(JUST_OPENED, YES, sender_data, "\"history\": [" SYN ", " SYN_ACK ", " S_DATA "]"),
	NO_LINE("no live connection with these", alive,
		"\"history\": [" SYN ", " SYN_ACK ", " R_DATA "]"),
	NO_LINE("no NAT", nat,
		"\"kernel\": {\"skb\": {\"community_id\": \"1\"}, \"conntrack\": {\"nat\": [\"dnat\"], \"orig\": {\"community_id\": \"1\"}}}"),
	NO_LINE("was exiting", not_exiting, STACK("tcp_close")),
	NO_LINE("] was exiting", no_owner, ""),
	NO_LINE("TCP accepted the RST", not_taken, "\"effect\": \"ignored\""),
	NO_LINE("TCP ignored the RST", not_ignored, "\"effect\": \"taken\""),
	NO_LINE("a challenge ACK followed", not_challenged, "\"effect\": \"taken\""),
	NO_LINE("without kernel view, owner", kernel, BY("tcp_v4_send_reset")),
	NO_LINE("the request crossed the end", race_untold, ""),
	NO_LINE("had acknowledged the FIN, and sent", race_untold, ""),
	NO_LINE("all data was acknowledged", lost, "\"loss\": {\"sender_unacknowledged\": 9}"),
	NO_LINE("no request was waiting", lost, "\"loss\": {\"unanswered\": true}"),
	NO_LINE("both sides had sent FIN", unfinished, "\"history\": [" SYN ", " SYN_ACK "]"),
	NO_LINE("before it carried any data", used,
		"\"history\": [" SYN ", " SYN_ACK ", " R_DATA "]"),
	NO_LINE("reset it without sending any data", used,
		"\"history\": [" SYN ", " SYN_ACK ", " R_DATA "]"),
	NO_LINE("no connection was established", not_refused,
		"\"history\": [" SYN ", " SYN_ACK ", " S_DATA "]"),
	NO_LINE("the connection continues", ended, "\"effect\": \"taken\""),
	NO_LINE("missing: the packets of this connection", both_ways,
		"\"history\": [" S_DATA ", " R_DATA "]"),
	NEVER("harmful, but nothing was lost", harmless, "\"impact\": \"harmful\""),
	NEVER("ignored, but not without impact", ignored_yet_hurt,
	      "\"effect\": \"ignored\", \"impact\": \"harmful\""),
	NEVER("a cause is listed twice", lists,
	      "\"candidates\": [\"remote\"], \"ruled_out\": [{\"cause\": \"remote\"}]"),
	NEVER("a fact and its contrary", itself,
	      "\"evidence\": [\"a signal killed the process\"], \"ruled_out\": [{\"cause\": \"linger2\", \"because\": \"no signal killed the process\"}]"),
};

/* The rule that the report breaks; NULL if it breaks none. */
static const struct rule *broken_rule(const json_t *o)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rules); i++)
		if (says(o, &rules[i]) && rules[i].belied(o))
			return &rules[i];
	return NULL;
}

/* --- on broken samples, recorded cases, and files ------------------------------------------------ */

#define SAMPLE                                                                                    \
	"{\"cause\": \"remote\", \"rst\": {\"src\": \"10.0.0.1\", \"sport\": 80, \"ttl\": 63}, "  \
	"\"if\": \"eth0\", \"hook\": \"tc-ingress\", \"effect\": \"unknown\", \"evidence\": [], " \
	"\"missing\": [], \"ruled_out\": [], \"candidates\": [], \"history\": [], \"sightings\": []}"

/* @with_sentence: else with nothing but the data that would belie it. */
static json_t *sample(const struct rule *r, bool with_sentence)
{
	const struct fact_text *t = &fact_texts[r->fact];
	json_t *o = json_loads(SAMPLE, 0, NULL), *data;
	char text[512];

	snprintf(text, sizeof(text), "{%s}", r->broken);
	data = json_loads(text, 0, NULL);
	check(o && data, "%s: the sample is JSON", r->text);
	json_object_update_new(o, data);
	if (with_sentence && r->side != ALWAYS)
		json_array_append_new(
			json_object_get(o, r->side == MISSING ? "missing" : "evidence"),
			json_string(r->side == YES     ? t->yes :
				    r->side == NO      ? t->no :
				    r->side == MISSING ? t->missing :
							 r->text));
	return o;
}

static void test_rule(const struct rule *r)
{
	json_t *broken = sample(r, true), *silent = sample(r, false);

	check(says(broken, r) && r->belied(broken), "%s: is seen", r->text);
	if (r->side != ALWAYS)
		check(!says(silent, r), "%s: not without the sentence", r->text);
	json_decref(broken);
	json_decref(silent);
}

/* Reads @path without what lies between the parts of a string: "a" "b" is "ab". */
static void read_source(const char *path, char *ret, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(ret, 1, size - 1, f) : 0;
	char *from, *to;

	ret[n] = 0;
	for (from = to = ret; *from; to++) {
		size_t gap = *from == '"' ? 1 + strspn(from + 1, " \t\n") : 0;

		if (gap > 1 && from[gap] == '"')
			from += gap + 1;
		*to = *from++;
	}
	*to = 0;
	if (f)
		fclose(f);
}

/* Somebody writes what the rules look for: else they would have fallen silent. */
static void test_wordings(void)
{
	static const char *const paths[] = { "correlator/report/report_lines.c",
					     "correlator/report/placeholders_connection.c",
					     "correlator/report/placeholders_host.c",
					     "correlator/report/placeholders_kernel.c",
					     "correlator/report/placeholders_segment.c",
					     "correlator/diagnose/impact.c" };
	static char sources[ARRAY_SIZE(paths)][64 * 1024];
	size_t i, p;

	for (p = 0; p < ARRAY_SIZE(paths); p++)
		read_source(paths[p], sources[p], sizeof(sources[p]));
	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		/* Of a name and what follows it, the latter. */
		const char *text = rules[i].text + strspn(rules[i].text, "]");

		for (p = 0; p < ARRAY_SIZE(paths) && !strstr(sources[p], text);)
			p++;
		if (rules[i].side == LITERAL)
			check(p < ARRAY_SIZE(paths), "a sentence has \"%s\"", text);
	}
}

static void test_case(const char *path)
{
	json_t *o = json_load_file(path, 0, NULL), *report;
	const struct rule *broken;
	struct stored_case stored;
	char why[128] = "";

	if (!check(!case_from_json(json_object_get(o, "evidence"), &stored, why, sizeof(why)),
		   "%s is read (%s)", path, why)) {
		json_decref(o);
		return;
	}
	classify(&stored.c);
	report = parsed(report_text(&stored.c, &sample_context));
	broken = broken_rule(report);
	check(report && !broken, "%s does not contradict itself (%s)", path,
	      broken ? broken->text : "in nothing");
	json_decref(report);
	json_decref(o);
}

static void test_cases_of(const char *cause)
{
	char dir_path[128], path[512];
	struct dirent *e;
	DIR *dir;

	snprintf(dir_path, sizeof(dir_path), "tests/cases/%s", cause);
	dir = opendir(dir_path);
	while (dir && (e = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", dir_path, e->d_name);
		if (strstr(e->d_name, ".json"))
			test_case(path);
	}
	if (dir)
		closedir(dir);
}

/* What is no report, such as a line of --evidence, is not meant. */
static void test_file(const char *path)
{
	unsigned int reports = 0, line_number = 0;
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;

	if (!check(f, "%s is opened", path))
		return;
	while (getline(&line, &size, f) > 0) {
		json_t *o = json_loads(line, 0, NULL);
		const struct rule *broken =
			is_set(o, "impact_reason", NULL) ? broken_rule(o) : NULL;

		line_number++;
		reports += is_set(o, "impact_reason", NULL);
		if (broken)
			check(false, "%s:%u: %s", path, line_number, broken->text);
		json_decref(o);
	}
	free(line);
	fclose(f);
	check(true, "%u reports of %s were read", reports, path);
}

int main(int argc, char **argv)
{
	size_t i;
	int n;

	for (n = 1; n < argc; n++)
		test_file(argv[n]);
	for (i = 0; argc == 1 && i < ARRAY_SIZE(rules); i++)
		test_rule(&rules[i]);
	for (i = 0; argc == 1 && i < n_causes; i++)
		test_cases_of(causes[i].id);
	if (argc == 1)
		test_wordings();
	return test_done();
}
