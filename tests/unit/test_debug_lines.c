// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_debug_lines.c - lines of a program that we know, found in its debug symbols.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lines_sample.h"
#include "host/debug_lines.h"
#include "test.h"

#define FILE_NAME "tests/unit/lines_sample.c"

static char dir[PATH_MAX]; /* where the sample's files are */

struct wanted {
	uint64_t offset;
	char text[256];
};

static struct wanted plain, inlined;

/* ".so", ".debug", ...; two results may be in use at a time. */
static const char *sample_file(const char *ending)
{
	static char path[2][PATH_MAX + 64];
	static unsigned int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/lines_sample%s", dir, ending);
	return path[turn];
}

static struct debug_lines *open_lines(const char *file, const char *notes, const char *root,
				      char why[512])
{
	struct lines_config cfg = { .file = file, .notes = notes, .root = root };

	why[0] = 0;
	return debug_lines__open(&cfg, why, 512);
}

/* Runs the sample, which tells where it was. */
static bool learn_lines(void)
{
	void *so = dlopen(sample_file(".so"), RTLD_NOW);
	void (*run)(struct sample *);
	const char *stext;
	struct sample s;

	if (!so) {
		printf("# %s\n", dlerror());
		return false;
	}
	stext = dlsym(so, "_stext");
	run = (void (*)(struct sample *))dlsym(so, "sample_plain");
	run(&s);
	plain.offset = (uint64_t)((const char *)s.addr - 1 - stext);
	sprintf(plain.text, FILE_NAME ":%d", s.line[0]);
	run = (void (*)(struct sample *))dlsym(so, "sample_inlined");
	run(&s);
	inlined.offset = (uint64_t)((const char *)s.addr - 1 - stext);
	sprintf(inlined.text,
		FILE_NAME ":%d, inlined middle " FILE_NAME ":%d, inlined inner " FILE_NAME ":%d",
		s.line[0], s.line[1], s.line[2]);
	return true;
}

static void check_lines(struct debug_lines *l, const char *name)
{
	if (!check(l, "%s is taken", name))
		return;
	check_str(debug_lines__find(l, plain.offset), plain.text, "... a line is found");
	check_str(debug_lines__find(l, inlined.offset), inlined.text,
		  "... and lines of inlined functions");
	check_str(debug_lines__find(l, 1ull << 40), NULL, "... elsewhere there is none");
}

static void test_files(void)
{
	static const struct {
		const char *name;
		const char *ending;
	} rows[] = {
		{ "a program with its symbols", ".so" },
		{ "a file with nothing but symbols", ".debug" },
		{ "a file with compressed symbols", ".zdebug" },
		{ "a file without an index of addresses", ".noindex" },
	};
	char why[512];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct debug_lines *l =
			open_lines(sample_file(rows[i].ending), sample_file(".notes"), "", why);

		check_lines(l, rows[i].name);
		debug_lines__free(l);
	}
}

/* More addresses than are kept, twice: what replaced another must not answer for it. */
static void test_cache(void)
{
	char why[512];
	struct debug_lines *l = open_lines(sample_file(".so"), sample_file(".notes"), "", why);
	uint64_t offset;
	int turn, bad = 0;

	for (turn = 0; l && turn < 2; turn++) {
		for (offset = 0; offset < 5000; offset++)
			debug_lines__find(l, (1ull << 30) + offset);
		for (offset = 0; offset < 5000; offset++)
			bad += !!debug_lines__find(l, (1ull << 30) + offset);
		bad += strcmp(debug_lines__find(l, plain.offset), plain.text) != 0;
	}
	check(l && !bad, "an answer is that of its own address, however many were asked");
	debug_lines__free(l);
}

static void test_refusals(void)
{
	static const struct {
		const char *name;
		const char *file;
		const char *notes;
		int err;
		const char *why;
	} rows[] = {
		{ "a file that is not there", ".absent", ".notes", ENOENT, "No such file" },
		{ "a file that is no program", ".notes", ".notes", ENOEXEC, "not an ELF file" },
		{ "a program of another build", ".other", ".notes", EINVAL,
		  "not the running kernel's: its build-id is" },
		{ "a program without build-id", ".nameless", ".notes", EINVAL, "missing" },
		{ "a program without symbols", ".stripped", ".notes", ENODATA, "no debug symbols" },
		{ "a kernel without notes", ".so", ".absent", ENOENT, "build-id" },
		{ "a kernel without a build-id in its notes", ".so", ".so", ENOENT, "build-id" },
	};
	char why[512];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct debug_lines *l =
			open_lines(sample_file(rows[i].file), sample_file(rows[i].notes), "", why);

		check(!l && errno == rows[i].err, "%s is refused", rows[i].name);
		check_has(why, rows[i].why, "... and it is said why");
		debug_lines__free(l);
	}
}

/* Makes the directories of @path, and there a link to @target. */
static void put_link(const char *target, const char *path)
{
	char buf[PATH_MAX];
	char *p;

	snprintf(buf, sizeof(buf), "%s", path);
	for (p = strchr(buf + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = 0;
		mkdir(buf, 0755);
		*p = '/';
	}
	unlink(path);
	if (symlink(target, path))
		perror(path);
}

static void build_id_place(char *buf, size_t len, const char *root)
{
	FILE *in = fopen(sample_file(".notes"), "re");
	size_t n = (size_t)snprintf(buf, len, "%s/usr/lib/debug/.build-id/", root), i;
	uint8_t notes[64] = { 0 };
	size_t have = fread(notes, 1, sizeof(notes), in);

	fclose(in);
	for (i = 16; i < have; i++)
		n += (size_t)snprintf(buf + n, len - n, "%02x%s", notes[i], i == 16 ? "/" : "");
	snprintf(buf + n, len - n, ".debug");
}

static void test_places(void)
{
	static const char *const places[] = {
		"%s/usr/lib/debug/boot/vmlinux-%s",
		"%s/usr/lib/debug/lib/modules/%s/vmlinux",
		"%s/lib/modules/%s/build/vmlinux",
		"%s/boot/vmlinux-%s",
	};
	char root[] = "/tmp/rstscope-lines.XXXXXX", path[PATH_MAX], why[512], command[64];
	const char *so = realpath(sample_file(".so"), NULL);
	const char *other = realpath(sample_file(".other"), NULL);
	struct debug_lines *l;
	struct utsname host;
	size_t i;

	uname(&host);
	if (!check(so && other && mkdtemp(root), "there is room for an installation"))
		return;
	l = open_lines(NULL, sample_file(".notes"), root, why);
	check(l && !debug_lines__find(l, plain.offset),
	      "where no symbols are installed there is no line, and no error");
	debug_lines__free(l);
	for (i = 0; i <= ARRAY_SIZE(places); i++) {
		if (i < ARRAY_SIZE(places))
			snprintf(path, sizeof(path), places[i], root, host.release);
		else
			build_id_place(path, sizeof(path), root);
		put_link(so, path);
		l = open_lines(NULL, sample_file(".notes"), root, why);
		check_lines(l, path + strlen(root));
		debug_lines__free(l);
		/* It stays there, and must be passed over in favour of the next. */
		put_link(other, path);
	}
	l = open_lines(NULL, sample_file(".notes"), root, why);
	check(l && !debug_lines__find(l, plain.offset), "symbols of another build are not used");
	debug_lines__free(l);
	snprintf(command, sizeof(command), "rm -r %s", root);
	check_int(system(command), 0, "the installation is gone again");
	free((void *)so);
	free((void *)other);
}

static size_t read_sample(uint8_t *buf, size_t len)
{
	FILE *in = fopen(sample_file(".so"), "re");
	size_t n = fread(buf, 1, len, in);

	fclose(in);
	return n;
}

static void ask_damaged(const uint8_t *buf, size_t len, unsigned int *ret_taken)
{
	char path[] = "/tmp/rstscope-lines.XXXXXX", why[512];
	int fd = mkstemp(path);
	struct debug_lines *l;
	uint64_t offset;

	if (fd < 0 || write(fd, buf, len) != (ssize_t)len)
		perror(path);
	close(fd);
	l = open_lines(path, sample_file(".notes"), "", why);
	for (offset = 0; l && offset < 256; offset++)
		debug_lines__find(l, plain.offset - 128 + offset);
	*ret_taken += !!l;
	debug_lines__free(l);
	unlink(path);
}

/* Nothing that a file can hold may crash us or keep us for ever. */
static void test_damage(void)
{
	static uint8_t whole[1 << 17], buf[1 << 17];
	unsigned long long state = getenv("SEED") ? strtoull(getenv("SEED"), NULL, 0) : 20261125;
	size_t len = read_sample(whole, sizeof(whole)), i;
	unsigned int taken = 0, n;

	printf("# seed %llu\n", state);
	for (i = 0; i < len; i += 1 + len / 100)
		ask_damaged(whole, i, &taken);
	for (n = 0; n < 400; n++) {
		memcpy(buf, whole, len);
		for (i = 0; i < 1 + n / 20; i++)
			buf[test_random(&state) % len] = (uint8_t)test_random(&state);
		ask_damaged(buf, len, &taken);
	}
	check(len > 1000 && len < sizeof(whole) && taken > 10,
	      "damaged files do no harm (%u of them were taken)", taken);
}

int main(int argc, char **argv)
{
	(void)argc;
	snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(argv[0], '/') - argv[0]), argv[0]);
	if (check(learn_lines(), "the sample tells its lines")) {
		test_files();
		test_cache();
		test_refusals();
		test_places();
		test_damage();
	}
	debug_lines__free(NULL);
	return test_done();
}
