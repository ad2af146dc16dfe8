/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * textwrap.h - text in lines of 80 columns.
 */
#ifndef TEXTWRAP_H
#define TEXTWRAP_H

#include <stdio.h>

/**
 * wrap_text() - print @text, broken at spaces but not inside backquotes, and a newline
 * @indent: the column where each line begins; the first line is there already
 */
void wrap_text(FILE *out, unsigned int indent, const char *text);

#endif
