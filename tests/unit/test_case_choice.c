// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_case_choice.c - --only, --cause and --owner: which resets they choose.
 */
#include <string.h>

#include "cmd/case_choice.h"
#include "diagnose/causes.h"
#include "test.h"

#define CONTAINER "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct reset_case sample(void)
{
	struct reset_case c;

	case_init(&c);
	c.diagnosis.cause = cause_find("linger-zero");
	c.diagnosis.impact.kind = IMPACT_HARMFUL;
	c.asked.owner = (struct owner){ .known = true,
					.pid = 1234,
					.comm = "nginx",
					.cgroup = "/kubepods/pod77/" CONTAINER,
					.container = CONTAINER };
	return c;
}

static void check_choice(struct case_choice choice, bool want, const char *desc)
{
	struct reset_case c = sample();

	check(case_is_chosen(&choice, &c) == want, desc);
}

static void check_owner(const char *glob, bool want, const char *desc)
{
	check_choice((struct case_choice){ .owner = glob }, want, desc);
}

static void test_owner(void)
{
	struct case_choice choice = { .owner = "*" };
	struct reset_case c = sample();

	check_owner("nginx", true, "by the process's name");
	check_owner("ng*", true, "with a star");
	check_owner("ngin", false, "the whole name, not its beginning");
	check_owner("haproxy", false, "another process");
	check_owner("1234", true, "by its number");
	check_owner("123", false, "the whole number");
	check_owner("0123456789ab", true, "by the container as docker prints it");
	check_owner(CONTAINER, true, "by the container's whole name");
	check_owner("*pod77*", true, "by a part of its cgroup, across slashes");
	check_owner("*pod78*", false, "another pod");
	check_owner("", false, "nothing is no owner");
	check(case_is_chosen(&choice, &c), "a star is any owner");
	c.asked.owner.known = false;
	check(!case_is_chosen(&choice, &c), "but not one that is not known");
	memset(&c.asked.owner, 0, sizeof(c.asked.owner));
	c.asked.owner.known = true;
	choice.owner = "0";
	check(!case_is_chosen(&choice, &c), "no number is not the number 0");
}

static void test_all(void)
{
	check_choice((struct case_choice){ 0 }, true, "without options everything");
	check_choice((struct case_choice){ .causes = "closed-port,linger-zero" }, true, "by cause");
	check_choice((struct case_choice){ .causes = "closed-port" }, false, "another cause");
	check_choice((struct case_choice){ .impacts = "harmful" }, true, "by impact");
	check_choice((struct case_choice){ .impacts = "none" }, false, "another impact");
	check_choice((struct case_choice){ "harmful", "linger-zero", "nginx" }, true, "all fit");
	check_choice((struct case_choice){ "none", "linger-zero", "nginx" }, false, "two of three");
	check_choice((struct case_choice){ "harmful", "forged", "nginx" }, false, "two of three");
	check_choice((struct case_choice){ "harmful", "linger-zero", "x" }, false, "two of three");
}

static void test_names(void)
{
	struct case_choice choice = { "none", NULL, "x" };
	char text[64] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	case_choice_print(&choice, out);
	fclose(out);
	check_str(text, "--only, --owner", "the options that were given are named");
}

int main(void)
{
	test_owner();
	test_all();
	test_names();
	return test_done();
}
