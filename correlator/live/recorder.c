// SPDX-License-Identifier: GPL-2.0-only
/*
 * recorder.c - read the flight recorder.
 *
 * BPF writes while we read. A CPU fills a record first and moves its head afterwards, so what
 * lies behind the head is whole until the ring comes round: after copying we look at the head
 * again and drop what it may have overtaken.
 */
#include "live/recorder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "live/decode.h"
#include "rst_event.h"

struct recorder {
	const struct rst_pkt *ring;
	const struct rst_cpu *cpu;
	size_t ring_size;
	size_t cpu_size;
	unsigned int cpus;
	unsigned int slots;
};

static size_t page_round(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (n + page - 1) / page * page;
}

static const void *map_array(int fd, size_t size)
{
	void *p = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

struct recorder *recorder__map(int ring_fd, int cpu_fd, unsigned int cpus, unsigned int slots)
{
	struct recorder *f = calloc(1, sizeof(*f));
	int err;

	if (!f)
		return NULL;
	f->cpus = cpus;
	f->slots = slots;
	f->ring_size = page_round((size_t)cpus * slots * sizeof(*f->ring));
	f->cpu_size = page_round(cpus * sizeof(*f->cpu));
	f->ring = map_array(ring_fd, f->ring_size);
	f->cpu = map_array(cpu_fd, f->cpu_size);
	if (!f->ring || !f->cpu) {
		err = errno;
		recorder__free(f);
		errno = err;
		return NULL;
	}
	return f;
}

void recorder__free(struct recorder *f)
{
	if (!f)
		return;
	if (f->ring)
		munmap((void *)f->ring, f->ring_size);
	if (f->cpu)
		munmap((void *)f->cpu, f->cpu_size);
	free(f);
}

uint64_t recorder__count(const struct recorder *f, int which)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < f->cpus; i++)
		sum += __atomic_load_n(&f->cpu[i].count[which], __ATOMIC_RELAXED);
	return sum;
}

uint64_t recorder__recorded(const struct recorder *f)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < f->cpus; i++)
		sum += __atomic_load_n(&f->cpu[i].head, __ATOMIC_RELAXED);
	return sum;
}

/* The newest packets of a flow, kept sorted by time. */
struct recall {
	struct packet *packets;
	unsigned int n;
	unsigned int max;
};

static void keep(struct recall *r, const struct packet *p)
{
	unsigned int at = r->n;

	while (at > 0 && r->packets[at - 1].ts_ns > p->ts_ns)
		at--;
	if (r->n == r->max) {
		if (at == 0)
			return;
		memmove(&r->packets[0], &r->packets[1], (--at) * sizeof(*p));
	} else {
		memmove(&r->packets[at + 1], &r->packets[at], (r->n - at) * sizeof(*p));
		r->n++;
	}
	r->packets[at] = *p;
}

/* Cheap first: most records are of other flows. Ports stand in wire order here. */
static bool is_of_flow(const struct rst_pkt *rec, const struct rst_pkt *want)
{
	if ((rec->meta ^ want->meta) & RST_META_V6)
		return false;
	if (rec->sport == want->sport && rec->dport == want->dport)
		return !memcmp(rec->saddr, want->saddr, 16) && !memcmp(rec->daddr, want->daddr, 16);
	if (rec->sport == want->dport && rec->dport == want->sport)
		return !memcmp(rec->saddr, want->daddr, 16) && !memcmp(rec->daddr, want->saddr, 16);
	return false;
}

struct query {
	const struct rst_pkt *want; /* any of them */
	unsigned int n_want;
	uint64_t from_ns;
	uint64_t until_ns;
};

static bool is_asked_for(const struct query *q, const struct rst_pkt *rec)
{
	unsigned int i;

	if (rec->ts_ns < q->from_ns || rec->ts_ns >= q->until_ns)
		return false;
	for (i = 0; i < q->n_want; i++)
		if (is_of_flow(rec, &q->want[i]))
			return true;
	return false;
}

/* Returns how many records were overwritten before they could be read. */
static uint64_t recall_cpu(const struct recorder *f, unsigned int cpu, const struct query *q,
			   struct recall *r)
{
	const struct rst_pkt *ring = f->ring + (size_t)cpu * f->slots;
	uint64_t head = __atomic_load_n(&f->cpu[cpu].head, __ATOMIC_ACQUIRE);
	uint64_t first = head > f->slots ? head - f->slots : 0, at;

	for (at = head; at-- > first;) {
		struct rst_pkt rec = ring[at % f->slots];
		struct packet p;

		if (!is_asked_for(q, &rec))
			continue;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&f->cpu[cpu].head, __ATOMIC_RELAXED) >= at + f->slots)
			return at - first + 1;
		decode_packet(&rec, cpu, &p);
		keep(r, &p);
	}
	return 0;
}

/* What came before is overwritten; 0 = nothing was. */
static uint64_t oldest_ns(const struct recorder *f, unsigned int cpu)
{
	const struct rst_pkt *ring = f->ring + (size_t)cpu * f->slots;
	uint64_t head = __atomic_load_n(&f->cpu[cpu].head, __ATOMIC_ACQUIRE);

	return head > f->slots ? ring[head % f->slots].ts_ns : 0;
}

static struct rst_pkt wanted(const struct tuple *t)
{
	struct rst_pkt want = {
		.sport = htons(t->sport),
		.dport = htons(t->dport),
		.meta = t->family == AF_INET6 ? RST_META_V6 : 0,
	};

	memcpy(want.saddr, t->saddr, 16);
	memcpy(want.daddr, t->daddr, 16);
	return want;
}

void recorder__recall(const struct recorder *f, struct reset_case *c)
{
	struct rst_pkt want = wanted(&c->seen.rst.tuple);
	struct query q = { .want = &want, .n_want = 1, .until_ns = c->seen.rst.ts_ns };
	struct recall r = { .packets = c->asked.history, .max = CASE_HISTORY_MAX };
	unsigned int cpu;

	for (cpu = 0; cpu < f->cpus; cpu++) {
		uint64_t oldest = oldest_ns(f, cpu);

		if (oldest > c->asked.history_since_ns)
			c->asked.history_since_ns = oldest;
		c->asked.lost_packets += recall_cpu(f, cpu, &q, &r);
	}
	c->asked.n_history = r.n;
	case_choose_answer(c);
}

#define TUPLES_MAX 8

unsigned int recorder__trace(const struct recorder *f, const struct tuple *tuples,
			     unsigned int n_tuples, uint64_t from_ns, uint64_t until_ns,
			     struct packet *out, unsigned int max)
{
	struct rst_pkt want[TUPLES_MAX];
	struct query q = { .want = want, .from_ns = from_ns, .until_ns = until_ns };
	struct recall r = { .packets = out, .max = max };
	unsigned int cpu;

	while (q.n_want < n_tuples && q.n_want < TUPLES_MAX) {
		want[q.n_want] = wanted(&tuples[q.n_want]);
		q.n_want++;
	}
	for (cpu = 0; max && cpu < f->cpus; cpu++)
		recall_cpu(f, cpu, &q, &r);
	return r.n;
}
