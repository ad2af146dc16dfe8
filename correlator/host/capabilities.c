// SPDX-License-Identifier: GPL-2.0-only
/*
 * capabilities.c - the capabilities that the sensor needs, and no more, for good.
 */
#include "host/capabilities.h"

#include <errno.h>
#include <linux/securebits.h>
#include <stddef.h>
#include <sys/capability.h>
#include <sys/prctl.h>

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
static const struct {
	cap_value_t cap;
	unsigned int only_for; /* 0 = always */
} kept[] = {
	{ CAP_BPF, 0 },
	{ CAP_PERFMON, 0 },
	{ CAP_NET_ADMIN, 0 },
	{ CAP_SYS_PTRACE, 0 },
	{ CAP_DAC_READ_SEARCH, 0 },
	{ CAP_SYSLOG, 0 },
	{ CAP_SYS_ADMIN, KEEP_ADMIN },
	{ CAP_CHECKPOINT_RESTORE, KEEP_MAP_FILES },
	{ CAP_SETUID, KEEP_SETUID },
	{ CAP_SETGID, KEEP_SETUID },
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

static int reduce(unsigned int keep_also)
{
	cap_t have = cap_get_proc(), keep = cap_init();
	cap_flag_value_t value;
	int err = 0;
	size_t i;

	for (i = 0; have && keep && i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (kept[i].only_for && !(kept[i].only_for & keep_also))
			continue;
		if (cap_get_flag(have, kept[i].cap, CAP_PERMITTED, &value) || value != CAP_SET)
			continue;
		cap_set_flag(keep, CAP_PERMITTED, 1, &kept[i].cap, CAP_SET);
		cap_set_flag(keep, CAP_EFFECTIVE, 1, &kept[i].cap, CAP_SET);
	}
	if (!have || !keep || cap_set_proc(keep))
		err = -errno;
	cap_free(have);
	cap_free(keep);
	return err;
}

static bool has(cap_value_t cap)
{
	cap_t caps = cap_get_proc();
	cap_flag_value_t value = CAP_CLEAR;

	if (caps)
		cap_get_flag(caps, cap, CAP_EFFECTIVE, &value);
	cap_free(caps);
	return value == CAP_SET;
}

/*
 * Root that executes a program has all capabilities again, unless root is nobody special. What
 * setfsuid() does to those over files stays as it is: host/file_owner.h counts on it.
 */
static int close_ways_back(void)
{
	static const unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED |
					  SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
					  SECBIT_NO_CAP_AMBIENT_RAISE |
					  SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
	cap_value_t cap;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	/* Linux 4.3 has brought it. */
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	/* Who starts with the three that are needed alone has nothing to come back to. */
	if (!has(CAP_SETPCAP))
		return 0;
	for (cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
			return -errno;
	return prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) ? -errno : 0;
}

int capabilities_drop(unsigned int keep_also)
{
	int closed = close_ways_back(), err = reduce(keep_also);

	return err ? err : closed;
}
