// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmd_attach.c - attach the flight recorder so that it turns without a process.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cmd/command.h"
#include "cmd/history_option.h"
#include "cmd/mark_option.h"
#include "live/pinned.h"

#define MAX_INTERFACES 64

enum { OPT_NETNS = 256, OPT_XDP, OPT_MARK, OPT_HISTORY, OPT_FORCE };

struct options {
	const char *interfaces[MAX_INTERFACES];
	unsigned int n_interfaces;
	const char *netns;
	const char *history;
	struct pinned_config pinned;
	bool quiet;
};

static const struct argp_option options[] = {
	{ "interface", 'i', "IF", 0,
	  "Attach to this interface; may be repeated; 'any' means all that are up now (default)",
	  0 },
	{ "netns", OPT_NETNS, "NAME|PID|PATH", 0, "Attach in this network namespace", 0 },
	{ "xdp", OPT_XDP, NULL, 0,
	  "See arrivals with XDP instead of tc; attaching can interrupt the link of some NICs for "
	  "a moment",
	  1 },
	{ "history", OPT_HISTORY, "RECORDS|SIZE", 0,
	  "How far back the recorder goes: segments for each CPU (4096), or a size for all CPUs "
	  "together (512K); rounded down to a power of two (default: 8192 segments)",
	  1 },
	{ "mark", OPT_MARK, MARK_ARG, 0, MARK_HELP, 1 },
	{ "force", OPT_FORCE, NULL, 0,
	  "Attach as a filter also where tcx programs of others run before all filters", 1 },
	{ "quiet", 'q', NULL, 0, "Only print warnings and errors", 2 },
	{ "verbose", 'v', NULL, 0, "Also log what the kernel refuses", 2 },
	{ 0 },
};

static const char doc[] =
	"Attach the flight recorder to interfaces so that it stays, without a process."
	"\vPrograms, links and maps are pinned below /sys/fs/bpf/rstscope. `rstscope watch "
	"--attached` reads what is recorded, `rstscope detach` takes it off again. Attaching once "
	"more attaches what is missing, and replaces what another version or other options have "
	"attached, without a gap.\n"
	"\n"
	"Examples:\n"
	"  rstscope attach -i eth0 -i eth1      the interfaces of a gateway\n"
	"  rstscope attach -i eth0 --xdp        arrivals before anything else sees them\n"
	"  rstscope attach --mark 0x1/0x3:0x2   mark RST segments: active 2, others 1\n"
	"  rstscope attach --netns web          all interfaces of namespace 'web'\n"
	"\n"
	"Exit status: 0 success, also if all was attached already, 1 failure, 2 usage error, 77 "
	"kernel not supported.";

static void add_interface(struct argp_state *state, struct options *o, const char *name)
{
	if (o->n_interfaces == MAX_INTERFACES)
		argp_error(state, "more than %d interfaces: use -i any", MAX_INTERFACES);
	o->interfaces[o->n_interfaces++] = name;
}

static void parse_history(struct argp_state *state, struct options *o, const char *arg)
{
	char why[200];

	if (history_option_parse(arg, pinned_cpus(), &o->pinned.slots, why, sizeof(why)))
		argp_error(state, "--history '%s': %s", arg, why);
	o->history = arg;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;
	const char *wrong;

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
	case OPT_XDP:
		o->pinned.xdp = true;
		break;
	case OPT_FORCE:
		o->pinned.force = true;
		break;
	case OPT_HISTORY:
		parse_history(state, o, arg);
		break;
	case OPT_MARK:
		wrong = mark_option_parse(arg, &o->pinned.mark);
		if (wrong)
			argp_error(state, "--mark '%s': %s", arg, wrong);
		break;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s': interfaces are named with -i", arg);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

struct wanted {
	const struct options *o;
	struct link_info *links;
	unsigned int n, room;
	int err;
};

static bool is_wanted(const struct options *o, const struct link_info *link)
{
	unsigned int i;

	for (i = 0; i < o->n_interfaces; i++)
		if (!strcmp(o->interfaces[i], link->name) ||
		    (!strcmp(o->interfaces[i], "any") && link->up))
			return true;
	return !o->n_interfaces && link->up;
}

static void on_link(void *ctx, const struct link_info *link)
{
	struct wanted *w = ctx;
	struct link_info *grown;

	if (w->err || !is_wanted(w->o, link))
		return;
	if (w->n == w->room) {
		w->room = w->room ? 2 * w->room : 16;
		grown = realloc(w->links, w->room * sizeof(*grown));
		if (!grown) {
			w->err = -ENOMEM;
			return;
		}
		w->links = grown;
	}
	w->links[w->n++] = *link;
}

static bool is_found(const struct wanted *w, const char *name)
{
	unsigned int i;

	for (i = 0; i < w->n; i++)
		if (!strcmp(w->links[i].name, name))
			return true;
	return !strcmp(name, "any");
}

/* All names must be there before anything is changed. */
static int find_interfaces(struct wanted *w, struct netlink *nl)
{
	unsigned int i;
	int err = netlink__links(nl, on_link, w);

	err = err ? err : w->err;
	if (err)
		error("list interfaces: %s", error_name(err));
	for (i = 0; i < w->o->n_interfaces && !err; i++) {
		if (is_found(w, w->o->interfaces[i]))
			continue;
		error("no interface '%s' in this network namespace; `rstscope watch -D` lists all",
		      w->o->interfaces[i]);
		err = -ENODEV;
	}
	return err;
}

static bool is_named(const struct options *o, const char *name)
{
	unsigned int i;

	for (i = 0; i < o->n_interfaces; i++)
		if (!strcmp(o->interfaces[i], name))
			return true;
	return false;
}

/* One that was not asked for by name may be unsupported. */
static int attach_all(struct pinned *p, const struct wanted *w)
{
	unsigned int i;
	int err = 0, n;

	for (i = 0; i < w->n; i++) {
		n = pinned__attach(p, &w->links[i]);
		if (n && (n != -EOPNOTSUPP || is_named(w->o, w->links[i].name)) && !err)
			err = n;
	}
	return err;
}

static int attach(const struct options *o)
{
	struct netlink *nl = netlink__open();
	struct wanted w = { .o = o };
	struct pinned *p = NULL;
	int err = nl ? 0 : -errno;

	if (err)
		error("open rtnetlink: %s", error_name(err));
	else
		err = find_interfaces(&w, nl);
	if (!err) {
		p = pinned__open(&o->pinned, nl);
		err = p ? attach_all(p, &w) : -errno;
	}
	pinned__free(p);
	free(w.links);
	netlink__free(nl);
	return err;
}

static void say_history(const struct options *o)
{
	unsigned int cpus = pinned_cpus();

	if (o->history)
		notice("history: %u segments for each of %u CPUs (%.1f MB)", o->pinned.slots, cpus,
		       (double)history_bytes(o->pinned.slots, cpus) / 1e6);
	if (o->pinned.xdp && o->pinned.mark.mask)
		notice("with XDP, RST segments are marked at egress only");
}

int cmd_attach(int argc, char **argv)
{
	static const struct argp argp = { .options = options, .parser = parse_option, .doc = doc };
	struct options o = { 0 };
	int err;

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &o);
	if (o.quiet && log_threshold < LOG_DEBUG)
		log_threshold = LOG_WARNING;
	log_libraries();
	if (command_prepare("attach", o.netns))
		return EXIT_RUNTIME;
	say_history(&o);
	err = attach(&o);
	if (!err)
		return EXIT_OK;
	return err == -EOPNOTSUPP || err == -ENOSYS ? EXIT_UNSUPPORTED : EXIT_RUNTIME;
}
