// SPDX-License-Identifier: GPL-2.0-only
/*
 * sink.c - the list of sinks.
 */
#include "report/sink.h"

#include <errno.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct sink_ops *const sinks[] = { &sink_text, &sink_brief, &sink_json,
						&sink_evidence };

int sink_open(struct sink *s, const char *name, FILE *out)
{
	size_t i;

	for (i = 0; i < sizeof(sinks) / sizeof(sinks[0]); i++) {
		if (strcmp(sinks[i]->name, name))
			continue;
		/* https://no-color.org */
		*s = (struct sink){ .ops = sinks[i],
				    .out = out,
				    .colour = isatty(fileno(out)) && !getenv("NO_COLOR") };
		/* Many small pieces, and never two threads at once. */
		__fsetlocking(out, FSETLOCKING_BYCALLER);
		return 0;
	}
	return -EINVAL;
}

int sink_flush(struct sink *s)
{
	if ((s->lazy ? 0 : fflush(s->out)) || ferror(s->out))
		return errno ? -errno : -EIO;
	return 0;
}
