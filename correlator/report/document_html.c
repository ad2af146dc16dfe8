// SPDX-License-Identifier: GPL-2.0-only
/*
 * document_html.c - one file with all that it needs: docs/report/, and the cases as packed data.
 *
 * The list's columns come first to hand in the browser; cases are unpacked a hundred at a time when
 * they are looked at. All data is base64 of gzip: no text of others stands in the markup.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/escape.h"
#include "base/strbuf.h"
#include "diagnose/impact.h"
#include "model/case_id.h"
#include "report/document.h"
#include "report/report_page.h"

/* CHUNK in docs/report/report.js */
#define CHUNK_CASES 100
#define GZIP_LEVEL 3

enum column {
	MS,
	CAUSE,
	IMPACT,
	CONFIDENCE,
	FROM,
	TO,
	OWNER,
	PEER,
	NAT,
	ID,
	INCIDENT,
	SERVICE,
	POD,
	N_COLUMNS
};

static const char *const column_names[] = { "ms",	"cause",   "impact", "confidence", "from",
					    "to",	"owner",   "peer",   "nat",	   "id",
					    "incident", "service", "pod" };

/* Columns of numbers: the names stand in the summary. */
static const char *const name_lists[N_COLUMNS] = {
	[CAUSE] = "causes",	  [OWNER] = "owners",	  [PEER] = "peers",
	[INCIDENT] = "incidents", [SERVICE] = "services", [POD] = "pods",
};

struct text {
	char *at;
	size_t size;
	FILE *out;
};

struct html {
	unsigned int n; /* cases so far */
	struct text chunk;
	struct text columns[N_COLUMNS];
	json_t *names[N_COLUMNS]; /* and their numbers; of those in name_lists */
};

static int start_text(struct text *t)
{
	t->out = open_memstream(&t->at, &t->size);
	return t->out ? 0 : -errno;
}

static void drop_text(struct text *t)
{
	if (t->out)
		fclose(t->out);
	free(t->at);
	*t = (struct text){ 0 };
}

static void print_base64(FILE *out, const uint8_t *at, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t i;

	for (i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)at[i] << 16 | (i + 1 < n ? at[i + 1] << 8 : 0) |
			     (i + 2 < n ? at[i + 2] : 0);

		putc_unlocked(digits[v >> 18], out);
		putc_unlocked(digits[v >> 12 & 63], out);
		putc_unlocked(i + 1 < n ? digits[v >> 6 & 63] : '=', out);
		putc_unlocked(i + 2 < n ? digits[v & 63] : '=', out);
	}
}

/* As the text of an element that no browser runs or shows. */
static int print_packed(FILE *out, const char *id, const char *text, size_t len)
{
	z_stream z = { 0 };
	uint8_t *packed;
	size_t room;
	int err = 0;

	if (deflateInit2(&z, GZIP_LEVEL, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	room = deflateBound(&z, len);
	packed = malloc(room);
	if (packed) {
		z.next_in = (Bytef *)text;
		z.avail_in = (uInt)len;
		z.next_out = packed;
		z.avail_out = (uInt)room;
		deflate(&z, Z_FINISH);
		fprintf(out, "<script type=\"text/plain\" id=\"%s\">", id);
		print_base64(out, packed, z.total_out);
		fputs("</script>\n", out);
	} else {
		err = -ENOMEM;
	}
	deflateEnd(&z);
	free(packed);
	return err ? err : document_error(out);
}

static int end_chunk(struct document *d)
{
	struct html *h = d->priv;
	char id[32];
	int err;

	fputc(']', h->chunk.out);
	if (fclose(h->chunk.out)) {
		h->chunk.out = NULL;
		return -ENOMEM;
	}
	h->chunk.out = NULL;
	snprintf(id, sizeof(id), "chunk-%u", (h->n - 1) / CHUNK_CASES);
	err = print_packed(d->out, id, h->chunk.at, h->chunk.size);
	drop_text(&h->chunk);
	return err;
}

/* Prints the template up to the mark, and returns what follows it. */
static const char *print_until(FILE *out, const char *template, const char *mark)
{
	const char *at = strstr(template, mark);

	fwrite(template, 1, (size_t)(at - template), out);
	return at + strlen(mark);
}

static int begin_html(struct document *d)
{
	struct html *h = calloc(1, sizeof(*h));
	const char *rest;
	unsigned int i;

	d->priv = h;
	if (!h)
		return -ENOMEM;
	for (i = 0; i < N_COLUMNS; i++) {
		h->names[i] = name_lists[i] ? json_object() : NULL;
		if (start_text(&h->columns[i]))
			return -ENOMEM;
		fputc('[', h->columns[i].out);
	}
	rest = print_until(d->out, report_html, "/*CSS*/");
	fputs(report_css, d->out);
	print_until(d->out, rest, "<!--DATA-->");
	return document_error(d->out);
}

/* Number of the name, given in the order of their coming. */
static json_int_t number_of(json_t *names, const char *name)
{
	json_t *n = json_object_get(names, name);

	if (!n) {
		n = json_integer((json_int_t)json_object_size(names));
		if (json_object_set_new(names, name, n))
			return number_of(names, "(no UTF-8)");
	}
	return json_integer_value(n);
}

static void print_end(FILE *out, const uint8_t *addr, uint16_t port, uint8_t family)
{
	fputc('"', out);
	print_endpoint(out, addr, port, family);
	fputc('"', out);
}

/* For the search: its ends on the other side of NAT. */
static void print_images(FILE *out, const struct reset_case *c)
{
	struct tuple images[CASE_IMAGES_MAX];
	unsigned int n = case_images(c, images), i;

	fputc('"', out);
	for (i = 1; i < n; i++) {
		fputs(i > 1 ? " " : "", out);
		print_endpoint(out, images[i].saddr, images[i].sport, images[i].family);
		fputc(' ', out);
		print_endpoint(out, images[i].daddr, images[i].dport, images[i].family);
	}
	fputc('"', out);
}

static void add_name(struct html *h, enum column column, const char *name)
{
	fprintf(h->columns[column].out, "%lld", (long long)number_of(h->names[column], name));
}

static void add_group(struct html *h, enum column column, enum group_by by,
		      const struct reset_case *c, const struct report_context *report)
{
	char name[GROUP_NAME_MAX];

	group_name(name, sizeof(name), by, c, report);
	add_name(h, column, name);
}

static void add_row(struct html *h, const struct reset_case *c, const struct report_context *report)
{
	uint64_t wall = wall_time(c->seen.rst.ts_ns, report);
	const struct tuple *t = &c->seen.rst.tuple;
	char peer[64], id[CASE_ID_TEXT];
	unsigned int i;

	case_peer(c, peer, sizeof(peer));
	for (i = 0; h->n && i < N_COLUMNS; i++)
		fputc(',', h->columns[i].out);
	fprintf(h->columns[MS].out, "%" PRIu64, wall / 1000000);
	add_name(h, CAUSE, c->diagnosis.cause->id);
	fprintf(h->columns[IMPACT].out, "\"%s\"", impact_id(c->diagnosis.impact.kind));
	fprintf(h->columns[CONFIDENCE].out, "%d", c->diagnosis.confidence);
	print_end(h->columns[FROM].out, t->saddr, t->sport, t->family);
	print_end(h->columns[TO].out, t->daddr, t->dport, t->family);
	add_name(h, OWNER, case_owner(c));
	add_name(h, PEER, peer);
	print_images(h->columns[NAT].out, c);
	case_id(id, c, wall);
	fprintf(h->columns[ID].out, "\"%s\"", id);
	add_group(h, INCIDENT, GROUP_INCIDENT, c, report);
	add_group(h, SERVICE, GROUP_SERVICE, c, report);
	add_name(h, POD, c->asked.owner.known ? c->asked.owner.pod : "");
}

static int add_html(struct document *d, const struct reset_case *c,
		    const struct report_context *report)
{
	struct html *h = d->priv;
	bool first = h->n % CHUNK_CASES == 0;
	struct json_writer *w = json_writer__new();
	int err = !w ? -ENOMEM : first ? start_text(&h->chunk) : 0;
	const char *text;
	size_t len;

	if (!err) {
		report_json(w, c, report);
		text = json_writer__text(w, &len);
		fputc(first ? '[' : ',', h->chunk.out);
		fputs(text ? text : "null", h->chunk.out);
		add_row(h, c, report);
		err = text ? 0 : -ENOMEM;
	}
	json_writer__free(w);
	if (!err && ++h->n % CHUNK_CASES == 0)
		err = end_chunk(d);
	return err;
}

static json_t *in_order(json_t *names)
{
	json_t *array = json_array(), *n;
	const char *name;
	size_t i;

	for (i = 0; i < json_object_size(names); i++)
		json_array_append_new(array, json_null());
	json_object_foreach(names, name, n)
	{
		json_array_set_new(array, (size_t)json_integer_value(n), json_string(name));
	}
	return array;
}

static int print_rows(struct document *d)
{
	struct html *h = d->priv;
	struct text all = { 0 };
	unsigned int i;
	int err = start_text(&all);

	if (err)
		return err;
	for (i = 0; i < N_COLUMNS; i++) {
		fflush(h->columns[i].out);
		fprintf(all.out, "%c\"%s\":%s]", i ? ',' : '{', column_names[i], h->columns[i].at);
	}
	fputc('}', all.out);
	fflush(all.out);
	err = print_packed(d->out, "rows-data", all.at, all.size);
	drop_text(&all);
	return err;
}

static json_t *title_of(const struct document *d)
{
	FILE *out = strbuf_begin();
	json_t *title;
	char *text;

	if (!out)
		return NULL;
	escape_print(out, d->title, false);
	text = strbuf_end();
	title = text ? json_string(text) : NULL;
	free(text);
	return title;
}

static int print_summary(struct document *d, const struct summary *s)
{
	struct html *h = d->priv;
	json_t *o = summary__json(s), *title = title_of(d);
	unsigned int i;
	char *text;
	int err = -ENOMEM;

	json_object_set_new(o, "title", title ? title : json_string("TCP resets"));
	json_object_set_new(o, "from_ms",
			    json_integer((json_int_t)(summary__from_ns(s) / 1000000)));
	json_object_set_new(o, "until_ms",
			    json_integer((json_int_t)(summary__until_ns(s) / 1000000)));
	for (i = 0; i < N_COLUMNS; i++)
		if (name_lists[i])
			json_object_set_new(o, name_lists[i], in_order(h->names[i]));
	text = json_dumps(o, JSON_COMPACT);
	if (text)
		err = print_packed(d->out, "summary-data", text, strlen(text));
	free(text);
	json_decref(o);
	return err;
}

static int end_html(struct document *d, const struct summary *s)
{
	struct html *h = d->priv;
	const char *rest = strstr(report_html, "<!--DATA-->") + strlen("<!--DATA-->");
	int err = 0;

	if (h->n % CHUNK_CASES)
		err = end_chunk(d);
	if (!err)
		err = print_rows(d);
	if (!err)
		err = print_summary(d, s);
	if (err)
		return err;
	rest = print_until(d->out, rest, "/*JS*/");
	fputs(report_js, d->out);
	fputs(rest, d->out);
	return document_error(d->out);
}

static void free_html(struct document *d)
{
	struct html *h = d->priv;
	unsigned int i;

	if (!h)
		return;
	drop_text(&h->chunk);
	for (i = 0; i < N_COLUMNS; i++) {
		drop_text(&h->columns[i]);
		json_decref(h->names[i]);
	}
	free(h);
}

const struct document_ops document_html = { "html",   ".html",	begin_html,
					    add_html, end_html, free_html };
