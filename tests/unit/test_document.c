// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_document.c - reports of many resets: what the summary counts, and that text of others stays
 * text in every format.
 */
#include "report/document.h"
#include "scene.h"

static const struct scene scene = {
	.name = "an active reset",
	.call = CALL_ACTIVE,
	.state = TCP_CLOSE,
	.unread = 7,
	.unread_known = true,
	.stack = "tcp_send_active_reset __tcp_close tcp_close inet_release do_syscall_64",
};

/* The last are U+009B and U+202E. */
#define CSI "\xc2\x9b"
#define RLO "\xe2\x80\xae"
#define HOSTILE "</script><img src=x>|`[a](b)*_\n\x1b]0;" CSI RLO

static struct reset_case a_case(uint64_t ts_ns)
{
	struct reset_case c = scene_build(&scene, AF_INET);

	c.seen.rst.ts_ns = ts_ns;
	classify(&c);
	c.asked.owner.known = true;
	snprintf(c.asked.owner.comm, sizeof(c.asked.owner.comm), "%s", HOSTILE);
	return c;
}

/* Resets at these seconds: all are counted, whatever their order and however far apart. */
static void test_over_time(const char *name, const uint64_t *seconds, size_t n)
{
	struct summary *s = summary__new();
	uint64_t start, width, sum = 0, wrong = 0;
	const uint64_t *buckets;
	size_t i, j;

	for (i = 0; i < n; i++) {
		struct reset_case c = a_case(seconds[i] * 1000000000u);

		summary__add(s, &c, &sample_context);
	}
	buckets = summary__buckets(s, &start, &width);
	for (i = 0; i < SUMMARY_BUCKETS; i++) {
		uint64_t want = 0;

		for (j = 0; j < n; j++)
			want += seconds[j] * 1000000000u >= start + i * width &&
				seconds[j] * 1000000000u < start + (i + 1) * width;
		wrong += buckets[i] != want;
		sum += buckets[i];
	}
	check_int(sum, n, "%s: all are counted", name);
	check_int(wrong, 0, "%s: each in its time", name);
	summary__free(s);
}

static char *document_of(const struct document_ops *ops)
{
	struct document d = { .ops = ops, .title = HOSTILE, .spool = tmpfile() };
	struct summary *s = summary__new();
	struct reset_case c = a_case(T0);
	char *text = NULL;
	size_t size;

	d.out = open_memstream(&text, &size);
	ops->begin(&d);
	summary__add(s, &c, &sample_context);
	ops->add(&d, &c, &sample_context);
	check_int(ops->end(&d, s), 0, "%s is written", ops->name);
	ops->free(&d);
	fclose(d.out);
	fclose(d.spool);
	summary__free(s);
	return text;
}

static void test_formats(void)
{
	static const struct {
		const struct document_ops *ops;
		const char *has[3];
		const char *lacks[6];
	} rows[] = {
		{ &document_text,
		  { "unread-data", "By cause", "1 reset on lab" },
		  { "\x1b", CSI, RLO } },
		{ &document_markdown,
		  { "**unread-data**", "&lt;img", "What to do" },
		  { "<img", "\x1b", "[a](b)", "|`", CSI, RLO } },
		{ &document_html,
		  { "Content-Security-Policy", "chunk-0", "summary-data" },
		  { "<img src=x>", "\x1b", "unread-data" } },
		{ &document_json, { "\"summary\":{", "\"cases\":[", "unread-data" }, { "\x1b" } },
	};
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		char *text = document_of(rows[i].ops);

		for (j = 0; j < ARRAY_SIZE(rows[i].has); j++)
			check_has(text, rows[i].has[j], "%s has it", rows[i].ops->name);
		for (j = 0; j < ARRAY_SIZE(rows[i].lacks) && rows[i].lacks[j]; j++)
			check_lacks(text, rows[i].lacks[j], "%s lacks it", rows[i].ops->name);
		if (rows[i].ops == &document_json) {
			json_t *o = json_loads(text, 0, NULL);

			check(o, "JSON is JSON");
			json_decref(o);
		}
		free(text);
	}
}

static void test_names(void)
{
	check(document_format("html") == &document_html, "formats have names");
	check(!document_format("pdf"), "and no others");
	check(document_format_of("/a.b/x.md") == &document_markdown, "and suffixes");
	check(!document_format_of("report"), "a file without one has no format");
}

int main(void)
{
	static const uint64_t together[] = { 1000, 1000, 1000 },
			      row[] = { 5, 6, 7, 64, 65, 66, 900 };
	static const uint64_t backwards[] = { 100000, 900, 99, 3, 100001, 1 };
	static const uint64_t far[] = { 1, 2, 3, 1700000000, 5 };

	test_over_time("at one time", together, ARRAY_SIZE(together));
	test_over_time("in a row", row, ARRAY_SIZE(row));
	test_over_time("backwards", backwards, ARRAY_SIZE(backwards));
	test_over_time("decades apart", far, ARRAY_SIZE(far));
	test_formats();
	test_names();
	return test_done();
}
