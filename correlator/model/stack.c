// SPDX-License-Identifier: GPL-2.0-only
/*
 * stack.c - what the functions on a kernel stack say.
 */
#include "model/stack.h"

#include <ctype.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

bool is_function(const char *symbol, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(symbol, name, len) && (!symbol[len] || symbol[len] == '.');
}

static bool is_any_of(const char *symbol, const char *const *names, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (is_function(symbol, names[i]))
			return true;
	return false;
}

static bool starts_with_any(const char *symbol, const char *const *prefixes, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strncmp(symbol, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

int function_variant(const char *symbol, const char *name)
{
	static const char *const words[] = { ".isra.", ".constprop.", ".part." };
	enum variant variant = VARIANT_ITSELF;
	size_t i;

	if (strncmp(symbol, name, strlen(name)))
		return -1;
	symbol += strlen(name);
	while (*symbol) {
		for (i = 0; i < 3 && strncmp(symbol, words[i], strlen(words[i])); i++)
			;
		if (i == 3 || !isdigit((unsigned char)symbol[strlen(words[i])]))
			return -1;
		if (variant < VARIANT_PART)
			variant = i == 2 ? VARIANT_PART : VARIANT_CLONE;
		symbol += strlen(words[i]);
		symbol += strspn(symbol, "0123456789");
	}
	return variant;
}

bool is_of_probe(const char *symbol)
{
	static const char *const prefixes[] = { "bpf_",		"__bpf_",	"__traceiter_",
						"__probestub_", "trace_event_", "ftrace_",
						"kprobe_" };

	return starts_with_any(symbol, prefixes, ARRAY_SIZE(prefixes));
}

/* By kernel_call: for IPv4 (or both families), and for IPv6 where that has one of its own. */
static const struct {
	const char *v4;
	const char *v6;
} calls[] = {
	[CALL_PASSIVE] = { "tcp_v4_send_reset", "tcp_v6_send_reset" },
	[CALL_ACTIVE] = { "tcp_send_active_reset", NULL },
	[CALL_RECEIVE] = { "tcp_reset", NULL },
	[CALL_REJECT] = { "nf_send_reset", "nf_send_reset6" },
	[CALL_CHALLENGE] = { "tcp_send_challenge_ack", NULL },
	[CALL_TIMEWAIT] = { "tcp_timewait_state_process", NULL },
};

const char *call_name(const struct kernel_event *k)
{
	bool known = (size_t)k->call < ARRAY_SIZE(calls) && calls[k->call].v4;

	if (!known)
		return "";
	return k->segment.family == AF_INET6 && calls[k->call].v6 ? calls[k->call].v6 :
								    calls[k->call].v4;
}

static bool makes_resets(const char *symbol)
{
	static const enum kernel_call makers[] = { CALL_PASSIVE, CALL_ACTIVE, CALL_REJECT };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(makers); i++) {
		if (is_function(symbol, calls[makers[i]].v4) ||
		    (calls[makers[i]].v6 && is_function(symbol, calls[makers[i]].v6)))
			return true;
	}
	return false;
}

unsigned int stack_first(const struct kernel_event *k)
{
	unsigned int i, first = 0;

	for (i = 0; i < k->stack_len; i++)
		if (k->stack[i].name && makes_resets(k->stack[i].name))
			first = i;
	return first;
}

unsigned int stack_own_frames(const struct kernel_event *k, bool *ret_whole)
{
	static const char *const interrupts[] = {
		"__do_softirq", "handle_softirqs", "do_softirq",      "net_rx_action",
		"__napi_poll",	"call_timer_fn",   "process_backlog", "run_timer_softirq",
		"asm_",		"sysvec_",
	};
	static const char *const entries[] = { "do_syscall_64", "entry_SYSCALL",  "ret_from_fork",
					       "kthread",	"invoke_syscall", "el0" };
	unsigned int i;

	*ret_whole = false;
	for (i = 0; i < k->stack_len; i++) {
		if (!k->stack[i].name)
			return i;
		*ret_whole = starts_with_any(k->stack[i].name, interrupts, ARRAY_SIZE(interrupts));
		if (*ret_whole)
			return i;
		*ret_whole = starts_with_any(k->stack[i].name, entries, ARRAY_SIZE(entries));
		if (*ret_whole)
			return i + 1;
	}
	return i;
}

bool stack_has(const struct kernel_event *k, unsigned int n, const char *name)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (is_function(k->stack[i].name, name))
			return true;
	return false;
}

enum killed_by stack_killed_by(const struct kernel_event *k)
{
	static const char *const diag[] = { "tcp_diag_destroy", "sock_diag_destroy",
					    "inet_diag_cmd_exact", "inet_diag_handler_cmd" };
	static const char *const bpf[] = { "bpf_sock_destroy", "bpf_iter_run_prog" };
	enum killed_by how = KILLED_NOT;
	bool whole;
	unsigned int n = stack_own_frames(k, &whole), i;

	if (k->call != CALL_ACTIVE ||
	    !(stack_has(k, n, "tcp_abort") || stack_has(k, n, "tcp_diag_destroy")))
		return KILLED_NOT;
	how = KILLED_OTHERWISE;
	for (i = 0; i < n && how == KILLED_OTHERWISE; i++)
		how = is_any_of(k->stack[i].name, diag, ARRAY_SIZE(diag)) ? KILLED_BY_SOCK_DIAG :
		      is_any_of(k->stack[i].name, bpf, ARRAY_SIZE(bpf))	  ? KILLED_BY_BPF :
									    how;
	return how;
}

const char *killed_by_id(enum killed_by how)
{
	return how == KILLED_BY_SOCK_DIAG ? "sock_diag" : how == KILLED_BY_BPF ? "bpf" : NULL;
}

/*
 * Walk outwards: what comes first decides. Softirq runs on top of any task; a worker thread
 * closes for somebody else; tcp_diag_destroy is called by who kills, not by who owns.
 */
bool ran_as_owner(const struct kernel_event *k)
{
	static const char *const theirs[] = { "tcp_v4_rcv",	  "tcp_v6_rcv",	   "__do_softirq",
					      "handle_softirqs",  "do_softirq",	   "call_timer_fn",
					      "tcp_diag_destroy", "tcp_abort",	   "delayed_fput",
					      "process_one_work", "worker_thread", "kthread" };
	static const char *const own[] = { "do_syscall_64",  "__x64_sys_close", "task_work_run",
					   "do_exit",	     "__sys_connect",	"el0_svc",
					   "invoke_syscall", "io_wq_worker",	"__do_sys_close",
					   "do_group_exit" };
	unsigned int i;

	for (i = 0; i < k->stack_len; i++) {
		/* What we cannot name could be a hint that it was somebody else. */
		if (!k->stack[i].name || is_any_of(k->stack[i].name, theirs, ARRAY_SIZE(theirs)))
			return false;
		if (is_any_of(k->stack[i].name, own, ARRAY_SIZE(own)))
			return true;
	}
	return false;
}
