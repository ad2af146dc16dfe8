// SPDX-License-Identifier: GPL-2.0-only
/*
 * watch_sinks.c - the sinks that the options ask for.
 */
#include "cmd/watch_sinks.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/stoppable.h"

/* A new sink is a line here. */
static const struct sink_ops *const kinds[] = {
	&sink_text, &sink_brief, &sink_json, &sink_evidence, &sink_recording, &sink_store,
};

static const struct sink_ops *find_kind(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i]->name, name))
			return kinds[i];
	return NULL;
}

bool watch_sinks__know(const char *name)
{
	return find_kind(name);
}

static int add(struct watch_sinks *s, const char *name, const char *path)
{
	const struct sink_ops *ops = find_kind(name);
	struct sink_config cfg = { .path = path, .host = s->host, .stop_fd = s->stop_fd };

	if (!ops)
		return -EINVAL;
	if (ops == &sink_text && s->no_fold)
		cfg.own = sink_text_whole;
	if (ops == &sink_recording)
		cfg.own = &s->recording;
	if (ops == &sink_store)
		cfg.own = &s->store;
	return sinks__add(s->list, ops, &cfg);
}

static void configure(struct watch_sinks *s, const struct watch_options *o)
{
	s->no_fold = o->no_fold;
	s->recording.file.max_bytes = o->recording_bytes;
	s->recording.file.files = o->recording_files;
	s->recording.pre_packets = o->pre_packets;
	s->recording.pre_ns = o->pre_ns;
	s->store = (struct store_config){ .keep_ns = o->keep_ns, .keep_bytes = o->keep_bytes };
	gethostname(s->host, sizeof(s->host) - 1);
}

int watch_sinks__open(struct watch_sinks *s, const struct watch_options *o)
{
	unsigned int i;
	int err = 0;

	configure(s, o);
	s->stop_fd = stop_fd_open();
	s->list = sinks__new();
	if (!s->list || s->stop_fd < 0)
		return -ENOMEM;
	if (o->evidence_file)
		err = add(s, "evidence", o->evidence_file);
	if (!err && o->recording)
		err = add(s, "recording", o->recording);
	if (!err && o->store)
		err = add(s, "store", o->store);
	for (i = 0; !err && i < o->n_outputs; i++)
		err = add(s, o->outputs[i].name, o->outputs[i].path);
	if (!err && (o->json || o->brief || !sinks__has(s->list, NULL)))
		err = add(s, o->json ? "json" : o->brief ? "brief" : "text", NULL);
	return err;
}

void watch_sinks__close(struct watch_sinks *s)
{
	sinks__free(s->list);
	s->list = NULL;
	if (s->stop_fd > 0)
		close(s->stop_fd);
	s->stop_fd = 0;
}
