// SPDX-License-Identifier: GPL-2.0-only
/*
 * probe_rows.c - the kernel's reset functions, and which of them this kernel has.
 */
#include "live/probe_rows.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <bpf/btf.h>

#include "live/bpf_object.h"
#include "live/kernel_names.h"
#include "model/case.h"

static const char no_windows[] = "races in the socket hash table are 'likely' at best";
static const char no_clash[] = "early demux before NAT (Linux before 6.7) is not detected";

const struct probe_row probe_rows[N_ROWS] = {
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
	[ROW_SET_STATE] = { "inet_sock_set_state", NULL, NULL, NULL, NULL, "tp_set_state", 0,
			    "who had closed a socket before its reset is not known" },
	[ROW_DESTROY] = { "tcp_destroy_sock", NULL, NULL, NULL, NULL, "tp_destroy_sock", 0,
			  "who closed a socket right after it took a RST is not known" },
};

const char probe_not_loaded[] = "module not loaded";

const char *probe_row_program(unsigned int i, enum tier tier)
{
	const struct probe_row *r = &probe_rows[i];

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
const char *probe_row_name(const struct kernel_view_config *cfg, unsigned int i, enum tier tier)
{
	const struct symbols *symbols = cfg->symbols;
	const struct probe_row *r = &probe_rows[i];

	if (tier == TIER_FENTRY)
		return in_btf(cfg->btf, r->module, r->function) ? r->function :
		       in_btf(cfg->btf, r->module, r->renamed)	? r->renamed :
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
uint32_t probe_reason_argument(const struct btf *btf, const char *function, int kind)
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
uint32_t probe_invalid_format_argument(const struct btf *kernel)
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

/* Does this kernel have the function at all, as far as that can be known before trying? */
static bool exists(const struct kernel_view_config *cfg, unsigned int i, enum tier tier)
{
	if (tier != TIER_TRACEPOINT)
		return probe_row_name(cfg, i, tier);
	if (i == ROW_NF_DROP)
		return btf_enum_value(cfg->btf, "skb_drop_reason",
				      "SKB_DROP_REASON_NETFILTER_DROP") > 0;
	return true;
}

/* Loaded and past its init; one that is built in has no such file. */
bool probe_module_is_live(const char *module)
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

static const char *why_absent(const struct kernel_view_config *cfg, unsigned int i)
{
	const struct probe_row *r = &probe_rows[i];

	if (r->module && !probe_module_is_live(r->module) &&
	    !(cfg->symbols && symbols__has(cfg->symbols, r->function)))
		return probe_not_loaded;
	return "not in this kernel, or with a different signature";
}

const char *probe_row_why_absent(const struct kernel_view_config *cfg, unsigned int i,
				 enum tier tier)
{
	return exists(cfg, i, tier) ? NULL : why_absent(cfg, i);
}
