// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - the subcommands.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cmd/command.h"

#ifndef RSTSCOPE_VERSION
#define RSTSCOPE_VERSION "unknown"
#endif

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *does;
} commands[] = {
	{ "watch", cmd_watch, "report the cause of every reset as it happens" },
	{ "attach", cmd_attach, "attach the flight recorder so that it stays, without a process" },
	{ "detach", cmd_detach, "take off what `attach` has attached" },
	{ "explain", cmd_explain, "report the causes in recordings and captures; needs no root" },
	{ "report", cmd_report,
	  "write a postmortem in HTML, Markdown, text or JSON; needs no root" },
	{ "status", cmd_status, "show what is attached to the interfaces, and how it does" },
	{ "causes", cmd_causes, "list the causes, or explain one; needs no root" },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *out)
{
	size_t i;

	fputs("Usage: rstscope COMMAND [OPTION...]\n\n"
	      "Why was this TCP connection reset?\n\n",
	      out);
	for (i = 0; i < N_COMMANDS; i++)
		fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].does);
	fputs("\n`rstscope COMMAND --help` lists its options; -V prints the version.\n", out);
}

static int run_command(int argc, char **argv)
{
	char name[64];
	size_t i;

	for (i = 0; i < N_COMMANDS; i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		snprintf(name, sizeof(name), "rstscope %s", commands[i].name);
		argv[1] = name;
		return commands[i].run(argc - 1, argv + 1);
	}
	error("unknown command '%s'; `rstscope --help` lists the commands", argv[1]);
	return EXIT_USAGE;
}

/*
 * What is opened first would get a standard descriptor's number if that is closed, and what is
 * printed would go there.
 */
static void fill_standard_descriptors(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	fill_standard_descriptors();
	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return EXIT_OK;
	}
	if (!strcmp(argv[1], "-V") || !strcmp(argv[1], "--version")) {
		puts("rstscope " RSTSCOPE_VERSION);
		return EXIT_OK;
	}
	return run_command(argc, argv);
}
