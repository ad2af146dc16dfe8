// SPDX-License-Identifier: GPL-2.0-only
/*
 * attach_journal.c - what a killed sensor leaves attached, and its removal by the next one.
 *
 * One text file a sensor in /run/rstscope, locked while the sensor lives; a file that can be
 * locked belongs to a dead one. Each line is written at once, before what it names is attached.
 */
#include "live/attach_journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN_DIR "/run/rstscope"
#define HEADER "rstscope 2 %39s netns %" SCNu64 " %" SCNu64 " map %" SCNu32 "\n"

/* Longer than any line. */
#define LINE_SIZE 96

static const char *const kinds[] = {
	[LEFTOVER_INGRESS] = "ingress",
	[LEFTOVER_EGRESS] = "egress",
	[LEFTOVER_QDISC] = "qdisc",
	[LEFTOVER_XDP] = "xdp",
};
/* Takes the place of "qdisc" in a line that was written already. */
static const char disowned[] = "other";

struct attach_journal {
	char path[96];
	int fd;
};

#define NO_BOOT_ID "-"

static bool is_known(const struct attach_place *place)
{
	return strcmp(place->boot_id, NO_BOOT_ID);
}

struct attach_place attach_place_here(void)
{
	struct attach_place here = { .boot_id = NO_BOOT_ID, .netns = netns_current() };
	FILE *in = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (in && fscanf(in, "%39s", here.boot_id) != 1)
		strcpy(here.boot_id, NO_BOOT_ID);
	if (in)
		fclose(in);
	return here;
}

static int write_header(int fd, const struct attach_place *place)
{
	int n = dprintf(fd, "rstscope 2 %s netns %" PRIu64 " %" PRIu64 " map %" PRIu32 "\n",
			place->boot_id, place->netns.cookie, place->netns.ino, place->map_id);

	return n < 0 ? -errno : 0;
}

/*
 * The file is always a new one: what a dead sensor with our process id has left by this name is still to
 * be gone through. -EAGAIN: try the next name; another one that starts now has found the file before it
 * was locked, and deletes what is empty yet.
 */
static int open_own(const char *path, const struct attach_place *place)
{
	struct stat ours = { 0 }, named = { 0 };
	int fd, err;

	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0)
		return errno == EEXIST ? -EAGAIN : -errno;
	err = flock(fd, LOCK_EX | LOCK_NB) || fstat(fd, &ours) ? -errno : 0;
	if (!err)
		err = write_header(fd, place);
	if (!err && (lstat(path, &named) || named.st_ino != ours.st_ino))
		err = -EAGAIN;
	if (!err)
		return fd;
	if (err != -EAGAIN)
		unlink(path);
	close(fd);
	return err;
}

/* For each start of whoever reads it while we make it; and for each that was killed with our process id. */
#define NAMES 1000

struct attach_journal *attach_journal__open(const struct attach_place *place)
{
	struct attach_journal *l = calloc(1, sizeof(*l));
	unsigned int i;
	int len;

	if (!l)
		return NULL;
	len = snprintf(l->path, sizeof(l->path), RUN_DIR "/watch.%" PRIu64 ".%d", place->netns.ino,
		       (int)getpid());
	l->fd = mkdir(RUN_DIR, 0700) && errno != EEXIST ? -errno : -EAGAIN;
	for (i = 0; l->fd == -EAGAIN && i < NAMES; i++) {
		if (i)
			snprintf(l->path + len, sizeof(l->path) - (size_t)len, ".%u", i);
		l->fd = open_own(l->path, place);
	}
	if (l->fd < 0) {
		errno = -l->fd;
		free(l);
		return NULL;
	}
	return l;
}

/* A line as it is in the file; its length. */
static int format(char line[LINE_SIZE], const char *kind, const struct leftover *item)
{
	return snprintf(line, LINE_SIZE, "%s %" PRIu32 " %s %" PRIu32 "\n", kind, item->ifindex,
			item->ifname, item->prog_id);
}

int attach_journal__note(struct attach_journal *l, const struct leftover *item)
{
	off_t end = lseek(l->fd, 0, SEEK_END);
	char line[LINE_SIZE];
	int n = format(line, kinds[item->kind], item);
	ssize_t written = end < 0 ? -1 : write(l->fd, line, (size_t)n);

	if (written == n)
		return 0;
	/* A part of a line would spoil the next one, too. */
	if (written > 0)
		return ftruncate(l->fd, end) ? -errno : -ENOSPC;
	return -errno;
}

/* Where the line of an item begins; -ENOENT */
static off_t find_line(const struct attach_journal *l, const char *kind,
		       const struct leftover *item)
{
	char line[LINE_SIZE], wanted[LINE_SIZE];
	int fd = open(l->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	off_t at = 0, found = -ENOENT;
	FILE *in;

	if (fd < 0)
		return -errno;
	in = fdopen(fd, "r");
	if (!in) {
		close(fd);
		return -ENOMEM;
	}
	format(wanted, kind, item);
	while (found < 0 && fgets(line, sizeof(line), in)) {
		if (!strcmp(line, wanted))
			found = at;
		at += (off_t)strlen(line);
	}
	fclose(in);
	return found;
}

/* Both words have the same length. */
static int change_kind(struct attach_journal *l, const char *from, const char *to,
		       const struct leftover *item)
{
	off_t at = find_line(l, from, item);
	size_t len = strlen(to);

	if (at < 0)
		return (int)at;
	return pwrite(l->fd, to, len, at) == (ssize_t)len ? 0 : -errno;
}

int attach_journal__note_again(struct attach_journal *l, const struct leftover *item)
{
	if (find_line(l, kinds[item->kind], item) >= 0)
		return 0;
	if (item->kind == LEFTOVER_QDISC && !change_kind(l, disowned, kinds[LEFTOVER_QDISC], item))
		return 0;
	return attach_journal__note(l, item);
}

int attach_journal__disown(struct attach_journal *l, const struct leftover *qdisc)
{
	return change_kind(l, kinds[LEFTOVER_QDISC], disowned, qdisc);
}

void attach_journal__close(struct attach_journal *l, bool clean)
{
	if (!l)
		return;
	if (clean)
		unlink(l->path);
	close(l->fd);
	free(l);
}

static bool parse_item(const char *line, struct leftover *item)
{
	char kind[8], end;
	unsigned int i;

	memset(item, 0, sizeof(*item));
	/* A line without its end was cut; what it names was not attached yet. */
	if (sscanf(line, "%7s %" SCNu32 " %15s %" SCNu32 "%c", kind, &item->ifindex, item->ifname,
		   &item->prog_id, &end) != 5 ||
	    end != '\n')
		return false;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		item->kind = (enum leftover_kind)i;
		if (!strcmp(kind, kinds[i]))
			return true;
	}
	item->kind = LEFTOVER_QDISC;
	item->ifindex = 0; /* which no interface has */
	return !strcmp(kind, disowned);
}

/* Is it to be tried again? A qdisc alone does no work. */
static bool is_missed(const struct leftover *item, enum reaped reaped)
{
	return reaped == REAPED_NOT && item->kind != LEFTOVER_QDISC;
}

struct items {
	struct leftover *list;
	size_t n;
	bool cut_short; /* by want of memory */
};

static struct items read_items(FILE *in)
{
	struct items items = { NULL, 0, false };
	struct leftover item, *grown;
	char line[LINE_SIZE];

	/* What is not understood says nothing about the lines after it. */
	while (fgets(line, sizeof(line), in)) {
		if (!parse_item(line, &item))
			continue;
		grown = realloc(items.list, (items.n + 1) * sizeof(*grown));
		items.cut_short = !grown;
		if (!grown)
			break;
		items.list = grown;
		items.list[items.n++] = item;
	}
	return items;
}

/*
 * Return: how many were removed; @ret_missed: how many of those that matter are to be tried again.
 *
 * A qdisc goes after the filters that stand on it; it may have been noted after them.
 */
static int reap_items(FILE *in, const struct attach_place *owner, bool here, const struct reaper *r,
		      unsigned int *ret_missed)
{
	struct items items = read_items(in);
	int removed = 0, qdiscs;
	size_t i;

	*ret_missed = items.cut_short;
	for (qdiscs = 0; qdiscs <= 1; qdiscs++) {
		for (i = items.n; i-- > 0;) {
			const struct leftover *item = &items.list[i];
			enum reaped reaped;

			if ((item->kind == LEFTOVER_QDISC) != qdiscs ||
			    (!here && item->kind != LEFTOVER_XDP))
				continue;
			reaped = r->remove(r->ctx, item, owner, here);
			removed += reaped == REAPED;
			*ret_missed += is_missed(item, reaped);
		}
	}
	free(items.list);
	return removed;
}

/* Return: items removed; @ret_done: nothing is to be expected of this file any more. */
static int reap_notes(FILE *in, const struct attach_place *place, const struct reaper *r,
		      bool *ret_done)
{
	struct attach_place owner;
	unsigned int missed;
	bool here;
	int removed;

	*ret_done = true;
	if (fscanf(in, HEADER, owner.boot_id, &owner.netns.cookie, &owner.netns.ino,
		   &owner.map_id) != 4)
		return 0;
	if (strcmp(owner.boot_id, place->boot_id)) {
		/* Whose boot is not known may be of this one: for somebody who can tell. */
		*ret_done =
			(is_known(&owner) && is_known(place)) || !r->lives(r->ctx, owner.map_id);
		return 0;
	}
	here = netns_same(&owner.netns, &place->netns);
	removed = reap_items(in, &owner, here, r, &missed);
	*ret_done = (here && !missed) || !r->lives(r->ctx, owner.map_id);
	return removed;
}

/*
 * Another reader may have deleted the file since, and a new owner made his own by this name. While we
 * have a lock on this one, no owner takes it; with the lock for ourselves, nobody else deletes it.
 */
static void delete_file(int fd, const char *path)
{
	struct stat ours, named;

	if (flock(fd, LOCK_EX | LOCK_NB) && flock(fd, LOCK_SH | LOCK_NB))
		return;
	if (!fstat(fd, &ours) && !lstat(path, &named) && ours.st_ino == named.st_ino)
		unlink(path);
}

static int reap_file(const char *path, const struct attach_place *place, const struct reaper *r)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), removed = 0;
	bool done = false;
	struct stat st;
	FILE *in;

	if (fd < 0)
		return 0;
	/* Shared: another start, in whichever namespace, may be reading it at the same time. */
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || flock(fd, LOCK_SH | LOCK_NB) ||
	    !(in = fdopen(fd, "r"))) {
		close(fd);
		return 0;
	}
	removed = reap_notes(in, place, r, &done);
	if (done)
		delete_file(fd, path);
	fclose(in);
	return removed;
}

int attach_journal_reap(const struct attach_place *place, const struct reaper *r)
{
	struct dirent *entry;
	int removed = 0;
	char path[300];
	DIR *dir;

	dir = opendir(RUN_DIR);
	if (!dir)
		return 0;
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, "watch.", 6))
			continue;
		snprintf(path, sizeof(path), RUN_DIR "/%s", entry->d_name);
		removed += reap_file(path, place, r);
	}
	closedir(dir);
	return removed;
}
