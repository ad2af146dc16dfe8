/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * child.h - a command of rstscope in a process of its own: what it printed, and how it ended.
 *
 * Its process ends by exit(), so that what it ran counts for `make coverage`.
 */
#ifndef CHILD_H
#define CHILD_H

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "cmd/command.h"
#include "test.h"

struct child {
	int status;	    /* of exit(); 1000 + N after signal N */
	char out[4 << 20];  /* standard output, */
	char err[64 << 10]; /* standard error */
};

/* What to run, and what is unlike a quiet terminal-less run of it. */
struct child_setup {
	int (*command)(int argc, char **argv); /* NULL = the program of that path */
	const char *program;
	const char *const *args; /* after the name, up to NULL */
	const char *input;	 /* path of standard input; NULL = /dev/null */
	const char *output;	 /* path of standard output; NULL = kept in "out" */
	int terminal;		 /* is this standard error; 0 = none is */
	void (*before)(void);	 /* in the child, before it runs */
};

static inline void child_replace(int fd, const char *path, int flags)
{
	int file = open(path, flags);

	if (file < 0 || dup2(file, fd) < 0)
		abort();
	close(file);
}

static inline void child_main(const struct child_setup *s, int out, int err)
{
	char *argv[80] = { (char *)"rstscope" };
	int argc = 1;

	for (; s->args[argc - 1]; argc++)
		argv[argc] = (char *)s->args[argc - 1];
	child_replace(STDIN_FILENO, s->input ? s->input : "/dev/null", O_RDONLY);
	dup2(s->terminal ? s->terminal : err, STDERR_FILENO);
	if (s->output)
		child_replace(STDOUT_FILENO, s->output, O_WRONLY);
	else
		dup2(out, STDOUT_FILENO);
	log_threshold = LOG_NOTICE;
	/* Ignored by what a shell runs in the background. */
	signal(SIGINT, SIG_DFL);
	if (s->before)
		s->before();
	if (s->command)
		exit(s->command(argc, argv));
	execv(s->program, argv);
	abort();
}

static inline void child_text(int fd, char *to, size_t room)
{
	ssize_t n = pread(fd, to, room - 1, 0);

	to[n > 0 ? n : 0] = 0;
	close(fd);
}

/* The next call overwrites what this one returns. */
static inline const struct child *child_run(const struct child_setup *s)
{
	static struct child c;
	int out = memfd_create("out", MFD_CLOEXEC), err = memfd_create("err", MFD_CLOEXEC), status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		abort();
	if (!pid)
		child_main(s, out, err);
	waitpid(pid, &status, 0);
	c.status = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
	child_text(out, c.out, sizeof(c.out));
	child_text(err, c.err, sizeof(c.err));
	return &c;
}

#define CHILD_ARGS(...) ((const char *const[]){ __VA_ARGS__, NULL })

#endif
