// SPDX-License-Identifier: GPL-2.0-only
/*
 * attach_probes.c - attach to the kernel's reset functions by whatever this kernel grants.
 *
 * A function is a row (probe_rows.c); a tier is a way to attach to it. Each tier gets the rows
 * that the ones before it could not have. Nothing is decided by version: what cannot be loaded or attached
 * goes to the next tier, and what remains is printed with its cost.
 */
#include "live/attach_probes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "base/log.h"
#include "live/kernel_names.h"
#include "live/probe_rows.h"
#include "model/case.h"
#include "rst_fentry.skel.h"
#include "rst_fentry_typed.skel.h"
#include "rst_kprobe.skel.h"
#include "rst_tracepoint.skel.h"
#include "rst_tracepoint_typed.skel.h"

struct attached {
	enum tier tier;
	const char *why_not; /* from the last attempt */
	int err;
	int refused[TIER_AUTO]; /* by the verifier, which took others: not tried again */
};

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
	struct probe_plan plan;
};

/* An object to load, and what is wanted of it. */
struct attempt {
	struct kernel_probes *p;
	enum tier tier;
	bool typed;
	bool wanted[N_ROWS];
	unsigned int choice[N_ROWS]; /* of the rows that are wanted; some share a program */
	struct program_choice choices[N_ROWS];
	unsigned int n_choices;
};

static void configure_tracepoints(struct kernel_probes *p, struct bpf_object *obj)
{
	const struct btf *btf = p->cfg->btf;
	uint32_t arg = probe_reason_argument(btf, "btf_trace_tcp_send_reset", BTF_KIND_TYPEDEF);
	int drop = btf_enum_value(btf, "skb_drop_reason", "SKB_DROP_REASON_NETFILTER_DROP");

	/* The reason came together with the report of resets without a socket (6.10). */
	p->tracepoint_is_partial = !arg;
	embedded_set(obj, "passive_reason_arg", arg);
	embedded_set(obj, "netfilter_drop", drop > 0 ? (uint32_t)drop : 0);
}

static bool is_loaded(struct bpf_object *obj, unsigned int i, enum tier tier)
{
	const struct bpf_program *prog =
		bpf_object__find_program_by_name(obj, probe_row_program(i, tier));

	return prog && bpf_program__autoload(prog);
}

static void configure_functions(const struct attempt *a, struct bpf_object *obj)
{
	const struct btf *btf = a->p->cfg->btf;

	embedded_set(obj, "passive_reason_arg",
		     probe_reason_argument(btf, "tcp_v4_send_reset", BTF_KIND_FUNC));
	embedded_set(obj, "active_reason_arg",
		     probe_reason_argument(btf, "tcp_send_active_reset", BTF_KIND_FUNC));
	embedded_set(obj, "has_close_entry", is_loaded(obj, ROW_CLOSE, a->tier));
	if (a->tier == TIER_KPROBE)
		embedded_set(obj, "invalid_fmt_arg", probe_invalid_format_argument(btf));
}

/* Once it is known which programs are to be loaded. */
static void configure(void *ctx, struct bpf_object *obj)
{
	const struct attempt *a = ctx;
	const struct kernel_view_config *cfg = a->p->cfg;
	unsigned int i;

	embedded_set(obj, "want_netns", cfg->netns);
	embedded_set(obj, "want_user_stacks", cfg->user_stacks);
	embedded_set(obj, "read_type", embedded_read_type(cfg->btf));
	if (a->tier == TIER_TRACEPOINT) {
		configure_tracepoints(a->p, obj);
		return;
	}
	configure_functions(a, obj);
	for (i = 0; i < N_ROWS && a->tier == TIER_FENTRY; i++)
		if (a->wanted[i] && probe_rows[i].renamed)
			bpf_program__set_attach_target(
				bpf_object__find_program_by_name(obj, probe_rows[i].fentry), 0,
				probe_row_name(cfg, i, a->tier));
}

static const void *elf_of(enum tier tier, bool typed, size_t *size)
{
	if (tier == TIER_FENTRY)
		return typed ? rst_fentry_typed__elf_bytes(size) : rst_fentry__elf_bytes(size);
	if (tier == TIER_KPROBE)
		return rst_kprobe__elf_bytes(size);
	return typed ? rst_tracepoint_typed__elf_bytes(size) : rst_tracepoint__elf_bytes(size);
}

static struct bpf_object *open_object(void *ctx)
{
	const struct attempt *a = ctx;
	struct bpf_object *obj;
	const void *elf;
	size_t size;

	elf = elf_of(a->tier, a->typed, &size);
	obj = embedded_open(elf, size, tier_name(a->tier), a->p->cfg->btf_path, a->p->maps);
	if (!obj) {
		int err = errno;

		debug("open the %s object: %s", tier_name(a->tier), error_name(err));
		errno = err;
	}
	return obj;
}

/* The drop of a rejected segment is needed only where REJECT itself cannot be probed; so for close(). */
static bool is_needed(const struct kernel_probes *p, unsigned int i)
{
	if (p->row[i].tier != TIER_NONE)
		return false;
	if (i == ROW_NF_DROP)
		return p->row[ROW_REJECT4].tier == TIER_NONE ||
		       p->row[ROW_REJECT6].tier == TIER_NONE;
	if (i == ROW_SET_STATE)
		return p->row[ROW_CLOSE].tier == TIER_NONE;
	return true;
}

/* What a socket alone tells; a segment takes bpf_rdonly_cast() where the helper is refused. */
#define SOCKET_VIEWS (COVERS_ACTIVE | COVERS_RECEIVE | COVERS_CLOSE)

/* Why row @i cannot be had by @tier, as far as that can be known before trying; NULL = it can. */
static const char *why_in_vain(const struct kernel_probes *p, unsigned int i, enum tier tier,
			       bool typed)
{
	const char *why = probe_row_why_absent(p->cfg, i, tier);

	if (!why && typed && tier == TIER_KPROBE)
		return "lockdown";
	if (!why && typed && !(probe_rows[i].view & SOCKET_VIEWS) &&
	    !embedded_read_type(p->cfg->btf))
		return "lockdown, and no bpf_rdonly_cast in this kernel";
	return why;
}

static unsigned int choose_program(struct attempt *a, const char *name)
{
	unsigned int i;

	for (i = 0; i < a->n_choices; i++)
		if (!strcmp(a->choices[i].name, name))
			return i;
	a->choices[a->n_choices++].name = name;
	return i;
}

static void choose_programs(struct attempt *a)
{
	struct attached *row = a->p->row;
	unsigned int i;

	for (i = 0; i < N_ROWS; i++) {
		const char *name = probe_row_program(i, a->tier);

		if (!name || !is_needed(a->p, i) || row[i].refused[a->tier])
			continue;
		row[i].why_not = why_in_vain(a->p, i, a->tier, a->typed);
		row[i].err = 0;
		if (row[i].why_not)
			continue;
		a->choice[i] = choose_program(a, name);
		a->wanted[i] = true;
	}
}

static int attach_program(struct attempt *a, struct bpf_object *obj, unsigned int i)
{
	const char *name = probe_row_program(i, a->tier);
	struct kernel_probes *p = a->p;
	struct bpf_program *prog;
	struct bpf_link *link;
	unsigned int j;

	/* One tracepoint can stand for several functions. */
	for (j = 0; j < i; j++)
		if (a->wanted[j] && a->choice[j] == a->choice[i] && p->row[j].tier == a->tier)
			return 0;
	prog = bpf_object__find_program_by_name(obj, name);
	if (a->tier == TIER_KPROBE)
		link = bpf_program__attach_kprobe(
			prog, !strncmp(bpf_program__section_name(prog), "kret", 4),
			probe_row_name(p->cfg, i, a->tier));
	else
		link = bpf_program__attach(prog);
	if (!link)
		return -errno;
	p->links[p->n_links++] = link;
	return 0;
}

/* A window that begins must be seen to end: no entry without its return. */
static bool lacks_return(const struct kernel_probes *p, unsigned int i)
{
	return (i == ROW_INSERT && p->row[ROW_INSERTED].tier == TIER_NONE) ||
	       (i == ROW_HASHDANCE && p->row[ROW_HASHDANCED].tier == TIER_NONE);
}

static void attach_row(struct attempt *a, struct bpf_object *obj, unsigned int i)
{
	struct attached *row = &a->p->row[i];
	int err;

	if (lacks_return(a->p, i)) {
		row->why_not = "its return is not probed";
		return;
	}
	err = attach_program(a, obj, i);
	if (!err) {
		row->tier = a->tier;
	} else if (a->tier == TIER_KPROBE && err == -ENOENT) {
		row->why_not = no_kprobes;
	} else {
		row->why_not = "refused to attach";
		row->err = err;
	}
}

/* What the verifier says of a program, and not for want of something else. */
static bool is_verdict(int err)
{
	return err == -EACCES || err == -EINVAL || err == -E2BIG || err == -EFAULT;
}

static void refuse_row(struct attached *row, const struct attempt *a, int err, bool others_loaded)
{
	if (others_loaded && is_verdict(err)) {
		row->refused[a->tier] = err;
		return;
	}
	row->why_not = "refused to load";
	row->err = err;
}

static bool attach_rows(struct attempt *a, struct bpf_object *obj)
{
	bool any = false;
	unsigned int i;

	for (i = 0; i < N_ROWS; i++) {
		struct attached *row = &a->p->row[i];
		int err;

		if (!a->wanted[i])
			continue;
		err = a->choices[a->choice[i]].err;
		if (err)
			refuse_row(row, a, err, obj);
		else
			attach_row(a, obj, i);
		any |= row->tier != TIER_NONE;
	}
	return any;
}

static void try_tier(struct kernel_probes *p, enum tier tier, bool typed)
{
	struct attempt a = { .p = p, .tier = tier, .typed = typed };
	struct embedded_programs programs = { open_object, configure, &a, a.choices, 0 };
	struct bpf_object *obj;

	choose_programs(&a);
	if (!a.n_choices || p->n_objs == MAX_OBJECTS)
		return;
	programs.n_choices = a.n_choices;
	obj = embedded_load_granted(&programs, p->maps);
	if (attach_rows(&a, obj)) {
		p->objs[p->n_objs++] = obj;
		p->is_typed |= typed;
	} else {
		bpf_object__close(obj);
	}
}

/* Only what a tier that is allowed could have had, had the module been there. */
static bool awaits_module(const struct kernel_probes *p, unsigned int i)
{
	return probe_rows[i].module && p->row[i].tier == TIER_NONE &&
	       p->row[i].why_not == probe_not_loaded;
}

static bool is_partial(const struct kernel_probes *p, unsigned int i)
{
	return p->tracepoint_is_partial && p->row[i].tier == TIER_TRACEPOINT &&
	       (i == ROW_V4 || i == ROW_V6);
}

static enum tier best_tier(const struct kernel_probes *p)
{
	enum tier best = TIER_NONE;
	unsigned int i;

	for (i = 0; i < N_ROWS; i++)
		if (p->row[i].tier != TIER_NONE && (best == TIER_NONE || p->row[i].tier < best))
			best = p->row[i].tier;
	return best;
}

static void add_to_plan(struct kernel_probes *p, unsigned int i)
{
	struct probe_plan_row *to = &p->plan.rows[p->plan.n_rows++];
	const struct probe_row *r = &probe_rows[i];
	const struct attached *a = &p->row[i];

	*to = (struct probe_plan_row){
		.function = r->function,
		.how = a->tier,
		.partial = is_partial(p, i),
		.why_not = a->tier == TIER_NONE ? a->why_not : NULL,
		.err = a->tier == TIER_NONE ? a->err : 0,
		.waits_for = awaits_module(p, i) ? r->module : NULL,
		.price = r->price,
	};
	memcpy(to->refused, a->refused, sizeof(to->refused));
}

static const char *why_nothing(const struct kernel_probes *p)
{
	if (!p->cfg->btf)
		return ": this kernel has no BTF (/sys/kernel/btf/vmlinux); use --btf";
	if (p->cfg->tier == TIER_NONE)
		return ", as requested: causes are derived from packets only";
	return NULL;
}

/* Entry and return of a function share a row, unless only one could be probed. */
static bool is_listed(const struct kernel_probes *p, unsigned int i)
{
	return i && !strcmp(probe_rows[i - 1].function, probe_rows[i].function) &&
	       p->row[i - 1].tier == p->row[i].tier;
}

static void make_plan(struct kernel_probes *p)
{
	unsigned int i;

	p->plan = (struct probe_plan){
		.best = best_tier(p),
		.nothing = why_nothing(p),
		.is_typed = p->is_typed,
	};
	for (i = 0; i < N_ROWS && !p->plan.nothing; i++)
		if (!is_listed(p, i) && (p->row[i].tier != TIER_NONE || is_needed(p, i)))
			add_to_plan(p, i);
}

static void try_tiers(struct kernel_probes *p)
{
	/* Asked for by itself: to a program, the verifier says -EINVAL for other reasons, too. */
	bool typed = p->cfg->btf && p->cfg->tier != TIER_NONE && embedded_reads_refused();
	enum tier tier;

	for (tier = TIER_FENTRY; tier <= TIER_TRACEPOINT && p->cfg->btf; tier++)
		if (p->cfg->tier == TIER_AUTO || p->cfg->tier == tier)
			try_tier(p, tier, typed);
	make_plan(p);
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
		any |= awaited[i] && probe_module_is_live(probe_rows[i].module);
	}
	if (!any)
		return;
	if (p->cfg->symbols)
		symbols__reload(p->cfg->symbols);
	try_tiers(p);
	for (i = 0; i < N_ROWS; i++)
		if (awaited[i] && p->row[i].tier != TIER_NONE)
			notice("kernel view: module %s was loaded; %s by %s", probe_rows[i].module,
			       probe_rows[i].function, tier_name(p->row[i].tier));
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
	return probe_rows[i].module && p->cfg->symbols &&
	       !symbols__has(p->cfg->symbols, probe_rows[i].function);
}

uint32_t kernel_probes__views(const struct kernel_probes *p)
{
	uint32_t views = 0, lacking = 0;
	unsigned int i;

	for (i = 0; i < N_ROWS; i++) {
		if (p->row[i].tier != TIER_NONE && !is_partial(p, i))
			views |= probe_rows[i].view;
		/* A REJECT rule can bring its module with it at any time. */
		else if (i >= ROW_REJECT4 || !cannot_happen(p, i))
			lacking |= probe_rows[i].view;
	}
	return views & ~lacking;
}

const char *kernel_probes__tier(const struct kernel_probes *p)
{
	return tier_name(p->plan.best);
}

const struct probe_plan *kernel_probes__plan(const struct kernel_probes *p)
{
	return &p->plan;
}

void kernel_probes__print_plan(const struct kernel_probes *p, FILE *out)
{
	probe_plan__print(&p->plan, out);
}
