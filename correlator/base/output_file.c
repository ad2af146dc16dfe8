// SPDX-License-Identifier: GPL-2.0-only
/*
 * output_file.c - create and open files by names that the user gave.
 */
#include "base/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

/* All may create in it, and none may remove another's. */
static bool is_public(const char *path)
{
	char *copy = strdup(path);
	struct stat st;
	bool public;

	public = copy && !stat(dirname(copy), &st) && st.st_mode & S_ISVTX && st.st_mode & S_IWOTH;
	free(copy);
	return public;
}

/* Also by a hard link: that the name is there says nothing of who made it. */
static bool is_foreign(const struct stat *st)
{
	uid_t me = (uid_t)setfsuid((uid_t)-1);

	return st->st_uid != me || (S_ISREG(st->st_mode) && st->st_nlink > 1);
}

static int check_opened(int fd, bool public, enum output_mode mode)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (public && is_foreign(&st))
		return -EPERM;
	if (mode == OUTPUT_REPLACE && S_ISREG(st.st_mode) && ftruncate(fd, 0))
		return -errno;
	return 0;
}

int output_file_open(const char *path, enum output_mode mode)
{
	bool public = is_public(path);
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY;
	int fd, err;

	flags |= (public ? O_NOFOLLOW : 0) | (mode == OUTPUT_APPEND ? O_APPEND : 0);
	fd = open(path, flags, 0644);
	if (fd < 0)
		return -errno;
	err = check_opened(fd, public, mode);
	if (!err)
		return fd;
	close(fd);
	return err;
}

int output_file_check(const char *path)
{
	struct stat st;

	if (!is_public(path))
		return 0;
	if (lstat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (S_ISLNK(st.st_mode))
		return -ELOOP;
	return is_foreign(&st) ? -EPERM : 0;
}

bool output_file_is(int fd, const char *path)
{
	struct stat ours, named;

	return !fstat(fd, &ours) && !stat(path, &named) && ours.st_dev == named.st_dev &&
	       ours.st_ino == named.st_ino;
}
