// SPDX-License-Identifier: GPL-2.0-only
/*
 * sink_file.c - the stream that sinks of lines write to: a caller's, standard output, or a file.
 */
#include <errno.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/output_file.h"
#include "base/stoppable.h"
#include "report/sink.h"

static const struct sink_ops *const sinks[] = { &sink_text, &sink_brief, &sink_json };

/* https://no-color.org */
static bool wants_colour(int fd)
{
	return isatty(fd) && !getenv("NO_COLOR");
}

int sink_open(struct sink *s, const char *name, FILE *out)
{
	size_t i;

	for (i = 0; i < sizeof(sinks) / sizeof(sinks[0]); i++) {
		if (strcmp(sinks[i]->name, name))
			continue;
		*s = (struct sink){ .ops = sinks[i],
				    .out = out,
				    .colour = wants_colour(fileno(out)) };
		/* Many small pieces, and never two threads at once. */
		__fsetlocking(out, FSETLOCKING_BYCALLER);
		return 0;
	}
	return -EINVAL;
}

/* The next reset must not stand behind half of one. */
static void take_back(struct sink *s)
{
	__fpurge(s->out);
	clearerr(s->out);
	if (s->can_cut && !ftruncate(s->fd, s->size))
		lseek(s->fd, s->size, SEEK_SET);
}

int sink_flush(struct sink *s)
{
	int err = 0;

	if ((s->lazy ? 0 : fflush(s->out)) || ferror(s->out))
		err = errno ? -errno : -EIO;
	if (err && s->is_file)
		take_back(s);
	else if (s->can_cut)
		s->size = lseek(s->fd, 0, SEEK_CUR);
	return err;
}

static int open_file(struct sink *s)
{
	int fd = output_file_open(s->path, OUTPUT_APPEND);
	struct stat st;
	FILE *out;

	if (fd < 0)
		return fd;
	out = stoppable_fdopen(fd, s->stop_fd, true);
	if (!out) {
		close(fd);
		return -ENOMEM;
	}
	sink_file_close(s);
	s->out = out;
	s->fd = fd;
	s->is_file = true;
	s->can_cut = !fstat(fd, &st) && S_ISREG(st.st_mode);
	s->size = s->can_cut ? st.st_size : 0;
	return 0;
}

int sink_file_open(struct sink *s, const struct sink_config *cfg)
{
	int err = 0;

	s->stop_fd = cfg->stop_fd;
	if (cfg->path && strcmp(cfg->path, "-")) {
		err = open_file(s);
	} else {
		s->out = stoppable_fdopen(STDOUT_FILENO, cfg->stop_fd, false);
		s->colour = wants_colour(STDOUT_FILENO);
		err = s->out ? 0 : -ENOMEM;
	}
	if (!err)
		__fsetlocking(s->out, FSETLOCKING_BYCALLER);
	return err;
}

int sink_file_reopen(struct sink *s)
{
	if (!s->is_file || output_file_is(s->fd, s->path))
		return 0;
	return open_file(s);
}

void sink_file_close(struct sink *s)
{
	if (s->out)
		fclose(s->out);
	s->out = NULL;
	s->is_file = s->can_cut = false;
}
