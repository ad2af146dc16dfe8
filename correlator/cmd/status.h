/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * status.h - what is attached and how it does, gathered for `rstscope status`.
 */
#ifndef STATUS_H
#define STATUS_H

#include <stdbool.h>
#include <stdio.h>

#include "live/attached_state.h"
#include "live/bpf_holders.h"
#include "live/bpf_pins.h"

#define STATUS_MAX_INTERFACES 64

struct status_options {
	const char *interfaces[STATUS_MAX_INTERFACES];
	unsigned int n_interfaces; /* 0 = all */
	const char *netns;
	bool json;
	bool stats;
	bool verbose;
};

/* Who attached a program, as far as it can be known. */
enum status_loader {
	LOADED_BY_WATCH, /* and it lives: holder */
	LOADED_BY_DEAD_WATCH,
	LOADED_BY_ATTACH,   /* rstscope attach */
	LOADED_BY_TC,	    /* filter; its name has file and section */
	LOADED_BY_FILTER,   /* of another name */
	LOADED_BY_NETLINK,  /* XDP without a link: ip link, bpftool, xdp-loader */
	LOADED_BY_LIBXDP,   /* by its dispatcher */
	LOADED_BY_LINK_PIN, /* link_pin */
	LOADED_BY_PROCESS,  /* that holds the link: holder */
	LOADED_BY_UNSEEN,   /* link that is pinned or held out of sight */
	LOADED_BY_COMMAND,  /* tcx without a link */
};

struct status_program {
	const struct attached_program *p;
	enum status_loader loader;
	const struct bpf_holder *holder;
	const char *link_pin;
	const char *pin; /* of the program */
	uint64_t runs;	 /* measured, or since the kernel counts them */
	uint64_t run_ns;
};

struct status_reader {
	uint32_t pid;
	char comm[16];
	uint64_t since_ns; /* CLOCK_MONOTONIC; 0 = not known */
	uint64_t lost_wire, lost_kernel;
	bool has_lost;
};

#define STATUS_MAX_READERS 16

struct status_recorder {
	const struct attached_recorder *r;
	struct attached_state state;
	const char *pin;		 /* of rst_ring */
	bool is_watch;			 /* kept by a watch that has attached it for itself */
	struct status_program *programs; /* those that were asked for */
	unsigned int n_programs;
	struct status_reader readers[STATUS_MAX_READERS];
	unsigned int n_readers;
};

struct status_warning {
	const char *id;
	char *text;
};

struct status {
	struct attached *attached;
	struct bpf_pins pins;
	struct bpf_holders holders;
	struct status_recorder *recorders;
	unsigned int n_recorders;
	struct status_warning *warnings;
	unsigned int n_warnings;
	bool measured; /* runs are those of the last second */
	int measure_err;
	uint64_t now_ns; /* CLOCK_MONOTONIC */
	int64_t boot_ns; /* when CLOCK_BOOTTIME was 0, nanoseconds since 1970 */
};

/** status_gather() - 0 or -errno; @ret is to be freed if 0 */
int status_gather(const struct status_options *o, struct status *ret);
void status_free(struct status *s);

/** status_warn() - what deserves attention, into s->warnings; 0 or -ENOMEM */
int status_warn(struct status *s);

/* Of a program: packets of that direction pass so many things, this one being number "place". */
static inline bool status_is_foreign(const struct attached_program *p)
{
	return !p->recorder;
}

void status_print_text(FILE *out, const struct status *s, bool verbose, bool colour);

/** status_print_json() - 0 or -errno */
int status_print_json(FILE *out, const struct status *s);

/** status_wall_time() - RFC 3339 with seconds, UTC; of nanoseconds of CLOCK_BOOTTIME */
void status_wall_time(const struct status *s, uint64_t boottime_ns, char *ret, size_t size);

const char *status_way_name(enum attached_way way);	   /* "tcx" */
const char *status_mode_name(enum if_xdp_mode mode);	   /* "native" */
const char *status_loader_name(enum status_loader loader); /* "tc" */
const char *status_count_name(enum attached_count count);  /* "lost_wire" */

#endif
