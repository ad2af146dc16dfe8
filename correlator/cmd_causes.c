// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmd_causes.c - the catalogue of causes.
 */
#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "causes.h"
#include "command.h"
#include "log.h"
#include "report.h"

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	const char **id = state->input;

	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	if (*id)
		argp_error(state, "one cause at a time");
	*id = arg;
	return 0;
}

static void list_causes(void)
{
	size_t i;

	for (i = 0; i < n_causes; i++)
		printf("%-20s %s\n", causes[i].id, causes[i].title);
}

static void print_phrase(const char *before, const char *template)
{
	char *text = phrase(template, NULL, NULL);

	printf("%s%s\n", before, text ? text : template);
	free(text);
}

static void print_advice(const struct cause *cause)
{
	unsigned int i;

	for (i = 0; i < CAUSE_ADVICE_MAX && cause->advice[i].action; i++) {
		const struct advice *a = &cause->advice[i];

		print_phrase(i ? "\nor: " : "\ndo: ", a->action);
		print_phrase("  price: ", a->price);
		print_phrase("  undo:  ", a->undo);
	}
}

static void print_facts(uint64_t facts, bool yes)
{
	int f;

	for (f = 0; f < FACT_MAX; f++)
		if (facts & (1ULL << f))
			print_phrase("  - ", yes ? fact_texts[f].yes : fact_texts[f].no);
}

static void print_ways(const struct cause *cause)
{
	unsigned int i;

	for (i = 0; i < CAUSE_WAYS_MAX && cause->ways[i].confidence != CONF_NONE; i++) {
		printf("\n%s when all of this holds:\n",
		       confidence_name(cause->ways[i].confidence));
		print_facts(cause->ways[i].needs, true);
		print_facts(cause->ways[i].forbids, false);
	}
}

static int explain_cause(const char *id)
{
	const struct cause *cause = cause_find(id);

	if (!cause) {
		error("no cause '%s'; `rstscope causes` lists them", id);
		return EXIT_USAGE;
	}
	printf("%s: %s\n", cause->id, cause->title);
	print_ways(cause);
	print_advice(cause);
	if (strcmp(cause->reference, "none"))
		printf("\nsee: %s\n", cause->reference);
	return EXIT_OK;
}

int cmd_causes(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse_option,
		.args_doc = "[CAUSE]",
		.doc = "List the causes that rstscope can name, or explain one."
		       "\vExample:\n  rstscope causes dnat-invalid",
	};
	const char *id = NULL;

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &id);
	if (id)
		return explain_cause(id);
	list_causes();
	return EXIT_OK;
}
