// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_cases.c - evidence that was recorded on real kernels (tests/cases) gives the same answer.
 *
 * tests/cases/CAUSE/RELEASE-VIEW-FAMILY.json is one line of `watch --evidence`; the directory
 * is the truth. What was not certain may have said "unknown", with the truth among the candidates.
 */
#include <dirent.h>
#include <errno.h>

#include "archive/case_json.h"
#include "report/report_json.h"
#include "scene.h"

#define CASES_DIR "tests/cases"

static bool is_candidate(const struct reset_case *c, const char *id)
{
	unsigned int i;

	for (i = 0; i < c->diagnosis.n_candidates; i++)
		if (!strcmp(c->diagnosis.candidates[i]->id, id))
			return true;
	return false;
}

static void replay(const char *truth, const char *path)
{
	json_error_t error;
	json_t *o = json_load_file(path, 0, &error);
	const char *cause = json_string_value(json_object_get(o, "cause"));
	const char *confidence = json_string_value(json_object_get(o, "confidence"));
	struct stored_case stored;
	struct reset_case *c = &stored.c;
	char why[128] = "";

	if (!o || !cause || !confidence) {
		check(false, "%s is a line of --evidence (%s)", path, error.text);
		json_decref(o);
		return;
	}
	check_int(case_from_json(json_object_get(o, "evidence"), &stored, why, sizeof(why)), 0,
		  "%s is read (%s)", path, why);
	classify(c);
	check_str(c->diagnosis.cause->id, cause, "%s: the cause", path);
	check_str(confidence_name(c->diagnosis.confidence), confidence, "%s: the confidence", path);
	check(!strcmp(c->diagnosis.cause->id, truth) ||
		      (c->diagnosis.confidence != CONF_CERTAIN && is_candidate(c, truth)),
	      "%s: the answer is right, or open", path);
	json_decref(o);
}

/* Number of cases in the directory that prove the cause. */
static unsigned int replay_all(const char *truth)
{
	char dir_path[128], path[512];
	struct dirent *e;
	unsigned int n = 0;
	DIR *dir;

	snprintf(dir_path, sizeof(dir_path), CASES_DIR "/%s", truth);
	dir = opendir(dir_path);
	while (dir && (e = readdir(dir))) {
		if (!strstr(e->d_name, ".json"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir_path, e->d_name);
		replay(truth, path);
		n++;
	}
	if (dir)
		closedir(dir);
	return n;
}

int main(void)
{
	size_t i;

	for (i = 0; i + 1 < n_causes; i++) /* the last is "unknown" */
		check(replay_all(causes[i].id) > 0, "%s has a recorded case", causes[i].id);
	return test_done();
}
