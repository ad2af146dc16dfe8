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
#include "report/sink.h"

#define RECORDING_MAGIC "rstscope"
#define RECORDING_VERSION 2 /* that of case_json.h */

enum recording_kind {
	RECORDING_HEADER = 1, /* JSON: version, host, release */
	RECORDING_CASE = 2,   /* JSON: evidence_document() */
	RECORDING_GAP = 3,    /* JSON: resets that could not be written, from, until, why */
	RECORDING_CLOCK = 4,  /* JSON: the wall clock was set: at, step_ns, wall_offset_ns */
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
	const char *host;   /* this machine's name */
	int stop_fd;	    /* as of struct sink_config */
};

/** recording__open() - create the (first) file. NULL with errno. */
struct recording *recording__open(const struct recording_config *cfg);

/**
 * recording__add() - write one classified case and its packets
 * @gap: what could not be written before it
 * @packets: of its flow, in the order of time, from before and after the RST; may have the RST
 *
 * All of it or nothing: what could not be written whole is taken back.
 *
 * Return: 0 or -errno. After a failure, the next call tries again.
 */
int recording__add(struct recording *r, const struct reset_case *c,
		   const struct report_context *report, const struct sink_gap *gap,
		   const struct packet *packets, size_t n);

/** recording__clock_set() - note it; 0 or -errno */
int recording__clock_set(struct recording *r, const struct clock_step *step,
			 const struct report_context *report);

/** recording__reopen() - go on in a new file of the same name, if it was moved; 0 or -errno */
int recording__reopen(struct recording *r);

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
