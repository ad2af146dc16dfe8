/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fake_kernel.h - bpf(2) for those who may not: libbpf does all its work, and takes files for maps,
 * programs and links.
 *
 * Maps can be mapped and read, the ring buffer is what the test has put there, and what a kernel may
 * refuse is refused when the test says so. Include it in one file of a program: it replaces syscall()
 * and epoll_ctl() of the C library.
 */
#ifndef FAKE_KERNEL_H
#define FAKE_KERNEL_H

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <linux/bpf.h>

#include "rst_event.h"

#define FAKE_OBJECTS 4096
#define FAKE_PAGE 4096u
#define FAKE_EVENTS 64
#define FAKE_EVENT_SIZE 1024

enum fake_kind { FAKE_MAP = 1, FAKE_PROG, FAKE_LINK, FAKE_BTF };

struct fake_object {
	ino_t ino; /* of the file that stands for it, whatever its descriptors are */
	enum fake_kind kind;
	uint32_t type, key_size, value_size, max_entries, flags;
	char name[BPF_OBJ_NAME_LEN];
};

static struct {
	struct fake_object objects[FAKE_OBJECTS];
	unsigned int n;
	unsigned int loads, links; /* that were granted */
	/* What it refuses, with which error. */
	int (*refuse_load)(const char *name, uint32_t type, uint32_t attach_type);
	int (*refuse_link)(const char *prog, uint32_t attach_type);
	bool locked_down; /* confidentiality: no helper that reads the kernel's memory */
	/* What the ring buffer holds from its making on; NULL = nothing. */
	size_t (*event)(unsigned int i, void *to);
	int ring_event;
	uint64_t recursion_misses; /* of each program */
} fake_kernel;

/* --- objects ------------------------------------------------------------------------------------------ */

static struct fake_object *fake_find(uint32_t fd)
{
	struct stat st;
	unsigned int i;

	if (fstat((int)fd, &st))
		return NULL;
	for (i = 0; i < fake_kernel.n; i++)
		if (fake_kernel.objects[i].ino == st.st_ino)
			return &fake_kernel.objects[i];
	return NULL;
}

static struct fake_object *fake_new(enum fake_kind kind, size_t size, int *ret_fd)
{
	struct fake_object *o = &fake_kernel.objects[fake_kernel.n];
	int fd = memfd_create("bpf", MFD_CLOEXEC);
	struct stat st;

	if (fake_kernel.n == FAKE_OBJECTS || fd < 0 || ftruncate(fd, (off_t)size) || fstat(fd, &st))
		abort();
	fake_kernel.n++;
	memset(o, 0, sizeof(*o));
	o->ino = st.st_ino;
	o->kind = kind;
	*ret_fd = fd;
	return o;
}

static size_t fake_value_size(const struct fake_object *o)
{
	return (o->value_size + 7u) & ~7u;
}

/* The records that wait, as bpf_ringbuf_submit() leaves them. */
static void fake_fill_ring(int fd)
{
	char record[FAKE_EVENT_SIZE + 8];
	uint64_t at = 0;
	unsigned int i;

	for (i = 0; fake_kernel.event && i < FAKE_EVENTS; i++) {
		uint32_t len = (uint32_t)fake_kernel.event(i, record + 8);

		if (!len)
			break;
		memcpy(record, &len, sizeof(len));
		memset(record + 4, 0, 4);
		if (pwrite(fd, record, len + 8, (off_t)(2 * FAKE_PAGE + at)) < 0)
			abort();
		at += (len + 8 + 7) & ~7u;
	}
	if (pwrite(fd, &at, sizeof(at), FAKE_PAGE) < 0)
		abort();
}

static int fake_map_create(const union bpf_attr *attr)
{
	size_t value = (attr->value_size + 7u) & ~7u;
	size_t size = attr->map_type == BPF_MAP_TYPE_RINGBUF ?
			      2 * FAKE_PAGE + 2 * (size_t)attr->max_entries :
			      (value * attr->max_entries + FAKE_PAGE - 1) / FAKE_PAGE * FAKE_PAGE;
	struct fake_object *o;
	int fd;

	o = fake_new(FAKE_MAP, size, &fd);
	o->type = attr->map_type;
	o->key_size = attr->key_size;
	o->value_size = attr->value_size;
	o->max_entries = attr->max_entries;
	o->flags = attr->map_flags;
	memcpy(o->name, attr->map_name, sizeof(o->name));
	if (o->type == BPF_MAP_TYPE_RINGBUF)
		fake_fill_ring(fd);
	return fd;
}

/* bpf_probe_read() and its successors */
static bool fake_reads_memory(const union bpf_attr *attr)
{
	const struct bpf_insn *insn = (const struct bpf_insn *)(uintptr_t)attr->insns;
	uint32_t i;

	for (i = 0; i < attr->insn_cnt; i++)
		if (insn[i].code == (BPF_JMP | BPF_CALL) && !insn[i].src_reg &&
		    (insn[i].imm == BPF_FUNC_probe_read ||
		     insn[i].imm == BPF_FUNC_probe_read_kernel ||
		     insn[i].imm == BPF_FUNC_probe_read_kernel_str))
			return true;
	return false;
}

static int fake_prog_load(const union bpf_attr *attr)
{
	struct fake_object *o;
	int fd, err = 0;

	if (fake_kernel.refuse_load)
		err = fake_kernel.refuse_load(attr->prog_name, attr->prog_type,
					      attr->expected_attach_type);
	if (!err && fake_kernel.locked_down && fake_reads_memory(attr))
		err = EINVAL;
	if (err) {
		errno = err;
		return -1;
	}
	o = fake_new(FAKE_PROG, FAKE_PAGE, &fd);
	o->type = attr->prog_type;
	memcpy(o->name, attr->prog_name, sizeof(o->name));
	fake_kernel.loads++;
	return fd;
}

static int fake_link(uint32_t prog_fd, uint32_t attach_type)
{
	const struct fake_object *prog = fake_find(prog_fd);
	int fd, err = prog ? 0 : EBADF;

	if (!err && fake_kernel.refuse_link)
		err = fake_kernel.refuse_link(prog->name, attach_type);
	if (err) {
		errno = err;
		return -1;
	}
	fake_new(FAKE_LINK, FAKE_PAGE, &fd);
	fake_kernel.links++;
	return fd;
}

static int fake_info(const union bpf_attr *attr)
{
	const struct fake_object *o = fake_find(attr->info.bpf_fd);
	void *to = (void *)(uintptr_t)attr->info.info;
	struct bpf_map_info map = { 0 };
	struct bpf_prog_info prog = { 0 };
	const void *from = &map;
	size_t len = sizeof(map);

	if (!o || o->kind == FAKE_BTF) {
		errno = EINVAL;
		return -1;
	}
	map.type = o->type;
	map.id = prog.id = (uint32_t)(o - fake_kernel.objects) + 1;
	map.key_size = o->key_size;
	map.value_size = o->value_size;
	map.max_entries = o->max_entries;
	map.map_flags = o->flags;
	memcpy(map.name, o->name, sizeof(map.name));
	prog.type = o->type;
	prog.recursion_misses = fake_kernel.recursion_misses;
	memcpy(prog.name, o->name, sizeof(prog.name));
	if (o->kind == FAKE_PROG) {
		from = &prog;
		len = sizeof(prog);
	}
	memcpy(to, from, len < attr->info.info_len ? len : attr->info.info_len);
	return 0;
}

/* Of arrays; what is kept in hash tables nobody reads here. */
static int fake_element(const union bpf_attr *attr, bool write)
{
	const struct fake_object *o = fake_find(attr->map_fd);
	void *value = (void *)(uintptr_t)attr->value;
	uint32_t key = 0;
	off_t at;

	if (!o || o->kind != FAKE_MAP || (o->type == BPF_MAP_TYPE_HASH && !write)) {
		errno = o ? ENOENT : EBADF;
		return -1;
	}
	if (o->type != BPF_MAP_TYPE_ARRAY)
		return 0;
	memcpy(&key, (const void *)(uintptr_t)attr->key, sizeof(key));
	at = (off_t)(key * fake_value_size(o));
	if (write)
		return pwrite((int)attr->map_fd, value, o->value_size, at) < 0 ? -1 : 0;
	return pread((int)attr->map_fd, value, o->value_size, at) < 0 ? -1 : 0;
}

static int fake_bpf(int cmd, const union bpf_attr *attr)
{
	int fd;

	switch (cmd) {
	case BPF_MAP_CREATE:
		return fake_map_create(attr);
	case BPF_PROG_LOAD:
		return fake_prog_load(attr);
	case BPF_BTF_LOAD:
		fake_new(FAKE_BTF, FAKE_PAGE, &fd);
		return fd;
	case BPF_OBJ_GET_INFO_BY_FD:
		return fake_info(attr);
	case BPF_MAP_UPDATE_ELEM:
		return fake_element(attr, true);
	case BPF_MAP_LOOKUP_ELEM:
		return fake_element(attr, false);
	case BPF_MAP_FREEZE:
	case BPF_PROG_BIND_MAP:
		return 0;
	case BPF_RAW_TRACEPOINT_OPEN:
		return fake_link(attr->raw_tracepoint.prog_fd, 0);
	case BPF_PROG_QUERY: /* nobody says who is attached */
		errno = EPERM;
		return -1;
	case BPF_LINK_CREATE:
		return fake_link(attr->link_create.prog_fd, attr->link_create.attach_type);
	default:
		errno = ENOENT;
		return -1;
	}
}

/* --- in place of the C library's ------------------------------------------------------------------- */

long syscall(long number, ...);
long syscall(long number, ...)
{
	long (*real)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	long a[6];
	va_list ap;
	int i;

	va_start(ap, number);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (number == __NR_bpf)
		return fake_bpf((int)a[0], (const union bpf_attr *)a[1]);
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* A file cannot be waited for: an event that stands at 1 takes the place of a ring buffer with records. */
int epoll_ctl(int epfd, int op, int fd, struct epoll_event *ev)
{
	int (*real)(int, int, int, struct epoll_event *) =
		(int (*)(int, int, int, struct epoll_event *))dlsym(RTLD_NEXT, "epoll_ctl");
	const struct fake_object *o = fake_find((uint32_t)fd);

	if (!o)
		return real(epfd, op, fd, ev);
	if (op != EPOLL_CTL_ADD)
		return 0;
	fake_kernel.ring_event = eventfd(fake_kernel.event ? 1 : 0, EFD_CLOEXEC | EFD_NONBLOCK);
	return real(epfd, op, fake_kernel.ring_event, ev);
}

/* CLOCK_MONOTONIC, for events that have just happened. */
static inline uint64_t fake_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

#endif
