// SPDX-License-Identifier: GPL-2.0-only
/*
 * spin - make a race of the running kernel likely, by holding one of its racers for a while.
 *
 *	spin [OPTION...] FUNCTION WHERE USEC
 *
 * puts a kprobe at an instruction inside FUNCTION, which is found in the running kernel's code
 * (spin_code.h), and spins there (spin.bpf.c). It prints where that is and, when it is ended by
 * SIGTERM or SIGINT, how often it has spun. Exit status 77: this cannot be done on this kernel.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include "spin.skel.h"
#include "spin_code.h"
#include "spin_kernel.h"

#define EX_CANNOT 77

struct options {
	const char *function;
	enum where where;
	uint64_t spin_ns;
	uint32_t state;
	uint32_t netns; /* number of its inode */
	const char *ready_file;
};

static void usage(FILE *to)
{
	unsigned int i;

	fputs("usage: spin [OPTION...] FUNCTION WHERE USEC\n"
	      "  -n, --netns NAME       only for sockets of this namespace\n"
	      "  -s, --state N          only for sockets in this state\n"
	      "  -r, --ready-file PATH  made when the probe is in place\n"
	      "WHERE:",
	      to);
	for (i = 0; i < N_WHERE; i++)
		fprintf(to, " %s", where_names[i]);
	fputc('\n', to);
}

static uint32_t netns_inode(const char *name)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	if (stat(path, &st)) {
		fprintf(stderr, "spin: %s: %s\n", path, strerror(errno));
		exit(2);
	}
	return (uint32_t)st.st_ino;
}

static bool parse_where(struct options *o, const char *name)
{
	for (o->where = 0; o->where < N_WHERE; o->where++)
		if (!strcmp(name, where_names[o->where]))
			return true;
	return false;
}

static bool parse(struct options *o, int argc, char **argv)
{
	static const struct option longopts[] = { { "netns", required_argument, NULL, 'n' },
						  { "state", required_argument, NULL, 's' },
						  { "ready-file", required_argument, NULL, 'r' },
						  { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "n:s:r:", longopts, NULL)) != -1) {
		if (c == 'n')
			o->netns = netns_inode(optarg);
		else if (c == 's')
			o->state = (uint32_t)atoi(optarg);
		else if (c == 'r')
			o->ready_file = optarg;
		else
			return false;
	}
	if (argc - optind != 3 || !parse_where(o, argv[optind + 1]))
		return false;
	o->function = argv[optind];
	o->spin_ns = strtoull(argv[optind + 2], NULL, 10) * 1000;
	return o->spin_ns > 0;
}

/* Says where the probe goes, and whether a race is possible there. */
static int locate(const struct options *o, struct place *ret_place, const char **ret_doing)
{
	static struct code code;
	struct sock_layout layout;
	int err;

	*ret_doing = "read the kernel's types";
	err = read_layout(&layout);
	if (err)
		return err;
	*ret_doing = "read the function's code";
	err = read_code(o->function, &code);
	if (err)
		return err;
	*ret_doing = "find the instruction";
	err = find_place(&code, &layout, o->where, ret_place);
	if (err)
		return err;
	printf("place %s+0x%zx window %s\n", o->function, ret_place->offset,
	       window_open(&code, &layout, o->where) ? "open" : "closed");
	fflush(stdout);
	return 0;
}

static struct spin *load(const struct options *o, const struct place *p)
{
	struct spin *skel = spin__open();
	int err;

	if (!skel)
		return NULL;
	skel->rodata->spin_ns = o->spin_ns;
	skel->rodata->sock_reg = p->reg;
	skel->rodata->sock_back = p->back;
	skel->rodata->only_state = o->state;
	skel->rodata->only_netns = o->netns;
	err = spin__load(skel);
	if (!err)
		return skel;
	spin__destroy(skel);
	errno = -err;
	return NULL;
}

static int attach(const struct options *o, const struct place *p, struct spin *skel)
{
	LIBBPF_OPTS(bpf_kprobe_opts, opts, .offset = p->offset);

	skel->links.spin_here =
		bpf_program__attach_kprobe_opts(skel->progs.spin_here, o->function, &opts);
	return skel->links.spin_here ? 0 : -errno;
}

static int make_ready(const struct options *o)
{
	int fd;

	if (!o->ready_file)
		return 0;
	fd = open(o->ready_file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static void wait_end(int sigfd)
{
	struct pollfd p = { .fd = sigfd, .events = POLLIN };

	while (poll(&p, 1, -1) < 0 && errno == EINTR)
		;
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	struct spin *skel = NULL;
	const char *doing;
	struct place place;
	sigset_t ends;
	int err, sigfd;

	if (!parse(&o, argc, argv)) {
		usage(stderr);
		return 2;
	}
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	sigfd = signalfd(-1, &ends, SFD_CLOEXEC);
	libbpf_set_print(NULL);

	err = locate(&o, &place, &doing);
	if (err)
		goto out;
	doing = "place the probe";
	skel = load(&o, &place);
	err = skel ? attach(&o, &place, skel) : -errno;
	if (!err)
		err = make_ready(&o);
	if (err)
		goto out;
	wait_end(sigfd);
	printf("hits %llu mean_us %llu\n", skel->bss->hits,
	       skel->bss->hits ? skel->bss->spun_ns / skel->bss->hits / 1000 : 0);
out:
	if (err)
		fprintf(stderr, "%s %s: cannot %s: %s\n", o.function, where_names[o.where], doing,
			strerror(-err));
	spin__destroy(skel);
	return err ? EX_CANNOT : 0;
}
