/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * file_owner.h - create files in a user's directory as that user.
 *
 * Root without CAP_DAC_OVERRIDE may not write there, and with it would follow whatever the user puts
 * in the file's place. As the user, neither is a question, and the files are the user's.
 */
#ifndef FILE_OWNER_H
#define FILE_OWNER_H

#include <stdbool.h>
#include <sys/types.h>

struct file_owner {
	bool other; /* another than we are; else there is nothing to do */
	uid_t uid;
	gid_t gid;
};

/**
 * file_owner_of() - the owner of the directory that @path is in
 *
 * Nobody else than ourselves when that is root, or we are not, or nobody can tell.
 */
struct file_owner file_owner_of(const char *path);

/**
 * file_owner_enter() - for file systems, be this user until file_owner_leave()
 *
 * For this thread. Needs CAP_SETUID and CAP_SETGID; CAP_DAC_READ_SEARCH is kept, to come to the
 * directory. Without them nothing changes.
 */
void file_owner_enter(const struct file_owner *o);
void file_owner_leave(const struct file_owner *o);

/**
 * file_owner_adopt() - give a file of root's in a user's directory to that user, if it is there
 *
 * An earlier version left such files; the user could not go on with them.
 *
 * Return: was there one to give?
 */
bool file_owner_adopt(const struct file_owner *o, const char *path);

#endif
