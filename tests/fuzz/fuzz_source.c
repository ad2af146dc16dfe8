// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_source.c - any bytes as a file: capture, recording, evidence, packed or not; and every output
 * of what is in it.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "report/document.h"
#include "fuzz.h"
#include "report/sink.h"
#include "archive/reader.h"

struct outputs {
	FILE *out;
	unsigned int cases;
	struct document html, markdown, text;
	struct summary *summary;
};

static int on_case(void *ctx, struct reset_case *c, const struct report_context *report)
{
	struct outputs *o = ctx;
	struct json_writer *w = json_writer__new();

	report_json(w, c, report);
	json_writer__free(w);
	summary__add(o->summary, c, report);
	o->html.ops->add(&o->html, c, report);
	o->markdown.ops->add(&o->markdown, c, report);
	o->text.ops->add(&o->text, c, report);
	return ++o->cases < 64 ? 0 : -1;
}

static void begin(struct document *d, const struct document_ops *ops, FILE *out)
{
	*d = (struct document){ .ops = ops, .out = out, .spool = out, .title = "t" };
	ops->begin(d);
}

static void on_text(void *ctx, const char *text)
{
	(void)ctx;
	(void)text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	static FILE *null;
	struct outputs o = { 0 };
	char path[64], why[512];
	const char *files[] = { path };
	struct reader_config cfg = { .files = files,
				     .n_files = 1,
				     .on_case = on_case,
				     .on_warning = on_text,
				     .on_notice = on_text,
				     .ctx = &o };

	if (fd < 0)
		fd = memfd_create("fuzz", 0);
	if (!null)
		null = fopen("/dev/null", "w");
	if (ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	o.summary = summary__new();
	begin(&o.html, &document_html, null);
	begin(&o.markdown, &document_markdown, null);
	begin(&o.text, &document_text, null);
	reader_read(&cfg, why, sizeof(why));
	o.html.ops->end(&o.html, o.summary);
	o.html.ops->free(&o.html);
	summary__free(o.summary);
	return 0;
}
