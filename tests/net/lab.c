// SPDX-License-Identifier: GPL-2.0-only
/*
 * lab - provoke TCP resets on a live kernel, one known cause at a time.
 *
 * One process plays both ends: it makes each socket inside the network
 * namespace of its owner, so a scenario is a list of steps that run strictly
 * one after the other and nothing has to be synchronised. It needs only libc,
 * because it also runs inside small virtual machines.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "lab.h"

const char *lab_doing = "start";

void die(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "lab: %s: ", lab_doing);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

const char *errno_name(int err)
{
	static const struct {
		int err;
		const char *name;
	} names[] = {
		{ ECONNRESET, "ECONNRESET" },	  { ECONNREFUSED, "ECONNREFUSED" },
		{ ETIMEDOUT, "ETIMEDOUT" },	  { EPIPE, "EPIPE" },
		{ ECONNABORTED, "ECONNABORTED" }, { EAGAIN, "EAGAIN" },
		{ EHOSTUNREACH, "EHOSTUNREACH" }, { ENETUNREACH, "ENETUNREACH" },
		{ ENOTCONN, "ENOTCONN" },	  { EINPROGRESS, "EINPROGRESS" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].err == err)
			return names[i].name;
	return strerror(err);
}

unsigned long number(const char *what, const char *text)
{
	char *end;
	unsigned long v;

	errno = 0;
	v = strtoul(text, &end, 0);
	if (errno || end == text || *end)
		die("%s: not a number: '%s'", what, text);
	return v;
}

/* Named scenarios: what most scripts want, spelled once. */
static const struct recipe {
	const char *name;
	const char *steps[10];
} recipes[] = {
	{ "linger-zero",
	  { "open", "exchange", "server:linger=0", "server:close", "client:expect=ECONNRESET" } },
	{ "unread-data",
	  { "open", "client:send=100", "server:unread=100", "server:close",
	    "client:expect=ECONNRESET" } },
	{ "closed-port", { "connect=ECONNREFUSED" } },
	/* The peer has forgotten the connection, and the listener is gone. */
	{ "no-socket",
	  { "open", "exchange", "listener:close", "server:silent-close", "client:send=10",
	    "client:expect=ECONNRESET" } },
	{ "listener-stray",
	  { "open", "exchange", "server:silent-close", "client:send=10",
	    "client:expect=ECONNRESET" } },
	/* A right ACK number makes the answer's sequence number lethal. */
	{ "dnat-invalid",
	  { "open", "exchange", "client:segment=PA,seq=+3000000,len=10",
	    "client:expect=ECONNRESET" } },
	{ "disconnect", { "open", "exchange", "server:disconnect", "client:expect=ECONNRESET" } },
	{ "listener-closed",
	  { "listen", "connect", "backlog=1", "listener:close", "client:expect=ECONNRESET" } },
	{ "data-after-close",
	  { "open", "exchange", "server:close", "client:expect=EOF", "client:ack", "client:send=10",
	    "client:state=CLOSE" } },
	{ "normal", { "open", "exchange", "server:close", "client:expect=EOF", "client:close" } },
};

static const struct recipe *find_recipe(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(recipes); i++)
		if (!strcmp(recipes[i].name, name))
			return &recipes[i];
	return NULL;
}

static int play_recipe(const struct options *o, const struct recipe *r)
{
	char *steps[ARRAY_SIZE(r->steps)];
	int n = 0;

	while (n < (int)ARRAY_SIZE(r->steps) && r->steps[n]) {
		steps[n] = strdup(r->steps[n]);
		if (!steps[n++])
			die("out of memory");
	}
	return cmd_play(o, n, steps);
}

/* Small virtual machines have no setpriv(1) that can change the user. */
static int cmd_as_uid(int argc, char **argv)
{
	unsigned long uid;

	lab_doing = "as-uid";
	if (argc < 2)
		die("needs a user id and a command");
	uid = number("user id", argv[0]);
	if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		die("cannot become user %lu: %s", uid, strerror(errno));
	execvp(argv[1], argv + 1);
	die("%s: %s", argv[1], strerror(errno));
}

/* Run a command that is refused all BPF links, as by a kernel from before them: without tcx. */
static int cmd_no_links(int argc, char **argv)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_bpf, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, BPF_LINK_CREATE, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { ARRAY_SIZE(code), code };

	lab_doing = "no-links";
	if (argc < 1)
		die("needs a command");
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		die("seccomp: %s", strerror(errno));
	execvp(argv[0], argv);
	die("%s: %s", argv[0], strerror(errno));
}

static void usage(FILE *to)
{
	fputs("usage: lab COMMAND [OPTIONS] [STEP...]\n"
	      "commands:\n"
	      "  play STEP...   run the steps in order (lab play --help lists them)\n"
	      "  storm          many short benign connections in every closing order\n"
	      "  race-handshake, race-close\n"
	      "                 --count connections whose ends are busy on CPU 0 and CPU 1 at once\n"
	      "  sniff          print every RST seen on an interface\n"
	      "  as-uid N CMD   run CMD as an ordinary user\n"
	      "  no-links CMD   run CMD without BPF links, so without tcx\n"
	      "  tcx IF ingress|egress|xdp before|after FILE\n"
	      "                 attach a tcx or XDP program, make FILE, wait to be killed\n",
	      to);
	for (size_t i = 0; i < ARRAY_SIZE(recipes); i++) {
		fprintf(to, "  %-14s =", recipes[i].name);
		for (int s = 0; s < (int)ARRAY_SIZE(recipes[i].steps) && recipes[i].steps[s]; s++)
			fprintf(to, " %s", recipes[i].steps[s]);
		fputc('\n', to);
	}
	fputs("options:\n"
	      "  -C, --client-ns NS    -S, --server-ns NS   (names in /run/netns, or paths)\n"
	      "  -a, --addr IP         -p, --port N         where the client connects to\n"
	      "  -l, --listen-port N   where the server listens (default: --port)\n"
	      "      --client-addr IP  --sport N            the client's own end\n"
	      "      --mptcp                                both ends speak MPTCP\n"
	      "  -t, --timeout SEC     for the whole command (default 20)\n"
	      "  -n, --count N         -w, --workers N      storm: connections, at once\n"
	      "  -1, --one-cpu                              storm: all on one CPU\n"
	      "      --delay-us N                           race-close: before the client closes\n"
	      "      --sport N                              storm: the same few ports again and again\n"
	      "  -i, --interface IF    --ready-file PATH    sniff\n",
	      to);
}

static const struct option longopts[] = { { "client-ns", required_argument, NULL, 'C' },
					  { "server-ns", required_argument, NULL, 'S' },
					  { "addr", required_argument, NULL, 'a' },
					  { "port", required_argument, NULL, 'p' },
					  { "listen-port", required_argument, NULL, 'l' },
					  { "client-addr", required_argument, NULL, 1 },
					  { "sport", required_argument, NULL, 2 },
					  { "mptcp", no_argument, NULL, 4 },
					  { "ready-file", required_argument, NULL, 3 },
					  { "delay-us", required_argument, NULL, 5 },
					  { "timeout", required_argument, NULL, 't' },
					  { "count", required_argument, NULL, 'n' },
					  { "workers", required_argument, NULL, 'w' },
					  { "one-cpu", no_argument, NULL, '1' },
					  { "interface", required_argument, NULL, 'i' },
					  { "help", no_argument, NULL, 'h' },
					  { NULL, 0, NULL, 0 } };

static uint16_t port_number(const char *text)
{
	unsigned long v = number("port", text);

	if (v > 65535)
		die("port %lu is out of range", v);
	return v;
}

static void set_option(struct options *o, int c)
{
	switch (c) {
	case 'C':
		o->client_ns = optarg;
		break;
	case 'S':
		o->server_ns = optarg;
		break;
	case 'a':
		o->addr = optarg;
		break;
	case 'p':
		o->port = port_number(optarg);
		break;
	case 'l':
		o->listen_port = port_number(optarg);
		break;
	case 1:
		o->client_addr = optarg;
		break;
	case 2:
		o->sport = port_number(optarg);
		break;
	case 4:
		o->mptcp = true;
		break;
	case 3:
		o->ready_file = optarg;
		break;
	case 5:
		o->delay_us = number("microseconds", optarg);
		break;
	case 't':
		o->timeout = number("timeout", optarg);
		break;
	case 'n':
		o->count = number("count", optarg);
		break;
	case 'w':
		o->workers = number("workers", optarg);
		break;
	case '1':
		o->one_cpu = true;
		break;
	case 'i':
		o->ifname = optarg;
		break;
	case 'h':
		usage(stdout);
		play_help();
		exit(0);
	default:
		usage(stderr);
		exit(2);
	}
}

static void time_is_up(int sig)
{
	static const char text[] = "lab: time is up during: ";
	ssize_t r;

	(void)sig;
	r = write(STDERR_FILENO, text, sizeof(text) - 1);
	r += write(STDERR_FILENO, lab_doing, strlen(lab_doing));
	r += write(STDERR_FILENO, "\n", 1);
	_exit(r < 0 ? 2 : 1);
}

int main(int argc, char **argv)
{
	struct options o = { .timeout = 20, .count = 1000, .workers = 8 };
	const struct recipe *r;
	const char *cmd;
	int c;

	if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		usage(argc < 2 ? stderr : stdout);
		return argc < 2 ? 2 : 0;
	}
	cmd = argv[1];
	if (!strcmp(cmd, "as-uid"))
		return cmd_as_uid(argc - 2, argv + 2);
	if (!strcmp(cmd, "no-links"))
		return cmd_no_links(argc - 2, argv + 2);
	if (!strcmp(cmd, "tcx"))
		return cmd_tcx(argc - 2, argv + 2);

	lab_doing = cmd;
	optind = 2;
	/* "+": steps are not options, and a step may begin with anything */
	while ((c = getopt_long(argc, argv, "+C:S:a:p:l:t:n:w:1i:h", longopts, NULL)) != -1)
		set_option(&o, c);
	if (!o.listen_port)
		o.listen_port = o.port;
	signal(SIGPIPE, SIG_IGN);

	if (!strcmp(cmd, "sniff"))
		return cmd_sniff(&o);

	signal(SIGALRM, time_is_up);
	alarm(o.timeout);
	if (!o.addr || !o.port)
		die("--addr and --port are needed");
	if (!strcmp(cmd, "storm"))
		return cmd_storm(&o);
	if (!strcmp(cmd, "race-handshake") || !strcmp(cmd, "race-close"))
		return cmd_race(&o, !strcmp(cmd, "race-close"));
	if (!strcmp(cmd, "play"))
		return cmd_play(&o, argc - optind, argv + optind);
	r = find_recipe(cmd);
	if (r && optind == argc)
		return play_recipe(&o, r);
	usage(stderr);
	return 2;
}
