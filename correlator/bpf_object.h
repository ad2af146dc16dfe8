/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bpf_object.h - open the embedded BPF objects, share their maps, set their configuration.
 */
#ifndef BPF_OBJECT_H
#define BPF_OBJECT_H

#include <stddef.h>
#include <stdint.h>
#include <bpf/libbpf.h>

/* The maps of rst_maps.bpf.h, by descriptor; -1 until the first object is loaded. */
struct shared_maps {
	int ring;
	int cpu;
	int events;
	int handoff;
	unsigned int cpus;
	unsigned int slots;
};

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

/** embedded_set() - set a "const volatile" __u32 before load; -ENOENT: no such variable */
int embedded_set(struct bpf_object *obj, const char *name, uint32_t value);

#endif
