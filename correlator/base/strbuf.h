/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * strbuf.h - what printers write, as a string.
 *
 * A stream in memory is dear to open and cheap to use again, and a case takes a dozen of them:
 * each thread keeps one.
 */
#ifndef STRBUF_H
#define STRBUF_H

#include <stdio.h>

/** strbuf_begin() - an empty stream, this thread's, until strbuf_end(); one at a time. NULL with errno. */
FILE *strbuf_begin(void);

/** strbuf_end() - what was written since strbuf_begin(), to be freed; NULL when out of memory */
char *strbuf_end(void);

#endif
