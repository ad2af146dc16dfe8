// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_template.c - sentences, and that nothing hostile gets through them.
 */
#include <stdlib.h>

#include "scene.h"

static struct reset_case classified(const struct scene *s, uint8_t af)
{
	struct reset_case c = scene_build(s, af);

	classify(&c);
	return c;
}

static void test_templates(void)
{
	static const struct {
		const char *name;
		const char *template;
		bool known;
		const char *want;
	} rows[] = {
		{ "a text without placeholders stays", "plain", true, "plain" },
		{ "an empty text stays empty", "", true, "" },
		{ "a placeholder at both ends is found", "{rst.if}x{rst.if}", true, "eth2xeth2" },
		{ "a brace that is not closed is text", "a { b", true, "a { b" },
		{ "a brace that is not opened is text", "a } b", true, "a } b" },
		{ "a name that does not exist is not known", "a {nothing} b", false, "a  b" },
		{ "an empty name is not known", "{}", false, "" },
		{ "a name that only begins like one is not known", "{rst.ifx}", false, "" },
		{ "a name that is only the beginning of one is not known", "{rst.i}", false, "" },
		{ "a percent sign is no format", "100%s %n {rst.if}", true, "100%s %n eth2" },
	};
	static const struct scene out = { .place = OUT };
	struct reset_case c = classified(&out, AF_INET);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		char *got = template_expand(rows[i].template, &c, &sample_context);

		check_int(template_is_known(rows[i].template), rows[i].known, "%s", rows[i].name);
		check_str(got, rows[i].want, "... and is written so");
		free(got);
	}
}

static const struct scene data = {
	.call = CALL_PASSIVE,
	.seg = "PA",
	.seg_len = 10,
	.mark = NO_ENTRY,
	.map = DNAT_DUE,
	.reported = true,
	.reason = "NO_SOCKET",
	.stack = "bpf_prog tcp_v4_send_reset tcp_v4_rcv ? a b c d",
};

static void test_details(void)
{
	static const struct {
		const char *template;
		const char *want[2]; /* IPv4, IPv6 */
	} rows[] = {
		{ "{rst.src}", { "192.0.2.1", "2001:db8::1" } },
		{ "{rst.dst}", { "192.0.2.2", "2001:db8::2" } },
		{ "{seg}",
		  { "192.0.2.2:40000 → 192.0.2.1:80", "[2001:db8::2]:40000 → [2001:db8::1]:80" } },
		{ "{seg.src}", { "192.0.2.2", "2001:db8::2" } },
		{ "{seg.dport}", { "80", "80" } },
		{ "{seg.flags}", { "PSH ACK", "PSH ACK" } },
		{ "{call}", { "tcp_v4_send_reset()", "tcp_v6_send_reset()" } },
		{ "{reason}",
		  { " (the kernel's reason: NO_SOCKET)", " (the kernel's reason: NO_SOCKET)" } },
		{ "{reason.name}", { "NO_SOCKET", "NO_SOCKET" } },
		{ "{lookup}", { "none", "none" } },
		{ "{stack}",
		  { "tcp_v4_send_reset < tcp_v4_rcv < ? < a < b",
		    "tcp_v4_send_reset < tcp_v4_rcv < ? < a < b" } },
		{ "{ct.why}", { "SEQ is over upper bound", "SEQ is over upper bound" } },
		{ "{ct.from}", { "192.0.2.1:80", "[2001:db8::1]:80" } },
		{ "{ct.to}", { "192.0.2.1:8080", "[2001:db8::1]:8080" } },
	};
	size_t i, f;

	for (f = 0; f < ARRAY_SIZE(families); f++) {
		struct reset_case c = classified(&data, families[f].af);

		for (i = 0; i < ARRAY_SIZE(rows); i++) {
			char *got = template_expand(rows[i].template, &c, &sample_context);

			check_str(got, rows[i].want[f], "%s is written (%s)", rows[i].template,
				  families[f].name);
			free(got);
		}
	}
}

/* The way back of a masqueraded flow: the mapping of the segment's own direction. */
static void test_reply_mapping(const struct family *f)
{
	struct scene s = data;
	struct reset_case c;
	char *got;

	s.map = SNAT_REPLY_DUE;
	c = classified(&s, f->af);
	got = template_expand("{ct.from} to {ct.to}", &c, &sample_context);
	check_str(got,
		  f->af == AF_INET ? "192.0.2.1:80 to 192.0.2.3:5555" :
				     "[2001:db8::1]:80 to [2001:db8::3]:5555",
		  "a reply is mapped back to the inner address (%s)", f->name);
	free(got);
}

/* The answered segment crossed two interfaces, among others of its flow. */
static void test_path(void)
{
	struct reset_case c;
	char *got;

	case_init(&c);
	c.seen.answer_match = ANSWER_EXACT;
	c.asked.n_history = 3;
	c.seen.answers = (struct packet){ .seq = 7, .len = 10, .flags = FLAG_PSH | FLAG_ACK };
	c.asked.history[0] = c.asked.history[1] = c.asked.history[2] = c.seen.answers;
	c.asked.history[0].hook = HOOK_TC_INGRESS;
	c.asked.history[0].ifindex = 1;
	c.asked.history[1].seq = 17;
	c.asked.history[2].hook = HOOK_TC_EGRESS;
	c.asked.history[2].ifindex = 2;
	got = template_expand("{seg}{seg.path}", &c, &sample_context);
	check(got && strstr(got, "in on eth1") && strstr(strstr(got, "in on eth1"), "out on eth2"),
	      "a segment's way through a gateway is written");
	free(got);
}

static void test_unseen(void)
{
	static const char *const templates[] = {
		"{seg}",   "{seg.flags}",  "{seg.src}", "{seg.dport}", "{call}",     "{stack}",
		"{hook}",  "{reason}",	   "{lookup}",	"{sk}",	       "{sk.local}", "{unread}",
		"{task}",  "{ct.verdict}", "{ct.why}",	"{ct.state}",  "{ct.from}",  "{ct.to}",
		"{in.if}", "{out.if}",	   "{seg.path}"
	};
	struct reset_case c;
	size_t i, bad = 0;

	case_init(&c);
	for (i = 0; i < ARRAY_SIZE(templates); i++) {
		char *got = template_expand(templates[i], &c, &sample_context);

		bad += !got || strstr(got, "(null)");
		free(got);
	}
	check_int(bad, 0, "a case of which nothing is known can be phrased");
}

static void test_names(void)
{
	static const struct {
		uint8_t flags;
		const char *want;
	} rows[] = {
		{ FLAG_SYN, "SYN" },
		{ FLAG_PSH | FLAG_ACK, "PSH ACK" },
		{ FLAG_RST | FLAG_ACK, "RST ACK" },
		{ 0, "no flags" },
		{ 0xc0, "no flags" },
		{ 0xff, "SYN FIN RST PSH ACK" },
	};
	char buf[64];
	size_t i;
	FILE *out;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(buf, 0, sizeof(buf));
		out = fmemopen(buf, sizeof(buf), "w");
		print_flags(out, rows[i].flags);
		fclose(out);
		check_str(buf, rows[i].want, "flags 0x%02x have their names", rows[i].flags);
	}
	check_str(tcp_state_name(1), "ESTABLISHED", "state 1 is ESTABLISHED");
	check_str(tcp_state_name(12), "NEW_SYN_RECV", "state 12 is NEW_SYN_RECV");
	check_str(tcp_state_name(13), "UNKNOWN", "state 13 is not known");
	check_str(tcp_state_name(255), "UNKNOWN", "state 255 is not known");
	check_str(ct_state_name(CT_INVALID), "INVALID", "INVALID has its name");
	check_str(ct_state_name(CT_UNTRACKED), "UNTRACKED", "UNTRACKED has its name");
	check_str(lookup_name(LOOKUP_TIMEWAIT), "timewait", "a look-up has its name");
	check_str(hook_name(HOOK_XDP), "xdp", "XDP has its name");
	check_str(hook_name((enum hook)99), "pcap", "a hook that does not exist has a name");
}

static void test_addresses(void)
{
	static const struct {
		const char *name;
		const char *want;
		uint8_t addr[16];
		uint16_t port;
		uint8_t af;
	} rows[] = {
		{ "IPv4 stands in the last four bytes",
		  "10.1.2.3:0",
		  { [12] = 10, 1, 2, 3 },
		  0,
		  AF_INET },
		{ "IPv6 is bracketed", "[::1]:65535", { [15] = 1 }, 65535, AF_INET6 },
		{ "a mapped address is IPv6",
		  "[::ffff:1.2.3.4]:1",
		  { [10] = 0xff, 0xff, 1, 2, 3, 4 },
		  1,
		  AF_INET6 },
	};
	char buf[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		FILE *out = fmemopen(buf, sizeof(buf), "w");

		print_endpoint(out, rows[i].addr, rows[i].port, rows[i].af);
		fclose(out);
		check_str(buf, rows[i].want, "%s", rows[i].name);
	}
}

static const char hostile[] = "a\033[31mb\rc\nd\te\x7f\x9b"
			      "f\xff\xc3\xa9\\";

static void test_escapes(void)
{
	static const struct {
		const char *name;
		const char *in;
		const char *want;
	} rows[] = {
		{ "printable text stays", "nginx: worker [1]", "nginx: worker [1]" },
		{ "an ANSI sequence is made visible", "\033[31m", "\\x1b[31m" },
		{ "a new line is made visible", "a\nb\r", "a\\x0ab\\x0d" },
		{ "UTF-8 is made visible, byte by byte", "\xc3\xa9", "\\xc3\\xa9" },
		{ "8-bit control characters are made visible", "\x9b", "\\x9b" },
		{ "a backslash cannot pretend to be an escape", "\\x1b", "\\x5cx1b" },
		{ "DEL is made visible", "\x7f", "\\x7f" },
		{ "nothing stays nothing", "", "" },
	};
	char buf[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		FILE *out;

		memset(buf, 0, sizeof(buf));
		out = fmemopen(buf, sizeof(buf), "w");
		print_escaped(out, rows[i].in);
		fclose(out);
		check_str(buf, rows[i].want, "%s", rows[i].name);
	}
}

static const char *hostile_ifname(void *ctx, uint32_t ifindex)
{
	(void)ctx;
	(void)ifindex;
	return hostile;
}

static bool is_tame(const char *s)
{
	for (; s && *s; s++) {
		unsigned char ch = (unsigned char)*s;

		/* The arrow of print_tuple() is ours. */
		if (!strncmp(s, "→", 3))
			s += 2;
		else if (ch < ' ' || ch > '~')
			return false;
	}
	return s;
}

static void test_hostile(void)
{
	static const struct {
		const char *name;
		const char *template;
	} rows[] = {
		{ "an interface's name", "{rst.if} {in.if} {out.if} {seg.path}" },
		{ "a task's name", "{task}" },
		{ "conntrack's words", "{ct.why} {ct.verdict}" },
		{ "a reason's name", "{reason} {reason.name}" },
		{ "a symbol", "{stack}" },
	};
	struct report_context ctx = sample_context;
	struct reset_case c = classified(&data, AF_INET6);
	size_t i;

	ctx.ifname = hostile_ifname;
	strcpy(own_account(&c.seen.kernel)->reason, hostile);
	strcpy(c.asked.ct.why, hostile);
	strcpy(own_account(&c.seen.kernel)->ct.why, hostile);
	memcpy(own_account(&c.seen.kernel)->comm, hostile, 15);
	own_account(&c.seen.kernel)->stack[2].name = hostile;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		char *got = template_expand(rows[i].template, &c, &ctx);

		if (!check(is_tame(got), "%s brings no control character into a sentence",
			   rows[i].name))
			test_value("got  \"", got);
		free(got);
	}
}

static void test_verdicts(void)
{
	static const struct {
		const char *name;
		const char *part;
		bool wanted;
		struct scene scene;
	} rows[] = {
		{ "INVALID with words quotes them",
		  "INVALID: \"SEQ is over upper bound\"",
		  true,
		  { .call = CALL_PASSIVE,
		    .seg = "A",
		    .mark = NO_ENTRY,
		    .map = DNAT_DUE,
		    .reported = true } },
		{ "without an entry nothing is called INVALID",
		  "INVALID",
		  false,
		  { .call = CALL_PASSIVE, .seg = "A", .mark = NO_ENTRY } },
		{ "NOTRACK is not called known to conntrack",
		  "conntrack knew",
		  false,
		  { .call = CALL_PASSIVE, .seg = "A", .mark = NOTRACK } },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct reset_case c = scene_build(&rows[i].scene, AF_INET);
		const char *template;
		char *got;

		if (rows[i].scene.mark == NOTRACK)
			own_account(&c.seen.kernel)->ct.state = CT_UNTRACKED;
		facts_gather(&c);
		template = c.diagnosis.facts_yes &FACT(NOT_TRACKED) ?
				   fact_texts[FACT_NOT_TRACKED].yes :
			   c.diagnosis.facts_no &FACT(NOT_TRACKED) ?
				   fact_texts[FACT_NOT_TRACKED].no :
				   "";
		got = template_expand(template, &c, &sample_context);
		test_part(got, rows[i].part, rows[i].wanted, TEST_WHERE, "%s", rows[i].name);
		free(got);
	}
}

static void test_frames(void)
{
	static const struct {
		const char *name;
		struct frame frame;
		const char *want;
	} rows[] = {
		{ "a function of the kernel",
		  { "tcp_v4_rcv", "", 1, 0x1a0, 0x2f0 },
		  "tcp_v4_rcv+0x1a0/0x2f0" },
		{ "a function's entry", { "tcp_v4_rcv", "", 1, 0, 0x2f0 }, "tcp_v4_rcv+0x0/0x2f0" },
		{ "a function whose size is not known",
		  { "tcp_v4_rcv", "", 1, 0x1a0, 0 },
		  "tcp_v4_rcv+0x1a0" },
		{ "a module's function",
		  { "nf_send_reset", "nf_reject_ipv4", 1, 5, 0x30 },
		  "nf_send_reset+0x5/0x30 [nf_reject_ipv4]" },
		{ "a name of which no more is known", { .name = "tcp_v4_rcv" }, "tcp_v4_rcv" },
		{ "an address without a name", { .addr = 5 }, "?" },
		{ "a hostile symbol", { "a\nb", "c\033", 1, 1, 0 }, "a\\x0ab+0x1 [c\\x1b]" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		char got[80] = "";
		FILE *out = fmemopen(got, sizeof(got), "w");

		print_frame(out, &rows[i].frame);
		fclose(out);
		check_str(got, rows[i].want, "%s is written as the kernel does", rows[i].name);
	}
}

int main(void)
{
	const struct family *f;

	test_templates();
	test_details();
	for_each_family(f) test_reply_mapping(f);
	test_path();
	test_unseen();
	test_names();
	test_addresses();
	test_escapes();
	test_hostile();
	test_verdicts();
	test_frames();
	return test_done();
}
