/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * input.h - the bytes of a file, one window after the other; gzip and zstd are unpacked on the way.
 *
 * Read, not mapped: a file that somebody shortens meanwhile must not end us by SIGBUS.
 */
#ifndef INPUT_H
#define INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct input {
	const uint8_t *at;  /* next byte */
	const uint8_t *end; /* of what is in the window */
	const char *name;   /* for messages; "standard input" for "-" */
	int err;	    /* -errno: what ended it was not the end of the file */
	const char *why;    /* of err, where errno does not tell: a damaged archive */
};

/** input__open() - @path: "-" is standard input. NULL with errno on failure. */
struct input *input__open(const char *path);

/** input__fill() - as input__need(), when the window holds too little */
bool input__fill(struct input *in, size_t n);

/**
 * input__need() - have @n bytes at in->at, at most 256 MiB
 *
 * Return: false when the input ends before; what is left is then in the window.
 * Pointers into the window hold until the next call.
 */
static inline bool input__need(struct input *in, size_t n)
{
	return (size_t)(in->end - in->at) >= n || input__fill(in, n);
}

/** input__skip() - pass over @n bytes, also more than a window holds; false: it ended before */
bool input__skip(struct input *in, uint64_t n);

/**
 * input__can_be_parted() - can it be read at several places, and again at little cost?
 *
 * A file as it is, of a size that the page cache will still have.
 */
bool input__can_be_parted(const struct input *in);

/**
 * input__part() - another reader of the same file, from byte @from on. NULL with errno.
 *
 * It, and @in from now on, end where the file ended when it was opened; close it before @in.
 */
struct input *input__part(struct input *in, uint64_t from);

/** input__end_at() - end before that byte, which was not read yet */
void input__end_at(struct input *in, uint64_t byte);

/** input__progress() - from 0 to 1, of a part too; negative where the size is not known, as of a pipe */
double input__progress(const struct input *in);

/** input__size() - bytes; 0 = not known */
uint64_t input__size(const struct input *in);

/** input__is_plain() - a file as it is: neither packed nor a pipe */
bool input__is_plain(const struct input *in);

/** input__offset() - how many bytes were consumed, after unpacking */
uint64_t input__offset(const struct input *in);

/** input__stream() - the rest as a stream; fclose() it before input__close(). NULL with errno. */
FILE *input__stream(struct input *in);

/** input__close() - takes NULL */
void input__close(struct input *in);

#endif
