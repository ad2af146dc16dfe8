// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmd_report.c - a postmortem of many resets, from recordings, captures, stores and evidence.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "archive/reader.h"
#include "base/log.h"
#include "base/output_file.h"
#include "cmd/command.h"
#include "cmd/case_choice.h"
#include "cmd/group_option.h"
#include "cmd/rst_filter.h"
#include "cmd/time_choice.h"
#include "diagnose/causes.h"
#include "report/document.h"

#define MAX_FILES 64

enum { OPT_FORMAT = 256, OPT_TITLE, OPT_STORE, OPT_DETAILS };

struct report {
	const char *files[MAX_FILES];
	unsigned int n_files;
	char *expression; /* NULL = none */
	struct filter *filter;
	const char *output; /* "-" = standard output */
	struct case_choice choice;
	struct time_choice times;
	struct group_option group;
	const struct document_ops *format;
	struct document doc;
	struct summary *summary;
	char *temporary; /* written here until it is complete */
	int err;	 /* of writing */
};

static const struct argp_option options[] = {
	{ NULL, 'r', "FILE", 0,
	  "Read this recording, capture, store or evidence; '-' is standard input; may be repeated",
	  0 },
	{ "store", OPT_STORE, "FILE", 0,
	  "The same, for a store written by `rstscope watch --store`", 0 },
	{ NULL, 'o', "FILE", 0, "Write the report to FILE (default: '-', standard output)", 1 },
	{ "format", OPT_FORMAT, "text|markdown|json|html", 0,
	  "Format (default: by the suffix of FILE, otherwise text)", 1 },
	{ "title", OPT_TITLE, "TEXT", 0, "Title of the report", 1 },
	{ "details", OPT_DETAILS, NULL, 0,
	  "text, markdown: print each reset also where there are more than 20", 1 },
	{ 0 },
};

static const char doc[] =
	"Write a postmortem: a summary, and each reset with its timeline and evidence. Needs no root."
	"\vFILTER is a pcap-filter(7) expression: only resets that match it are included, by their "
	"addresses before or after NAT.\n"
	"\n"
	"Examples:\n"
	"  rstscope report -r resets.pcapng -o resets.html   for a browser, offline\n"
	"  rstscope report -r resets.pcapng --format=markdown | wl-copy\n"
	"  rstscope report --store resets.db --since 1h --group service -o hour.md\n"
	"\n"
	"Exit status: 0 success, 1 failure, 2 usage error.";

static void compile_filter(struct argp_state *state, struct report *r)
{
	char why[256] = "";

	if (!r->expression)
		return;
	r->filter = filter__compile(r->expression, why, sizeof(why));
	if (!r->filter)
		argp_error(state, "filter '%s': %s (see pcap-filter(7))", r->expression, why);
}

static void check_end(struct argp_state *state, struct report *r)
{
	if (!r->n_files)
		argp_error(state, "-r FILE is missing");
	if (!r->format)
		r->format = document_format_of(r->output);
	if (!r->format)
		r->format = &document_text;
	compile_filter(state, r);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct report *r = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &r->choice;
		state->child_inputs[1] = &r->times;
		state->child_inputs[2] = &r->group;
		return 0;
	case 'r':
	case OPT_STORE:
		if (r->n_files == MAX_FILES)
			argp_error(state, "more than %d files", MAX_FILES);
		r->files[r->n_files++] = arg;
		return 0;
	case 'o':
		r->output = arg;
		return 0;
	case OPT_FORMAT:
		r->format = document_format(arg);
		if (!r->format)
			argp_error(state, "--format takes text, markdown, json or html, not '%s'",
				   arg);
		return 0;
	case OPT_TITLE:
		r->doc.title = arg;
		return 0;
	case OPT_DETAILS:
		r->doc.details = true;
		return 0;
	case ARGP_KEY_ARG:
		if (filter_add_word(&r->expression, arg))
			argp_failure(state, EXIT_RUNTIME, ENOMEM, "filter expression");
		return 0;
	case ARGP_KEY_END:
		check_end(state, r);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static bool is_wanted(const struct report *r, const struct reset_case *c,
		      const struct report_context *report)
{
	return filter__matches_case(r->filter, c) && is_in_time(&r->times, c, report) &&
	       case_is_chosen(&r->choice, c);
}

static int on_case(void *ctx, struct reset_case *c, const struct report_context *report)
{
	struct report_context shown = *report;
	struct report *r = ctx;

	if (!is_wanted(r, c, report))
		return 0;
	shown.local_time = r->times.local_time;
	summary__add(r->summary, c, report);
	r->err = r->doc.ops->add(&r->doc, c, &shown);
	return r->err;
}

static void on_warning(void *ctx, const char *text)
{
	(void)ctx;
	warning("%s", text);
}

static void on_notice(void *ctx, const char *text)
{
	(void)ctx;
	notice("%s", text);
}

/* Anything but a regular file, such as /dev/stdout or a pipe, is written directly. */
static bool is_replaceable(const char *path)
{
	struct stat st;

	return lstat(path, &st) ? errno == ENOENT : S_ISREG(st.st_mode);
}

static FILE *open_directly(const char *path)
{
	int fd = output_file_open(path, OUTPUT_REPLACE);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

	if (fd < 0)
		errno = -fd;
	else if (!out)
		close(fd);
	return out;
}

/* An incomplete report must not appear under its final name. */
/* The file that is not whole yet; a signal that ends us takes it along. */
static char *volatile half_written;

static void on_end(int sig)
{
	if (half_written)
		unlink(half_written);
	signal(sig, SIG_DFL);
	raise(sig);
}

/* Whoever started us may have set some of them to be ignored, as nohup does. */
static void clean_up_on_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa = { .sa_handler = on_end }, before;
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (!sigaction(signals[i], NULL, &before) && before.sa_handler == SIG_DFL)
			sigaction(signals[i], &sa, NULL);
}

/* No signal comes between the file and the note of it. */
static int open_temporary(struct report *r)
{
	sigset_t signals, before;
	int fd;

	clean_up_on_signals();
	sigfillset(&signals);
	sigprocmask(SIG_BLOCK, &signals, &before);
	fd = mkostemp(r->temporary, O_CLOEXEC);
	if (fd >= 0)
		half_written = r->temporary;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return fd;
}

static FILE *open_output(struct report *r)
{
	mode_t mask;
	FILE *out;
	int fd;

	if (!strcmp(r->output, "-"))
		return stdout;
	if (!is_replaceable(r->output))
		return open_directly(r->output);
	if (asprintf(&r->temporary, "%s.XXXXXX", r->output) < 0) {
		r->temporary = NULL;
		errno = ENOMEM;
		return NULL;
	}
	fd = open_temporary(r);
	if (fd < 0) {
		free(r->temporary);
		r->temporary = NULL;
		return NULL;
	}
	mask = umask(0);
	umask(mask);
	fchmod(fd, 0666 & ~mask);
	out = fdopen(fd, "w");
	if (!out)
		close(fd);
	return out;
}

static int close_output(struct report *r, int err)
{
	if (r->doc.out && fclose(r->doc.out) && !err)
		err = -errno;
	if (r->temporary && !err && rename(r->temporary, r->output))
		err = -errno;
	if (r->temporary && err)
		unlink(r->temporary);
	half_written = NULL;
	free(r->temporary);
	return err;
}

static int read_cases(struct report *r)
{
	struct reader_config cfg = {
		.files = r->files,
		.n_files = r->n_files,
		.on_case = on_case,
		.on_warning = on_warning,
		.on_notice = on_notice,
		.ctx = r,
		.progress = isatty(STDERR_FILENO),
	};
	char why[512];
	int err = reader_read(&cfg, why, sizeof(why));

	if (err && !r->err)
		error("%s", why);
	return err;
}

static int write_report(struct report *r)
{
	int err;

	r->doc.ops = r->format;
	r->summary = summary__new();
	r->doc.spool = tmpfile();
	if (!r->summary || !r->doc.spool ||
	    summary__show(r->summary, r->group.by, r->times.local_time)) {
		error("temporary file: %s", error_name(errno));
		return -EIO;
	}
	r->err = r->doc.ops->begin(&r->doc);
	err = r->err ? r->err : read_cases(r);
	if (!err)
		err = r->err = r->doc.ops->end(&r->doc, r->summary);
	if (!err && !summary__cases(r->summary))
		notice("no resets to report");
	return err;
}

int cmd_report(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{ &case_choice_argp, 0, NULL, 2 },
		{ &time_choice_argp, 0, NULL, 2 },
		{ &group_option_argp, 0, NULL, 2 },
		{ 0 },
	};
	static const struct argp argp = {
		.children = children,
		.options = options,
		.parser = parse_option,
		.args_doc = "[FILTER]",
		.doc = doc,
	};
	struct report r = { .output = "-", .doc.title = "TCP resets" };
	int err;

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &r);
	r.doc.out = open_output(&r);
	if (!r.doc.out) {
		error("create '%s': %s", r.output, error_name(errno));
		return EXIT_RUNTIME;
	}
	err = write_report(&r);
	if (r.doc.ops)
		r.doc.ops->free(&r.doc);
	if (r.doc.spool)
		fclose(r.doc.spool);
	summary__free(r.summary);
	filter__free(r.filter);
	free(r.expression);
	if (!err)
		err = r.err = close_output(&r, 0);
	else
		close_output(&r, err);
	if (r.err)
		error("write '%s': %s; output file removed", r.output, error_name(r.err));
	return err ? EXIT_RUNTIME : EXIT_OK;
}
