/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * output_file.h - create and open files by names that the user gave, also where others may write.
 */
#ifndef OUTPUT_FILE_H
#define OUTPUT_FILE_H

#include <stdbool.h>

enum output_mode {
	OUTPUT_APPEND,
	OUTPUT_REPLACE, /* what is there is emptied */
	OUTPUT_TOUCH,	/* only that it exists */
};

/**
 * output_file_open() - open for writing, created if need be
 *
 * In a directory where all may create files and none may remove another's (/tmp), a symbolic link
 * is refused (-ELOOP), and so is somebody else's file (-EPERM), whatever the kernel's
 * fs.protected_* are set to.
 *
 * Return: a descriptor, close-on-exec; or -errno.
 */
int output_file_open(const char *path, enum output_mode mode);

/** output_file_check() - 0 or -errno, as output_file_open() would say of what exists */
int output_file_check(const char *path);

/** output_file_is() - is @fd the file that has this name now? It may have been moved away. */
bool output_file_is(int fd, const char *path);

#endif
