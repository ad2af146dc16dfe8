// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_case_json.c - evidence survives being written and read, and wrong evidence is refused.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "json.h"
#include "members.h"
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
	test_names("hook", hook_id, HOOK_KERNEL);
	test_names("heading", heading_id, HEADING_OUT);
	test_names("kind", case_kind_id, CASE_STALL);
	test_names("match", answer_match_id, ANSWER_EXACT);
	test_names("conntrack state", ct_state_id, CT_UNTRACKED);
	test_names("call", kernel_call_id, CALL_WINDOW);
	test_names("lookup", lookup_id, LOOKUP_OTHER);
	test_names("window", window_kind_id, WINDOW_TIMEWAIT);
	test_names("maker", maker_id, MAKER_TURNED);
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

/* --- that every member is kept ----------------------------------------------------------------------- */

/*
 * Of a case in which every text, list and tuple is in use, each byte of each member in turn is changed: that
 * must change the JSON, and be read again. So a member that is not in the tables is missed here.
 */

/* Beginnings of names of what is no evidence. */
static const char *const unkept_seen[] = { "first_ts" /* a time of the join */, NULL };

static const char *const unkept_asked[] = { "kept", "n_kept" /* packets of a recording */, NULL };

static const char *const unkept_account[] = {
	"id",
	"join_id", /* numbers of the join */
	"sock.ino",
	"sock.cgroup",
	"task_cgroup", /* the owner was looked up by them */
	"closer.cgroup",
	NULL,
};

/* Lengths and references: they are what makes the others valid, and stand in no JSON. */
static const char *const links[] = { "n_sightings", "n_history",  "kernel",
				     "receive",	    "user_stack", "clash",
				     "stack[0].",   "stack_len",  NULL };

static void fill_text(char *text, size_t size)
{
	memset(text, 'b', size - 1);
	text[size - 1] = 0;
}

#define FILL_TEXT(a) fill_text(a, sizeof(a))

static void fill_conntrack(struct conntrack *ct)
{
	ct->orig.family = ct->reply.family = AF_INET6;
	FILL_TEXT(ct->why);
}

static struct kernel_event full_account(void)
{
	struct kernel_event k = { 0 };

	k.sock.tuple.family = k.segment.family = k.syn.tuple.family = AF_INET6;
	fill_conntrack(&k.ct);
	FILL_TEXT(k.reason);
	FILL_TEXT(k.comm);
	FILL_TEXT(k.process);
	FILL_TEXT(k.closer.task.comm);
	FILL_TEXT(k.closer.task.process);
	return k;
}

static void fill_owner(struct owner *o)
{
	FILL_TEXT(o->comm);
	FILL_TEXT(o->cgroup);
	FILL_TEXT(o->pod);
	FILL_TEXT(o->container);
	FILL_TEXT(o->thread);
	FILL_TEXT(o->command);
	FILL_TEXT(o->unit);
}

static struct reset_case full_case(const struct kernel_event accounts[3])
{
	struct reset_case c;

	case_init(&c);
	c.seen.rst.tuple.family = c.seen.answers.tuple.family = AF_INET6;
	c.seen.sightings[0].tuple.family = c.asked.history[0].tuple.family = AF_INET6;
	c.seen.n_sightings = c.asked.n_history = 1;
	c.seen.kernel = &accounts[0];
	c.seen.receive = &accounts[1];
	c.seen.clash = &accounts[2];
	c.seen.conversation.known = true;
	FILL_TEXT(c.seen.conversation.state);
	FILL_TEXT(c.seen.conversation.history);
	fill_conntrack(&c.asked.gone.ct);
	fill_conntrack(&c.asked.ct);
	fill_owner(&c.asked.owner);
	fill_owner(&c.asked.victim);
	fill_owner(&c.asked.killer);
	FILL_TEXT(c.asked.netns.name);
	FILL_TEXT(c.asked.suspects.processes);
	FILL_TEXT(c.asked.suspects.programs);
	FILL_TEXT(c.asked.suspects.guest);
	return c;
}

static bool is_listed(const char *const *list, const char *name)
{
	for (; *list; list++) {
		size_t len = strlen(*list);

		if (!strncmp(*list, name, len) && (!name[len] || strchr(".[", (*list)[len - 1])))
			return true;
	}
	return false;
}

static int restored(json_t *o, struct stored_case *ret, char *why, size_t why_len)
{
	case_json_restore(o);
	return case_from_json(o, ret, why, why_len);
}

/* Is the byte at @offset of what @text tells @want? One that cannot be is refused. */
static bool is_read(const char *text, size_t offset, uint8_t want, unsigned int *refused)
{
	json_t *o = parsed(strdup(text));
	struct stored_case read;
	char why[128] = "";
	int err = restored(o, &read, why, sizeof(why));
	const uint8_t *from = offset < sizeof(read.c) ? (const uint8_t *)&read.c :
							(const uint8_t *)read.c.seen.kernel;
	bool ok = err || from[offset % sizeof(read.c)] == want;

	*refused += err == -EPROTO;
	json_decref(o);
	return ok && (!err || err == -EPROTO);
}

/* A text, of which the last byte is its end. */
static bool is_text(const uint8_t *bytes, size_t size)
{
	return size >= 8 && bytes[0] == 'b' && !bytes[size - 1];
}

/* Of an enumeration the first byte, where the host is little-endian: other values have no name. */
static size_t sizeof_value(const struct member_at *e, const uint8_t *bytes)
{
	return e->enumeration ? 1 : e->size - is_text(bytes, e->size);
}

/* How many bytes of the member change the JSON when they change; *@wrong: how many are not read so. */
static size_t kept_bytes(const struct reset_case *c, uint8_t *bytes, size_t at, size_t size,
			 uint8_t mask, unsigned int *wrong, unsigned int *refused)
{
	char *before = case_text(c), *after;
	size_t i, kept = 0;

	for (i = 0; i < size; i++) {
		bytes[i] ^= mask;
		after = case_text(c);
		if (strcmp(before, after)) {
			kept++;
			*wrong += !is_read(after, at + i, bytes[i], refused);
		}
		free(after);
		bytes[i] ^= mask;
	}
	free(before);
	return kept;
}

/* A part of a case, which begins at @at in the case (an account: behind it). */
static void test_part_of_case(const char *type, const struct reset_case *c, void *part, size_t at,
			      const char *const *unkept)
{
	unsigned int i, n = 0, bytes = 0, wrong = 0, was_wrong, refused = 0;
	static struct members m;

	members_find(type, &m);
	if (!m.n) {
		test_skip("each member of struct %s is kept: no debug information", type);
		return;
	}
	for (i = 0; i < m.n; i++) {
		const struct member_at *e = &m.at[i];
		size_t kept, want = is_listed(unkept, e->name) ?
					    0 :
					    sizeof_value(e, (uint8_t *)part + e->offset);

		if (is_listed(links, e->name))
			continue;
		was_wrong = wrong;
		kept = kept_bytes(c, (uint8_t *)part + e->offset, at + e->offset,
				  sizeof_value(e, (uint8_t *)part + e->offset),
				  strstr(e->name, "family") ? AF_INET ^ AF_INET6 : 1, &wrong,
				  &refused);
		if (wrong != was_wrong)
			printf("#   struct %s: '%s' is not read as it was\n", type, e->name);
		n += kept == want;
		bytes += (unsigned int)kept;
		if (kept != want)
			check_int(kept, want, "struct %s: '%s' is %s", type, e->name,
				  want ? "kept" : "not kept, as the list here says");
	}
	check(n > 10, "struct %s: %u members are kept, or known not to be", type, n);
	check_int(wrong, 0, "... and what is kept is read as it was");
	check_int(refused, 0, "... none of %u changes is refused", bytes);
}

static void test_members(void)
{
	struct kernel_event accounts[3] = { full_account(), full_account(), full_account() };
	struct reset_case c = full_case(accounts);

	test_part_of_case("observed", &c, &c.seen, offsetof(struct reset_case, seen), unkept_seen);
	test_part_of_case("looked_up", &c, &c.asked, offsetof(struct reset_case, asked),
			  unkept_asked);
	test_part_of_case("kernel_event", &c, &accounts[0], sizeof(c), unkept_account);
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
	test_members();
	test_refusals();
	test_too_long_list();
	return test_done();
}
