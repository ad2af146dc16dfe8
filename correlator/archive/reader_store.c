// SPDX-License-Identifier: GPL-2.0-only
/*
 * reader_store.c - the cases of a store, in the order of time.
 */
#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "archive/store.h"
#include "base/log.h"

#define BUSY_MS 5000
/* No document is longer: more is damage. */
#define DOCUMENT_MAX (1u << 24)

/* "file:" with what means something in a URI escaped; sqlite3_free() it. */
static char *immutable_uri(const char *path)
{
	sqlite3_str *uri = sqlite3_str_new(NULL);

	sqlite3_str_appendall(uri, "file:");
	for (; *path; path++) {
		if (strchr("%?#", *path))
			sqlite3_str_appendf(uri, "%%%02x", *path);
		else
			sqlite3_str_appendchar(uri, 1, *path);
	}
	sqlite3_str_appendall(uri, "?immutable=1");
	return sqlite3_str_finish(uri);
}

static bool has_journal(const char *path)
{
	char *wal = sqlite3_mprintf("%s-wal", path);
	bool there = wal && !access(wal, F_OK);

	sqlite3_free(wal);
	return there;
}

static int probe(sqlite3 *db)
{
	sqlite3_busy_timeout(db, BUSY_MS);
	store_guard(db);
	return sqlite3_exec(db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
}

/*
 * While somebody writes there is a journal. Without one, SQLite is told that nobody does: else it
 * would leave files beside the store, or fail where it may not.
 */
static int open_readonly(const char *path, sqlite3 **ret)
{
	char *uri = has_journal(path) ? NULL : immutable_uri(path);
	int code = sqlite3_open_v2(uri ? uri : path, ret, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
				   NULL);

	sqlite3_free(uri);
	return code ? code : probe(*ret);
}

static int64_t pragma(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st = NULL;
	int64_t v = 0;

	if (!sqlite3_prepare_v2(db, sql, -1, &st, NULL) && sqlite3_step(st) == SQLITE_ROW)
		v = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return v;
}

/* free() it; NULL if it is damaged. The length is not stored. */
static char *unpack(const void *packed, int len, size_t *ret_len)
{
	uLongf room = (uLongf)len * 8 + 4096;
	char *text = NULL;
	int code;

	do {
		char *grown = realloc(text, room);

		if (!grown)
			break;
		text = grown;
		*ret_len = room;
		code = uncompress((Bytef *)text, ret_len, packed, (uLong)len);
		if (code == Z_OK)
			return text;
		room *= 2;
	} while (code == Z_BUF_ERROR && room <= DOCUMENT_MAX);
	free(text);
	return NULL;
}

static int hand_out(struct reader *s, const char *name, sqlite3_stmt *row)
{
	char bad[256] = "it is corrupt", *text;
	json_error_t error;
	json_t *doc = NULL;
	size_t len = 0;
	int err = -EPROTO;

	text = unpack(sqlite3_column_blob(row, 1), sqlite3_column_bytes(row, 1), &len);
	if (text)
		doc = json_loadb(text, len, 0, &error);
	free(text);
	if (doc)
		err = reader_document(s, doc, bad, sizeof(bad));
	json_decref(doc);
	if (err != -EPROTO)
		return err;
	reader_warn(s, "%s: skipped row %lld: %s", name, (long long)sqlite3_column_int64(row, 0),
		    bad);
	return 0;
}

/* Where the rows are sorted, only their numbers are: their evidence may be gigabytes. */
static int read_rows(struct reader *s, const char *path, sqlite3 *db)
{
	sqlite3_stmt *ids = NULL, *row = NULL;
	int err = 0, code;

	code = sqlite3_prepare_v2(db, "SELECT id FROM " STORE_TABLE " ORDER BY ts_ns, id", -1, &ids,
				  NULL);
	if (!code)
		code = sqlite3_prepare_v2(db,
					  "SELECT id, evidence FROM " STORE_TABLE " WHERE id = ?1",
					  -1, &row, NULL);
	while (!code && !err && (code = sqlite3_step(ids)) == SQLITE_ROW) {
		sqlite3_bind_int64(row, 1, sqlite3_column_int64(ids, 0));
		code = sqlite3_step(row);
		if (code == SQLITE_ROW)
			err = hand_out(s, path, row);
		else if (code == SQLITE_TOOBIG)
			reader_warn(s, "%s: skipped row %lld: too long", path,
				    (long long)sqlite3_column_int64(ids, 0));
		else if (code != SQLITE_DONE) /* removed meanwhile */
			break;
		sqlite3_reset(row);
		code = SQLITE_OK;
	}
	if (!err && code && code != SQLITE_DONE)
		err = reader_fail(s, -EBADMSG, "%s: after %lu resets: %s", path, s->cases,
				  sqlite3_errmsg(db));
	sqlite3_finalize(row);
	sqlite3_finalize(ids);
	return err;
}

static int read_store(struct reader *s, const char *path, sqlite3 *db)
{
	int64_t version = pragma(db, "PRAGMA user_version");
	char why[256] = "";

	if (pragma(db, "PRAGMA application_id") != STORE_APPLICATION_ID)
		return reader_fail(s, -EBADMSG,
				   "%s: not an rstscope store, but a database of another program",
				   path);
	if (version > STORE_VERSION)
		return reader_fail(s, -EBADMSG, "%s: the store has a newer version (%lld)", path,
				   (long long)version);
	if (!store_is_sound(db, false, why, sizeof(why)))
		return reader_fail(s, -EBADMSG, "%s: %s", path, why);
	return read_rows(s, path, db);
}

int reader_store(struct reader *s, const char *path)
{
	sqlite3 *db = NULL;
	int code = open_readonly(path, &db), err;

	if (code)
		err = reader_fail(s, -EBADMSG, "%s: %s", path, sqlite3_errmsg(db));
	else
		err = read_store(s, path, db);
	sqlite3_close(db);
	return err;
}
