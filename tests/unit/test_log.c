// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_log.c - the texts that the log hands out.
 */
#include <errno.h>

#include "base/log.h"
#include "test.h"

static void test_error_names(void)
{
	const char *names[ERROR_NAMES];
	char line[256];
	int i;

	check_str(error_name(-EBUSY), "-EBUSY (Device or resource busy)", "-errno has a name");
	check_str(error_name(EBUSY), error_name(-EBUSY), "... and so has errno");
	check_str(error_name(9999), "error 9999", "what has no name is a number");
	snprintf(line, sizeof(line), "%s, then %s", error_name(EPERM), error_name(ENOENT));
	check_str(line,
		  "-EPERM (Operation not permitted), then -ENOENT (No such file or directory)",
		  "two names in one expression are two names");
	for (i = 0; i < ERROR_NAMES; i++)
		names[i] = error_name(9000 + i);
	check_str(names[0], "error 9000", "%d names are valid at a time", ERROR_NAMES);
}

int main(void)
{
	test_error_names();
	return test_done();
}
