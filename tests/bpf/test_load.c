// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_load.c - the verifier of the running kernel takes every program of every object.
 *
 * One program at a time, as the sensor does when only some are wanted, and with the number of
 * instructions that the verifier walked, so that growth is seen. What a kernel may refuse for
 * reasons of its own (no trampolines, lockdown, a module that is not loaded) is skipped.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "harness.h"
#include "rst_fentry.skel.h"
#include "rst_fentry_typed.skel.h"
#include "rst_kprobe.skel.h"
#include "rst_tc.skel.h"
#include "rst_tracepoint.skel.h"
#include "rst_tracepoint_typed.skel.h"
#include "rst_xdp.skel.h"

struct object {
	const char *name;
	const void *(*elf)(size_t *size);
	enum bpf_prog_type type; /* UNSPEC: as libbpf knows from the section */
	bool casts;		 /* with bpf_rdonly_cast(), where the kernel has it */
};

static const struct object objects[] = {
	{ "rst_tc", rst_tc__elf_bytes, BPF_PROG_TYPE_SCHED_CLS, false },
	{ "rst_xdp", rst_xdp__elf_bytes, BPF_PROG_TYPE_XDP, false },
	{ "rst_kprobe", rst_kprobe__elf_bytes, BPF_PROG_TYPE_UNSPEC, false },
	{ "rst_fentry", rst_fentry__elf_bytes, BPF_PROG_TYPE_UNSPEC, false },
	{ "rst_fentry_typed", rst_fentry_typed__elf_bytes, BPF_PROG_TYPE_UNSPEC, true },
	{ "rst_fentry_typed without casts", rst_fentry_typed__elf_bytes, BPF_PROG_TYPE_UNSPEC,
	  false },
	{ "rst_tracepoint", rst_tracepoint__elf_bytes, BPF_PROG_TYPE_UNSPEC, false },
	{ "rst_tracepoint_typed", rst_tracepoint_typed__elf_bytes, BPF_PROG_TYPE_UNSPEC, true },
	{ "rst_tracepoint_typed without casts", rst_tracepoint_typed__elf_bytes,
	  BPF_PROG_TYPE_UNSPEC, false },
};

static char verifier_log[1 << 20];
static struct btf *kernel_btf;

/* The verifier's last words. */
static void explain(void)
{
	char *line = verifier_log + strlen(verifier_log);
	int lines = 8;

	while (line > verifier_log && lines)
		lines -= *--line == '\n';
	for (line = strtok(line, "\n"); line; line = strtok(NULL, "\n"))
		note("%s", line);
}

static void print_size(const struct bpf_program *prog)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
		return;
	note("%s: %u insns processed, %u translated, %u bytes of code", bpf_program__name(prog),
	     info.verified_insns, info.xlated_prog_len / 8, info.jited_prog_len);
}

static bool has_casts(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool has = btf && embedded_read_type(btf);

	btf__free(btf);
	return has;
}

/* tc and XDP have to load everywhere; the kernel view asks for more than all kernels grant. */
static const char *excuse(const struct object *o, int err)
{
	if (o->type != BPF_PROG_TYPE_UNSPEC)
		return NULL;
	if (err == -EPERM)
		return "this kernel refuses this type of program (EPERM)";
	if (err == -ESRCH || err == -ENOENT)
		return "no such function in this kernel now";
	if (strstr(o->name, "typed") && err == -EACCES && !has_casts())
		return "this kernel's tracing programs may not look at TCP sockets by type";
	if (strstr(verifier_log, "unknown func bpf_probe_read#") ||
	    strstr(verifier_log, "cannot use helper bpf_probe_read#"))
		return "this kernel is locked down";
	return NULL;
}

static struct bpf_object *open_one(const struct object *o, const char *only,
				   struct shared_maps *maps)
{
	struct bpf_program *prog;
	struct bpf_object *obj;
	const void *elf;
	size_t size;

	verifier_log[0] = 0;
	elf = o->elf(&size);
	obj = embedded_open(elf, size, o->name, NULL, maps);
	if (!obj)
		return NULL;
	if (o->casts)
		embedded_set(obj, "read_type", embedded_read_type(kernel_btf));
	/* What is not wanted, the verifier does not look at. */
	embedded_set(obj, "want_user_stacks", 1);
	bpf_object__for_each_program (prog, obj) {
		if (o->type != BPF_PROG_TYPE_UNSPEC)
			bpf_program__set_type(prog, o->type);
		bpf_program__set_autoload(prog, !only || !strcmp(bpf_program__name(prog), only));
		bpf_program__set_log_buf(prog, verifier_log, sizeof(verifier_log));
	}
	return obj;
}

static void check_program(const struct object *o, const char *name, struct shared_maps *maps)
{
	struct bpf_object *obj = open_one(o, name, maps);
	int err;

	err = obj ? embedded_load(obj, maps) : -errno;
	if (err && excuse(o, err)) {
		skip(excuse(o, err), "%s of %s loads", name, o->name);
	} else {
		ok(!err, "%s of %s loads", name, o->name);
		if (err) {
			note("%s", strerror(-err));
			explain();
		} else {
			print_size(bpf_object__find_program_by_name(obj, name));
		}
	}
	bpf_object__close(obj);
}

/* What plain tc and ip do: everything that is in the file. */
static void check_whole(const struct object *o, struct shared_maps *maps)
{
	struct bpf_object *obj = open_one(o, NULL, maps);
	int err = obj ? embedded_load(obj, maps) : -errno;

	if (err && excuse(o, err))
		skip(excuse(o, err), "%s loads as a whole", o->name);
	else
		ok(!err, "%s loads as a whole", o->name);
	bpf_object__close(obj);
}

static void check_object(const struct object *o)
{
	struct bpf_program *prog;
	struct shared_maps maps;
	struct bpf_object *obj;

	shared_maps_init(&maps, (unsigned int)libbpf_num_possible_cpus(), 64);
	obj = open_one(o, NULL, &maps);
	if (!obj) {
		ok(false, "open %s: %s", o->name, strerror(errno));
		return;
	}
	bpf_object__for_each_program (prog, obj)
		check_program(o, bpf_program__name(prog), &maps);
	bpf_object__close(obj);
	check_whole(o, &maps);
	shared_maps_close(&maps);
}

int main(void)
{
	size_t i;

	if (!begin("the verifier takes every program"))
		return 0;
	kernel_btf = btf__load_vmlinux_btf();
	for (i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		check_object(&objects[i]);
	btf__free(kernel_btf);
	return finish();
}
