// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmd_detach.c - take off what `rstscope attach` has attached.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "cmd/command.h"
#include "live/pinned.h"

#define MAX_INTERFACES 64

enum { OPT_NETNS = 256, OPT_ALL, OPT_BY_HAND };

struct options {
	const char *interfaces[MAX_INTERFACES];
	struct detach_config detach;
	const char *netns;
	bool all;
	bool quiet;
};

static const struct argp_option options[] = {
	{ "interface", 'i', "IF", 0, "Detach from this interface; may be repeated", 0 },
	{ "all", OPT_ALL, NULL, 0, "Detach from all interfaces", 0 },
	{ "by-hand", OPT_BY_HAND, NULL, 0,
	  "Also detach rstscope's programs that were attached with tc, ip, bpftool or xdp-loader, or "
	  "left by a watch of which nothing is known any more",
	  0 },
	{ "netns", OPT_NETNS, "NAME|PID|PATH", 0, "Detach in this network namespace", 0 },
	{ "quiet", 'q', NULL, 0, "Only print warnings and errors", 1 },
	{ "verbose", 'v', NULL, 0, "Also log what the kernel refuses", 1 },
	{ 0 },
};

static const char doc[] =
	"Take off what `rstscope attach` has attached, and remove its pins."
	"\vNothing else is touched: not the programs of others, nor a clsact qdisc that was not "
	"made by `rstscope attach` or that somebody else uses.\n"
	"\n"
	"Examples:\n"
	"  rstscope detach -i eth0            from one interface\n"
	"  rstscope detach --all              from all\n"
	"  rstscope detach --all --by-hand    and what was attached with tc\n"
	"\n"
	"Exit status: 0 success, also if nothing was attached, 1 failure, 2 usage error.";

static void add_interface(struct argp_state *state, struct options *o, const char *name)
{
	if (o->detach.n_interfaces == MAX_INTERFACES)
		argp_error(state, "more than %d interfaces: use --all", MAX_INTERFACES);
	o->interfaces[o->detach.n_interfaces++] = name;
}

static void check(struct argp_state *state, const struct options *o)
{
	if (o->all && o->detach.n_interfaces)
		argp_error(state, "-i and --all exclude each other");
	if (!o->all && !o->detach.n_interfaces)
		argp_error(state, "from which interface? -i IF, or --all");
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'i':
		add_interface(state, o, arg);
		break;
	case 'q':
		o->quiet = true;
		break;
	case 'v':
		log_threshold = LOG_DEBUG;
		break;
	case OPT_NETNS:
		o->netns = arg;
		break;
	case OPT_ALL:
		o->all = true;
		break;
	case OPT_BY_HAND:
		o->detach.by_hand = true;
		break;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s': interfaces are named with -i", arg);
		break;
	case ARGP_KEY_END:
		check(state, o);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

int cmd_detach(int argc, char **argv)
{
	static const struct argp argp = { .options = options, .parser = parse_option, .doc = doc };
	struct options o = { 0 };
	struct netlink *nl;
	int err;

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &o);
	o.detach.interfaces = o.interfaces;
	if (o.quiet && log_threshold < LOG_DEBUG)
		log_threshold = LOG_WARNING;
	log_libraries();
	if (command_prepare("detach", o.netns))
		return EXIT_RUNTIME;
	nl = netlink__open();
	err = nl ? pinned_detach(&o.detach, nl) : -errno;
	if (!nl)
		error("open rtnetlink: %s", error_name(err));
	netlink__free(nl);
	return err ? EXIT_RUNTIME : EXIT_OK;
}
