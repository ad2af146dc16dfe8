// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_names.c - enumerators from a BTF that we make ourselves.
 */
#include <errno.h>
#include <bpf/btf.h>

#include "kernel_names.h"
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

	check_str(n.rst_reason(n.ctx, 1), "NO_SOCKET", "a reason stands without its prefix");
	check_str(n.rst_reason(n.ctx, 7), "UNUSUAL_NAME", "a name without the prefix stays whole");
	check_str(n.rst_reason(n.ctx, 2), NULL, "a number without a name has none");
	check_str(n.rst_reason(n.ctx, -1), NULL, "a negative number has none");
	check_str(n.rst_reason(n.ctx, 1 << 20), NULL, "... nor has one beyond the table");
	check_str(n.symbol(n.ctx, 0xffffffff81000000ull), NULL,
		  "without symbols nothing has a name");
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

int main(void)
{
	test_enums();
	test_nothing();
	test_symbols();
	symbols__free(NULL);
	return test_done();
}
