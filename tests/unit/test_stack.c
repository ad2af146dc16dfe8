// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_stack.c - what functions on a kernel stack say, also where the compiler cloned them.
 */
#include "model/stack.h"
#include "scene.h"

static const struct {
	const char *symbol;
	bool is_it;
	int variant;
} functions[] = {
	{ "tcp_reset", true, VARIANT_ITSELF },
	{ "tcp_reset.constprop.0", true, VARIANT_CLONE },
	{ "tcp_reset.isra.0", true, VARIANT_CLONE },
	{ "tcp_reset.isra.0.constprop.3", true, VARIANT_CLONE },
	{ "tcp_reset.part.0", true, VARIANT_PART },
	{ "tcp_reset.part.0.isra.0", true, VARIANT_PART },
	{ "tcp_reset.cold", true, -1 },
	{ "tcp_reset.part.0.cold", true, -1 },
	{ "tcp_reset.isra.", true, -1 },
	{ "tcp_reset_work", false, -1 },
	{ "tcp_rese", false, -1 },
	{ "__tcp_reset", false, -1 },
	{ "", false, -1 },
};

static void test_functions(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(functions); i++) {
		check_int(is_function(functions[i].symbol, "tcp_reset"), functions[i].is_it,
			  "'%s' is %scode of tcp_reset", functions[i].symbol,
			  functions[i].is_it ? "" : "no ");
		check_int(function_variant(functions[i].symbol, "tcp_reset"), functions[i].variant,
			  "... and to be probed for it accordingly");
	}
}

static const char *const clones[] = { "", ".isra.0", ".constprop.0", ".part.0", ".cold" };

/* @stack with @suffix on each of its functions. */
static struct kernel_event cloned(enum kernel_call call, const char *stack, const char *suffix)
{
	static char names[CASE_STACK_MAX][CASE_NAME_MAX];
	struct kernel_event k = { .call = call };
	unsigned int i;

	scene_stack(&k, stack);
	for (i = 0; i < k.stack_len; i++) {
		if (!k.stack[i].name)
			continue;
		snprintf(names[i], sizeof(names[i]), "%s%s", k.stack[i].name, suffix);
		k.stack[i].name = names[i];
	}
	return k;
}

static const struct {
	const char *stack;
	unsigned int first;
} firsts[] = {
	{ "__tcp_close tcp_close", 0 },
	{ "wrapper tcp_send_active_reset tcp_close", 1 },
	{ "tcp_v4_send_reset tcp_v4_rcv", 0 },
	{ "? wrapper tcp_v6_send_reset tcp_v6_rcv", 2 },
	{ "wrapper nf_send_reset reject_tg", 1 },
	{ "wrapper nf_send_reset6 reject_tg6", 1 },
	{ "wrapper nf_send_reset64 reject_tg6", 0 },
	{ "tcp_reset tcp_rcv_state_process", 0 },
};

static void test_first(void)
{
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(firsts); i++) {
		for (j = 0; j < ARRAY_SIZE(clones); j++) {
			struct kernel_event k = cloned(CALL_ACTIVE, firsts[i].stack, clones[j]);

			check_int(stack_first(&k), firsts[i].first, "'%s' with '%s' begins at %u",
				  firsts[i].stack, clones[j], firsts[i].first);
		}
	}
}

static const struct {
	const char *name;
	const char *stack;
	unsigned int own;
	bool whole;
} calls_of[] = {
	{ "a system call ends the stack", "tcp_close do_syscall_64 entry_SYSCALL_64", 2, true },
	{ "a thread ends it", "mptcp_worker worker_thread kthread ret_from_fork", 3, true },
	{ "a softirq does not belong to it", "tcp_v4_rcv net_rx_action handle_softirqs", 1, true },
	{ "nor does an interrupt", "tcp_v4_rcv asm_common_interrupt do_syscall_64", 1, true },
	{ "a frame without a name ends what is known", "tcp_close ? do_syscall_64", 1, false },
	{ "a stack may be cut off", "tcp_close inet_release", 2, false },
	{ "or missing", "", 0, false },
};

static void test_own_frames(void)
{
	size_t i, j;
	bool whole;

	for (i = 0; i < ARRAY_SIZE(calls_of); i++) {
		for (j = 0; j < ARRAY_SIZE(clones); j++) {
			struct kernel_event k = cloned(CALL_ACTIVE, calls_of[i].stack, clones[j]);

			check_int(stack_own_frames(&k, &whole), calls_of[i].own, "%s ('%s')",
				  calls_of[i].name, clones[j]);
			check_int(whole, calls_of[i].whole, "... and what is absent is %s",
				  calls_of[i].whole ? "absent" : "open");
		}
	}
}

static void test_clones(void)
{
	size_t j;

	for (j = 0; j < ARRAY_SIZE(clones); j++) {
		struct kernel_event k = cloned(
			CALL_ACTIVE, "tcp_send_active_reset tcp_close do_syscall_64", clones[j]);

		check(stack_has(&k, 2, "tcp_close"), "tcp_close is found as '%s'", clones[j]);
		check(!stack_has(&k, 1, "tcp_close"), "... not beyond the frames that count");
		check(ran_as_owner(&k), "... and the task is the owner");
		k = cloned(CALL_ACTIVE, "tcp_abort tcp_diag_destroy do_syscall_64", clones[j]);
		check(!ran_as_owner(&k), "... but not who kills it, as '%s'", clones[j]);
	}
}

static void test_probes(void)
{
	check(is_of_probe("bpf_trace_run2"), "what runs a program is no part of the stack");
	check(is_of_probe("__traceiter_tcp_send_reset"), "nor is a tracepoint's iterator");
	check(!is_of_probe("tcp_v4_send_reset"), "what was probed is");
}

int main(void)
{
	test_functions();
	test_first();
	test_own_frames();
	test_clones();
	test_probes();
	return test_done();
}
