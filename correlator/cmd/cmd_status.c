// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmd_status.c - what is attached to the interfaces, and how it does: the command.
 */
#include <argp.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cmd/command.h"
#include "cmd/status.h"
#include "host/netns.h"

enum { OPT_NETNS = 256, OPT_JSON, OPT_STATS };

static const struct argp_option options[] = {
	{ "interface", 'i', "IF", 0,
	  "Only what is attached to this interface; may be repeated; 'any' means all (default: any)",
	  0 },
	{ "netns", OPT_NETNS, "NAME|PID|PATH", 0, "Look into this network namespace", 0 },
	{ "stats", OPT_STATS, NULL, 0,
	  "Measure for one second how often each program runs and how long it takes", 0 },
	{ "verbose", 'v', NULL, 0, "Also print the ring of each CPU", 0 },
	{ "json", OPT_JSON, NULL, 0, "One JSON object (docs/status.md)", 0 },
	{ 0 },
};

static const char doc[] =
	"Show the programs of rstscope that are attached to the interfaces of this network "
	"namespace, by whatever command, what they have recorded, and who reads it."
	"\vExamples:\n"
	"  rstscope status                     everything that is attached\n"
	"  rstscope status -i eth0 --stats     with runs, and nanoseconds for each\n"
	"  rstscope status --netns web         of namespace 'web'\n"
	"  rstscope status --json | jq '.recorders[].programs[] | {if, hook, name, by}'\n"
	"\n"
	"Exit status: 0 success (also if nothing is attached), 1 failure, 2 usage error, 77 kernel not "
	"supported.";

static void add_interface(struct argp_state *state, struct status_options *o, const char *name)
{
	if (o->n_interfaces == STATUS_MAX_INTERFACES)
		argp_error(state, "more than %d interfaces: use -i any", STATUS_MAX_INTERFACES);
	o->interfaces[o->n_interfaces++] = name;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct status_options *o = state->input;

	switch (key) {
	case 'i':
		add_interface(state, o, arg);
		return 0;
	case OPT_NETNS:
		o->netns = arg;
		return 0;
	case OPT_JSON:
		o->json = true;
		return 0;
	case OPT_STATS:
		o->stats = true;
		return 0;
	case 'v':
		o->verbose = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument '%s'", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Return: an exit code. */
static int prepare(const struct status_options *o)
{
	unsigned int i;
	int err = o->netns ? netns_enter(o->netns) : 0;

	if (err) {
		error("network namespace '%s': %s", o->netns, error_name(err));
		return EXIT_RUNTIME;
	}
	for (i = 0; i < o->n_interfaces; i++) {
		if (strcmp(o->interfaces[i], "any") && !if_nametoindex(o->interfaces[i])) {
			error("interface '%s': %s", o->interfaces[i], error_name(errno));
			return EXIT_RUNTIME;
		}
	}
	return EXIT_OK;
}

static int print(const struct status_options *o, const struct status *s)
{
	bool colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	int err = 0;

	if (s->measure_err)
		warning("measure runs: %s", error_name(s->measure_err));
	errno = 0;
	if (o->json)
		err = status_print_json(stdout, s);
	else
		status_print_text(stdout, s, o->verbose, colour);
	if (!err && (fflush(stdout) || ferror(stdout)))
		err = errno ? -errno : -EIO;
	if (err)
		error("write to standard output: %s", error_name(err));
	return err ? EXIT_RUNTIME : EXIT_OK;
}

static int refuse(int err)
{
	if (err == -EPERM)
		error("CAP_SYS_ADMIN is missing: run as root (sudo rstscope status ...)");
	else
		error("find attached programs: %s", error_name(err));
	return err == -ENOSYS || err == -EOPNOTSUPP ? EXIT_UNSUPPORTED : EXIT_RUNTIME;
}

int cmd_status(int argc, char **argv)
{
	static const struct argp argp = { .options = options, .parser = parse_option, .doc = doc };
	struct status_options o = { .n_interfaces = 0 };
	struct status s;
	int status, err;

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &o);
	log_libraries();
	status = prepare(&o);
	if (status != EXIT_OK)
		return status;
	err = status_gather(&o, &s);
	if (err)
		return refuse(err);
	status = print(&o, &s);
	status_free(&s);
	return status;
}
