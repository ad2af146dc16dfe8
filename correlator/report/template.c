// SPDX-License-Identifier: GPL-2.0-only
/*
 * template.c - sentences for people, from templates and a case.
 */
#include "report/template.h"

#include <inttypes.h>
#include <string.h>

#include "base/strbuf.h"
#include "diagnose/aftermath.h"
#include "diagnose/facts.h"
#include "diagnose/timeouts.h"
#include "model/kernel_bits.h"
#include "model/stack.h"
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

/* The call path to the reset, abbreviated. */
static void print_stack(FILE *out, const struct kernel_event *k)
{
	unsigned int i, shown = 0;

	if (!k->stack_len)
		fputs("no kernel stack", out);
	for (i = stack_first(k); i < k->stack_len && shown < STACK_SHOWN; i++, shown++) {
		fputs(shown ? " < " : "", out);
		print_escaped(out, k->stack[i].name ? k->stack[i].name : "?");
	}
}

static void print_netfilter_hook(FILE *out, uint8_t hook)
{
	static const char *const names[] = { "PREROUTING", "INPUT", "FORWARD", "OUTPUT",
					     "POSTROUTING" };

	fputs(hook < 5 ? names[hook] : "unknown", out);
}

/* If the direction is not known, the first sighting is the one before forwarding. */
static bool is_way_in(const struct reset_case *c, unsigned int i)
{
	const struct sighting *s = &c->seen.sightings[i];

	if (s->hook != HOOK_PCAP)
		return s->hook != HOOK_TC_EGRESS;
	return s->heading == HEADING_UNKNOWN ? i == 0 : s->heading == HEADING_IN;
}

static void print_way(FILE *out, const struct reset_case *c, const struct report_context *ctx,
		      bool in)
{
	unsigned int i;

	for (i = 0; i < c->seen.n_sightings; i++) {
		if (is_way_in(c, i) != in || c->seen.sightings[i].ifindex & PLACE_ELSEWHERE)
			continue;
		print_escaped(out, ctx->ifname(ctx->ifname_ctx, c->seen.sightings[i].ifindex));
		return;
	}
	fputs("an interface that is not watched", out);
}

static void print_ingress(FILE *out, const struct reset_case *c, const struct report_context *ctx)
{
	print_way(out, c, ctx, true);
}

static void print_egress(FILE *out, const struct reset_case *c, const struct report_context *ctx)
{
	print_way(out, c, ctx, false);
}

static const struct packet *segment_packet(const struct reset_case *c)
{
	return c->seen.answer_match == ANSWER_NONE ? NULL : &c->seen.answers;
}

static uint8_t segment_flags(const struct reset_case *c)
{
	const struct packet *p = segment_packet(c);

	return c->seen.kernel->has_segment ? c->seen.kernel->segment_flags : p ? p->flags : 0;
}

/* Relative to the reset: "from -5.2 to +1.0 µs (reset: 0)", "from -5.2 µs on (reset: 0)". */
static void print_window(FILE *out, const struct reset_case *c)
{
	const struct hash_window *w = &c->seen.kernel->window;
	double start = (double)(int64_t)(w->start_ns - c->seen.kernel->ts_ns) / 1000.0;

	if (w->end_ns)
		fprintf(out, "from %+.1f to %+.1f µs (reset: 0)", start,
			(double)(int64_t)(w->end_ns - c->seen.kernel->ts_ns) / 1000.0);
	else
		fprintf(out, "from %+.1f µs on (reset: 0)", start);
}

/* What the segment was, whose socket took it, and what NAT would have made of it. */
static void print_clash(FILE *out, const struct reset_case *c)
{
	const struct kernel_event *k = c->seen.clash;

	print_tuple(out, &k->segment);
	fputs(k->call == CALL_CHALLENGE ? " (SYN) was delivered to the connected socket " :
					  " was delivered to the TIME_WAIT socket ",
	      out);
	print_tuple(out, &k->sock.tuple);
	if (k->ct.has_entry) {
		fputs("; NAT translates it to ", out);
		print_endpoint(out, k->ct.reply.daddr, k->ct.reply.dport, k->ct.reply.family);
		fputs(" → ", out);
		print_endpoint(out, k->ct.reply.saddr, k->ct.reply.sport, k->ct.reply.family);
		fputs(", which matched no socket", out);
	}
	fputs(k->call == CALL_CHALLENGE ? "; that socket replied with a challenge ACK" : "", out);
}

typedef void (*printer)(FILE *out, const struct reset_case *c, const struct report_context *ctx);

#define PRINTER(name)                                               \
	static void p_##name(FILE *out, const struct reset_case *c, \
			     const struct report_context *ctx)

PRINTER(rst_if)
{
	print_escaped(out, ctx->ifname(ctx->ifname_ctx, c->seen.rst.ifindex));
}
PRINTER(in_if)
{
	print_ingress(out, c, ctx);
}

PRINTER(out_if)
{
	print_egress(out, c, ctx);
}

PRINTER(rst_src)
{
	(void)ctx;
	print_address(out, c->seen.rst.tuple.saddr, c->seen.rst.tuple.family);
}

PRINTER(rst_dst)
{
	(void)ctx;
	print_address(out, c->seen.rst.tuple.daddr, c->seen.rst.tuple.family);
}

/* The address that it was sent to and, behind NAT, the address that it is meant for. */
PRINTER(rst_for)
{
	const struct tuple *t = &c->seen.rst.tuple;
	const struct tuple *image = tuple_equal(t, &c->asked.ct.orig)  ? &c->asked.ct.reply :
				    tuple_equal(t, &c->asked.ct.reply) ? &c->asked.ct.orig :
									 NULL;

	(void)ctx;
	print_address(out, t->daddr, t->family);
	if (c->asked.ct.has_entry && image && memcmp(t->daddr, image->saddr, 16)) {
		fputs(", which NAT here translates back to ", out);
		print_address(out, image->saddr, image->family);
	}
	fputs(", not a local address", out);
}

PRINTER(seg)
{
	const struct tuple *t = case_segment(c);

	(void)ctx;
	if (t)
		print_tuple(out, t);
	else
		fputs("a segment that was not seen", out);
}

PRINTER(seg_flags)
{
	(void)ctx;
	print_flags(out, segment_flags(c));
}

PRINTER(seg_src)
{
	const struct tuple *t = case_segment(c);

	(void)ctx;
	if (t)
		print_address(out, t->saddr, t->family);
	else
		p_rst_dst(out, c, ctx);
}

PRINTER(seg_dport)
{
	const struct tuple *t = case_segment(c);

	(void)ctx;
	fprintf(out, "%d", t ? t->dport : c->seen.rst.tuple.sport);
}

PRINTER(call)
{
	(void)ctx;
	fprintf(out, "%s()", call_name(c->seen.kernel));
}

PRINTER(stack)
{
	(void)ctx;
	print_stack(out, c->seen.kernel);
}

PRINTER(hook)
{
	(void)ctx;
	print_netfilter_hook(out, c->seen.kernel->hook);
}

PRINTER(reason)
{
	(void)ctx;
	if (c->seen.kernel->reason[0] && strcmp(c->seen.kernel->reason, "NOT_SPECIFIED"))
		fputs(" (the kernel's reason: ", out);
	else
		return;
	print_escaped(out, c->seen.kernel->reason);
	fputs(")", out);
}

PRINTER(reason_name)
{
	(void)ctx;
	print_escaped(out, c->seen.kernel->reason);
}

PRINTER(lookup)
{
	(void)ctx;
	fputs(lookup_name(c->seen.kernel->lookup), out);
}

PRINTER(sk)
{
	(void)ctx;
	print_tuple(out, &c->seen.kernel->sock.tuple);
}

PRINTER(sk_local)
{
	const struct tuple *t = &c->seen.kernel->sock.tuple;

	(void)ctx;
	print_endpoint(out, t->saddr, t->sport, t->family);
}

PRINTER(sk_user_timeout)
{
	(void)ctx;
	fprintf(out, "%u", c->seen.kernel->sock.user_timeout);
}

PRINTER(rst_ttl)
{
	(void)ctx;
	fprintf(out, "%u", c->seen.rst.ttl);
}

PRINTER(peer_ttl)
{
	const struct packet *p = peer_segment(c);

	(void)ctx;
	if (p)
		fprintf(out, "%u", p->ttl);
}

PRINTER(rst_id)
{
	(void)ctx;
	fprintf(out, "%u", c->seen.rst.ipid);
}

PRINTER(peer_id)
{
	const struct packet *p = peer_segment(c);

	(void)ctx;
	if (p)
		fprintf(out, "%u", p->ipid);
}

PRINTER(rst_win)
{
	(void)ctx;
	fprintf(out, "%u", c->seen.rst.window);
}

PRINTER(rst_ack)
{
	(void)ctx;
	fprintf(out, "%" PRIu32, c->seen.rst.ack);
}

PRINTER(answer_delay)
{
	(void)ctx;
	print_duration(out, answer_delay_ns(c));
}

PRINTER(round_trip)
{
	(void)ctx;
	print_duration(out, round_trip_ns(c));
}

/* What the sender of a RST should have seen instead of the address that it replied to. */
PRINTER(ct_hidden)
{
	struct tuple back = tuple_reverse(&c->seen.rst.tuple);
	const struct tuple *t =
		tuple_equal(&back, &c->asked.ct.reply) ? &c->asked.ct.orig : &c->asked.ct.reply;

	(void)ctx;
	print_endpoint(out, t->daddr, t->dport, t->family);
}

PRINTER(ct_leaked)
{
	struct tuple back = tuple_reverse(&c->seen.rst.tuple);

	(void)ctx;
	print_tuple(out, &back);
}

/* Where the segment that triggered the RST came in and went out, as far as that was watched. */
PRINTER(seg_path)
{
	const struct packet *seg = segment_packet(c);
	const char *sep = " (";
	unsigned int i;

	for (i = 0; seg && i < c->asked.n_history; i++) {
		const struct packet *p = &c->asked.history[i];

		if (!tuple_equal(&p->tuple, &seg->tuple) || p->seq != seg->seq ||
		    p->flags != seg->flags || p->len != seg->len)
			continue;
		fprintf(out, "%s%s on ", sep, p->hook == HOOK_TC_EGRESS ? "out" : "in");
		print_escaped(out, ctx->ifname(ctx->ifname_ctx, p->ifindex));
		sep = ", ";
	}
	fputs(*sep == ',' ? ")" : "", out);
}

PRINTER(unread)
{
	(void)ctx;
	if (c->seen.kernel->sock.unread)
		fprintf(out, "%u bytes were", c->seen.kernel->sock.unread);
	else
		fputs("received data was", out);
}

PRINTER(task)
{
	(void)ctx;
	print_escaped(out, c->seen.kernel->comm);
	fprintf(out, "[%u]", c->seen.kernel->tgid);
}

PRINTER(ct_verdict)
{
	(void)ctx;
	print_verdict(out, c);
}

/* {ct.verdict} covers this already; the fact only means that nothing contradicts it. */
PRINTER(ct_refused)
{
	(void)out;
	(void)c;
	(void)ctx;
}

PRINTER(ct_why)
{
	(void)ctx;
	print_why(out, c);
}

PRINTER(ct_state)
{
	(void)ctx;
	fputs(ct_state_name(c->seen.kernel->ct.state), out);
}

PRINTER(ct_from)
{
	(void)ctx;
	print_mapping(out, c, false);
}

PRINTER(ct_to)
{
	(void)ctx;
	print_mapping(out, c, true);
}

PRINTER(kernel_cpu)
{
	(void)ctx;
	fprintf(out, "%u", c->seen.kernel->cpu);
}

PRINTER(now_state)
{
	(void)ctx;
	fputs(tcp_state_name(c->seen.now.state), out);
}

PRINTER(race_cpu)
{
	(void)ctx;
	fprintf(out, "%u", c->seen.kernel->window.cpu);
}

PRINTER(race_window)
{
	(void)ctx;
	print_window(out, c);
}

PRINTER(race_arrival)
{
	(void)ctx;
	fprintf(out, "at %+.1f µs",
		(double)(int64_t)(c->seen.answers.ts_ns - c->seen.kernel->ts_ns) / 1000.0);
}

PRINTER(race_overlap)
{
	(void)ctx;
	fprintf(out, "%.1f", (double)race_overlap_ns(c) / 1000.0);
}

PRINTER(clash)
{
	(void)ctx;
	print_clash(out, c);
}

PRINTER(gone_seg)
{
	(void)ctx;
	print_tuple(out, &c->asked.gone.ct.orig);
}

PRINTER(gone_mapping)
{
	const struct conntrack *ct = &c->asked.gone.ct;

	(void)ctx;
	fputs("reply tuple ", out);
	print_tuple(out, &ct->reply);
}

PRINTER(gone_backend)
{
	const struct tuple *t = &c->asked.gone.ct.reply;

	(void)ctx;
	print_endpoint(out, t->saddr, t->sport, t->family);
}

PRINTER(ct_backend)
{
	struct tuple t;

	(void)ctx;
	if (is_remapped(c, &t))
		print_endpoint(out, t.saddr, t.sport, t.family);
}

PRINTER(gone_ago)
{
	(void)ctx;
	print_duration(out, c->seen.rst.ts_ns > c->asked.gone.ts_ns ?
				    c->seen.rst.ts_ns - c->asked.gone.ts_ns :
				    0);
}

PRINTER(gone_how)
{
	(void)ctx;
	fputs(c->asked.gone.by_request ? "it was deleted on request" :
					 "it timed out, or was evicted to make room for another",
	      out);
}

/* Names are the same on all that we build for; real-time signals have none. */
static void print_signal(FILE *out, unsigned int number)
{
	const char *name = sigabbrev_np((int)number);

	if (name)
		fprintf(out, "SIG%s", name);
	else
		fprintf(out, "signal %u", number);
}

static void print_task(FILE *out, const struct kernel_event *k)
{
	if (!k->tgid) {
		fputs("the process", out);
		return;
	}
	print_escaped(out, k->comm);
	fprintf(out, "[%u]", k->tgid);
}

/* Who ended, and how. */
PRINTER(exit)
{
	const struct kernel_event *k = c->seen.kernel;

	(void)ctx;
	print_task(out, k);
	fputs(" was exiting, and the kernel closed its sockets", out);
	if (!k->exiting)
		return;
	fputs(": ", out);
	if (k->oom_killed)
		fputs("the OOM killer ended it with ", out);
	else if (k->exit_code & 0x7f)
		fputs("killed by ", out);
	else
		fprintf(out, "exit status %u", k->exit_code >> 8 & 0xff);
	if (k->exit_code & 0x7f)
		print_signal(out, k->exit_code & 0x7f);
}

/* Closing is what the application does, unless it ends without. */
PRINTER(closer)
{
	fact_set facts = c->diagnosis.facts_yes;

	(void)ctx;
	if (!fact_in(facts, FACT_IN_EXIT))
		fputs("the application closed the socket", out);
	else if (fact_in(facts, FACT_OOM_KILLED))
		fputs("the OOM killer killed the process, which left the socket", out);
	else if (fact_in(facts, FACT_SIGNALLED)) {
		print_signal(out, c->seen.kernel->exit_code & 0x7f);
		fputs(" killed the process, which left the socket", out);
	} else {
		fprintf(out, "the process %s without closing the socket",
			fact_in(c->diagnosis.facts_no, FACT_SIGNALLED) ? "exited" : "ended");
	}
}

PRINTER(maker)
{
	(void)ctx;
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
	(void)ctx;
	print_escaped(out, c->asked.suspects.processes);
}

PRINTER(programs)
{
	(void)ctx;
	print_escaped(out, c->asked.suspects.programs);
}

PRINTER(guest)
{
	(void)ctx;
	print_escaped(out, c->asked.suspects.guest);
}

PRINTER(nat_none)
{
	bool carried = c->seen.kernel->nfct & NFCT_ENTRY;

	(void)ctx;
	fputs(c->asked.gone.known && carried ?
		      "conntrack picked the connection up again in the middle, without NAT" :
	      c->asked.gone.known ? "conntrack no longer had a mapping for the segment" :
	      carried ? "the segment carried its conntrack entry, so any NAT had been applied" :
	      c->asked.ct.has_entry ? "the segment's conntrack entry does not translate it" :
	      c->asked.nat_rules == NAT_RULES_NONE ? "this network namespace has no NAT rules" :
						     "conntrack had no NAT mapping for the segment",
	      out);
}

PRINTER(flow_none)
{
	(void)ctx;
	fputs(first_reset(c) || c->seen.conversation.reset_before ?
		      "the connection had already been reset" :
	      is_finished(c) ? "both ends had already closed the connection" :
			       "no live connection with these addresses and ports was seen before",
	      out);
}

PRINTER(first_ago)
{
	const struct packet *first = first_reset(c);

	(void)ctx;
	if (first)
		print_duration(out, c->seen.rst.ts_ns - first->ts_ns);
}

PRINTER(first_src)
{
	const struct packet *first = first_reset(c);

	(void)ctx;
	if (first)
		print_address(out, first->tuple.saddr, first->tuple.family);
}

PRINTER(first_time)
{
	const struct packet *first = first_reset(c);
	char ts[40];

	if (!first)
		return;
	format_time(ts, sizeof(ts), first->ts_ns, ctx);
	fputs(ts, out);
}

PRINTER(mem_pages)
{
	(void)ctx;
	fprintf(out, "%" PRIu64, c->seen.kernel->sock.mem_pages);
}

PRINTER(mem_limit)
{
	(void)ctx;
	fprintf(out, "%" PRIu64, c->seen.kernel->sock.mem_limit);
}

PRINTER(fin_ago)
{
	uint64_t fin = c->seen.conversation.finished_ns;

	(void)ctx;
	print_duration(out, c->seen.rst.ts_ns > fin ? c->seen.rst.ts_ns - fin : 0);
}

PRINTER(seg_ack)
{
	(void)ctx;
	fprintf(out, "%" PRIu32, c->seen.answers.ack);
}

PRINTER(syn_ack)
{
	(void)ctx;
	fprintf(out, "%" PRIu32, c->seen.conversation.sender_isn + 1);
}

PRINTER(probes)
{
	(void)ctx;
	fprintf(out, "%" PRIu32, c->seen.conversation.probes);
}

PRINTER(went_ttl)
{
	(void)ctx;
	fprintf(out, "%u", c->seen.conversation.went_on_ttl);
}

PRINTER(absent)
{
	print_escaped(out, ctx->ifname(ctx->ifname_ctx, c->seen.conversation.nearer_ifindex));
	fputs(" is nearer to ", out);
	print_address(out, c->seen.rst.tuple.saddr, c->seen.rst.tuple.family);
	fputs(" (judging by TTL) and has the connection but not the RST: the RST was generated "
	      "between the two capture points",
	      out);
}

PRINTER(effect)
{
	static const char *const words[] = {
		[EFFECT_IGNORED] = "; this host ignored it",
		[EFFECT_CHALLENGED] =
			"; this host did not accept it, and answered with a challenge ACK",
	};
	enum effect effect = c->diagnosis.effect;

	(void)ctx;
	if (effect < sizeof(words) / sizeof(words[0]) && words[effect])
		fputs(words[effect], out);
}

/* The defaults that fit the silence before the FIN. */
PRINTER(race_timers)
{
	const struct idle_timeout *o;
	unsigned int i;

	(void)ctx;
	for (i = 0; (o = timeout_fit(c->diagnosis.impact.timer_ns, i)); i++) {
		fputs(i ? ", " : " (", out);
		if (!i) {
			print_duration(out, c->diagnosis.impact.timer_ns);
			fputs(" of silence, the default of ", out);
		}
		fputs(o->whose, out);
	}
	fputs(i ? ")" : "", out);
}

static void print_bytes(FILE *out, uint32_t n, const char *what)
{
	fprintf(out, "%" PRIu32 " byte%s %s", n, n == 1 ? "" : "s", what);
}

PRINTER(impact_lost)
{
	const struct impact *i = &c->diagnosis.impact;
	const struct tuple *t = &c->seen.rst.tuple;
	const char *sep = "";

	(void)ctx;
	if (i->unanswered) {
		fputs("a request was waiting for a response", out);
		sep = "; ";
	}
	if (i->sender_unacked) {
		fputs(sep, out);
		print_bytes(out, i->sender_unacked, "from ");
		print_endpoint(out, t->saddr, t->sport, t->family);
		fputs(" were not acknowledged", out);
		sep = "; ";
	}
	if (i->receiver_unacked) {
		fputs(sep, out);
		print_bytes(out, i->receiver_unacked, "from ");
		print_endpoint(out, t->daddr, t->dport, t->family);
		fputs(" were not acknowledged", out);
		sep = "; ";
	}
	if (i->unread) {
		fputs(sep, out);
		print_bytes(out, i->unread, "received, but not read");
	}
}

PRINTER(impact_farewell)
{
	const struct impact *i = &c->diagnosis.impact;

	(void)ctx;
	fprintf(out, "%" PRIu32, i->sender_unacked + i->receiver_unacked + i->unread);
}

static const struct {
	const char *name;
	printer print;
	const char *in_general; /* if there is no case: for the pages of `rstscope causes` */
} placeholders[] = {
	{ "rst.if", p_rst_if, "its interface" },
	{ "in.if", p_in_if, "an interface" },
	{ "out.if", p_out_if, "another" },
	{ "rst.src", p_rst_src, "the RST's sender" },
	{ "rst.dst", p_rst_dst, "the RST's receiver" },
	{ "rst.for", p_rst_for, "an address that is not local" },
	{ "seg", p_seg, "B:PORT → A:PORT" },
	{ "seg.flags", p_seg_flags, "FLAGS" },
	{ "seg.src", p_seg_src, "the segment's sender" },
	{ "seg.dport", p_seg_dport, "PORT" },
	{ "call", p_call, "the kernel's reset function" },
	{ "stack", p_stack, "the kernel stack" },
	{ "hook", p_hook, "INPUT or FORWARD" },
	{ "reason", p_reason, "" },
	{ "reason.name", p_reason_name, "one that says so" },
	{ "lookup", p_lookup, "of any kind" },
	{ "sk", p_sk, "A:PORT → B:PORT" },
	{ "sk.local", p_sk_local, "A:PORT" },
	{ "sk.user_timeout", p_sk_user_timeout, "N" },
	{ "rst.ttl", p_rst_ttl, "N" },
	{ "peer.ttl", p_peer_ttl, "another" },
	{ "rst.id", p_rst_id, "N" },
	{ "peer.id", p_peer_id, "M" },
	{ "rst.win", p_rst_win, "N" },
	{ "rst.ack", p_rst_ack, "M" },
	{ "answer.delay", p_answer_delay, "less time" },
	{ "round.trip", p_round_trip, "longer" },
	{ "ct.hidden", p_ct_hidden, "another address" },
	{ "ct.leaked", p_ct_leaked, "the segment" },
	{ "seg.path", p_seg_path, "" },
	{ "unread", p_unread, "received data was" },
	{ "task", p_task, "the task shown" },
	{ "ct.verdict", p_ct_verdict, "the segment had no conntrack entry" },
	{ "ct.refused", p_ct_refused,
	  "conntrack reported it as INVALID (if the kernel view shows that)" },
	{ "ct.why", p_ct_why, "conntrack's reason" },
	{ "ct.state", p_ct_state, "STATE" },
	{ "ct.from", p_ct_from, "the original destination" },
	{ "ct.to", p_ct_to, "another" },
	{ "kernel.cpu", p_kernel_cpu, "B" },
	{ "now.state", p_now_state, "ESTABLISHED" },
	{ "race.cpu", p_race_cpu, "A" },
	{ "race.window", p_race_window, "from T1 to T2" },
	{ "race.arrival", p_race_arrival, "at T0" },
	{ "race.overlap", p_race_overlap, "N" },
	{ "clash", p_clash,
	  "a socket here took another connection's segment, which NAT had not fully translated yet" },
	{ "gone.seg", p_gone_seg, "the segment" },
	{ "gone.mapping", p_gone_mapping, "which it needs" },
	{ "gone.backend", p_gone_backend, "one backend" },
	{ "ct.backend", p_ct_backend, "another" },
	{ "gone.ago", p_gone_ago, "some time" },
	{ "gone.how", p_gone_how, "it timed out, was evicted or was deleted" },
	{ "exit", p_exit, "the process was exiting, and the kernel closed its sockets" },
	{ "closer", p_closer, "the application closed the socket" },
	{ "maker", p_maker, "a raw or packet socket" },
	{ "came.if", p_came_if, "an interface" },
	{ "holders", p_holders, "a process" },
	{ "programs", p_programs, "a program" },
	{ "guest", p_guest, "a process" },
	{ "nat.none", p_nat_none, "no NAT mapping applied to the segment" },
	{ "flow.none", p_flow_none,
	  "no live connection with these addresses and ports was seen before" },
	{ "first.ago", p_first_ago, "a short time" },
	{ "first.src", p_first_src, "one end" },
	{ "first.time", p_first_time, "that time" },
	{ "mem.pages", p_mem_pages, "N" },
	{ "mem.limit", p_mem_limit, "M" },
	{ "fin.ago", p_fin_ago, "a short time" },
	{ "seg.ack", p_seg_ack, "N" },
	{ "syn.ack", p_syn_ack, "the SYN's sequence number + 1" },
	{ "effect", p_effect, "" },
	{ "impact.lost", p_impact_lost, "data, or a response" },
	{ "impact.farewell", p_impact_farewell, "a few" },
	{ "race.timers", p_race_timers, "" },
	{ "probes", p_probes, "N" },
	{ "went.ttl", p_went_ttl, "N" },
	{ "absent", p_absent,
	  "a capture nearer to the sender has the segment that triggered the RST, but not the RST" },
};

static int find_placeholder(const char *name, size_t len)
{
	int i;

	for (i = 0; i < (int)(sizeof(placeholders) / sizeof(placeholders[0])); i++)
		if (strlen(placeholders[i].name) == len && !memcmp(placeholders[i].name, name, len))
			return i;
	return -1;
}

/* Splits @template at its next placeholder. Returns false at the end. */
static bool next_placeholder(const char **template, const char **name, size_t *len)
{
	const char *open = strchr(*template, '{');
	const char *end = open ? strchr(open, '}') : NULL;

	if (!end)
		return false;
	*name = open + 1;
	*len = (size_t)(end - open - 1);
	*template = end + 1;
	return true;
}

bool template_is_known(const char *template)
{
	const char *name;
	size_t len;

	while (next_placeholder(&template, &name, &len))
		if (find_placeholder(name, len) < 0)
			return false;
	return true;
}

char *template_expand(const char *template, const struct reset_case *c,
		      const struct report_context *ctx)
{
	const char *text = template, *name;
	FILE *out = strbuf_begin();
	size_t len;

	if (!out)
		return NULL;
	while (next_placeholder(&template, &name, &len)) {
		int i = find_placeholder(name, len);

		fwrite(text, 1, (size_t)(name - 1 - text), out);
		if (i >= 0 && c)
			placeholders[i].print(out, c, ctx);
		else if (i >= 0)
			fputs(placeholders[i].in_general, out);
		text = template;
	}
	fputs(text, out);
	return strbuf_end();
}
