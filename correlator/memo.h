/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memo.h - what printers write, as a string.
 *
 * A stream in memory is dear to open and cheap to use again, and a case takes a dozen of them:
 * each thread keeps one.
 */
#ifndef MEMO_H
#define MEMO_H

#include <stdio.h>

/** memo_begin() - an empty stream, this thread's, until memo_end(); one at a time. NULL with errno. */
FILE *memo_begin(void);

/** memo_end() - what was written since memo_begin(), to be freed; NULL when out of memory */
char *memo_end(void);

#endif
