// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_recording.c - what watch keeps: recordings and stores, whole, cut, damaged, on full disks.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "archive/recording.h"
#include "json.h"
#include "scene.h"
#include "archive/store.h"
#include "wire.h"

static char dir[] = "/tmp/rstscope-test.XXXXXX";

static const struct scene scenes[] = {
	{ .name = "INVALID",
	  .call = CALL_PASSIVE,
	  .seg = "PA",
	  .seg_len = 10,
	  .history = "<S >SA <A",
	  .mark = NO_ENTRY,
	  .map = DNAT_DUE,
	  .reported = true,
	  .reason = "NO_SOCKET",
	  .asked = true,
	  .stack = "tcp_v4_send_reset ? tcp_v4_rcv" },
	{ .name = "a race",
	  .call = CALL_PASSIVE,
	  .state = TCP_LISTEN,
	  .seg = "PA",
	  .seg_len = 10,
	  .history = "<S >SA <A",
	  .window = WINDOW_HANDSHAKE,
	  .window_from = 8,
	  .window_to = 4 },
	{ .name = "a reset that came in", .place = IN, .history = "<S >SA <A" },
};

static char *in_dir(const char *name)
{
	static char path[4][128];
	static unsigned int n;
	char *p = path[n++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
	return p;
}

static struct reset_case a_case(unsigned int i)
{
	struct reset_case c = scene_build(&scenes[i % ARRAY_SIZE(scenes)],
					  families[i / ARRAY_SIZE(scenes) % 2].af);

	c.seen.rst.ts_ns += i;
	c.seen.sightings[0].ts_ns = c.seen.rst.ts_ns;
	classify(&c);
	return c;
}

/* --- reading back ----------------------------------------------------------------------------------- */

struct replay {
	unsigned int n;
	unsigned int linked; /* with an incident */
	unsigned int same;   /* as a_case() made them, in order */
	char warnings[2048];
	char notices[2048];
	char why[512];
	int err;
};

/* The reader looks for the incidents, which those of a_case() do not have. */
static int on_case(void *ctx, struct reset_case *c, const struct report_context *report)
{
	struct reset_case want = a_case(((struct replay *)ctx)->n);
	struct replay *r = ctx;
	char *first, *second;

	r->linked += c->incident.known;
	c->incident.known = false;
	first = report_text(&want, &sample_context);
	second = report_text(c, report);
	r->n++;
	r->same += !strcmp(first, second);
	free(first);
	free(second);
	return 0;
}

static void on_notice(void *ctx, const char *text)
{
	struct replay *r = ctx;

	snprintf(r->notices, sizeof(r->notices), "%s", text);
}

static void on_warning(void *ctx, const char *text)
{
	struct replay *r = ctx;
	size_t have = strlen(r->warnings);

	snprintf(r->warnings + have, sizeof(r->warnings) - have, "%s\n", text);
}

/* Names that are not UTF-8: of the host, its interface, and a program whose name was cut. */
static const char *odd_ifname(void *ctx, uint32_t ifindex)
{
	(void)ctx;
	(void)ifindex;
	return "e\xfc\x9bh0";
}

static struct report_context odd_context(void)
{
	struct report_context ctx = sample_context;

	ctx.host = "gate\xff";
	ctx.ifname = odd_ifname;
	return ctx;
}

static struct reset_case odd_case(void)
{
	struct reset_case c = a_case(0);

	c.asked.owner.known = true;
	snprintf(c.asked.owner.comm, sizeof(c.asked.owner.comm), "Nachrichten-dr\xc3");
	return c;
}

static int on_odd_case(void *ctx, struct reset_case *c, const struct report_context *report)
{
	struct report_context odd = odd_context();
	struct reset_case want = odd_case();
	struct replay *r = ctx;
	char *first, *second;

	c->incident.known = false;
	first = report_text(&want, &odd);
	second = report_text(c, report);
	r->n++;
	r->same += !strcmp(first, second) && !strcmp(c->asked.owner.comm, want.asked.owner.comm);
	free(first);
	free(second);
	return 0;
}

static struct replay replay_to(const char *path, int (*take)(void *ctx, struct reset_case *c,
							     const struct report_context *report))
{
	struct replay r = { 0 };
	struct reader_config cfg = {
		.files = &path,
		.n_files = 1,
		.on_case = take,
		.on_warning = on_warning,
		.on_notice = on_notice,
		.ctx = &r,
	};

	r.err = reader_read(&cfg, r.why, sizeof(r.why));
	return r;
}

static struct replay replay(const char *path)
{
	return replay_to(path, on_case);
}

/* --- recordings ---------------------------------------------------------------------------------------- */

static size_t read_whole(const char *path, uint8_t *to, size_t room)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, to, room);

	close(fd);
	return n > 0 ? (size_t)n : 0;
}

static int record_after(struct recording *r, unsigned int from, unsigned int until,
			const struct sink_gap *gap)
{
	unsigned int i;
	int err = 0;

	for (i = from; i < until && !err; i++) {
		struct reset_case c = a_case(i);

		err = recording__add(r, &c, &sample_context, gap, c.asked.history,
				     c.asked.n_history);
	}
	return err;
}

static int record(struct recording *r, unsigned int from, unsigned int until)
{
	static const struct sink_gap none;

	return record_after(r, from, until, &none);
}

#define CASES 12

static void test_replay(void)
{
	struct recording_config cfg = { .path = in_dir("whole.pcapng") };
	struct recording *r = recording__open(&cfg);
	struct replay got;

	check_int(record(r, 0, CASES), 0, "resets are recorded");
	check_int(recording__close(r), 0, "and the file is closed");
	got = replay(cfg.path);
	check_int(got.err, 0, "the recording is read (%s)", got.why);
	check_int(got.n, CASES, "all resets are in it");
	check_int(got.same, CASES, "and give the same JSON, to the letter");
	check_int(got.linked, CASES, "but for the incidents, which are found anew");
	check_str(got.warnings, "", "without a warning");
}

/* Every complete case, and a clear word, wherever the file ends. */
static void test_cuts(void)
{
	static uint8_t bytes[1 << 20];
	size_t n = read_whole(in_dir("whole.pcapng"), bytes, sizeof(bytes)), at, end;
	unsigned int complete = 0, wrong = 0, untold = 0, boundaries = 0, i;
	static bool is_boundary[1 << 20];
	unsigned long long state = 4711;
	static size_t case_ends[CASES];

	for (at = 0; at < n; at = end) {
		uint32_t type, len;

		memcpy(&type, bytes + at, 4);
		memcpy(&len, bytes + at + 4, 4);
		check(len >= 12 && len % 4 == 0 && at + len <= n, "block at %zu has a good length",
		      at);
		end = at + len;
		is_boundary[end] = true;
		if (type == 0xbad && bytes[at + 12 + 10] == RECORDING_CASE)
			case_ends[complete++] = end;
	}
	check_int(complete, CASES, "each reset has a block of its own");
	for (i = 0, at = 0; i < 1000 || at < n; i++) {
		unsigned int want = 0, j;
		uint32_t len;
		struct replay got;
		char path[64];
		size_t cut;
		int fd;

		if (at < n) {
			memcpy(&len, bytes + at + 4, 4);
			at += len;
			cut = at;
			boundaries++;
		} else {
			cut = 28 + test_random(&state) % (n - 28);
		}
		for (j = 0; j < CASES; j++)
			want += case_ends[j] <= cut;
		fd = wire_file(bytes, cut, path);
		got = replay(path);
		close(fd);
		wrong += got.n != want || got.same != want || got.err;
		untold += is_boundary[cut] == !!strstr(got.warnings, "truncated");
	}
	check_int(wrong, 0,
		  "cut at %u block boundaries and 1000 bytes: each complete reset is there",
		  boundaries);
	check_int(untold, 0, "and it is said, unless the cut is between two blocks");
}

static void test_damage(void)
{
	static uint8_t bytes[1 << 20], damaged[1 << 20];
	size_t n = read_whole(in_dir("whole.pcapng"), bytes, sizeof(bytes));
	unsigned long long state = 815;
	unsigned int i, j, good = 0;

	for (i = 0; i < 500; i++) {
		char path[64];
		int fd;

		memcpy(damaged, bytes, n);
		for (j = 0; j < 1 + i % 3; j++)
			damaged[test_random(&state) % n] = (uint8_t)test_random(&state);
		fd = wire_file(damaged, n, path);
		good += replay(path).n == CASES;
		close(fd);
	}
	check(good > 0, "a damaged recording gives what is whole (%u of 500 all of it)", good);
}

static void test_rotation(void)
{
	struct recording_config cfg = { .path = in_dir("r"), .max_bytes = 6000, .files = 3 };
	struct recording *r = recording__open(&cfg);
	unsigned int i, there = 0, n = 0;
	char name[16];

	check_int(record(r, 0, 40), 0, "resets go over several files");
	recording__close(r);
	for (i = 0; i < 10; i++) {
		struct replay got;

		snprintf(name, sizeof(name), "r%u", i);
		if (access(in_dir(name), F_OK))
			continue;
		there++;
		got = replay(in_dir(name));
		check_int(got.err, 0, "%s is a file of its own (%s)", name, got.why);
		n += got.n;
	}
	check_int(there, 3, "of which three are kept");
	check(n > 3 && n < 40, "with the newest resets (%u)", n);
}

/* Writing fails as on a full disk: at a size that the file may not exceed. */
static void with_limit(rlim_t bytes)
{
	struct rlimit limit = { bytes, RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
}

static void test_full_disk(void)
{
	struct recording_config cfg = { .path = in_dir("full.pcapng") };
	struct recording *r = recording__open(&cfg);
	struct sink_gap gap = { .resets = 2, .from_ns = T0, .until_ns = T0 + 1, .err = -ENOSPC };
	struct replay got;
	struct stat st;

	check_int(record(r, 0, 3), 0, "three resets find room");
	stat(cfg.path, &st);
	with_limit((rlim_t)st.st_size + 1000);
	check(record(r, 3, 4) < 0, "the fourth does not");
	check(record(r, 4, 5) < 0, "nor the fifth");
	got = replay(cfg.path);
	check(got.n == 3 && got.same == 3 && !got.err && !*got.warnings,
	      "what was written stays readable, and whole (%s)", got.warnings);
	with_limit(RLIM_INFINITY);
	check_int(record_after(r, 3, 4, &gap), 0, "with room again it goes on");
	recording__close(r);
	got = replay(cfg.path);
	check(got.n == 4 && got.same == 4, "the reset after the gap is there");
	check_has(got.warnings, "lacks 2 resets", "and so is the gap");
}

/* An hour forward, as with the first answer of an NTP server. */
static const struct clock_step step = {
	.ts_ns = T0,
	.step_ns = 3600000000000,
	.wall_offset_ns = 3600000000000,
};

static void test_clock_set(void)
{
	struct recording_config cfg = { .path = in_dir("clock.pcapng") };
	struct recording *r = recording__open(&cfg);
	struct replay got;

	record(r, 0, 2);
	check_int(recording__clock_set(r, &step, &sample_context), 0,
		  "that the clock was set is recorded");
	record(r, 2, 5);
	recording__close(r);
	got = replay(cfg.path);
	check(got.n == 5 && got.same == 5 && !*got.warnings, "all resets are there (%s)",
	      got.warnings);
	check_has(got.notices, "set forward by 3600.000 s", "and it is said");
}

/* Moved away by logrotate. */
static void test_reopen(void)
{
	struct recording_config cfg = { .path = in_dir("moved.pcapng") };
	struct recording *r = recording__open(&cfg);
	char *old = in_dir("moved.1"), *other;
	struct replay got;

	record(r, 0, 2);
	check_int(recording__reopen(r), 0, "a file that is where it was");
	record(r, 2, 3);
	check_int(replay(cfg.path).same, 3, "stays as it is");
	rename(cfg.path, old);
	check_int(recording__reopen(r), 0, "one that was moved is succeeded by another");
	record(r, 0, 4);
	check_int(replay(old).same, 3, "the old one is whole");
	got = replay(cfg.path);
	check(got.n == 4 && got.same == 4 && !*got.warnings, "and so is the new one (%s)",
	      got.warnings);
	other = in_dir("other.pcapng");
	rename(cfg.path, other);
	check(!link(old, cfg.path), "another recording appears under the name");
	check_int(recording__reopen(r), 0, "then");
	record(r, 3, 6);
	recording__close(r);
	got = replay(cfg.path);
	check(got.n == 6 && got.same == 6 && !*got.warnings,
	      "it is continued, not emptied (%u, %s)", got.n, got.warnings);
}

static void test_refused(void)
{
	struct recording_config cfg = { .path = in_dir("nowhere/x") };

	errno = 0;
	check(!recording__open(&cfg) && errno == ENOENT,
	      "a directory that does not exist is an error");
	cfg.path = dir;
	check(!recording__open(&cfg) && errno == EISDIR, "so is a directory");
}

/* --- stores ---------------------------------------------------------------------------------------------- */

static struct store *open_store(const char *path, uint64_t keep_ns, uint64_t keep_bytes, char *why)
{
	struct store_config cfg = { .path = path, .keep_ns = keep_ns, .keep_bytes = keep_bytes };

	return store__open(&cfg, why, 256);
}

static uint64_t wall_of(unsigned int i)
{
	return a_case(i).seen.rst.ts_ns + (uint64_t)sample_context.wall_offset_ns;
}

/* Returns the first error. */
static int fill(struct store *s, unsigned int from, unsigned int until)
{
	int err = 0, failed;
	unsigned int i;

	for (i = from; i < until; i++) {
		struct reset_case c = a_case(i);

		failed = store__add(s, &c, &sample_context);
		err = err ? err : failed;
	}
	failed = store__flush(s, wall_of(until));
	return err ? err : failed;
}

static void test_store(void)
{
	const char *path = in_dir("s.db");
	char why[256];
	struct store *s = open_store(path, 0, 0, why), *second;
	struct replay got;

	check(s, "a store is made (%s)", why);
	fill(s, 0, 5);
	got = replay(path);
	check(got.n == 5 && got.same == 5, "what is committed can be read while it is written (%s)",
	      got.why);
	second = open_store(path, 0, 0, why);
	check(second, "a second watch may have it open too (%s)", why);
	fill(second, 5, 8);
	fill(s, 8, CASES);
	store__close(second);
	store__close(s);
	got = replay(path);
	check(got.n == CASES && got.same == CASES && !*got.warnings,
	      "both have appended; the JSON is the same to the letter (%s)", got.why);
}

static void test_odd_names(void)
{
	struct recording_config cfg = { .path = in_dir("odd.pcapng") };
	struct report_context odd = odd_context();
	struct reset_case c = odd_case();
	struct sink_gap gap = { 0 };
	struct recording *r = recording__open(&cfg);
	char *path = in_dir("odd.db"), why[256];
	struct store *s = open_store(path, 0, 0, why);
	struct replay got;

	check_int(recording__add(r, &c, &odd, &gap, NULL, 0), 0,
		  "names that are not UTF-8 are recorded");
	recording__close(r);
	got = replay_to(cfg.path, on_odd_case);
	check(got.n == 1 && got.same == 1, "and are the same again (%s)", got.warnings);
	check_int(store__add(s, &c, &odd), 0, "and stored");
	store__close(s);
	got = replay_to(path, on_odd_case);
	check(got.n == 1 && got.same == 1, "and are the same again (%s)", got.warnings);
}

static void test_store_keep(void)
{
	const char *path = in_dir("keep.db");
	struct stat st;
	char why[256];
	struct store *s = open_store(path, 1000, 0, why);
	struct replay got;

	fill(s, 0, 3000);
	fill(s, 3000, 3001);
	store__close(s);
	got = replay(path);
	check(got.n >= 1000 && got.n <= 1003, "only what is young enough is kept (%u)", got.n);
	path = in_dir("small.db");
	s = open_store(path, 0, 300000, why);
	fill(s, 0, 1500);
	fill(s, 1500, 3000);
	store__close(s);
	stat(path, &st);
	got = replay(path);
	check(st.st_size < 900000 && got.n > 10, "the file stays small: %lld bytes, %u resets",
	      (long long)st.st_size, got.n);
}

/* The keeping of an age on a host where nothing is reset any more. */
static void test_store_age(void)
{
	const char *path = in_dir("age.db");
	char why[256];
	struct store *s = open_store(path, 1000, 0, why);

	fill(s, 0, 10);
	check_int(replay(path).n, 10, "ten resets, all young");
	check_int(store__flush(s, wall_of(1004)), 0, "a while later, with nothing new");
	check_int(replay(path).n, 10, "they stay, for as long as no minute has passed");
	store__flush(s, wall_of(0) + 1004);
	store__close(s);
	s = open_store(path, 1000, 0, why);
	store__flush(s, wall_of(1004));
	check_int(replay(path).n, 6, "at the start, what is older than its age now is removed");
	store__flush(s, wall_of(0) + 61000000000u);
	check_int(replay(path).n, 0, "a minute later so are the rest, though nothing new came");
	fill(s, 0, 3);
	store__flush(s, wall_of(0) + 900);
	store__close(s);
	check_int(replay(path).n, 3, "a clock that was set back removes nothing that is young");
}

static void expect_refused(const char *path, const char *part, const char *what)
{
	static uint8_t before[1 << 20], after[1 << 20];
	size_t n = read_whole(path, before, sizeof(before)), m;
	char why[256] = "";
	struct store *s = open_store(path, 0, 0, why);

	m = read_whole(path, after, sizeof(after));
	check(!s && strstr(why, part), "%s is refused: %s", what, why);
	check(n == m && !memcmp(before, after, n), "%s: it stays as it was", what);
	store__close(s);
}

static void sql(const char *path, const char *text)
{
	sqlite3 *db;

	sqlite3_open(path, &db);
	sqlite3_exec(db, text, NULL, NULL, NULL);
	sqlite3_close(db);
}

static void test_store_wrong(void)
{
	const char *path = in_dir("other.db");
	struct store *s;
	char why[256];
	sqlite3 *db;
	int fd;

	sql(path, "CREATE TABLE t (x); INSERT INTO t VALUES (1);");
	expect_refused(path, "another program", "a database of another program");
	check(replay(path).err, "and is not read as one of ours");
	path = in_dir("new.db");
	store__close(open_store(path, 0, 0, why));
	sql(path, "PRAGMA user_version = 9; PRAGMA journal_mode = DELETE;");
	expect_refused(path, "newer version", "a store of a newer version");
	path = in_dir("text.db");
	fd = open(path, O_WRONLY | O_CREAT, 0644);
	check(write(fd,
		    "no database at all, but long enough to have a header of a hundred bytes or "
		    "more, which SQLite reads first of all things\n",
		    120) == 120,
	      "a text file is made");
	close(fd);
	expect_refused(path, "not an rstscope store", "a file of text");
	path = in_dir("broken.db");
	s = open_store(path, 0, 0, why);
	fill(s, 0, 50);
	store__close(s);
	fd = open(path, O_RDWR);
	check(pwrite(fd, "garbage garbage garbage garbage garbage", 39, 4096 + 4) == 39 &&
		      pwrite(fd, "garbage garbage garbage garbage garbage", 39, 100) == 39,
	      "a store is damaged");
	close(fd);
	expect_refused(path, "", "a damaged store");
	path = in_dir("locked.db");
	store__close(open_store(path, 0, 0, why));
	sqlite3_open(path, &db);
	sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL);
	check(!open_store(path, 0, 0, why) && strstr(why, "locked"),
	      "a locked store is refused: %s", why);
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(db);
	check(!open_store(in_dir("nowhere/s.db"), 0, 0, why) && *why,
	      "a directory that does not exist is an error: %s", why);
}

/* A store with the first row's evidence as it was, and then changed by @text. */
static const char *changed_store(const char *name, const char *text)
{
	const char *path = in_dir(name);
	char why[256];
	struct store *s = open_store(path, 0, 0, why);

	fill(s, 0, 3);
	store__close(s);
	sql(path, text);
	sql(path, "PRAGMA journal_mode = DELETE;");
	return path;
}

#define FOREVER                                                            \
	"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) " \
	"SELECT x AS id, x AS ts_ns, x'00' AS evidence FROM c"

static void test_store_hostile(void)
{
	const char *path;
	struct replay got;

	path = changed_store("view.db", "ALTER TABLE resets RENAME TO kept;"
					"CREATE VIEW resets AS " FOREVER ";");
	got = replay(path);
	check(got.err == -EBADMSG && strstr(got.why, "no table"),
	      "a view that never ends is not read: %s", got.why);
	expect_refused(path, "no table", "and nothing is appended to it, which");

	path = changed_store("trigger.db", "CREATE TRIGGER t AFTER INSERT ON resets BEGIN "
					   "DELETE FROM resets WHERE id = new.id; END;");
	expect_refused(path, "trigger", "a store with a trigger");
	got = replay(path);
	check(!got.err && got.same == 3, "but it can be read (%s)", got.why);

	path = changed_store("large.db", "UPDATE resets SET evidence = zeroblob(20000000) "
					 "WHERE id = 2;");
	got = replay(path);
	check(!got.err && got.n == 2, "a row of 20 MB is left out, the others are not (%u)", got.n);
	check_has(got.warnings, "skipped row 2", "and that is said");

	path = changed_store(
		"generated.db",
		"CREATE TABLE copy (id INTEGER PRIMARY KEY, ts_ns INTEGER, evidence BLOB "
		"GENERATED ALWAYS AS (zeroblob(900000000)));"
		"INSERT INTO copy (id, ts_ns) SELECT id, ts_ns FROM resets;"
		"DROP TABLE resets; ALTER TABLE copy RENAME TO resets;");
	got = replay(path);
	check(got.n == 0 && (got.err || *got.warnings),
	      "rows that are made of 900 MB when they are read are not (%s%s)", got.why,
	      got.warnings);
}

/* A store of the first version goes on as one of this version. */
static void test_store_of_version_1(void)
{
	const char *path = in_dir("one.db");
	char command[256], why[256] = "";
	struct reset_case c = a_case(0);
	struct store *s;
	sqlite3 *db;
	sqlite3_stmt *st;

	snprintf(command, sizeof(command), "cp tests/unit/data/format-1/store.db %s", path);
	check_int(system(command), 0, "a store of version 1");
	s = open_store(path, 0, 0, why);
	check(s, "can be appended to (%s)", why);
	check_int(store__add(s, &c, &sample_context), 0, "as one of this version");
	store__close(s);
	check_int(replay(path).n, 10, "and what it had is there with what is new");
	sqlite3_open(path, &db);
	sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &st, NULL);
	check(sqlite3_step(st) == SQLITE_ROW && sqlite3_column_int(st, 0) == STORE_VERSION,
	      "which older versions are told by its version");
	sqlite3_finalize(st);
	sqlite3_close(db);
}

static int on_number(void *ctx, int n, char **values, char **names)
{
	(void)n, (void)names;
	*(long long *)ctx = values[0] ? atoll(values[0]) : -1;
	return 0;
}

static void test_store_clock_set(void)
{
	const char *path = in_dir("clock.db");
	char why[256];
	struct store *s = open_store(path, 0, 0, why);
	long long steps = 0, how_far = 0;
	sqlite3 *db;

	fill(s, 0, 2);
	check_int(store__clock_set(s, &step, &sample_context), 0,
		  "that the clock was set is stored");
	fill(s, 2, 4);
	store__close(s);
	check_int(replay(path).same, 4, "all resets are there");
	sqlite3_open(path, &db);
	sqlite3_exec(db, "SELECT count(*) FROM clock_steps", on_number, &steps, NULL);
	sqlite3_exec(db, "SELECT step_ns FROM clock_steps", on_number, &how_far, NULL);
	sqlite3_close(db);
	check_int(steps, 1, "and one step, in a table of its own");
	check_int(how_far, step.step_ns, "with how far it went");
}

static void test_store_full(void)
{
	const char *path = in_dir("full.db");
	char why[256];
	struct store *s = open_store(path, 0, 0, why);
	struct replay got;

	check_int(fill(s, 0, 3), 0, "three resets find room");
	with_limit(60000);
	check(fill(s, 3, 300) < 0, "a full disk is noticed: %s", store__why(s));
	with_limit(RLIM_INFINITY);
	check_int(fill(s, 3, 4), 0, "with room again it goes on");
	store__close(s);
	got = replay(path);
	check(got.n >= 4 && !got.err, "and what was written before is there (%u, %s)", got.n,
	      got.why);
}

int main(void)
{
	char command[64];

	if (!mkdtemp(dir))
		return 1;
	test_replay();
	test_cuts();
	test_damage();
	test_rotation();
	test_full_disk();
	test_clock_set();
	test_reopen();
	test_refused();
	test_store();
	test_odd_names();
	test_store_keep();
	test_store_age();
	test_store_wrong();
	test_store_hostile();
	test_store_of_version_1();
	test_store_full();
	test_store_clock_set();
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command))
		return 1;
	return test_done();
}
