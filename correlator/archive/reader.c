// SPDX-License-Identifier: GPL-2.0-only
/*
 * reader.c - cases from files: tells the kinds of files apart by how they begin.
 */
#include "archive/reader.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "archive/store.h"
#include "base/log.h"
#include "base/progress.h"
#include "capture/observations.h"
#include "capture/pcap_reader.h"
#include "diagnose/incidents.h"

int reader_fail(struct reader *s, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(s->why, s->why_len, fmt, args);
	va_end(args);
	return err;
}

#define TEXT_MAX 512

/* Warnings go where the bar is. */
static void say(struct reader *s, void (*fn)(void *ctx, const char *text), const char *text)
{
	if (!fn)
		return;
	if (s->progress)
		progress__pause(s->progress);
	fn(s->cfg->ctx, text);
	if (s->progress)
		progress__resume(s->progress);
}

void reader_warn(struct reader *s, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	say(s, s->cfg->on_warning, text);
}

void reader_tell(struct reader *s, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	say(s, s->cfg->on_notice, text);
}

int reader_emit(struct reader *s, struct reset_case *c, const struct report_context *report)
{
	struct incident_scene at = { report->host, report->wall_offset_ns };
	bool shared = s->progress && s->cfg->shared;
	int err;

	incidents__add(s->incidents, c, &at);
	__atomic_fetch_add(&s->cases, 1, __ATOMIC_RELAXED);
	if (shared)
		progress__pause(s->progress);
	err = s->cfg->on_case(s->cfg->ctx, c, report);
	if (shared)
		progress__resume(s->progress);
	return err;
}

static bool is_json(const struct input *in)
{
	const uint8_t *at = in->at;

	while (at < in->end && strchr(" \t\r\n", *at) && *at)
		at++;
	return at < in->end && *at == '{';
}

/* SQLite reads files by itself, and only whole ones. */
static int read_store(struct reader *s, const char *path, const struct input *in)
{
	if (strcmp(path, "-") && input__is_plain(in))
		return reader_store(s, path);
	return reader_fail(s, -EBADMSG, "%s: a store must be a regular, uncompressed file",
			   in->name);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static int begin_point(struct reader *s, const struct input *in)
{
	s->point = s->vantages ? observations__begin(s->vantages, base_name(in->name)) : NULL;
	if (s->vantages && !s->point)
		return reader_fail(s, -ENOMEM, "%s: out of memory", in->name);
	return 0;
}

static int read_any(struct reader *s, const char *path, struct input *in)
{
	int err;

	input__need(in, 64);
	if (in->at == in->end)
		return reader_fail(s, in->err ? in->err : -ENODATA, "%s: %s", in->name,
				   in->why ? in->why :
				   in->err ? error_name(in->err) :
					     "is empty");
	err = begin_point(s, in);
	if (err)
		return err;
	if (store_is(in->at, (size_t)(in->end - in->at)))
		return read_store(s, path, in);
	if (capture_is(in->at, (size_t)(in->end - in->at)))
		return reader_capture(s, in);
	if (is_json(in))
		return reader_evidence(s, in);
	return reader_fail(
		s, -EBADMSG,
		"%s: neither a capture nor a recording, store or evidence of `rstscope watch`",
		in->name);
}

static int read_file(struct reader *s, const char *path)
{
	struct input *in = input__open(path);
	int err;

	if (!in)
		return reader_fail(s, -errno, "open '%s': %s", path, error_name(errno));
	err = read_any(s, path, in);
	input__close(in);
	return err;
}

static int on_observed(void *ctx, struct reset_case *c, const struct report_context *report)
{
	return reader_emit(ctx, c, report);
}

static int on_own(void *ctx, void *own, const struct joined_case *joined)
{
	return reader_joined_document(ctx, own, joined);
}

static void on_notice(void *ctx, const char *text)
{
	reader_tell(ctx, "%s", text);
}

static void on_warning(void *ctx, const char *text)
{
	reader_warn(ctx, "%s", text);
}

int reader_read(const struct reader_config *cfg, char *why, size_t why_len)
{
	struct reader s = { .cfg = cfg, .why = why, .why_len = why_len };
	struct observations_ops ops = { on_observed, on_own, on_notice, on_warning, &s };
	unsigned int i;
	int err = 0;

	why[0] = 0;
	s.incidents = incidents__new();
	s.vantages = cfg->n_files > 1 ? observations__new() : NULL;
	if (!s.incidents || (cfg->n_files > 1 && !s.vantages))
		err = reader_fail(&s, -ENOMEM, "out of memory");
	for (i = 0; i < cfg->n_files && !err; i++)
		err = read_file(&s, cfg->files[i]);
	if (s.vantages && !err)
		err = observations__finish(s.vantages, &ops);
	observations__free(s.vantages);
	incidents__free(s.incidents);
	reader_forget_documents(&s);
	return err;
}
