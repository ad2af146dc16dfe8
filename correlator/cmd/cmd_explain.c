// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmd_explain.c - report the causes of the resets in captures and in files written by `watch`.
 *
 * The diagnosis is made again, with this version's facts and causes.
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "archive/reader.h"
#include "archive/sinks.h"
#include "base/log.h"
#include "cmd/case_choice.h"
#include "cmd/command.h"
#include "cmd/group_option.h"
#include "cmd/rst_filter.h"
#include "cmd/time_choice.h"
#include "diagnose/impact.h"
#include "report/sink.h"

#define MAX_FILES 64
#define GROUPS_SHOWN 20
#define OPT_STORE 256
#define OPT_EVIDENCE 257
#define OPT_NO_FOLD 258

struct explain {
	const char *files[MAX_FILES]; /* "-" = standard input */
	unsigned int n_files;
	char *expression; /* NULL = none */
	struct filter *filter;
	const char *fail_on; /* ids, by commas; NULL = none */
	struct case_choice choice;
	struct time_choice times;
	struct group_option group;
	struct groups *groups; /* NULL = they were not asked for */
	bool json;
	bool brief;
	bool no_fold;
	bool quiet;
	uint64_t by_cause[CASE_CAUSES_MAX];
	uint64_t by_impact[N_IMPACTS]; /* also of those that are not chosen */
	uint64_t left_out;
	uint64_t resets;
	bool found; /* one of fail_on */
	int err;    /* of writing */
	struct sink sink;
	const char *store; /* what else is written; NULL = is not */
	const char *evidence;
	struct sink kept[2];
	unsigned int n_kept;
};

static const struct argp_option options[] = {
	{ NULL, 'r', "FILE", 0,
	  "Read this capture (pcap or pcapng), recording, store or evidence, optionally compressed "
	  "with gzip or zstd; '-' is standard input. Multiple files are treated as views of the "
	  "same traffic",
	  0 },
	{ "json", 'j', NULL, 0, "One JSON object per line for each reset (docs/report.schema.json)",
	  1 },
	{ "brief", 'b', NULL, 0, "One line per reset", 1 },
	{ "no-fold", OPT_NO_FOLD, NULL, 0,
	  "Print each reset whole, also where many are one incident", 1 },
	{ "quiet", 'q', NULL, 0, "No reports, only the number of resets per cause", 1 },
	{ "store", OPT_STORE, "FILE", 0, "Also append the resets to this database (SQLite)", 1 },
	{ "evidence", OPT_EVIDENCE, "FILE", 0,
	  "Also append to this file what each diagnosis is based on, as JSON lines", 1 },
	{ "fail-on", 'f', "CAUSE[,...]", 0, "Exit with status 3 if one of these causes is found",
	  1 },
	{ 0 },
};

static const char doc[] =
	"Report the causes of the resets in captures and in files from `rstscope watch`. Needs no root."
	"\vFILTER is a pcap-filter(7) expression: only resets that match it are reported, by their "
	"addresses before or after NAT.\n"
	"\n"
	"A capture only shows packets: if they are not sufficient, the possible causes are ranked. "
	"A recording (`watch -w`), a store (`watch --store`) and evidence (`watch --evidence`) "
	"also contain the kernel's data.\n"
	"\n"
	"Examples:\n"
	"  rstscope explain -r capture.pcap           from tcpdump, Wireshark, ...\n"
	"  tcpdump -w - tcp | rstscope explain -r -   live, from a pipe\n"
	"  rstscope explain -r a.pcapng.gz -r b.pcap  same traffic, two captures\n"
	"  rstscope explain -r a.pcap --store r.db    into the store of `watch`\n"
	"  rstscope explain -r x.pcapng --fail-on dnat-invalid,unread-data\n"
	"\n"
	"Exit status: 0 success, 1 failure, 2 usage error, 3 --fail-on cause found.";

static void check_causes(struct argp_state *state, const char *list)
{
	const char *unknown = cause_list_unknown(list);

	if (unknown)
		argp_error(state,
			   "--fail-on: unknown cause '%.*s'; `rstscope causes` lists the causes",
			   (int)strcspn(unknown, ","), unknown);
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* What is read must not grow meanwhile. */
static void check_output(struct argp_state *state, const struct explain *e, const char *option,
			 const char *path)
{
	unsigned int i;

	for (i = 0; path && i < e->n_files; i++)
		if (is_same_file(path, e->files[i]))
			argp_error(state, "%s: '%s' is also read (-r)", option, path);
}

static void compile_filter(struct argp_state *state, struct explain *e)
{
	char why[256] = "";

	if (!e->expression)
		return;
	e->filter = filter__compile(e->expression, why, sizeof(why));
	if (!e->filter)
		argp_error(state, "filter '%s': %s (see pcap-filter(7))", e->expression, why);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct explain *e = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &e->choice;
		state->child_inputs[1] = &e->times;
		state->child_inputs[2] = &e->group;
		return 0;
	case 'r':
		if (e->n_files == MAX_FILES)
			argp_error(state, "more than %d files", MAX_FILES);
		e->files[e->n_files++] = arg;
		return 0;
	case 'j':
		e->json = true;
		return 0;
	case 'b':
		e->brief = true;
		return 0;
	case OPT_NO_FOLD:
		e->no_fold = true;
		return 0;
	case 'q':
		e->quiet = true;
		return 0;
	case OPT_STORE:
		e->store = arg;
		return 0;
	case OPT_EVIDENCE:
		e->evidence = arg;
		return 0;
	case 'f':
		check_causes(state, arg);
		e->fail_on = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (filter_add_word(&e->expression, arg))
			argp_failure(state, EXIT_RUNTIME, ENOMEM, "filter expression");
		return 0;
	case ARGP_KEY_END:
		if (!e->n_files)
			argp_error(state, "-r FILE is missing");
		check_output(state, e, "--store", e->store);
		check_output(state, e, "--evidence", e->evidence);
		compile_filter(state, e);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Unlike a watch, this can be run again: it ends with the first that cannot be written. */
static int fail(const struct sink *s, const char *what, int err)
{
	error("%s %s '%s': %s", what, s->ops->name, s->path, *s->why ? s->why : error_name(err));
	return err;
}

static int open_kept(struct explain *e, const struct sink_ops *ops, const char *path)
{
	struct sink *s = &e->kept[e->n_kept];
	struct sink_config cfg = { .path = path };
	int err;

	if (!path)
		return 0;
	*s = (struct sink){ .ops = ops, .path = path };
	err = ops->open(s, &cfg);
	s->lazy = true;
	if (!err) {
		e->n_kept++;
		return 0;
	}
	fail(s, "open", err);
	ops->close(s);
	return err;
}

static int keep_case(struct explain *e, const struct reset_case *c,
		     const struct report_context *report)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < e->n_kept && !err; i++) {
		err = e->kept[i].ops->emit(&e->kept[i], c, report);
		if (err)
			fail(&e->kept[i], "write", err);
	}
	return err;
}

static int close_kept(struct explain *e)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < e->n_kept; i++) {
		struct sink *s = &e->kept[i];
		int bad = s->ops->flush ? s->ops->flush(s, (uint64_t)time(NULL) * 1000000000u) :
			  s->out && fflush(s->out) ? -errno :
						     0;

		if (bad && !e->err)
			err = fail(s, "write", bad);
		s->ops->close(s);
	}
	return err;
}

static int explain_case(void *ctx, struct reset_case *c, const struct report_context *report)
{
	struct report_context shown = *report;
	struct explain *e = ctx;
	int err;

	if (!filter__matches_case(e->filter, c) || !is_in_time(&e->times, c, report))
		return 0;
	e->by_impact[c->diagnosis.impact.kind]++;
	if (!case_is_chosen(&e->choice, c)) {
		e->left_out++;
		return 0;
	}
	e->resets++;
	if (e->groups)
		groups__add(e->groups, c, report);
	e->by_cause[c->diagnosis.cause - causes]++;
	e->found |= e->fail_on && cause_is_listed(e->fail_on, c->diagnosis.cause->id);
	e->err = keep_case(e, c, report);
	if (e->quiet || e->err)
		return e->err;
	shown.local_time = e->times.local_time;
	err = e->sink.ops->emit(&e->sink, c, &shown);
	if (err)
		error("write to standard output: %s", error_name(err));
	e->err = err;
	return err;
}

static void print_warning(void *ctx, const char *text)
{
	(void)ctx;
	warning("%s", text);
}

static void print_notice(void *ctx, const char *text)
{
	(void)ctx;
	notice("%s", text);
}

static void print_left_out(const struct explain *e, FILE *out)
{
	fprintf(out, ", %" PRIu64 " not reported (", e->left_out);
	case_choice_print(&e->choice, out);
	fputc(')', out);
}

static void print_counts(const struct explain *e)
{
	FILE *out = e->quiet ? stdout : stderr;
	size_t i;

	fprintf(out, "%" PRIu64 " reset%s", e->resets, e->resets == 1 ? "" : "s");
	for (i = 0; i < n_causes; i++)
		if (e->by_cause[i])
			fprintf(out, ", %" PRIu64 " %s", e->by_cause[i], causes[i].id);
	if (e->left_out)
		print_left_out(e, out);
	if (e->resets || e->left_out)
		fputs("\nimpact: ", out);
	impact_counts_print(e->by_impact, out);
	fputc('\n', out);
	if (e->groups)
		groups__print(e->groups, out, GROUPS_SHOWN, e->times.local_time);
}

/* Resets from a pipe are reported as they arrive. */
static bool reads_pipe(const struct explain *e)
{
	struct stat st;
	unsigned int i;

	for (i = 0; i < e->n_files; i++) {
		bool known = strcmp(e->files[i], "-") ? !stat(e->files[i], &st) :
							!fstat(STDIN_FILENO, &st);

		if (known && !S_ISREG(st.st_mode))
			return true;
	}
	return false;
}

int cmd_explain(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{ &case_choice_argp, 0, NULL, 1 },
		{ &time_choice_argp, 0, NULL, 1 },
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
	static char buffer[1 << 16]; /* of stdout, to the end of the process */
	struct explain e = { 0 };
	struct reader_config cfg = {
		.on_case = explain_case,
		.on_warning = print_warning,
		.on_notice = print_notice,
		.ctx = &e,
	};
	char why[512];
	int err, kept_err;

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &e);
	sink_open(&e.sink, e.json ? "json" : e.brief ? "brief" : "text", stdout);
	if (!e.json && !e.brief && !e.no_fold && sink_text_fold(&e.sink))
		return EXIT_RUNTIME;
	e.sink.lazy = !isatty(STDOUT_FILENO) && !reads_pipe(&e);
	if (e.sink.lazy)
		setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	cfg.files = e.files;
	cfg.n_files = e.n_files;
	cfg.progress = isatty(STDERR_FILENO);
	e.groups = e.group.given ? groups__new(e.group.by) : NULL;
	err = e.group.given && !e.groups ? -ENOMEM : open_kept(&e, &sink_store, e.store);
	if (!err)
		err = open_kept(&e, &sink_evidence, e.evidence);
	e.err = err;
	cfg.shared = !e.quiet && isatty(STDOUT_FILENO);
	if (!err)
		err = reader_read(&cfg, why, sizeof(why));
	if (err && !e.err)
		error("%s", why);
	sink_text_unfold(&e.sink); /* an error is seen below */
	kept_err = close_kept(&e);
	filter__free(e.filter);
	free(e.expression);
	if (!e.json || e.quiet)
		print_counts(&e);
	groups__free(e.groups);
	if (!err && fflush(stdout)) {
		err = -errno;
		error("write to standard output: %s", error_name(err));
	}
	if (err || kept_err)
		return EXIT_RUNTIME;
	return e.found ? EXIT_FINDINGS : EXIT_OK;
}
