// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_attach_journal.c - the notes of sensors that were killed, on a /run of our own.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live/attach_journal.h"
#include "test.h"

#define INODE 4026531840u
#define MAP 77
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

struct handed {
	struct leftover items[4096];
	unsigned int n;
	bool here; /* the last one */
};

static struct handed got;

static enum reaped on_item(void *ctx, const struct leftover *item, const struct attach_place *owner,
			   bool here)
{
	struct handed *r = ctx;

	(void)owner;
	r->here = here;
	if (r->n < ARRAY_SIZE(r->items))
		r->items[r->n] = *item;
	r->n++;
	return REAPED;
}

static enum reaped refuse(void *ctx, const struct leftover *item, const struct attach_place *owner,
			  bool here)
{
	on_item(ctx, item, owner, here);
	return REAPED_NOT;
}

static enum reaped find_nothing(void *ctx, const struct leftover *item,
				const struct attach_place *owner, bool here)
{
	on_item(ctx, item, owner, here);
	return REAPED_ABSENT;
}

static bool map_lives;

static bool lives(void *ctx, uint32_t map_id)
{
	(void)ctx;
	return map_lives && map_id == MAP;
}

static const struct attach_place home = {
	.boot_id = "5aa7f7a2-77f4-4d8c-b1f7-5b6b0a1d9a10",
	.netns = { .cookie = 7, .ino = INODE },
	.map_id = MAP,
};

static struct attach_place place_with(uint64_t cookie, uint64_t ino)
{
	struct attach_place p = home;

	p.netns = (struct netns_id){ cookie, ino };
	return p;
}

static int reap_at(const struct attach_place *place)
{
	struct reaper r = { on_item, lives, &got };

	got.n = 0;
	return attach_journal_reap(place, &r);
}

static int reap(void)
{
	return reap_at(&home);
}

static struct leftover item_of(unsigned int i)
{
	return (struct leftover){ .kind = (enum leftover_kind)(i % 4),
				  .ifindex = i,
				  .ifname = "fifteen-letters",
				  .prog_id = 0xfffff000u + i };
}

/* A sensor that notes @n items and is killed. */
static void dead_sensor(const struct attach_place *place, unsigned int n)
{
	unsigned int i;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		struct attach_journal *l = attach_journal__open(place);

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
	check_int(reap(), 0, "without a directory nothing is left over");
	attach_journal__close(NULL, true);
}

static void test_living(void)
{
	struct attach_journal *l = attach_journal__open(&home), *again;
	struct leftover item = item_of(1);
	struct stat st;

	if (!check(l, "a sensor can note what it attaches"))
		return;
	check_int(attach_journal__note(l, &item), 0, "a note is taken");
	check(!stat(DIR_PATH, &st) && (st.st_mode & 077) == 0, "the directory is for root only");
	check_int(reap(), 0, "a living sensor's notes are not touched");
	again = attach_journal__open(&home);
	check(again, "a second one in the same process has notes of its own");
	attach_journal__close(again, true);
	check_int(files_in_dir(), 1, "... and leaves those of the first");
	attach_journal__close(l, true);
	check_int(files_in_dir(), 0, "a sensor that detached everything leaves no file");
}

static void test_unclean(void)
{
	struct attach_journal *l = attach_journal__open(&home);
	struct leftover item = item_of(2);

	if (!l)
		return;
	attach_journal__note(l, &item);
	attach_journal__close(l, false);
	check_int(reap(), 1, "what could not be detached is left for the next start");
	check_int(got.items[0].ifindex, 2, "... as it was noted");
}

/* In containers each sensor may have the same process id. */
static void test_same_process_id(void)
{
	struct reaper refusing = { refuse, lives, &got };
	struct attach_journal *l = attach_journal__open(&home);
	struct leftover item = item_of(1), other = item_of(4);

	if (!check(l, "a sensor notes"))
		return;
	attach_journal__note(l, &item);
	attach_journal__close(l, false);
	map_lives = true;
	attach_journal_reap(&home, &refusing);
	l = attach_journal__open(&home);
	check(l,
	      "one with the process id of a dead one notes, whose leftovers cannot be removed yet");
	if (l)
		attach_journal__note(l, &other);
	attach_journal__close(l, true);
	check_int(reap(), 1, "... which are still known when it has ended");
	check_int(got.items[0].ifindex, 1, "... as they were noted");
	map_lives = false;
}

/* A start that is stopped, or put off by a busy machine, may hold the file for as long as it likes. */
static void test_reader_is_stopped(void)
{
	struct leftover item = item_of(1);
	struct attach_journal *l;
	char path[96];
	int fd;

	snprintf(path, sizeof(path), DIR_PATH "/watch.%" PRIu64 ".%d", home.netns.ino,
		 (int)getpid());
	fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
	if (!check(fd >= 0 && !flock(fd, LOCK_SH),
		   "another start reads a file and goes no further"))
		return;
	l = attach_journal__open(&home);
	if (check(l, "... and yet notes can be taken"))
		attach_journal__note(l, &item);
	attach_journal__close(l, false);
	check_int(reap(), 1, "... which are found");
	close(fd);
	reap();
	check_int(files_in_dir(), 0, "... and nothing of it all is left behind");
}

static void test_absent(void)
{
	struct reaper nothing = { find_nothing, lives, &got };

	map_lives = true;
	dead_sensor(&home, 4);
	check_int(attach_journal_reap(&home, &nothing), 0, "what is not there is not counted");
	check_int(files_in_dir(), 0, "... and not looked for again, whatever else lives");
	map_lives = false;
}

static void test_unknown_boot(void)
{
	struct attach_place unknown = home;

	strcpy(unknown.boot_id, "-");
	map_lives = true;
	dead_sensor(&home, 4);
	check_int(reap_at(&unknown) + (int)got.n, 0, "who does not know his boot removes nothing");
	check_int(files_in_dir(), 1, "... and leaves the notes to who does");
	check_int(reap(), 4, "... who removes what they say");
	dead_sensor(&unknown, 4);
	check_int(reap() + (int)got.n, 0, "by notes of an unknown boot nothing is removed");
	check_int(files_in_dir(), 1, "... and they are left where they are");
	check_int(reap_at(&unknown), 4, "... for who is in the same case");
	dead_sensor(&unknown, 4);
	map_lives = false;
	check_int(reap() + (int)files_in_dir(), 0, "... as long as anything of that sensor lives");
}

static void test_dead(void)
{
	/* Of item_of(); the qdisc is number 2. */
	static const unsigned int order[] = { 5, 4, 3, 1, 0, 2 };
	struct reaper refusing = { refuse, lives, &got };
	struct leftover want;
	unsigned int i, wrong = 0;

	dead_sensor(&home, 6);
	check_int(reap(), 6, "a dead sensor's leftovers are removed");
	for (i = 0; i < got.n && i < 6; i++) {
		want = item_of(order[i]);
		wrong += memcmp(&got.items[i], &want, sizeof(want)) != 0;
	}
	check_int(wrong, 0,
		  "... the last first, but a qdisc after all filters, whenever it was noted");
	check_int(files_in_dir(), 0, "... and so is the file");
	check_int(reap(), 0, "... once");

	dead_sensor(&home, 2);
	dead_sensor(&home, 3);
	check_int(reap(), 5, "several dead sensors are cleaned up after");
	dead_sensor(&home, 2);
	got.n = 0;
	check_int(attach_journal_reap(&home, &refusing), 0, "what was not removed is not counted");
	check_int(got.n, 2, "... though it was tried");
	check_int(files_in_dir(), 0, "... and not again, as nothing of that sensor lives");
	dead_sensor(&home, 2);
	map_lives = true;
	attach_journal_reap(&home, &refusing);
	check_int(files_in_dir(), 1, "... but again as long as something of it lives");
	check_int(reap(), 2, "... until it is removed");
	check_int(files_in_dir(), 0, "... and then the file goes");
	map_lives = false;
}

static char own_path[64];
static struct attach_journal *new_owner;

/* Meanwhile another reader deletes the file, and somebody with the same process id begins his own. */
static enum reaped replace_file(void *ctx, const struct leftover *item,
				const struct attach_place *owner, bool here)
{
	if (!new_owner) {
		unlink(own_path);
		new_owner = attach_journal__open(&home);
	}
	return on_item(ctx, item, owner, here);
}

static void test_replaced(void)
{
	struct reaper r = { replace_file, lives, &got };
	struct attach_journal *l = attach_journal__open(&home);
	struct leftover item = item_of(0);

	snprintf(own_path, sizeof(own_path), DIR_PATH "/watch.%u.%d", INODE, (int)getpid());
	if (!check(l, "a sensor notes"))
		return;
	attach_journal__note(l, &item);
	attach_journal__close(l, false);
	got.n = 0;
	check_int(attach_journal_reap(&home, &r), 1, "... and its notes are gone through");
	check(new_owner, "... while a new one begins a file of the same name");
	check_int(files_in_dir(), 1, "... which is not deleted in place of the old one");
	attach_journal__close(new_owner, true);
	check_int(files_in_dir(), 0, "... until that sensor ends");
}

/* An inode is given to the next namespace; a number of an interface, and of a program, too. */
static void test_other_places(void)
{
	struct attach_place reused = place_with(8, INODE), other = place_with(8, INODE + 1);
	struct attach_place old_kernel = place_with(0, INODE), reboot = home;

	strcpy(reboot.boot_id, "11111111-2222-4333-8444-555555555555");
	map_lives = true;
	dead_sensor(&home, 8); /* two of each kind */
	check_int(reap_at(&reused), 2, "a namespace with the inode of another one is another one");
	check(got.n == 2 && got.items[0].kind == LEFTOVER_XDP && !got.here,
	      "... only XDP that may have moved with its interface is looked for there");
	check_int(reap_at(&other), 2, "... as in any other namespace");
	check_int(files_in_dir(), 1, "... and the file waits for a start in its own");
	check_int(reap_at(&old_kernel), 8, "without cookies the inode decides");
	check(got.here, "... that it was noted here");
	dead_sensor(&home, 8);
	map_lives = false;
	check_int(reap_at(&other) + (int)files_in_dir(), 2,
		  "notes of which nothing lives are deleted in any namespace");
	dead_sensor(&home, 8);
	map_lives = true;
	check_int(reap_at(&reboot) + (int)got.n, 0, "of another boot nothing is removed");
	check_int(files_in_dir(), 0, "... but the file");
	map_lives = false;
}

static int lock_first_file(void)
{
	DIR *dir = opendir(DIR_PATH);
	char path[300];
	struct dirent *e;
	int fd = -1;

	while (fd < 0 && dir && (e = readdir(dir))) {
		snprintf(path, sizeof(path), DIR_PATH "/%s", e->d_name);
		fd = e->d_name[0] == '.' ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	}
	if (dir)
		closedir(dir);
	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) ? -1 : fd;
}

/* Two that start at once, in two namespaces: the one whose notes they are must not pass them over. */
static void test_read_by_two(void)
{
	int fd;

	dead_sensor(&home, 4);
	fd = lock_first_file();
	if (!check(fd >= 0, "another start is reading the notes of a dead sensor"))
		return;
	check_int(reap(), 4, "... and its leftovers are removed all the same");
	close(fd);
}

static void test_disowned(void)
{
	struct leftover qdisc = item_of(2), filter = item_of(4);
	struct attach_journal *l = attach_journal__open(&home);

	if (!check(l, "a sensor can note a qdisc"))
		return;
	attach_journal__note(l, &qdisc);
	check_int(attach_journal__disown(l, &qdisc), 0, "... and that it was somebody else's");
	attach_journal__note(l, &filter);
	attach_journal__close(l, false);
	check_int(reap(), 2, "... which leaves the notes whole");
	check(got.items[0].ifindex == 4 && got.items[1].ifindex == 0,
	      "... with no interface for that qdisc");
}

/* Whoever removes our filters again and again must not make the file grow. */
static void test_noted_again(void)
{
	struct leftover filter = item_of(0), qdisc = item_of(2), other = item_of(6);
	struct attach_journal *l = attach_journal__open(&home);
	int i;

	if (!check(l, "a sensor can take notes"))
		return;
	attach_journal__note(l, &other);
	for (i = 0; i < 3; i++) {
		attach_journal__note_again(l, &qdisc);
		attach_journal__note_again(l, &filter);
		if (i < 2)
			check_int(attach_journal__disown(l, &qdisc), 0, "a qdisc is disowned");
	}
	check_int(attach_journal__disown(l, &filter), -ENOENT, "... a filter is not");
	attach_journal__close(l, false);
	check_int(reap(), 3, "what is noted again and again is there once");
	check(got.items[0].kind == filter.kind && got.items[1].kind == LEFTOVER_QDISC &&
		      got.items[1].ifindex == qdisc.ifindex && got.items[2].ifindex == 6,
	      "... and a qdisc that was made again is ours again");
}

static void test_many(void)
{
	static const unsigned int counts[] = { 256, 257, 3000 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		dead_sensor(&home, counts[i]);
		check_int(reap(), counts[i], "%u leftovers are all removed", counts[i]);
		reap();
	}
}

#define HEAD "rstscope 2 5aa7f7a2-77f4-4d8c-b1f7-5b6b0a1d9a10 netns 7 4026531840 map 77\n"
#define LINE "ingress 2 eth0 5\n"

static void test_broken(void)
{
	static const struct {
		const char *name;
		const char *text;
		int want;
	} rows[] = {
		{ "an empty file", "", 0 },
		{ "a file without a header", LINE, 0 },
		{ "a header that is cut", "rstscope 2 5aa7f7a2-77f4-4d8c-b1f7", 0 },
		{ "a header of the first format", "netns 4026531840\n0 2 3 4 5\n", 0 },
		{ "a line that is cut", HEAD LINE "egress 2 eth0 5", 1 },
		{ "a line of a kind that we do not know", HEAD LINE "prism 2 eth0 5\n" LINE, 2 },
		{ "a line that was cut, with another after it", HEAD "egress 2 e" LINE LINE, 1 },
		{ "a line without a number", HEAD LINE "ingress two eth0 5\n", 1 },
		{ "a name that is too long", HEAD LINE "ingress 2 sixteen-letters-x 5\n", 1 },
		{ "a namespace that is no number", "rstscope 2 x netns root 1 map 1\n" LINE, 0 },
	};
	char path[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(path, sizeof(path), DIR_PATH "/watch.%zu", 100000 + i);
		write_file(path, rows[i].text);
		check_int(reap(), rows[i].want, "%s does no harm", rows[i].name);
		check_int(files_in_dir(), 0, "... and is deleted");
		unlink(path);
	}
	write_file(DIR_PATH "/other", HEAD LINE);
	check_int(reap(), 0, "files of others are not read");
	unlink(DIR_PATH "/other");
}

/* Who opens a FIFO to read it waits for a writer, for ever. */
static void test_fifo(void)
{
	pid_t pid;
	int status = -1;

	if (mkfifo(DIR_PATH "/watch.1.1", 0600))
		return;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		alarm(10);
		_exit(reap());
	}
	waitpid(pid, &status, 0);
	check_int(status, 0, "a FIFO in place of a file does not stop us");
	unlink(DIR_PATH "/watch.1.1");
	mkdir(DIR_PATH "/watch.1.2", 0700);
	check_int(reap(), 0, "... nor does a directory");
	rmdir(DIR_PATH "/watch.1.2");
}

static void test_link(void)
{
	char path[64];
	struct attach_journal *l;
	struct stat st;

	snprintf(path, sizeof(path), DIR_PATH "/watch.%llu.%d", (unsigned long long)INODE,
		 (int)getpid());
	write_file("/run/victim", "precious");
	if (symlink("/run/victim", path))
		return;
	l = attach_journal__open(&home);
	check(l, "a symbolic link in place of the file is not used");
	attach_journal__close(l, true);
	check(!stat("/run/victim", &st) && st.st_size == 8, "... nor what it points to");
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
	test_same_process_id();
	test_reader_is_stopped();
	test_absent();
	test_unknown_boot();
	test_dead();
	test_replaced();
	test_other_places();
	test_read_by_two();
	test_disowned();
	test_noted_again();
	test_many();
	test_broken();
	test_fifo();
	test_link();
	return test_done();
}
