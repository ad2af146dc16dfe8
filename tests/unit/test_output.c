// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_output.c - files that are created by name, whose owner they are, and writes that may block.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/output_file.h"
#include "base/stoppable.h"
#include "host/file_owner.h"
#include "report/sink.h"
#include "scene.h"

#define NOBODY 65534

static char dir[] = "/tmp/rstscope-test.XXXXXX";

static char *in_dir(const char *name)
{
	static char path[8][128];
	static unsigned int n;
	char *p = path[n++ % 8];

	snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
	return p;
}

static long size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? -1 : (long)st.st_size;
}

static int open_and_close(const char *path, enum output_mode mode)
{
	int fd = output_file_open(path, mode);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

static void make(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	check(write(fd, text, strlen(text)) == (ssize_t)strlen(text), "'%s' is made", path);
	close(fd);
}

static void test_modes(void)
{
	char *path = in_dir("file");
	int fd;

	check_int(open_and_close(path, OUTPUT_TOUCH), 0, "a file is made");
	make(path, "text");
	check_int(open_and_close(path, OUTPUT_TOUCH), 0, "that it is there is enough");
	check_int(size_of(path), 4, "... and nothing of it is lost");
	fd = output_file_open(path, OUTPUT_APPEND);
	check(write(fd, "more", 4) == 4 && size_of(path) == 8, "what is appended comes behind");
	check(output_file_is(fd, path), "it is the file of that name");
	rename(path, in_dir("moved"));
	check(!output_file_is(fd, path), "moved away, it is not");
	make(path, "another");
	check(!output_file_is(fd, path), "nor where another has its name");
	close(fd);
	check_int(open_and_close(path, OUTPUT_REPLACE), 0, "what is replaced");
	check_int(size_of(path), 0, "is emptied");
	check(symlink(path, in_dir("link")) == 0, "a link is made");
	check_int(open_and_close(in_dir("link"), OUTPUT_TOUCH), 0,
		  "it is followed where nobody else can make one");
	check_int(open_and_close(in_dir("nowhere/x"), OUTPUT_TOUCH), -ENOENT,
		  "a directory that does not exist is an error");
}

static void test_public(void)
{
	char *victim = in_dir("victim"), *link_, *hard, *own;
	int err;

	check(mkdir(in_dir("public"), 0755) == 0 && chmod(in_dir("public"), 01777) == 0,
	      "a directory like /tmp");
	make(victim, "precious");
	link_ = in_dir("public/link");
	hard = in_dir("public/hard");
	own = in_dir("public/own");
	check(symlink(victim, link_) == 0 && link(victim, hard) == 0, "with two links to a file");
	err = open_and_close(link_, OUTPUT_REPLACE);
	check(err == -ELOOP || err == -EACCES, "a symbolic link is refused there (%d)", err);
	check_int(output_file_check(link_), -ELOOP, "also for whoever opens it otherwise");
	check_int(open_and_close(hard, OUTPUT_REPLACE), -EPERM,
		  "and so is a second name of a file");
	check_int(output_file_check(hard), -EPERM, "also for whoever opens it otherwise");
	check_int(size_of(victim), 8, "the file is as it was");
	check_int(open_and_close(own, OUTPUT_REPLACE), 0, "a new file is made");
	check_int(open_and_close(own, OUTPUT_REPLACE), 0, "and opened again");
	check_int(output_file_check(own), 0, "no objection");
	if (geteuid()) {
		test_skip("a file of another user: needs root");
		return;
	}
	check(chown(own, NOBODY, NOBODY) == 0, "another user has it");
	check(open_and_close(own, OUTPUT_REPLACE) < 0, "then it is refused");
}

static uid_t owner_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? (uid_t)-1 : st.st_uid;
}

static void test_owner(void)
{
	struct file_owner owner = file_owner_of(in_dir("x"));
	char *file, *left;

	check(!owner.other, "in a directory of ours there is nobody else to be");
	if (geteuid()) {
		test_skip("a directory of another user: needs root");
		return;
	}
	chmod(dir, 0755);
	file = in_dir("theirs/file");
	left = in_dir("theirs/left");
	check(mkdir(in_dir("theirs"), 0700) == 0 && chown(in_dir("theirs"), NOBODY, NOBODY) == 0,
	      "a directory of another user");
	make(left, "root's");
	owner = file_owner_of(file);
	check(owner.other && owner.uid == NOBODY, "whose user we are there");
	file_owner_enter(&owner);
	check_int(open_and_close(file, OUTPUT_REPLACE), 0, "as that user a file is made");
	check(open_and_close(left, OUTPUT_APPEND) < 0, "one of root's cannot be written");
	check(file_owner_adopt(&owner, left), "it is given to the user");
	check_int(open_and_close(left, OUTPUT_APPEND), 0, "then it can");
	check(link(file, in_dir("theirs/second")) == 0, "a file with two names");
	file_owner_leave(&owner);
	check_int(owner_of(file), NOBODY, "what was made is the user's");
	check(chown(file, 0, 0) == 0 && !file_owner_adopt(&owner, file),
	      "a file of root's with two names is given to nobody");
	make(in_dir("ours"), "");
	check_int(owner_of(in_dir("ours")), 0, "afterwards we are ourselves again");
}

/* A pipe whose reader does not read; it takes 64 kB. */
static void test_blocking(void)
{
	static char data[1 << 18];
	int fds[2], stop_fd;
	FILE *out;

	check(pipe(fds) == 0, "a pipe");
	check_int(stoppable_write(fds[1], data, 10, 0), 0, "what it has room for is written");
	raise(SIGINT);
	stop_fd = stop_fd_open();
	check(stop_fd >= 0, "and there is a stop");
	check_int(stoppable_write(fds[1], data, 10, stop_fd), 0,
		  "still, what there is room for is written");
	check_int(stoppable_write(fds[1], data, sizeof(data), stop_fd), -EINTR,
		  "what there is none for is given up");
	out = stoppable_fdopen(fds[1], stop_fd, true);
	errno = 0;
	fwrite(data, 1, sizeof(data), out);
	fflush(out);
	check(ferror(out) && errno == EINTR, "by a stream, too");
	fclose(out);
	close(fds[0]);
	close(stop_fd);
}

static int ended_by(void (*child)(void))
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		child();
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void block_stops(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGINT, SIG_IGN);
}

static void stop_twice(void)
{
	block_stops();
	raise(SIGTERM);
	stop_signals_release();
	raise(SIGINT);
}

static void stop_before(void)
{
	block_stops();
	raise(SIGTERM);
	raise(SIGINT);
	stop_signals_release();
}

static void test_stops_released(void)
{
	check_int(ended_by(stop_twice), SIGINT,
		  "a stop that comes after the release ends the process");
	check_int(ended_by(stop_before), 0, "... one that came before does not");
}

static int emit(struct sink *s, const struct reset_case *c)
{
	return s->ops->emit(s, c, &sample_context);
}

static void may_grow_to(rlim_t bytes)
{
	struct rlimit limit = { bytes, RLIM_INFINITY };

	setrlimit(RLIMIT_FSIZE, &limit);
}

/* A full disk takes half a line, which would spoil the next one. */
static void test_taken_back(void)
{
	static const struct scene scene = { .name = "any" };
	struct reset_case c = scene_build(&scene, AF_INET);
	struct sink_config cfg = { .path = in_dir("lines") };
	struct sink s = { .ops = &sink_json, .path = cfg.path };
	long line;

	classify(&c);
	check_int(sink_json.open(&s, &cfg), 0, "a file of lines is opened");
	check_int(emit(&s, &c), 0, "a reset is written");
	line = size_of(cfg.path);
	may_grow_to((rlim_t)line + 100);
	check_int(emit(&s, &c), -EFBIG, "there is no room for a second");
	check_int(size_of(cfg.path), line, "half of it does not stay");
	may_grow_to(RLIM_INFINITY);
	check_int(emit(&s, &c), 0, "with room again");
	check_int(size_of(cfg.path), 2 * line, "the next line is whole, and nothing else is there");
	sink_json.close(&s);
}

int main(void)
{
	sigset_t stops;
	char command[64];

	sigemptyset(&stops);
	sigaddset(&stops, SIGINT);
	sigprocmask(SIG_BLOCK, &stops, NULL);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGINT, SIG_DFL);
	if (!mkdtemp(dir))
		return 1;
	test_modes();
	test_public();
	test_owner();
	test_blocking();
	test_stops_released();
	test_taken_back();
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command))
		return 1;
	return test_done();
}
