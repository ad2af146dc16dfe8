// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_user_stack.c - from registers and a copy of a stack to the names of its calls: those of a child of
 * ours that stands still.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/process_id.h"
#include "host/user_stack.h"
#include "test.h"

#define PIECE 1024
#define PIECES 16

static uint8_t bytes[PIECE * PIECES];

#ifdef __x86_64__

/* What it does after the call keeps the compiler from jumping there in place of calling. */
static __attribute__((noinline, noclone)) int stand_still(int n)
{
	volatile int turns = n;

	raise(SIGSTOP);
	return turns + 1;
}

static __attribute__((noinline, noclone)) int deep_in_there(int n)
{
	volatile char room[900];

	memset((char *)room, n, sizeof(room));
	return stand_still(n) + room[5];
}

static pid_t start_child(void)
{
	pid_t child = fork();

	if (child)
		return child;
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	_exit(deep_in_there(3));
}

static void copy_pieces(pid_t child, struct user_copy *c)
{
	unsigned int i;

	for (i = 0; i < PIECES; i++) {
		struct iovec to = { bytes + i * PIECE, PIECE };
		struct iovec from = { (void *)(c->start + i * PIECE), PIECE };

		if (process_vm_readv(child, &to, 1, &from, 1, 0) == PIECE)
			c->copied |= 1ull << i;
	}
}

/* 0 or -errno */
static int take_copy(pid_t child, struct user_copy *c)
{
	struct user_regs_struct r;
	int status;

	if (child < 0 || waitpid(child, &status, 0) != child || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_GETREGS, child, NULL, &r))
		return -EPERM;
	*c = (struct user_copy){
		.pid = (uint32_t)child,
		.tid = (uint32_t)child,
		.registers = { r.rax, r.rdx, r.rcx, r.rbx, r.rsi, r.rdi, r.rbp, r.rsp, r.r8, r.r9,
			       r.r10, r.r11, r.r12, r.r13, r.r14, r.r15, r.rip },
		.start = r.rsp & ~(uint64_t)(PIECE - 1),
		.len = sizeof(bytes),
		.piece = PIECE,
		.bytes = bytes,
	};
	copy_pieces(child, c);
	return process_start_stack(c->pid, &c->start_stack);
}

/* The number of the call that begins so; -1 = there is none. */
static int call_of(const struct user_stack *s, const char *name)
{
	unsigned int i;

	for (i = 0; i < s->n; i++)
		if (!strncmp(s->frames[i].text, name, strlen(name)))
			return (int)i;
	return -1;
}

static void show(const struct user_stack *s)
{
	unsigned int i;

	for (i = 0; i < s->n; i++)
		printf("# %s\n", s->frames[i].text);
	printf("# end: %s\n", s->end);
}

static void test_names(const struct user_copy *c)
{
	struct user_stack s;
	int inner, outer;

	user_stack_read(c, &s);
	inner = call_of(&s, "stand_still+0x");
	outer = call_of(&s, "deep_in_there+0x");
	check(inner > 0 && outer == inner + 1, "calls are named, innermost first");
	check(call_of(&s, "main+0x") > outer, "... up to main()");
	check_str(s.end, "", "... and to the first function");
	if (inner < 0)
		show(&s);
	else
		check(strstr(s.frames[inner].text, " [test_user_stack"), "... with their file");
}

static void test_lack_of_memory(const struct user_copy *whole)
{
	struct user_copy c = *whole;
	struct user_stack s;

	c.copied = 0;
	user_stack_read(&c, &s);
	check_int(s.n, 1, "of a stack that was not in memory, only the innermost call is known");
	check(s.end[0], "... and that there is more");
}

static void test_no_code(const struct user_copy *whole)
{
	struct user_copy c = *whole;
	struct user_stack s;

	c.registers[USER_REGISTERS - 1] = 0x1000;
	user_stack_read(&c, &s);
	check_int(s.n, 1, "code that is in no file ends the walk");
	check_str(s.frames[0].text, "0x1000 [in no file]", "... and is an address");
	c = *whole;
	memset(bytes, 0x41, sizeof(bytes));
	user_stack_read(&c, &s);
	check(s.n && call_of(&s, "main+0x") < 0, "a stack of rubbish names no caller");
}

static void test_other_program(const struct user_copy *whole)
{
	struct user_copy c = *whole;
	struct user_stack s;

	c.start_stack++;
	user_stack_read(&c, &s);
	check_int(s.n, 0, "a process that runs another program by now is not asked");
	c = *whole;
	c.pid = 0x7fffffff;
	user_stack_read(&c, &s);
	check(!s.n && s.end[0], "nor is one that has exited");
}

int main(void)
{
	pid_t child = start_child();
	struct user_copy c;
	int err = take_copy(child, &c);

	if (err) {
		test_skip("user stacks: no process may be traced here");
	} else {
		test_names(&c);
		test_lack_of_memory(&c);
		test_other_program(&c);
		test_no_code(&c);
	}
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	return test_done();
}

#else

int main(void)
{
	test_skip("user stacks: for x86-64 only");
	return test_done();
}

#endif
