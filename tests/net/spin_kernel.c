// SPDX-License-Identifier: GPL-2.0-only
/*
 * spin_kernel.c - the running kernel's code and types: /proc/kallsyms, /proc/kcore, BTF.
 */
#include "spin_kernel.h"

#include <bpf/btf.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- code --- */

/* Where the function begins, and where the next symbol does: they come in order of address. */
static int find_function(const char *name, uint64_t *ret_start, uint64_t *ret_end)
{
	uint64_t start = 0, addr = 0;
	FILE *f = fopen("/proc/kallsyms", "re");
	char line[1024], symbol[512];

	if (!f)
		return -errno;
	while (addr <= start && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%" SCNx64 " %*c %511s", &addr, symbol) != 2)
			continue;
		if (!start && !strcmp(symbol, name))
			start = addr;
		if (!start)
			addr = 0;
	}
	fclose(f);
	if (!start)
		return -ENOENT;
	*ret_start = start;
	*ret_end = addr > start ? addr : start + sizeof(((struct code *)NULL)->bytes);
	return 0;
}

/* /proc/kcore is an ELF core file of the kernel's memory. */
static int read_memory(uint64_t addr, void *to, size_t len)
{
	int fd = open("/proc/kcore", O_RDONLY | O_CLOEXEC), err = -ENOENT, i;
	Elf64_Ehdr head;
	Elf64_Phdr part;

	if (fd < 0)
		return -errno;
	if (pread(fd, &head, sizeof(head), 0) != sizeof(head))
		head.e_phnum = 0;
	for (i = 0; i < head.e_phnum && err; i++) {
		if (pread(fd, &part, sizeof(part), head.e_phoff + i * sizeof(part)) != sizeof(part))
			break;
		if (part.p_type != PT_LOAD || addr < part.p_vaddr ||
		    addr + len > part.p_vaddr + part.p_memsz)
			continue;
		if (pread(fd, to, len, part.p_offset + (addr - part.p_vaddr)) == (ssize_t)len)
			err = 0;
	}
	close(fd);
	return err;
}

int read_code(const char *function, struct code *ret)
{
	uint64_t start, end;
	int err = find_function(function, &start, &end);

	if (err)
		return err;
	ret->len = end - start < sizeof(ret->bytes) ? end - start : sizeof(ret->bytes);
	return read_memory(start, ret->bytes, ret->len);
}

/* --- types --- */

/* In bits from the beginning of the type; looks into members without a name. */
static int member_offset(const struct btf *btf, const struct btf_type *t, const char *name)
{
	const struct btf_member *m = btf_members(t);
	const struct btf_type *inner;
	int i, offset;

	for (i = 0; i < btf_vlen(t); i++, m++) {
		if (!strcmp(btf__name_by_offset(btf, m->name_off), name))
			return (int)btf_member_bit_offset(t, i);
		inner = btf__type_by_id(btf, m->type);
		if (m->name_off || !inner || !btf_is_composite(inner))
			continue;
		offset = member_offset(btf, inner, name);
		if (offset >= 0)
			return (int)btf_member_bit_offset(t, i) + offset;
	}
	return -ENOENT;
}

static int offset_in(const struct btf *btf, const char *type, const char *member)
{
	int id = btf__find_by_name_kind(btf, type, BTF_KIND_STRUCT), bits;

	if (id < 0)
		return id;
	bits = member_offset(btf, btf__type_by_id(btf, id), member);
	return bits < 0 ? bits : bits / 8;
}

int read_layout(struct sock_layout *ret)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int refcnt, node, pprev;

	if (!btf)
		return -errno;
	refcnt = offset_in(btf, "sock_common", "skc_refcnt");
	node = offset_in(btf, "sock_common", "skc_nulls_node");
	pprev = offset_in(btf, "hlist_nulls_node", "pprev");
	btf__free(btf);
	if (refcnt < 0 || node < 0 || pprev < 0)
		return -ENOENT;
	*ret = (struct sock_layout){
		.refcnt = (uint32_t)refcnt,
		.node = (uint32_t)node,
		.pprev = (uint32_t)(node + pprev),
	};
	return 0;
}
