/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kernel_names.h - names that only the running kernel knows: symbols, and enums from its BTF.
 */
#ifndef KERNEL_NAMES_H
#define KERNEL_NAMES_H

#include "live/decode.h"

struct btf;
struct symbols;

/** symbols__load() - read /proc/kallsyms; NULL with errno (EPERM: addresses are hidden) */
struct symbols *symbols__load(void);

/** symbols__read() - the same from files in the form of /proc/kallsyms and /proc/modules; borrowed */
struct symbols *symbols__read(const char *kallsyms, const char *modules);

/** symbols__reload() - after a module was loaded; names handed out before stay valid */
int symbols__reload(struct symbols *s);

/** symbols__has() - is there a function of exactly this name, in the kernel or a module? */
bool symbols__has(const struct symbols *s, const char *name);

/**
 * symbols__variant() - the name under which the compiler left a function in the kernel
 *
 * The arguments of a clone may differ from the function's.
 *
 * Return: @name, or its one clone ("name.isra.0", ".constprop.1", both), or else its one
 * remaining part ("name.part.0", which not every call enters); NULL if there is none, or several
 * so that none of them stands for all calls. Borrowed from @s; stays valid.
 */
const char *symbols__variant(const struct symbols *s, const char *name);

/** symbols__text() - where the kernel's code begins (_stext); 0 = not known */
uint64_t symbols__text(const struct symbols *s);

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
