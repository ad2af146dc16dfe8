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

void recall_add(struct recall *what, const struct tuple *flow)
{
	struct tuple back = tuple_reverse(flow);
	unsigned int i;

	for (i = 0; i < what->n_flows; i++)
		if (tuple_equal(&what->flows[i], flow) || tuple_equal(&what->flows[i], &back))
			return;
	if (what->n_flows < RECALL_FLOWS_MAX)
		what->flows[what->n_flows++] = *flow;
}

/* One flow is looked for on one CPU after the other. */
struct search {
	struct rst_pkt want;
	uint64_t from_ns; /* rises once older packets can no longer be among the newest */
	uint64_t until_ns;
	unsigned int max;
	struct packet_list *list;
	unsigned int first; /* in the list, of this flow */
	int err;
};

static int by_time(const void *a, const void *b)
{
	const struct packet *x = a, *y = b;

	if (x->ts_ns != y->ts_ns)
		return x->ts_ns < y->ts_ns ? -1 : 1;
	return x->cpu < y->cpu ? -1 : x->cpu > y->cpu;
}

static int append(struct packet_list *list, const struct packet *p)
{
	if (list->n == list->room) {
		unsigned int room = list->room ? 2 * list->room : 2 * CASE_HISTORY_MAX;
		struct packet *more = realloc(list->packets, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		list->packets = more;
		list->room = room;
	}
	list->packets[list->n++] = *p;
	return 0;
}

/* The newest "max" of the flow, by time. */
static void cut(struct search *s)
{
	struct packet *of_flow = s->list->packets + s->first;
	unsigned int n = s->list->n - s->first, over = n > s->max ? n - s->max : 0;

	if (n)
		qsort(of_flow, n, sizeof(*of_flow), by_time);
	if (!over)
		return;
	memmove(of_flow, of_flow + over, s->max * sizeof(*of_flow));
	s->list->n -= over;
	if (s->max)
		s->from_ns = of_flow[0].ts_ns;
}

/* Cheap first: most records are of other flows. Ports stand in wire order here. */
static bool is_of_flow(const struct rst_pkt *rec, const struct rst_pkt *want)
{
	if ((rec->meta ^ want->meta) & RST_META_V6)
		return false;
	if (rec->sport == want->sport && rec->dport == want->dport &&
	    !memcmp(rec->saddr, want->saddr, 16) && !memcmp(rec->daddr, want->daddr, 16))
		return true;
	return rec->sport == want->dport && rec->dport == want->sport &&
	       !memcmp(rec->saddr, want->daddr, 16) && !memcmp(rec->daddr, want->saddr, 16);
}

/* Returns how many records were overwritten before they could be read. */
static uint64_t search_cpu(const struct recorder *f, unsigned int cpu, struct search *s)
{
	const struct rst_pkt *ring = f->ring + (size_t)cpu * f->slots;
	uint64_t head = __atomic_load_n(&f->cpu[cpu].head, __ATOMIC_ACQUIRE);
	uint64_t first = head > f->slots ? head - f->slots : 0, at;
	unsigned int found = 0;

	for (at = head; at-- > first && found < s->max && !s->err;) {
		struct rst_pkt rec = ring[at % f->slots];
		struct packet p;

		if (!is_of_flow(&rec, &s->want) || rec.ts_ns >= s->until_ns)
			continue;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&f->cpu[cpu].head, __ATOMIC_RELAXED) >= at + f->slots)
			return at - first + 1;
		/* A CPU's records stand in the order of time. */
		if (rec.ts_ns < s->from_ns)
			break;
		decode_packet(&rec, cpu, &p);
		s->err = append(s->list, &p);
		found++;
	}
	return 0;
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

static int search_flow(const struct recorder *f, const struct recall *what,
		       const struct tuple *flow, struct packet_list *list)
{
	struct search s = {
		.want = wanted(flow),
		.from_ns = what->from_ns,
		.until_ns = what->until_ns,
		.max = what->max,
		.list = list,
		.first = list->n,
	};
	unsigned int cpu;

	for (cpu = 0; cpu < f->cpus && !s.err; cpu++) {
		list->lost += search_cpu(f, cpu, &s);
		if (list->n - s.first > 2 * s.max)
			cut(&s);
	}
	cut(&s);
	return s.err;
}

/* What came before is overwritten; 0 = nothing was. */
static uint64_t oldest_ns(const struct recorder *f, unsigned int cpu)
{
	const struct rst_pkt *ring = f->ring + (size_t)cpu * f->slots;
	uint64_t head = __atomic_load_n(&f->cpu[cpu].head, __ATOMIC_ACQUIRE);

	return head > f->slots ? ring[head % f->slots].ts_ns : 0;
}

int recorder__recall(const struct recorder *f, const struct recall *what, struct packet_list *list)
{
	unsigned int i;
	int err = 0;

	list->n = 0;
	list->lost = 0;
	list->since_ns = 0;
	for (i = 0; i < f->cpus; i++) {
		uint64_t oldest = oldest_ns(f, i);

		if (oldest > list->since_ns)
			list->since_ns = oldest;
	}
	for (i = 0; i < what->n_flows && !err; i++)
		err = search_flow(f, what, &what->flows[i], list);
	if (list->n && what->n_flows > 1)
		qsort(list->packets, list->n, sizeof(*list->packets), by_time);
	return err;
}

void list_to_history(const struct packet_list *list, struct reset_case *c)
{
	struct tuple back = tuple_reverse(&c->seen.rst.tuple);
	unsigned int at = CASE_HISTORY_MAX, i;

	for (i = list->n; i-- > 0 && at > 0;) {
		const struct packet *p = &list->packets[i];

		if (p->ts_ns < c->seen.rst.ts_ns &&
		    (tuple_equal(&p->tuple, &c->seen.rst.tuple) || tuple_equal(&p->tuple, &back)))
			c->asked.history[--at] = *p;
	}
	c->asked.n_history = CASE_HISTORY_MAX - at;
	memmove(c->asked.history, c->asked.history + at,
		c->asked.n_history * sizeof(*c->asked.history));
	if (list->since_ns > c->asked.history_since_ns)
		c->asked.history_since_ns = list->since_ns;
	c->asked.lost_packets += list->lost;
	case_choose_answer(c);
}
