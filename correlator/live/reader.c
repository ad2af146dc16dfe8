// SPDX-License-Identifier: GPL-2.0-only
/*
 * reader.c - one of the readers of flight recorders: its buffer of events, and its place in each.
 *
 * A place is claimed under a lock, since a BPF array knows no "only if it is free". The lock is a
 * file in /run, so it does not keep out who has another /run; hence what was written is read again.
 */
#include "live/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/clock.h"
#include "rst_event.h"

#define RUN_DIR "/run/rstscope"
#define LOCK_FILE RUN_DIR "/readers.lock"
/* CONFIG_NR_CPUS at most: room for a per-CPU value where /sys does not say how many there are. */
#define MAX_CPUS 8192
#define TRIES 3

struct place {
	struct place *next;
	struct reader_maps maps;
	uint32_t slot;
};

struct reader {
	int events;
	int handoff;
	unsigned int cpus;
	struct rst_handoff *values; /* of all CPUs */
	struct process_id self;
	struct place *places;
};

static int open_lock(void)
{
	int fd;

	if (mkdir(RUN_DIR, 0700) && errno != EEXIST)
		return -1;
	fd = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		flock(fd, LOCK_EX);
	return fd;
}

static void close_lock(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* --- the reader itself ------------------------------------------------------------------------- */

static int make_maps(struct reader *r)
{
	r->events = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "rst_events", 0, 0, RST_EVENTS_SIZE, NULL);
	if (r->events < 0)
		return -errno;
	r->handoff = bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "rst_handoff", sizeof(uint32_t),
				    sizeof(struct rst_handoff), 1, NULL);
	r->self = process_id_self();
	return r->handoff < 0 ? -errno : 0;
}

static int dup_fd(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

static int share_maps(const struct reader *r, int *ret_events, int *ret_handoff)
{
	int events = dup_fd(r->events), handoff = dup_fd(r->handoff), err = -errno;

	if (events >= 0 && handoff >= 0) {
		*ret_events = events;
		*ret_handoff = handoff;
		return 0;
	}
	if (events >= 0)
		close(events);
	return err;
}

struct reader *reader__new(int *ret_events, int *ret_handoff)
{
	struct reader *r = calloc(1, sizeof(*r));
	int cpus = libbpf_num_possible_cpus(), err;

	if (!r)
		return NULL;
	r->events = r->handoff = -1;
	r->cpus = cpus > 0 ? (unsigned int)cpus : MAX_CPUS;
	r->values = calloc(r->cpus, sizeof(*r->values));
	err = r->values ? make_maps(r) : -ENOMEM;
	if (!err)
		err = share_maps(r, ret_events, ret_handoff);
	if (!err)
		return r;
	reader__free(r);
	errno = -err;
	return NULL;
}

static struct reader_losses sum_losses(const struct rst_handoff *values, unsigned int cpus)
{
	struct reader_losses lost = { 0 };
	unsigned int i;

	for (i = 0; i < cpus; i++) {
		lost.wire += values[i].lost_wire;
		lost.kernel += values[i].lost_kernel;
	}
	return lost;
}

struct reader_losses reader__lost(const struct reader *r)
{
	struct reader_losses lost = { 0 };
	uint32_t zero = 0;

	if (bpf_map_lookup_elem(r->handoff, &zero, r->values))
		return lost;
	return sum_losses(r->values, r->cpus);
}

/* --- its places -------------------------------------------------------------------------------- */

static struct process_id process_of(const struct rst_reader_info *info)
{
	return (struct process_id){ info->pid, info->pid_ns, info->start_ticks };
}

static bool is_free(const struct rst_reader_info *info)
{
	struct process_id p = process_of(info);

	return !info->pid || !process_lives(&p);
}

/* In this order, so that there is never a reader without its handoff. */
static int enter(const struct reader *r, const struct place *p)
{
	if (bpf_map_update_elem(p->maps.handoffs, &p->slot, &r->handoff, BPF_ANY) ||
	    bpf_map_update_elem(p->maps.readers, &p->slot, &r->events, BPF_ANY))
		return -errno;
	return 0;
}

/* What it has been told so far stays: the next reader counts from there. */
static void vacate(const struct reader_maps *maps, uint32_t slot)
{
	struct rst_reader_info info = { 0 };

	bpf_map_delete_elem(maps->readers, &slot);
	bpf_map_delete_elem(maps->handoffs, &slot);
	if (bpf_map_lookup_elem(maps->info, &slot, &info))
		return;
	info.pid = 0;
	bpf_map_update_elem(maps->info, &slot, &info, BPF_ANY);
}

/* Also frees the places of the dead. @ret_known: RSTs that were unread, and reported as such */
static int find_free(const struct reader_maps *maps, uint32_t *ret_slot, uint64_t *ret_known)
{
	struct rst_reader_info info;
	int err = -EUSERS;
	uint32_t slot;

	*ret_known = 0;
	for (slot = 0; slot < RST_READERS_MAX; slot++) {
		memset(&info, 0, sizeof(info));
		if (bpf_map_lookup_elem(maps->info, &slot, &info))
			return -errno;
		if (info.unread > *ret_known)
			*ret_known = info.unread;
		if (!is_free(&info))
			continue;
		if (info.pid)
			vacate(maps, slot);
		if (err)
			*ret_slot = slot;
		err = 0;
	}
	return err;
}

static int claim(const struct reader *r, struct place *p, uint64_t unread, uint64_t *ret_known)
{
	struct rst_reader_info ours = {
		.pid = r->self.pid,
		.pid_ns = r->self.pid_ns,
		.start_ticks = r->self.start_ticks,
		.since_ns = monotonic_ns(),
		.unread = unread,
	}, there = { 0 };
	int tries = TRIES, err;

	do {
		err = find_free(&p->maps, &p->slot, ret_known);
		if (err)
			return err;
		if (bpf_map_update_elem(p->maps.info, &p->slot, &ours, BPF_ANY) ||
		    bpf_map_lookup_elem(p->maps.info, &p->slot, &there))
			return -errno;
	} while (memcmp(&ours, &there, sizeof(ours)) && --tries);
	return tries ? enter(r, p) : -EAGAIN;
}

static void free_place(struct place *p)
{
	if (p->maps.readers >= 0)
		close(p->maps.readers);
	if (p->maps.handoffs >= 0)
		close(p->maps.handoffs);
	if (p->maps.info >= 0)
		close(p->maps.info);
	free(p);
}

int reader__register(struct reader *r, const struct reader_maps *maps, uint64_t unread,
		     uint64_t *ret_unread)
{
	struct place *p = calloc(1, sizeof(*p));
	int lock, err = 0;
	uint64_t known = 0;

	if (!p)
		return -ENOMEM;
	p->maps = (struct reader_maps){ dup_fd(maps->readers), dup_fd(maps->handoffs),
					dup_fd(maps->info) };
	if (p->maps.readers < 0 || p->maps.handoffs < 0 || p->maps.info < 0)
		err = -errno;
	lock = open_lock();
	if (!err)
		err = claim(r, p, unread, &known);
	close_lock(lock);
	if (err) {
		free_place(p);
		return err;
	}
	p->next = r->places;
	r->places = p;
	if (ret_unread)
		*ret_unread = unread > known ? unread - known : 0;
	return 0;
}

void reader__free(struct reader *r)
{
	struct place *p;
	int lock;

	if (!r)
		return;
	lock = r->places ? open_lock() : -1;
	while ((p = r->places)) {
		r->places = p->next;
		vacate(&p->maps, p->slot);
		free_place(p);
	}
	close_lock(lock);
	if (r->events >= 0)
		close(r->events);
	if (r->handoff >= 0)
		close(r->handoff);
	free(r->values);
	free(r);
}

int reader_places(int info_fd, struct reader_place *ret)
{
	struct rst_reader_info info;
	uint32_t slot;
	int n = 0;

	for (slot = 0; slot < RST_READERS_MAX; slot++) {
		memset(&info, 0, sizeof(info));
		if (bpf_map_lookup_elem(info_fd, &slot, &info))
			return -errno;
		if (!info.pid)
			continue;
		ret[n] = (struct reader_place){
			.slot = slot,
			.process = process_of(&info),
			.since_ns = info.since_ns,
		};
		ret[n].lives = process_lives(&ret[n].process);
		n++;
	}
	return n;
}

int reader_place_lost(int handoffs_fd, uint32_t slot, struct reader_losses *ret)
{
	int cpus = libbpf_num_possible_cpus(), fd, err = 0;
	struct rst_handoff *values = cpus < 0 ? NULL : calloc((size_t)cpus, sizeof(*values));
	uint32_t map_id, zero = 0;

	if (!values)
		return -ENOMEM;
	/* Of a map in a map the kernel tells the id. */
	fd = bpf_map_lookup_elem(handoffs_fd, &slot, &map_id) ? -1 : bpf_map_get_fd_by_id(map_id);
	if (fd < 0 || bpf_map_lookup_elem(fd, &zero, values))
		err = -errno;
	else
		*ret = sum_losses(values, (unsigned int)cpus);
	if (fd >= 0)
		close(fd);
	free(values);
	return err;
}
