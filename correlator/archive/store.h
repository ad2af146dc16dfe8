/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * store.h - resets in a file of SQLite, for months of them and for questions in SQL.
 *
 * docs/store.md describes the table. Several watches may append to one store.
 */
#ifndef STORE_H
#define STORE_H

#include "archive/reader.h"
#include "report/sink.h"

#define STORE_APPLICATION_ID 0x72737473 /* "rsts" */
#define STORE_VERSION 2			/* that of case_json.h; the table is that of version 1 */
#define STORE_TABLE "resets"
#define STORE_CLOCK_TABLE "clock_steps"

struct store;

struct store_config {
	const char *path;
	uint64_t keep_ns;    /* older resets are removed; 0 = never */
	uint64_t keep_bytes; /* the oldest are removed when the file is larger; 0 = never */
};

/**
 * store__open() - open it for appending, or create it
 * @why: on failure, what is wrong and what to do; nothing of the file was changed then
 *
 * Return: NULL with errno.
 */
struct store *store__open(const struct store_config *cfg, char *why, size_t why_len);

/** store__add() - append a classified case; it is there after store__flush(). 0 or -errno. */
int store__add(struct store *s, const struct reset_case *c, const struct report_context *report);

/**
 * store__flush() - commit what was added, and remove what is too old
 * @now_ns: the wall clock. To be called at least every minute, also when nothing was added: age counts
 *          from now, not from the newest reset
 *
 * Return: 0 or -errno: then what was added since the last call is lost. So it is after a failure
 * of store__add().
 */
int store__flush(struct store *s, uint64_t now_ns);

/** store__why() - after a failure, in SQLite's words */
const char *store__why(const struct store *s);

/** store__clock_set() - note it, in a table of its own; 0 or -errno */
int store__clock_set(struct store *s, const struct clock_step *step,
		     const struct report_context *report);

/** store__is_same_file() - has the file its name still? It may have been moved away. */
bool store__is_same_file(const struct store *s);

/** store__close() - commits what was added; takes NULL */
void store__close(struct store *s);

/** reader_store() - the cases of a store, in the order of time; never changes it */
int reader_store(struct reader *s, const char *path);

/** store_is() - does a file that begins so look like SQLite's? */
bool store_is(const uint8_t *at, size_t n);

/**
 * store_guard() - a database that somebody else made must not run anything of his, nor take much memory
 *
 * To be called once it is open, before the first question.
 */
struct sqlite3;
void store_guard(struct sqlite3 *db);

/**
 * store_is_sound() - are our tables what we make, and not a view, which may never end?
 * @writing: nor may there be a trigger, which could delete what is appended
 * @why: if not, what is wrong
 */
bool store_is_sound(struct sqlite3 *db, bool writing, char *why, size_t why_len);

#endif
