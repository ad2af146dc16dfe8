// SPDX-License-Identifier: GPL-2.0-only
/*
 * user_stack.c - from a process's registers and a copy of its stack to the names of its calls.
 */
#include "host/user_stack.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#include "host/process_id.h"

/* A file with gigabytes of debug information, or a damaged one, must not hold up the watch. */
#define TIME_LIMIT_MS 10000
#define CPU_LIMIT_S 5
#define BUILD_ID_SHOWN 20

struct walk {
	const struct user_copy *copy;
	struct user_stack *ret;
	Dwfl *dwfl;
	bool complete; /* the call that was met last is the first of the program, or of its thread */
};

static void end_with(struct user_stack *s, const char *why)
{
	if (!s->end[0])
		snprintf(s->end, sizeof(s->end), "%s", why);
}

/* --- what the process has mapped ---------------------------------------------------------------- */

/* The very file, wherever it has its name, and even if it has none any more. */
static int open_mapped(uint32_t pid, uint64_t start)
{
	char path[96], line[512];
	uint64_t from, to;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/maps", pid);
	in = fopen(path, "re");
	if (!in)
		return -1;
	path[0] = 0;
	while (!path[0] && fgets(line, sizeof(line), in))
		if (sscanf(line, "%" SCNx64 "-%" SCNx64, &from, &to) == 2 && from == start)
			snprintf(path, sizeof(path),
				 "/proc/%" PRIu32 "/map_files/%" PRIx64 "-%" PRIx64, pid, from, to);
	fclose(in);
	return path[0] ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
}

static int find_elf(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr start,
		    char **ret_name, Elf **ret_elf)
{
	const struct walk *w = *data;

	(void)module, (void)name, (void)ret_name, (void)ret_elf;
	return open_mapped(w->copy->pid, start);
}

/* Its debug information is large, and its lines are of no interest to who called it. */
static bool is_c_library(const char *file)
{
	const char *slash = file ? strrchr(file, '/') : NULL;

	return slash && !strncmp(slash + 1, "libc.so", strlen("libc.so"));
}

/* By its build-id, from this host's files: never from a server. */
static int find_debug(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
		      const char *file, const char *link, GElf_Word crc, char **ret_name)
{
	if (is_c_library(name))
		return -1;
	return dwfl_build_id_find_debuginfo(module, data, name, base, file, link, crc, ret_name);
}

static int set_data(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr start, void *arg)
{
	(void)module, (void)name, (void)start;
	*data = arg;
	return DWARF_CB_OK;
}

/* --- memory and registers ----------------------------------------------------------------------- */

static bool has_byte(const struct user_copy *c, uint64_t offset)
{
	return offset < c->len && c->copied >> (offset / c->piece) & 1;
}

/* Of the stack as it was; nothing else, which has changed since. */
static bool read_memory(Dwfl *dwfl, Dwarf_Addr addr, Dwarf_Word *ret, void *arg)
{
	const struct user_copy *c = ((struct walk *)arg)->copy;
	uint64_t offset = addr - c->start;

	(void)dwfl;
	if (!has_byte(c, offset) || !has_byte(c, offset + sizeof(*ret) - 1))
		return false;
	memcpy(ret, c->bytes + offset, sizeof(*ret));
	return true;
}

static pid_t only_thread(Dwfl *dwfl, void *arg, void **thread_arg)
{
	(void)dwfl;
	if (*thread_arg)
		return 0;
	*thread_arg = arg;
	return (pid_t)((struct walk *)arg)->copy->tid;
}

static bool set_registers(Dwfl_Thread *thread, void *arg)
{
	const struct user_copy *c = ((struct walk *)arg)->copy;
	Dwarf_Word registers[USER_REGISTERS];
	unsigned int i;

	for (i = 0; i < USER_REGISTERS; i++)
		registers[i] = c->registers[i];
	return dwfl_thread_state_registers(thread, 0, USER_REGISTERS, registers);
}

/* --- one call ----------------------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static const char *name_of(Dwfl_Module *module, uint64_t *ret_bias)
{
	const char *name = dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
	GElf_Addr bias = 0;

	dwfl_module_getelf(module, &bias);
	*ret_bias = bias;
	return name ? base_name(name) : "?";
}

static void print_build_id(FILE *out, Dwfl_Module *module)
{
	const unsigned char *id;
	GElf_Addr addr;
	int i, len = dwfl_module_build_id(module, &id, &addr);

	fputs(len > 0 ? ", build-id " : ", without build-id", out);
	for (i = 0; i < len && i < BUILD_ID_SHOWN; i++)
		fprintf(out, "%02x", id[i]);
}

/* Of a stripped file, the symbol before an address is that of another function. */
static bool print_symbol(FILE *out, Dwfl_Module *module, uint64_t addr, uint64_t looked_up)
{
	GElf_Off offset;
	GElf_Sym sym;
	const char *name = dwfl_module_addrinfo(module, looked_up, &offset, &sym, NULL, NULL, NULL);

	if (!name || !*name || offset >= sym.st_size)
		return false;
	fprintf(out, "%s+0x%" PRIx64 "/0x%" PRIx64, name, offset + (addr - looked_up),
		(uint64_t)sym.st_size);
	return true;
}

static void print_line(FILE *out, Dwfl_Module *module, uint64_t looked_up)
{
	Dwfl_Line *line = dwfl_module_getsrc(module, looked_up);
	const char *file;
	Dwarf_Addr bias;
	int number = 0;
	Dwarf_Die *unit = line ? dwfl_module_addrdie(module, looked_up, &bias) : NULL;

	/* Else the line is that of the code before it, which has one. */
	if (!unit || dwarf_haspc(unit, looked_up - bias) <= 0)
		return;
	file = dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL);
	while (file && (!strncmp(file, "./", 2) || !strncmp(file, "../", 3)))
		file = strchr(file, '/') + 1;
	if (file && number > 0)
		fprintf(out, " %s:%d", file, number);
}

/* @looked_up: in the calling instruction, where @addr is the one to return to */
static void print_call(FILE *out, Dwfl_Module *module, uint64_t addr, uint64_t looked_up)
{
	uint64_t bias;
	const char *name;

	if (!module) {
		fprintf(out, "0x%" PRIx64 " [in no file]", addr);
		return;
	}
	name = name_of(module, &bias);
	if (print_symbol(out, module, addr, looked_up)) {
		fprintf(out, " [%s]", name);
		print_line(out, module, looked_up);
		return;
	}
	fprintf(out, "0x%" PRIx64 " [%s", addr - bias, name);
	print_build_id(out, module);
	fputc(']', out);
}

static void add_call(struct walk *w, Dwfl_Module *module, uint64_t addr, uint64_t looked_up)
{
	char *text = w->ret->frames[w->ret->n++].text;
	FILE *out = fmemopen(text, USER_FRAME_TEXT - 1, "w");

	if (!out)
		return;
	setvbuf(out, NULL, _IOFBF, USER_FRAME_TEXT);
	print_call(out, module, addr, looked_up);
	fclose(out);
	text[USER_FRAME_TEXT - 1] = 0;
}

/* Of such a function, the return address is undefined. */
static bool is_outermost(Dwarf_Frame *frame)
{
	int return_address = dwarf_frame_info(frame, NULL, NULL, NULL);
	Dwarf_Op room[3], *ops = NULL;
	size_t n = 0;

	return return_address >= 0 &&
	       !dwarf_frame_register(frame, return_address, room, &ops, &n) && !n && ops;
}

/* Without it, libdwfl would follow frame pointers, which need not be there. */
static bool has_unwind_information(Dwfl_Module *module, uint64_t addr, bool *ret_outermost)
{
	Dwarf_Frame *frame;
	Dwarf_Addr bias;
	int debug;

	for (debug = 0; debug < 2; debug++) {
		Dwarf_CFI *cfi = debug ? dwfl_module_dwarf_cfi(module, &bias) :
					 dwfl_module_eh_cfi(module, &bias);

		if (!cfi || dwarf_cfi_addrframe(cfi, addr - bias, &frame))
			continue;
		*ret_outermost = is_outermost(frame);
		free(frame);
		return true;
	}
	return false;
}

static int on_frame(Dwfl_Frame *frame, void *arg)
{
	struct walk *w = arg;
	Dwfl_Module *module;
	Dwarf_Addr addr, looked_up;
	bool innermost;

	if (!dwfl_frame_pc(frame, &addr, &innermost)) {
		end_with(w->ret, "the instruction pointer is not known");
		return DWARF_CB_ABORT;
	}
	looked_up = innermost ? addr : addr - 1;
	module = dwfl_addrmodule(w->dwfl, looked_up);
	add_call(w, module, addr, looked_up);
	if (w->ret->n == USER_FRAMES_MAX)
		end_with(w->ret, "it has more calls");
	else if (!module)
		end_with(w->ret, "code that is in no file (made at run time, or no longer mapped)");
	else if (!has_unwind_information(module, looked_up, &w->complete))
		end_with(w->ret, "code without unwind information");
	else
		return DWARF_CB_OK;
	return DWARF_CB_ABORT;
}

/* --- the walk ----------------------------------------------------------------------------------- */

static const Dwfl_Callbacks callbacks = {
	.find_elf = find_elf,
	.find_debuginfo = find_debug,
};

static const Dwfl_Thread_Callbacks thread_callbacks = {
	.next_thread = only_thread,
	.memory_read = read_memory,
	.set_initial_registers = set_registers,
};

static bool lacks_memory(const struct user_copy *c)
{
	uint64_t all = c->len / c->piece < 64 ? (1ull << (c->len / c->piece)) - 1 : UINT64_MAX;

	return c->copied != all;
}

static void walk(struct walk *w)
{
	const struct user_copy *c = w->copy;

	w->dwfl = dwfl_begin(&callbacks);
	if (!w->dwfl || dwfl_linux_proc_report(w->dwfl, (pid_t)c->pid) ||
	    dwfl_report_end(w->dwfl, NULL, NULL)) {
		end_with(w->ret, "what the process has mapped could not be read");
		return;
	}
	dwfl_getmodules(w->dwfl, set_data, w, 0);
	if (!dwfl_attach_state(w->dwfl, NULL, (pid_t)c->pid, &thread_callbacks, w)) {
		end_with(w->ret, "the program's file could not be read");
		return;
	}
	/* A stack that cannot be read is no error to it, but the end. */
	dwfl_getthread_frames(w->dwfl, (pid_t)c->tid, on_frame, w);
	if (!w->complete)
		end_with(w->ret,
			 lacks_memory(c) ?
				 "the rest of its stack was not in memory, or ends here" :
				 "the rest of its stack was not copied, or cannot be unwound");
}

/* Is it still the program of which the copy is? Another has its stack elsewhere. */
static bool is_same_program(const struct user_copy *c)
{
	uint64_t now;

	return !process_start_stack(c->pid, &now) && now == c->start_stack;
}

static void read_in_child(const struct user_copy *copy, int to)
{
	const struct rlimit cpu = { CPU_LIMIT_S, CPU_LIMIT_S }, none = { 0, 0 };
	struct user_stack result = { 0 };
	struct walk w = { .copy = copy, .ret = &result };

	setrlimit(RLIMIT_CPU, &cpu);
	setrlimit(RLIMIT_CORE, &none);
	walk(&w);
	if (!is_same_program(copy)) {
		result = (struct user_stack){ 0 };
		end_with(&result, "the process exited, or ran another program, meanwhile");
	}
	if (write(to, &result, sizeof(result)) != sizeof(result))
		_exit(1);
	_exit(0);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* 0; -ETIME; -EIO: it ended without a result. */
static int take_result(int from, struct user_stack *ret)
{
	int64_t until = now_ms() + TIME_LIMIT_MS;
	struct user_stack result = { 0 };
	size_t have = 0;

	while (have < sizeof(result)) {
		struct pollfd p = { .fd = from, .events = POLLIN };
		int64_t left = until - now_ms();
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) == 0)
			return -ETIME;
		n = read(from, (char *)&result + have, sizeof(result) - have);
		if (n == 0 || (n < 0 && errno != EINTR))
			return -EIO;
		have += n > 0 ? (size_t)n : 0;
	}
	if (result.n > USER_FRAMES_MAX)
		return -EIO;
	*ret = result;
	return 0;
}

/* Returns the processor time that it took. */
static uint64_t end_child(pid_t child)
{
	struct rusage used = { 0 };

	kill(child, SIGKILL);
	while (wait4(child, NULL, 0, &used) < 0 && errno == EINTR)
		;
	return (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000u +
	       (uint64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000u;
}

static uint64_t read_by_child(const struct user_copy *copy, struct user_stack *ret)
{
	int pipe_fd[2], err;
	uint64_t used = 0;
	pid_t child;

	if (pipe2(pipe_fd, O_CLOEXEC)) {
		end_with(ret, "no pipe could be made");
		return 0;
	}
	child = fork();
	if (child == 0)
		read_in_child(copy, pipe_fd[1]);
	close(pipe_fd[1]);
	err = child < 0 ? -EAGAIN : take_result(pipe_fd[0], ret);
	if (err)
		end_with(ret, err == -EAGAIN ? "no process could be made" :
			      err == -ETIME  ? "its files could not be read in time" :
					       "its files are too large, or damaged");
	close(pipe_fd[0]);
	if (child > 0)
		used = end_child(child);
	return used;
}

uint64_t user_stack_read(const struct user_copy *copy, struct user_stack *ret)
{
	*ret = (struct user_stack){ 0 };
	if (is_same_program(copy))
		return read_by_child(copy, ret);
	end_with(ret, "the process exited, or ran another program, before it was read");
	return 0;
}
