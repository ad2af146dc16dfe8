// SPDX-License-Identifier: GPL-2.0-only
/*
 * command.c - what subcommands do first.
 */
#include "cmd/command.h"

#include <errno.h>
#include <stddef.h>

#include "base/log.h"
#include "host/capabilities.h"
#include "host/netns.h"

int command_prepare(const char *command, const char *netns)
{
	const char *missing;
	int err = netns ? netns_enter(netns) : 0;

	if (err) {
		error("network namespace '%s': %s", netns, error_name(err));
		return err;
	}
	missing = capabilities_missing();
	if (!missing)
		return 0;
	error("%s is missing: run as root (sudo rstscope %s ...)", missing, command);
	return -EPERM;
}
