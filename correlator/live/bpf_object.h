/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bpf_object.h - open the embedded BPF objects, share their maps, set their configuration.
 */
#ifndef BPF_OBJECT_H
#define BPF_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <bpf/libbpf.h>

/* The maps that several objects use; the first object that is loaded with one creates it. */
enum shared_map {
	MAP_RING,
	MAP_CPU,
	MAP_READERS,
	MAP_HANDOFFS,
	MAP_READER_INFO,
	MAP_EVENTS,
	MAP_HANDOFF,
	MAP_LAST_INVALID,
	MAP_UNREAD,
	MAP_WINDOWS,
	MAP_CGROUPS,
	MAP_WINDOW_FLOW,
	MAP_CLOSERS,
	MAP_TAKERS,
	MAP_USER_STACKS,
	MAP_USER_COUNTS,
	N_SHARED_MAPS,
};

struct shared_maps {
	int fd[N_SHARED_MAPS]; /* our own duplicates; -1 = not created yet */
	unsigned int cpus;
	bool user_stacks;   /* are wanted: their buffer has its full size */
	unsigned int slots; /* a power of two, at most RST_RING_SLOTS */
};

/** shared_maps_cpus() - how many CPUs there can be; where nobody says, those of now, with a warning */
unsigned int shared_maps_cpus(void);

/** shared_maps_init() - room for @slots records for each of @cpus */
void shared_maps_init(struct shared_maps *maps, unsigned int cpus, unsigned int slots);
void shared_maps_close(struct shared_maps *maps);

/** shared_maps_make_ring() - the flight recorder, no larger than its records need; 0 or -errno */
int shared_maps_make_ring(struct shared_maps *maps);

/** shared_map_name() - as the objects and their pins have it */
const char *shared_map_name(enum shared_map i);

/** shared_maps_id() - the kernel's number of one that exists; 0 = not known */
uint32_t shared_maps_id(const struct shared_maps *maps, enum shared_map i);

/**
 * embedded_open() - open an object that is part of this binary
 * @btf_path: BTF of the kernel where it has none of its own; NULL = the kernel's
 *
 * Maps are not pinned, whatever the object says: several sensors run side by side. Maps that
 * @maps has already are shared.
 *
 * Return: NULL with errno on failure.
 */
struct bpf_object *embedded_open(const void *elf, size_t size, const char *name,
				 const char *btf_path, const struct shared_maps *maps);

/** embedded_load() - load it, and share the maps that it has created; 0 or -errno */
int embedded_load(struct bpf_object *obj, struct shared_maps *maps);

/* A program that is wanted. */
struct program_choice {
	const char *name;
	int err; /* why it was not loaded; 0 = it was */
};

struct embedded_programs {
	struct bpf_object *(*open)(void *ctx); /* anew for each try; NULL with errno */
	/* When it is known which programs are to be loaded: bpf_program__autoload(). May be NULL. */
	void (*configure)(void *ctx, struct bpf_object *obj);
	void *ctx;
	struct program_choice *choices;
	unsigned int n_choices;
};

/**
 * embedded_load_granted() - load those of the programs that the kernel grants
 *
 * One that the verifier refuses takes none of the others along: they are tried one by one then,
 * and those that were taken are loaded together.
 *
 * Return: the loaded object; NULL when no program was taken. Each choice has its error.
 */
struct bpf_object *embedded_load_granted(const struct embedded_programs *programs,
					 struct shared_maps *maps);

/** embedded_reads_refused() - is bpf_probe_read_kernel() refused? lockdown=confidentiality does */
bool embedded_reads_refused(void);

/** embedded_set() - set a "const volatile" __u32 before load; -ENOENT: no such variable */
int embedded_set(struct bpf_object *obj, const char *name, uint32_t value);

/** embedded_read_type() - for "read_type" of the objects with typed reads; 0 = no such cast */
uint32_t embedded_read_type(const struct btf *btf);

#endif
