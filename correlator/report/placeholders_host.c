// SPDX-License-Identifier: GPL-2.0-only
/*
 * placeholders_host.c - of what this host was asked: conntrack, NAT, and who else could have made the RST.
 */
#include "report/placeholders.h"

#include "diagnose/facts.h"
#include "model/kernel_bits.h"
#include "report/report_lines.h"

static void print_change(FILE *out, const struct tuple *from, const struct tuple *reply, bool to)
{
	/* NAT rewrites the destination of @from to the source of the reply. */
	if (to)
		print_endpoint(out, reply->saddr, reply->sport, reply->family);
	else
		print_endpoint(out, from->daddr, from->dport, from->family);
}

/* The mapping that should have been applied to the segment: in its direction of the entry. */
static void print_mapping(FILE *out, const struct reset_case *c, bool to)
{
	const struct tuple *seg = case_segment(c);

	if (seg && tuple_equal(seg, &c->asked.ct.reply))
		print_change(out, &c->asked.ct.reply, &c->asked.ct.orig, to);
	else
		print_change(out, &c->asked.ct.orig, &c->asked.ct.reply, to);
}

static void print_verdict(FILE *out, const struct reset_case *c)
{
	if (!c->asked.ct.has_entry) {
		fputs("the segment had no conntrack entry", out);
		return;
	}
	fputs("conntrack classified the segment as INVALID", out);
	if (c->asked.ct.why[0]) {
		fputs(": \"", out);
		print_escaped(out, c->asked.ct.why);
		fputs("\"", out);
	}
	fputs("; it had no conntrack entry attached, although one exists for its tuple", out);
}

static void print_why(FILE *out, const struct reset_case *c)
{
	if (c->asked.ct.why[0])
		print_escaped(out, c->asked.ct.why);
	else
		fputs("see `conntrack -S` and sysctl net.netfilter.nf_conntrack_log_invalid=6",
		      out);
}

/* What the sender of a RST should have seen instead of the address that it replied to. */
PRINTER(ct_hidden)
{
	struct tuple back = tuple_reverse(&c->seen.rst.tuple);
	const struct tuple *t =
		tuple_equal(&back, &c->asked.ct.reply) ? &c->asked.ct.orig : &c->asked.ct.reply;

	print_endpoint(out, t->daddr, t->dport, t->family);
}

PRINTER(ct_leaked)
{
	struct tuple back = tuple_reverse(&c->seen.rst.tuple);

	print_tuple(out, &back);
}

PRINTER(ct_verdict)
{
	print_verdict(out, c);
}

/* {ct.verdict} covers this already; the fact only means that nothing contradicts it. */
PRINTER(ct_refused)
{
}

PRINTER(ct_why)
{
	print_why(out, c);
}

PRINTER(ct_state)
{
	fputs(ct_state_name(c->seen.kernel->ct.state), out);
}

PRINTER(ct_from)
{
	print_mapping(out, c, false);
}

PRINTER(ct_to)
{
	print_mapping(out, c, true);
}

PRINTER(gone_seg)
{
	print_tuple(out, &c->asked.gone.ct.orig);
}

PRINTER(gone_mapping)
{
	const struct conntrack *ct = &c->asked.gone.ct;

	fputs("reply tuple ", out);
	print_tuple(out, &ct->reply);
}

PRINTER(gone_backend)
{
	const struct tuple *t = &c->asked.gone.ct.reply;

	print_endpoint(out, t->saddr, t->sport, t->family);
}

PRINTER(ct_backend)
{
	struct tuple t;

	if (is_remapped(c, &t))
		print_endpoint(out, t.saddr, t.sport, t.family);
}

PRINTER(gone_ago)
{
	print_duration(out, c->seen.rst.ts_ns > c->asked.gone.ts_ns ?
				    c->seen.rst.ts_ns - c->asked.gone.ts_ns :
				    0);
}

PRINTER(gone_how)
{
	fputs(c->asked.gone.by_request ? "it was deleted on request" :
					 "it timed out, or was evicted to make room for another",
	      out);
}

PRINTER(gone_port)
{
	fprintf(out, "%u", c->asked.gone.by_port);
}

PRINTER(maker)
{
	fputs(c->seen.maker == MAKER_PACKET ? "a packet socket (AF_PACKET)" :
					      "a raw socket (AF_INET or AF_INET6, SOCK_RAW)",
	      out);
}

PRINTER(came_if)
{
	print_escaped(out, ctx->ifname(ctx->ifname_ctx, c->seen.came_by));
}

PRINTER(holders)
{
	print_escaped(out, c->asked.suspects.processes);
}

PRINTER(programs)
{
	print_escaped(out, c->asked.suspects.programs);
}

PRINTER(guest)
{
	print_escaped(out, c->asked.suspects.guest);
}

PRINTER(nat_none)
{
	bool carried = c->seen.kernel->nfct & NFCT_ENTRY;

	fputs(c->asked.gone.known && carried ?
		      "conntrack picked the connection up again in the middle, without NAT" :
	      c->asked.gone.known ? "conntrack no longer had a mapping for the segment" :
	      carried ? "the segment carried its conntrack entry, so any NAT had been applied" :
	      c->asked.ct.has_entry ? "the segment's conntrack entry does not translate it" :
	      c->asked.nat_rules == NAT_RULES_NONE ? "this network namespace has no NAT rules" :
						     "conntrack had no NAT mapping for the segment",
	      out);
}

const struct placeholder placeholders_host[] = {
	{ "ct.hidden", p_ct_hidden, "another address" },
	{ "ct.leaked", p_ct_leaked, "the segment" },
	{ "ct.verdict", p_ct_verdict, "the segment had no conntrack entry" },
	{ "ct.refused", p_ct_refused,
	  "conntrack reported it as INVALID (if the kernel view shows that)" },
	{ "ct.why", p_ct_why, "conntrack's reason" },
	{ "ct.state", p_ct_state, "STATE" },
	{ "ct.from", p_ct_from, "the original destination" },
	{ "ct.to", p_ct_to, "another" },
	{ "gone.seg", p_gone_seg, "the segment" },
	{ "gone.mapping", p_gone_mapping, "which it needs" },
	{ "gone.backend", p_gone_backend, "one backend" },
	{ "ct.backend", p_ct_backend, "another" },
	{ "gone.ago", p_gone_ago, "some time" },
	{ "gone.how", p_gone_how, "it timed out, was evicted or was deleted" },
	{ "gone.port", p_gone_port, "N" },
	{ "maker", p_maker, "a raw or packet socket" },
	{ "came.if", p_came_if, "an interface" },
	{ "holders", p_holders, "a process" },
	{ "programs", p_programs, "a program" },
	{ "guest", p_guest, "a process" },
	{ "nat.none", p_nat_none, "no NAT mapping applied to the segment" },
	{},
};
