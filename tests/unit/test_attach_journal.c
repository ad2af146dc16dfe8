// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_attach_journal.c - the notes of sensors that were killed, on a /run of our own.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live/attach_journal.h"
#include "test.h"

#define NETNS 4026531840u
#define DIR_PATH "/run/rstscope"

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

/* A /run that nobody else sees; needs no root where user namespaces may be made. */
static bool enter_own_run(void)
{
	char uids[64], gids[64];

	snprintf(uids, sizeof(uids), "0 %u 1", getuid());
	snprintf(gids, sizeof(gids), "0 %u 1", getgid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		return false;
	write_file("/proc/self/setgroups", "deny");
	if (!write_file("/proc/self/uid_map", uids) || !write_file("/proc/self/gid_map", gids))
		return false;
	return !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mount("tmpfs", "/run", "tmpfs", 0, NULL);
}

static unsigned int files_in_dir(void)
{
	unsigned int n = 0;
	struct dirent *e;
	DIR *dir = opendir(DIR_PATH);

	while (dir && (e = readdir(dir)))
		n += e->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return n;
}

struct reaped {
	struct leftover items[4096];
	unsigned int n;
};

static struct reaped got;

static bool on_item(void *ctx, const struct leftover *item)
{
	struct reaped *r = ctx;

	if (r->n < ARRAY_SIZE(r->items))
		r->items[r->n] = *item;
	r->n++;
	return true;
}

static bool refuse(void *ctx, const struct leftover *item)
{
	on_item(ctx, item);
	return false;
}

static int reap(uint64_t netns)
{
	got.n = 0;
	return attach_journal_reap(netns, on_item, &got);
}

static struct leftover item_of(unsigned int i)
{
	return (struct leftover){ .kind = (enum leftover_kind)(i % 4),
				  .ifindex = i,
				  .handle = 0xfffffff0u,
				  .priority = 49152,
				  .prog_id = 1000 + i };
}

/* A sensor that notes @n items and is killed. */
static void dead_sensor(uint64_t netns, unsigned int n)
{
	unsigned int i;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		struct attach_journal *l = attach_journal__open(netns);

		for (i = 0; l && i < n; i++) {
			struct leftover item = item_of(i);

			attach_journal__note(l, &item);
		}
		_exit(!l);
	}
	waitpid(pid, NULL, 0);
}

static void test_none(void)
{
	check_int(reap(NETNS), 0, "without a directory nothing is left over");
	attach_journal__close(NULL, true);
}

static void test_living(void)
{
	struct attach_journal *l = attach_journal__open(NETNS), *again;
	struct leftover item = item_of(1);
	struct stat st;

	if (!check(l, "a sensor can note what it attaches"))
		return;
	check_int(attach_journal__note(l, &item), 0, "a note is taken");
	check(!stat(DIR_PATH, &st) && (st.st_mode & 077) == 0, "the directory is for root only");
	check_int(reap(NETNS), 0, "a living sensor's notes are not touched");
	again = attach_journal__open(NETNS);
	check(!again, "one process has one file");
	if (again)
		attach_journal__close(again, true);
	attach_journal__close(l, true);
	check_int(files_in_dir(), 0, "a sensor that detached everything leaves no file");
}

static void test_unclean(void)
{
	struct attach_journal *l = attach_journal__open(NETNS);
	struct leftover item = item_of(2);

	if (!l)
		return;
	attach_journal__note(l, &item);
	attach_journal__close(l, false);
	check_int(reap(NETNS), 1, "what could not be detached is left for the next start");
	check_int(got.items[0].ifindex, 2, "... as it was noted");
}

static void test_dead(void)
{
	struct leftover want;
	unsigned int i, wrong = 0;

	dead_sensor(NETNS, 6);
	check_int(reap(NETNS + 1), 0, "another namespace's leftovers wait for a start there");
	check_int(reap(NETNS), 6, "a dead sensor's leftovers are removed");
	for (i = 0; i < got.n && i < 6; i++) {
		want = item_of(5 - i);
		wrong += memcmp(&got.items[i], &want, sizeof(want)) != 0;
	}
	check_int(wrong, 0, "... the last first, as they were noted");
	check_int(files_in_dir(), 0, "... and so is the file");
	check_int(reap(NETNS), 0, "... once");

	dead_sensor(NETNS, 2);
	dead_sensor(NETNS, 3);
	check_int(reap(NETNS), 5, "several dead sensors are cleaned up after");
	dead_sensor(NETNS, 2);
	got.n = 0;
	check_int(attach_journal_reap(NETNS, refuse, &got), 0,
		  "what was not removed is not counted");
	check_int(got.n, 2, "... though it was tried");
	reap(NETNS);
}

static void test_many(void)
{
	static const unsigned int counts[] = { 256, 257, 3000 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		dead_sensor(NETNS, counts[i]);
		check_int(reap(NETNS), counts[i], "%u leftovers are all removed", counts[i]);
		reap(NETNS);
	}
}

static void test_broken(void)
{
	static const struct {
		const char *name;
		const char *text;
		int want;
	} rows[] = {
		{ "an empty file", "", 0 },
		{ "a file without a namespace", "1 2 3 4 5\n", 0 },
		{ "a line that is cut", "netns 4026531840\n0 2 3 4 5\n1 2 3", 1 },
		{ "a line of words", "netns 4026531840\n0 2 3 4 5\nqdisc 1 2 3 4\n0 2 3 4 5\n", 1 },
		{ "numbers beyond 32 bits", "netns 4026531840\n0 99999999999999999999 3 4 5\n", 1 },
		{ "a namespace that is no number", "netns root\n0 2 3 4 5\n", 0 },
	};
	char path[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(path, sizeof(path), DIR_PATH "/watch.%zu", 100000 + i);
		write_file(path, rows[i].text);
		check_int(reap(NETNS), rows[i].want, "%s does no harm", rows[i].name);
		unlink(path);
	}
	write_file(DIR_PATH "/other", "netns 4026531840\n0 2 3 4 5\n");
	check_int(reap(NETNS), 0, "files of others are not read");
	unlink(DIR_PATH "/other");
}

static void test_same_pid(void)
{
	struct attach_journal *l;
	char path[64];

	/* Left by a sensor of another namespace that happened to have our pid. */
	snprintf(path, sizeof(path), DIR_PATH "/watch.%d", (int)getpid());
	write_file(path, "netns 77\n0 2 3 4 5\n");
	l = attach_journal__open(NETNS);
	attach_journal__close(l, true);
	check_int(reap(77), 1, "the notes of another namespace outlive a sensor with the same pid");
	unlink(path);
}

static void test_link(void)
{
	char path[64];
	struct attach_journal *l;

	snprintf(path, sizeof(path), DIR_PATH "/watch.%llu.%d", (unsigned long long)NETNS,
		 (int)getpid());
	write_file("/run/victim", "precious");
	if (symlink("/run/victim", path))
		return;
	l = attach_journal__open(NETNS);
	check(!l, "a symbolic link in place of the file is refused");
	attach_journal__close(l, true);
	unlink(path);
}

int main(void)
{
	if (!enter_own_run()) {
		test_skip("leftovers of dead sensors: no user namespace to be had (errno %d)",
			  errno);
		return test_done();
	}
	test_none();
	test_living();
	test_unclean();
	test_dead();
	test_many();
	test_broken();
	test_same_pid();
	test_link();
	return test_done();
}
