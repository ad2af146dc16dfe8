// SPDX-License-Identifier: GPL-2.0-only
/*
 * attach_probes.c - attach to the kernel's reset functions by whatever this kernel grants.
 *
 * A function is a row; a tier is a way to attach to it. Each tier gets the rows that the ones
 * before it could not have. Nothing is decided by version: what cannot be loaded or attached
 * goes to the next tier, and what remains is printed with its cost.
 */
#include "live/attach_probes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "base/log.h"
#include "live/kernel_names.h"
#include "model/case.h"
#include "rst_fentry.skel.h"
#include "rst_fentry_typed.skel.h"
#include "rst_kprobe.skel.h"
#include "rst_tracepoint.skel.h"
#include "rst_tracepoint_typed.skel.h"

struct row {
	const char *function;
	const char *renamed; /* by a later release; NULL = never */
	const char *module;  /* NULL: always part of the kernel */
	const char *fentry;  /* program, by tier; NULL = not to be had there */
	const char *kprobe;
	const char *tracepoint;
	uint32_t view;	   /* enum coverage */
	const char *price; /* of not having it */
};

enum {
	ROW_V4,
	ROW_V6,
	ROW_ACTIVE,
	ROW_RECEIVE,
	ROW_CLOSE,
	ROW_INSERTED, /* returns first: no window must begin whose end is not seen */
	ROW_INSERT,
	ROW_HASHDANCED,
	ROW_HASHDANCE,
	ROW_CHALLENGE,
	ROW_TIMEWAIT,
	ROW_REJECT4,
	ROW_REJECT6,
	ROW_INVALID,
	ROW_NF_DROP,
	N_ROWS,
};

static const char no_windows[] = "races in the socket hash table are 'likely' at best";
static const char no_clash[] = "early demux before NAT (Linux before 6.7) is not detected";

static const struct row rows[N_ROWS] = {
	[ROW_V4] = { "tcp_v4_send_reset", NULL, NULL, "fe_v4_send_reset", "kp_v4_send_reset",
		     "tp_send_reset", COVERS_PASSIVE,
		     "the result of the IPv4 socket lookup is not known" },
	[ROW_V6] = { "tcp_v6_send_reset", NULL, "ipv6", "fe_v6_send_reset", "kp_v6_send_reset",
		     "tp_send_reset", COVERS_PASSIVE,
		     "the result of the IPv6 socket lookup is not known" },
	[ROW_ACTIVE] = { "tcp_send_active_reset", NULL, NULL, "fe_active_reset", "kp_active_reset",
			 "tp_send_reset", COVERS_ACTIVE,
			 "the cause of active resets (SO_LINGER, unread data, ...) is not known" },
	[ROW_RECEIVE] = { "tcp_reset", NULL, NULL, "fe_tcp_reset", "kp_tcp_reset",
			  "tp_receive_reset", COVERS_RECEIVE,
			  "the socket that received a RST is not known" },
	[ROW_CLOSE] = { "__tcp_close", NULL, NULL, "fe_tcp_close", "kp_tcp_close", NULL,
			COVERS_CLOSE, "the number of unread bytes at close() is not known" },
	[ROW_INSERT] = { "inet_ehash_insert", NULL, NULL, "fe_ehash_insert", "kp_ehash_insert",
			 NULL, COVERS_WINDOWS, no_windows },
	[ROW_INSERTED] = { "inet_ehash_insert", NULL, NULL, "fx_ehash_insert", "kr_ehash_insert",
			   NULL, COVERS_WINDOWS, no_windows },
	[ROW_HASHDANCE] = { "inet_twsk_hashdance", "inet_twsk_hashdance_schedule", NULL,
			    "fe_hashdance", "kp_hashdance", NULL, COVERS_WINDOWS, no_windows },
	[ROW_HASHDANCED] = { "inet_twsk_hashdance", "inet_twsk_hashdance_schedule", NULL,
			     "fx_hashdance", "kr_hashdance", NULL, COVERS_WINDOWS, no_windows },
	[ROW_CHALLENGE] = { "tcp_send_challenge_ack", NULL, NULL, "fe_challenge_ack",
			    "kp_challenge_ack", NULL, COVERS_CLASH, no_clash },
	[ROW_TIMEWAIT] = { "tcp_timewait_state_process", NULL, NULL, "fe_timewait", "kp_timewait",
			   NULL, COVERS_CLASH, no_clash },
	[ROW_REJECT4] = { "nf_send_reset", NULL, "nf_reject_ipv4", "fe_nf_send_reset",
			  "kp_nf_send_reset", NULL, COVERS_REJECT,
			  "IPv4 REJECT rules are 'likely' at best" },
	[ROW_REJECT6] = { "nf_send_reset6", NULL, "nf_reject_ipv6", "fe_nf_send_reset6",
			  "kp_nf_send_reset6", NULL, COVERS_REJECT,
			  "IPv6 REJECT rules are 'likely' at best" },
	[ROW_INVALID] = { "nf_ct_l4proto_log_invalid", NULL, "nf_conntrack", NULL, "kp_log_invalid",
			  NULL, COVERS_INVALID, "conntrack's reason for INVALID is not known" },
	[ROW_NF_DROP] = { "kfree_skb", NULL, NULL, NULL, NULL, "tp_kfree_skb", COVERS_NF_DROP,
			  "REJECT rules cannot be distinguished from other senders" },
};

struct attached {
	enum tier tier;
	const char *why_not; /* from the last attempt */
	int err;
};

static const char not_loaded[] = "module not loaded";
static const char no_kprobes[] = "no kprobes in this kernel";

#define MAX_LINKS (3 * N_ROWS)
#define MAX_OBJECTS (2 * N_ROWS)

struct kernel_probes {
	const struct kernel_view_config *cfg;
	struct shared_maps *maps;
	struct attached row[N_ROWS];
	struct bpf_object *objs[MAX_OBJECTS];
	unsigned int n_objs;
	struct bpf_link *links[MAX_LINKS];
	unsigned int n_links;
	bool tracepoint_is_partial; /* silent where there is no socket */
	bool is_typed;		    /* reads without bpf_probe_read_kernel() */
};

static const char *const tier_names[] = {
	[TIER_NONE] = "none",	  [TIER_FENTRY] = "fentry",
	[TIER_KPROBE] = "kprobe", [TIER_TRACEPOINT] = "tracepoint",
	[TIER_AUTO] = "auto",
};

int tier_parse(const char *word, enum tier *ret)
{
	unsigned int i;

	for (i = 0; i <= TIER_AUTO; i++) {
		if (strcmp(word, tier_names[i]))
			continue;
		*ret = (enum tier)i;
		return 0;
	}
	return -EINVAL;
}

static const char *program_of(const struct row *r, enum tier tier)
{
	switch (tier) {
	case TIER_FENTRY:
		return r->fentry;
	case TIER_KPROBE:
		return r->kprobe;
	case TIER_TRACEPOINT:
		return r->tracepoint;
	default:
		return NULL;
	}
}

/* Functions of modules stand in the module's own BTF, split from the kernel's. */
static const struct btf_type *function_proto(const struct btf *kernel, const char *module,
					     const char *function, struct btf **ret_split)
{
	const struct btf *btf = kernel;
	const struct btf_type *t;
	char path[128];
	int id;

	*ret_split = NULL;
	id = btf__find_by_name_kind(btf, function, BTF_KIND_FUNC);
	if (id < 0 && module) {
		snprintf(path, sizeof(path), "/sys/kernel/btf/%s", module);
		*ret_split = btf__parse_split(path, (struct btf *)kernel);
		btf = *ret_split;
		id = btf ? btf__find_by_name_kind(btf, function, BTF_KIND_FUNC) : -ENOENT;
	}
	if (id < 0)
		return NULL;
	t = btf__type_by_id(btf, (__u32)id);
	return btf__type_by_id(btf, t->type);
}

static bool in_btf(const struct btf *kernel, const char *module, const char *function)
{
	struct btf *split;
	bool found = function && function_proto(kernel, module, function, &split);

	if (!function)
		return false;
	btf__free(split);
	return found;
}

/*
 * The name by which this kernel has the row's function, for this tier; NULL = not at all. A
 * compiler's clone serves kprobes where no more than the first argument is read: that one stays.
 */
static const char *name_here(const struct kernel_probes *p, unsigned int i, enum tier tier)
{
	const struct symbols *symbols = p->cfg->symbols;
	const struct row *r = &rows[i];

	if (tier == TIER_FENTRY)
		return in_btf(p->cfg->btf, r->module, r->function) ? r->function :
		       in_btf(p->cfg->btf, r->module, r->renamed)  ? r->renamed :
								     NULL;
	if (!symbols)
		return r->function;
	if (i == ROW_CHALLENGE)
		return symbols__variant(symbols, r->function);
	if (symbols__has(symbols, r->function))
		return r->function;
	return r->renamed && symbols__has(symbols, r->renamed) ? r->renamed : NULL;
}

/* The argument of @function whose type is enum sk_rst_reason, from 1; 0 = none. */
static uint32_t reason_argument(const struct btf *btf, const char *function, int kind)
{
	int id = btf__find_by_name_kind(btf, function, (__u32)kind);
	const struct btf_type *t;
	unsigned int i;

	if (id < 0)
		return 0;
	t = btf__type_by_id(btf, (__u32)id);
	while (t && !btf_is_func_proto(t))
		t = btf__type_by_id(btf, t->type);
	for (i = 0; t && i < btf_vlen(t); i++) {
		const struct btf_type *arg = btf__type_by_id(btf, btf_params(t)[i].type);

		while (arg && btf_is_mod(arg))
			arg = btf__type_by_id(btf, arg->type);
		if (arg && btf_is_any_enum(arg) &&
		    !strcmp(btf__name_by_offset(btf, arg->name_off), "sk_rst_reason"))
			return i + 1;
	}
	return 0;
}

/* (skb, ct, fmt, ...) until 5.14, where modules may have no BTF; (skb, ct, state, fmt, ...) */
static uint32_t invalid_format_argument(const struct btf *kernel)
{
	const struct btf_type *proto;
	struct btf *split;
	uint32_t arg = 3;

	proto = function_proto(kernel, "nf_conntrack", "nf_ct_l4proto_log_invalid", &split);
	if (proto && btf_vlen(proto) >= 5)
		arg = 4;
	btf__free(split);
	return arg;
}

static void configure(struct bpf_object *obj, enum tier tier, struct kernel_probes *p,
		      const bool *wanted)
{
	const struct kernel_view_config *cfg = p->cfg;
	int drop;

	embedded_set(obj, "want_netns", cfg->netns);
	embedded_set(obj, "read_type", embedded_read_type(cfg->btf));
	if (tier == TIER_TRACEPOINT) {
		uint32_t arg =
			reason_argument(cfg->btf, "btf_trace_tcp_send_reset", BTF_KIND_TYPEDEF);

		/* The reason came together with the report of resets without a socket (6.10). */
		p->tracepoint_is_partial = !arg;
		embedded_set(obj, "passive_reason_arg", arg);
		drop = btf_enum_value(cfg->btf, "skb_drop_reason",
				      "SKB_DROP_REASON_NETFILTER_DROP");
		embedded_set(obj, "netfilter_drop", drop > 0 ? (uint32_t)drop : 0);
		return;
	}
	embedded_set(obj, "passive_reason_arg",
		     reason_argument(cfg->btf, "tcp_v4_send_reset", BTF_KIND_FUNC));
	embedded_set(obj, "active_reason_arg",
		     reason_argument(cfg->btf, "tcp_send_active_reset", BTF_KIND_FUNC));
	embedded_set(obj, "has_close_entry", wanted[ROW_CLOSE]);
	if (tier == TIER_KPROBE)
		embedded_set(obj, "invalid_fmt_arg", invalid_format_argument(cfg->btf));
}

/* Does this kernel have the function at all, as far as that can be known before trying? */
static bool exists(const struct kernel_probes *p, unsigned int i, enum tier tier)
{
	const struct kernel_view_config *cfg = p->cfg;

	if (tier != TIER_TRACEPOINT)
		return name_here(p, i, tier);
	if (i == ROW_NF_DROP)
		return btf_enum_value(cfg->btf, "skb_drop_reason",
				      "SKB_DROP_REASON_NETFILTER_DROP") > 0;
	return true;
}

/* Loaded and past its init; one that is built in has no such file. */
static bool is_live(const char *module)
{
	char path[64], state[8] = "";
	FILE *in;

	snprintf(path, sizeof(path), "/sys/module/%s/initstate", module);
	in = fopen(path, "re");
	if (!in)
		return false;
	if (!fgets(state, sizeof(state), in))
		state[0] = 0;
	fclose(in);
	return !strncmp(state, "live", 4);
}

static const char *why_absent(const struct kernel_probes *p, unsigned int i)
{
	const struct row *r = &rows[i];

	if (r->module && !is_live(r->module) &&
	    !(p->cfg->symbols && symbols__has(p->cfg->symbols, r->function)))
		return not_loaded;
	return "not in this kernel, or with a different signature";
}

static const void *elf_of(enum tier tier, bool typed, size_t *size)
{
	if (tier == TIER_FENTRY)
		return typed ? rst_fentry_typed__elf_bytes(size) : rst_fentry__elf_bytes(size);
	if (tier == TIER_KPROBE)
		return rst_kprobe__elf_bytes(size);
	return typed ? rst_tracepoint_typed__elf_bytes(size) : rst_tracepoint__elf_bytes(size);
}

/* The drop of a rejected segment is needed only where REJECT itself cannot be probed. */
static bool is_needed(const struct kernel_probes *p, unsigned int i)
{
	if (p->row[i].tier != TIER_NONE)
		return false;
	if (i == ROW_NF_DROP)
		return p->row[ROW_REJECT4].tier == TIER_NONE ||
		       p->row[ROW_REJECT6].tier == TIER_NONE;
	return true;
}

/* What a socket alone tells; a segment takes bpf_rdonly_cast() where the helper is refused. */
#define SOCKET_VIEWS (COVERS_ACTIVE | COVERS_RECEIVE | COVERS_CLOSE)

/* Why row @i cannot be had by @tier, as far as that can be known before trying; NULL = it can. */
static const char *why_in_vain(const struct kernel_probes *p, unsigned int i, enum tier tier,
			       bool typed)
{
	if (!exists(p, i, tier))
		return why_absent(p, i);
	if (typed && !(rows[i].view & SOCKET_VIEWS) && !embedded_read_type(p->cfg->btf))
		return "lockdown, and no bpf_rdonly_cast in this kernel";
	return NULL;
}

static bool choose_programs(struct kernel_probes *p, struct bpf_object *obj, enum tier tier,
			    bool typed, bool *wanted)
{
	struct bpf_program *prog;
	bool any = false;
	unsigned int i;

	bpf_object__for_each_program (prog, obj)
		bpf_program__set_autoload(prog, false);
	for (i = 0; i < N_ROWS; i++) {
		const char *name = program_of(&rows[i], tier);

		wanted[i] = false;
		if (!name || !is_needed(p, i))
			continue;
		p->row[i].why_not = why_in_vain(p, i, tier, typed);
		p->row[i].err = 0;
		if (p->row[i].why_not)
			continue;
		prog = bpf_object__find_program_by_name(obj, name);
		bpf_program__set_autoload(prog, true);
		if (tier == TIER_FENTRY && rows[i].renamed)
			bpf_program__set_attach_target(prog, 0, name_here(p, i, tier));
		wanted[i] = any = true;
	}
	return any;
}

static int attach_row(struct kernel_probes *p, struct bpf_object *obj, enum tier tier,
		      unsigned int i)
{
	const char *name = program_of(&rows[i], tier);
	struct bpf_program *prog;
	struct bpf_link *link;
	unsigned int j;

	/* One tracepoint can stand for several functions. */
	for (j = 0; j < i; j++) {
		const char *other = program_of(&rows[j], tier);

		if (other && !strcmp(other, name) && p->row[j].tier == tier)
			return 0;
	}
	prog = bpf_object__find_program_by_name(obj, name);
	if (tier == TIER_KPROBE)
		link = bpf_program__attach_kprobe(
			prog, !strncmp(bpf_program__section_name(prog), "kret", 4),
			name_here(p, i, tier));
	else
		link = bpf_program__attach(prog);
	if (!link)
		return -errno;
	p->links[p->n_links++] = link;
	return 0;
}

static void refuse(struct kernel_probes *p, const bool *wanted, const char *why, int err)
{
	unsigned int i;

	for (i = 0; i < N_ROWS; i++) {
		if (!wanted[i])
			continue;
		p->row[i].why_not = why;
		p->row[i].err = err;
	}
}

/* 0, or why the kernel does not take the programs. */
static int try_object(struct kernel_probes *p, enum tier tier, bool typed)
{
	bool wanted[N_ROWS], any = false;
	struct bpf_object *obj;
	const void *elf;
	unsigned int i;
	size_t size;
	int err;

	elf = elf_of(tier, typed, &size);
	obj = embedded_open(elf, size, tier_names[tier], p->cfg->btf_path, p->maps);
	if (!obj) {
		debug("open the %s object: %s", tier_names[tier], error_name(errno));
		return 0;
	}
	if (!choose_programs(p, obj, tier, typed, wanted) || p->n_objs == MAX_OBJECTS) {
		bpf_object__close(obj);
		return 0;
	}
	configure(obj, tier, p, wanted);
	err = embedded_load(obj, p->maps);
	if (err) {
		refuse(p, wanted, "refused to load", err);
		bpf_object__close(obj);
		return err;
	}
	for (i = 0; i < N_ROWS; i++) {
		if (!wanted[i])
			continue;
		err = attach_row(p, obj, tier, i);
		p->row[i].err = err;
		p->row[i].why_not = !err				  ? NULL :
				    tier == TIER_KPROBE && err == -ENOENT ? no_kprobes :
									    "refused to attach";
		if (p->row[i].why_not == no_kprobes)
			p->row[i].err = 0;
		p->row[i].tier = err ? TIER_NONE : tier;
		any |= !err;
	}
	if (any)
		p->objs[p->n_objs++] = obj;
	else
		bpf_object__close(obj);
	p->is_typed |= any && typed;
	return 0;
}

/* -EINVAL is what the verifier says to a helper that lockdown=confidentiality refuses. */
static void try_tier(struct kernel_probes *p, enum tier tier)
{
	if (!p->is_typed && try_object(p, tier, false) != -EINVAL)
		return;
	if (tier != TIER_KPROBE)
		try_object(p, tier, true);
}

static void try_tiers(struct kernel_probes *p)
{
	enum tier tier;

	for (tier = TIER_FENTRY; tier <= TIER_TRACEPOINT && p->cfg->btf; tier++)
		if (p->cfg->tier == TIER_AUTO || p->cfg->tier == tier)
			try_tier(p, tier);
}

struct kernel_probes *kernel_probes__attach(const struct kernel_view_config *cfg,
					    struct shared_maps *maps)
{
	struct kernel_probes *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->cfg = cfg;
	p->maps = maps;
	try_tiers(p);
	return p;
}

/* Only what a tier that is allowed could have had, had the module been there. */
static bool awaits_module(const struct kernel_probes *p, unsigned int i)
{
	return rows[i].module && p->row[i].tier == TIER_NONE && p->row[i].why_not == not_loaded;
}

bool kernel_probes__lacks_modules(const struct kernel_probes *p)
{
	unsigned int i;

	for (i = 0; i < N_ROWS; i++)
		if (awaits_module(p, i))
			return true;
	return false;
}

void kernel_probes__look_again(struct kernel_probes *p)
{
	bool awaited[N_ROWS], any = false;
	unsigned int i;

	for (i = 0; i < N_ROWS; i++) {
		awaited[i] = awaits_module(p, i);
		any |= awaited[i] && is_live(rows[i].module);
	}
	if (!any)
		return;
	if (p->cfg->symbols)
		symbols__reload(p->cfg->symbols);
	try_tiers(p);
	for (i = 0; i < N_ROWS; i++)
		if (awaited[i] && p->row[i].tier != TIER_NONE)
			notice("kernel view: module %s was loaded; %s by %s", rows[i].module,
			       rows[i].function, tier_names[p->row[i].tier]);
}

uint64_t kernel_probes__missed(const struct kernel_probes *p)
{
	struct bpf_prog_info info;
	struct bpf_program *prog;
	uint64_t missed = 0;
	unsigned int i;

	for (i = 0; i < p->n_objs; i++) {
		bpf_object__for_each_program (prog, p->objs[i]) {
			__u32 len = sizeof(info);

			memset(&info, 0, sizeof(info));
			if (bpf_program__fd(prog) >= 0 &&
			    !bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
				missed += info.recursion_misses;
		}
	}
	return missed;
}

void kernel_probes__free(struct kernel_probes *p)
{
	unsigned int i;

	if (!p)
		return;
	for (i = 0; i < p->n_links; i++)
		bpf_link__destroy(p->links[i]);
	for (i = 0; i < p->n_objs; i++)
		bpf_object__close(p->objs[i]);
	free(p);
}

/* A function of a module that is not there cannot make resets either. */
static bool cannot_happen(const struct kernel_probes *p, unsigned int i)
{
	return rows[i].module && p->cfg->symbols &&
	       !symbols__has(p->cfg->symbols, rows[i].function);
}

static bool is_partial(const struct kernel_probes *p, unsigned int i)
{
	return p->tracepoint_is_partial && p->row[i].tier == TIER_TRACEPOINT &&
	       (i == ROW_V4 || i == ROW_V6);
}

uint32_t kernel_probes__views(const struct kernel_probes *p)
{
	uint32_t views = 0, lacking = 0;
	unsigned int i;

	for (i = 0; i < N_ROWS; i++) {
		if (p->row[i].tier != TIER_NONE && !is_partial(p, i))
			views |= rows[i].view;
		/* A REJECT rule can bring its module with it at any time. */
		else if (i >= ROW_REJECT4 || !cannot_happen(p, i))
			lacking |= rows[i].view;
	}
	return views & ~lacking;
}

const char *kernel_probes__tier(const struct kernel_probes *p)
{
	enum tier best = TIER_NONE;
	unsigned int i;

	for (i = 0; i < N_ROWS; i++)
		if (p->row[i].tier != TIER_NONE && (best == TIER_NONE || p->row[i].tier < best))
			best = p->row[i].tier;
	return tier_names[best];
}

static void print_row(const struct kernel_probes *p, unsigned int i, FILE *out)
{
	const struct attached *a = &p->row[i];
	const struct row *r = &rows[i];

	/* Entry and return of a function share a line, unless only one could be probed. */
	if (i && !strcmp(rows[i - 1].function, r->function) && p->row[i - 1].tier == a->tier)
		return;
	if (a->tier != TIER_NONE) {
		fprintf(out, "  %-26s %s%s\n", r->function, tier_names[a->tier],
			is_partial(p, i) ? " (on this kernel: only if there is a socket)" : "");
		return;
	}
	if (!is_needed(p, i))
		return;
	if (a->why_not == not_loaded) {
		fprintf(out, "  %-26s waiting for module %s\n", r->function, r->module);
		return;
	}
	fprintf(out, "  %-26s missing (%s%s%s)\n%30s%s\n", r->function,
		a->why_not ? a->why_not : "not available in this view", a->err ? ", " : "",
		a->err ? error_name(a->err) : "", "", r->price);
}

void kernel_probes__print_plan(const struct kernel_probes *p, FILE *out)
{
	unsigned int i;

	fprintf(out, "kernel view: %s\n", kernel_probes__tier(p));
	if (!p->cfg->btf) {
		fputs("  none: this kernel has no BTF (/sys/kernel/btf/vmlinux); use --btf\n", out);
		return;
	}
	if (p->cfg->tier == TIER_NONE) {
		fputs("  none, as requested: causes are derived from packets only\n", out);
		return;
	}
	if (p->is_typed)
		fputs("  with typed loads: this kernel rejects bpf_probe_read_kernel (lockdown)\n",
		      out);
	for (i = 0; i < N_ROWS; i++)
		print_row(p, i, out);
}
