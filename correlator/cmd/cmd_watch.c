// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmd_watch.c - name the cause of every reset as it happens: the command.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/escape.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/watch_run.h"
#include "host/capabilities.h"
#include "host/netns.h"

struct command {
	struct watch_options opt;
	struct filter *filter;
	struct debug_lines *lines;
};

static void list_link(void *ctx, const struct link_info *link)
{
	(void)ctx;
	printf("%u\t", link->ifindex);
	escape_print(stdout, link->name, false);
	printf("\t%s\n", link->up ? "up" : "down");
}

static int list_interfaces(void)
{
	struct netlink *nl = netlink__open();
	int err = nl ? netlink__links(nl, list_link, NULL) : -errno;

	netlink__free(nl);
	if (err)
		error("list interfaces: %s", error_name(err));
	return err ? EXIT_RUNTIME : EXIT_OK;
}

static int open_lines(struct command *c)
{
	struct lines_config cfg = {
		.file = c->opt.vmlinux,
		.notes = "/sys/kernel/notes",
		.root = "",
	};
	char why[512] = "";

	c->lines = debug_lines__open(&cfg, why, sizeof(why));
	if (c->lines)
		return EXIT_OK;
	error("--vmlinux '%s': %s", c->opt.vmlinux ? c->opt.vmlinux : "", why);
	return EXIT_RUNTIME;
}

/* Everything that can be wrong before anything is attached. */
static int prepare(struct command *c)
{
	const char *missing;
	char why[256];
	int err;

	if (c->opt.expression) {
		c->filter = filter__compile(c->opt.expression, why, sizeof(why));
		if (!c->filter) {
			error("filter '%s': %s (see pcap-filter(7))", c->opt.expression, why);
			return EXIT_USAGE;
		}
	}
	if (c->opt.netns) {
		err = netns_enter(c->opt.netns);
		if (err) {
			error("network namespace '%s': %s", c->opt.netns, error_name(err));
			return EXIT_RUNTIME;
		}
	}
	if (c->opt.list)
		return EXIT_OK;
	missing = capabilities_missing();
	if (missing) {
		error("%s is missing: run as root (sudo rstscope watch ...)", missing);
		return EXIT_RUNTIME;
	}
	return open_lines(c);
}

/* Distinguish "unsupported here" from "failed". */
static int exit_code(int err)
{
	if (!err)
		return EXIT_OK;
	return err == -EOPNOTSUPP || err == -ENOSYS ? EXIT_UNSUPPORTED : EXIT_RUNTIME;
}

int cmd_watch(int argc, char **argv)
{
	struct command c = { 0 };
	int status;

	watch_options_parse(&c.opt, argc, argv);
	log_libraries();
	status = prepare(&c);
	if (status == EXIT_OK && c.opt.list)
		status = list_interfaces();
	else if (status == EXIT_OK)
		status = exit_code(watch_run(&c.opt, c.filter, c.lines));
	filter__free(c.filter);
	debug_lines__free(c.lines);
	free(c.opt.expression);
	return status;
}
