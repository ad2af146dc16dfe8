// SPDX-License-Identifier: GPL-2.0-only
/*
 * store.c - append resets to a file of SQLite.
 */
#include "archive/store.h"

#include <errno.h>
#include <netinet/in.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "archive/case_json.h"
#include "base/output_file.h"
#include "diagnose/impact.h"
#include "diagnose/incidents.h"
#include "host/file_owner.h"
#include "model/case_id.h"

/* Who watches must not wait for long. */
#define BUSY_MS 500
/* Removed in one go, so that no commit takes long; and how many goes a flush may take. */
#define REMOVE_ROWS 256
#define REMOVE_ROUNDS 16
#define VACUUM_PAGES "256"
/* Also where nothing new comes, so that the age is kept on a quiet host. */
#define REMOVE_EVERY_NS 60000000000u

struct store {
	struct store_config cfg;
	sqlite3 *db;
	sqlite3_stmt *insert;
	unsigned int batch;  /* rows of the transaction that is open; 0 = none is */
	uint64_t removed_ns; /* when that was last done, by the wall clock; 0 = never */
	dev_t dev;	     /* of the file */
	ino_t ino;
	char why[256];
};

static const char schema[] =
	"PRAGMA auto_vacuum = INCREMENTAL;"
	"BEGIN IMMEDIATE;"
	"CREATE TABLE IF NOT EXISTS " STORE_TABLE " ("
	"id INTEGER PRIMARY KEY, ts_ns INTEGER NOT NULL, host TEXT, kind TEXT NOT NULL,"
	"cause TEXT NOT NULL, confidence TEXT NOT NULL, type TEXT NOT NULL, origin TEXT NOT NULL,"
	"src TEXT NOT NULL, sport INTEGER NOT NULL, dst TEXT NOT NULL, dport INTEGER NOT NULL,"
	"pid INTEGER, comm TEXT, container TEXT, cgroup TEXT, title TEXT, evidence BLOB NOT NULL,"
	"nat TEXT, impact TEXT, case_id TEXT, incident TEXT, incident_role TEXT);"
	"CREATE INDEX IF NOT EXISTS resets_by_time ON " STORE_TABLE " (ts_ns);"
	"CREATE INDEX IF NOT EXISTS resets_by_cause ON " STORE_TABLE " (cause, ts_ns);"
	"PRAGMA application_id = 1920169075;"
	"PRAGMA user_version = 2;"
	"COMMIT;";

_Static_assert(STORE_APPLICATION_ID == 1920169075 && STORE_VERSION == 2, "as the schema has it");

static const char insert[] =
	"INSERT INTO " STORE_TABLE
	" (ts_ns, host, kind, cause, confidence, type, origin, src, sport,"
	" dst, dport, pid, comm, container, cgroup, title, evidence, nat, impact, case_id,"
	" incident, incident_role)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, "
	"?19, ?20, ?21, ?22)";

/* Columns that stores of before do not have. */
static const struct {
	const char *name;
	const char *type;
} added_columns[] = {
	{ "nat", "TEXT" },	{ "impact", "TEXT" },	     { "case_id", "TEXT" },
	{ "incident", "TEXT" }, { "incident_role", "TEXT" },
};

static int error_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_CANTOPEN:
		return -ENOENT;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	default:
		return -EIO;
	}
}

bool store_is(const uint8_t *at, size_t n)
{
	static const char magic[16] = "SQLite format 3";

	return n >= sizeof(magic) && !memcmp(at, magic, sizeof(magic));
}

static int64_t ask_number(sqlite3 *db, const char *sql, int *ret_code)
{
	sqlite3_stmt *st = NULL;
	int64_t v = 0;
	int code = sqlite3_prepare_v2(db, sql, -1, &st, NULL);

	if (code == SQLITE_OK) {
		code = sqlite3_step(st);
		if (code == SQLITE_ROW)
			v = sqlite3_column_int64(st, 0);
	}
	sqlite3_finalize(st);
	if (ret_code)
		*ret_code = code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
	return v;
}

/* No document is longer, nor is any text of ours. */
#define LENGTH_MAX (16 << 20)
/* Instructions of SQLite's machine, and how often so many: some seconds for a question that takes none. */
#define STEPS 1000000
#define STEPS_MAX 500

void store_guard(sqlite3 *db)
{
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, LENGTH_MAX);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
}

#define OUR_TABLES "('" STORE_TABLE "', '" STORE_CLOCK_TABLE "')"

bool store_is_sound(sqlite3 *db, bool writing, char *why, size_t why_len)
{
	static const char others[] =
		"SELECT count(*) FROM sqlite_schema WHERE lower(name) IN " OUR_TABLES
		" AND (type <> 'table' OR sql LIKE 'CREATE VIRTUAL%')";
	static const char triggers[] = "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' "
				       "AND lower(tbl_name) IN " OUR_TABLES;
	int code = SQLITE_OK;

	if (ask_number(db, others, &code) || code)
		snprintf(why, why_len, "its '" STORE_TABLE "' is no table%s%s", code ? ": " : "",
			 code ? sqlite3_errmsg(db) : "");
	else if (writing && (ask_number(db, triggers, &code) || code))
		snprintf(why, why_len,
			 "it has a trigger on '" STORE_TABLE "', which rstscope never makes: drop "
			 "that, or choose another name");
	return !*why;
}

/* A file may be made so that a simple question takes hours. */
static int count_steps(void *ctx)
{
	return ++*(unsigned int *)ctx > STEPS_MAX;
}

/* Read-only: another program's file must not be modified. */
static int check_file(const char *path, char *why, size_t why_len)
{
	sqlite3 *db = NULL;
	unsigned int steps = 0;
	int64_t id, version;
	int code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);

	sqlite3_busy_timeout(db, BUSY_MS);
	store_guard(db);
	sqlite3_progress_handler(db, STEPS, count_steps, &steps);
	id = code ? 0 : ask_number(db, "PRAGMA application_id", &code);
	version = code ? 0 : ask_number(db, "PRAGMA user_version", &code);
	if (!code && id == STORE_APPLICATION_ID && store_is_sound(db, true, why, why_len))
		ask_number(db, "SELECT max(ts_ns) FROM " STORE_TABLE, &code);
	if (*why)
		code = SQLITE_OK;
	else if (code && id != STORE_APPLICATION_ID)
		snprintf(why, why_len, "not an rstscope store (%s); choose another file name",
			 sqlite3_errmsg(db));
	else if (id != STORE_APPLICATION_ID)
		snprintf(why, why_len, "a database of another program; choose another file name");
	else if (version > STORE_VERSION)
		snprintf(
			why, why_len,
			"the store has a newer version (%lld); use a newer rstscope or another file name",
			(long long)version);
	else if (code)
		snprintf(why, why_len,
			 "%s; move the file away and salvage it with `sqlite3 FILE .recover`",
			 sqlite3_errmsg(db));
	sqlite3_close(db);
	return *why ? -EBADMSG : 0;
}

/* 0: there is none, or an empty file. */
static int check_existing(const char *path, char *why, size_t why_len)
{
	struct stat st;

	if (stat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (S_ISDIR(st.st_mode)) {
		snprintf(why, why_len, "a directory");
		return -EISDIR;
	}
	return st.st_size ? check_file(path, why, why_len) : 0;
}

/* Where a user owns the directory, SQLite is that user; what root left there is given to him. */
static void adopt(const char *path)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
	struct file_owner owner = file_owner_of(path);
	size_t i;

	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		char *name = sqlite3_mprintf("%s%s", path, suffixes[i]);

		if (name)
			file_owner_adopt(&owner, name);
		sqlite3_free(name);
	}
}

static void remember_file(struct store *s)
{
	struct stat st;

	if (stat(s->cfg.path, &st))
		return;
	s->dev = st.st_dev;
	s->ino = st.st_ino;
}

static bool has_column(sqlite3 *db, const char *name)
{
	char *sql = sqlite3_mprintf(
		"SELECT count(*) FROM pragma_table_info('" STORE_TABLE "') WHERE name = %Q", name);
	bool has = sql && ask_number(db, sql, NULL);

	sqlite3_free(sql);
	return has;
}

/* Another watch may be doing the same. */
static int add_columns(sqlite3 *db)
{
	int code = SQLITE_OK;
	size_t i;

	for (i = 0; i < sizeof(added_columns) / sizeof(added_columns[0]) && !code; i++) {
		char *sql;

		if (has_column(db, added_columns[i].name))
			continue;
		sql = sqlite3_mprintf("ALTER TABLE " STORE_TABLE " ADD COLUMN %s %s",
				      added_columns[i].name, added_columns[i].type);
		code = sql ? sqlite3_exec(db, sql, NULL, NULL, NULL) : SQLITE_NOMEM;
		sqlite3_free(sql);
		if (code && has_column(db, added_columns[i].name))
			code = SQLITE_OK;
	}
	return code;
}

static int open_database(struct store *s, char *why, size_t why_len)
{
	int code = sqlite3_open_v2(s->cfg.path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
				   NULL);

	sqlite3_busy_timeout(s->db, BUSY_MS);
	store_guard(s->db);
	if (!code)
		code = sqlite3_exec(s->db, schema, NULL, NULL, NULL);
	if (!code)
		code = add_columns(s->db);
	/* Readers do not wait for us, nor we for them; a commit does not wait for the disk. */
	if (!code)
		code = sqlite3_exec(s->db,
				    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
				    "PRAGMA journal_size_limit = 4194304;",
				    NULL, NULL, NULL);
	if (!code)
		code = sqlite3_prepare_v2(s->db, insert, -1, &s->insert, NULL);
	if (code)
		snprintf(why, why_len, "%s",
			 (code & 0xff) == SQLITE_BUSY ? "locked by another process" :
							sqlite3_errmsg(s->db));
	return error_of(code);
}

struct store *store__open(const struct store_config *cfg, char *why, size_t why_len)
{
	struct store *s = calloc(1, sizeof(*s));
	int err;

	*why = 0;
	if (!s)
		return NULL;
	s->cfg = *cfg;
	err = output_file_check(cfg->path);
	if (!err)
		err = check_existing(cfg->path, why, why_len);
	if (!err) {
		adopt(cfg->path);
		err = open_database(s, why, why_len);
	}
	if (!err) {
		remember_file(s);
		return s;
	}
	store__close(s);
	errno = -err;
	return NULL;
}

/* What cannot be told is no loss of the file's. */
static int give_up(struct store *s, int code)
{
	snprintf(s->why, sizeof(s->why), "%s", sqlite3_errmsg(s->db));
	sqlite3_reset(s->insert);
	sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	s->batch = 0;
	return error_of(code);
}

static void bind_text(struct store *s, int i, const char *text)
{
	if (text && *text)
		sqlite3_bind_text(s->insert, i, text, -1, SQLITE_TRANSIENT);
	else
		sqlite3_bind_null(s->insert, i);
}

static void bind_address(struct store *s, int i, const uint8_t *addr, uint8_t family)
{
	char text[INET6_ADDRSTRLEN];

	bind_text(s, i, format_address(text, addr, family));
}

/* "SRC:SPORT DST:DPORT", comma-separated: the RST's ends on the other side of NAT. */
static void bind_images(struct store *s, int i, const struct reset_case *c)
{
	struct tuple images[CASE_IMAGES_MAX];
	unsigned int n = case_images(c, images), j;
	char *text = NULL;
	size_t size;
	FILE *out = n > 1 ? open_memstream(&text, &size) : NULL;

	for (j = 1; out && j < n; j++) {
		fputs(j > 1 ? ", " : "", out);
		print_endpoint(out, images[j].saddr, images[j].sport, images[j].family);
		fputc(' ', out);
		print_endpoint(out, images[j].daddr, images[j].dport, images[j].family);
	}
	if (out)
		fclose(out);
	bind_text(s, i, text);
	free(text);
}

/* The document as zlib packs it. */
static int bind_evidence(struct store *s, const struct reset_case *c,
			 const struct report_context *report)
{
	struct json_writer *w = json_writer__new();
	uint8_t *packed = NULL;
	const char *text = NULL;
	size_t n = 0;
	uLongf len;
	int err = -ENOMEM;

	if (w) {
		evidence_document(w, c, report);
		text = json_writer__text(w, &n);
	}
	len = compressBound(n);
	if (text)
		packed = malloc(len);
	if (packed && compress2(packed, &len, (const Bytef *)text, n, 6) == Z_OK) {
		sqlite3_bind_blob64(s->insert, 17, packed, len, free);
		packed = NULL;
		err = 0;
	}
	free(packed);
	json_writer__free(w);
	return err;
}

static int bind_case(struct store *s, const struct reset_case *c,
		     const struct report_context *report)
{
	uint64_t wall = wall_time(c->seen.rst.ts_ns, report);
	const struct tuple *t = &c->seen.rst.tuple;
	char *title = template_expand(c->diagnosis.cause->title, c, report), id[CASE_ID_TEXT];

	sqlite3_clear_bindings(s->insert);
	sqlite3_bind_int64(s->insert, 1, (sqlite3_int64)wall);
	bind_text(s, 2, report->host);
	bind_text(s, 3, kind_name(c->seen.kind));
	bind_text(s, 4, c->diagnosis.cause->id);
	bind_text(s, 5, confidence_name(c->diagnosis.confidence));
	bind_text(s, 6, type_name(c->diagnosis.type));
	bind_text(s, 7, origin_name(c->diagnosis.origin));
	bind_address(s, 8, t->saddr, t->family);
	sqlite3_bind_int(s->insert, 9, t->sport);
	bind_address(s, 10, t->daddr, t->family);
	sqlite3_bind_int(s->insert, 11, t->dport);
	if (c->asked.owner.known && c->asked.owner.pid)
		sqlite3_bind_int64(s->insert, 12, c->asked.owner.pid);
	bind_text(s, 13, c->asked.owner.comm);
	bind_text(s, 14, c->asked.owner.container);
	bind_text(s, 15, c->asked.owner.cgroup);
	bind_text(s, 16, title);
	bind_images(s, 18, c);
	bind_text(s, 19, impact_id(c->diagnosis.impact.kind));
	case_id(id, c, wall);
	bind_text(s, 20, id);
	if (c->incident.known) {
		bind_text(s, 21, c->incident.id);
		bind_text(s, 22, incident_role_id(c->incident.role));
	}
	free(title);
	return bind_evidence(s, c, report);
}

static int commit(struct store *s)
{
	int code = s->batch ? sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL) : SQLITE_OK;

	if (code)
		return give_up(s, code);
	s->batch = 0;
	return 0;
}

int store__add(struct store *s, const struct reset_case *c, const struct report_context *report)
{
	int code = SQLITE_OK, err;

	if (!s->batch)
		code = sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	s->batch++;
	if (code)
		return give_up(s, code);
	err = bind_case(s, c, report);
	if (err) {
		give_up(s, SQLITE_NOMEM);
		return err;
	}
	code = sqlite3_step(s->insert);
	if (code != SQLITE_DONE)
		return give_up(s, code);
	sqlite3_reset(s->insert);
	return 0;
}

static bool is_too_large(struct store *s)
{
	int64_t used = ask_number(s->db, "PRAGMA page_count", NULL) -
		       ask_number(s->db, "PRAGMA freelist_count", NULL);

	return (uint64_t)(used * ask_number(s->db, "PRAGMA page_size", NULL)) > s->cfg.keep_bytes;
}

static int remove_oldest(struct store *s, uint64_t before_ns)
{
	char *sql = sqlite3_mprintf("DELETE FROM " STORE_TABLE
				    " WHERE id IN (SELECT id FROM " STORE_TABLE
				    " WHERE ts_ns < %lld ORDER BY ts_ns LIMIT %d)",
				    (long long)before_ns, REMOVE_ROWS);
	int code = sql ? sqlite3_exec(s->db, sql, NULL, NULL, NULL) : SQLITE_NOMEM;

	sqlite3_free(sql);
	return code ? -1 : sqlite3_changes(s->db);
}

/* Failure is no loss: the next flush tries again. */
static void remove_old(struct store *s, uint64_t now_ns)
{
	uint64_t before = now_ns > s->cfg.keep_ns ? now_ns - s->cfg.keep_ns : 0;
	int old = REMOVE_ROUNDS, large = REMOVE_ROUNDS, removed = 0, n;

	while (s->cfg.keep_ns && old > 0 && (n = remove_oldest(s, before)) > 0) {
		removed += n;
		old--;
	}
	while (s->cfg.keep_bytes && large > 0 && is_too_large(s) &&
	       (n = remove_oldest(s, INT64_MAX)) > 0) {
		removed += n;
		large--;
	}
	if (removed)
		sqlite3_exec(s->db, "PRAGMA incremental_vacuum(" VACUUM_PAGES ")", NULL, NULL,
			     NULL);
	/* There may be more of it. */
	s->removed_ns = old && large ? now_ns : 0;
}

int store__flush(struct store *s, uint64_t now_ns)
{
	bool added = s->batch;
	int err = commit(s);

	if (err || (!s->cfg.keep_ns && !s->cfg.keep_bytes))
		return err;
	/* A clock that was set back must not put it off. */
	if (added || !s->removed_ns || now_ns < s->removed_ns ||
	    now_ns - s->removed_ns >= REMOVE_EVERY_NS)
		remove_old(s, now_ns);
	return 0;
}

const char *store__why(const struct store *s)
{
	return s->why;
}

int store__clock_set(struct store *s, const struct clock_step *step,
		     const struct report_context *report)
{
	char *sql = sqlite3_mprintf(
		"CREATE TABLE IF NOT EXISTS " STORE_CLOCK_TABLE
		" (ts_ns INTEGER NOT NULL, host TEXT, step_ns INTEGER NOT NULL);"
		"INSERT INTO " STORE_CLOCK_TABLE " (ts_ns, host, step_ns) VALUES (%lld, %Q, %lld)",
		(long long)step->ts_ns + step->wall_offset_ns, report->host,
		(long long)step->step_ns);
	int code = sql ? sqlite3_exec(s->db, sql, NULL, NULL, NULL) : SQLITE_NOMEM;

	if (code)
		snprintf(s->why, sizeof(s->why), "%s", sqlite3_errmsg(s->db));
	sqlite3_free(sql);
	return error_of(code);
}

bool store__is_same_file(const struct store *s)
{
	struct stat st;

	return !stat(s->cfg.path, &st) && st.st_dev == s->dev && st.st_ino == s->ino;
}

void store__close(struct store *s)
{
	if (!s)
		return;
	commit(s);
	sqlite3_finalize(s->insert);
	sqlite3_close(s->db);
	free(s);
}
