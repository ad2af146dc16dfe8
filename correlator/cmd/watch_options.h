/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watch_options.h - the command line of `rstscope watch`.
 */
#ifndef WATCH_OPTIONS_H
#define WATCH_OPTIONS_H

#include "cmd/watch.h"
#include "live/sensor.h"

#define MAX_INTERFACES 64
#define MAX_OUTPUTS 16

/* --output NAME[:FILE] */
struct output_option {
	char name[16];	  /* of a sink */
	const char *path; /* NULL = standard output */
};

struct watch_options {
	const char *interfaces[MAX_INTERFACES];
	unsigned int n_interfaces;
	const char *netns;
	bool all_netns;
	const char *btf_path;
	const char *vmlinux; /* with debug symbols; NULL = the usual places */
	const char *ready_file;
	const char *evidence_file;    /* NULL = none */
	const char *recording;	      /* NULL = none, "-" = standard output */
	uint64_t recording_bytes;     /* -C */
	unsigned int recording_files; /* -W */
	unsigned int pre_packets;     /* of history that go into the recording */
	uint64_t pre_ns;	      /* so far back at most; 0 = no limit */
	const char *store;	      /* NULL = none */
	uint64_t keep_ns;
	uint64_t keep_bytes;
	struct output_option outputs[MAX_OUTPUTS];
	unsigned int n_outputs;
	char *expression; /* pcap-filter; NULL = none; freed by the caller */
	enum tier tier;
	enum direction direction;
	struct case_choice choice;
	struct group_option group;
	unsigned long count; /* 0 = no limit */
	double duration;     /* seconds; 0 = no limit */
	bool brief;
	bool no_fold;
	bool json;
	bool xdp;
	bool user_stacks;
	struct mark mark;
	bool exit_when_gone;
	bool attached;
	bool quiet;
	bool list;
};

/** watch_options_parse() - exits with EXIT_USAGE on a wrong command line, 0 after --help */
void watch_options_parse(struct watch_options *o, int argc, char **argv);

#endif
