// SPDX-License-Identifier: GPL-2.0-only
/*
 * time_choice.c - --since, --until and --local-time, as the commands that read files take them.
 */
#include "cmd/time_choice.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* No other option of a command may have these. */
enum { OPT_SINCE = 0x1200, OPT_UNTIL, OPT_LOCAL_TIME };

static const struct argp_option options[] = {
	{ "since", OPT_SINCE, "TIME|AGE", 0,
	  "Only include resets from this time on, such as 2026-11-26T10:00:00Z, or of the last 30m, "
	  "1h or 7d",
	  0 },
	{ "until", OPT_UNTIL, "TIME|AGE", 0, "Only include resets before this time", 0 },
	{ "local-time", OPT_LOCAL_TIME, NULL, 0,
	  "Print times in this machine's time zone; JSON and HTML keep UTC", 0 },
	{ 0 },
};

/* "30s", "5m", "1h", "7d" before now. */
static bool parse_age(const char *arg, uint64_t *ret_ns)
{
	static const struct {
		char unit;
		unsigned int seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	unsigned long n;
	char *end;
	size_t i;

	errno = 0;
	n = strtoul(arg, &end, 10);
	if (errno || end == arg || !isdigit((unsigned char)*arg) || !*end || end[1] || n > 1000000)
		return false;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		uint64_t age = (uint64_t)n * units[i].seconds, now = (uint64_t)time(NULL);

		if (units[i].unit != *end)
			continue;
		*ret_ns = (now > age ? now - age : 0) * 1000000000u;
		return true;
	}
	return false;
}

/* RFC 3339, with Z or an offset; fractions are ignored. */
static uint64_t parse_time(struct argp_state *state, const char *option, const char *arg)
{
	struct tm tm = { 0 };
	const char *rest = strptime(arg, "%Y-%m-%dT%H:%M:%S", &tm);
	uint64_t ago;
	long offset;
	time_t t;

	if (parse_age(arg, &ago))
		return ago;
	if (!rest)
		rest = strptime(arg, "%Y-%m-%d %H:%M:%S", &tm);
	if (rest && *rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	if (rest && *rest && strcmp(rest, "Z"))
		rest = strptime(rest, "%z", &tm);
	else if (rest)
		rest += strlen(rest);
	if (!rest || *rest)
		argp_error(
			state,
			"%s takes a time such as 2026-11-26T10:00:00Z, or an age such as 1h, not '%s'",
			option, arg);
	offset = tm.tm_gmtoff; /* timegm() overwrites it */
	t = timegm(&tm) - offset;
	return t > 0 ? (uint64_t)t * 1000000000u : 0;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct time_choice *t = state->input;

	switch (key) {
	case OPT_SINCE:
		t->since_ns = parse_time(state, "--since", arg);
		return 0;
	case OPT_UNTIL:
		t->until_ns = parse_time(state, "--until", arg);
		t->has_end = true;
		return 0;
	case OPT_LOCAL_TIME:
		t->local_time = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp time_choice_argp = { .options = options, .parser = parse_option };

bool is_in_time(const struct time_choice *t, const struct reset_case *c,
		const struct report_context *report)
{
	uint64_t wall = wall_time(c->seen.rst.ts_ns, report);

	return wall >= t->since_ns && (!t->has_end || wall < t->until_ns);
}
