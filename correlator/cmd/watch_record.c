// SPDX-License-Identifier: GPL-2.0-only
/*
 * watch_record.c - the recording that `watch -w` makes beside its reports.
 */
#include "cmd/watch_record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* What comes after the RST until the case is complete. */
#define AFTER_PACKETS 64

struct watch_record {
	struct recording *recording;
	unsigned int pre_packets;
	uint64_t pre_ns;
	uint64_t resets;
	bool said_full;
	struct packet_list after; /* the RST, of the reset that is being written */
};

struct watch_record *watch_record__open(const struct watch_options *opt,
					const struct report_context *report)
{
	struct recording_config cfg = {
		.path = opt->recording,
		.max_bytes = opt->recording_bytes,
		.files = opt->recording_files,
	};
	struct watch_record *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return NULL;
	w->pre_packets = opt->pre_packets;
	w->pre_ns = opt->pre_ns;
	w->recording = recording__open(&cfg, report);
	if (w->recording)
		return w;
	err = errno;
	free(w);
	errno = err;
	return NULL;
}

/* As they are on the wire on both sides of NAT here. */
static void add_flows(const struct reset_case *c, struct recall *what)
{
	recall_add(what, &c->seen.rst.tuple);
	if (c->seen.kernel->has_segment)
		recall_add(what, &c->seen.kernel->segment);
	if (c->asked.ct.has_entry) {
		recall_add(what, &c->asked.ct.orig);
		recall_add(what, &c->asked.ct.reply);
	}
}

void watch_record__widen(const struct watch_record *w, const struct reset_case *c,
			 struct recall *what)
{
	if (!w)
		return;
	add_flows(c, what);
	if (what->max < w->pre_packets)
		what->max = w->pre_packets;
}

void watch_record_drop(struct reset_case *c)
{
	free(c->asked.kept);
	c->asked.kept = NULL;
	c->asked.n_kept = 0;
}

void watch_record__keep(const struct watch_record *w, const struct packet_list *list,
			struct reset_case *c)
{
	uint64_t from =
		w && w->pre_ns && w->pre_ns < c->seen.rst.ts_ns ? c->seen.rst.ts_ns - w->pre_ns : 0;
	unsigned int n = 0;

	if (!w)
		return;
	watch_record_drop(c);
	while (n < list->n && n < w->pre_packets && list->packets[list->n - 1 - n].ts_ns >= from)
		n++;
	c->asked.kept = malloc((n + 1) * sizeof(*c->asked.kept));
	if (!c->asked.kept)
		return;
	if (n)
		memcpy(c->asked.kept, list->packets + list->n - n, n * sizeof(*c->asked.kept));
	c->asked.n_kept = n;
}

static void say_failed(struct watch_record *w, int err)
{
	if (w->said_full)
		return;
	w->said_full = true;
	warning("write recording '%s': %s; watching goes on, and what is missing is counted",
		recording__path(w->recording), error_name(err));
}

/* With the packets since the RST. What was not kept, as in a storm, is at least in the case. */
static int add(struct watch_record *w, const struct recorder *f, const struct reset_case *c,
	       const struct report_context *report)
{
	const struct packet *before = c->asked.kept ? c->asked.kept : c->asked.history;
	unsigned int n = c->asked.kept ? c->asked.n_kept : c->asked.n_history, n_after;
	struct recall what = {
		.from_ns = c->seen.rst.ts_ns,
		.until_ns = UINT64_MAX,
		.max = AFTER_PACKETS,
	};
	struct packet *all = malloc((n + AFTER_PACKETS) * sizeof(*all));
	int err;

	if (!all)
		return -ENOMEM;
	add_flows(c, &what);
	recorder__recall(f, &what, &w->after);
	n_after = w->after.n < AFTER_PACKETS ? w->after.n : AFTER_PACKETS;
	memcpy(all, before, n * sizeof(*all));
	if (n_after)
		memcpy(all + n, w->after.packets + w->after.n - n_after, n_after * sizeof(*all));
	err = recording__add(w->recording, c, report, all, n + n_after);
	free(all);
	return err;
}

void watch_record__add(struct watch_record *w, const struct recorder *f, const struct reset_case *c,
		       const struct report_context *report)
{
	uint64_t missing;
	int err;

	if (!w)
		return;
	missing = recording__missing(w->recording);
	err = add(w, f, c, report);
	if (err) {
		say_failed(w, err);
		return;
	}
	w->resets++;
	w->said_full = false;
	if (missing)
		warning("recording '%s' goes on; %" PRIu64 " resets are missing in it",
			recording__path(w->recording), missing);
}

void watch_record__close(struct watch_record *w)
{
	uint64_t lost;
	int err;

	if (!w)
		return;
	lost = recording__lost(w->recording);
	if (lost)
		warning("recording '%s': %" PRIu64 " resets could not be written",
			recording__path(w->recording), lost);
	else if (!strcmp(recording__path(w->recording), "-"))
		notice("%" PRIu64 " resets recorded", w->resets);
	else
		notice("%" PRIu64 " resets recorded: rstscope explain -r '%s'", w->resets,
		       recording__path(w->recording));
	err = recording__close(w->recording);
	if (err)
		warning("close the recording: %s; its end may be missing", error_name(err));
	free(w->after.packets);
	free(w);
}
