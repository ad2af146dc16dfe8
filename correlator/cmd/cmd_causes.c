// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmd_causes.c - the catalogue of causes.
 */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cmd/command.h"
#include "report/cause_page.h"
#include "report/report_json.h"

struct arguments {
	const char *id;
	enum markdown_format format;
	bool json;
};

static enum markdown_format parse_format(const char *name, struct argp_state *state)
{
	if (!strcmp(name, "text"))
		return PROSE_TEXT;
	if (!strcmp(name, "markdown"))
		return PROSE_MARKDOWN;
	if (!strcmp(name, "man"))
		return PROSE_MAN;
	argp_error(state, "--format takes text, markdown or man, not '%s'", name);
	return PROSE_TEXT;
}

enum { KEY_FORMAT = 256, KEY_JSON };

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case KEY_FORMAT:
		a->format = parse_format(arg, state);
		return 0;
	case KEY_JSON:
		a->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->id)
			argp_error(state, "only one cause can be explained at a time");
		a->id = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct cause *wanted_cause(const char *id)
{
	const struct cause *cause = cause_find(id);
	const char *nearest;

	if (cause)
		return cause;
	nearest = cause_nearest(id);
	if (nearest)
		error("unknown cause '%s'; did you mean '%s'?", id, nearest);
	else
		error("unknown cause '%s'; `rstscope causes` lists the causes", id);
	return NULL;
}

static int list_causes(void)
{
	size_t i;

	for (i = 0; i < n_causes; i++) {
		char *title = template_expand(causes[i].title, NULL, NULL);

		if (!title)
			return -ENOMEM;
		printf("%-20s %s\n", causes[i].id, title);
		free(title);
	}
	return 0;
}

static int print_json(const struct cause *cause)
{
	json_t *json = cause ? cause_json(cause) : json_array();
	size_t i;
	int err;

	for (i = 0; !cause && i < n_causes; i++)
		json_array_append_new(json, cause_json(&causes[i]));
	err = json_dumpf(json, stdout, JSON_INDENT(2)) ? -EIO : 0;
	putchar('\n');
	json_decref(json);
	return err;
}

static int print_causes(const struct arguments *a, const struct cause *cause)
{
	struct markdown p = {
		.out = stdout,
		.format = a->format,
		.bold = isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
	};

	if (a->json)
		return print_json(cause);
	if (cause)
		return cause_page_print(&p, cause);
	return a->format == PROSE_TEXT ? list_causes() : cause_page_print_all(stdout, a->format);
}

int cmd_causes(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "format", KEY_FORMAT, "FORMAT", 0,
		  "text (default), markdown or man; the latter two explain all causes if no CAUSE "
		  "is given",
		  0 },
		{ "json", KEY_JSON, NULL, 0, "Titles, types and advice as JSON", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.args_doc = "[CAUSE]",
		.doc = "List the causes that rstscope can identify, or explain one of them."
		       "\vExample:\n  rstscope causes dnat-invalid",
	};
	struct arguments a = { .format = PROSE_TEXT };
	const struct cause *cause = NULL;
	int err;

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (a.id) {
		cause = wanted_cause(a.id);
		if (!cause)
			return EXIT_USAGE;
	}
	errno = 0;
	err = print_causes(&a, cause);
	if (!err && (fflush(stdout) || ferror(stdout)))
		err = errno ? -errno : -EIO;
	if (err)
		error("write to standard output: %s", error_name(err));
	return err ? EXIT_RUNTIME : EXIT_OK;
}
