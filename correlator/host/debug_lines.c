// SPDX-License-Identifier: GPL-2.0-only
/*
 * debug_lines.c - file and line of the kernel's code, by elfutils' libdw.
 *
 * A vmlinux with debug information has half a gigabyte. It is mapped, not read, and only the units
 * that are asked for are looked at; answers are kept, since stacks repeat.
 */
#include "host/debug_lines.h"

#include <dwarf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>

#define BUILD_ID_MAX 64
#define NOTES_MAX 65536
/* A reset's stack has some 20 frames, of which most are those of the reset before. */
#define CACHE_BITS 10
#define INLINED_MAX 8
/* No unit of a kernel has as many entries at one level; what has is damaged. */
#define ENTRIES_MAX 1000000

struct build_id {
	uint8_t bytes[BUILD_ID_MAX];
	size_t len;
};

struct answer {
	bool known;
	uint64_t offset;
	char *text; /* NULL = there is no line */
};

struct debug_lines {
	struct lines_config cfg;
	struct build_id build_id; /* of the running kernel */
	bool looked;		  /* at the usual places */
	int fd;
	Elf *elf;
	Dwarf *dwarf;  /* NULL = there is none */
	uint64_t text; /* _stext in the file */
	struct answer cache[1 << CACHE_BITS];
};

/* Notes as the kernel has them in memory: header, name, content, each padded to four bytes. */
static int find_build_id(const uint8_t *notes, size_t len, struct build_id *ret)
{
	while (len >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr note;
		size_t name, desc;

		memcpy(&note, notes, sizeof(note));
		notes += sizeof(note);
		len -= sizeof(note);
		name = ((size_t)note.n_namesz + 3) & ~(size_t)3;
		desc = ((size_t)note.n_descsz + 3) & ~(size_t)3;
		if (name > len || desc > len - name)
			break;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
		    !memcmp(notes, "GNU", 4) && note.n_descsz && note.n_descsz <= BUILD_ID_MAX) {
			ret->len = note.n_descsz;
			memcpy(ret->bytes, notes + name, ret->len);
			return 0;
		}
		notes += name + desc;
		len -= name + desc;
	}
	return -ENOENT;
}

static int read_build_id(const char *path, struct build_id *ret)
{
	uint8_t *buf = malloc(NOTES_MAX);
	FILE *in = fopen(path, "re");
	int err;

	if (!buf || !in)
		err = buf ? -errno : -ENOMEM;
	else
		err = find_build_id(buf, fread(buf, 1, NOTES_MAX, in), ret);
	if (in)
		fclose(in);
	free(buf);
	return err;
}

static const char *to_hex(const struct build_id *id, char buf[2 * BUILD_ID_MAX + 1])
{
	size_t i;

	buf[0] = 0;
	for (i = 0; i < id->len; i++)
		sprintf(buf + 2 * i, "%02x", id->bytes[i]);
	return buf;
}

static int check_build_id(const struct debug_lines *l, char *why, size_t why_len)
{
	char theirs[2 * BUILD_ID_MAX + 1], ours[2 * BUILD_ID_MAX + 1];
	struct build_id id = { 0 };
	const void *bytes;
	ssize_t len = dwelf_elf_gnu_build_id(l->elf, &bytes);

	if (len > 0 && len <= BUILD_ID_MAX) {
		id.len = (size_t)len;
		memcpy(id.bytes, bytes, id.len);
	}
	if (id.len && id.len == l->build_id.len && !memcmp(id.bytes, l->build_id.bytes, id.len))
		return 0;
	snprintf(why, why_len,
		 "it is not the running kernel's: its build-id is %s, the kernel's is %s; "
		 "use the debug symbols of exactly this version",
		 id.len ? to_hex(&id, theirs) : "missing", to_hex(&l->build_id, ours));
	return -EINVAL;
}

/* 0 = not there */
static uint64_t symbol_value(Elf *elf, const char *wanted)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(elf, scn))) {
		Elf_Data *data;
		GElf_Shdr header;
		GElf_Sym sym;
		int i;

		if (!gelf_getshdr(scn, &header) || header.sh_type != SHT_SYMTAB)
			continue;
		data = elf_getdata(scn, NULL);
		for (i = 0; data && gelf_getsym(data, i, &sym); i++) {
			const char *name = elf_strptr(elf, header.sh_link, sym.st_name);

			if (name && !strcmp(name, wanted))
				return sym.st_value;
		}
	}
	return 0;
}

static void close_file(struct debug_lines *l)
{
	dwarf_end(l->dwarf);
	elf_end(l->elf);
	if (l->fd >= 0)
		close(l->fd);
	l->dwarf = NULL;
	l->elf = NULL;
	l->fd = -1;
}

static int check_file(struct debug_lines *l, char *why, size_t why_len)
{
	Dwarf_Off next;
	size_t header;
	int err;

	if (elf_kind(l->elf) != ELF_K_ELF) {
		snprintf(why, why_len,
			 "it is not an ELF file; use the uncompressed vmlinux with debug symbols, "
			 "not vmlinuz");
		return -ENOEXEC;
	}
	err = check_build_id(l, why, why_len);
	if (err)
		return err;
	l->text = symbol_value(l->elf, "_stext");
	l->dwarf = dwarf_begin_elf(l->elf, DWARF_C_READ, NULL);
	if (l->text && l->dwarf && !dwarf_nextcu(l->dwarf, 0, &next, &header, NULL, NULL, NULL))
		return 0;
	snprintf(why, why_len, "it has no debug symbols (%s)",
		 l->text ? "DWARF is missing" : "_stext is missing");
	return -ENODATA;
}

static int open_file(struct debug_lines *l, const char *path, char *why, size_t why_len)
{
	int err;

	elf_version(EV_CURRENT);
	/* A FIFO must not keep us waiting. */
	l->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (l->fd < 0) {
		err = -errno;
		snprintf(why, why_len, "%s", strerror(-err));
		return err;
	}
	l->elf = elf_begin(l->fd, ELF_C_READ_MMAP, NULL);
	err = check_file(l, why, why_len);
	if (err)
		close_file(l);
	return err;
}

/* Where distributions, and who builds kernels, put the vmlinux of this release. */
static void look_around(struct debug_lines *l)
{
	static const char *const places[] = {
		"%s/usr/lib/debug/boot/vmlinux-%s",
		"%s/usr/lib/debug/lib/modules/%s/vmlinux",
		"%s/lib/modules/%s/build/vmlinux",
		"%s/lib/modules/%s/vmlinux",
		"%s/boot/vmlinux-%s",
	};
	char path[4096], hex[2 * BUILD_ID_MAX + 1], why[512];
	struct utsname host;
	size_t i;

	l->looked = true;
	if (!l->build_id.len || uname(&host))
		return;
	to_hex(&l->build_id, hex);
	snprintf(path, sizeof(path), "%s/usr/lib/debug/.build-id/%.2s/%s.debug", l->cfg.root, hex,
		 hex + 2);
	if (!open_file(l, path, why, sizeof(why)))
		return;
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), places[i], l->cfg.root, host.release);
		if (!open_file(l, path, why, sizeof(why)))
			return;
	}
}

struct debug_lines *debug_lines__open(const struct lines_config *cfg, char *why, size_t why_len)
{
	struct debug_lines *l = calloc(1, sizeof(*l));
	int err;

	if (!l) {
		snprintf(why, why_len, "out of memory");
		return NULL;
	}
	l->cfg = *cfg;
	l->fd = -1;
	err = read_build_id(cfg->notes, &l->build_id);
	if (!cfg->file)
		return l;
	if (err) {
		snprintf(why, why_len, "the running kernel's build-id in %s: %s", cfg->notes,
			 strerror(-err));
		goto err_free;
	}
	l->looked = true;
	err = open_file(l, cfg->file, why, why_len);
	if (!err)
		return l;
err_free:
	debug_lines__free(l);
	errno = -err;
	return NULL;
}

void debug_lines__free(struct debug_lines *l)
{
	size_t i;

	if (!l)
		return;
	close_file(l);
	for (i = 0; i < sizeof(l->cache) / sizeof(l->cache[0]); i++)
		free(l->cache[i].text);
	free(l);
}

/* Not every compiler writes the index of addresses that dwarf_addrdie() reads. */
static bool find_unit(Dwarf *dwarf, uint64_t addr, Dwarf_Die *ret)
{
	Dwarf_CU *cu = NULL;

	if (dwarf_addrdie(dwarf, addr, ret))
		return true;
	while (!dwarf_get_units(dwarf, cu, &cu, NULL, NULL, ret, NULL))
		if (dwarf_haspc(ret, addr) > 0)
			return true;
	return false;
}

static bool is_code(Dwarf_Die *die)
{
	int tag = dwarf_tag(die);

	return tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine ||
	       tag == DW_TAG_lexical_block;
}

/* Among @parent's children, the block of code that holds @addr. */
static bool find_block(Dwarf_Die *parent, uint64_t addr, Dwarf_Die *ret)
{
	unsigned int i;

	if (dwarf_child(parent, ret))
		return false;
	for (i = 0; i < ENTRIES_MAX; i++) {
		if (is_code(ret) && dwarf_haspc(ret, addr) > 0)
			return true;
		if (dwarf_siblingof(ret, ret))
			return false;
	}
	return false;
}

/* The functions that were inlined at @addr, outermost first. */
static unsigned int find_inlined(Dwarf_Die *unit, uint64_t addr, Dwarf_Die *ret)
{
	Dwarf_Die die = *unit, block;
	unsigned int n = 0;

	while (n < INLINED_MAX && find_block(&die, addr, &block)) {
		if (dwarf_tag(&block) == DW_TAG_inlined_subroutine)
			ret[n++] = block;
		die = block;
	}
	return n;
}

/* Without the directories that it has in common with the compiler's own. */
static void print_position(FILE *out, Dwarf_Die *unit, const char *file, uint64_t line)
{
	Dwarf_Attribute attr;
	const char *dir = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attr));
	size_t i, common = 0;

	for (i = 0; dir && file[i] && (file[i] == dir[i] || !dir[i]); i++) {
		if (file[i] == '/')
			common = i + 1;
		if (!dir[i])
			break;
	}
	/* The root directory alone is nothing in common. */
	if (common > 1)
		file += common;
	while (!strncmp(file, "./", 2) || !strncmp(file, "../", 3))
		file = strchr(file, '/') + 1;
	fprintf(out, "%s:%" PRIu64, file, line);
}

/* Where an inlined function was called. */
static bool print_call(FILE *out, Dwarf_Die *unit, Dwarf_Die *inlined)
{
	Dwarf_Attribute attr;
	Dwarf_Word number, line;
	Dwarf_Files *files;
	const char *file;

	if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attr), &number) ||
	    dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attr), &line) ||
	    dwarf_getsrcfiles(unit, &files, NULL))
		return false;
	file = dwarf_filesrc(files, number, NULL, NULL);
	if (file)
		print_position(out, unit, file, line);
	return file;
}

static bool print_line(FILE *out, Dwarf_Die *unit, Dwarf_Line *line)
{
	const char *file = dwarf_linesrc(line, NULL, NULL);
	int number;

	if (!file || dwarf_lineno(line, &number) || number <= 0)
		return false;
	print_position(out, unit, file, (uint64_t)number);
	return true;
}

/* Each function's position is where it called the next; the innermost has the line itself. */
static bool print_answer(FILE *out, Dwarf *dwarf, uint64_t addr)
{
	Dwarf_Die unit, inlined[INLINED_MAX];
	unsigned int i, n;
	Dwarf_Line *line;
	bool ok;

	if (!find_unit(dwarf, addr, &unit))
		return false;
	line = dwarf_getsrc_die(&unit, addr);
	if (!line)
		return false;
	n = find_inlined(&unit, addr, inlined);
	for (i = 0, ok = true; ok && i <= n; i++) {
		if (i) {
			const char *name = dwarf_diename(&inlined[i - 1]);

			fprintf(out, ", inlined %s ", name ? name : "?");
		}
		ok = i < n ? print_call(out, &unit, &inlined[i]) : print_line(out, &unit, line);
	}
	return ok;
}

static char *answer(Dwarf *dwarf, uint64_t addr)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool ok;

	if (!out)
		return NULL;
	ok = print_answer(out, dwarf, addr);
	if (fclose(out) || !ok) {
		free(text);
		return NULL;
	}
	return text;
}

const char *debug_lines__find(struct debug_lines *l, uint64_t offset)
{
	/* Fibonacci hashing: the upper bits of the product depend on all bits. */
	struct answer *a = &l->cache[(offset * 0x9e3779b97f4a7c15ull) >> (64 - CACHE_BITS)];

	if (!l->looked)
		look_around(l);
	if (!l->dwarf)
		return NULL;
	if (!a->known || a->offset != offset) {
		free(a->text);
		*a = (struct answer){ true, offset, answer(l->dwarf, l->text + offset) };
	}
	return a->text;
}
