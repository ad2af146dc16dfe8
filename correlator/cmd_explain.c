// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmd_explain.c - name the causes again from evidence that `watch --evidence` kept.
 *
 * The answer is derived anew, by this version's facts and causes.
 */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "classify.h"
#include "command.h"
#include "evidence.h"
#include "log.h"
#include "sink.h"

#define MAX_FILES 64

struct explain {
	const char *files[MAX_FILES]; /* "-" = standard input */
	unsigned int n_files;
	const char *fail_on; /* ids, by commas; NULL = none */
	bool json;
	bool found; /* one of fail_on */
	struct sink sink;
};

static const struct argp_option options[] = {
	{ NULL, 'r', "FILE", 0,
	  "Read this file of evidence; '-' is standard input; repeat for several", 0 },
	{ "json", 'j', NULL, 0, "One JSON object per reset per line (docs/report.schema.json)", 1 },
	{ "fail-on", 'f', "CAUSE[,...]", 0, "Exit with status 3 if one of these is found", 1 },
	{ 0 },
};

static const char doc[] =
	"Name the causes again from evidence that `rstscope watch --evidence` kept. Needs no root."
	"\vExamples:\n"
	"  rstscope watch --evidence e.ndjson        keep the evidence\n"
	"  rstscope explain -r e.ndjson              and look at it elsewhere\n"
	"  rstscope explain -r e.ndjson --fail-on dnat-invalid,ehash-race-handshake\n"
	"\n"
	"Exit status: 0 ok, 1 failure, 2 wrong usage, 3 a cause of --fail-on was found.";

static void check_causes(struct argp_state *state, const char *list)
{
	char *copy = strdup(list), *save = NULL, *id;

	if (!copy)
		argp_failure(state, EXIT_RUNTIME, ENOMEM, "--fail-on");
	for (id = strtok_r(copy, ",", &save); id; id = strtok_r(NULL, ",", &save))
		if (!cause_find(id))
			argp_error(state, "--fail-on: no cause '%s'; `rstscope causes` lists them",
				   id);
	free(copy);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct explain *e = state->input;

	switch (key) {
	case 'r':
		if (e->n_files == MAX_FILES)
			argp_error(state, "more than %d files", MAX_FILES);
		e->files[e->n_files++] = arg;
		return 0;
	case 'j':
		e->json = true;
		return 0;
	case 'f':
		check_causes(state, arg);
		e->fail_on = arg;
		return 0;
	case ARGP_KEY_END:
		if (!e->n_files)
			argp_error(state, "-r FILE is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char *interface_name(void *ctx, uint32_t ifindex)
{
	static char number[32];
	const char *name;

	snprintf(number, sizeof(number), "%u", ifindex);
	name = json_string_value(json_object_get(ctx, number));
	if (name)
		return name;
	snprintf(number, sizeof(number), "if%u", ifindex);
	return number;
}

/* Evidence has names of functions, and no addresses. */
static const char *no_line(void *ctx, const struct frame *f)
{
	(void)ctx;
	(void)f;
	return NULL;
}

static const char *text_of(const json_t *o, const char *key, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : otherwise;
}

static bool is_listed(const char *list, const char *id)
{
	size_t len = strlen(id);
	const char *at;

	for (at = list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (!strncmp(at, id, len) && (!at[len] || at[len] == ','))
			return true;
	}
	return false;
}

static int explain_line(struct explain *e, json_t *line, char *why, size_t why_len)
{
	struct report_context ctx = {
		.host = text_of(line, "host", "unknown"),
		.view = text_of(line, "view", "none"),
		.wall_offset_ns = json_integer_value(json_object_get(line, "wall_offset_ns")),
		.ifname = interface_name,
		.ifname_ctx = json_object_get(line, "interfaces"),
		.source_line = no_line,
	};
	struct reset_case c;
	int err = evidence_parse(json_object_get(line, "evidence"), &c, why, why_len);

	if (err)
		return err;
	classify(&c);
	e->found |= is_listed(e->fail_on, c.cause->id);
	return e->sink.ops->emit(&e->sink, &c, &ctx);
}

/* Is there more than white space? */
static bool has_more(FILE *in)
{
	int ch;

	do {
		ch = fgetc(in);
	} while (ch == ' ' || ch == '\n' || ch == '\r' || ch == '\t');
	ungetc(ch, in);
	return ch != EOF;
}

static int read_evidence(struct explain *e, const char *name, FILE *in)
{
	unsigned long n = 0;
	json_error_t error;
	char why[256];
	int err = 0;

	for (; !err && has_more(in); n++) {
		json_t *object = json_loadf(in, JSON_DISABLE_EOF_CHECK, &error);

		if (!object) {
			error("%s: after %lu resets, no JSON: %s", name, n, error.text);
			return -EPROTO;
		}
		why[0] = 0;
		err = explain_line(e, object, why, sizeof(why));
		json_decref(object);
		if (err == -EPROTO)
			error("%s: after %lu resets, no evidence of a reset: %s", name, n, why);
		else if (err)
			error("write to standard output: %s", error_name(err));
	}
	if (!err && ferror(in)) {
		err = errno ? -errno : -EIO;
		error("read %s: %s", name, error_name(err));
	}
	if (!err && !n) {
		error("%s is empty: `rstscope watch --evidence FILE` writes such files", name);
		err = -ENODATA;
	}
	return err;
}

static int explain_file(struct explain *e, const char *name)
{
	bool is_stdin = !strcmp(name, "-");
	FILE *in = is_stdin ? stdin : fopen(name, "re");
	int err;

	if (!in) {
		error("open '%s': %s", name, error_name(errno));
		return -errno;
	}
	err = read_evidence(e, is_stdin ? "standard input" : name, in);
	if (!is_stdin)
		fclose(in);
	return err;
}

int cmd_explain(int argc, char **argv)
{
	static const struct argp argp = { .options = options, .parser = parse_option, .doc = doc };
	struct explain e = { 0 };
	unsigned int i;
	int err = 0;

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &e);
	sink_open(&e.sink, e.json ? "json" : "text", stdout);
	for (i = 0; i < e.n_files && !err; i++)
		err = explain_file(&e, e.files[i]);
	if (err)
		return EXIT_RUNTIME;
	return e.found ? EXIT_FINDINGS : EXIT_OK;
}
