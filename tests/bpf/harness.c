// SPDX-License-Identifier: GPL-2.0-only
/*
 * harness.c - what the tests of the BPF programs share: results, and a test bed.
 */
#include "harness.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <sys/mman.h>

#include "rst_tc.skel.h"
#include "rst_xdp.skel.h"

#ifndef BPF_F_XDP_HAS_FRAGS
#define BPF_F_XDP_HAS_FRAGS (1U << 5)
#endif

#define MAX_PACKET (128 * 1024)

static unsigned int n_checks, n_failed;

const char *const entry_names[N_ENTRIES] = {
	[XDP] = "xdp",
	[TC_INGRESS] = "tc ingress",
	[TC_EGRESS] = "tc egress",
	[L3_INGRESS] = "tc ingress_l3",
	[L3_EGRESS] = "tc egress_l3",
};

static const char *const program_names[N_ENTRIES] = {
	[XDP] = "rst_xdp",
	[TC_INGRESS] = "rst_tc_ingress",
	[TC_EGRESS] = "rst_tc_egress",
	[L3_INGRESS] = "rst_tc_in_l3",
	[L3_EGRESS] = "rst_tc_eg_l3",
};

const char *const count_names[RST_CNT_MAX] = {
	[RST_CNT_NONE] = "none",
	[RST_CNT_RESETS] = "resets",
	[RST_CNT_FRAGMENT] = "fragment",
	[RST_CNT_TRUNCATED] = "truncated",
	[RST_CNT_MALFORMED] = "malformed",
	[RST_CNT_JUMBO] = "jumbo",
	[RST_CNT_GSO] = "gso",
	[RST_CNT_EXT_LIMIT] = "ext_limit",
	[RST_CNT_NO_SLOT] = "no_slot",
	[RST_CNT_UNREAD] = "unread",
};

void ok(bool good, const char *fmt, ...)
{
	va_list args;

	printf(good ? "ok - " : "not ok - ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	n_checks++;
	n_failed += !good;
}

void skip(const char *why, const char *fmt, ...)
{
	va_list args;

	printf("ok - ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf(" # SKIP %s\n", why);
	n_checks++;
}

void note(const char *fmt, ...)
{
	va_list args;

	printf("# ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
}

static int print_warnings(enum libbpf_print_level level, const char *fmt, va_list args)
{
	/* The section names are those of tc; libbpf says so each time. */
	if (level != LIBBPF_WARN || !getenv("V"))
		return 0;
	return vfprintf(stderr, fmt, args);
}

bool begin(const char *what)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	libbpf_set_print(print_warnings);
	if (!what || !geteuid())
		return true;
	skip("needs root", "%s", what);
	return false;
}

int finish(void)
{
	printf("# %u checks, %u failed\n", n_checks, n_failed);
	return n_failed ? 1 : 0;
}

uint32_t entry_hook(enum entry e)
{
	switch (e) {
	case XDP:
		return RST_HOOK_XDP;
	case TC_INGRESS:
	case L3_INGRESS:
		return RST_HOOK_TC_INGRESS;
	default:
		return RST_HOOK_TC_EGRESS;
	}
}

bool entry_is_l3(enum entry e)
{
	return e == L3_INGRESS || e == L3_EGRESS;
}

uint32_t entry_passes(enum entry e)
{
	return e == XDP ? 2 /* XDP_PASS */ : (uint32_t)-1 /* TC_ACT_UNSPEC */;
}

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static int pin_to_cpu(int wanted, unsigned int *ret_cpu)
{
	cpu_set_t may, one;
	int cpu;

	if (sched_getaffinity(0, sizeof(may), &may))
		return -errno;
	cpu = wanted >= 0 ? wanted : CPU_SETSIZE - 1;
	while (wanted < 0 && cpu > 0 && !CPU_ISSET(cpu, &may))
		cpu--;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		return -errno;
	*ret_cpu = (unsigned int)cpu;
	return 0;
}

static int on_event(void *ctx, void *data, size_t size)
{
	struct bed *b = ctx;

	if (b->n_events < MAX_EVENTS && size == sizeof(b->events[0]))
		memcpy(&b->events[b->n_events], data, size);
	b->n_events++;
	return 0;
}

/* A ring of full size comes with the object, as iproute2 would make it. */
static int make_ring(struct bed *b, const struct bed_config *cfg)
{
	unsigned int cpus = b->maps.cpus;
	int err = 0;

	b->n_rings = cfg->rings ? cfg->rings : cpus;
	b->maps.cpus = b->n_rings;
	if (cfg->rings || cfg->slots)
		err = shared_maps_make_ring(&b->maps);
	b->maps.cpus = cpus;
	return err;
}

static int register_reader(struct bed *b, uint32_t slot, int events, int handoff)
{
	if (bpf_map_update_elem(b->maps.fd[MAP_HANDOFFS], &slot, &handoff, BPF_ANY) ||
	    bpf_map_update_elem(b->maps.fd[MAP_READERS], &slot, &events, BPF_ANY))
		return -errno;
	return 0;
}

/* The first of the readers, unless there is to be none. */
static int open_reader(struct bed *b, const struct bed_config *cfg)
{
	int *events = &b->maps.fd[MAP_EVENTS], *handoff = &b->maps.fd[MAP_HANDOFF], err;

	err = bed__make_reader(cfg->events_bytes, events, handoff);
	return err ? err : register_reader(b, 0, *events, *handoff);
}

static int load_tc(struct bed *b, const struct bed_config *cfg)
{
	int err;

	err = make_ring(b, cfg);
	if (err)
		return err;
	b->tc = tc_object_open(&b->maps, &cfg->mark);
	return b->tc ? tc_object_load(b->tc, &b->maps) : -errno;
}

static int load_xdp(struct bed *b, const struct bed_config *cfg)
{
	struct bpf_program *prog;
	const void *elf;
	size_t size;
	int err = 0;

	elf = rst_xdp__elf_bytes(&size);
	b->xdp = embedded_open(elf, size, "rst_xdp", NULL, &b->maps);
	if (!b->xdp)
		return -errno;
	bpf_object__for_each_program (prog, b->xdp) {
		bpf_program__set_type(prog, BPF_PROG_TYPE_XDP);
		if (cfg->xdp_frags)
			bpf_program__set_flags(prog, BPF_F_XDP_HAS_FRAGS);
	}
	if (cfg->xdp_frags)
		err = embedded_set(b->xdp, "has_frags", 1);
	return err ? err : embedded_load(b->xdp, &b->maps);
}

static size_t rings_size(const struct bed *b)
{
	return (size_t)b->n_rings * rst_ring_bytes(b->maps.slots);
}

struct rst_ring *bed__ring(const struct bed *b, unsigned int cpu)
{
	return (void *)(b->rings + (size_t)cpu * rst_ring_bytes(b->maps.slots));
}

static int map_memory(struct bed *b)
{
	b->cpus = mmap(NULL, b->maps.cpus * sizeof(*b->cpus), PROT_READ | PROT_WRITE, MAP_SHARED,
		       b->maps.fd[MAP_CPU], 0);
	if (b->cpus == MAP_FAILED) {
		b->cpus = NULL;
		return -errno;
	}
	b->rings = mmap(NULL, rings_size(b), PROT_READ | PROT_WRITE, MAP_SHARED,
			b->maps.fd[MAP_RING], 0);
	if (b->rings == MAP_FAILED) {
		b->rings = NULL;
		return -errno;
	}
	return 0;
}

static int find_programs(struct bed *b)
{
	enum entry e;

	for (e = XDP; e < N_ENTRIES; e++) {
		struct bpf_object *obj = e == XDP ? b->xdp : b->tc;
		struct bpf_program *prog;

		prog = bpf_object__find_program_by_name(obj, program_names[e]);
		if (!prog)
			return -ENOENT;
		b->fd[e] = bpf_program__fd(prog);
	}
	return 0;
}

int bed__make_reader(unsigned int events_bytes, int *ret_events, int *ret_handoff)
{
	*ret_events = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "rst_events", 0, 0,
				     events_bytes ? events_bytes : RST_EVENTS_SIZE, NULL);
	*ret_handoff = bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "rst_handoff", sizeof(uint32_t),
				      sizeof(struct rst_handoff), 1, NULL);
	return *ret_events < 0 || *ret_handoff < 0 ? -errno : 0;
}

struct bed *bed__open(const struct bed_config *cfg, int cpu)
{
	struct bed *b = calloc(1, sizeof(*b));
	int err;

	if (!b)
		return NULL;
	shared_maps_init(&b->maps, cfg->cpus ? cfg->cpus : (unsigned int)libbpf_num_possible_cpus(),
			 cfg->slots ? cfg->slots : RST_RING_SLOTS);
	err = pin_to_cpu(cpu, &b->cpu);
	if (!err)
		err = load_tc(b, cfg);
	if (!err)
		err = load_xdp(b, cfg);
	if (!err)
		err = find_programs(b);
	if (!err)
		err = map_memory(b);
	if (!err)
		err = open_reader(b, cfg);
	if (!err) {
		b->rb = ring_buffer__new(b->maps.fd[MAP_EVENTS], on_event, b, NULL);
		err = b->rb ? 0 : -errno;
	}
	if (err) {
		bed__close(b);
		errno = -err;
		return NULL;
	}
	return b;
}

void bed__close(struct bed *b)
{
	if (!b)
		return;
	ring_buffer__free(b->rb);
	if (b->cpus)
		munmap(b->cpus, b->maps.cpus * sizeof(*b->cpus));
	if (b->rings)
		munmap(b->rings, rings_size(b));
	bpf_object__close(b->xdp);
	bpf_object__close(b->tc);
	shared_maps_close(&b->maps);
	free(b);
}

int bed__move(struct bed *b, unsigned int cpu)
{
	return pin_to_cpu((int)cpu, &b->cpu);
}

void bed__clear(struct bed *b)
{
	unsigned int n = (unsigned int)libbpf_num_possible_cpus();
	struct rst_handoff *none = calloc(n, sizeof(*none));
	uint32_t zero = 0;

	bed__collect(b);
	b->n_events = 0;
	if (b->cpu < b->maps.cpus)
		memset(&b->cpus[b->cpu], 0, sizeof(*b->cpus));
	if (b->cpu < b->n_rings)
		memset(bed__ring(b, b->cpu), 0, rst_ring_bytes(b->maps.slots));
	if (none)
		bpf_map_update_elem(b->maps.fd[MAP_HANDOFF], &zero, none, BPF_ANY);
	free(none);
}

static int run_skb(struct bed *b, enum entry e, const struct run *r, struct bpf_test_run_opts *opts,
		   uint32_t *ret_mark)
{
	struct __sk_buff skb = {
		.ifindex = r->ifindex ? r->ifindex : LOOPBACK,
		.ingress_ifindex = r->ingress_ifindex,
		.gso_segs = r->gso_segs,
		.gso_size = r->gso_size,
		.mark = r->mark,
	};
	int err;

	opts->ctx_in = opts->ctx_out = &skb;
	opts->ctx_size_in = opts->ctx_size_out = sizeof(skb);
	err = bpf_prog_test_run_opts(b->fd[e], opts);
	*ret_mark = skb.mark;
	return err;
}

static int run_xdp(struct bed *b, const struct run *r, struct bpf_test_run_opts *opts)
{
	struct xdp_md md = {
		.data_end = r->linear ? r->linear : (uint32_t)r->len,
		.ingress_ifindex = r->ifindex ? r->ifindex : LOOPBACK,
	};

	if (r->linear || r->ifindex) {
		opts->ctx_in = &md;
		opts->ctx_size_in = sizeof(md);
	}
	return bpf_prog_test_run_opts(b->fd[XDP], opts);
}

int bed__run(struct bed *b, enum entry e, const struct run *r, struct outcome *ret)
{
	static uint8_t out[MAX_PACKET];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = r->data, .data_size_in = (uint32_t)r->len,
		    .data_out = out, .data_size_out = sizeof(out),
		    .repeat = r->repeat ? r->repeat : 1);
	int err;

	err = e == XDP ? run_xdp(b, r, &opts) : run_skb(b, e, r, &opts, &ret->mark);
	if (err)
		return err;
	ret->retval = opts.retval;
	ret->unchanged = opts.data_size_out == r->len && !memcmp(out, r->data, r->len);
	return 0;
}

unsigned int bed__collect(struct bed *b)
{
	ring_buffer__consume(b->rb);
	return b->n_events;
}

uint64_t bed__head(const struct bed *b)
{
	return b->cpu < b->n_rings ? bed__ring(b, b->cpu)->head : 0;
}

uint64_t bed__count(const struct bed *b, enum rst_count what)
{
	return b->cpus[b->cpu].count[what];
}

const struct rst_pkt *bed__record(const struct bed *b, unsigned int back)
{
	uint64_t slot = (bed__head(b) - 1 - back) & (b->maps.slots - 1);

	return &bed__ring(b, b->cpu)->rec[slot];
}

#define SAY_IF_DIFFERENT(member, format, show)                                       \
	do {                                                                         \
		if (memcmp(&got->member, &want->member, sizeof(got->member)) && who) \
			note("%s: " #member " is " format ", expected " format, who, \
			     show(got->member), show(want->member));                 \
	} while (0)

static const char *show_address(const uint8_t *addr)
{
	static char text[2][INET6_ADDRSTRLEN];
	static int i;

	i = !i;
	inet_ntop(AF_INET6, addr, text[i], sizeof(text[i]));
	return text[i];
}

bool same_record(const struct rst_pkt *got, const struct rst_pkt *want, const char *who)
{
	SAY_IF_DIFFERENT(saddr, "%s", show_address);
	SAY_IF_DIFFERENT(daddr, "%s", show_address);
	SAY_IF_DIFFERENT(sport, "%u", ntohs);
	SAY_IF_DIFFERENT(dport, "%u", ntohs);
	SAY_IF_DIFFERENT(seq, "%#x", ntohl);
	SAY_IF_DIFFERENT(ack, "%#x", ntohl);
	SAY_IF_DIFFERENT(meta, "%#x", );
	SAY_IF_DIFFERENT(len, "%u", );
	SAY_IF_DIFFERENT(window, "%#x", ntohs);
	SAY_IF_DIFFERENT(ipid, "%#x", ntohs);
	SAY_IF_DIFFERENT(flags, "%#x", );
	SAY_IF_DIFFERENT(ttl, "%u", );
	return !memcmp(got->saddr, want->saddr, sizeof(*got) - offsetof(struct rst_pkt, saddr));
}
