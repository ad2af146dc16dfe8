// SPDX-License-Identifier: GPL-2.0-only
/*
 * attached_recorder.c - a recorder that was found by the maps of its programs.
 *
 * Its version and size are read from the rings themselves, where every version since 3 writes them.
 */
#include "live/attached_recorder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live/bpf_ids.h"
#include "live/ring_state.h"

bool attached_ring_fits(const struct bpf_map_info *info)
{
	return !strcmp(info->name, "rst_ring") && info->type == BPF_MAP_TYPE_ARRAY &&
	       info->key_size == sizeof(uint32_t) && info->map_flags & BPF_F_MMAPABLE &&
	       info->value_size >= RING_HEAD_SIZE && info->value_size % RING_HEAD_SIZE == 0 &&
	       info->max_entries;
}

int attached_recorder_map(const struct attached_recorder *r, const char *name)
{
	unsigned int i;

	for (i = 0; i < r->n_maps; i++)
		if (!strcmp(r->maps[i].name, name))
			return r->maps[i].fd;
	return -1;
}

/* Not ".rodata" and the like, which each program has for itself. */
static bool is_shared(const char *name)
{
	return !strncmp(name, "rst_", 4) && !strchr(name, '.');
}

/* Takes the descriptor. */
static int add_map(struct attached_recorder *r, const struct bpf_map_info *info, int fd)
{
	struct attached_map *grown;
	unsigned int i;

	for (i = 0; i < r->n_maps; i++) {
		if (r->maps[i].id == info->id) {
			close(fd);
			return 0;
		}
	}
	grown = realloc(r->maps, (r->n_maps + 1) * sizeof(*grown));
	if (!grown) {
		close(fd);
		return -ENOMEM;
	}
	r->maps = grown;
	grown[r->n_maps] =
		(struct attached_map){ .id = info->id, .value_size = info->value_size, .fd = fd };
	memcpy(grown[r->n_maps++].name, info->name, sizeof(grown->name) - 1);
	return 0;
}

/* Since version 2 the counters of a CPU take as many cache lines as the version's number. */
static uint32_t version_of(const struct attached_recorder *r)
{
	unsigned int i;

	for (i = 0; i < r->n_maps; i++)
		if (!strcmp(r->maps[i].name, "rst_cpus"))
			return r->maps[i].value_size / 64;
	return 0;
}

static void read_shape(struct attached_recorder *r)
{
	struct ring_state state;

	r->abi = version_of(r);
	if (ring_state_read(attached_recorder_map(r, "rst_ring"), r->ring_size, r->cpus, &state))
		return;
	/* Before the first packet the rings say nothing. */
	if (state.abi) {
		r->abi = state.abi;
		r->slots = state.slots;
	}
	ring_state_free(&state);
}

static struct attached_recorder *find_ring(struct attached_recorder **list, uint32_t ring_id)
{
	struct attached_recorder *r = *list;

	while (r && r->ring_id != ring_id)
		r = r->next;
	return r;
}

static struct attached_recorder *new_recorder(struct attached_recorder **list,
					      const struct bpf_map_info *ring)
{
	struct attached_recorder **last = list, *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	while (*last)
		last = &(*last)->next;
	*last = r;
	r->ring_id = ring->id;
	r->cpus = ring->max_entries;
	r->ring_size = ring->value_size;
	return r;
}

struct found_map {
	struct bpf_map_info info;
	int fd;
};

static int add_maps(struct attached_recorder *r, struct found_map *maps, unsigned int n)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < n && !err; i++) {
		if (maps[i].fd < 0 || !is_shared(maps[i].info.name))
			continue;
		err = add_map(r, &maps[i].info, maps[i].fd);
		maps[i].fd = -1;
	}
	read_shape(r);
	return err;
}

int recorder_of_maps(struct attached_recorder **list, const uint32_t *map_ids, unsigned int n,
		     struct attached_recorder **ret)
{
	struct found_map *maps = calloc(n + 1, sizeof(*maps));
	const struct bpf_map_info *ring = NULL;
	struct attached_recorder *r = NULL;
	unsigned int i;
	int err = 0;

	if (!maps)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		maps[i].fd = bpf_map_by_id(map_ids[i], &maps[i].info);
		if (maps[i].fd >= 0 && attached_ring_fits(&maps[i].info))
			ring = &maps[i].info;
		else if (maps[i].fd < 0 && maps[i].fd != -ENOENT)
			err = maps[i].fd;
	}
	if (!err && ring) {
		r = find_ring(list, ring->id);
		if (!r)
			r = new_recorder(list, ring);
		err = r ? add_maps(r, maps, n) : -ENOMEM;
	}
	for (i = 0; i < n; i++)
		if (maps[i].fd >= 0)
			close(maps[i].fd);
	free(maps);
	if (!err)
		*ret = r;
	return err;
}

int recorder_add_program(struct attached_recorder *r, const struct attached_program *p)
{
	const struct attached_program **grown =
		reallocarray(r->programs, r->n_programs + 1, sizeof(void *));

	if (!grown)
		return -ENOMEM;
	r->programs = grown;
	r->programs[r->n_programs++] = p;
	return 0;
}

void recorders_free(struct attached_recorder *list)
{
	struct attached_recorder *r;
	unsigned int i;

	while ((r = list)) {
		list = r->next;
		for (i = 0; i < r->n_maps; i++)
			close(r->maps[i].fd);
		free(r->maps);
		free(r->programs);
		free(r);
	}
}
