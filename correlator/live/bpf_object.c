// SPDX-License-Identifier: GPL-2.0-only
/*
 * bpf_object.c - open the embedded BPF objects, share their maps, set their configuration.
 */
#include "live/bpf_object.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "base/log.h"
#include "rst_event.h"
#include "rst_ring.h"

static const char *const map_names[N_SHARED_MAPS] = {
	[MAP_RING] = "rst_ring",
	[MAP_CPU] = "rst_cpus",
	[MAP_READERS] = "rst_readers",
	[MAP_HANDOFFS] = "rst_handoffs",
	[MAP_READER_INFO] = "rst_reader_info",
	[MAP_EVENTS] = "rst_events",
	[MAP_HANDOFF] = "rst_handoff",
	[MAP_LAST_INVALID] = "rst_ct_invalid",
	[MAP_UNREAD] = "rst_unread",
	[MAP_WINDOWS] = "rst_windows",
	[MAP_CGROUPS] = "rst_cgroups",
	[MAP_WINDOW_FLOW] = "rst_window_flow",
	[MAP_CLOSERS] = "rst_closers",
	[MAP_TAKERS] = "rst_takers",
	[MAP_USER_STACKS] = "rst_user_stacks",
	[MAP_USER_COUNTS] = "rst_user_counts",
};

/* Without /sys (a chroot, a minimal container) nobody says how many CPUs there can be. */
unsigned int shared_maps_cpus(void)
{
	int n = libbpf_num_possible_cpus();

	if (n > 0)
		return (unsigned int)n;
	warning("/sys/devices/system/cpu/possible: %s: recording on the %d current CPUs only",
		error_name(n), get_nprocs_conf());
	return (unsigned int)get_nprocs_conf();
}

void shared_maps_init(struct shared_maps *maps, unsigned int cpus, unsigned int slots)
{
	unsigned int i;

	for (i = 0; i < N_SHARED_MAPS; i++)
		maps->fd[i] = -1;
	maps->cpus = cpus;
	maps->user_stacks = false;
	maps->slots = slots;
}

void shared_maps_close(struct shared_maps *maps)
{
	unsigned int i;

	for (i = 0; i < N_SHARED_MAPS; i++)
		if (maps->fd[i] >= 0)
			close(maps->fd[i]);
}

int shared_maps_make_ring(struct shared_maps *maps)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, map_names[MAP_RING], sizeof(uint32_t),
				rst_ring_bytes(maps->slots), maps->cpus, &opts);

	if (fd < 0)
		return -errno;
	maps->fd[MAP_RING] = fd;
	return 0;
}

const char *shared_map_name(enum shared_map i)
{
	return map_names[i];
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
	if (i == MAP_USER_STACKS && maps->user_stacks)
		return bpf_map__set_max_entries(map, RST_USER_STACKS_SIZE);
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

/* @only: the number of one choice; else all that have no error. */
static bool is_chosen(const struct embedded_programs *programs, const char *name, unsigned int only)
{
	const struct program_choice *c = programs->choices;
	unsigned int i;

	for (i = 0; i < programs->n_choices; i++)
		if (!strcmp(c[i].name, name))
			return only < programs->n_choices ? i == only : !c[i].err;
	return false;
}

static int load_chosen(const struct embedded_programs *programs, struct shared_maps *maps,
		       unsigned int only, struct bpf_object **ret)
{
	struct bpf_object *obj = programs->open(programs->ctx);
	struct bpf_program *prog;
	int err;

	if (!obj)
		return -errno;
	bpf_object__for_each_program (prog, obj)
		bpf_program__set_autoload(prog, is_chosen(programs, bpf_program__name(prog), only));
	if (programs->configure)
		programs->configure(programs->ctx, obj);
	err = embedded_load(obj, maps);
	if (err) {
		bpf_object__close(obj);
		obj = NULL;
	}
	*ret = obj;
	return err;
}

/* These are said to all programs of a type, or to none. */
static bool concerns_all(int err)
{
	return err == -EPERM || err == -ENOMEM || err == -EMFILE || err == -ENFILE;
}

static void load_one_by_one(const struct embedded_programs *programs, struct shared_maps *maps)
{
	struct bpf_object *obj = NULL;
	unsigned int i;

	for (i = 0; i < programs->n_choices; i++) {
		programs->choices[i].err = load_chosen(programs, maps, i, &obj);
		if (!programs->choices[i].err)
			bpf_object__close(obj);
	}
}

static bool any_granted(const struct embedded_programs *programs)
{
	unsigned int i;

	for (i = 0; i < programs->n_choices; i++)
		if (!programs->choices[i].err)
			return true;
	return false;
}

struct bpf_object *embedded_load_granted(const struct embedded_programs *programs,
					 struct shared_maps *maps)
{
	const unsigned int all = programs->n_choices;
	struct bpf_object *obj = NULL;
	unsigned int i;
	int err;

	for (i = 0; i < all; i++)
		programs->choices[i].err = 0;
	err = load_chosen(programs, maps, all, &obj);
	if (err && all > 1 && !concerns_all(err)) {
		load_one_by_one(programs, maps);
		if (any_granted(programs))
			err = load_chosen(programs, maps, all, &obj);
	}
	for (i = 0; err && i < all; i++)
		if (!programs->choices[i].err)
			programs->choices[i].err = err;
	return obj;
}

bool embedded_reads_refused(void)
{
	/* bpf_probe_read_kernel(r10 - 8, 8, NULL), which just fails where it is granted */
	static const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 1, .src_reg = 10 },
		{ .code = BPF_ALU64 | BPF_SUB | BPF_K, .dst_reg = 1, .imm = 8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = 8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_read_kernel },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "rst_may_read", "GPL", insns,
			       sizeof(insns) / sizeof(insns[0]), NULL);

	if (fd >= 0)
		close(fd);
	return fd == -EINVAL;
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
