// SPDX-License-Identifier: GPL-2.0-only
/*
 * recording.c - write pcapng: packets for people, cases for `explain`.
 *
 * The blocks of one reset are put together in memory and go out by one write, so that whatever ends
 * us leaves whole resets behind. Packets are rebuilt from the flight recorder's records: headers
 * without options, and no payload.
 */
#include "archive/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "archive/case_json.h"
#include "archive/packet_headers.h"
#include "archive/pcapng_block.h"
#include "base/json_writer.h"
#include "base/output_file.h"
#include "base/stoppable.h"
#include "capture/pcap_reader.h"
#include "diagnose/advice.h"
#include "diagnose/classify.h"

#ifndef RSTSCOPE_VERSION
#define RSTSCOPE_VERSION "unknown"
#endif

#define BLOCK_SECTION 0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET 6u
#define BLOCK_CUSTOM 0x00000badu
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define LINKTYPE_RAW 101
#define OPT_END 0
#define OPT_COMMENT 1
#define OPT_OS 3
#define OPT_APPLICATION 4
#define OPT_IF_NAME 2
#define OPT_IF_RESOLUTION 9
#define OPT_EPB_FLAGS 2
#define FLAG_INBOUND 1u
#define FLAG_OUTBOUND 2u
#define COMMENT_MAX 4000

/* Packets that the file has already: resets of one flow share their history. */
#define WRITTEN_SLOTS 16384

struct recording {
	struct recording_config cfg;
	const struct report_context *report;
	char *path; /* of the file that is open */
	int fd;
	bool regular;	      /* what is written can be taken back */
	bool begun;	      /* it has its section and header */
	uint64_t size;	      /* bytes of whole resets in the file */
	unsigned int count;   /* files begun, less one; wraps at cfg.files */
	uint32_t *interfaces; /* ifindex of each that was described */
	unsigned int n_interfaces;
	struct bytes out;
	uint64_t written[WRITTEN_SLOTS];
};

/* --- the parts of a file ---------------------------------------------------------------------- */

static void put_section(struct bytes *b)
{
	static const char application[] = "rstscope " RSTSCOPE_VERSION ", recording format 2";
	size_t start = bytes__begin(b, BLOCK_SECTION);
	struct utsname host;
	char os[160];

	uname(&host);
	snprintf(os, sizeof(os), "%s %s", host.sysname, host.release);
	bytes__put32(b, BYTE_ORDER_MAGIC);
	bytes__put16(b, 1);
	bytes__put16(b, 0);
	bytes__put32(b, UINT32_MAX); /* the section's length is not known */
	bytes__put32(b, UINT32_MAX);
	bytes__option(b, OPT_OS, os, strlen(os));
	bytes__option(b, OPT_APPLICATION, application, strlen(application));
	bytes__option(b, OPT_END, "", 0);
	bytes__end(b, start);
}

/* Takes the writer. */
static void put_json(struct bytes *b, enum recording_kind kind, struct json_writer *w)
{
	struct recording_head head = { .version = RECORDING_VERSION, .kind = (uint16_t)kind };
	size_t start, len;
	const char *text = w ? json_writer__text(w, &len) : NULL;

	if (text) {
		memcpy(head.magic, RECORDING_MAGIC, sizeof(head.magic));
		head.length = (uint32_t)len;
		start = bytes__begin(b, BLOCK_CUSTOM);
		bytes__put32(b, PCAPNG_PEN);
		bytes__put(b, &head, sizeof(head));
		bytes__put(b, text, len);
		bytes__pad(b);
		bytes__end(b, start);
	} else {
		b->failed = true;
	}
	json_writer__free(w);
}

static void put_header(struct bytes *b, const char *name)
{
	struct json_writer *w = json_writer__new();
	struct utsname host;

	uname(&host);
	if (w) {
		json__object(w, NULL);
		json__unsigned(w, "version", RECORDING_VERSION);
		json__bytes(w, "host", name ? name : "");
		json__text(w, "release", host.release);
		json__text(w, "application", "rstscope " RSTSCOPE_VERSION);
		json__end(w);
	}
	put_json(b, RECORDING_HEADER, w);
}

static void put_case(struct bytes *b, const struct reset_case *c,
		     const struct report_context *report)
{
	struct json_writer *w = json_writer__new();

	if (w)
		evidence_document(w, c, report);
	put_json(b, RECORDING_CASE, w);
}

/* --- packets ----------------------------------------------------------------------------------- */

/* Index of the interface in the file; described first if need be. -1 when out of memory. */
static int place_interface(struct recording *r, uint32_t ifindex)
{
	const char *name = r->report->ifname(r->report->ifname_ctx, ifindex);
	static const uint8_t nanoseconds = 9;
	uint32_t *grown;
	unsigned int i;
	size_t start;

	for (i = 0; i < r->n_interfaces; i++)
		if (r->interfaces[i] == ifindex)
			return (int)i;
	grown = realloc(r->interfaces, (r->n_interfaces + 1) * sizeof(*grown));
	if (!grown)
		return -1;
	r->interfaces = grown;
	r->interfaces[r->n_interfaces] = ifindex;
	start = bytes__begin(&r->out, BLOCK_INTERFACE);
	bytes__put16(&r->out, LINKTYPE_RAW);
	bytes__put16(&r->out, 0);
	bytes__put32(&r->out, 0);
	bytes__option(&r->out, OPT_IF_NAME, name, strlen(name));
	bytes__option(&r->out, OPT_IF_RESOLUTION, &nanoseconds, 1);
	bytes__option(&r->out, OPT_END, "", 0);
	bytes__end(&r->out, start);
	return (int)r->n_interfaces++;
}

static void put_packet(struct recording *r, const struct packet *p, const char *comment)
{
	uint32_t direction = p->hook == HOOK_TC_EGRESS ? FLAG_OUTBOUND : FLAG_INBOUND;
	uint64_t wall = wall_time(p->ts_ns, r->report);
	int interface = place_interface(r, p->ifindex);
	uint8_t headers[PACKET_HEADERS_MAX];
	size_t len = packet_headers(headers, p), start;

	if (interface < 0) {
		r->out.failed = true;
		return;
	}
	start = bytes__begin(&r->out, BLOCK_PACKET);
	bytes__put32(&r->out, (uint32_t)interface);
	bytes__put32(&r->out, (uint32_t)(wall >> 32));
	bytes__put32(&r->out, (uint32_t)wall);
	bytes__put32(&r->out, (uint32_t)len);
	bytes__put32(&r->out, (uint32_t)len + p->len);
	bytes__put(&r->out, headers, len);
	bytes__pad(&r->out);
	bytes__option(&r->out, OPT_EPB_FLAGS, &direction, sizeof(direction));
	if (comment && *comment)
		bytes__option(&r->out, OPT_COMMENT, comment, strlen(comment));
	bytes__option(&r->out, OPT_END, "", 0);
	bytes__end(&r->out, start);
}

/* --- what stands beside them -------------------------------------------------------------------- */

static void print_story(FILE *out, const struct reset_case *c, const struct report_context *report)
{
	const struct advice *advice = case_advice(c, 0);
	struct report_lines because = report_evidence(c, report, false);
	char *title = template_expand(c->diagnosis.cause->title, c, report), *action = NULL;
	size_t i;

	fprintf(out, "%s (", c->diagnosis.cause->id);
	if (c->diagnosis.confidence != CONF_NONE)
		fprintf(out, "%s, ", confidence_name(c->diagnosis.confidence));
	fprintf(out, "%s, %s): %s", type_name(c->diagnosis.type), origin_name(c->diagnosis.origin),
		title ? title : "");
	for (i = 0; i < because.n; i++)
		fprintf(out, "\nbecause %s", because.line[i]);
	if (advice)
		action = template_expand(advice->action, c, report);
	if (action)
		fprintf(out, "\ndo: %s", action);
	if (!advice && c->diagnosis.n_candidates) {
		fputs("\nperhaps", out);
		for (i = 0; i < c->diagnosis.n_candidates; i++)
			fprintf(out, "%s %s", i ? "," : "", c->diagnosis.candidates[i]->id);
	}
	report_lines_free(&because);
	free(action);
	free(title);
}

/* Not within a character. */
static void cut_text(char *text, size_t max)
{
	if (strlen(text) <= max)
		return;
	while (max && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	text[max] = 0;
}

/* The RST's comment; free() it. */
static char *story(const struct reset_case *c, const struct report_context *report)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	print_story(out, c, report);
	fclose(out);
	if (text)
		cut_text(text, COMMENT_MAX);
	return text;
}

static bool is_at(const struct packet *p, uint64_t ts_ns, uint32_t ifindex, enum hook hook)
{
	return p->ts_ns == ts_ns && p->ifindex == ifindex && p->hook == hook;
}

/* Which sighting of the RST is it? -1: none. */
static int sighting_of(const struct reset_case *c, const struct packet *p)
{
	unsigned int i;

	for (i = 0; i < c->seen.n_sightings; i++)
		if (is_at(p, c->seen.sightings[i].ts_ns, c->seen.sightings[i].ifindex,
			  c->seen.sightings[i].hook))
			return (int)i;
	return -1;
}

static struct packet packet_at(const struct reset_case *c, const struct sighting *s)
{
	struct packet p = c->seen.rst;

	p.ts_ns = s->ts_ns;
	p.tuple = s->tuple;
	p.ifindex = s->ifindex;
	p.hook = s->hook;
	p.ttl = s->ttl;
	p.forwarded = s->forwarded;
	return p;
}

static uint64_t identity(const struct packet *p)
{
	uint64_t h = p->ts_ns * 0x9e3779b97f4a7c15ull;

	h ^= ((uint64_t)p->ifindex << 34) ^ ((uint64_t)p->hook << 32) ^ p->seq;
	return (h ^ h >> 29) | 1;
}

/* Marks it, too. */
static bool was_written(struct recording *r, const struct packet *p)
{
	uint64_t id = identity(p), *slot = &r->written[(id >> 32) % WRITTEN_SLOTS];
	bool there = *slot == id;

	*slot = id;
	return there;
}

static int by_time(const void *a, const void *b)
{
	uint64_t x = ((const struct packet *)a)->ts_ns, y = ((const struct packet *)b)->ts_ns;

	return x < y ? -1 : x > y;
}

/* All packets of the case, each once, in order. NULL when out of memory; free() it. */
static struct packet *gather(const struct reset_case *c, const struct packet *packets, size_t n,
			     size_t *ret_n)
{
	struct packet *all = malloc((n + c->seen.n_sightings) * sizeof(*all));
	unsigned int i;
	size_t j, total = n;

	if (!all)
		return NULL;
	memcpy(all, packets, n * sizeof(*all));
	for (i = 0; i < c->seen.n_sightings; i++) {
		struct packet p = packet_at(c, &c->seen.sightings[i]);

		for (j = 0; j < n && !is_at(&all[j], p.ts_ns, p.ifindex, p.hook);)
			j++;
		if (j == n)
			all[total++] = p;
	}
	qsort(all, total, sizeof(*all), by_time);
	*ret_n = total;
	return all;
}

static void put_packets(struct recording *r, const struct reset_case *c,
			const struct packet *packets, size_t n)
{
	struct packet *all = gather(c, packets, n, &n);
	char *text = story(c, r->report);
	size_t i;

	r->out.failed |= !all || !text;
	for (i = 0; all && text && i < n; i++) {
		int sighting = sighting_of(c, &all[i]);
		const char *comment = sighting == 0 ? text :
				      sighting > 0  ? "same reset, seen again here" :
						      NULL;

		if (!comment && c->seen.answer_match == ANSWER_EXACT &&
		    is_at(&all[i], c->seen.answers.ts_ns, c->seen.answers.ifindex,
			  c->seen.answers.hook))
			comment = "this segment triggered the reset";
		/* Its comment is worth a second copy of a packet that was another's history. */
		if (!was_written(r, &all[i]) || sighting == 0)
			put_packet(r, &all[i], comment);
	}
	free(text);
	free(all);
}

static void put_gap(struct recording *r, const struct sink_gap *gap)
{
	struct json_writer *w = json_writer__new();
	char from[40], until[40];

	format_time(from, sizeof(from), gap->from_ns, r->report);
	format_time(until, sizeof(until), gap->until_ns, r->report);
	if (w) {
		json__object(w, NULL);
		json__unsigned(w, "resets", gap->resets);
		json__text(w, "from", from);
		json__text(w, "until", until);
		json__text(w, "why", strerror(-gap->err));
		json__end(w);
	}
	put_json(&r->out, RECORDING_GAP, w);
}

/* --- the file ------------------------------------------------------------------------------------ */

/* All that is in r->out, or nothing. */
static int flush_out(struct recording *r)
{
	int err = r->out.failed ? -ENOMEM :
				  stoppable_write(r->fd, r->out.at, r->out.n, r->cfg.stop_fd);

	if (!err)
		r->size += r->out.n;
	else if (r->regular && ftruncate(r->fd, (off_t)r->size) == 0)
		lseek(r->fd, (off_t)r->size, SEEK_SET);
	r->out.n = 0;
	r->out.failed = false;
	return err;
}

static unsigned int digits(unsigned int files)
{
	unsigned int n = 0, last = files ? files - 1 : 0;

	for (; last > 0; last /= 10)
		n++;
	return n;
}

/* As tcpdump names them: FILE, FILE1, FILE2; with a limit FILE00, FILE01. */
static char *file_name(const struct recording *r)
{
	unsigned int width = digits(r->cfg.files);
	char *name;

	if (!r->count && !width)
		return strdup(r->cfg.path);
	return asprintf(&name, "%s%0*u", r->cfg.path, (int)width, r->count) < 0 ? NULL : name;
}

static int open_path(const char *path, enum output_mode mode)
{
	int fd;

	if (strcmp(path, "-"))
		return output_file_open(path, mode);
	fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? -errno : fd;
}

static void put_beginning(struct recording *r)
{
	if (r->begun)
		return;
	put_section(&r->out);
	put_header(&r->out, r->cfg.host);
}

/* Takes over @path. The file before stays open until this one is. */
static int begin_file(struct recording *r, char *path, enum output_mode mode)
{
	int fd = path ? open_path(path, mode) : -ENOMEM, err;
	struct stat st = { 0 };

	if (fd < 0) {
		free(path);
		return fd;
	}
	if (r->fd >= 0)
		close(r->fd);
	free(r->path);
	r->fd = fd;
	r->path = path;
	r->regular = strcmp(path, "-") && !fstat(fd, &st) && S_ISREG(st.st_mode);
	r->size = r->regular ? (uint64_t)st.st_size : 0;
	r->n_interfaces = 0;
	memset(r->written, 0, sizeof(r->written));
	r->begun = false;
	put_beginning(r);
	err = flush_out(r);
	r->begun = !err;
	return err;
}

static int rotate(struct recording *r)
{
	unsigned int before = r->count;
	int err;

	if (!r->cfg.max_bytes || r->size < r->cfg.max_bytes)
		return 0;
	r->count++;
	if (r->cfg.files && r->count >= r->cfg.files)
		r->count = 0;
	err = begin_file(r, file_name(r), OUTPUT_REPLACE);
	if (err)
		r->count = before;
	return err;
}

struct recording *recording__open(const struct recording_config *cfg)
{
	struct recording *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return NULL;
	r->cfg = *cfg;
	r->fd = -1;
	err = begin_file(r, file_name(r), OUTPUT_REPLACE);
	if (!err)
		return r;
	recording__close(r);
	errno = -err;
	return NULL;
}

static int add(struct recording *r, const struct reset_case *c, const struct sink_gap *gap,
	       const struct packet *packets, size_t n)
{
	unsigned int interfaces;
	int err = rotate(r);

	if (err)
		return err;
	interfaces = r->n_interfaces;
	/* A disk that was full when the file was begun: it lacks its beginning. */
	put_beginning(r);
	if (gap->resets)
		put_gap(r, gap);
	put_case(&r->out, c, r->report);
	put_packets(r, c, packets, n);
	err = flush_out(r);
	if (!err) {
		r->begun = true;
		return 0;
	}
	r->n_interfaces = interfaces;
	memset(r->written, 0, sizeof(r->written));
	return err;
}

int recording__add(struct recording *r, const struct reset_case *c,
		   const struct report_context *report, const struct sink_gap *gap,
		   const struct packet *packets, size_t n)
{
	r->report = report;
	return add(r, c, gap, packets, n);
}

int recording__clock_set(struct recording *r, const struct clock_step *step,
			 const struct report_context *report)
{
	struct json_writer *w;
	char at[40];

	if (!r->begun)
		return 0;
	format_time(at, sizeof(at), step->ts_ns, report);
	w = json_writer__new();
	if (w) {
		json__object(w, NULL);
		json__text(w, "at", at);
		json__signed(w, "step_ns", step->step_ns);
		json__signed(w, "wall_offset_ns", step->wall_offset_ns);
		json__end(w);
	}
	put_json(&r->out, RECORDING_CLOCK, w);
	return flush_out(r);
}

int recording__reopen(struct recording *r)
{
	if (!strcmp(r->path, "-") || output_file_is(r->fd, r->path))
		return 0;
	return begin_file(r, strdup(r->path), OUTPUT_APPEND);
}

const char *recording__path(const struct recording *r)
{
	return r->path;
}

int recording__close(struct recording *r)
{
	int err = 0;

	if (!r)
		return 0;
	/* Some file systems tell only now. */
	if (r->fd >= 0 && close(r->fd))
		err = -errno;
	free(r->path);
	free(r->interfaces);
	free(r->out.at);
	free(r);
	return err;
}
