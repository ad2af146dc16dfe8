/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * json_writer.h - JSON, written member by member into memory.
 *
 * What is written is valid whatever the text was, and harmless on a terminal: control characters and
 * those that change the direction of writing are escaped. Reading is jansson's.
 */
#ifndef JSON_WRITER_H
#define JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_writer;

/** json_writer__new() - NULL when out of memory */
struct json_writer *json_writer__new(void);
void json_writer__free(struct json_writer *w);

/**
 * json_writer__text() - what was written, terminated by 0, until the next call of the writer
 *
 * Return: NULL when out of memory.
 */
const char *json_writer__text(struct json_writer *w, size_t *ret_len);

/*
 * One value each. @key: its name in an object; NULL in an array, and of the outermost value. Keys are
 * literals of ours: they are not escaped.
 */
void json__object(struct json_writer *w, const char *key);
void json__array(struct json_writer *w, const char *key);

/** json__end() - of the innermost object or array that is open */
void json__end(struct json_writer *w);

/** json__end_filled() - likewise; if it is empty, it is taken back, with its key */
void json__end_filled(struct json_writer *w);

/** json__text() - bytes that are not UTF-8 as the four characters \xNN; NULL is null */
void json__text(struct json_writer *w, const char *key, const char *s);

/** json__bytes() - text; what is not UTF-8 as {"bytes": "hexadecimal digits"}, to be read back as it was */
void json__bytes(struct json_writer *w, const char *key, const char *s);

void json__unsigned(struct json_writer *w, const char *key, uint64_t v);
void json__signed(struct json_writer *w, const char *key, int64_t v);
void json__boolean(struct json_writer *w, const char *key, bool v);
void json__null(struct json_writer *w, const char *key);

/** json__microseconds() - @ns as microseconds with all decimals: 34.396, 5.0 */
void json__microseconds(struct json_writer *w, const char *key, int64_t ns);

#endif
