// SPDX-License-Identifier: GPL-2.0-only
/*
 * strbuf.c - what printers write, as a string.
 */
#include "base/strbuf.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

struct memo {
	FILE *stream;
	char *text;
	size_t size;
	bool open;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static __thread struct memo *memo;

static void free_memo(void *arg)
{
	struct memo *m = arg;

	if (m->stream)
		fclose(m->stream);
	free(m->text);
	free(m);
}

/* It ends with its thread. */
static void make_key(void)
{
	pthread_key_create(&key, free_memo);
}

static struct memo *own_memo(void)
{
	struct memo *m = memo;

	if (m)
		return m;
	m = calloc(1, sizeof(*m));
	if (!m)
		return NULL;
	m->stream = open_memstream(&m->text, &m->size);
	pthread_once(&once, make_key);
	if (!m->stream || pthread_setspecific(key, m)) {
		free_memo(m);
		return NULL;
	}
	__fsetlocking(m->stream, FSETLOCKING_BYCALLER);
	memo = m;
	return m;
}

FILE *strbuf_begin(void)
{
	struct memo *m = own_memo();

	if (!m)
		return NULL;
	assert(!m->open);
	m->open = true;
	rewind(m->stream);
	return m->stream;
}

char *strbuf_end(void)
{
	bool failed = fflush(memo->stream) || ferror(memo->stream);

	memo->open = false;
	return failed ? NULL : strndup(memo->text, memo->size);
}
