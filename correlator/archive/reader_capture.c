// SPDX-License-Identifier: GPL-2.0-only
/*
 * reader_capture.c - the resets of a capture, from the wire alone; and recordings of ours, which
 * hold what a kernel said.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "archive/reader.h"
#include "archive/recording.h"
#include "base/log.h"
#include "base/progress.h"
#include "capture/case_queue.h"
#include "capture/flow_tracker.h"
#include "capture/observations.h"
#include "capture/pcap_reader.h"
#include "capture/places.h"
#include "capture/prescan.h"
#include "capture/reorder.h"
#include "diagnose/classify.h"

/* So many packets are parsed, and looked up, at a time: see flow_tracker__prepare(). */
#define BATCH 32
/* And so many read, where most of them are spared. */
#define READ_MAX 512
#define PROGRESS_PACKETS 65536

struct capture_source {
	struct reader *s;
	struct pcap_reader *capture;
	struct reorder *order;
	struct flow_tracker *trace;
	struct progress *progress;
	struct observation_point *vantage; /* of several; NULL = this is the only one */
	const char *name;		   /* of the file, without directories */
	struct case_queue *queue;
	struct places *places;
	struct report_context report;
	struct reset_case c; /* that is told */
	uint64_t packets;
	uint64_t results[SEGMENT_RESULTS];
	uint64_t link_unknown;
	uint16_t unknown_linktype;
	bool is_recording;
	bool is_marked; /* it was read once, to mark its resets */
	int err;	/* of a custom block */
};

static const char *place_name(void *ctx, uint32_t i)
{
	const struct capture_source *cs = ctx;

	return places__name(cs->places, i);
}

static const char *no_line(void *ctx, const struct frame *f)
{
	(void)ctx;
	(void)f;
	return NULL;
}

/* On the other thread. */
static int tell(void *ctx, const struct capture_case *w)
{
	struct capture_source *cs = ctx;

	capture_case_unpack(w, &cs->c);
	classify(&cs->c);
	return reader_emit(cs->s, &cs->c, &cs->report);
}

static int on_reset(void *ctx, const struct capture_case *c)
{
	struct capture_source *cs = ctx;

	if (cs->vantage)
		return observation_point__take(cs->vantage, c);
	return case_queue__push(cs->queue, c);
}

static int on_custom(void *ctx, const uint8_t *data, size_t len, bool swapped)
{
	struct capture_source *cs = ctx;
	int got = case_queue__drain(cs->queue);

	/* Its cases are told by this thread. */
	if (!got)
		got = reader_recording_block(cs->s, data, len, swapped);
	cs->is_recording |= got > 0;
	cs->err = got < 0 ? got : 0;
	return cs->err;
}

/* Is it, at a glance, a segment that nobody needs? */
static bool is_spared(struct capture_source *cs, const struct capture_packet *p, uint16_t linktype)
{
	const uint8_t *tcp;
	struct segment ends;

	if (!cs->is_marked || cs->vantage)
		return false;
	tcp = segment_glance(p, linktype);
	if (!tcp || tcp[TCP_FLAGS] & (FLAG_SYN | FLAG_RST))
		return false;
	segment_ends(p, tcp, &ends);
	return !flow_tracker__follows(cs->trace, &ends);
}

/* Does the packet hold a segment that can be followed? */
static bool parse(struct capture_source *cs, const struct capture_packet *p,
		  struct tracked_segment *seg)
{
	const struct capture_interface *interface =
		pcap_reader__interface(cs->capture, p->interface);
	uint16_t linktype = interface->linktype;
	enum segment_result result;

	if (is_spared(cs, p, linktype)) {
		cs->results[SEGMENT_TCP]++;
		return false;
	}
	result = segment_parse(p, linktype, &seg->s);
	cs->results[result]++;
	if (result == SEGMENT_OTHER && !segment_knows(linktype)) {
		cs->link_unknown++;
		cs->unknown_linktype = linktype;
	}
	if (result != SEGMENT_TCP)
		return false;
	seg->ts_ns = p->ts_ns;
	seg->interface = places__find(cs->places, p->interface, seg->s.ifindex, interface->name);
	return true;
}

/*
 * Sets @ret_n; 1, 0 at the end, -errno. What a pipe has given so far is a batch too: more may take long
 * to come.
 */
static int read_batch(struct capture_source *cs, const struct input *in,
		      struct tracked_segment *batch, unsigned int *ret_n)
{
	struct capture_packet p;
	unsigned int n = 0, read;
	int got = 1;

	for (read = 0; n < BATCH && read < READ_MAX && (!read || in->at != in->end); read++) {
		got = pcap_reader__next(cs->capture, &p);
		if (got <= 0)
			break;
		cs->packets++;
		/* The packets of a recording are there for people: its cases tell more. */
		if (cs->is_recording || !parse(cs, &p, &batch[n]))
			continue;
		n++;
	}
	*ret_n = n;
	return got;
}

static void show_progress(void *ctx, double done, uint64_t packets)
{
	struct capture_source *cs = ctx;

	progress__show(cs->progress, done, packets,
		       __atomic_load_n(&cs->s->cases, __ATOMIC_RELAXED));
}

/* Two readings take about as long as each other. */
static void show_first(void *ctx, double done, uint64_t packets)
{
	show_progress(ctx, done / 2, packets);
}

static void show_reading(struct capture_source *cs, const struct input *in)
{
	double done = input__progress(in);

	show_progress(cs, cs->is_marked ? (1 + done) / 2 : done, cs->packets);
}

static int follow(struct capture_source *cs, struct tracked_segment *batch, unsigned int n)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < n; i++)
		flow_tracker__prepare(cs->trace, &batch[i]);
	for (i = 0; i < n; i++)
		flow_tracker__fetch(cs->trace, &batch[i]);
	for (i = 0; i < n && cs->vantage; i++)
		observation_point__see(cs->vantage, &batch[i]);
	for (i = 0; i < n && !err; i++)
		err = flow_tracker__add(cs->trace, &batch[i]);
	return err;
}

/* In the order of time; @all: nothing more comes. */
static int follow_due(struct capture_source *cs, bool all)
{
	struct tracked_segment batch[BATCH];
	const struct tracked_segment *next;
	unsigned int n;
	int err;

	do {
		for (n = 0; n < BATCH && (next = reorder__take(cs->order, all)); n++)
			batch[n] = *next;
		err = follow(cs, batch, n);
	} while (n == BATCH && !err);
	return err ? err : flow_tracker__advance(cs->trace, reorder__time(cs->order));
}

static int read_packets(struct capture_source *cs, const struct input *in)
{
	struct tracked_segment batch[BATCH];
	uint64_t shown = 0;
	unsigned int n, i;
	int got, err = 0;

	do {
		got = read_batch(cs, in, batch, &n);
		for (i = 0; i < n; i++)
			reorder__put(cs->order, &batch[i],
				     pcap_reader__n_interfaces(cs->capture) > 1);
		err = follow_due(cs, got <= 0);
		if (cs->packets - shown >= PROGRESS_PACKETS) {
			shown = cs->packets;
			show_reading(cs, in);
		}
	} while (got > 0 && !err);
	progress__clear(cs->progress);
	if (!err)
		err = flow_tracker__flush(cs->trace);
	if (!err)
		err = case_queue__drain(cs->queue);
	return err ? err : got;
}

static void warn_if(struct capture_source *cs, uint64_t n, const char *what)
{
	if (n)
		reader_warn(cs->s, "%s: %llu packets were not decoded: %s", cs->name,
			    (unsigned long long)n, what);
}

static void tell_losses(struct capture_source *cs)
{
	uint64_t evicted = flow_tracker__evicted(cs->trace);
	uint64_t nowhere = places__refused(cs->places);

	warn_if(cs, cs->results[SEGMENT_TRUNCATED], "headers truncated (snaplen)");
	warn_if(cs, cs->results[SEGMENT_MALFORMED], "inconsistent lengths");
	warn_if(cs, cs->results[SEGMENT_FRAGMENT], "IP fragments");
	warn_if(cs, cs->results[SEGMENT_TOO_DEEP], "too many headers");
	if (cs->link_unknown)
		reader_warn(cs->s, "%s: %llu packets were not decoded: unsupported link type %u",
			    cs->name, (unsigned long long)cs->link_unknown, cs->unknown_linktype);
	if (nowhere)
		reader_warn(cs->s,
			    "%s: more than %d interfaces: %llu packets of further ones are not "
			    "told apart",
			    cs->name, PLACES_MAX, (unsigned long long)nowhere);
	if (evicted)
		reader_warn(cs->s,
			    "%s: flow table full (1 million): %llu flows were evicted; "
			    "their resets are reported without history",
			    cs->name, (unsigned long long)evicted);
}

/* After what could be read. A cut file is none the worse for it, but nobody must think it whole. */
static int tell_end(struct capture_source *cs, int err)
{
	const char *why = pcap_reader__why(cs->capture);
	const char *what = cs->is_recording ? "the recording" : "the capture";

	if (err == -ENODATA) {
		reader_warn(cs->s, "%s: %s is truncated (%s); all earlier resets were reported",
			    cs->name, what, why);
		return 0;
	}
	if (err == -EBADMSG && !cs->err)
		return reader_fail(cs->s, err,
				   "%s: %s is corrupt (%s); all earlier resets were reported",
				   cs->name, what, why);
	if (err && *why)
		return reader_fail(cs->s, err, "%s: %s", cs->name, why);
	return err;
}

static int read_capture(struct capture_source *cs, struct input *in)
{
	int err = read_packets(cs, in);

	if (cs->vantage && err >= 0 &&
	    observation_point__end(cs->vantage, place_name, cs, places__n(cs->places)))
		return reader_fail(cs->s, -ENOMEM, "%s: out of memory", cs->name);
	if (!cs->packets && err >= 0 && !cs->is_recording)
		reader_warn(cs->s, "%s: no packets", cs->name);
	if (cs->packets && cs->link_unknown == cs->packets)
		return reader_fail(cs->s, -EBADMSG, "%s: unsupported link type %u", cs->name,
				   cs->unknown_linktype);
	if (!cs->is_recording)
		tell_losses(cs);
	return tell_end(cs, err);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static void close_source(struct capture_source *cs)
{
	case_queue__free(cs->queue);
	cs->s->progress = NULL;
	progress__free(cs->progress);
	flow_tracker__free(cs->trace);
	reorder__free(cs->order);
	pcap_reader__free(cs->capture);
	places__free(cs->places);
}

static bool open_source(struct capture_source *cs)
{
	cs->places = places__new(cs->name);
	cs->order = reorder__new();
	cs->trace = flow_tracker__new(on_reset, cs);
	cs->queue = case_queue__new(tell, cs);
	cs->progress = progress__new(cs->s->cfg->progress, cs->name);
	cs->s->progress = cs->progress;
	cs->vantage = cs->s->point;
	return cs->places && cs->order && cs->trace && cs->queue && cs->progress &&
	       (cs->vantage || !cs->s->vantages);
}

static int open_and_read(struct capture_source *cs, struct input *in)
{
	char why[256];

	cs->capture = pcap_reader__open(in, why, sizeof(why));
	if (!cs->capture)
		return reader_fail(cs->s, -errno, "%s: %s", in->name, why);
	pcap_reader__on_custom(cs->capture, PCAPNG_PEN, on_custom, cs);
	return read_capture(cs, in);
}

int reader_capture(struct reader *s, struct input *in)
{
	struct capture_source cs = { .s = s, .name = base_name(in->name) };
	int err = 0;

	cs.report = (struct report_context){
		.host = cs.name,
		.view = "none",
		.ifname = place_name,
		.ifname_ctx = &cs,
		.source_line = no_line,
	};
	if (!open_source(&cs))
		err = reader_fail(s, -ENOMEM, "%s: out of memory", in->name);
	else if (input__can_be_parted(in))
		cs.is_marked = prescan(cs.trace, in, show_first, &cs);
	if (!err)
		err = open_and_read(&cs, in);
	close_source(&cs);
	return err;
}
