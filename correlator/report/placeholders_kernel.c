// SPDX-License-Identifier: GPL-2.0-only
/*
 * placeholders_kernel.c - of the kernel's account: the function, the socket, the race, the process.
 */
#include "report/placeholders.h"

#include <inttypes.h>
#include <string.h>

#include "diagnose/facts.h"
#include "model/kernel_bits.h"
#include "model/stack.h"
#include "report/report_lines.h"

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

/* "5.2 µs before", "1.1 ms after" the reset. */
static void print_offset(FILE *out, const struct reset_case *c, uint64_t ts_ns)
{
	uint64_t reset = c->seen.kernel->ts_ns;

	print_duration(out, ts_ns < reset ? reset - ts_ns : ts_ns - reset);
	fputs(ts_ns < reset ? " before" : " after", out);
}

/* "from 5.2 µs before to 1.1 ms after the reset", "from 5.2 µs before the reset on". */
static void print_window(FILE *out, const struct reset_case *c)
{
	const struct hash_window *w = &c->seen.kernel->window;

	fputs("from ", out);
	print_offset(out, c, w->start_ns);
	if (w->end_ns) {
		fputs(" to ", out);
		print_offset(out, c, w->end_ns);
	}
	fputs(w->end_ns ? " the reset" : " the reset on", out);
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

PRINTER(call)
{
	fprintf(out, "%s()", call_name(c->seen.kernel));
}

PRINTER(stack)
{
	print_stack(out, c->seen.kernel);
}

PRINTER(hook)
{
	print_netfilter_hook(out, c->seen.kernel->hook);
}

PRINTER(reason)
{
	if (c->seen.kernel->reason[0] && strcmp(c->seen.kernel->reason, "NOT_SPECIFIED"))
		fputs(" (the kernel's reason: ", out);
	else
		return;
	print_escaped(out, c->seen.kernel->reason);
	fputs(")", out);
}

PRINTER(reason_name)
{
	print_escaped(out, c->seen.kernel->reason);
}

PRINTER(lookup)
{
	fputs(lookup_name(c->seen.kernel->lookup), out);
}

PRINTER(sk)
{
	print_tuple(out, &c->seen.kernel->sock.tuple);
}

PRINTER(sk_local)
{
	const struct tuple *t = &c->seen.kernel->sock.tuple;

	print_endpoint(out, t->saddr, t->sport, t->family);
}

PRINTER(sk_user_timeout)
{
	fprintf(out, "%u", c->seen.kernel->sock.user_timeout);
}

PRINTER(unread)
{
	if (c->seen.kernel->sock.unread)
		fprintf(out, "%u bytes were", c->seen.kernel->sock.unread);
	else
		fputs("received data was", out);
}

PRINTER(task)
{
	print_escaped(out, c->seen.kernel->comm);
	fprintf(out, "[%u]", c->seen.kernel->tgid);
}

/* Not the socket's owner: who destroyed it. */
PRINTER(killer)
{
	const struct kernel_event *k = c->seen.kernel;

	print_escaped(out, k->process[0] ? k->process : k->comm);
	fprintf(out, "[%u]", k->tgid);
}

PRINTER(killer_how)
{
	enum killed_by how = stack_killed_by(c->seen.kernel);

	if (how == KILLED_BY_SOCK_DIAG)
		fputs(", over sock_diag (SOCK_DESTROY)", out);
	else if (how == KILLED_BY_BPF)
		fputs(", which ran a BPF iterator (bpf_sock_destroy())", out);
}

PRINTER(kernel_cpu)
{
	fprintf(out, "%u", c->seen.kernel->cpu);
}

PRINTER(now_state)
{
	fputs(tcp_state_name(c->seen.now.state), out);
}

PRINTER(race_cpu)
{
	fprintf(out, "%u", c->seen.kernel->window.cpu);
}

PRINTER(race_window)
{
	print_window(out, c);
}

PRINTER(race_arrival)
{
	print_offset(out, c, c->seen.answers.ts_ns);
	fputs(" it", out);
}

PRINTER(race_overlap)
{
	print_duration(out, race_overlap_ns(c));
}

PRINTER(clash)
{
	print_clash(out, c);
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

PRINTER(mem_pages)
{
	fprintf(out, "%" PRIu64, c->seen.kernel->sock.mem_pages);
}

PRINTER(mem_limit)
{
	fprintf(out, "%" PRIu64, c->seen.kernel->sock.mem_limit);
}

const struct placeholder placeholders_kernel[] = {
	{ "call", p_call, "the kernel's reset function" },
	{ "stack", p_stack, "the kernel stack" },
	{ "hook", p_hook, "INPUT or FORWARD" },
	{ "reason", p_reason, "" },
	{ "reason.name", p_reason_name, "one that says so" },
	{ "lookup", p_lookup, "of any kind" },
	{ "sk", p_sk, "A:PORT → B:PORT" },
	{ "sk.local", p_sk_local, "A:PORT" },
	{ "sk.user_timeout", p_sk_user_timeout, "N" },
	{ "unread", p_unread, "received data was" },
	{ "task", p_task, "the task shown" },
	{ "killer", p_killer, "another process" },
	{ "killer.how", p_killer_how, "" },
	{ "kernel.cpu", p_kernel_cpu, "B" },
	{ "now.state", p_now_state, "ESTABLISHED" },
	{ "race.cpu", p_race_cpu, "A" },
	{ "race.window", p_race_window, "from T1 to T2" },
	{ "race.arrival", p_race_arrival, "at T0" },
	{ "race.overlap", p_race_overlap, "N µs" },
	{ "clash", p_clash,
	  "a socket here took another connection's segment, which NAT had not fully translated yet" },
	{ "exit", p_exit, "the process was exiting, and the kernel closed its sockets" },
	{ "closer", p_closer, "the application closed the socket" },
	{ "mem.pages", p_mem_pages, "N" },
	{ "mem.limit", p_mem_limit, "M" },
	{},
};
