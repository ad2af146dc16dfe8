// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_sink.c - text for people and JSON for programs, on any file.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "scene.h"
#include "report/sink.h"

#define SCENE_STACK "tcp_send_active_reset tcp_disconnect __tcp_close tcp_close inet_release"

static const struct scene scenes[] = {
	{ .name = "a passive reset",
	  .call = CALL_PASSIVE,
	  .seg = "PA",
	  .seg_len = 10,
	  .history = "<S >SA <A",
	  .mark = NO_ENTRY,
	  .map = DNAT_DUE,
	  .reported = true,
	  .reason = "NO_SOCKET",
	  .stack = "tcp_v4_send_reset tcp_v4_rcv ip_protocol_deliver_rcu" },
	{ .name = "an active reset",
	  .call = CALL_ACTIVE,
	  .state = TCP_CLOSE,
	  .flags = SOCK_LINGER,
	  .stack = SCENE_STACK },
	{ .name = "an unknown one", .place = NOWHERE, .views = 1u << 31 },
	{ .name = "a reset that came in", .place = IN, .asked = true, .history = "<S >SA <A" },
};

static struct reset_case classified(const struct scene *s, uint8_t af)
{
	struct reset_case c = scene_build(s, af);

	classify(&c);
	c.asked.owner = (struct owner){ .known = true, .pid = 42, .comm = "nginx" };
	return c;
}

static char *emitted(const char *sink, const struct reset_case *c, const struct report_context *ctx,
		     int *ret_err)
{
	char *text = NULL;
	struct sink s;
	size_t size;
	FILE *out;

	out = open_memstream(&text, &size);
	*ret_err = sink_open(&s, sink, out);
	if (!*ret_err)
		*ret_err = s.ops->emit(&s, c, ctx);
	fclose(out);
	return text;
}

static void test_open(void)
{
	struct sink s;

	check_int(sink_open(&s, "text", stdout), 0, "there is a sink for people");
	check_int(sink_open(&s, "json", stdout), 0, "there is a sink for programs");
	check_int(sink_open(&s, "yaml", stdout), -EINVAL, "a sink that does not exist is refused");
	check_int(sink_open(&s, "", stdout), -EINVAL, "a sink without a name is refused");
}

static unsigned int columns(const char *s, size_t len)
{
	unsigned int n = 0;

	for (; len--; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

/* A line that is too long and could have been broken. The first is one line by design. */
static char *long_line(const char *text)
{
	const char *line, *end;

	for (line = strchr(text, '\n') + 1; *line; line = end + 1) {
		const char *word = line + strspn(line, " ");

		end = strchr(line, '\n');
		if (!end)
			break;
		/* A label and one word: nothing to break. */
		if (word - line == 2 && columns(line, (size_t)(end - line)) > 10)
			word = line + 10;
		if (columns(line, (size_t)(end - line)) > 80 &&
		    memchr(word, ' ', (size_t)(end - word)))
			return strndup(line, (size_t)(end - line));
	}
	return NULL;
}

static void test_text(const struct scene *s, const struct family *f)
{
	struct reset_case c = classified(s, f->af);
	char *text, *wide;
	int err;

	text = emitted("text", &c, &sample_context, &err);
	check_int(err, 0, "%s is written as text (%s)", s->name, f->name);
	wide = long_line(text);
	check_str(wide, NULL, "... within 80 columns (%s)", f->name);
	free(wide);
	check_lacks(text, "\033", "... without colour on what is no terminal (%s)", f->name);
	check_has(text, c.diagnosis.cause->id, "... with its cause (%s)", f->name);
	check_has(text, f->af == AF_INET ? "192.0.2.1" : "2001:db8::1", "... with its source (%s)",
		  f->name);
	check_has(text, "nginx[42]", "... with its owner (%s)", f->name);
	check(text[0] && !strcmp(text + strlen(text) - 2, "\n\n"),
	      "... and an empty line behind it");
	check_lacks(text, "{", "... and no raw placeholder (%s)", f->name);
	free(text);
}

static void test_stack(void)
{
	struct report_context ctx = sample_context;
	struct reset_case c = classified(&scenes[0], AF_INET);
	char *text;
	int err;

	ctx.source_line = one_source_line;
	text = emitted("text", &c, &ctx, &err);
	check_has(text,
		  "  stack      tcp_v4_send_reset+0x11/0x80\n"
		  "             tcp_v4_rcv+0x12/0x80 net/ipv4/tcp_ipv4.c:2155\n"
		  "             ip_protocol_deliver_rcu+0x13/0x80\n",
		  "the stack is one frame a line, with what is known of it");
	free(text);
	own_account(&c.seen.kernel)->stack_len = 0;
	text = emitted("text", &c, &ctx, &err);
	check_lacks(text, "  stack ", "without a stack there is no such line");
	free(text);
}

static void test_all_causes(void)
{
	size_t i, bad = 0;

	for (i = 0; i < n_causes; i++) {
		struct reset_case c = classified(&scenes[0], AF_INET6);
		char *text, *wide;
		int err;

		c.diagnosis.cause = &causes[i];
		text = emitted("text", &c, &sample_context, &err);
		wide = long_line(text);
		if (err || wide || strchr(text, '{')) {
			printf("#   %s: %s\n", causes[i].id, wide ? wide : "raw placeholder");
			bad++;
		}
		free(wide);
		free(text);
	}
	check_int(bad, 0, "title and advice of every cause fit into 80 columns, with details");
}

static void test_long_words(void)
{
	struct reset_case c = classified(&scenes[0], AF_INET);
	char *text, *wide;
	int err;

	memset(c.asked.owner.cgroup, 'x', 300);
	c.asked.owner.pid = 0;
	own_account(&c.seen.kernel)->stack_len = CASE_STACK_MAX;
	text = emitted("text", &c, &sample_context, &err);
	wide = long_line(text);
	check_str(wide, NULL, "a word that is too long stands alone on its line");
	free(wide);
	free(text);
	c.asked.owner = (struct owner){ .known = true, .pid = 7, .comm = "sh" };
	memset(c.asked.owner.container, 'a', 64);
	text = emitted("text", &c, &sample_context, &err);
	check_has(text, "container aaaaaaaaaaaa\n", "a container is named by twelve digits");
	free(text);
}

static void test_json(const struct scene *s, const struct family *f)
{
	struct reset_case c = classified(s, f->af);
	json_error_t why;
	json_t *doc;
	char *text;
	int err;

	text = emitted("json", &c, &sample_context, &err);
	check_int(err, 0, "%s is written as JSON (%s)", s->name, f->name);
	check(strchr(text, '\n') == text + strlen(text) - 1, "... on one line (%s)", f->name);
	doc = json_loads(text, JSON_REJECT_DUPLICATES, &why);
	check(doc, "... that parses (%s)", f->name);
	json_decref(doc);
	free(text);
}

static const char hostile[] = "a\033[31mb\rc\nd\x7f\x9b\xff\xc3\xa9";

static const char *hostile_ifname(void *ctx, uint32_t ifindex)
{
	(void)ctx;
	(void)ifindex;
	return hostile;
}

static bool is_tame(const char *s)
{
	for (; *s; s++) {
		unsigned char ch = (unsigned char)*s;

		/* The arrow, the micro sign and the space before it are ours. */
		if (!strncmp(s, "→", 3))
			s += 2;
		else if (!strncmp(s, "µ", 2) || !strncmp(s, "\u00a0", 2))
			s++;
		else if ((ch < ' ' && ch != '\n') || ch > '~')
			return false;
	}
	return true;
}

static void test_hostile(void)
{
	struct report_context ctx = sample_context;
	struct reset_case c = classified(&scenes[0], AF_INET);
	unsigned int lines = 0, want = 0;
	char *text, *p;
	json_t *doc;
	int err;

	text = emitted("text", &c, &ctx, &err);
	for (p = text; *p; p++)
		want += *p == '\n';
	free(text);
	ctx.ifname = hostile_ifname;
	ctx.host = hostile;
	strcpy(c.asked.ct.why, hostile);
	strcpy(own_account(&c.seen.kernel)->ct.why, hostile);
	memcpy(own_account(&c.seen.kernel)->comm, hostile, 15);
	strcpy(c.asked.owner.comm, hostile);
	strcpy(c.asked.owner.cgroup, hostile);
	text = emitted("text", &c, &ctx, &err);
	if (!check(is_tame(text), "hostile names bring no control character into the text"))
		test_value("got  \"", text);
	for (p = text; *p; p++)
		lines += *p == '\n';
	check(lines >= want && lines <= want + 6, "... and no lines of their own");
	free(text);
	text = emitted("json", &c, &ctx, &err);
	doc = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	check(doc, "hostile names still give JSON that parses");
	for (p = text; *p && ((unsigned char)*p >= ' ' || !p[1]); p++)
		;
	check(!*p, "... without a control character in it");
	json_decref(doc);
	free(text);
}

static void test_full_disk(const char *name)
{
	struct reset_case c = classified(&scenes[0], AF_INET);
	FILE *out = fopen("/dev/full", "w");
	struct sink s;

	if (!out) {
		test_skip("%s reports a full disk: no /dev/full here", name);
		return;
	}
	sink_open(&s, name, out);
	check_int(s.ops->emit(&s, &c, &sample_context), -ENOSPC, "%s reports a full disk", name);
	check(s.ops->emit(&s, &c, &sample_context) < 0, "... and does so again");
	fclose(out);
}

static void test_closed_pipe(const char *name)
{
	struct reset_case c = classified(&scenes[0], AF_INET);
	struct sink s;
	int fds[2];
	FILE *out;

	if (pipe(fds))
		return;
	close(fds[0]);
	out = fdopen(fds[1], "w");
	sink_open(&s, name, out);
	check_int(s.ops->emit(&s, &c, &sample_context), -EPIPE,
		  "%s reports that nobody reads any more", name);
	fclose(out);
}

static void test_colour(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	struct sink s;
	FILE *out;

	if (master < 0 || grantpt(master) || unlockpt(master)) {
		test_skip("a terminal gets colour: no terminal to be had");
		return;
	}
	out = fopen(ptsname(master), "w");
	if (!out) {
		test_skip("a terminal gets colour: no terminal to be had");
		close(master);
		return;
	}
	unsetenv("NO_COLOR");
	sink_open(&s, "text", out);
	check(s.colour, "a terminal gets colour");
	setenv("NO_COLOR", "1", 1);
	sink_open(&s, "text", out);
	check(!s.colour, "NO_COLOR takes it away");
	unsetenv("NO_COLOR");
	fclose(out);
	close(master);
}

static void test_painted(void)
{
	struct reset_case c = classified(&scenes[0], AF_INET);
	struct sink s = { .ops = &sink_text, .colour = true };
	char *text = NULL;
	size_t size;

	s.out = open_memstream(&text, &size);
	s.ops->emit(&s, &c, &sample_context);
	fclose(s.out);
	check_has(text, "\033[1;31m", "a certain cause stands out in colour");
	check_has(text, "\033[0m", "... and the colour ends");
	free(text);
}

int main(void)
{
	const struct family *f;
	size_t i;

	/* As watch does: a reader that goes away is an error, not the end. */
	sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	test_open();
	for_each_family(f) for (i = 0; i < ARRAY_SIZE(scenes); i++)
	{
		test_text(&scenes[i], f);
		test_json(&scenes[i], f);
	}
	test_stack();
	test_all_causes();
	test_long_words();
	test_hostile();
	test_full_disk("text");
	test_full_disk("json");
	test_closed_pipe("text");
	test_closed_pipe("json");
	test_colour();
	test_painted();
	return test_done();
}
