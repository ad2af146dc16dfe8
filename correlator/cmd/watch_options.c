// SPDX-License-Identifier: GPL-2.0-only
/*
 * watch_options.c - the command line of `rstscope watch`, parsed by argp.
 */
#include "cmd/watch_options.h"

#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cmd/command.h"
#include "cmd/mark_option.h"
#include "cmd/watch_sinks.h"

enum {
	OPT_NETNS = 256,
	OPT_DURATION,
	OPT_JSON,
	OPT_READY,
	OPT_VIEW,
	OPT_BTF,
	OPT_VMLINUX,
	OPT_XDP,
	OPT_ATTACHED,
	OPT_EVIDENCE,
	OPT_PRE,
	OPT_STORE,
	OPT_KEEP,
	OPT_OUTPUT,
	OPT_MARK,
	OPT_EXIT_WHEN_GONE,
	OPT_NO_FOLD,
	OPT_USER_STACK,
};

/* Per reset; the flight recorder may have more. */
#define PRE_PACKETS 100
#define PRE_PACKETS_MAX 20000

static const struct argp_option options[] = {
	{ "interface", 'i', "IF", 0,
	  "Watch this interface; may be repeated; 'any' means all (default: any)", 0 },
	{ "netns", OPT_NETNS, "NAME|PID|PATH|all", 0,
	  "Watch this network namespace; 'all': also report the resets that any other namespace of this "
	  "host makes or takes, even where they cross no interface of this one",
	  0 },
	{ "list-interfaces", 'D', NULL, 0, "List the interfaces and exit", 0 },
	{ NULL, 'c', "N", 0, "Stop after N resets", 1 },
	{ "duration", OPT_DURATION, "SECONDS", 0, "Stop after this time", 1 },
	{ "exit-when-gone", OPT_EXIT_WHEN_GONE, NULL, 0,
	  "Fail when the last interface named by -i is removed, in place of waiting for it", 1 },
	{ NULL, 'Q', "in|out", 0, "Only report incoming or outgoing resets", 1 },
	{ "json", OPT_JSON, NULL, 0,
	  "One JSON object per line for each reset (docs/report.schema.json)", 2 },
	{ "brief", 'b', NULL, 0, "One line per reset", 2 },
	{ "no-fold", OPT_NO_FOLD, NULL, 0,
	  "Print each reset whole, also where many are one incident", 2 },
	{ "write", 'w', "FILE", 0,
	  "Record to FILE (pcapng): the packets of each reset's flow and the kernel's data, for "
	  "Wireshark and `rstscope explain`; '-' is standard output and suppresses the reports",
	  2 },
	{ NULL, 'C', "MB", 0, "Start a new file after MB million bytes: FILE, FILE1, ...", 2 },
	{ NULL, 'W', "N", 0, "With -C: keep N files and overwrite the oldest", 2 },
	{ "pre", OPT_PRE, "N|Ns|Nms", 0,
	  "Flow history to record: a packet count (default: 100) or a time span (2s, 300ms)", 2 },
	{ "store", OPT_STORE, "FILE", 0,
	  "Append to this SQLite database, for `rstscope report` and SQL queries", 2 },
	{ "keep", OPT_KEEP, "AGE|SIZE", 0,
	  "With --store: retention limit by age (30d) or file size (500MB); the oldest resets are "
	  "deleted; may be repeated",
	  2 },
	{ "evidence", OPT_EVIDENCE, "FILE", 0,
	  "Append the data behind each diagnosis to FILE, for a bug report", 2 },
	{ "output", OPT_OUTPUT, "SINK[:FILE]", 0,
	  "Also write to FILE (default: standard output); SINK is text, brief, json, evidence, "
	  "recording or store; may be repeated",
	  2 },
	{ "quiet", 'q', NULL, 0, "No startup report and no summary", 2 },
	{ "verbose", 'v', NULL, 0, "Also log probe attempts and kernel rejections", 2 },
	{ NULL, 'n', NULL, 0, "Ignored, for tcpdump compatibility: addresses are never resolved",
	  2 },
	{ "ready-file", OPT_READY, "PATH", 0, "Create PATH once everything is attached", 2 },
	{ "view", OPT_VIEW, "auto|fentry|kprobe|tracepoint|none", 0,
	  "How to probe the kernel (default: auto, the best way for each function)", 3 },
	{ "btf", OPT_BTF, "FILE", 0, "BTF of the running kernel, if it provides none", 3 },
	{ "vmlinux", OPT_VMLINUX, "FILE", 0,
	  "The running kernel's vmlinux with debug symbols, to print file and line of each call "
	  "(default: where debug packages install it)",
	  3 },
	{ "user-stack", OPT_USER_STACK, NULL, 0,
	  "Of resets that an application makes: its own calls, by name, and with debug symbols by "
	  "file and line",
	  3 },
	{ "xdp", OPT_XDP, NULL, 0,
	  "Watch ingress with XDP instead of tc; attaching can interrupt the link of some NICs for "
	  "a moment",
	  3 },
	{ "mark", OPT_MARK, MARK_ARG, 0, MARK_HELP, 3 },
	{ "attached", OPT_ATTACHED, NULL, 0,
	  "Attach nothing but the kernel view: read what programs attached by tc, ip link, bpftool "
	  "or xdp-loader record, also what they recorded before, and leave them attached",
	  3 },
	{ 0 },
};

static const char doc[] =
	"Report the cause of every TCP reset as it happens."
	"\vFILTER is a pcap-filter(7) expression, applied to the RST as it was seen\n"
	"anywhere: on each interface, before and after NAT.\n"
	"\n"
	"Examples:\n"
	"  rstscope watch                            every reset on every interface\n"
	"  rstscope watch -i eth0 port 443           resets to or from port 443\n"
	"  rstscope watch -i eth0 --json -c 1        the next reset, for a script\n"
	"  rstscope watch -w resets.pcapng           record packets and evidence\n"
	"  rstscope watch -w r.pcapng -C 100 -W 10   the same, at most 1 GB\n"
	"  rstscope watch --store r.db --keep 30d    keep a month of resets\n"
	"  rstscope watch --netns web -Q out         resets sent by namespace 'web'\n"
	"  rstscope watch --netns all                also those of every container and pod here\n"
	"  rstscope watch --attached                 what programs attached by tc record\n"
	"\n"
	"Exit status: 0 success, 1 failure, 2 usage error, 77 kernel not supported.";

static void add_interface(struct argp_state *state, struct watch_options *o, const char *name)
{
	if (o->n_interfaces == MAX_INTERFACES)
		argp_error(state, "more than %d interfaces: use -i any", MAX_INTERFACES);
	o->interfaces[o->n_interfaces++] = name;
}

static unsigned long parse_count(struct argp_state *state, const char *arg)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(arg, &end, 10);
	if (errno || *end || !isdigit((unsigned char)*arg) || !n)
		argp_error(state, "-c takes a number of resets, at least 1, not '%s'", arg);
	return n;
}

static double parse_duration(struct argp_state *state, const char *arg)
{
	double seconds;
	char *end;

	errno = 0;
	seconds = strtod(arg, &end);
	if (errno || *end || end == arg || !(seconds > 0) || seconds > 1e9)
		argp_error(state, "--duration takes seconds, not '%s'", arg);
	return seconds;
}

static unsigned long parse_number(struct argp_state *state, const char *option, const char *arg,
				  unsigned long max)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(arg, &end, 10);
	if (errno || *end || !isdigit((unsigned char)*arg) || !n || n > max)
		argp_error(state, "%s takes a number from 1 to %lu, not '%s'", option, max, arg);
	return n;
}

/* "100" and "100p" are packets, "2.5s" and "300ms" are times. */
static void parse_pre(struct argp_state *state, struct watch_options *o, const char *arg)
{
	double n;
	char *end;

	errno = 0;
	n = strtod(arg, &end);
	if (!errno && end != arg && isdigit((unsigned char)*arg) && n > 0 && n <= PRE_PACKETS_MAX) {
		if ((!*end || !strcmp(end, "p")) && n == (unsigned int)n) {
			o->pre_packets = (unsigned int)n;
			o->pre_ns = 0;
			return;
		}
		if (!strcmp(end, "s") || !strcmp(end, "ms")) {
			o->pre_packets = PRE_PACKETS_MAX;
			o->pre_ns = (uint64_t)(n * (*end == 's' ? 1e9 : 1e6));
			return;
		}
	}
	argp_error(
		state,
		"--pre takes a packet count (100) or a time span (2s, 300ms), up to %d, not '%s'",
		PRE_PACKETS_MAX, arg);
}

/* "30d", "500MB", or both with a comma. */
static void parse_keep(struct argp_state *state, struct watch_options *o, const char *arg)
{
	const char *at = arg;
	double n;
	char *end;

	for (;; at = end + 1) {
		errno = 0;
		n = strtod(at, &end);
		if (errno || end == at || !isdigit((unsigned char)*at) || !(n > 0) || n > 1e6)
			break;
		if (*end == 'd') {
			o->keep_ns = (uint64_t)(n * 86400e9);
			end++;
		} else if (!strncmp(end, "MB", 2)) {
			o->keep_bytes = (uint64_t)(n * 1e6);
			end += 2;
		} else {
			break;
		}
		if (!*end)
			return;
		if (*end != ',')
			break;
	}
	argp_error(state, "--keep takes an age in days (30d) or a size (500MB), not '%s'", arg);
}

static void check_store(struct argp_state *state, const struct watch_options *o)
{
	if (!o->store && (o->keep_ns || o->keep_bytes))
		argp_error(state, "--keep needs --store");
}

static void check_recording(struct argp_state *state, const struct watch_options *o)
{
	if (!o->recording && (o->recording_bytes || o->recording_files))
		argp_error(state, "-C and -W need -w");
	if (o->recording_files && !o->recording_bytes)
		argp_error(state, "-W needs -C");
	if (o->recording && !strcmp(o->recording, "-") && o->recording_bytes)
		argp_error(state, "-C cannot be used with standard output (-w -)");
}

static void check_attached(struct argp_state *state, const struct watch_options *o)
{
	if (o->attached && (o->xdp || o->mark.mask))
		argp_error(state, "--attached attaches no program to interfaces: %s cannot be used",
			   o->xdp ? "--xdp" : "--mark");
}

static enum direction parse_direction(struct argp_state *state, const char *arg)
{
	if (!strcmp(arg, "in"))
		return DIRECTION_IN;
	if (!strcmp(arg, "out"))
		return DIRECTION_OUT;
	if (strcmp(arg, "inout"))
		argp_error(state, "-Q takes 'in' or 'out', not '%s'", arg);
	return DIRECTION_BOTH;
}

static void add_output(struct argp_state *state, struct watch_options *o, const char *arg)
{
	struct output_option *out = &o->outputs[o->n_outputs];
	size_t len = strcspn(arg, ":");

	if (o->n_outputs == MAX_OUTPUTS)
		argp_error(state, "--output can be given at most %d times", MAX_OUTPUTS);
	if (len >= sizeof(out->name) || (arg[len] && !arg[len + 1]))
		argp_error(state, "--output takes SINK or SINK:FILE, not '%s'", arg);
	snprintf(out->name, sizeof(out->name), "%.*s", (int)len, arg);
	out->path = arg[len] ? arg + len + 1 : NULL;
	o->n_outputs++;
}

/* The file of an output; NULL = standard output. */
static const char *file_of(const char *path)
{
	return path && strcmp(path, "-") ? path : NULL;
}

static void check_outputs(struct argp_state *state, const struct watch_options *o)
{
	unsigned int i, at_stdout = o->json + o->brief + (o->recording && !file_of(o->recording));

	for (i = 0; i < o->n_outputs; i++) {
		const struct output_option *out = &o->outputs[i];

		if (!watch_sinks__know(out->name))
			argp_error(state, "--output: unknown sink '%s'", out->name);
		if (!strcmp(out->name, "store") && !file_of(out->path))
			argp_error(state, "--output: a store needs a file (store:FILE)");
		at_stdout += !file_of(out->path);
	}
	if (at_stdout > 1)
		argp_error(
			state,
			"only one of --json, --brief, -w - and --output can use standard output");
}

static void parse_mark(struct argp_state *state, struct watch_options *o, const char *arg)
{
	const char *wrong = mark_option_parse(arg, &o->mark);

	if (wrong)
		argp_error(state, "--mark '%s': %s", arg, wrong);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct watch_options *o = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &o->choice;
		state->child_inputs[1] = &o->group;
		break;
	case 'i':
		add_interface(state, o, arg);
		break;
	case 'c':
		o->count = parse_count(state, arg);
		break;
	case 'Q':
		o->direction = parse_direction(state, arg);
		break;
	case 'q':
		o->quiet = true;
		break;
	case 'v':
		log_threshold = LOG_DEBUG;
		break;
	case 'b':
		o->brief = true;
		break;
	case 'D':
		o->list = true;
		break;
	case 'n':
		break;
	case OPT_EXIT_WHEN_GONE:
		o->exit_when_gone = true;
		break;
	case OPT_NETNS:
		if (!strcmp(arg, "all"))
			o->all_netns = true;
		else
			o->netns = arg;
		break;
	case OPT_DURATION:
		o->duration = parse_duration(state, arg);
		break;
	case OPT_JSON:
		o->json = true;
		break;
	case OPT_NO_FOLD:
		o->no_fold = true;
		break;
	case OPT_READY:
		o->ready_file = arg;
		break;
	case OPT_VIEW:
		if (tier_parse(arg, &o->tier))
			argp_error(state,
				   "--view takes auto, fentry, kprobe, tracepoint or none, "
				   "not '%s'",
				   arg);
		break;
	case OPT_BTF:
		o->btf_path = arg;
		break;
	case 'w':
		o->recording = arg;
		break;
	case 'C':
		o->recording_bytes = parse_number(state, "-C", arg, 1000000) * 1000000ull;
		break;
	case 'W':
		o->recording_files = (unsigned int)parse_number(state, "-W", arg, 1000000);
		break;
	case OPT_STORE:
		o->store = arg;
		break;
	case OPT_KEEP:
		parse_keep(state, o, arg);
		break;
	case OPT_PRE:
		parse_pre(state, o, arg);
		break;
	case OPT_OUTPUT:
		add_output(state, o, arg);
		break;
	case ARGP_KEY_END:
		check_recording(state, o);
		check_store(state, o);
		check_outputs(state, o);
		check_attached(state, o);
		break;
	case OPT_EVIDENCE:
		o->evidence_file = arg;
		break;
	case OPT_VMLINUX:
		o->vmlinux = arg;
		break;
	case OPT_USER_STACK:
		o->user_stacks = true;
		break;
	case OPT_XDP:
		o->xdp = true;
		break;
	case OPT_MARK:
		parse_mark(state, o, arg);
		break;
	case OPT_ATTACHED:
		o->attached = true;
		break;
	case ARGP_KEY_ARG:
		if (filter_add_word(&o->expression, arg))
			argp_failure(state, EXIT_RUNTIME, ENOMEM, "filter expression");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

void watch_options_parse(struct watch_options *o, int argc, char **argv)
{
	static const struct argp_child children[] = {
		{ &case_choice_argp, 0, NULL, 1 },
		{ &group_option_argp, 0, NULL, 1 },
		{ 0 },
	};
	static const struct argp argp = {
		.children = children,
		.options = options,
		.parser = parse_option,
		.args_doc = "[FILTER]",
		.doc = doc,
	};

	*o = (struct watch_options){ .tier = TIER_AUTO, .pre_packets = PRE_PACKETS };
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, o);
	if (!o->n_interfaces)
		o->interfaces[o->n_interfaces++] = "any";
	if (o->quiet && log_threshold < LOG_DEBUG)
		log_threshold = LOG_WARNING;
}
