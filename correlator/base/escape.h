/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * escape.h - foreign text on its way to a terminal or a page: nothing in it may act on either.
 */
#ifndef ESCAPE_H
#define ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/**
 * escape_next() - bytes of the character at @at, of UTF-8; 0 at the end
 * @ret_shows: false for what must not be written as it is: bytes that are no UTF-8, control
 * characters of ASCII and of Latin-1 (U+009B begins a terminal sequence too), and those that turn
 * the direction of text or end a line.
 */
size_t escape_next(const char *at, bool *ret_shows);

/** escape_print() - write @text, with what must not be written as \xNN; @lines: lines may end */
void escape_print(FILE *out, const char *text, bool lines);

#endif
