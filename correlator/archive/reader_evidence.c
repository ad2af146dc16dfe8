// SPDX-License-Identifier: GPL-2.0-only
/*
 * reader_evidence.c - cases from what the evidence sink wrote.
 *
 * The answers are derived anew, by this version's facts and causes.
 */
#include <errno.h>
#include <string.h>

#include "archive/case_json.h"
#include "archive/reader.h"
#include "base/log.h"
#include "diagnose/classify.h"

static const char *interface_name(void *ctx, uint32_t ifindex)
{
	static char number[32];
	const char *name;

	snprintf(number, sizeof(number), "%u", ifindex);
	name = json_string_value(json_object_get(ctx, number));
	if (name)
		return name;
	snprintf(number, sizeof(number), "if%u", ifindex);
	return number;
}

/* Lines stand under the frames' own names: "function+offset". */
static const char *source_line(void *ctx, const struct frame *f)
{
	char key[CASE_NAME_MAX * 2];

	if (!ctx || !f->name)
		return NULL;
	snprintf(key, sizeof(key), "%s+0x%x", f->name, f->offset);
	return json_string_value(json_object_get(ctx, key));
}

static const char *text_of(const json_t *o, const char *key, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : otherwise;
}

static bool is_newer(const json_t *document, char *bad, size_t bad_len)
{
	json_int_t format = json_integer_value(json_object_get(document, "format"));

	if (format > CASE_FORMAT)
		snprintf(bad, bad_len, "it is of a newer format (%lld)", (long long)format);
	return format > CASE_FORMAT;
}

/* Before anything borrows a text of it. */
static json_t *restored(json_t *document)
{
	case_json_restore(document);
	return document;
}

int reader_document(struct reader *s, json_t *document, char *bad, size_t bad_len)
{
	json_t *evidence = json_object_get(restored(document), "evidence");
	struct report_context report = {
		.host = text_of(document, "host", "unknown"),
		.view = text_of(document, "view", "none"),
		.wall_offset_ns = json_integer_value(json_object_get(document, "wall_offset_ns")),
		.ifname = interface_name,
		.ifname_ctx = json_object_get(document, "interfaces"),
		.source_line = source_line,
		.source_ctx = json_object_get(document, "lines"),
	};
	struct stored_case stored;
	int err;

	if (is_newer(document, bad, bad_len))
		return -EPROTO;
	err = case_from_json(evidence, &stored, bad, bad_len);
	if (err)
		return err;
	classify(&stored.c);
	return reader_emit(s, &stored.c, &report);
}

/* Is there more than white space? */
static bool has_more(FILE *in)
{
	int ch;

	do {
		ch = fgetc(in);
	} while (ch == ' ' || ch == '\n' || ch == '\r' || ch == '\t');
	ungetc(ch, in);
	return ch != EOF;
}

static int read_documents(struct reader *s, const char *name, FILE *stream)
{
	unsigned long n;
	json_error_t error;
	char bad[256];
	int err = 0;

	for (n = 0; !err && has_more(stream); n++) {
		json_t *document = json_loadf(stream, JSON_DISABLE_EOF_CHECK, &error);

		if (!document)
			return reader_fail(s, -EBADMSG, "%s: after %lu resets: not JSON: %s", name,
					   n, error.text);
		bad[0] = 0;
		err = reader_document(s, document, bad, sizeof(bad));
		json_decref(document);
		if (err == -EPROTO)
			reader_fail(s, err, "%s: after %lu resets: not the evidence of a reset: %s",
				    name, n, bad);
	}
	return err;
}

int reader_evidence(struct reader *s, struct input *in)
{
	FILE *stream = input__stream(in);
	int err;

	if (!stream)
		return reader_fail(s, -errno, "%s: %s", in->name, error_name(errno));
	err = read_documents(s, in->name, stream);
	fclose(stream);
	if (!err && in->err)
		err = reader_fail(s, in->err, "read %s: %s", in->name,
				  in->why ? in->why : error_name(in->err));
	return err;
}
