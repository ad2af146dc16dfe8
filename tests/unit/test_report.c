// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_report_json.c - the JSON document: every field of the contract, and valid for any input.
 */
#include <stdlib.h>

#include "report/report_json.h"
#include "json.h"
#include "scene.h"

static const struct scene scenes[] = {
	{ .name = "a passive reset with all details",
	  .call = CALL_PASSIVE,
	  .seg = "PA",
	  .seg_len = 10,
	  .history = "<S >SA <A",
	  .mark = NO_ENTRY,
	  .map = DNAT_DUE,
	  .reported = true,
	  .reason = "NO_SOCKET",
	  .stack = "tcp_v4_send_reset tcp_v4_rcv ? net_rx_action" },
	{ .name = "an active reset with its socket",
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .flags = SOCK_LINGER,
	  .unread_known = true,
	  .stack = "tcp_send_active_reset tcp_disconnect __tcp_close do_syscall_64" },
	{ .name = "a remnant of a connection",
	  .call = CALL_PASSIVE,
	  .state = TCP_TIME_WAIT,
	  .substate = TCP_FIN_WAIT2,
	  .seg = "PA",
	  .seg_len = 1 },
	{ .name = "a REJECT", .call = CALL_REJECT, .seg = "S" },
	{ .name = "a reset that came in", .place = IN, .asked = true, .history = "<S >SA <A" },
	{ .name = "a reset of which nothing is known", .place = NOWHERE, .views = 1u << 31 },
	{ .name = "a reset while events were lost", .lost_events = 3, .lost_packets = 4 },
	{ .name = "a reset in a storm", .hurried = true },
};

/* type: any of "s" string, "i" integer, "r" number, "a" array, "b" boolean, "o" object, "0" null */
struct field {
	const char *path;
	const char *type;
};

static const struct field fields[] = {
	{ "v", "i" },
	{ "ts", "s" },
	{ "host", "s" },
	{ "if", "s" },
	{ "hook", "s" },
	{ "origin", "s" },
	{ "type", "s" },
	{ "cause", "s" },
	{ "confidence", "s" },
	{ "candidates", "a" },
	{ "ruled_out", "a" },
	{ "title", "s" },
	{ "evidence", "a" },
	{ "advice", "a" },
	{ "rst", "o" },
	{ "rst.src", "s" },
	{ "rst.sport", "i" },
	{ "rst.dst", "s" },
	{ "rst.dport", "i" },
	{ "rst.seq", "i" },
	{ "rst.ack", "i" },
	{ "rst.flags", "s" },
	{ "rst.ttl", "i" },
	{ "rst.ipid", "i" },
	{ "rst.len", "i" },
	{ "answers", "o0" },
	{ "kernel", "o" },
	{ "kernel.view", "s" },
	{ "kernel.function", "s0" },
	{ "kernel.reason", "s0" },
	{ "kernel.lookup", "s" },
	{ "kernel.sk", "o0" },
	{ "kernel.skb", "o0" },
	{ "kernel.conntrack", "o" },
	{ "kernel.conntrack.state", "s" },
	{ "kernel.conntrack.why", "s0" },
	{ "kernel.conntrack.orig", "o0" },
	{ "kernel.conntrack.reply", "o0" },
	{ "kernel.conntrack.nat", "a" },
	{ "kernel.race", "o0" },
	{ "kernel.stack", "a" },
	{ "kernel.stack_lines", "a0" },
	{ "owner", "o0" },
	{ "history", "a" },
	{ "lost", "o" },
	{ "lost.events", "i" },
	{ "lost.packets", "i" },
	{ "lost.hurried", "b" },
	{ "incident", "o0" },
};

static const struct field answer_fields[] = {
	{ "src", "s" }, { "sport", "i" }, { "dst", "s" }, { "dport", "i" },    { "seq", "i" },
	{ "ack", "i" }, { "flags", "s" }, { "ttl", "i" }, { "ipid", "i" },     { "len", "i" },
	{ "ts", "s" },	{ "cpu", "i" },	  { "if", "s" },  { "delta_us", "r" },
};

static json_t *at(json_t *doc, const char *path)
{
	char name[64];

	while (doc && *path) {
		size_t len = strcspn(path, ".");

		snprintf(name, sizeof(name), "%.*s", (int)len, path);
		doc = json_object_get(doc, name);
		path += len + (path[len] == '.');
	}
	return doc;
}

static bool has_type(const json_t *v, const char *types)
{
	for (; v && *types; types++)
		if ((*types == 's' && json_is_string(v)) || (*types == 'i' && json_is_integer(v)) ||
		    (*types == 'r' && json_is_number(v)) || (*types == 'a' && json_is_array(v)) ||
		    (*types == 'o' && json_is_object(v)) || (*types == 'b' && json_is_boolean(v)) ||
		    (*types == '0' && json_is_null(v)))
			return true;
	return false;
}

/* The first field that is missing or of another type; NULL: all are right. */
static const char *wrong_field(json_t *doc, const struct field *f, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!has_type(at(doc, f[i].path), f[i].type))
			return f[i].path;
	return NULL;
}

/* As a reader gets it: through text, and through the strict parser. */
static json_t *document(const struct reset_case *c, const struct report_context *ctx)
{
	return parsed(report_text(c, ctx));
}

static void test_fields(const struct scene *s, const struct family *f)
{
	struct reset_case c = scene_build(s, f->af);
	json_t *doc, *a;

	classify(&c);
	doc = document(&c, &sample_context);
	if (!check(doc, "%s is JSON (%s)", s->name, f->name))
		return;
	check_str(wrong_field(doc, fields, ARRAY_SIZE(fields)), NULL,
		  "... and has every field of the contract");
	a = json_object_get(doc, "answers");
	if (json_is_object(a))
		check_str(wrong_field(a, answer_fields, ARRAY_SIZE(answer_fields)), NULL,
			  "... and so has the segment that it answers");
	json_decref(doc);
}

static bool is_one_of(const char *s, const char *const *words, size_t n)
{
	while (s && n--)
		if (!strcmp(s, words[n]))
			return true;
	return false;
}

#define check_word(doc, path, words)                                                 \
	check(is_one_of(json_string_value(at(doc, path)), words, ARRAY_SIZE(words)), \
	      "%s is a word of the contract", path)

static void test_words(const struct scene *s)
{
	static const char *const hooks[] = { "xdp", "tc-ingress", "tc-egress", "pcap" };
	static const char *const origins[] = { "local", "forwarded", "remote", "unknown" };
	static const char *const types[] = { "active", "passive", "netfilter", "unknown" };
	static const char *const confidences[] = { "certain", "likely", "possible", "none" };
	static const char *const lookups[] = { "none",	      "listener", "request",
					       "established", "timewait", "other" };
	static const char *const states[] = { "INVALID", "NEW",	      "ESTABLISHED",
					      "RELATED", "UNTRACKED", "none" };
	struct reset_case c = scene_build(s, AF_INET);
	json_t *doc;

	classify(&c);
	doc = document(&c, &sample_context);
	check_word(doc, "hook", hooks);
	check_word(doc, "origin", origins);
	check_word(doc, "type", types);
	check_word(doc, "confidence", confidences);
	check_word(doc, "kernel.lookup", lookups);
	check_word(doc, "kernel.conntrack.state", states);
	json_decref(doc);
}

static void test_values(const struct family *f)
{
	struct reset_case c = scene_build(&scenes[0], f->af);
	struct report_context ctx = sample_context;
	json_t *doc, *v;

	c.seen.rst.seq = 0xffffffff;
	c.seen.answers.cpu = 3;
	c.asked.owner = (struct owner){ .known = true, .pid = 42, .comm = "nginx" };
	classify(&c);
	/* 2024-02-29 12:34:56.000000789 */
	ctx.wall_offset_ns = 1709210096000000789ll - (int64_t)c.seen.rst.ts_ns;
	doc = document(&c, &ctx);
	check_int(json_integer_value(at(doc, "v")), 1, "the schema is version 1 (%s)", f->name);
	check_str(json_string_value(at(doc, "ts")), "2024-02-29T12:34:56.000000789Z",
		  "the time is RFC 3339 with nanoseconds (%s)", f->name);
	check_str(json_string_value(at(doc, "host")), "lab", "the host is named (%s)", f->name);
	check_str(json_string_value(at(doc, "if")), "eth2", "the interface is named (%s)", f->name);
	check_int(json_integer_value(at(doc, "rst.seq")), 0xffffffffll,
		  "a sequence number is never negative (%s)", f->name);
	check_str(json_string_value(at(doc, "rst.src")),
		  f->af == AF_INET ? "192.0.2.1" : "2001:db8::1", "the source is written (%s)",
		  f->name);
	check_int(json_integer_value(at(doc, "rst.dport")), 40000, "the port is a number (%s)",
		  f->name);
	check(json_real_value(at(doc, "answers.delta_us")) == 97000.0,
	      "the answered segment came so many microseconds before (%s)", f->name);
	check_int(json_array_size(at(doc, "history")), 4, "the whole history is there (%s)",
		  f->name);
	check_int(json_array_size(at(doc, "kernel.stack")), 4, "the whole stack is there (%s)",
		  f->name);
	v = json_array_get(at(doc, "kernel.stack"), 1);
	check_str(json_string_value(v), "tcp_v4_rcv+0x12/0x80",
		  "a frame is written as the kernel does (%s)", f->name);
	v = json_array_get(at(doc, "kernel.stack"), 2);
	check_str(json_string_value(v), "?", "a frame without a name keeps its place (%s)",
		  f->name);
	check_str(json_string_value(json_array_get(at(doc, "kernel.conntrack.nat"), 0)), "dnat",
		  "the NAT is named (%s)", f->name);
	check_int(json_integer_value(at(doc, "owner.pid")), 42, "the owner has its pid (%s)",
		  f->name);
	check(json_is_null(at(doc, "owner.container")), "an owner without container says so (%s)",
	      f->name);
	check(json_array_size(at(doc, "evidence")) > 0, "there is evidence (%s)", f->name);
	json_decref(doc);
}

static void test_advice(void)
{
	size_t i, k, bad = 0, n = 0;

	for (i = 0; i < n_causes; i++) {
		struct reset_case c = scene_build(&scenes[0], AF_INET);
		json_t *doc, *list, *a;

		classify(&c);
		c.diagnosis.cause = &causes[i];
		doc = document(&c, &sample_context);
		list = at(doc, "advice");
		json_array_foreach(list, k, a)
		{
			static const struct field want[] = { { "do", "s" },
							     { "price", "s" },
							     { "undo", "s" } };

			n++;
			bad += wrong_field(a, want, 3) ||
			       strchr(json_string_value(json_object_get(a, "do")), '{');
		}
		bad += !doc;
		json_decref(doc);
	}
	check(n > 0 && !bad, "every advice has do, price and undo, with their details filled in");
}

static void test_reasons_against(void)
{
	struct reset_case c = scene_build(&scenes[1], AF_INET);
	json_t *doc, *list, *r;
	size_t i, bad = 0;

	classify(&c);
	doc = document(&c, &sample_context);
	list = at(doc, "ruled_out");
	json_array_foreach(list, i, r)
	{
		const char *id = json_string_value(json_object_get(r, "cause"));
		const char *because = json_string_value(json_object_get(r, "because"));

		bad += !id || !cause_find(id) || !because || !*because || strchr(because, '{');
	}
	check(json_array_size(list) > 0 && !bad, "what is ruled out says by what");
	json_decref(doc);
}

static const char hostile[] = "a\033[31m\"b\r\nc\\\x7f\x9b\xff\xc3\xa9\xed\xa0\x80";

static void test_stack_lines(const struct family *f)
{
	struct report_context ctx = sample_context;
	struct reset_case c = scene_build(&scenes[0], f->af);
	json_t *doc, *lines;

	classify(&c);
	doc = document(&c, &ctx);
	check(json_is_null(at(doc, "kernel.stack_lines")), "without debug symbols no line (%s)",
	      f->name);
	json_decref(doc);
	ctx.source_line = one_source_line;
	doc = document(&c, &ctx);
	lines = at(doc, "kernel.stack_lines");
	check_int(json_array_size(lines), c.seen.kernel->stack_len, "each frame has its place (%s)",
		  f->name);
	check_str(json_string_value(json_array_get(lines, 1)), "net/ipv4/tcp_ipv4.c:2155",
		  "... a line is that of its frame (%s)", f->name);
	check(json_is_null(json_array_get(lines, 0)), "... and what has none is null (%s)",
	      f->name);
	json_decref(doc);
}

static const char *hostile_source_line(void *ctx, const struct frame *f)
{
	(void)ctx;
	(void)f;
	return hostile;
}

static const char *hostile_ifname(void *ctx, uint32_t ifindex)
{
	(void)ctx;
	(void)ifindex;
	return hostile;
}

static void test_hostile(void)
{
	struct report_context ctx = sample_context;
	struct reset_case c = scene_build(&scenes[0], AF_INET6);
	size_t frames;
	json_t *doc;

	ctx.host = hostile;
	ctx.ifname = hostile_ifname;
	strcpy(c.asked.ct.why, hostile);
	strcpy(own_account(&c.seen.kernel)->ct.why, hostile);
	memcpy(own_account(&c.seen.kernel)->comm, hostile, 15);
	c.asked.owner = (struct owner){ .known = true, .pid = 1 };
	strcpy(c.asked.owner.comm, hostile);
	strcpy(c.asked.owner.cgroup, hostile);
	strcpy(c.asked.owner.container, hostile);
	classify(&c);
	doc = document(&c, &ctx);
	if (!check(doc, "hostile names still give valid UTF-8 and JSON"))
		return;
	check_str(wrong_field(doc, fields, ARRAY_SIZE(fields)), NULL, "... with every field");
	check(json_is_string(at(doc, "owner.comm")) && json_is_string(at(doc, "owner.cgroup")),
	      "... and the owner's names are there");
	json_decref(doc);

	frames = c.seen.kernel->stack_len;
	strcpy(own_account(&c.seen.kernel)->reason, hostile);
	own_account(&c.seen.kernel)->stack[1].name = hostile;
	own_account(&c.seen.kernel)->stack[1].module = hostile;
	ctx.source_line = hostile_source_line;
	doc = document(&c, &ctx);
	check(doc && has_type(at(doc, "kernel.reason"), "s"),
	      "a hostile reason of a recording is text");
	check_int(json_array_size(at(doc, "kernel.stack")), frames,
		  "a hostile symbol of a recording keeps its place");
	check_int(json_array_size(at(doc, "kernel.stack_lines")), frames,
		  "... and so does a hostile line");
	json_decref(doc);
}

static bool has_line(struct report_lines lines, const char *part)
{
	bool found = false;
	size_t i;

	for (i = 0; i < lines.n; i++)
		found |= !!strstr(lines.line[i], part);
	report_lines_free(&lines);
	return found;
}

static const struct scene in_a_storm = { .name = "a reset in a storm", .hurried = true };

static void test_lines(void)
{
	struct reset_case c = scene_build(&scenes[6], AF_INET);
	struct report_lines lines;
	size_t i, k, twice = 0;

	classify(&c);
	check(has_line(report_evidence(&c, &sample_context, true), "3 events were lost"),
	      "lost events are part of the evidence");
	c = scene_build(&scenes[0], AF_INET);
	classify(&c);
	check(!has_line(report_evidence(&c, &sample_context, true), "lost"),
	      "none lost, none told");
	check(!has_line(report_evidence(&c, &sample_context, true), "too many"),
	      "looked up, and nothing told of it");
	lines = report_missing(&c, &sample_context);
	check_int(lines.n, 0, "what is certain misses nothing");
	report_lines_free(&lines);
	check(!lines.n, "freed lines are empty");
	c = scene_build(&scenes[5], AF_INET);
	classify(&c);
	lines = report_missing(&c, &sample_context);
	for (i = 0; i < lines.n; i++)
		for (k = 0; k < i; k++)
			twice += !strcmp(lines.line[i], lines.line[k]);
	check(lines.n > 0 && !twice, "what is unknown says what is missing, each once");
	report_lines_free(&lines);
	/* The ways of "forged" that need a capture cannot be open on a live host. */
	c.diagnosis.candidates[0] = cause_find("forged");
	c.diagnosis.n_candidates = 1;
	c.diagnosis.facts_yes = 0;
	c.diagnosis.facts_no = FACT(CAPTURE);
	check(has_line(report_missing(&c, &sample_context), "whether the peer sent it"),
	      "what a live host could still see is missing");
	check(!has_line(report_missing(&c, &sample_context), "capture"),
	      "what only a capture could say is not");
	c.diagnosis.facts_no = 0;
	check(has_line(report_missing(&c, &sample_context), "a capture"),
	      "... unless there may be one");
	c = scene_build(&in_a_storm, AF_INET);
	classify(&c);
	check(has_line(report_evidence(&c, &sample_context, true), "too many resets"),
	      "what was not looked up is said");
}

static void test_times(void)
{
	static const struct {
		const char *name;
		uint64_t ts_ns;
		int64_t offset;
		const char *want;
	} rows[] = {
		{ "the epoch", 0, 0, "1970-01-01T00:00:00.000000000Z" },
		{ "nanoseconds keep their zeros", 1, 0, "1970-01-01T00:00:00.000000001Z" },
		{ "a clock that was set back", 5000000000u, -4000000000,
		  "1970-01-01T00:00:01.000000000Z" },
		{ "the last day of a century", 0, 946684799999999999,
		  "1999-12-31T23:59:59.999999999Z" },
	};
	struct report_context ctx = sample_context;
	char buf[40];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		ctx.wall_offset_ns = rows[i].offset;
		format_time(buf, sizeof(buf), rows[i].ts_ns, &ctx);
		check_str(buf, rows[i].want, "%s is written", rows[i].name);
	}
	format_time(buf, sizeof(buf), UINT64_MAX, &ctx);
	check(strlen(buf) < sizeof(buf), "a time beyond all reason does no harm");
}

int main(void)
{
	const struct family *f;
	size_t i;

	for_each_family(f) for (i = 0; i < ARRAY_SIZE(scenes); i++) test_fields(&scenes[i], f);
	for (i = 0; i < ARRAY_SIZE(scenes); i++)
		test_words(&scenes[i]);
	for_each_family(f) test_values(f);
	for_each_family(f) test_stack_lines(f);
	test_advice();
	test_reasons_against();
	test_hostile();
	test_lines();
	test_times();
	return test_done();
}
