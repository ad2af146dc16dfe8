/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * probe_rows.h - the kernel's reset functions, and which of them this kernel has.
 */
#ifndef PROBE_ROWS_H
#define PROBE_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "live/attach_probes.h"

struct btf;

struct probe_row {
	const char *function;
	const char *renamed; /* by a later release; NULL = never */
	const char *module;  /* NULL: always part of the kernel */
	const char *fentry;  /* program, by tier; NULL = not to be had there */
	const char *kprobe;
	const char *tracepoint;
	uint32_t view;	   /* enum coverage */
	const char *price; /* of not having it */
};

enum {
	ROW_V4,
	ROW_V6,
	ROW_ACTIVE,
	ROW_RECEIVE,
	ROW_CLOSE,
	ROW_INSERTED, /* returns first: no window must begin whose end is not seen */
	ROW_INSERT,
	ROW_HASHDANCED,
	ROW_HASHDANCE,
	ROW_CHALLENGE,
	ROW_TIMEWAIT,
	ROW_REJECT4,
	ROW_REJECT6,
	ROW_INVALID,
	ROW_NF_DROP,
	ROW_SET_STATE,
	ROW_DESTROY,
	N_ROWS,
};

extern const struct probe_row probe_rows[N_ROWS];

/* What probe_row_why_absent() says of a module that may come. */
extern const char probe_not_loaded[];

/** probe_row_program() - the program for row @i in a tier; NULL = none */
const char *probe_row_program(unsigned int i, enum tier tier);

/** probe_row_name() - by which name this kernel has the function, for that tier; NULL = not at all */
const char *probe_row_name(const struct kernel_view_config *cfg, unsigned int i, enum tier tier);

/** probe_row_why_absent() - as far as that can be known before trying; NULL = it is there */
const char *probe_row_why_absent(const struct kernel_view_config *cfg, unsigned int i,
				 enum tier tier);

/** probe_module_is_live() - loaded and past its init; not of one that is built in */
bool probe_module_is_live(const char *module);

/** probe_reason_argument() - which argument of @function is the reason of a reset, from 1; 0 = none */
uint32_t probe_reason_argument(const struct btf *btf, const char *function, int kind);

/** probe_invalid_format_argument() - which argument of nf_ct_l4proto_log_invalid() is the format */
uint32_t probe_invalid_format_argument(const struct btf *kernel);

#endif
