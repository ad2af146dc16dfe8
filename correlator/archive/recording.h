/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * recording.h - what `watch -w` writes: pcapng, with our own blocks beside the packets.
 *
 * docs/recording.md describes the format. Whatever reads pcapng can open it; the packets are for
 * people, the cases for `explain`.
 */
#ifndef RECORDING_H
#define RECORDING_H

#include "archive/reader.h"
#include "report/report_json.h"

#define RECORDING_MAGIC "rstscope"
#define RECORDING_VERSION 1

enum recording_kind {
	RECORDING_HEADER = 1, /* JSON: version, host, release */
	RECORDING_CASE = 2,   /* JSON: evidence_document() */
	RECORDING_GAP = 3,    /* JSON: resets that could not be written, from, until, why */
};

/* Begins the data of each Custom Block of ours, in the byte order of the section. */
struct recording_head {
	char magic[8]; /* RECORDING_MAGIC, without a final 0 */
	uint16_t version;
	uint16_t kind;
	uint32_t length; /* of the JSON that follows; then padding to four bytes */
};

struct recording;

struct recording_config {
	const char *path;   /* "-" = standard output */
	uint64_t max_bytes; /* then the next file is begun; 0 = never */
	unsigned int files; /* then the first is overwritten; 0 = never */
};

/** recording__open() - create the (first) file. NULL with errno. */
struct recording *recording__open(const struct recording_config *cfg,
				  const struct report_context *report);

/**
 * recording__add() - write one classified case and its packets
 * @packets: of its flow, in the order of time, from before and after the RST; may have the RST
 *
 * All of it or nothing: what could not be written whole is taken back, and counted.
 *
 * Return: 0 or -errno. After a failure, the next call tries again.
 */
int recording__add(struct recording *r, const struct reset_case *c,
		   const struct report_context *report, const struct packet *packets, size_t n);

/** recording__missing() - cases since the last good one that could not be written */
uint64_t recording__missing(const struct recording *r);

/** recording__lost() - cases that could not be written, ever */
uint64_t recording__lost(const struct recording *r);

/** recording__path() - of the file that is written now */
const char *recording__path(const struct recording *r);

/** recording__close() - takes NULL; 0 or -errno: then the end of the file may be missing */
int recording__close(struct recording *r);

/**
 * reader_recording_block() - the data of a Custom Block of PCAPNG_PEN
 * @swapped: the section has the other byte order
 *
 * Return: 1 if it was ours, 0 if not; -errno as in reader.h.
 */
int reader_recording_block(struct reader *s, const uint8_t *data, size_t len, bool swapped);

#endif
