// SPDX-License-Identifier: GPL-2.0-only
/*
 * capabilities.c - the capabilities that the sensor needs, and no more.
 */
#include "host/capabilities.h"

#include <errno.h>
#include <stddef.h>
#include <sys/capability.h>

static const struct {
	cap_value_t cap;
	const char *name;
} needed[] = {
	{ CAP_BPF, "CAP_BPF" },
	{ CAP_PERFMON, "CAP_PERFMON" },
	{ CAP_NET_ADMIN, "CAP_NET_ADMIN" },
};

/*
 * For interfaces that come later and for detaching; for the owner of a socket in /proc/PID/fd
 * and its cgroup by handle; for symbols of modules that are loaded later.
 */
static const cap_value_t kept[] = {
	CAP_SYS_ADMIN,	     CAP_BPF,	 CAP_PERFMON, CAP_NET_ADMIN, CAP_SYS_PTRACE,
	CAP_DAC_READ_SEARCH, CAP_SYSLOG,
};

const char *capabilities_missing(void)
{
	cap_t caps = cap_get_proc();
	const char *missing = NULL;
	cap_flag_value_t value;
	size_t i;

	for (i = 0; caps && !missing && i < sizeof(needed) / sizeof(needed[0]); i++)
		if (cap_get_flag(caps, needed[i].cap, CAP_EFFECTIVE, &value) || value != CAP_SET)
			missing = needed[i].name;
	cap_free(caps);
	return missing;
}

int capabilities_drop(bool keep_admin)
{
	cap_t have = cap_get_proc(), keep = cap_init();
	cap_flag_value_t value;
	int err = 0;
	size_t i;

	/* kept[0] is CAP_SYS_ADMIN. */
	for (i = !keep_admin; have && keep && i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (cap_get_flag(have, kept[i], CAP_PERMITTED, &value) || value != CAP_SET)
			continue;
		cap_set_flag(keep, CAP_PERMITTED, 1, &kept[i], CAP_SET);
		cap_set_flag(keep, CAP_EFFECTIVE, 1, &kept[i], CAP_SET);
	}
	if (!have || !keep || cap_set_proc(keep))
		err = -errno;
	cap_free(have);
	cap_free(keep);
	return err;
}
