// SPDX-License-Identifier: GPL-2.0-only
/*
 * bpf_object.c - open the embedded BPF objects, share their maps, set their configuration.
 */
#include "live/bpf_object.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>

static const char *const map_names[N_SHARED_MAPS] = {
	[MAP_RING] = "rst_ring",
	[MAP_CPU] = "rst_cpus",
	[MAP_EVENTS] = "rst_events",
	[MAP_HANDOFF] = "rst_handoff",
	[MAP_LAST_INVALID] = "rst_ct_invalid",
	[MAP_UNREAD] = "rst_unread",
	[MAP_WINDOWS] = "rst_windows",
	[MAP_WINDOW_FLOW] = "rst_window_flow",
};

void shared_maps_init(struct shared_maps *maps, unsigned int cpus, unsigned int slots)
{
	unsigned int i;

	for (i = 0; i < N_SHARED_MAPS; i++)
		maps->fd[i] = -1;
	maps->cpus = cpus;
	maps->slots = slots;
}

void shared_maps_close(struct shared_maps *maps)
{
	unsigned int i;

	for (i = 0; i < N_SHARED_MAPS; i++)
		if (maps->fd[i] >= 0)
			close(maps->fd[i]);
}

uint32_t shared_maps_id(const struct shared_maps *maps, enum shared_map i)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);

	return bpf_obj_get_info_by_fd(maps->fd[i], &info, &len) ? 0 : info.id;
}

static int share_map(struct bpf_object *obj, const struct shared_maps *maps, enum shared_map i)
{
	struct bpf_map *map = bpf_object__find_map_by_name(obj, map_names[i]);
	int err;

	if (!map)
		return 0;
	err = bpf_map__set_pin_path(map, NULL);
	if (err)
		return err;
	if (maps->fd[i] >= 0)
		return bpf_map__reuse_fd(map, maps->fd[i]);
	return i == MAP_RING || i == MAP_CPU ? bpf_map__set_max_entries(map, maps->cpus) : 0;
}

static int share_maps(struct bpf_object *obj, const struct shared_maps *maps)
{
	unsigned int i;
	int err;

	for (i = 0; i < N_SHARED_MAPS; i++) {
		err = share_map(obj, maps, i);
		if (err)
			return err;
	}
	err = embedded_set(obj, "ring_slots", maps->slots);
	return err == -ENOENT ? 0 : err;
}

int embedded_load(struct bpf_object *obj, struct shared_maps *maps)
{
	int err = bpf_object__load(obj);
	unsigned int i;

	for (i = 0; i < N_SHARED_MAPS && !err; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(obj, map_names[i]);

		if (!map || maps->fd[i] >= 0)
			continue;
		maps->fd[i] = fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 0);
		if (maps->fd[i] < 0)
			err = -errno;
	}
	return err;
}

struct bpf_object *embedded_open(const void *elf, size_t size, const char *name,
				 const char *btf_path, const struct shared_maps *maps)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = name, .btf_custom_path = btf_path);
	struct bpf_object *obj = bpf_object__open_mem(elf, size, &opts);
	int err;

	if (!obj)
		return NULL;
	err = share_maps(obj, maps);
	if (err) {
		bpf_object__close(obj);
		errno = -err;
		return NULL;
	}
	return obj;
}

static struct bpf_map *find_rodata(struct bpf_object *obj)
{
	struct bpf_map *map;

	bpf_object__for_each_map (map, obj)
		if (bpf_map__is_internal(map) && strstr(bpf_map__name(map), ".rodata"))
			return map;
	return NULL;
}

int embedded_set(struct bpf_object *obj, const char *name, uint32_t value)
{
	const struct btf *btf = bpf_object__btf(obj);
	struct bpf_map *map = find_rodata(obj);
	const struct btf_var_secinfo *var;
	const struct btf_type *sec;
	int id, i;
	size_t size;
	char *data;

	id = btf ? btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC) : -ENOENT;
	if (id < 0 || !map)
		return -ENOENT;
	sec = btf__type_by_id(btf, (__u32)id);
	/* libbpf before 1.4 calls it const; it is ours to change until the object is loaded. */
	data = (char *)bpf_map__initial_value(map, &size);
	var = btf_var_secinfos(sec);
	for (i = 0; i < btf_vlen(sec); i++, var++) {
		const struct btf_type *t = btf__type_by_id(btf, var->type);

		if (strcmp(btf__name_by_offset(btf, t->name_off), name))
			continue;
		if (var->size != sizeof(value) || var->offset + sizeof(value) > size)
			return -EINVAL;
		memcpy(data + var->offset, &value, sizeof(value));
		return 0;
	}
	return -ENOENT;
}

uint32_t embedded_read_type(const struct btf *btf)
{
	int id = btf__find_by_name_kind(btf, "in6_addr", BTF_KIND_STRUCT);

	if (id < 0 || btf__find_by_name_kind(btf, "bpf_rdonly_cast", BTF_KIND_FUNC) < 0)
		return 0;
	return (uint32_t)id;
}
