// SPDX-License-Identifier: GPL-2.0-only
/*
 * rst_tracepoint_typed.bpf.c - rst_tracepoint for kernels that refuse bpf_probe_read_kernel().
 */
#define TYPED_READS

#include "rst_tracepoint.bpf.c"
