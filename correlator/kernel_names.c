// SPDX-License-Identifier: GPL-2.0-only
/*
 * kernel_names.c - symbols from /proc/kallsyms, enumerators from BTF.
 *
 * Numbers of reasons move from release to release, so none is compiled in.
 */
#include "kernel_names.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/btf.h>

struct symbol {
	uint64_t addr;
	uint32_t name; /* offset into names */
};

struct symbols {
	struct symbol *table; /* by address */
	size_t n;
	size_t room;
	char *names;
	size_t names_len;
	size_t names_room;
};

static void *grow(void *p, size_t *room, size_t need, size_t size)
{
	void *grown;

	if (need <= *room)
		return p;
	*room = need * 2;
	grown = realloc(p, *room * size);
	if (!grown)
		free(p);
	return grown;
}

static int add_symbol(struct symbols *s, uint64_t addr, const char *name)
{
	size_t len = strlen(name) + 1;

	s->table = grow(s->table, &s->room, s->n + 1, sizeof(*s->table));
	s->names = grow(s->names, &s->names_room, s->names_len + len, 1);
	if (!s->table || !s->names)
		return -ENOMEM;
	s->table[s->n++] = (struct symbol){ addr, (uint32_t)s->names_len };
	memcpy(s->names + s->names_len, name, len);
	s->names_len += len;
	return 0;
}

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

static int read_symbols(struct symbols *s, FILE *in)
{
	unsigned long long addr;
	char line[1024], name[512], type;
	bool visible = false;

	while (fgets(line, sizeof(line), in)) {
		if (sscanf(line, "%llx %c %511s", &addr, &type, name) != 3)
			continue;
		if (!strchr("tTwW", type))
			continue;
		visible |= addr != 0;
		if (add_symbol(s, addr, name))
			return -ENOMEM;
	}
	return visible ? 0 : -EPERM;
}

struct symbols *symbols__load(void)
{
	struct symbols *s = calloc(1, sizeof(*s));
	FILE *in = fopen("/proc/kallsyms", "re");
	int err = -ENOMEM;

	if (!s || !in) {
		err = in ? -ENOMEM : -errno;
		goto err_free;
	}
	err = read_symbols(s, in);
	if (err)
		goto err_free;
	fclose(in);
	qsort(s->table, s->n, sizeof(*s->table), by_address);
	return s;
err_free:
	if (in)
		fclose(in);
	symbols__free(s);
	errno = -err;
	return NULL;
}

void symbols__free(struct symbols *s)
{
	if (!s)
		return;
	free(s->table);
	free(s->names);
	free(s);
}

bool symbols__has(const struct symbols *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (!strcmp(s->names + s->table[i].name, name))
			return true;
	return false;
}

static const char *find_symbol(const struct symbols *s, uint64_t addr)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (s->table[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? s->names + s->table[lo - 1].name : NULL;
}

struct kernel_enums {
	const struct btf *btf;
	const struct symbols *symbols;
};

struct kernel_enums *kernel_enums__new(const struct btf *btf, const struct symbols *symbols)
{
	struct kernel_enums *e = calloc(1, sizeof(*e));

	if (e)
		*e = (struct kernel_enums){ btf, symbols };
	return e;
}

void kernel_enums__free(struct kernel_enums *e)
{
	free(e);
}

static const struct btf_type *find_enum(const struct btf *btf, const char *name)
{
	int id = btf ? btf__find_by_name_kind(btf, name, BTF_KIND_ENUM) : -1;

	return id > 0 ? btf__type_by_id(btf, (__u32)id) : NULL;
}

int btf_enum_value(const struct btf *btf, const char *enum_name, const char *enumerator)
{
	const struct btf_type *t = find_enum(btf, enum_name);
	unsigned int i;

	for (i = 0; t && i < btf_vlen(t); i++) {
		const struct btf_enum *e = &btf_enum(t)[i];

		if (!strcmp(btf__name_by_offset(btf, e->name_off), enumerator))
			return e->val;
	}
	return -1;
}

static const char *enumerator_name(const struct btf *btf, const char *enum_name, int value,
				   const char *prefix)
{
	const struct btf_type *t = find_enum(btf, enum_name);
	unsigned int i;

	for (i = 0; t && i < btf_vlen(t); i++) {
		const struct btf_enum *e = &btf_enum(t)[i];
		const char *name = btf__name_by_offset(btf, e->name_off);
		size_t len = strlen(prefix);

		if (e->val == value)
			return strncmp(name, prefix, len) ? name : name + len;
	}
	return NULL;
}

static const char *name_rst_reason(void *ctx, int value)
{
	const struct kernel_enums *e = ctx;

	return enumerator_name(e->btf, "sk_rst_reason", value, "SK_RST_REASON_");
}

static const char *name_invalid_type(void *ctx, int value)
{
	const struct kernel_enums *e = ctx;

	return enumerator_name(e->btf, "nf_tcp_invalid_log_type", value, "");
}

static const char *name_symbol(void *ctx, uint64_t addr)
{
	const struct kernel_enums *e = ctx;

	return e->symbols ? find_symbol(e->symbols, addr) : NULL;
}

struct kernel_names kernel_enums__names(struct kernel_enums *e)
{
	return (struct kernel_names){
		.rst_reason = name_rst_reason,
		.invalid_type = name_invalid_type,
		.symbol = name_symbol,
		.ctx = e,
	};
}
