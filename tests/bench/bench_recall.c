// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_recall.c - microseconds that it takes to recall a flow's history, by the number of CPUs.
 *
 * Rings are filled to the last record, as by BPF, with flows of which a few are large; then some
 * flows are recalled. Beside it stands what it takes to look at every record of every ring, which
 * is what a recall without links would do. Caches are warm (the same recall again), or cold (all
 * lines of the rings flushed before each).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>

#include "../unit/ring_writer.h"
#include "live/recorder.h"

#define ROUNDS 15
#define FLOWS 20000
#define HISTORY_NS 1000000000ull

struct rings {
	struct rst_ring *ring;
	struct recorder *recorder;
	unsigned int cpus;
	size_t size;
	unsigned long long rnd;
};

/* What is recalled. Flow numbers from FLOWS on are nobody else's. */
struct question {
	const char *name;
	unsigned int flow;
	unsigned int packets; /* on each of its CPUs, spread over the ring; 0: none */
	unsigned int cpus;    /* 0: all */
	unsigned int max;
};

static const struct question questions[] = {
	{ "no packet left", FLOWS, 0, 1, CASE_HISTORY_MAX },
	{ "40 packets, 2 CPUs", FLOWS + 1, 20, 2, CASE_HISTORY_MAX },
	{ "5 packets, each CPU", FLOWS + 2, 5, 0, CASE_HISTORY_MAX },
	{ "half of one ring", FLOWS + 3, RST_RING_SLOTS / 2, 1, CASE_HISTORY_MAX },
	{ "... all of it (-w)", FLOWS + 3, RST_RING_SLOTS / 2, 1, 20000 },
};

#define N_QUESTIONS (sizeof(questions) / sizeof(questions[0]))

static unsigned int random_below(struct rings *r, unsigned int n)
{
	r->rnd = r->rnd * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned int)(r->rnd >> 33) % n;
}

static struct tuple tuple_of(unsigned int flow, bool back)
{
	struct tuple t = { .family = AF_INET,
			   .sport = (uint16_t)(1024 + flow % 50000),
			   .dport = 443 };
	uint32_t client = htonl(0x0a000000 + flow / 7), server = htonl(0xc0a80001);

	memcpy(t.saddr + 12, &client, 4);
	memcpy(t.daddr + 12, &server, 4);
	return back ? tuple_reverse(&t) : t;
}

/* One flow of a hundred has half of the packets. */
static unsigned int some_flow(struct rings *r)
{
	return random_below(r, 2) ? random_below(r, FLOWS / 100) : random_below(r, FLOWS);
}

static unsigned int flow_of_record(struct rings *r, unsigned int cpu, unsigned int i)
{
	unsigned int flow = some_flow(r);
	size_t q;

	for (q = 0; q < N_QUESTIONS; q++) {
		const struct question *qu = &questions[q];
		unsigned int every = qu->packets ? RST_RING_SLOTS / qu->packets : 0;
		unsigned int apart = qu->cpus ? r->cpus / qu->cpus : 1;
		unsigned int place = qu->flow - FLOWS;

		if (every && cpu % apart == place % apart && i % every == place % every)
			flow = qu->flow;
	}
	return flow;
}

static void fill(struct rings *r)
{
	unsigned int cpu, i;

	for (cpu = 0; cpu < r->cpus; cpu++) {
		for (i = 0; i < RST_RING_SLOTS; i++) {
			struct packet p = {
				.ts_ns = (i + 1) * (HISTORY_NS / RST_RING_SLOTS) + cpu,
				.tuple = tuple_of(flow_of_record(r, cpu, i), random_below(r, 2)),
				.seq = i,
				.flags = FLAG_ACK,
			};
			struct rst_pkt rec = record_of(&p);

			ring_write(&r->ring[cpu], RST_RING_SLOTS, &rec);
		}
	}
}

static int open_rings(struct rings *r, unsigned int cpus)
{
	int ring_fd = memfd_create("rings", MFD_CLOEXEC),
	    cpu_fd = memfd_create("cpus", MFD_CLOEXEC);
	int err = -ENOMEM;

	*r = (struct rings){ .cpus = cpus, .size = cpus * sizeof(*r->ring), .rnd = cpus };
	if (ring_fd >= 0 && cpu_fd >= 0 && !ftruncate(ring_fd, (off_t)r->size) &&
	    !ftruncate(cpu_fd, (off_t)(cpus * sizeof(struct rst_cpu)))) {
		r->ring = mmap(NULL, r->size, PROT_READ | PROT_WRITE, MAP_SHARED, ring_fd, 0);
		r->recorder = recorder__map(ring_fd, cpu_fd, cpus, RST_RING_SLOTS);
	}
	if (r->ring && r->ring != MAP_FAILED && r->recorder) {
		fill(r);
		err = 0;
	}
	close(ring_fd);
	close(cpu_fd);
	return err;
}

static void close_rings(struct rings *r)
{
	recorder__free(r->recorder);
	munmap(r->ring, r->size);
}

/* Flushed by line where there is such an instruction; else other memory takes their place. */
static void cool(const struct rings *r)
{
#ifdef __x86_64__
	size_t i;

	for (i = 0; i < r->size; i += 64)
		__builtin_ia32_clflush((const char *)r->ring + i);
	__builtin_ia32_mfence();
#else
	static char other[64 << 20];

	memset(other, (int)r->cpus, sizeof(other));
	__asm__ volatile("" : : "r"(other) : "memory");
#endif
}

/* Without links: every record is looked at. */
static unsigned int scan(const struct rings *r, const struct question *q)
{
	struct tuple t = tuple_of(q->flow, false);
	struct packet p = { .tuple = t };
	struct rst_pkt want = record_of(&p);
	unsigned int cpu, i, n = 0;

	for (cpu = 0; cpu < r->cpus; cpu++) {
		for (i = 0; i < RST_RING_SLOTS; i++) {
			const struct rst_pkt *rec = &r->ring[cpu].rec[i];

			if (rec->sport == want.sport && rec->dport == want.dport)
				n += !memcmp(rec->saddr, want.saddr, 32);
			else if (rec->sport == want.dport && rec->dport == want.sport)
				n += !memcmp(rec->saddr, want.daddr, 16) &&
				     !memcmp(rec->daddr, want.saddr, 16);
		}
	}
	return n;
}

static unsigned int recall(const struct rings *r, const struct question *q,
			   struct packet_list *list)
{
	struct recall what = { .until_ns = UINT64_MAX, .max = q->max };
	struct tuple t = tuple_of(q->flow, false);

	recall_add(&what, &t);
	recorder__recall(r->recorder, &what, list);
	return list->n;
}

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Median of the rounds; list NULL: by looking at all. Returns packets found in @ret_n. */
static double measure(const struct rings *r, const struct question *q, struct packet_list *list,
		      bool cold, unsigned int *ret_n)
{
	double us[ROUNDS], since;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		if (cold)
			cool(r);
		since = now_us();
		*ret_n = list ? recall(r, q, list) : scan(r, q);
		us[i] = now_us() - since;
	}
	qsort(us, ROUNDS, sizeof(us[0]), compare);
	return us[ROUNDS / 2];
}

/* Returns false when the two do not find the same. */
static bool ask(const struct rings *r, const struct question *q, struct packet_list *list)
{
	double all_warm, all_cold, warm, cold;
	unsigned int n_all, n;

	all_cold = measure(r, q, NULL, true, &n_all);
	all_warm = measure(r, q, NULL, false, &n_all);
	cold = measure(r, q, list, true, &n);
	warm = measure(r, q, list, false, &n);
	printf("%4u  %-20s %5u of %5u %10.0f %10.0f %10.1f %10.1f\n", r->cpus, q->name, n, n_all,
	       all_warm, all_cold, warm, cold);
	return n == (n_all < q->max ? n_all : q->max);
}

int main(void)
{
	static const unsigned int cpus[] = { 2, 16, 64, 128 };
	struct packet_list list = { 0 };
	bool good = true;
	size_t i, q;

	printf("microseconds, medians of %d; %u records in each ring, %u flows\n\n", ROUNDS,
	       RST_RING_SLOTS, FLOWS);
	printf("%4s  %-20s %14s %21s %21s\n", "", "", "", "all records", "recall");
	printf("%4s  %-20s %14s %10s %10s %10s %10s\n", "CPUs", "flow", "packets", "warm", "cold",
	       "warm", "cold");
	for (i = 0; i < sizeof(cpus) / sizeof(cpus[0]); i++) {
		struct rings r;

		if (open_rings(&r, cpus[i])) {
			fprintf(stderr, "error: memory for %u rings: %s\n", cpus[i],
				strerror(errno));
			return 1;
		}
		for (q = 0; q < N_QUESTIONS; q++)
			good &= ask(&r, &questions[q], &list);
		close_rings(&r);
	}
	free(list.packets);
	if (!good)
		fprintf(stderr, "error: not all packets were recalled\n");
	return good ? 0 : 1;
}
