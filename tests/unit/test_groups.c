// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_groups.c - a storm of resets as a few lines: what is counted, and that it stays short.
 */
#include <stdlib.h>
#include <time.h>

#include "report/document.h"
#include "scene.h"

static const struct scene scene = {
	.place = OUT,
	.call = CALL_ACTIVE,
	.state = TCP_CLOSE,
	.unread = 7,
	.unread_known = true,
	.stack = "tcp_send_active_reset __tcp_close tcp_close",
};

#define HOSTILE "</b>|`*x*_\n\x1b]0;"

/* Reset @i of @n incidents. */
static struct reset_case a_case(unsigned int i, unsigned int n)
{
	struct reset_case c = scene_build(&scene, AF_INET);

	c.seen.rst.ts_ns = T0 + i * MS;
	c.seen.rst.seq = i;
	c.seen.rst.tuple.dport = (uint16_t)(20000 + i % 40000);
	classify(&c);
	c.incident = (struct membership){ .known = true,
					  .role = i < n ? ROLE_FIRST : ROLE_SAME_EXIT,
					  .size = i / n + 1 };
	snprintf(c.incident.id, sizeof(c.incident.id), "%032x", i % n);
	c.asked.owner = (struct owner){ .known = true, .pid = 100 + i % n };
	snprintf(c.asked.owner.comm, sizeof(c.asked.owner.comm), "%s", HOSTILE);
	return c;
}

static char *report_of(const struct document_ops *ops, unsigned int cases, unsigned int incidents,
		       enum group_by by, bool details)
{
	struct document d = {
		.ops = ops, .title = "a storm", .spool = tmpfile(), .details = details
	};
	struct summary *s = summary__new();
	char *text = NULL;
	unsigned int i;
	size_t size;

	d.out = open_memstream(&text, &size);
	summary__show(s, by, false);
	ops->begin(&d);
	for (i = 0; i < cases; i++) {
		struct reset_case c = a_case(i, incidents);

		summary__add(s, &c, &sample_context);
		ops->add(&d, &c, &sample_context);
	}
	ops->end(&d, s);
	ops->free(&d);
	fclose(d.out);
	fclose(d.spool);
	summary__free(s);
	return text;
}

static unsigned int lines_of(const char *text)
{
	unsigned int n = 0;

	while ((text = strchr(text, '\n'))) {
		text++;
		n++;
	}
	return n;
}

static void test_storm(void)
{
	char *text = report_of(&document_text, 10000, 12, GROUP_INCIDENT, false);

	check(lines_of(text) <= 40, "10 000 resets of 12 incidents fit a screen: %u lines",
	      lines_of(text));
	check_has(text, "12 incidents", "... with their number");
	check_has(text, "     834  ", "... and the resets of each");
	check_has(text, "id 0000000000000000000000000000000b", "... and their ids");
	check_lacks(text, "\x1b", "... and no text of others");
	free(text);
	text = report_of(&document_markdown, 10000, 12, GROUP_INCIDENT, false);
	check(lines_of(text) <= 40 && strlen(text) < 4000,
	      "... and less than a page of Markdown: %u lines, %zu bytes", lines_of(text),
	      strlen(text));
	check_lacks(text, "|---", "... without tables, which chats do not have");
	check_lacks(text, "</b>", "... and no markup of others");
	check_lacks(text, "*x*", "... of either kind");
	free(text);
	text = report_of(&document_text, 10000, 9000, GROUP_INCIDENT, false);
	check(lines_of(text) <= 40, "as many incidents as resets do, too: %u lines",
	      lines_of(text));
	check_has(text, "and 8988 more", "... the rest is counted");
	free(text);
}

static void test_details(void)
{
	char *few = report_of(&document_text, 20, 12, GROUP_INCIDENT, false);
	char *all = report_of(&document_text, 21, 12, GROUP_INCIDENT, true);
	char *lone = report_of(&document_markdown, 2, 2, GROUP_INCIDENT, false);

	check_has(few, "because", "20 resets are printed whole");
	check_has(few, "12 incidents", "... below their incidents");
	check_has(all, "because", "so are more, if they are to be");
	check_lacks(lone, "incidents", "where nothing belongs together, there are only the resets");
	free(few);
	free(all);
	free(lone);
}

/* By each, so many groups. */
static void test_kinds(void)
{
	static const struct {
		enum group_by by;
		size_t want;
		const char *name;
	} rows[] = {
		{ GROUP_INCIDENT, 3, "00000000000000000000000000000000" },
		{ GROUP_CAUSE, 1, "unknown" },
		{ GROUP_SERVICE, 1, "192.0.2.1:80" },
		{ GROUP_OWNER, 1, HOSTILE },
		{ GROUP_POD, 1, "(none)" },
		{ GROUP_SOURCE, 1, "192.0.2.1" },
	};
	size_t i, n;
	unsigned int j;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct groups *g = groups__new(rows[i].by);
		const struct group *list;

		for (j = 0; j < 9; j++) {
			struct reset_case c = a_case(j, 3);

			groups__add(g, &c, &sample_context);
		}
		list = groups__sorted(g, &n);
		check_int(n, rows[i].want, "by %s", group_by_id(rows[i].by));
		check_str(list[0].name, rows[i].name, "... named");
		check_int(list[0].n, 9 / rows[i].want, "... with all its resets");
		groups__free(g);
	}
}

static void test_virtual_address(void)
{
	struct groups *g = groups__new(GROUP_SERVICE);
	struct reset_case c = a_case(0, 1);
	const struct group *list;
	size_t n;

	c.asked.ct.has_entry = c.asked.ct.dnat = true;
	c.asked.ct.orig = make_tuple(AF_INET, PEER, 20000, INNER, 443);
	groups__add(g, &c, &sample_context);
	list = groups__sorted(g, &n);
	check_str(list[0].name, "192.0.2.3:443", "a service is what the client connected to");
	groups__free(g);
}

/* As a scan from forged addresses. */
static void test_bound(void)
{
	struct groups *g = groups__new(GROUP_SOURCE);
	const struct group *list;
	unsigned int i;
	size_t n;

	for (i = 0; i < 10100; i++) {
		struct reset_case c = a_case(i, 1);

		memcpy(c.seen.rst.tuple.saddr + 12, &i, sizeof(i));
		groups__add(g, &c, &sample_context);
	}
	list = groups__sorted(g, &n);
	check_int(n, 10001, "beyond a bound");
	check_str(list[0].name, "others", "... are others");
	check_int(list[0].n, 100, "... which are counted");
	groups__free(g);
}

static void test_local_time(void)
{
	struct report_context local = sample_context;
	char ts[40];

	setenv("TZ", "XYZ-5:30", 1);
	tzset();
	local.local_time = true;
	local.wall_offset_ns = 1764460800000000000;
	format_time(ts, sizeof(ts), 0, &local);
	check_str(ts, "2025-11-30T05:30:00.000000000+05:30", "local time has its offset");
	local.local_time = false;
	format_time(ts, sizeof(ts), 0, &local);
	check_str(ts, "2025-11-30T00:00:00.000000000Z", "otherwise it is UTC");
}

int main(void)
{
	test_storm();
	test_details();
	test_kinds();
	test_virtual_address();
	test_bound();
	test_local_time();
	return test_done();
}
