// SPDX-License-Identifier: GPL-2.0-only
/*
 * reader_evidence.c - cases from what the evidence sink wrote.
 *
 * The answers are derived anew, by this version's facts and causes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "archive/case_json.h"
#include "archive/reader.h"
#include "base/log.h"
#include "capture/observations.h"
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

/* What it says of where it was made. */
static struct report_context context_of(json_t *document)
{
	return (struct report_context){
		.host = text_of(document, "host", "unknown"),
		.view = text_of(document, "view", "none"),
		.wall_offset_ns = json_integer_value(json_object_get(document, "wall_offset_ns")),
		.ifname = interface_name,
		.ifname_ctx = json_object_get(document, "interfaces"),
		.source_line = source_line,
		.source_ctx = json_object_get(document, "lines"),
	};
}

/* --- with the cases of other files ------------------------------------------------------------- */

/* More is handed out as it comes, unjoined. */
#define KEPT_BYTES_MAX (256u << 20)

struct kept_document {
	struct kept_document *next;
	size_t n;
	char text[];
};

static uint32_t place_of(struct observation_point *point, const struct report_context *report,
			 uint32_t ifindex)
{
	int place = observation_point__place(point, report->ifname(report->ifname_ctx, ifindex));

	return place < 0 ? 0 : (uint32_t)place;
}

static void place_packet(struct packet *p, struct observation_point *point,
			 const struct report_context *report)
{
	p->ts_ns += (uint64_t)report->wall_offset_ns;
	p->ifindex = place_of(point, report, p->ifindex);
}

/* What packets show of it, by the wall clock. */
static struct capture_case packets_of(const struct reset_case *c, struct observation_point *point,
				      const struct report_context *report)
{
	struct capture_case w = {
		.rst = c->seen.rst,
		.answers = c->seen.answers,
		.answer_match = c->seen.answer_match,
		.n_sightings = c->seen.n_sightings,
		.n_history = c->asked.n_history,
	};
	unsigned int i;

	memcpy(w.sightings, c->seen.sightings, sizeof(w.sightings));
	memcpy(w.history, c->asked.history, sizeof(w.history));
	place_packet(&w.rst, point, report);
	place_packet(&w.answers, point, report);
	for (i = 0; i < w.n_history; i++)
		place_packet(&w.history[i], point, report);
	for (i = 0; i < w.n_sightings; i++) {
		w.sightings[i].ts_ns += (uint64_t)report->wall_offset_ns;
		w.sightings[i].ifindex = place_of(point, report, w.sightings[i].ifindex);
	}
	return w;
}

/* Does it say why, and not only where from? */
static bool names_cause(const struct reset_case *c)
{
	return c->diagnosis.confidence >= CONF_LIKELY && !c->diagnosis.cause->rank.tells_where;
}

static int keep_document(struct reader *s, const char *text, const struct reset_case *c,
			 const struct report_context *report)
{
	struct capture_case w = packets_of(c, s->point, report);
	size_t n = strlen(text) + 1;
	struct kept_document *kept;
	int err;

	if (s->documents_bytes + n > KEPT_BYTES_MAX)
		return -ENOSPC;
	kept = malloc(sizeof(*kept) + n);
	if (!kept)
		return -ENOMEM;
	err = observation_point__take_own(s->point, &w, c->seen.kind == CASE_RESET, names_cause(c),
					  kept);
	if (err) {
		free(kept);
		return err;
	}
	kept->next = s->documents;
	kept->n = n;
	memcpy(kept->text, text, n);
	s->documents = kept;
	s->documents_bytes += n;
	return 0;
}

void reader_forget_documents(struct reader *s)
{
	struct kept_document *kept = s->documents, *next;

	for (; kept; kept = next) {
		next = kept->next;
		free(kept);
	}
	s->documents = NULL;
}

/* Its own interfaces by number, those of other files by place. */
struct joined_names {
	const struct joined_case *joined;
	void *own;
};

static const char *joined_name(void *ctx, uint32_t ifindex)
{
	const struct joined_names *names = ctx;

	if (ifindex & PLACE_ELSEWHERE)
		return joined_case__place(names->joined, ifindex);
	return interface_name(names->own, ifindex);
}

int reader_joined_document(struct reader *s, const struct kept_document *kept,
			   const struct joined_case *joined)
{
	json_t *document = json_loadb(kept->text, kept->n - 1, 0, NULL);
	struct report_context report = context_of(restored(document));
	struct joined_names names = { joined, report.ifname_ctx };
	struct stored_case stored;
	char bad[256] = "";
	int err;

	err = case_from_json(json_object_get(document, "evidence"), &stored, bad, sizeof(bad));
	if (!err) {
		report.ifname = joined_name;
		report.ifname_ctx = &names;
		report.wall_offset_ns -= joined->clock_ns;
		joined_case__merge(joined, &stored.c, report.wall_offset_ns);
		classify(&stored.c);
		err = reader_emit(s, &stored.c, &report);
	}
	json_decref(document);
	return err;
}

/* There are too many to be joined. */
static void warn_of_room(struct reader *s)
{
	if (!s->warned_of_room)
		reader_warn(s, "too many resets to join them all: further ones are reported as "
			       "they are read");
	s->warned_of_room = true;
}

int reader_document(struct reader *s, json_t *document, char *bad, size_t bad_len)
{
	/* Before any of it is restored to what is no JSON. */
	char *text = s->point ? json_dumps(document, JSON_COMPACT) : NULL;
	struct report_context report = context_of(restored(document));
	struct stored_case stored;
	int err = is_newer(document, bad, bad_len) ?
			  -EPROTO :
			  case_from_json(json_object_get(document, "evidence"), &stored, bad,
					 bad_len);

	if (!err)
		classify(&stored.c);
	if (!err && text)
		err = keep_document(s, text, &stored.c, &report);
	if (err == -ENOSPC)
		warn_of_room(s);
	if (err == -ENOSPC || (!err && !text))
		err = reader_emit(s, &stored.c, &report);
	free(text);
	return err;
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
