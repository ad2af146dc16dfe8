// SPDX-License-Identifier: GPL-2.0-only
/*
 * file_owner.c - create files in a user's directory as that user.
 */
#include "host/file_owner.h"

#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

struct file_owner file_owner_of(const char *path)
{
	struct file_owner o = { 0 };
	char *copy = strdup(path);
	struct stat st;

	if (copy && !geteuid() && !stat(dirname(copy), &st) && st.st_uid)
		o = (struct file_owner){ .other = true, .uid = st.st_uid, .gid = st.st_gid };
	free(copy);
	return o;
}

/* setfsuid() has taken it away with the rights of root over files. */
static void keep_search(void)
{
	cap_value_t search = CAP_DAC_READ_SEARCH;
	cap_t caps = cap_get_proc();
	cap_flag_value_t value;

	if (caps && !cap_get_flag(caps, search, CAP_PERMITTED, &value) && value == CAP_SET &&
	    !cap_set_flag(caps, CAP_EFFECTIVE, 1, &search, CAP_SET))
		cap_set_proc(caps);
	cap_free(caps);
}

void file_owner_enter(const struct file_owner *o)
{
	if (!o->other)
		return;
	setfsgid(o->gid);
	setfsuid(o->uid);
	keep_search();
}

void file_owner_leave(const struct file_owner *o)
{
	if (!o->other)
		return;
	setfsuid(geteuid());
	setfsgid(getegid());
}

bool file_owner_adopt(const struct file_owner *o, const char *path)
{
	bool given = false, entered = (uid_t)setfsuid((uid_t)-1) == o->uid;
	struct stat st;
	int fd;

	if (!o->other)
		return false;
	file_owner_leave(o);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	/* One name only: by a hard link the user could have put any file of root's here. */
	if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && !st.st_uid && st.st_nlink == 1)
		given = !fchown(fd, o->uid, o->gid);
	if (fd >= 0)
		close(fd);
	if (entered)
		file_owner_enter(o);
	return given;
}
