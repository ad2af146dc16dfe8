/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * harness.h - what the tests of the BPF programs share: results, and a test bed.
 *
 * A test bed is the wire view as `rstscope watch` loads it, on one CPU and attached to nothing;
 * packets are run through it one by one with BPF_PROG_TEST_RUN.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "live/tc_object.h"
#include "rst_event.h"
#include "rst_ring.h"

/* Results, one line each; a failure is explained in "# " lines below it. */
void ok(bool good, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void skip(const char *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * begin() - quiet libbpf, and look whether we are root
 * @what: what is skipped without root, in one line, when this returns false; NULL = no need
 */
bool begin(const char *what);
/** finish() - the exit code: 1 when something failed */
int finish(void);

/* The programs of the wire view. */
enum entry {
	XDP,
	TC_INGRESS,
	TC_EGRESS,
	L3_INGRESS,
	L3_EGRESS,
	N_ENTRIES,
};

extern const char *const entry_names[N_ENTRIES];
/** entry_hook() - the enum rst_hook that a program leaves in its records */
uint32_t entry_hook(enum entry e);
bool entry_is_l3(enum entry e);

#define MAX_EVENTS 64
#define LOOPBACK 1u

struct bed_config {
	unsigned int slots;	   /* 0: RST_RING_SLOTS */
	unsigned int cpus;	   /* 0: all */
	unsigned int events_bytes; /* 0: as `rstscope watch` */
	unsigned int rings;	   /* 0: all CPUs */
	bool xdp_frags;
	struct mark mark;
};

struct bed {
	struct bpf_object *tc;
	struct bpf_object *xdp;
	struct shared_maps maps;
	struct rst_cpu *cpus; /* mmap of rst_cpus */
	char *rings;	      /* mmap of rst_ring: bed__ring() */
	unsigned int n_rings;
	struct ring_buffer *rb;
	int fd[N_ENTRIES];
	unsigned int cpu;      /* the CPU that everything runs on */
	unsigned int n_events; /* since bed__clear() */
	struct rst_ev_wire events[MAX_EVENTS];
};

/**
 * bed__open() - load tc and XDP programs that share their maps, and pin this thread to a CPU
 * @cpu: which; -1 = the last of those that we may use
 *
 * Return: NULL with errno.
 */
struct bed *bed__open(const struct bed_config *cfg, int cpu);
void bed__close(struct bed *b);

/** bed__ring() - of a CPU below @n_rings */
struct rst_ring *bed__ring(const struct bed *b, unsigned int cpu);

/** bed__make_reader() - the maps that a reader brings; @events_bytes: 0 = as `rstscope watch` */
int bed__make_reader(unsigned int events_bytes, int *ret_events, int *ret_handoff);

/** bed__move() - go on on another CPU; 0 or -errno */
int bed__move(struct bed *b, unsigned int cpu);

/** bed__clear() - forget all records, counts, events and what waits in the handoff */
void bed__clear(struct bed *b);

struct run {
	const void *data;
	size_t len;
	uint32_t ifindex;	  /* 0: loopback */
	uint32_t ingress_ifindex; /* tc */
	uint32_t gso_segs;	  /* tc */
	uint32_t gso_size;	  /* tc */
	uint32_t linear;	  /* XDP: bytes outside of fragments; 0 = all */
	int repeat;		  /* 0: once */
	uint32_t mark;		  /* tc: before */
};

struct outcome {
	uint32_t retval;
	bool unchanged; /* the packet that came out is the one that went in */
	uint32_t mark;	/* tc: after */
};

/** bed__run() - Return: 0, or -errno of BPF_PROG_TEST_RUN; -ENOSYS: not with this kernel */
int bed__run(struct bed *b, enum entry e, const struct run *r, struct outcome *ret);

/** bed__collect() - take the events that wait; Return: how many there are since bed__clear() */
unsigned int bed__collect(struct bed *b);

/** bed__head() - records written by our CPU */
uint64_t bed__head(const struct bed *b);
uint64_t bed__count(const struct bed *b, enum rst_count what);
/** bed__record() - one of our CPU's records; @back 0: the last one */
const struct rst_pkt *bed__record(const struct bed *b, unsigned int back);
uint32_t entry_passes(enum entry e);

/** same_record() - compare all but the time; explains in notes when @who is given */
bool same_record(const struct rst_pkt *got, const struct rst_pkt *want, const char *who);

extern const char *const count_names[RST_CNT_MAX];

uint64_t now_ns(void);

#endif
