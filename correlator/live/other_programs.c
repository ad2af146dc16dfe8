// SPDX-License-Identifier: GPL-2.0-only
/*
 * other_programs.c - BPF programs of others on an interface's tc hook, now.
 */
#include "live/other_programs.h"

#include <stdio.h>
#include <string.h>

#include "host/if_programs.h"
#include "live/bpf_ids.h"
#include "live/program_owner.h"

#define MORE ", ..."

struct list {
	char *text;
	size_t size;
};

static void add(struct list *l, const char *entry)
{
	size_t used = strlen(l->text), len = strlen(entry) + (used ? 2 : 0);

	if (used + len + sizeof(MORE) <= l->size)
		snprintf(l->text + used, l->size - used, "%s%s", used ? ", " : "", entry);
	else if (used + sizeof(MORE) <= l->size && !strstr(l->text, MORE))
		memcpy(l->text + used, MORE, sizeof(MORE));
}

static void add_filter(void *ctx, const struct if_filter *f)
{
	char entry[128];

	if (!f->prog_id || program_is_rstscope(f->prog_id))
		return;
	snprintf(entry, sizeof(entry), "filter '%s' (program %u)", f->name, f->prog_id);
	add(ctx, entry);
}

static void add_tcx(struct list *l, uint32_t prog_id)
{
	struct bpf_prog_info info = { 0 };
	char entry[128], name[32] = "";

	/* Its name takes a capability that a watch does not keep. */
	if (!bpf_program_by_id(prog_id, &info, NULL, 0))
		snprintf(name, sizeof(name), " '%.*s'", (int)sizeof(info.name), info.name);
	snprintf(entry, sizeof(entry), "tcx program %u%s", prog_id, name);
	add(l, entry);
}

int other_programs_list(struct netlink *nl, uint32_t ifindex, bool ingress, char *ret, size_t size)
{
	enum clsact_direction dir = ingress ? CLSACT_INGRESS : CLSACT_EGRESS;
	struct list l = { ret, size };
	struct bpf_tcx tcx = { .n = 0 };
	unsigned int i;
	int err;

	ret[0] = '\0';
	err = bpf_tcx_query(ifindex, ingress, &tcx);
	for (i = 0; !err && i < tcx.n; i++)
		if (!program_is_rstscope(tcx.prog_id[i]))
			add_tcx(&l, tcx.prog_id[i]);
	return if_filter_each(nl, ifindex, dir, add_filter, &l) ?: err;
}
