// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_reads.c - typed loads read what bpf_probe_read_kernel() reads.
 *
 * Both builds of rst_tracepoint watch the same resets, on loopback in a network namespace of our
 * own: each reset must give two events that say the same.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "harness.h"
#include "rst_tracepoint.skel.h"
#include "rst_tracepoint_typed.skel.h"

#define MAX_SEEN 64
#define MAX_LINKS 8

static const char *const programs[] = { "tp_send_reset", "tp_receive_reset" };

struct watch {
	struct shared_maps maps;
	struct bpf_object *objs[2];
	struct bpf_link *links[MAX_LINKS];
	unsigned int n_links;
	struct ring_buffer *rb;
	struct rst_ev_kernel seen[MAX_SEEN];
	unsigned int n_seen;
	bool casts;
};

static int on_event(void *ctx, void *data, size_t size)
{
	struct watch *w = ctx;

	if (size == sizeof(w->seen[0]) && w->n_seen < MAX_SEEN)
		memcpy(&w->seen[w->n_seen++], data, size);
	return 0;
}

static int attach_all(struct watch *w, struct bpf_object *obj)
{
	size_t i;

	for (i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		struct bpf_program *prog = bpf_object__find_program_by_name(obj, programs[i]);
		struct bpf_link *link = bpf_program__attach(prog);

		if (!link)
			return -errno;
		w->links[w->n_links++] = link;
	}
	return 0;
}

static int add_object(struct watch *w, unsigned int i, const void *elf, size_t size,
		      uint32_t read_type)
{
	struct bpf_program *prog;
	struct stat netns;
	int err;

	w->objs[i] = embedded_open(elf, size, "rst_tracepoint", NULL, &w->maps);
	if (!w->objs[i] || stat("/proc/self/ns/net", &netns))
		return -errno;
	prog = bpf_object__find_program_by_name(w->objs[i], "tp_kfree_skb");
	bpf_program__set_autoload(prog, false);
	embedded_set(w->objs[i], "want_netns", (uint32_t)netns.st_ino);
	embedded_set(w->objs[i], "read_type", read_type);
	err = embedded_load(w->objs[i], &w->maps);
	return err ? err : attach_all(w, w->objs[i]);
}

static void watch_close(struct watch *w)
{
	unsigned int i;

	ring_buffer__free(w->rb);
	for (i = 0; i < w->n_links; i++)
		bpf_link__destroy(w->links[i]);
	for (i = 0; i < 2; i++)
		bpf_object__close(w->objs[i]);
	shared_maps_close(&w->maps);
}

static int watch_open(struct watch *w, uint32_t read_type)
{
	const void *elf;
	size_t size;
	int err;

	memset(w, 0, sizeof(*w));
	w->casts = read_type != 0;
	shared_maps_init(&w->maps, (unsigned int)libbpf_num_possible_cpus(), 64);
	elf = rst_tracepoint__elf_bytes(&size);
	err = add_object(w, 0, elf, size, 0);
	if (err)
		return err;
	elf = rst_tracepoint_typed__elf_bytes(&size);
	err = add_object(w, 1, elf, size, read_type);
	if (err)
		return err;
	w->rb = ring_buffer__new(w->maps.fd[MAP_EVENTS], on_event, w, NULL);
	return w->rb ? 0 : -errno;
}

/*
 * What differs from program to program, or may change meanwhile; what takes a cast; and what typed loads
 * leave out, as older kernels have no type for the task that runs.
 */
static void forget(struct rst_ev_kernel *e, bool casts)
{
	memset(&e->hdr, 0, sizeof(e->hdr));
	memset(e->stack, 0, sizeof(e->stack));
	e->stack_len = 0;
	e->mem_pages = 0;
	e->jiffies = 0;
	memset(e->process, 0, sizeof(e->process));
	memset(&e->closer, 0, sizeof(e->closer));
	e->has &= ~RST_HAS_CLOSER;
	if (casts)
		return;
	e->has &= ~RST_HAS_MEMORY;
	e->mem_limit = 0;
	e->wmem_queued = 0;
}

/* The two programs run one after the other, on the CPU that we are pinned to. */
static bool comes_in_pairs(struct watch *w, uint8_t func, int family)
{
	struct rst_ev_kernel *first = NULL;
	unsigned int i, pairs = 0;

	for (i = 0; i < w->n_seen; i++) {
		struct rst_ev_kernel *e = &w->seen[i];

		if (e->func != func ||
		    (e->has & RST_HAS_SK ? e->sk.family : e->skb.family) != family)
			continue;
		forget(e, w->casts);
		if (!first) {
			first = e;
			continue;
		}
		if (memcmp(first, e, sizeof(*e))) {
			note("event %u says other things than the one before", i);
			return false;
		}
		first = NULL;
		pairs++;
	}
	return pairs && !first;
}

static socklen_t local_address(struct sockaddr_storage *ret, int family, uint16_t port)
{
	memset(ret, 0, sizeof(*ret));
	ret->ss_family = (sa_family_t)family;
	if (family == AF_INET) {
		struct sockaddr_in *in = (void *)ret;

		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		in->sin_port = htons(port);
		return sizeof(*in);
	}
	((struct sockaddr_in6 *)ret)->sin6_addr = in6addr_loopback;
	((struct sockaddr_in6 *)ret)->sin6_port = htons(port);
	return sizeof(struct sockaddr_in6);
}

static int tcp_socket(int family)
{
	return socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* A passive reset: nobody listens. */
static bool refuse_connection(int family)
{
	struct sockaddr_storage to;
	socklen_t len = local_address(&to, family, 1);
	int fd = tcp_socket(family);
	bool refused = connect(fd, (struct sockaddr *)&to, len) && errno == ECONNREFUSED;

	close(fd);
	return refused;
}

/* An active reset, and one that is received. */
static bool abort_connection(int family)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };
	int listener = tcp_socket(family), client = tcp_socket(family), server;
	struct sockaddr_storage at;
	socklen_t len = local_address(&at, family, 0);
	bool good;
	char byte;

	good = !bind(listener, (struct sockaddr *)&at, len) && !listen(listener, 1) &&
	       !getsockname(listener, (struct sockaddr *)&at, &len) &&
	       !connect(client, (struct sockaddr *)&at, len);
	server = good ? accept(listener, NULL, NULL) : -1;
	good = server >= 0 && !setsockopt(client, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(client);
	good = good && recv(server, &byte, 1, 0) < 0 && errno == ECONNRESET;
	close(server);
	close(listener);
	return good;
}

/* @passive: the tracepoint tells of resets without a socket (6.10), and they can be read */
static void check_family(struct watch *w, int family, bool passive)
{
	const char *how = w->casts ? "with casts" : "without casts";
	int version = family == AF_INET ? 4 : 6;

	w->n_seen = 0;
	if (!refuse_connection(family) || !abort_connection(family)) {
		ok(false, "IPv%d: make resets: %s", version, strerror(errno));
		return;
	}
	ring_buffer__consume(w->rb);
	if (passive)
		ok(comes_in_pairs(w, RST_FUNC_PASSIVE, family),
		   "IPv%d: typed loads %s read the same of an answered segment", version, how);
	ok(comes_in_pairs(w, RST_FUNC_ACTIVE, family),
	   "IPv%d: typed loads %s read the same of an aborted socket", version, how);
	ok(comes_in_pairs(w, RST_FUNC_RECEIVE, family),
	   "IPv%d: typed loads %s read the same of a socket that a RST ends", version, how);
}

static void check_reads(uint32_t read_type, bool passive)
{
	struct watch *w = calloc(1, sizeof(*w));
	int err = w ? watch_open(w, read_type) : -ENOMEM;

	if (err == -EINVAL) {
		skip("this kernel is locked down", "typed loads read the same");
	} else if (err) {
		ok(false, "watch by both objects: %s", strerror(-err));
	} else {
		check_family(w, AF_INET, passive);
		check_family(w, AF_INET6, passive);
	}
	if (w)
		watch_close(w);
	free(w);
}

static bool prepare(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	return !sched_setaffinity(0, sizeof(one), &one) && !unshare(CLONE_NEWNET) &&
	       !system("ip link set lo up");
}

int main(void)
{
	struct btf *btf;
	uint32_t type;

	if (!begin("typed loads read what bpf_probe_read_kernel() reads"))
		return 0;
	btf = btf__load_vmlinux_btf();
	if (!btf || !prepare()) {
		ok(false, "prepare: %s", strerror(errno));
		return finish();
	}
	check_reads(0, false);
	type = embedded_read_type(btf);
	if (type)
		check_reads(type, btf__find_by_name_kind(btf, "sk_rst_reason", BTF_KIND_ENUM) > 0);
	else
		skip("no bpf_rdonly_cast() here", "typed loads with casts read the same");
	btf__free(btf);
	return finish();
}
