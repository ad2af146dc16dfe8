// SPDX-License-Identifier: GPL-2.0-only
/*
 * lab_tcx.c - a tcx or XDP program of somebody else, which lets every packet pass, until we are killed.
 *
 * By bpf(2) itself: the bpftool and the headers of Debian 12 do not know tcx.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lab.h"

#define TCX_INGRESS 46
#define TCX_EGRESS 47
#define TCX_BEFORE (1u << 3)
#define TCX_AFTER (1u << 4)

static int bpf(int cmd, union bpf_attr *attr)
{
	return (int)syscall(__NR_bpf, cmd, attr, sizeof(*attr));
}

static int load(bool xdp)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = xdp ? XDP_PASS : -1 }, /* TCX_NEXT */
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = xdp ? BPF_PROG_TYPE_XDP : BPF_PROG_TYPE_SCHED_CLS;
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = ARRAY_SIZE(insns);
	attr.license = (uintptr_t) "GPL";
	strcpy(attr.prog_name, "other_tcx");
	return bpf(BPF_PROG_LOAD, &attr);
}

static void place(union bpf_attr *attr, const char *hook, const char *where)
{
	if (!strcmp(hook, "xdp")) {
		attr->link_create.attach_type = BPF_XDP;
		attr->link_create.flags = XDP_FLAGS_SKB_MODE;
		return;
	}
	attr->link_create.attach_type = strcmp(hook, "ingress") ? TCX_EGRESS : TCX_INGRESS;
	attr->link_create.flags = strcmp(where, "before") ? TCX_AFTER : TCX_BEFORE;
}

/* IF ingress|egress|xdp before|after FILE: before or after all that is there; FILE is made when it is attached. */
int cmd_tcx(int argc, char **argv)
{
	union bpf_attr attr;
	int prog;

	lab_doing = "tcx";
	if (argc != 4)
		die("tcx takes IF, ingress, egress or xdp, before or after, and FILE");
	prog = load(!strcmp(argv[1], "xdp"));
	if (prog < 0)
		die("load: %s", errno_name(errno));
	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)prog;
	attr.link_create.target_fd = if_nametoindex(argv[0]);
	place(&attr, argv[1], argv[2]);
	if (bpf(BPF_LINK_CREATE, &attr) < 0)
		die("attach: %s", errno_name(errno));
	if (open(argv[3], O_WRONLY | O_CREAT, 0666) < 0)
		die("%s: %s", argv[3], errno_name(errno));
	for (;;)
		pause();
}
