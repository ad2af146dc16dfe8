// SPDX-License-Identifier: GPL-2.0-only
/*
 * probe_plan.c - say which functions are probed, which are not, and what that costs.
 */
#include "live/probe_plan.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"

static const char *const tier_names[] = {
	[TIER_NONE] = "none",	  [TIER_FENTRY] = "fentry",
	[TIER_KPROBE] = "kprobe", [TIER_TRACEPOINT] = "tracepoint",
	[TIER_AUTO] = "auto",
};

const char *tier_name(enum tier tier)
{
	return tier_names[tier];
}

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

/* @first is what stands before the first of them. */
static void print_refused(const struct probe_plan_row *r, const char *first, FILE *out)
{
	unsigned int tier;

	for (tier = 0; tier < TIER_AUTO; tier++) {
		if (!r->refused[tier])
			continue;
		fprintf(out, "%s%s rejected by the verifier, %s", first, tier_names[tier],
			error_name(r->refused[tier]));
		first = "; ";
	}
}

static bool is_refused(const struct probe_plan_row *r)
{
	unsigned int tier;

	for (tier = 0; tier < TIER_AUTO; tier++)
		if (r->refused[tier])
			return true;
	return false;
}

static void print_probed(const struct probe_plan_row *r, FILE *out)
{
	fprintf(out, "  %-26s %s%s", r->function, tier_names[r->how],
		r->partial ? " (on this kernel: only if there is a socket)" : "");
	print_refused(r, " (", out);
	fputs(is_refused(r) ? ")\n" : "\n", out);
}

static void print_missing(const struct probe_plan_row *r, FILE *out)
{
	bool refused = is_refused(r);

	fprintf(out, "  %-26s missing (", r->function);
	if (r->why_not || !refused)
		fprintf(out, "%s%s%s", r->why_not ? r->why_not : "not available in this view",
			r->err ? ", " : "", r->err ? error_name(r->err) : "");
	print_refused(r, r->why_not ? "; " : "", out);
	fprintf(out, ")\n%30s%s\n", "", r->price);
}

void probe_plan__print(const struct probe_plan *plan, FILE *out)
{
	const struct probe_plan_row *r;

	fprintf(out, "kernel view: %s\n", tier_names[plan->best]);
	if (plan->nothing)
		fprintf(out, "  none%s\n", plan->nothing);
	if (plan->is_typed)
		fputs("  with typed loads: this kernel rejects bpf_probe_read_kernel (lockdown)\n",
		      out);
	for (r = plan->rows; r < plan->rows + plan->n_rows; r++) {
		if (r->how != TIER_NONE)
			print_probed(r, out);
		else if (r->waits_for)
			fprintf(out, "  %-26s waiting for module %s\n", r->function, r->waits_for);
		else
			print_missing(r, out);
	}
}
