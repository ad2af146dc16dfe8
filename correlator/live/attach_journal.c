// SPDX-License-Identifier: GPL-2.0-only
/*
 * attach_journal.c - what a killed sensor leaves attached, and its removal by the next one.
 *
 * One text file a sensor in /run/rstscope, locked while the sensor lives; a file that can be
 * locked belongs to a dead one.
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

struct attach_journal {
	char path[96];
	FILE *file;
};

struct attach_journal *attach_journal__open(uint64_t netns)
{
	struct attach_journal *l = calloc(1, sizeof(*l));
	int fd, err;

	if (!l)
		return NULL;
	if (mkdir(RUN_DIR, 0700) && errno != EEXIST)
		goto err_free;
	snprintf(l->path, sizeof(l->path), RUN_DIR "/watch.%" PRIu64 ".%d", netns, (int)getpid());
	fd = open(l->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		goto err_free;
	l->file = flock(fd, LOCK_EX | LOCK_NB) || ftruncate(fd, 0) ? NULL : fdopen(fd, "w");
	if (!l->file) {
		err = errno;
		close(fd);
		errno = err;
		goto err_free;
	}
	fprintf(l->file, "netns %" PRIu64 "\n", netns);
	fflush(l->file);
	return l;
err_free:
	err = errno;
	free(l);
	errno = err;
	return NULL;
}

int attach_journal__note(struct attach_journal *l, const struct leftover *item)
{
	fprintf(l->file, "%d %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu32 "\n", (int)item->kind,
		item->ifindex, item->handle, item->priority, item->prog_id);
	return fflush(l->file) ? -errno : 0;
}

void attach_journal__close(struct attach_journal *l, bool clean)
{
	if (!l)
		return;
	if (clean)
		unlink(l->path);
	fclose(l->file);
	free(l);
}

static int read_item(FILE *in, struct leftover *item)
{
	unsigned int kind;

	if (fscanf(in, "%u %" SCNu32 " %" SCNu32 " %" SCNu32 " %" SCNu32, &kind, &item->ifindex,
		   &item->handle, &item->priority, &item->prog_id) != 5)
		return -EINVAL;
	item->kind = (enum leftover_kind)kind;
	return 0;
}

static int reap_items(FILE *in, bool (*remove)(void *ctx, const struct leftover *), void *ctx)
{
	struct leftover item, *items = NULL, *grown;
	size_t n = 0;
	int removed = 0;

	while (!read_item(in, &item)) {
		grown = realloc(items, (n + 1) * sizeof(*items));
		if (!grown)
			break;
		items = grown;
		items[n++] = item;
	}
	/* Backwards, so that a qdisc goes after the filters that stand on it. */
	while (n-- > 0)
		removed += remove(ctx, &items[n]);
	free(items);
	return removed;
}

static int reap_file(const char *path, uint64_t netns,
		     bool (*remove)(void *ctx, const struct leftover *), void *ctx)
{
	uint64_t of_netns;
	int removed = 0;
	FILE *in;

	in = fopen(path, "re");
	if (!in)
		return 0;
	/* Another namespace's leftovers wait for a start there. */
	if (!flock(fileno(in), LOCK_EX | LOCK_NB) && fscanf(in, "netns %" SCNu64, &of_netns) == 1 &&
	    of_netns == netns) {
		removed = reap_items(in, remove, ctx);
		unlink(path);
	}
	fclose(in);
	return removed;
}

int attach_journal_reap(uint64_t netns, bool (*remove)(void *ctx, const struct leftover *),
			void *ctx)
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
		removed += reap_file(path, netns, remove, ctx);
	}
	closedir(dir);
	return removed;
}
