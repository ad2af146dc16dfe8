// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_advice.c - how a process ended, and what to do about it.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "diagnose/advice.h"
#include "diagnose/programs.h"
#include "report/template.h"
#include "scene.h"
#include "test.h"

#define CLOSE_STACK "tcp_send_active_reset __tcp_close tcp_close inet_release __sock_release "
#define EXIT_STACK CLOSE_STACK "__fput task_work_run do_exit do_group_exit "

static const struct row {
	const char *name;
	const char *stack;
	bool exiting, oom;
	uint32_t code;
	const char *title;  /* what it must contain */
	const char *advice; /* likewise, the first */
} rows[] = {
	{ .name = "a close() in a process that lives on",
	  .stack = CLOSE_STACK "__x64_sys_close do_syscall_64",
	  .title = "the application closed the socket",
	  .advice = "read until EOF" },
	{ .name = "killed",
	  .stack = EXIT_STACK "get_signal do_syscall_64",
	  .exiting = true,
	  .code = SIGKILL,
	  .title = "SIGKILL",
	  .advice = "SIGTERM" },
	{ .name = "crashed with a core file",
	  .stack = EXIT_STACK "get_signal do_syscall_64",
	  .exiting = true,
	  .code = SIGSEGV | 0x80,
	  .title = "SIGSEGV",
	  .advice = "crash" },
	{ .name = "chosen by the OOM killer",
	  .stack = EXIT_STACK "get_signal do_syscall_64",
	  .exiting = true,
	  .oom = true,
	  .code = SIGKILL,
	  .title = "OOM killer",
	  .advice = "memory" },
	{ .name = "exit()",
	  .stack = EXIT_STACK "__x64_sys_exit_group do_syscall_64",
	  .exiting = true,
	  .code = 3 << 8,
	  .title = "exited without closing",
	  .advice = "before exit()" },
	{ .name = "exiting, but of another call: a softirq on top of that task",
	  .stack = "tcp_send_active_reset __tcp_close __do_softirq do_exit do_syscall_64",
	  .exiting = true,
	  .code = SIGKILL,
	  .title = "the application closed the socket",
	  .advice = "read until EOF" },
	{ .name = "a recording from before exit codes were read",
	  .stack = EXIT_STACK "get_signal do_syscall_64",
	  .title = "the process ended without closing",
	  .advice = "before exit()" },
};

static struct reset_case case_of(const struct row *r)
{
	struct scene s = {
		.call = CALL_ACTIVE,
		.stack = r->stack,
		.reason = "TCP_ABORT_ON_CLOSE",
		.state = TCP_CLOSE,
	};
	struct reset_case c = scene_build(&s, AF_INET);
	struct kernel_event *k = own_account(&c.seen.kernel);

	k->exiting = r->exiting;
	k->exit_code = r->code;
	k->oom_killed = r->oom;
	classify(&c);
	return c;
}

static void test_row(const struct row *r)
{
	struct reset_case c = case_of(r);
	const struct advice *a = case_advice(&c, 0);
	char *title = template_expand(c.diagnosis.cause->title, &c, NULL);

	check_str(c.diagnosis.cause->id, "unread-data", "%s: the cause stays", r->name);
	check(title && strstr(title, r->title), "%s: the title says who closed", r->name);
	check(a && strstr(a->action, r->advice), "%s: the advice fits", r->name);
	check(!case_advice(&c, 1), "%s: and no other does", r->name);
	free(title);
}

/* --- by program ----------------------------------------------------------------------------------- */

static const struct program_row {
	const char *name;
	const char *comm;
	const char *advice; /* what the first piece must contain */
	bool exiting, race, remote, unknown;
} program_rows[] = {
	{ .name = "nginx", .comm = "nginx", .advice = "lingering_close" },
	{ .name = "HAProxy", .comm = "haproxy", .advice = "termination state" },
	{ .name = "the second name of a row", .comm = "valkey-server", .advice = "output buffer" },
	{ .name = "nginx, whose idle timer met a request",
	  .comm = "nginx",
	  .race = true,
	  .advice = "`keepalive_timeout`" },
	{ .name = "Node.js, likewise",
	  .comm = "node",
	  .race = true,
	  .advice = "server.keepAliveTimeout" },
	{ .name = "Node.js has nothing for unread data",
	  .comm = "node",
	  .advice = "read until EOF" },
	{ .name = "a name that begins like one", .comm = "ngin", .advice = "read until EOF" },
	{ .name = "a name that goes on", .comm = "nginx2", .advice = "read until EOF" },
	{ .name = "nobody's", .comm = "", .advice = "read until EOF" },
	{ .name = "not known whose", .comm = "nginx", .unknown = true, .advice = "read until EOF" },
	{ .name = "nginx was killed", .comm = "nginx", .exiting = true, .advice = "SIGTERM" },
	{ .name = "nginx took it", .comm = "nginx", .remote = true, .advice = "read until EOF" },
};

static void test_program(const struct program_row *r)
{
	struct reset_case c = case_of(&rows[r->exiting ? 1 : 0]);
	const struct advice *a;

	c.asked.owner.known = !r->unknown;
	snprintf(c.asked.owner.comm, sizeof(c.asked.owner.comm), "%s", r->comm);
	if (r->race)
		c.diagnosis.impact.race = RACE_CROSSED;
	if (r->remote)
		c.diagnosis.origin = ORIGIN_REMOTE;
	a = case_advice(&c, 0);
	check(a && strstr(a->action, r->advice), "%s: %s", r->name, a ? a->action : "nothing");
	check(!a || r->race || case_advice(&c, 1) != a, "%s: once", r->name);
}

/* A list of causes with a slip would never match. */
static void test_causes_of_programs(void)
{
	size_t i, listed = 0;

	for (i = 0; i < n_causes; i++) {
		const struct program_advice *row = NULL;

		while ((row = program_advice_next(row, causes[i].id))) {
			check(row->advice.action && row->advice.price && row->advice.undo &&
				      row->source,
			      "%s: %s is whole", causes[i].id, row->program);
			check_str(cause_list_unknown(row->causes), NULL, "%s: known causes",
				  row->program);
			listed++;
		}
	}
	check(listed > 10, "programs have advice");
}

int main(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(program_rows); i++)
		test_program(&program_rows[i]);
	test_causes_of_programs();
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		test_row(&rows[i]);
	return test_done();
}
