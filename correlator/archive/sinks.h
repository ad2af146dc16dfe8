/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sinks.h - the sinks that write what the readers of this room read.
 */
#ifndef ARCHIVE_SINKS_H
#define ARCHIVE_SINKS_H

#include "archive/recording.h"
#include "archive/store.h"
#include "live/recorder.h"
#include "report/sink.h"

/* struct sink_config.own of each; the path is that of the sink. */
extern const struct sink_ops sink_evidence;  /* none */
extern const struct sink_ops sink_recording; /* struct recording_sink_config */
extern const struct sink_ops sink_store;     /* struct store_config */

struct recording_sink_config {
	struct recording_config file;
	unsigned int pre_packets; /* of the flow's past; 0 = as many as the history of a case */
	uint64_t pre_ns;	  /* so far back at most; 0 = no limit */
	/* recorder__recall() in the end. NULL: the history of the case is all there is. */
	int (*recall)(void *ctx, const struct recall *what, struct packet_list *list);
	void *recall_ctx;
};

#endif
