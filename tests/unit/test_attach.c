// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_attach.c - which functions and interfaces are attached to, by what a kernel grants.
 *
 * The kernel is played (fake_kernel.h); its BTF, the interfaces and their qdiscs are real.
 */
#include <net/if_arp.h>
#include <sys/wait.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "base/log.h"
#include "fake_kernel.h"
#include "live/attach_probes.h"
#include "live/attach_wire.h"
#include "live/kernel_names.h"
#include "model/case.h"
#include "namespace.h"

#define TRACE_FENTRY 24
#define TRACE_FEXIT 25

#define EVERY_PASSIVE "ffffffff81000010 T tcp_v4_send_reset\nffffffff81000020 T tcp_v6_send_reset\n"

static struct btf *kernel_btf;

/* --- functions ------------------------------------------------------------------------------------------- */

struct probed {
	struct shared_maps maps;
	struct kernel_view_config cfg;
	struct kernel_probes *probes;
	char plan[8192];
};

static void probe(struct probed *p, enum tier tier, struct symbols *symbols)
{
	FILE *out = fmemopen(p->plan, sizeof(p->plan), "w");

	shared_maps_init(&p->maps, 2, 64);
	p->cfg = (struct kernel_view_config){ .tier = tier, .btf = kernel_btf, .symbols = symbols };
	p->probes = kernel_probes__attach(&p->cfg, &p->maps);
	if (!p->probes)
		abort();
	kernel_probes__print_plan(p->probes, out);
	fclose(out);
}

static void unprobe(struct probed *p)
{
	kernel_probes__free(p->probes);
	shared_maps_close(&p->maps);
}

/* The line of the plan that begins with the function. */
static const char *line_of(const struct probed *p, const char *function)
{
	static char line[256];
	const char *at = strstr(p->plan, function);

	snprintf(line, sizeof(line), "%.*s", at ? (int)strcspn(at, "\n") : 0, at ? at : "");
	return line;
}

static bool is_ours(const char *name)
{
	return strlen(name) > 3 && name[2] == '_' && strchr("ftk", name[0]);
}

static int no_tracing(const char *name, uint32_t type, uint32_t attach_type)
{
	(void)type;
	return is_ours(name) && (attach_type == TRACE_FENTRY || attach_type == TRACE_FEXIT) ?
		       EPERM :
		       0;
}

static int no_programs(const char *name, uint32_t type, uint32_t attach_type)
{
	(void)type, (void)attach_type;
	return is_ours(name) ? EPERM : 0;
}

static int no_close_program(const char *name, uint32_t type, uint32_t attach_type)
{
	(void)type, (void)attach_type;
	return !strcmp(name, "fe_tcp_close") ? EINVAL : 0;
}

static int no_active_program(const char *name, uint32_t type, uint32_t attach_type)
{
	(void)type, (void)attach_type;
	return !strcmp(name, "fe_active_reset") ? EACCES : 0;
}

static int no_return_program(const char *name, uint32_t type, uint32_t attach_type)
{
	(void)type, (void)attach_type;
	return !strcmp(name, "fx_ehash_insert") ? EACCES : 0;
}

static int no_close(const char *prog, uint32_t attach_type)
{
	(void)attach_type;
	return strstr(prog, "tcp_close") ? EBUSY : 0;
}

static void test_all(void)
{
	struct probed p;

	probe(&p, TIER_AUTO, NULL);
	check_str(kernel_probes__tier(p.probes), "fentry", "what grants all is asked by fentry");
	check_has(line_of(&p, "tcp_v4_send_reset"), "fentry", "... as the plan says");
	check((kernel_probes__views(p.probes) & (COVERS_PASSIVE | COVERS_ACTIVE)) ==
		      (COVERS_PASSIVE | COVERS_ACTIVE),
	      "... and sees both kinds of reset");
	check(fake_kernel.links > 0, "... by links");
	check_int(kernel_probes__missed(p.probes), 0, "no probe was skipped");
	fake_kernel.recursion_misses = 3;
	check(kernel_probes__missed(p.probes) >= 3 && !(kernel_probes__missed(p.probes) % 3),
	      "those that were are added up");
	fake_kernel.recursion_misses = 0;
	kernel_probes__look_again(p.probes);
	check_str(kernel_probes__tier(p.probes), "fentry", "looking again changes nothing");
	unprobe(&p);
}

static void test_tiers(void)
{
	struct probed p;

	fake_kernel.refuse_load = no_tracing;
	probe(&p, TIER_AUTO, NULL);
	check_str(kernel_probes__tier(p.probes), "tracepoint",
		  "what grants no fentry is asked by tracepoints");
	check_has(line_of(&p, "tcp_send_active_reset"), "tracepoint", "... as the plan says");
	check(!(kernel_probes__views(p.probes) & COVERS_CLOSE),
	      "... which do not see close() begin");
	unprobe(&p);
	probe(&p, TIER_FENTRY, NULL);
	check_str(kernel_probes__tier(p.probes), "none", "none, where only fentry may be used");
	check_int(kernel_probes__views(p.probes), 0, "... and nothing is seen");
	check_has(line_of(&p, "tcp_v4_send_reset"), "-EPERM", "... and the plan says why");
	unprobe(&p);
	fake_kernel.refuse_load = no_programs;
	probe(&p, TIER_AUTO, NULL);
	check_str(kernel_probes__tier(p.probes), "none", "what loads nothing is asked by nothing");
	unprobe(&p);
	fake_kernel.refuse_load = NULL;
	probe(&p, TIER_NONE, NULL);
	check_str(kernel_probes__tier(p.probes), "none", "so is what is not to be asked");
	unprobe(&p);
}

static void test_lockdown(void)
{
	struct probed p;

	fake_kernel.locked_down = true;
	probe(&p, TIER_FENTRY, NULL);
	fake_kernel.locked_down = false;
	check_str(kernel_probes__tier(p.probes), "fentry",
		  "where the verifier refuses helpers, programs without them are taken");
	check_has(p.plan, "lockdown", "... as the plan says");
	unprobe(&p);
}

static void test_one_refused(void)
{
	struct probed p;

	fake_kernel.refuse_link = no_close;
	probe(&p, TIER_FENTRY, NULL);
	fake_kernel.refuse_link = NULL;
	check_has(line_of(&p, "__tcp_close"), "-EBUSY", "a function that is refused is named");
	check(!(kernel_probes__views(p.probes) & COVERS_CLOSE), "... and counts as not seen");
	check(kernel_probes__views(p.probes) & COVERS_ACTIVE, "... the others do not");
	unprobe(&p);
}

/* The verifier says -EINVAL for many reasons; lockdown is only one of them. */
static void test_verifier(void)
{
	struct probed p;

	fake_kernel.refuse_load = no_close_program;
	probe(&p, TIER_FENTRY, NULL);
	check_str(kernel_probes__tier(p.probes), "fentry",
		  "one program that the verifier refuses leaves the others attached");
	check_has(line_of(&p, "__tcp_close"), "missing (fentry rejected by the verifier, -EINVAL",
		  "... and the plan says which it is");
	check_has(line_of(&p, "tcp_reset"), "fentry", "... and which it is not");
	check(!strstr(p.plan, "lockdown"), "... and does not call it lockdown");
	check(!(kernel_probes__views(p.probes) & COVERS_CLOSE) &&
		      kernel_probes__views(p.probes) & COVERS_ACTIVE,
	      "... and so do the views");
	unprobe(&p);
	fake_kernel.refuse_load = no_active_program;
	probe(&p, TIER_AUTO, NULL);
	check_has(line_of(&p, "tcp_send_active_reset"),
		  "tracepoint (fentry rejected by the verifier, -EACCES",
		  "its function is probed by the next tier");
	check_has(line_of(&p, "tcp_v4_send_reset"), " fentry", "... and the others by the best");
	unprobe(&p);
	fake_kernel.refuse_load = no_return_program;
	probe(&p, TIER_FENTRY, NULL);
	check_has(line_of(&p, "inet_ehash_insert"), "missing (fentry rejected",
		  "no entry is probed without its return");
	check_has(line_of(&p, "inet_twsk_hashdance"), " fentry", "... where the return is, it is");
	unprobe(&p);
	fake_kernel.refuse_load = NULL;
}

static const struct probe_plan_row *row_of(const struct probe_plan *plan, const char *function)
{
	unsigned int i;

	for (i = 0; i < plan->n_rows; i++)
		if (!strcmp(plan->rows[i].function, function))
			return &plan->rows[i];
	return NULL;
}

static void test_plan(void)
{
	const struct probe_plan_row *close_row, *passive, *invalid;
	const struct probe_plan *plan;
	struct probed p;

	fake_kernel.refuse_link = no_close;
	probe(&p, TIER_FENTRY, NULL);
	fake_kernel.refuse_link = NULL;
	plan = kernel_probes__plan(p.probes);
	close_row = row_of(plan, "__tcp_close");
	passive = row_of(plan, "tcp_v4_send_reset");
	invalid = row_of(plan, "nf_ct_l4proto_log_invalid");
	check(plan->best == TIER_FENTRY && !plan->nothing && !plan->is_typed,
	      "programs can read the plan");
	check(passive && passive->how == TIER_FENTRY && !passive->why_not && !passive->err,
	      "... how a function is probed");
	check(close_row && close_row->how == TIER_NONE && close_row->err == -EBUSY &&
		      !strcmp(close_row->why_not, "refused to attach"),
	      "... why one is not");
	check_has(close_row ? close_row->price : "", "unread", "... what that costs");
	check(invalid && !invalid->why_not && invalid->how == TIER_NONE,
	      "... and what was not even tried");
	unprobe(&p);
	probe(&p, TIER_NONE, NULL);
	plan = kernel_probes__plan(p.probes);
	check(plan->nothing && !plan->n_rows, "a plan without functions says why");
	unprobe(&p);
}

static void test_rendering(void)
{
	struct probe_plan
		plan = { .best = TIER_FENTRY,
			 .is_typed = true,
			 .n_rows = 5,
			 .rows = {
				 { .function = "one", .how = TIER_FENTRY },
				 { .function = "two",
				   .how = TIER_TRACEPOINT,
				   .partial = true,
				   .refused = { [TIER_FENTRY] = -EACCES, [TIER_KPROBE] = -E2BIG } },
				 { .function = "three", .waits_for = "ipv6", .price = "cheap" },
				 { .function = "four",
				   .why_not = "refused to load",
				   .err = -EPERM,
				   .price = "dear",
				   .refused = { [TIER_FENTRY] = -EINVAL } },
				 { .function = "five", .price = "nothing" },
			 } };
	char text[2048];
	FILE *out = fmemopen(text, sizeof(text), "w");

	probe_plan__print(&plan, out);
	fclose(out);
	check_str(
		text,
		"kernel view: fentry\n"
		"  with typed loads: this kernel rejects bpf_probe_read_kernel (lockdown)\n"
		"  one                        fentry\n"
		"  two                        tracepoint (on this kernel: only if there is a socket)"
		" (fentry rejected by the verifier, -EACCES (Permission denied);"
		" kprobe rejected by the verifier, -E2BIG (Argument list too long))\n"
		"  three                      waiting for module ipv6\n"
		"  four                       missing (refused to load, -EPERM (Operation not permitted);"
		" fentry rejected by the verifier, -EINVAL (Invalid argument))\n"
		"                              dear\n"
		"  five                       missing (not available in this view)\n"
		"                              nothing\n",
		"the plan as people read it");
}

static struct symbols *symbols_of(const char *kallsyms)
{
	char names[] = "/tmp/rstscope-kallsyms.XXXXXX";
	int fd = mkstemp(names);
	struct symbols *s;

	if (fd < 0 || write(fd, kallsyms, strlen(kallsyms)) < 0)
		abort();
	close(fd);
	s = symbols__read(names, "/dev/null");
	unlink(names);
	return s;
}

/* What is not among the kernel's symbols is not looked for by kprobes. */
static void test_symbols(void)
{
	struct symbols *s = symbols_of("ffffffff81000000 T _stext\n" EVERY_PASSIVE);
	struct probed p;

	if (!check(s, "there are symbols"))
		return;
	probe(&p, TIER_KPROBE, s);
	check_has(line_of(&p, "tcp_send_active_reset"), "missing",
		  "a function that this kernel has not is missing");
	check_has(line_of(&p, "nf_send_reset "), "module nf_reject_ipv4",
		  "one of a module that is not loaded waits for it");
	check(kernel_probes__lacks_modules(p.probes), "... so it is worth to look again");
	kernel_probes__look_again(p.probes);
	check(kernel_probes__lacks_modules(p.probes), "... which changes nothing without it");
	unprobe(&p);
	symbols__free(s);
}

static void test_no_btf(void)
{
	struct btf *kept = kernel_btf;
	struct probed p;

	kernel_btf = NULL;
	probe(&p, TIER_AUTO, NULL);
	kernel_btf = kept;
	check_str(kernel_probes__tier(p.probes), "none", "without BTF no function is asked");
	check_has(p.plan, "--btf", "... and the plan says what would help");
	unprobe(&p);
}

/* --- interfaces -------------------------------------------------------------------------------------------- */

static int no_tcx(const char *prog, uint32_t attach_type)
{
	(void)prog;
	return attach_type == 46 || attach_type == 47 ? EINVAL : 0;
}

static const struct link_info lo = {
	.ifindex = 1, .name = "lo", .type = ARPHRD_LOOPBACK, .up = true
};

static struct wire *load(struct shared_maps *maps, struct netlink *nl)
{
	static const struct wire_config cfg = { .xdp = false };

	shared_maps_init(maps, 2, 64);
	return wire__load(&cfg, maps, nl);
}

static void unload(struct wire *w, struct shared_maps *maps)
{
	wire__free(w);
	shared_maps_close(maps);
}

static void test_tcx(struct netlink *nl)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = 1,
		    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	struct link_info odd = { .ifindex = 7, .name = "can0", .type = ARPHRD_CAN };
	struct link_info gone = { .ifindex = 1, .name = "lo", .gone = true, .new_netnsid = -1 };
	struct shared_maps maps;
	struct wire *w = load(&maps, nl);

	if (!check(w, "the programs are loaded"))
		return;
	check(maps.fd[MAP_RING] >= 0 && maps.fd[MAP_READERS] >= 0, "... with the maps to share");
	check_int(wire__attach(w, &lo), 0, "lo is attached to");
	check_int(wire__attach(w, &lo), -EEXIST, "... once");
	check(wire__has(w, 1) && !wire__has(w, 2) && wire__count(w) == 1, "... and nothing else");
	check_int(bpf_tc_hook_create(&hook), 0, "... by tcx: without a qdisc");
	bpf_tc_hook_destroy(&hook);
	check_int(wire__attach(w, &odd), -EOPNOTSUPP, "a link without IP is refused");
	check(wire__forget(w, &gone), "an interface that goes is forgotten");
	check(!wire__forget(w, &gone) && !wire__count(w), "... once");
	unload(w, &maps);
	wire__free(NULL);
}

/* The kernel takes no program that is only played for a filter of tc: as if it had no room for one. */
static void test_no_way(struct netlink *nl)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = 1,
		    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	struct shared_maps maps;
	struct wire *w;

	fake_kernel.refuse_link = no_tcx;
	w = load(&maps, nl);
	if (!check(w, "the programs are loaded"))
		return;
	check(wire__attach(w, &lo) < 0, "where neither tcx nor tc takes a program, lo is refused");
	check_int(wire__count(w), 0, "... and nothing is attached");
	unload(w, &maps);
	check_int(bpf_tc_hook_create(&hook), 0, "... and no qdisc is left behind");
	bpf_tc_hook_destroy(&hook);
	fake_kernel.refuse_link = NULL;
}

static int no_tc(const char *name, uint32_t type, uint32_t attach_type)
{
	(void)attach_type;
	return type == BPF_PROG_TYPE_SCHED_CLS && strstr(name, "rst_tc") ? EACCES : 0;
}

static void test_not_loaded(struct netlink *nl)
{
	struct shared_maps maps;

	fake_kernel.refuse_load = no_tc;
	errno = 0;
	check(!load(&maps, nl) && errno == EACCES, "programs that are refused are an error");
	fake_kernel.refuse_load = NULL;
	shared_maps_close(&maps);
}

int main(void)
{
	struct netlink *nl;

	log_libraries();
	test_rendering();
	kernel_btf = btf__load_vmlinux_btf();
	if (!kernel_btf) {
		test_skip("attaching: this kernel has no BTF");
		return test_done();
	}
	if (!namespace_enter(CLONE_NEWNET | CLONE_NEWNS))
		return test_done();
	if (!check(namespace_own_run(), "there is a /run of the test's own"))
		return test_done();
	test_all();
	test_tiers();
	test_lockdown();
	test_one_refused();
	test_verifier();
	test_plan();
	test_symbols();
	test_no_btf();
	nl = netlink__open();
	test_tcx(nl);
	test_no_way(nl);
	test_not_loaded(nl);
	netlink__free(nl);
	btf__free(kernel_btf);
	return test_done();
}
