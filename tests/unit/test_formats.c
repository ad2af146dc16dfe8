// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_formats.c - what older versions wrote (tests/unit/data) is read, and the answer is what it was.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "archive/reader.h"
#include "json.h"
#include "scene.h"

#define DATA "tests/unit/data/format-1/"

/* Each line of the answer of then, and how many of them came again. */
struct replay {
	FILE *then;
	unsigned int n;
	unsigned int same;
	char differs[160]; /* the first member that differs */
	char warnings[512];
};

/* People read these: they may be worded anew. */
static bool is_sentence(const char *key)
{
	static const char *const keys[] = { "title", "evidence", "missing", "advice", "because" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (!strcmp(key, keys[i]))
			return true;
	return false;
}

static bool is_kept(const json_t *then, const json_t *now, const char *key, struct replay *r);

static bool members_are_kept(const json_t *then, const json_t *now, struct replay *r)
{
	const char *key;
	json_t *value;

	if (!json_is_object(now))
		return false;
	json_object_foreach((json_t *)then, key, value)
	{
		if (!is_sentence(key) && !is_kept(value, json_object_get(now, key), key, r))
			return false;
	}
	return true;
}

static bool elements_are_kept(const json_t *then, const json_t *now, const char *key,
			      struct replay *r)
{
	size_t i, j;

	/* A cause that was added since is ruled out among the others. */
	if (!strcmp(key, "ruled_out")) {
		for (i = j = 0; i < json_array_size(then) && j < json_array_size(now); j++)
			i += json_equal(json_object_get(json_array_get(then, i), "cause"),
					json_object_get(json_array_get(now, j), "cause"));
		return i == json_array_size(then);
	}
	if (!json_is_array(now) || json_array_size(then) != json_array_size(now))
		return false;
	for (i = 0; i < json_array_size(then); i++)
		if (!is_kept(json_array_get(then, i), json_array_get(now, i), key, r))
			return false;
	return true;
}

/* All of @then, with what was added since. */
static bool is_kept(const json_t *then, const json_t *now, const char *key, struct replay *r)
{
	bool kept = json_is_object(then) ? members_are_kept(then, now, r) :
		    json_is_array(then)	 ? elements_are_kept(then, now, key, r) :
					   now && json_equal(then, now);

	if (!kept && !r->differs[0])
		snprintf(r->differs, sizeof(r->differs), "reset %u, '%s'", r->n, key);
	return kept;
}

static int on_case(void *ctx, struct reset_case *c, const struct report_context *report)
{
	struct replay *r = ctx;
	json_t *then = json_loadf(r->then, JSON_DISABLE_EOF_CHECK, NULL);
	json_t *now = parsed(report_text(c, report));

	r->n++;
	r->same += then && is_kept(then, now, "", r);
	json_decref(then);
	json_decref(now);
	return 0;
}

static void on_warning(void *ctx, const char *text)
{
	struct replay *r = ctx;

	snprintf(r->warnings, sizeof(r->warnings), "%s", text);
}

static void test_file(const char *path)
{
	struct replay r = { .then = fopen(DATA "explain.ndjson", "r") };
	struct reader_config cfg = { .files = &path,
				     .n_files = 1,
				     .on_case = on_case,
				     .on_warning = on_warning,
				     .ctx = &r };
	char why[256];

	check(r.then != NULL, "the answers of then are there");
	if (!r.then)
		return;
	check_int(reader_read(&cfg, why, sizeof(why)), 0, "%s is read (%s)", path, why);
	check_str(r.warnings, "", "%s: without a warning", path);
	check_int(r.n, 9, "%s: all resets", path);
	check_int(r.same, 9, "%s: each with the answer of then (%s)", path, r.differs);
	fclose(r.then);
}

static int on_any(void *ctx, struct reset_case *c, const struct report_context *report)
{
	(void)c;
	(void)report;
	++*(unsigned int *)ctx;
	return 0;
}

static void test_newer(void)
{
	char path[] = "/tmp/rstscope-newer.XXXXXX";
	const char *file = path;
	unsigned int n = 0;
	struct reader_config cfg = { .files = &file, .n_files = 1, .on_case = on_any, .ctx = &n };
	FILE *out = fdopen(mkstemp(path), "w");
	char why[256] = "";

	fputs("{\"format\": 3, \"evidence\": {\"kind\": \"unheard-of\"}}\n", out);
	fclose(out);
	check(reader_read(&cfg, why, sizeof(why)) == -EPROTO && strstr(why, "newer format (3)") &&
		      !n,
	      "evidence of a newer format is refused: %s", why);
	unlink(path);
}

int main(void)
{
	test_file(DATA "recording.pcapng");
	test_file(DATA "store.db");
	test_file(DATA "evidence.ndjson");
	test_newer();
	return test_done();
}
