// SPDX-License-Identifier: GPL-2.0-only
/*
 * case_choice.c - --only, --cause and --owner, as all commands that report resets take them.
 */
#include "cmd/case_choice.h"

#include <fnmatch.h>
#include <string.h>

#include "diagnose/causes.h"
#include "diagnose/impact.h"

/* No other option of a command may have these. */
enum { OPT_ONLY = 0x1000, OPT_CAUSE, OPT_OWNER };

/* docker and crictl print so many digits. */
#define SHORT_ID 12

static const struct argp_option options[] = {
	{ "only", OPT_ONLY, "IMPACT[,...]", 0,
	  "Only report resets with one of these impacts: harmful, refused, none, probe, ignored, "
	  "unknown",
	  0 },
	{ "cause", OPT_CAUSE, "CAUSE[,...]", 0, "Only report resets with one of these causes", 0 },
	{ "owner", OPT_OWNER, "GLOB", 0,
	  "Only report resets of sockets whose process name, process id, container or cgroup "
	  "matches GLOB",
	  0 },
	{ 0 },
};

static void check_impacts(struct argp_state *state, const char *list)
{
	const char *unknown = impact_list_unknown(list);

	if (unknown)
		argp_error(state,
			   "--only: unknown impact '%.*s' (harmful, refused, none, probe, ignored, "
			   "unknown)",
			   (int)strcspn(unknown, ","), unknown);
}

static void check_causes(struct argp_state *state, const char *list)
{
	const char *unknown = cause_list_unknown(list);

	if (unknown)
		argp_error(state,
			   "--cause: unknown cause '%.*s'; `rstscope causes` lists the causes",
			   (int)strcspn(unknown, ","), unknown);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct case_choice *choice = state->input;

	switch (key) {
	case OPT_ONLY:
		check_impacts(state, arg);
		choice->impacts = arg;
		return 0;
	case OPT_CAUSE:
		check_causes(state, arg);
		choice->causes = arg;
		return 0;
	case OPT_OWNER:
		choice->owner = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp case_choice_argp = { .options = options, .parser = parse_option };

/* A slash is a character like others: "*pod1234*" is what people write of a cgroup. */
static bool fits(const char *glob, const char *text)
{
	return *text && !fnmatch(glob, text, 0);
}

static bool owner_fits(const char *glob, const struct owner *o)
{
	char pid[16], container[SHORT_ID + 1] = "";

	snprintf(pid, sizeof(pid), "%u", o->pid);
	memcpy(container, o->container, strnlen(o->container, SHORT_ID));
	return o->known &&
	       (fits(glob, o->comm) || (o->pid && fits(glob, pid)) || fits(glob, container) ||
		fits(glob, o->container) || fits(glob, o->cgroup));
}

bool case_is_chosen(const struct case_choice *choice, const struct reset_case *c)
{
	return impact_is_listed(choice->impacts, c->diagnosis.impact.kind) &&
	       cause_is_listed(choice->causes, c->diagnosis.cause->id) &&
	       (!choice->owner || owner_fits(choice->owner, &c->asked.owner));
}

void case_choice_print(const struct case_choice *choice, FILE *out)
{
	const struct {
		const char *given;
		const char *name;
	} all[] = {
		{ choice->impacts, "--only" },
		{ choice->causes, "--cause" },
		{ choice->owner, "--owner" },
	};
	bool more = false;
	unsigned int i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!all[i].given)
			continue;
		fprintf(out, "%s%s", more ? ", " : "", all[i].name);
		more = true;
	}
}
