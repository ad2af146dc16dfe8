// SPDX-License-Identifier: GPL-2.0-only
/*
 * rst_abi.bpf.c - no program: the types of rst_event.h and rst_ring.h as clang lays them out for BPF.
 *
 * clang keeps only the types of maps, globals and out-of-line functions in the BTF of our
 * objects; the events are none of these. test_abi compares this object too.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "rst_event.h"
#include "rst_ring.h"

struct rst_pkt abi_pkt;
struct rst_cpu abi_cpu;
struct rst_ring abi_ring;
struct rst_ev_hdr abi_ev_hdr;
struct rst_ev_wire abi_ev_wire;
struct rst_ev_kernel abi_ev_kernel;
struct rst_tuple abi_tuple;
struct rst_ct abi_ct;
struct rst_handoff abi_handoff;
struct rst_invalid abi_invalid;
struct rst_window abi_window;
struct rst_flow abi_flow;
struct rst_reader_info abi_reader_info;
struct rst_cgroup abi_cgroup;
struct rst_closer abi_closer;
struct rst_user_stack abi_user_stack;
struct rst_user_count abi_user_count;

char _license[] SEC("license") = "GPL";
