/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * command.h - what main() and the subcommands agree on.
 */
#ifndef COMMAND_H
#define COMMAND_H

/* Exit codes are a contract: scripts rely on them. */
enum {
	EXIT_OK = 0,
	EXIT_RUNTIME = 1,
	EXIT_USAGE = 2,
	EXIT_FINDINGS = 3,
	EXIT_UNSUPPORTED = 77,
};

int cmd_watch(int argc, char **argv);
int cmd_attach(int argc, char **argv);
int cmd_detach(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_causes(int argc, char **argv);
int cmd_status(int argc, char **argv);

/** command_prepare() - enter a namespace (NULL: stay), and look for capabilities; logged; not 0: give up */
int command_prepare(const char *command, const char *netns);

#endif
