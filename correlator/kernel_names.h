/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kernel_names.h - names that only the running kernel knows: symbols, and enums from its BTF.
 */
#ifndef KERNEL_NAMES_H
#define KERNEL_NAMES_H

#include "decode.h"

struct btf;
struct symbols;

/** symbols__load() - read /proc/kallsyms; NULL with errno (EPERM: addresses are hidden) */
struct symbols *symbols__load(void);

/** symbols__reload() - after a module was loaded; names handed out before stay valid */
int symbols__reload(struct symbols *s);

/** symbols__has() - is there a function of exactly this name, in the kernel or a module? */
bool symbols__has(const struct symbols *s, const char *name);

/**
 * symbols__variant() - the symbol that a function has: its name, or that of the compiler's clone
 *
 * GCC names clones NAME.isra.0, NAME.constprop.0, NAME.part.0; their arguments may differ.
 *
 * Return: NULL if there is neither; else borrowed, as long as @s.
 */
const char *symbols__variant(const struct symbols *s, const char *name);

void symbols__free(struct symbols *s);

struct kernel_enums;

/** kernel_enums__new() - @btf may be NULL: then every name is unknown; borrowed */
struct kernel_enums *kernel_enums__new(const struct btf *btf, struct symbols *symbols);

/** kernel_enums__names() - what decode_event() asks */
struct kernel_names kernel_enums__names(struct kernel_enums *e);

void kernel_enums__free(struct kernel_enums *e);

/** btf_enum_value() - value of an enumerator of @enum_name; -1 = not in this kernel */
int btf_enum_value(const struct btf *btf, const char *enum_name, const char *enumerator);

#endif
