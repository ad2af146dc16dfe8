// SPDX-License-Identifier: GPL-2.0-only
/*
 * rst_fentry_typed.bpf.c - rst_fentry for kernels that refuse bpf_probe_read_kernel().
 */
#define TYPED_READS

#include "rst_fentry.bpf.c"
