// SPDX-License-Identifier: GPL-2.0-only
/*
 * kernel_names.c - symbols from /proc/kallsyms, enumerators from BTF.
 *
 * Numbers of reasons move from release to release, so none is compiled in.
 */
#include "live/kernel_names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/btf.h>

#include "base/clock.h"
#include "model/stack.h"

/* Reading /proc/modules costs a fraction of a millisecond. */
#define STALE_CHECK_NS 100000000u
/* Linux 6.18 has some 40 reasons, numbered from 0; one beyond this is shown as a number. */
#define REASONS_MAX 256

/* The padding that the kernel's build puts in front of functions: nothing returns into it. */
#define PADDING_PREFIX "__pfx_"
#define NO_NAME UINT32_MAX

struct symbol {
	uint64_t addr;
	uint32_t name; /* offset into names; NO_NAME = padding, only while the table is read */
	uint32_t size; /* up to the next symbol: kallsyms knows no sizes */
};

/* Where code lies: kallsyms knows no sizes, so what follows a module's last function would bear
 * its name. */
struct range {
	char module[64]; /* "" = the kernel's text */
	uint64_t start;
	uint64_t end;
};

struct symbols {
	const char *kallsyms; /* the files that it is read from */
	const char *modules;
	struct symbols *older; /* kept: names of it may still be borrowed */
	struct range *ranges;  /* modules that are live, and the kernel's text */
	size_t n_ranges;
	size_t ranges_room;
	uint64_t modules_hash; /* of /proc/modules when the table was read */
	uint64_t checked_ns;   /* CLOCK_MONOTONIC */
	struct symbol *table;  /* by address */
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
	size_t len = strncmp(name, PADDING_PREFIX, strlen(PADDING_PREFIX)) ? strlen(name) + 1 : 0;

	s->table = grow(s->table, &s->room, s->n + 1, sizeof(*s->table));
	s->names = grow(s->names, &s->names_room, s->names_len + len, 1);
	if (!s->table || !s->names)
		return -ENOMEM;
	s->table[s->n++] = (struct symbol){ addr, len ? (uint32_t)s->names_len : NO_NAME, 0 };
	memcpy(s->names + s->names_len, name, len);
	s->names_len += len;
	return 0;
}

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

/*
 * The table by address, with sizes and without padding, which makes half of all symbols, in no more
 * memory than it needs: it stays for as long as the program runs.
 */
static void finish_table(struct symbols *s)
{
	struct symbol *fitted;
	size_t i, n = 0;

	qsort(s->table, s->n, sizeof(*s->table), by_address);
	for (i = 0; i < s->n; i++) {
		uint64_t size = i + 1 < s->n ? s->table[i + 1].addr - s->table[i].addr : 0;

		if (s->table[i].name == NO_NAME)
			continue;
		s->table[n] = s->table[i];
		s->table[n++].size = size < UINT32_MAX ? (uint32_t)size : 0;
	}
	s->n = n;
	fitted = n ? realloc(s->table, n * sizeof(*s->table)) : NULL;
	if (fitted) {
		s->table = fitted;
		s->room = n;
	}
}

static int add_range(struct symbols *s, const char *module, uint64_t start, uint64_t end)
{
	struct range *r;

	s->ranges = grow(s->ranges, &s->ranges_room, s->n_ranges + 1, sizeof(*s->ranges));
	if (!s->ranges)
		return -ENOMEM;
	r = &s->ranges[s->n_ranges++];
	*r = (struct range){ .start = start, .end = end };
	snprintf(r->module, sizeof(r->module), "%s", module);
	return 0;
}

/*
 * Is this symbol of a module where that module has its code now? Memory of init functions goes
 * to the next module, and kallsyms is not read in one moment.
 */
static bool is_in_place(const struct symbols *s, const char *module, uint64_t addr)
{
	size_t i;

	for (i = 0; i < s->n_ranges; i++)
		if (!strcmp(s->ranges[i].module, module))
			return addr >= s->ranges[i].start && addr < s->ranges[i].end;
	return false;
}

/* FNV-1a */
static uint64_t add_hash(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3ull;
	return hash;
}

/* Names and places of the modules; @s takes the ranges and may be NULL. */
static uint64_t read_modules(const char *path, struct symbols *s)
{
	uint64_t hash = 0xcbf29ce484222325ull;
	FILE *in = fopen(path, "re");
	unsigned long long base;
	unsigned long size;
	char line[4096], name[64], state[16], id[128];

	while (in && fgets(line, sizeof(line), in)) {
		if (sscanf(line, "%63s %lu %*s %*s %15s %llx", name, &size, state, &base) != 4)
			continue;
		snprintf(id, sizeof(id), "%s %s %llx;", name, state, base);
		hash = add_hash(hash, id);
		/* While it loads, it has init functions whose memory will be another's. */
		if (s && base && !strcmp(state, "Live") && add_range(s, name, base, base + size))
			break;
	}
	if (in)
		fclose(in);
	return hash;
}

static int read_symbols(struct symbols *s, FILE *in)
{
	uint64_t stext = 0, etext = 0;
	unsigned long long addr;
	char line[1024], name[512], module[64], type;
	bool visible = false;

	while (fgets(line, sizeof(line), in)) {
		int n = sscanf(line, "%llx %c %511s [%63[^]]]", &addr, &type, name, module);

		/* This leaves BPF programs out too: they come and go. */
		if (n < 3 || !strchr("tTwW", type) ||
		    (n == 4 && addr && !is_in_place(s, module, addr)))
			continue;
		visible |= addr != 0;
		if (!strcmp(name, "_stext"))
			stext = addr;
		else if (!strcmp(name, "_etext"))
			etext = addr;
		if (add_symbol(s, addr, name))
			return -ENOMEM;
	}
	if (add_range(s, "", stext, etext))
		return -ENOMEM;
	return visible ? 0 : -EPERM;
}

struct symbols *symbols__load(void)
{
	return symbols__read("/proc/kallsyms", "/proc/modules");
}

struct symbols *symbols__read(const char *kallsyms, const char *modules)
{
	struct symbols *s = calloc(1, sizeof(*s));
	FILE *in = fopen(kallsyms, "re");
	int err = -ENOMEM;

	if (!s || !in) {
		err = in ? -ENOMEM : -errno;
		goto err_free;
	}
	s->kallsyms = kallsyms;
	s->modules = modules;
	/* In this order: a module that is live now has no init functions left in kallsyms. */
	s->modules_hash = read_modules(modules, s);
	err = read_symbols(s, in);
	if (err)
		goto err_free;
	fclose(in);
	finish_table(s);
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
	struct symbols *older;

	for (; s; s = older) {
		older = s->older;
		free(s->table);
		free(s->names);
		free(s->ranges);
		free(s);
	}
}

int symbols__reload(struct symbols *s)
{
	struct symbols *fresh = symbols__read(s->kallsyms, s->modules), old;

	if (!fresh)
		return -errno;
	old = *s;
	*s = *fresh;
	*fresh = old;
	s->older = fresh;
	return 0;
}

bool symbols__has(const struct symbols *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (!strcmp(s->names + s->table[i].name, name))
			return true;
	return false;
}

const char *symbols__variant(const struct symbols *s, const char *name)
{
	const char *found[N_VARIANTS] = { NULL };
	bool several[N_VARIANTS] = { false };
	size_t i;
	int kind;

	for (i = 0; i < s->n; i++) {
		const char *symbol = s->names + s->table[i].name;

		kind = function_variant(symbol, name);
		if (kind < 0)
			continue;
		several[kind] |= found[kind] && strcmp(found[kind], symbol);
		found[kind] = symbol;
	}
	for (kind = 0; kind < N_VARIANTS; kind++)
		if (found[kind])
			return several[kind] ? NULL : found[kind];
	return NULL;
}

uint64_t symbols__text(const struct symbols *s)
{
	size_t i;

	for (i = 0; i < s->n_ranges; i++)
		if (!s->ranges[i].module[0])
			return s->ranges[i].start;
	return 0;
}

/* The piece of code in which both addresses lie. */
static const struct range *common_range(const struct symbols *s, uint64_t a, uint64_t b)
{
	size_t i;

	for (i = 0; i < s->n_ranges; i++)
		if (a >= s->ranges[i].start && b >= a && b < s->ranges[i].end)
			return &s->ranges[i];
	return NULL;
}

static void find_symbol(const struct symbols *s, uint64_t addr, struct frame *ret)
{
	size_t lo = 0, hi = s->n;
	const struct symbol *sym;
	const struct range *range;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (s->table[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return;
	sym = &s->table[lo - 1];
	range = common_range(s, sym->addr, addr);
	if (!range || (sym->size && addr - sym->addr >= sym->size))
		return;
	ret->name = s->names + sym->name;
	ret->module = range->module;
	ret->offset = (uint32_t)(addr - sym->addr);
	/* Only if what follows it is in the same piece of code. */
	if (sym->addr + sym->size < range->end)
		ret->size = sym->size;
}

/* Have modules come or gone since the table was read? */
static bool is_stale(struct symbols *s)
{
	uint64_t now = monotonic_ns();

	if (now - s->checked_ns < STALE_CHECK_NS)
		return false;
	s->checked_ns = now;
	return read_modules(s->modules, NULL) != s->modules_hash;
}

struct kernel_enums {
	const char *reasons[REASONS_MAX]; /* by value; owned by the BTF */
	struct symbols *symbols;
};

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

/* Once: a search in BTF for each reset would be felt in a storm. */
static void load_reasons(struct kernel_enums *e, const struct btf *btf)
{
	static const char prefix[] = "SK_RST_REASON_";
	const struct btf_type *t = find_enum(btf, "sk_rst_reason");
	size_t len = strlen(prefix);
	unsigned int i;

	for (i = 0; t && i < btf_vlen(t); i++) {
		const struct btf_enum *value = &btf_enum(t)[i];
		const char *name = btf__name_by_offset(btf, value->name_off);

		if (value->val < 0 || value->val >= REASONS_MAX || e->reasons[value->val])
			continue;
		e->reasons[value->val] = strncmp(name, prefix, len) ? name : name + len;
	}
}

struct kernel_enums *kernel_enums__new(const struct btf *btf, struct symbols *symbols)
{
	struct kernel_enums *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->symbols = symbols;
	load_reasons(e, btf);
	return e;
}

void kernel_enums__free(struct kernel_enums *e)
{
	free(e);
}

static const char *name_rst_reason(void *ctx, int value)
{
	const struct kernel_enums *e = ctx;

	return value >= 0 && value < REASONS_MAX ? e->reasons[value] : NULL;
}

static void name_frame(void *ctx, uint64_t addr, struct frame *ret)
{
	const struct kernel_enums *e = ctx;

	*ret = (struct frame){ .addr = addr };
	if (!e->symbols)
		return;
	if (is_stale(e->symbols))
		symbols__reload(e->symbols);
	find_symbol(e->symbols, addr, ret);
}

struct kernel_names kernel_enums__names(struct kernel_enums *e)
{
	return (struct kernel_names){
		.rst_reason = name_rst_reason,
		.frame = name_frame,
		.ctx = e,
	};
}
