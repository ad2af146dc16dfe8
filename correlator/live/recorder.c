// SPDX-License-Identifier: GPL-2.0-only
/*
 * recorder.c - read the flight recorder.
 *
 * On each CPU we follow the links of the flow's bucket, newest first (rst_ring.h). BPF writes while
 * we read, and its stores may come in any order: a record is believed when its check fits what was
 * copied, its number and its link, whatever the head says.
 */
#include "live/recorder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "live/decode.h"
#include "live/ring_state.h"
#include "rst_event.h"
#include "rst_ring.h"

/* The maps of one set of programs. */
struct part {
	const void *rings;
	const struct rst_cpu *cpu;
	size_t ring_size; /* of all CPUs */
	size_t cpu_size;
	uint32_t stride; /* from one CPU's ring to the next */
	unsigned int cpus;
	unsigned int slots; /* 0 = each ring says it */
};

struct recorder {
	struct part *parts;
	unsigned int n;
};

/* One ring, with the number of its records that are used. */
struct ring {
	const struct rst_ring *at;
	uint64_t slots;
	unsigned int cpu;
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

/* What is no map, but a file, has rings of full size. */
static uint32_t stride_of(int ring_fd)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(ring_fd, &info, &len))
		return sizeof(struct rst_ring);
	return info.value_size;
}

static void unmap(struct part *p)
{
	if (p->rings)
		munmap((void *)p->rings, p->ring_size);
	if (p->cpu)
		munmap((void *)p->cpu, p->cpu_size);
}

struct recorder *recorder__new(void)
{
	return calloc(1, sizeof(struct recorder));
}

int recorder__add(struct recorder *f, int ring_fd, int cpu_fd, unsigned int cpus,
		  unsigned int slots)
{
	struct part p = {
		.cpus = cpus,
		.slots = slots,
		.stride = stride_of(ring_fd),
		.cpu_size = page_round(cpus * sizeof(*p.cpu)),
	};
	struct part *grown = realloc(f->parts, (f->n + 1) * sizeof(*grown));
	int err;

	if (!grown)
		return -ENOMEM;
	f->parts = grown;
	p.ring_size = page_round((size_t)cpus * p.stride);
	p.rings = map_array(ring_fd, p.ring_size);
	p.cpu = p.rings ? map_array(cpu_fd, p.cpu_size) : NULL;
	if (p.cpu) {
		f->parts[f->n++] = p;
		return 0;
	}
	err = -errno;
	unmap(&p);
	return err;
}

struct recorder *recorder__map(int ring_fd, int cpu_fd, unsigned int cpus, unsigned int slots)
{
	struct recorder *f = recorder__new();
	int err = f ? recorder__add(f, ring_fd, cpu_fd, cpus, slots) : -ENOMEM;

	if (!err)
		return f;
	recorder__free(f);
	errno = -err;
	return NULL;
}

void recorder__free(struct recorder *f)
{
	unsigned int i;

	if (!f)
		return;
	for (i = 0; i < f->n; i++)
		unmap(&f->parts[i]);
	free(f->parts);
	free(f);
}

static uint64_t count_part(const struct part *p, int which)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < p->cpus; i++)
		sum += __atomic_load_n(&p->cpu[i].count[which], __ATOMIC_RELAXED);
	return sum;
}

uint64_t recorder__count(const struct recorder *f, int which)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < f->n; i++)
		sum += count_part(&f->parts[i], which);
	return sum;
}

uint64_t recorder__count_newest(const struct recorder *f, int which)
{
	return f->n ? count_part(&f->parts[f->n - 1], which) : 0;
}

static uint64_t head_of(const struct rst_ring *ring)
{
	return __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
}

/*
 * Ring by ring, from @i = 0 on. One that nothing has been written to does not say its size yet, and
 * is left out, as is one whose size is none.
 */
static bool next_ring(const struct recorder *f, unsigned int *part, unsigned int *cpu,
		      struct ring *ret)
{
	for (; *part < f->n; ++*part, *cpu = 0) {
		const struct part *p = &f->parts[*part];

		while (*cpu < p->cpus) {
			const struct rst_ring *at =
				(const void *)((const char *)p->rings + (size_t)*cpu * p->stride);
			uint32_t slots =
				p->slots ? p->slots : __atomic_load_n(&at->slots, __ATOMIC_RELAXED);

			*ret = (struct ring){ at, slots, (*cpu)++ };
			if (slots && slots <= ring_room(p->stride) && !(slots & (slots - 1)))
				return true;
		}
	}
	return false;
}

#define for_each_ring(f, ring) \
	for (unsigned int part_ = 0, cpu_ = 0; next_ring(f, &part_, &cpu_, ring);)

uint64_t recorder__recorded(const struct recorder *f)
{
	struct ring ring;
	uint64_t sum = 0;

	for_each_ring(f, &ring) sum += head_of(ring.at);
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

/* How long a record is given to become whole: far longer than a store needs to be seen. */
#define READ_TRIES 100
/* The newest of a bucket may be seen before the head that counts it. */
#define HEAD_LAG 64

static uint64_t hash_of(const struct rst_pkt *rec)
{
	uint32_t s[4], d[4], x;

	memcpy(s, rec->saddr, sizeof(s));
	memcpy(d, rec->daddr, sizeof(d));
	x = s[0] ^ s[1] ^ s[2] ^ s[3] ^ d[0] ^ d[1] ^ d[2] ^ d[3];
	return rst_flow_hash((uint64_t)x << 32, rec->sport ^ rec->dport);
}

/* Word by word: each is of one record, though perhaps not all of the same. */
static void copy_record(const struct rst_pkt *from, struct rst_pkt *to)
{
	const uint64_t *words = (const uint64_t *)(const void *)from;
	uint64_t copy[sizeof(*to) / sizeof(uint64_t)];
	size_t i;

	for (i = 0; i < sizeof(copy) / sizeof(copy[0]); i++)
		copy[i] = __atomic_load_n(&words[i], __ATOMIC_RELAXED);
	/* cppcheck-suppress uninitvar ; it does not know the builtin */
	memcpy(to, copy, sizeof(*to));
}

static bool is_whole(const struct rst_pkt *rec, uint64_t n, uint64_t link)
{
	uint64_t numbers, last;

	memcpy(&numbers, &rec->seq, sizeof(numbers));
	memcpy(&last, &rec->ttl, sizeof(last));
	return rst_link(hash_of(rec), rec->ts_ns, rst_rest(numbers, last, rec->meta), n,
			(uint32_t)link) == link;
}

/* Record @n and the number of the one before it in its bucket; false: it is overwritten. */
static bool read_record(const struct ring *ring, uint64_t n, struct rst_pkt *ret,
			uint32_t *ret_prev)
{
	uint64_t slot = (n - 1) & (ring->slots - 1);
	unsigned int i;

	for (i = 0; i < READ_TRIES; i++) {
		uint64_t link = __atomic_load_n(&ring->at->link[slot], __ATOMIC_RELAXED);

		copy_record(&ring->at->rec[slot], ret);
		if (is_whole(ret, n, link)) {
			*ret_prev = (uint32_t)link;
			return true;
		}
		/* It is being written over when as many records have come after it as there are slots. */
		if (head_of(ring->at) >= n + ring->slots - 1)
			break;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	}
	return false;
}

/* One flow is looked for on one CPU after the other. */
struct search {
	struct rst_pkt want;
	uint32_t bucket;
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

/* Not the oldest of all: BPF may be writing over it. */
static uint64_t first_of(const struct ring *ring, uint64_t head)
{
	return head > ring->slots ? head - ring->slots + 1 : 1;
}

/* Returns how many records may have been overwritten before they could be read. */
static uint64_t search_ring(const struct ring *ring, struct search *s)
{
	uint32_t prev = __atomic_load_n(&ring->at->newest[s->bucket], __ATOMIC_ACQUIRE);
	uint64_t head = head_of(ring->at), first = first_of(ring, head), n;
	unsigned int found = 0;
	struct rst_pkt rec;
	struct packet p;

	/* Halves of numbers, near the head: it may be behind the newest, though not far. */
	for (n = head + HEAD_LAG; found < s->max && !s->err;) {
		uint32_t back = (uint32_t)n - prev;

		/* What is not older is older by 2^32 records. */
		if (!back || back > n - first)
			break;
		n -= back;
		if (!read_record(ring, n, &rec, &prev))
			return n - first + 1;
		/* A CPU's records stand in the order of time. */
		if (rec.ts_ns < s->from_ns)
			break;
		if (rec.ts_ns >= s->until_ns || !is_of_flow(&rec, &s->want))
			continue;
		decode_packet(&rec, ring->cpu, &p);
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
	struct ring ring;

	s.bucket = rst_bucket(hash_of(&s.want));
	for_each_ring(f, &ring)
	{
		if (s.err)
			break;
		list->lost += search_ring(&ring, &s);
		if (list->n - s.first > 2 * s.max)
			cut(&s);
	}
	cut(&s);
	return s.err;
}

/*
 * What came before is overwritten; 0 = nothing was. Not the oldest of all: BPF may be writing over
 * it. @until_ns: the answer when the ring turns faster than we read
 */
static uint64_t oldest_ns(const struct ring *ring, uint64_t until_ns)
{
	struct rst_pkt rec;
	uint32_t prev;
	int i;

	for (i = 0; i < 4; i++) {
		uint64_t head = head_of(ring->at);

		if (head <= ring->slots)
			return 0;
		if (read_record(ring, head - ring->slots + 2, &rec, &prev))
			return rec.ts_ns;
	}
	return until_ns;
}

int recorder__recall(const struct recorder *f, const struct recall *what, struct packet_list *list)
{
	struct ring ring;
	unsigned int i;
	int err = 0;

	list->n = 0;
	list->lost = 0;
	list->since_ns = 0;
	for_each_ring(f, &ring)
	{
		uint64_t oldest = oldest_ns(&ring, what->until_ns);

		if (oldest > list->since_ns)
			list->since_ns = oldest;
	}
	for (i = 0; i < what->n_flows && !err; i++)
		err = search_flow(f, what, &what->flows[i], list);
	if (list->n && what->n_flows > 1)
		qsort(list->packets, list->n, sizeof(*list->packets), by_time);
	return err;
}

static int add_flagged(const struct ring *ring, uint8_t flag, uint64_t after_ns, uint64_t until_ns,
		       struct packet_list *list)
{
	uint64_t head = head_of(ring->at), n;
	struct rst_pkt rec;
	struct packet p;
	uint32_t prev;
	int err = 0;

	for (n = first_of(ring, head); n <= head && !err; n++) {
		/* Most are none: that costs a look at one byte. */
		if (!(ring->at->rec[(n - 1) & (ring->slots - 1)].flags & flag) ||
		    !read_record(ring, n, &rec, &prev) || !(rec.flags & flag) ||
		    rec.ts_ns <= after_ns || rec.ts_ns >= until_ns)
			continue;
		decode_packet(&rec, ring->cpu, &p);
		err = append(list, &p);
	}
	return err;
}

static int find_flagged(const struct recorder *f, uint8_t flag, uint64_t after_ns,
			uint64_t until_ns, struct packet_list *list)
{
	struct ring ring;
	int err = 0;

	list->n = 0;
	for_each_ring(f, &ring)
	{
		err = add_flagged(&ring, flag, after_ns, until_ns, list);
		if (err)
			break;
	}
	if (list->n)
		qsort(list->packets, list->n, sizeof(*list->packets), by_time);
	return err;
}

int recorder__resets(const struct recorder *f, uint64_t until_ns, struct packet_list *list)
{
	return find_flagged(f, FLAG_RST, 0, until_ns, list);
}

int recorder__fins(const struct recorder *f, uint64_t after_ns, uint64_t until_ns,
		   struct packet_list *list)
{
	return find_flagged(f, FLAG_FIN, after_ns, until_ns, list);
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
