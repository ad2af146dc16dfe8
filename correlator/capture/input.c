// SPDX-License-Identifier: GPL-2.0-only
/*
 * input.c - the bytes of a file, one window after the other; gzip and zstd are unpacked on the way.
 */
#include "capture/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define WINDOW_BYTES (1u << 18)
#define WINDOW_MAX (1u << 28)
#define PACKED_BYTES (1u << 17)
/* One part in so many of the machine's memory is taken to be there for a file's pages. */
#define CACHED_SHARE 4

static const uint8_t gzip_magic[] = { 0x1f, 0x8b };
static const uint8_t zstd_magic[] = { 0x28, 0xb5, 0x2f, 0xfd };

enum packing { PLAIN, GZIP, ZSTD };

struct reader {
	struct input in;
	int fd;
	enum packing packing;
	uint8_t *window;
	size_t window_size;
	uint64_t passed; /* bytes before the window */
	off_t start;	 /* where byte 0 is: standard input may be past the file's beginning */
	uint64_t size;	 /* from there on; 0 = not known */
	uint64_t from;	 /* of a part */
	uint64_t taken;	 /* up to this byte */
	uint64_t limit;	 /* of taken */
	bool is_part;	 /* the descriptor is somebody else's */
	bool ended;
	/* packed input that was read and not unpacked yet */
	uint8_t *packed;
	size_t packed_at;
	size_t packed_end;
	z_stream gzip;
	ZSTD_DStream *zstd;
	bool member_open; /* the archive ends in the middle of something */
};

static struct reader *reader_of(const struct input *in)
{
	return (struct reader *)in;
}

/* Bytes read, 0 at the end, -errno. */
static ssize_t read_file(struct reader *r, void *to, size_t n)
{
	ssize_t got;

	if (n > r->limit - r->taken)
		n = r->limit - r->taken;
	do {
		got = r->size ? pread(r->fd, to, n, r->start + (off_t)r->taken) :
				read(r->fd, to, n);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	r->taken += (uint64_t)got;
	return got;
}

static ssize_t refuse(struct reader *r, const char *why)
{
	r->in.why = why;
	return -EBADMSG;
}

/* Several members may follow each other, as `cat a.gz b.gz` makes them. */
static ssize_t unpack_gzip(struct reader *r, uint8_t *to, size_t n)
{
	int got;

	r->gzip.next_in = r->packed + r->packed_at;
	r->gzip.avail_in = (uInt)(r->packed_end - r->packed_at);
	r->gzip.next_out = to;
	r->gzip.avail_out = (uInt)n;
	got = inflate(&r->gzip, Z_NO_FLUSH);
	r->packed_at = r->packed_end - r->gzip.avail_in;
	if (got != Z_OK && got != Z_STREAM_END && got != Z_BUF_ERROR)
		return refuse(r, "corrupt gzip data");
	r->member_open = got != Z_STREAM_END;
	if (got == Z_STREAM_END)
		inflateReset(&r->gzip);
	return (ssize_t)(n - r->gzip.avail_out);
}

static ssize_t unpack_zstd(struct reader *r, uint8_t *to, size_t n)
{
	ZSTD_inBuffer from = { r->packed, r->packed_end, r->packed_at };
	ZSTD_outBuffer out = { to, n, 0 };
	size_t left = ZSTD_decompressStream(r->zstd, &out, &from);

	r->packed_at = from.pos;
	if (ZSTD_isError(left))
		return refuse(r, "corrupt zstd data");
	r->member_open = left != 0;
	return (ssize_t)out.pos;
}

static ssize_t read_packed(struct reader *r, uint8_t *to, size_t n)
{
	ssize_t got;

	for (;;) {
		if (r->packed_at < r->packed_end) {
			got = r->packing == GZIP ? unpack_gzip(r, to, n) : unpack_zstd(r, to, n);
			if (got)
				return got;
		}
		if (r->packed_at < r->packed_end)
			continue;
		got = read_file(r, r->packed, PACKED_BYTES);
		if (got < 0)
			return got;
		if (!got)
			return r->member_open ? refuse(r, "truncated compressed data") : 0;
		r->packed_at = 0;
		r->packed_end = (size_t)got;
	}
}

/* Make room behind the window's end for @n bytes from in->at on. */
static int make_room(struct reader *r, size_t n)
{
	size_t have = (size_t)(r->in.end - r->in.at), size = r->window_size;
	uint8_t *grown;

	if (n > WINDOW_MAX)
		return -EMSGSIZE;
	if (have && r->in.at != r->window)
		memmove(r->window, r->in.at, have);
	r->passed += (uint64_t)(r->in.at - r->window);
	r->in.at = r->window;
	r->in.end = r->window + have;
	while (size < n)
		size *= 2;
	if (size == r->window_size)
		return 0;
	grown = realloc(r->window, size);
	if (!grown)
		return -ENOMEM;
	r->window = grown;
	r->window_size = size;
	r->in.at = grown;
	r->in.end = grown + have;
	return 0;
}

bool input__fill(struct input *in, size_t n)
{
	struct reader *r = reader_of(in);
	int err = r->ended ? 0 : make_room(r, n);

	if (err) {
		in->err = err;
		r->ended = true;
	}
	while (!r->ended && (size_t)(in->end - in->at) < n) {
		uint8_t *to = r->window + (in->end - r->window);
		size_t room = r->window_size - (size_t)(in->end - r->window);
		ssize_t got = r->packing ? read_packed(r, to, room) : read_file(r, to, room);

		if (got < 0)
			in->err = (int)got;
		if (got <= 0)
			r->ended = true;
		else
			in->end += got;
	}
	return (size_t)(in->end - in->at) >= n;
}

bool input__skip(struct input *in, uint64_t n)
{
	while (n) {
		size_t have = (size_t)(in->end - in->at);
		size_t step = have < n ? have : (size_t)n;

		in->at += step;
		n -= step;
		if (n && !input__need(in, 1))
			return false;
	}
	return true;
}

/* What was read to see the magic is the beginning of the packed input. */
static int start_unpacking(struct reader *r)
{
	size_t have = (size_t)(r->in.end - r->in.at);

	if (have >= sizeof(gzip_magic) && !memcmp(r->in.at, gzip_magic, sizeof(gzip_magic)))
		r->packing = GZIP;
	else if (have >= sizeof(zstd_magic) && !memcmp(r->in.at, zstd_magic, sizeof(zstd_magic)))
		r->packing = ZSTD;
	else
		return 0;
	r->packed = malloc(have > PACKED_BYTES ? have : PACKED_BYTES);
	if (!r->packed)
		return -ENOMEM;
	memcpy(r->packed, r->in.at, have);
	r->packed_end = have;
	r->in.end = r->in.at;
	r->ended = false;
	r->in.err = 0;
	if (r->packing == GZIP)
		return inflateInit2(&r->gzip, 15 + 16) == Z_OK ? 0 : -ENOMEM;
	r->zstd = ZSTD_createDStream();
	return r->zstd ? 0 : -ENOMEM;
}

static int open_file(struct reader *r, const char *path)
{
	struct stat st;

	r->fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : STDIN_FILENO;
	if (r->fd < 0 || fstat(r->fd, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return 0;
	r->start = lseek(r->fd, 0, SEEK_CUR);
	if (r->start < 0)
		return -errno;
	r->size = st.st_size > r->start ? (uint64_t)(st.st_size - r->start) : 0;
	return 0;
}

static struct reader *new_reader(const char *name)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->in.name = name;
	r->fd = -1;
	r->limit = UINT64_MAX;
	r->window_size = WINDOW_BYTES;
	r->window = malloc(WINDOW_BYTES);
	r->in.at = r->in.end = r->window;
	if (r->window)
		return r;
	free(r);
	return NULL;
}

struct input *input__open(const char *path)
{
	struct reader *r = new_reader(strcmp(path, "-") ? path : "standard input");
	int err;

	if (!r)
		return NULL;
	err = open_file(r, path);
	if (!err) {
		input__need(&r->in, sizeof(zstd_magic));
		err = r->in.err ? r->in.err : start_unpacking(r);
	}
	if (!err)
		return &r->in;
	input__close(&r->in);
	errno = -err;
	return NULL;
}

double input__progress(const struct input *in)
{
	const struct reader *r = reader_of(in);

	uint64_t end = r->limit < r->size ? r->limit : r->size;

	return end > r->from ? (double)(r->taken - r->from) / (double)(end - r->from) : -1;
}

uint64_t input__size(const struct input *in)
{
	return reader_of(in)->size;
}

bool input__is_plain(const struct input *in)
{
	const struct reader *r = reader_of(in);

	return r->packing == PLAIN && r->size;
}

bool input__can_be_parted(const struct input *in)
{
	uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);

	return input__is_plain(in) && reader_of(in)->size <= memory / CACHED_SHARE;
}

struct input *input__part(struct input *in, uint64_t from)
{
	struct reader *whole = reader_of(in), *r = new_reader(in->name);

	if (!r)
		return NULL;
	r->is_part = true;
	r->fd = whole->fd;
	r->start = whole->start;
	r->size = r->limit = whole->limit = whole->size;
	r->from = r->taken = r->passed = from;
	return &r->in;
}

void input__end_at(struct input *in, uint64_t byte)
{
	struct reader *r = reader_of(in);

	if (byte < r->taken)
		in->end -= r->taken - byte;
	r->limit = byte;
	if (r->taken > byte)
		r->taken = byte;
}

uint64_t input__offset(const struct input *in)
{
	const struct reader *r = reader_of(in);

	return r->passed + (uint64_t)(in->at - r->window);
}

static ssize_t read_stream(void *cookie, char *to, size_t n)
{
	struct input *in = cookie;
	size_t have;

	if (!input__need(in, 1)) {
		errno = in->err ? -in->err : 0;
		return in->err ? -1 : 0;
	}
	have = (size_t)(in->end - in->at);
	n = n < have ? n : have;
	memcpy(to, in->at, n);
	in->at += n;
	return (ssize_t)n;
}

FILE *input__stream(struct input *in)
{
	return fopencookie(in, "r", (cookie_io_functions_t){ .read = read_stream });
}

void input__close(struct input *in)
{
	struct reader *r = reader_of(in);

	if (!in)
		return;
	if (r->fd > STDERR_FILENO && !r->is_part)
		close(r->fd);
	if (r->packing == GZIP)
		inflateEnd(&r->gzip);
	ZSTD_freeDStream(r->zstd);
	free(r->packed);
	free(r->window);
	free(r);
}
