// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_names.c - enumerators from a BTF and symbols from files that we make ourselves.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <bpf/btf.h>

#include "live/kernel_names.h"
#include "test.h"

static struct btf *sample_btf(void)
{
	struct btf *btf = btf__new_empty();

	btf__add_enum(btf, "sk_rst_reason", 4);
	btf__add_enum_value(btf, "SK_RST_REASON_NOT_SPECIFIED", 0);
	btf__add_enum_value(btf, "SK_RST_REASON_NO_SOCKET", 1);
	btf__add_enum_value(btf, "UNUSUAL_NAME", 7);
	btf__add_enum_value(btf, "SK_RST_REASON_FAR", 1 << 20);
	btf__add_enum_value(btf, "SK_RST_REASON_NEGATIVE", -1);
	return btf;
}

static void test_enums(void)
{
	struct btf *btf = sample_btf();
	struct kernel_enums *e = kernel_enums__new(btf, NULL);
	struct kernel_names n = kernel_enums__names(e);
	struct frame f;

	check_str(n.rst_reason(n.ctx, 1), "NO_SOCKET", "a reason stands without its prefix");
	check_str(n.rst_reason(n.ctx, 7), "UNUSUAL_NAME", "a name without the prefix stays whole");
	check_str(n.rst_reason(n.ctx, 2), NULL, "a number without a name has none");
	check_str(n.rst_reason(n.ctx, -1), NULL, "a negative number has none");
	check_str(n.rst_reason(n.ctx, 1 << 20), NULL, "... nor has one beyond the table");
	n.frame(n.ctx, 0xffffffff81000000ull, &f);
	check(!f.name && f.addr == 0xffffffff81000000ull, "without symbols nothing has a name");
	check_int(btf_enum_value(btf, "sk_rst_reason", "SK_RST_REASON_NO_SOCKET"), 1,
		  "an enumerator has its value");
	check_int(btf_enum_value(btf, "sk_rst_reason", "NO_SOCKET"), -1, "half of a name is none");
	check_int(btf_enum_value(btf, "no_such_enum", "X"), -1,
		  "an enum that is not there has none");
	kernel_enums__free(e);
	btf__free(btf);
}

static void test_nothing(void)
{
	struct kernel_enums *e = kernel_enums__new(NULL, NULL);
	struct kernel_names n = kernel_enums__names(e);

	check_str(n.rst_reason(n.ctx, 1), NULL, "without BTF no reason has a name");
	check_int(btf_enum_value(NULL, "sk_rst_reason", "X"), -1, "... and no enumerator a value");
	kernel_enums__free(e);
	kernel_enums__free(NULL);
}

/* What /proc/kallsyms shows depends on who asks; either answer must be whole. */
static void test_symbols(void)
{
	struct symbols *s = symbols__load();

	if (!s) {
		check(errno == EPERM || errno == ENOENT, "hidden symbols are said to be hidden");
		return;
	}
	check(symbols__has(s, "tcp_v4_rcv"), "the kernel's own functions are there");
	check(!symbols__has(s, "tcp_v4_rc"), "half of a name is no function");
	check(!symbols__has(s, ""), "no name is no function");
	symbols__free(s);
}

static const char kallsyms[] = "0000000000000000 A fixed_percpu_data\n"
			       "ffffffff81000000 T _stext\n"
			       "ffffffff81000100 T tcp_v4_rcv\n"
			       "ffffffff81000170 t __pfx_alias\n"
			       "ffffffff81000180 t alias\n"
			       "ffffffff81000180 t alias_too\n"
			       "ffffffff81000190 D no_code\n"
			       "ffffffff810001a0 t one.isra.0\n"
			       "ffffffff810001b0 t whole\n"
			       "ffffffff810001b8 t whole.constprop.0\n"
			       "ffffffff810001c0 t two.constprop.0\n"
			       "ffffffff810001c8 t two.constprop.1\n"
			       "ffffffff810001d0 t twice.isra.0\n"
			       "ffffffff810001d8 t twice.isra.0\n"
			       "ffffffff810001e0 t part.part.12\n"
			       "ffffffff810001e8 t part.cold\n"
			       "ffffffff810001f0 t both.isra.0.constprop.3\n"
			       "ffffffff810001f4 t both.part.0\n"
			       "ffffffff810001f8 t cold.cold\n"
			       "ffffffff810001fc t cold.isra.0.cold\n"
			       "ffffffff81000200 T _etext\n"
			       "ffffffffa0000000 t nf_first [nf_reject]\n"
			       "ffffffffa0000040 t nf_last [nf_reject]\n"
			       "ffffffffa0005000 t of_another [gone]\n";

static const char modules[] = "nf_reject 4096 1 - Live 0xffffffffa0000000\n";

static const char *write_file(char *path, const char *text)
{
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		perror(path);
	close(fd);
	return path;
}

static void test_frames(struct symbols *s)
{
	static const struct {
		const char *name;
		uint64_t addr;
		struct frame want;
	} rows[] = {
		{ "a return address", 0xffffffff8100011aull, { "tcp_v4_rcv", "", 0, 0x1a, 0x70 } },
		{ "a function's entry", 0xffffffff81000100ull, { "tcp_v4_rcv", "", 0, 0, 0x70 } },
		{ "the last byte of a function",
		  0xffffffff8100016full,
		  { "tcp_v4_rcv", "", 0, 0x6f, 0x70 } },
		{ "padding in front of a function", 0xffffffff81000170ull, { 0 } },
		{ "one of two names", 0xffffffff81000184ull, { "alias_too", "", 0, 4, 0x20 } },
		{ "a module's function",
		  0xffffffffa0000001ull,
		  { "nf_first", "nf_reject", 0, 1, 0x40 } },
		{ "a module's last function, of no known size",
		  0xffffffffa0000044ull,
		  { "nf_last", "nf_reject", 0, 4, 0 } },
		{ "what is behind the module", 0xffffffffa0001000ull, { 0 } },
		{ "what is behind the kernel", 0xffffffff81000300ull, { 0 } },
		{ "what is before the kernel", 0x1000, { 0 } },
	};
	struct kernel_enums *e = kernel_enums__new(NULL, s);
	struct kernel_names n = kernel_enums__names(e);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct frame *want = &rows[i].want;
		struct frame f;

		n.frame(n.ctx, rows[i].addr, &f);
		check_str(f.name, want->name, "%s has its name", rows[i].name);
		check(f.addr == rows[i].addr && f.offset == want->offset && f.size == want->size,
		      "... its offset and size");
		if (want->name)
			check_str(f.module, want->module, "... and its module");
	}
	kernel_enums__free(e);
}

static void test_variants(struct symbols *s)
{
	static const struct {
		const char *name;
		const char *function;
		const char *want;
	} rows[] = {
		{ "a function is its own variant", "tcp_v4_rcv", "tcp_v4_rcv" },
		{ "a clone stands for the function", "one", "one.isra.0" },
		{ "a function goes before its clone", "whole", "whole" },
		{ "of several clones none stands for the function", "two", NULL },
		{ "a name that occurs twice is one name", "twice", "twice.isra.0" },
		{ "a part that is left stands for the function", "part", "part.part.12" },
		{ "a clone goes before a part", "both", "both.isra.0.constprop.3" },
		{ "cold code is no variant", "cold", NULL },
		{ "half of a name has no variant", "tcp_v4_rc", NULL },
		{ "half of a clone's name has none", "one.isra", NULL },
		{ "no name has none", "", NULL },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		check_str(symbols__variant(s, rows[i].function), rows[i].want, "%s", rows[i].name);
}

/* A module comes: names that were handed out stay, and the new one's are known. */
static void test_reload(struct symbols *s, const char *modules_path)
{
	struct kernel_enums *e = kernel_enums__new(NULL, s);
	struct kernel_names n = kernel_enums__names(e);
	struct frame before, after;
	FILE *out;

	n.frame(n.ctx, 0xffffffffa0000001ull, &before);
	out = fopen(modules_path, "a");
	fputs("gone 4096 0 - Live 0xffffffffa0005000\n", out);
	fclose(out);
	check_int(symbols__reload(s), 0, "the table can be read again");
	n.frame(n.ctx, 0xffffffffa0005001ull, &after);
	check_str(after.name, "of_another", "a module that came since has names");
	check_str(before.name, "nf_first", "names that were handed out before are still there");
	check_str(before.module, "nf_reject", "... and their modules");
	kernel_enums__free(e);
}

static void test_files(void)
{
	char names[] = "/tmp/kallsyms.XXXXXX", mods[] = "/tmp/modules.XXXXXX";
	struct symbols *s = symbols__read(write_file(names, kallsyms), write_file(mods, modules));

	if (check(s, "symbols can be read from files")) {
		check(symbols__text(s) == 0xffffffff81000000ull, "the kernel's code has a start");
		check(!symbols__has(s, "__pfx_alias"), "padding is no function");
		test_frames(s);
		test_variants(s);
		test_reload(s, mods);
	}
	symbols__free(s);
	unlink(names);
	unlink(mods);
	check(!symbols__read(names, mods) && errno == ENOENT,
	      "a file that is not there is an error");
}

int main(void)
{
	test_enums();
	test_nothing();
	test_symbols();
	test_files();
	symbols__free(NULL);
	return test_done();
}
