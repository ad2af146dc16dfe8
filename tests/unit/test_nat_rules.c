// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_nat_rules.c - NAT rules where the kernel lacks NAT; the rest is tests/net/nat_rules.sh.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/nat_rules.h"
#include "test.h"

static char root[] = "/tmp/rstscope-nat-XXXXXX";

static void make(const char *path, const char *text)
{
	char name[256];
	FILE *out;

	snprintf(name, sizeof(name), "%s%s", root, path);
	if (!text) {
		mkdir(name, 0700);
		return;
	}
	out = fopen(name, "w");
	if (!out)
		return;
	fputs(text, out);
	fclose(out);
}

static enum nat_rules ask(void)
{
	struct nat_reader *n = nat_reader__open(root);
	enum nat_rules got = NAT_RULES_NOT_READ;

	check(n, "a reader of NAT rules opens");
	if (n)
		got = nat_reader__rules(n);
	nat_reader__free(n);
	return got;
}

int main(void)
{
	if (!mkdtemp(root))
		return 1;
	check_int(ask(), NAT_RULES_UNKNOWN, "without /proc and /sys nothing is known of NAT rules");
	make("/proc", NULL);
	make("/proc/kallsyms", "");
	check_int(ask(), NAT_RULES_UNKNOWN, "symbols that cannot be read prove nothing");
	make("/proc/kallsyms", "0000000000000000 T tcp_v4_rcv\n"
			       "0000000000000000 t nf_nat_setup_info_old\n"
			       "0000000000000000 T nf_nat_setup_info\t[nf_nat]\n");
	check_int(ask(), NAT_RULES_NONE, "a kernel without nf_nat translates nothing");
	nat_reader__free(NULL);
	make("/proc/kallsyms", "0000000000000000 T nf_nat_setup_info\n");
	check_int(ask(), NAT_RULES_NONE, "NAT, but neither nftables nor an iptables table");
	if (chdir(root) || remove("proc/kallsyms") || remove("proc") || rmdir(root))
		perror(root);
	return test_done();
}
