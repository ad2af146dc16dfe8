// SPDX-License-Identifier: GPL-2.0-only
/*
 * bpf_object.c - open the embedded BPF objects, share their maps, set their configuration.
 */
#include "bpf_object.h"

#include <errno.h>
#include <string.h>
#include <bpf/btf.h>

static int share_map(struct bpf_object *obj, const char *name, int fd, uint32_t entries)
{
	struct bpf_map *map = bpf_object__find_map_by_name(obj, name);
	int err;

	if (!map)
		return 0;
	err = bpf_map__set_pin_path(map, NULL);
	if (err)
		return err;
	if (fd >= 0)
		return bpf_map__reuse_fd(map, fd);
	return entries ? bpf_map__set_max_entries(map, entries) : 0;
}

static int share_maps(struct bpf_object *obj, const struct shared_maps *maps)
{
	int err;

	err = share_map(obj, "flight_ring", maps->ring, maps->cpus * maps->slots);
	if (!err)
		err = share_map(obj, "flight_cpu", maps->cpu, maps->cpus);
	if (!err)
		err = share_map(obj, "events", maps->events, 0);
	if (!err)
		err = share_map(obj, "handoff", maps->handoff, 0);
	if (!err)
		err = embedded_set(obj, "ring_slots", maps->slots);
	return err == -ENOENT ? 0 : err;
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

	bpf_object__for_each_map(map, obj)
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
