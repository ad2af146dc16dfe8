// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_recorder.c - the flight recorder, from rings that are files in memory.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "live/backlog.h"
#include "live/recorder.h"
#include "ring_writer.h"
#include "rst_event.h"
#include "samples.h"

#define CPUS 3
#define MANY_CPUS 128
#define SLOTS 64

struct bed {
	struct recorder *flight;
	struct rst_ring *rings;
	struct rst_cpu *cpu;
	unsigned int cpus;
	int ring_fd, cpu_fd;
};

#define RING_SIZE(cpus) ((cpus) * sizeof(struct rst_ring))
#define CPU_SIZE(cpus) ((cpus) * sizeof(struct rst_cpu))

static int file_of(size_t size)
{
	int fd = memfd_create("ring", MFD_CLOEXEC);

	return fd < 0 || ftruncate(fd, (off_t)size) ? -1 : fd;
}

static void begin_cpus(struct bed *b, unsigned int cpus)
{
	b->cpus = cpus;
	b->ring_fd = file_of(RING_SIZE(cpus));
	b->cpu_fd = file_of(CPU_SIZE(cpus));
	b->rings = mmap(NULL, RING_SIZE(cpus), PROT_READ | PROT_WRITE, MAP_SHARED, b->ring_fd, 0);
	b->cpu = mmap(NULL, CPU_SIZE(cpus), PROT_READ | PROT_WRITE, MAP_SHARED, b->cpu_fd, 0);
	b->flight = recorder__map(b->ring_fd, b->cpu_fd, cpus, SLOTS);
}

static void begin(struct bed *b)
{
	begin_cpus(b, CPUS);
}

static void end(struct bed *b)
{
	recorder__free(b->flight);
	munmap(b->rings, RING_SIZE(b->cpus));
	munmap(b->cpu, CPU_SIZE(b->cpus));
	close(b->ring_fd);
	close(b->cpu_fd);
}

static void record(struct bed *b, unsigned int cpu, const struct packet *p)
{
	struct rst_pkt rec = record_of(p);

	ring_write(&b->rings[cpu], SLOTS, &rec);
}

/* The history of a case, as `watch` looks for it. */
static void recall(const struct bed *b, struct reset_case *c)
{
	struct recall what = { .until_ns = c->seen.rst.ts_ns, .max = CASE_HISTORY_MAX };
	struct packet_list list = { 0 };

	recall_add(&what, &c->seen.rst.tuple);
	recorder__recall(b->flight, &what, &list);
	list_to_history(&list, c);
	free(list.packets);
}

/* PEER:40000 to LOCAL:80, or back, as the @n-th of its time. */
static struct packet packet_of(uint8_t af, bool back, uint32_t n)
{
	return (struct packet){
		.ts_ns = T0 + n * 1000,
		.tuple = back ? make_tuple(af, LOCAL, 80, PEER, 40000) :
				make_tuple(af, PEER, 40000, LOCAL, 80),
		.seq = n,
		.ack = 5000 + n,
		.flags = FLAG_ACK,
	};
}

/* The RST that answers packet @n. */
static struct reset_case case_of(uint8_t af, uint32_t n)
{
	return (struct reset_case){
		.seen.rst = { .ts_ns = T0 + 1000 * MS,
			      .tuple = make_tuple(af, LOCAL, 80, PEER, 40000),
			      .seq = 5000 + n,
			      .flags = FLAG_RST },
	};
}

/* The first place where history is not the packets @from, @from + 1, ...; -1: it is. */
static int disorder(const struct reset_case *c, uint32_t from)
{
	unsigned int i;

	for (i = 0; i < c->asked.n_history; i++)
		if (c->asked.history[i].seq != from + i)
			return (int)i;
	return -1;
}

static void test_empty(const struct family *f)
{
	struct reset_case c = case_of(f->af, 1);
	struct bed b;

	begin(&b);
	if (!check(b.flight, "the recorder can be mapped"))
		return;
	recall(&b, &c);
	check_int(c.asked.n_history, 0, "empty rings have no history (%s)", f->name);
	check_int(c.seen.answer_match, ANSWER_NONE, "... and no answer (%s)", f->name);
	check_int(recorder__recorded(b.flight), 0, "... and no records (%s)", f->name);
	end(&b);
}

static void test_order(const struct family *f)
{
	struct reset_case c = case_of(f->af, 5);
	struct packet p;
	struct bed b;
	uint32_t i;

	begin(&b);
	for (i = 0; i < 12; i++) {
		p = packet_of(f->af, i & 1, i);
		record(&b, (i * 7 + i / 4) % CPUS, &p);
	}
	p = packet_of(f->af, false, 6);
	p.tuple.sport = 40001;
	record(&b, 0, &p);
	p = packet_of(f->af == AF_INET ? AF_INET6 : AF_INET, false, 6);
	record(&b, 1, &p);
	recall(&b, &c);
	check_int(c.asked.n_history, 12, "the history is the flow's, from all CPUs (%s)", f->name);
	check_int(disorder(&c, 0), -1, "... by time, both ways together (%s)", f->name);
	check_int(recorder__recorded(b.flight), 14, "every record is counted (%s)", f->name);
	end(&b);
}

static void test_newest(const struct family *f)
{
	struct reset_case c = case_of(f->af, 1);
	struct packet p;
	struct bed b;
	uint32_t i;

	begin(&b);
	for (i = 0; i < 100; i++) {
		p = packet_of(f->af, false, i);
		record(&b, i % CPUS, &p);
	}
	recall(&b, &c);
	check_int(c.asked.n_history, CASE_HISTORY_MAX, "a long flow fills the history (%s)",
		  f->name);
	check_int(disorder(&c, 100 - CASE_HISTORY_MAX), -1, "... with its newest packets (%s)",
		  f->name);
	end(&b);

	begin(&b);
	for (i = 0; i < 50; i++) {
		p = packet_of(f->af, false, i);
		record(&b, i < 25 ? 2 : 0, &p);
	}
	recall(&b, &c);
	check_int(disorder(&c, 50 - CASE_HISTORY_MAX), -1,
		  "... also when it moved from one CPU to another (%s)", f->name);
	end(&b);
}

static void test_until(const struct family *f)
{
	struct reset_case c = case_of(f->af, 1);
	struct packet p = packet_of(f->af, true, 1);
	struct bed b;

	begin(&b);
	p.ts_ns = c.seen.rst.ts_ns - 1;
	record(&b, 0, &p);
	p.ts_ns = c.seen.rst.ts_ns;
	record(&b, 0, &p);
	p.ts_ns = c.seen.rst.ts_ns + 1;
	record(&b, 0, &p);
	recall(&b, &c);
	check(c.asked.n_history == 1 && c.asked.history[0].ts_ns == c.seen.rst.ts_ns - 1,
	      "neither the RST nor what follows is history (%s)", f->name);
	end(&b);
}

static void test_wrap(const struct family *f)
{
	struct reset_case c = case_of(f->af, 1);
	struct packet p;
	struct bed b;
	uint32_t i;

	begin(&b);
	/* Of the flow only the first and the last; others in between, two rounds long. */
	for (i = 0; i < 2 * SLOTS; i++) {
		p = packet_of(f->af, false, i);
		if (i != 0 && i != 2 * SLOTS - 1)
			p.tuple.sport = 1;
		record(&b, 1, &p);
	}
	recall(&b, &c);
	check(c.asked.n_history == 1 && c.asked.history[0].seq == 2 * SLOTS - 1,
	      "what the ring has overwritten is gone (%s)", f->name);
	end(&b);

	begin(&b);
	for (i = 0; i < SLOTS + 10; i++) {
		p = packet_of(f->af, false, i);
		if (i != 10 && i != 11)
			p.tuple.sport = 1;
		record(&b, 1, &p);
	}
	recall(&b, &c);
	check(c.asked.n_history == 2 && c.asked.history[0].seq == 10 && !c.asked.lost_packets,
	      "the oldest record of a full ring is there (%s)", f->name);
	/* BPF begins to write over it: the head has not moved yet. */
	b.rings[1].rec[10].seq++;
	c = case_of(f->af, 1);
	recall(&b, &c);
	check(c.asked.n_history == 1 && c.asked.history[0].seq == 11,
	      "the record that BPF is writing over is left out, the next is not (%s)", f->name);
	check_int((long)c.asked.lost_packets, 1, "... and counted as lost (%s)", f->name);
	end(&b);
}

/* Of the members of a record none may be another's. */
static void test_whole(const struct family *f)
{
	struct packet p = packet_of(f->af, false, 1);
	unsigned int i, found = 0;
	struct bed b;

	begin(&b);
	record(&b, 0, &p);
	for (i = 0; i < sizeof(struct rst_pkt); i++) {
		struct reset_case c = case_of(f->af, 1);
		uint8_t *byte = (uint8_t *)&b.rings[0].rec[0] + i;

		*byte ^= 1;
		recall(&b, &c);
		found += c.asked.n_history;
		*byte ^= 1;
	}
	check_int(found, 0, "a record of which any byte is not its own is left out (%s)", f->name);
	end(&b);
}

static void test_stale(const struct family *f)
{
	struct reset_case c = case_of(f->af, 1);
	struct packet p = packet_of(f->af, false, 1);
	struct rst_pkt old = record_of(&p);
	struct bed b;
	uint64_t link;
	uint32_t i;

	begin(&b);
	record(&b, 0, &p);
	link = b.rings[0].link[0];
	for (i = 0; i < SLOTS; i++) {
		p = packet_of(f->af, false, 100 + i);
		record(&b, 0, &p);
	}
	/* As another CPU may see it: what counts the newest record before that record itself. */
	b.rings[0].rec[0] = old;
	b.rings[0].link[0] = link;
	recall(&b, &c);
	check_int(c.asked.n_history, 0, "of the round before, a record is not the newest (%s)",
		  f->name);
	check(c.asked.lost_packets > 0, "... but counted as lost (%s)", f->name);
	end(&b);
}

static void test_since(const struct family *f)
{
	struct reset_case c = case_of(f->af, 1);
	struct packet p = packet_of(f->af, false, 1);
	struct bed b;
	uint32_t i;

	begin(&b);
	for (i = 0; i < SLOTS; i++) {
		p.ts_ns = T0 + i * 1000;
		record(&b, 1, &p);
	}
	recall(&b, &c);
	check(!c.asked.history_since_ns, "before a ring is full, nothing is overwritten (%s)",
	      f->name);
	for (i = SLOTS; i < SLOTS + 8; i++) {
		p.ts_ns = T0 + i * 1000;
		record(&b, 1, &p);
	}
	recall(&b, &c);
	check(c.asked.history_since_ns == T0 + 9 * 1000,
	      "then history goes back to the oldest record that BPF cannot be writing over (%s)",
	      f->name);
	end(&b);
}

/* Numbers are 32 bits wide in the links, and a CPU is not always young. */
static void test_numbers(const struct family *f)
{
	static const uint64_t heads[] = { 0, UINT32_MAX - 20, UINT32_MAX, 1ull << 32, 1ull << 40 };
	struct packet p;
	size_t h;
	uint32_t i;

	for (h = 0; h < ARRAY_SIZE(heads); h++) {
		struct reset_case c = case_of(f->af, 1);
		struct bed b;

		begin(&b);
		/* What the buckets hold was written ever so long ago. */
		for (i = 0; i < RST_BUCKETS; i++)
			b.rings[1].newest[i] =
				(uint32_t)(test_random(&(unsigned long long){ i }) | 1u << 31);
		b.rings[1].head = heads[h];
		for (i = 0; i < 30; i++) {
			p = packet_of(f->af, false, i);
			p.tuple.sport = i % 3 ? 40000 : 1;
			record(&b, 1, &p);
		}
		recall(&b, &c);
		check(c.asked.n_history == 20 && !c.asked.lost_packets,
		      "after %llu records, a flow is found (%s)", (unsigned long long)heads[h],
		      f->name);
		end(&b);
	}
}

/* Rings are there for all CPUs that are possible; few may be online, and these anywhere. */
static void test_many_cpus(const struct family *f)
{
	static const unsigned int online[] = { 0, 5, 64, MANY_CPUS - 1 };
	struct reset_case c = case_of(f->af, 1);
	struct packet p;
	struct bed b;
	uint32_t i;

	begin_cpus(&b, MANY_CPUS);
	for (i = 0; i < 400; i++) {
		p = packet_of(f->af, i & 1, i);
		p.tuple.family = f->af;
		if (i % 20)
			*(i & 1 ? &p.tuple.dport : &p.tuple.sport) = (uint16_t)(50000 + i % 17);
		record(&b, online[i / 5 % 4], &p);
	}
	recall(&b, &c);
	check(c.asked.n_history == 12 && c.asked.history[0].seq == 160,
	      "a flow that wandered is found on the few CPUs that are online (%s)", f->name);
	check(c.asked.history_since_ns && !c.asked.lost_packets, "... all that is left (%s)",
	      f->name);
	end(&b);

	begin_cpus(&b, MANY_CPUS);
	for (i = 0; i < 2 * MANY_CPUS; i++) {
		p = packet_of(f->af, i & 1, i);
		record(&b, i * 37 % MANY_CPUS, &p);
	}
	c = case_of(f->af, 1);
	recall(&b, &c);
	check(c.asked.n_history == CASE_HISTORY_MAX &&
		      disorder(&c, 2 * MANY_CPUS - CASE_HISTORY_MAX) == -1,
	      "one that was on all of %d CPUs has its newest packets (%s)", MANY_CPUS, f->name);
	check_int((long)recorder__recorded(b.flight), 2 * MANY_CPUS, "... and all are counted (%s)",
		  f->name);
	end(&b);
}

/* All flows in one bucket: then a recall looks at every record, and still finds the right ones. */
static void test_one_bucket(const struct family *f)
{
	struct reset_case c = case_of(f->af, 1);
	struct packet p = packet_of(f->af, false, 0);
	struct rst_pkt rec = record_of(&p);
	uint32_t bucket = rst_bucket(record_hash(&rec)), port = 0, i;
	struct bed b;

	begin(&b);
	for (i = 0; i < SLOTS; i++) {
		p = packet_of(f->af, false, i);
		if (i % 4) {
			do {
				port = port % 39999 + 1;
				p.tuple.sport = (uint16_t)port;
				rec = record_of(&p);
			} while (rst_bucket(record_hash(&rec)) != bucket);
		}
		record(&b, 2, &p);
	}
	recall(&b, &c);
	check(c.asked.n_history == SLOTS / 4 && c.asked.history[1].seq == 4,
	      "flows that share a bucket are kept apart (%s)", f->name);
	end(&b);
}

struct writer {
	struct bed *b;
	uint8_t af;
	bool in_order;
	bool found; /* by the reader; on a busy machine it may come late */
	bool done;
};

#define WRITES 20000

/* Packet @n, of which every member follows from another. */
static struct packet packet_of_writer(uint8_t af, uint32_t n)
{
	struct packet p = packet_of(af, n & 1, n);

	p.ack = ~n;
	p.len = n & 0xffff;
	p.window = (uint16_t)(n * 7);
	p.ttl = (uint8_t)n;
	p.flags = n & FLAG_PSH;
	*(n & 1 ? &p.tuple.dport : &p.tuple.sport) += n / 2 % 2;
	return p;
}

static bool is_as_written(const struct packet *p)
{
	struct packet want = packet_of_writer(p->tuple.family, p->seq);

	return p->ts_ns == want.ts_ns && p->ack == want.ack && p->len == want.len &&
	       p->window == want.window && p->ttl == want.ttl && p->flags == want.flags &&
	       tuple_equal(&p->tuple, &want.tuple);
}

/* A reader on the same CPU must see records that are half written, too. */
static void rest_at_times(unsigned long long *rnd)
{
	if (test_random(rnd) % 64 == 0)
		sched_yield();
	else
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static void count_record(struct rst_ring *ring, uint32_t *newest, uint64_t n)
{
	__atomic_store_n(newest, (uint32_t)n, __ATOMIC_RELEASE);
	__atomic_store_n(&ring->head, n, __ATOMIC_RELEASE);
}

/* In BPF's order, or as a CPU's stores may be seen by others: what counts the record before it. */
static void write_slowly(struct rst_ring *ring, const struct rst_pkt *rec, bool in_order,
			 unsigned long long *rnd)
{
	uint64_t n = ring->head + 1, slot = ring->head & (SLOTS - 1);
	uint32_t *newest = &ring->newest[rst_bucket(record_hash(rec))], prev = *newest;
	size_t i, first = in_order ? 0 : test_random(rnd) % (RECORD_WORDS + 1);

	if (!in_order)
		count_record(ring, newest, n);
	for (i = 0; i <= RECORD_WORDS; i++) {
		size_t word = (first + i) % (RECORD_WORDS + 1);

		rest_at_times(rnd);
		if (word < RECORD_WORDS)
			store_word(&ring->rec[slot], rec, word);
		else
			__atomic_store_n(&ring->link[slot], record_link(rec, n, prev),
					 __ATOMIC_RELEASE);
	}
	if (in_order)
		count_record(ring, newest, n);
}

static void *write_on(void *arg)
{
	struct writer *w = arg;
	unsigned long long rnd = 5;
	uint32_t n;

	for (n = 0;
	     n < WRITES || (n < 1000 * WRITES && !__atomic_load_n(&w->found, __ATOMIC_ACQUIRE));
	     n++) {
		struct packet p = packet_of_writer(w->af, n);
		struct rst_pkt rec = record_of(&p);

		write_slowly(&w->b->rings[1], &rec, w->in_order, &rnd);
	}
	__atomic_store_n(&w->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static void test_writer(const struct family *f, bool in_order)
{
	struct bed b;
	struct writer w = { .b = &b, .af = f->af, .in_order = in_order };
	struct recall what = { .until_ns = UINT64_MAX, .max = SLOTS };
	struct packet p = packet_of_writer(f->af, 0);
	struct packet_list list = { 0 };
	unsigned int broken = 0, i;
	unsigned long long found = 0;
	pthread_t thread;

	begin(&b);
	recall_add(&what, &p.tuple);
	pthread_create(&thread, NULL, write_on, &w);
	while (!__atomic_load_n(&w.done, __ATOMIC_ACQUIRE)) {
		recorder__recall(b.flight, &what, &list);
		for (i = 0; i < list.n; i++)
			broken += !is_as_written(&list.packets[i]);
		found += list.n;
		__atomic_store_n(&w.found, found > 0, __ATOMIC_RELEASE);
		sched_yield();
	}
	pthread_join(thread, NULL);
	recorder__recall(b.flight, &what, &list);
	check(found, "a recall finds packets while they are written%s (%s)",
	      in_order ? "" : " in whatever order", f->name);
	check_int(broken, 0, "... and each is whole (%s)", f->name);
	check(list.n == SLOTS / 2 && !list.lost, "... also when the writing is over (%s)", f->name);
	free(list.packets);
	end(&b);
}

static void test_answers(const struct family *f)
{
	static const struct {
		const char *name;
		uint32_t answered; /* packet that the RST answers; 99 = none */
		enum answer_match before, want;
		uint32_t want_seq;
	} rows[] = {
		{ "the exact answer is found though newer packets follow", 2, ANSWER_NONE,
		  ANSWER_EXACT, 2 },
		{ "the exact answer goes before a guess of BPF", 2, ANSWER_NEWEST, ANSWER_EXACT,
		  2 },
		{ "without an exact answer the newest is a guess", 99, ANSWER_NONE, ANSWER_NEWEST,
		  9 },
		{ "a guess of BPF stays where there is nothing better", 99, ANSWER_NEWEST,
		  ANSWER_NEWEST, 777 },
		{ "BPF's exact answer stays", 2, ANSWER_EXACT, ANSWER_EXACT, 777 },
		{ "a packet of our own is no answer to our own RST", 3, ANSWER_NONE, ANSWER_NEWEST,
		  9 },
	};
	struct packet p;
	size_t r;
	uint32_t i;

	for (r = 0; r < ARRAY_SIZE(rows); r++) {
		struct reset_case c = case_of(f->af, rows[r].answered);
		struct bed b;

		begin(&b);
		for (i = 0; i < 10; i++) {
			p = packet_of(f->af, i & 1, i);
			record(&b, i % CPUS, &p);
		}
		c.seen.answer_match = rows[r].before;
		c.seen.answers.seq = 777;
		recall(&b, &c);
		check(c.seen.answer_match == rows[r].want && c.seen.answers.seq == rows[r].want_seq,
		      "%s (%s)", rows[r].name, f->name);
		end(&b);
	}
}

static void test_newest_exact(const struct family *f)
{
	struct reset_case c = case_of(f->af, 0);
	struct packet p = packet_of(f->af, false, 0);
	struct bed b;
	uint32_t i;

	begin(&b);
	for (i = 0; i < 4; i++) {
		p.seq = i;
		p.ts_ns = T0 + i * 1000;
		record(&b, i % CPUS, &p);
	}
	recall(&b, &c);
	check_int(c.seen.answers.seq, 3, "of equal answers the newest is the one (%s)", f->name);
	end(&b);
}

static void test_again(const struct family *f)
{
	struct reset_case c = case_of(f->af, 1);
	struct bed b;

	begin(&b);
	c.asked.n_history = 5;
	recall(&b, &c);
	check_int(c.asked.n_history, 0, "a recall starts anew (%s)", f->name);
	end(&b);
}

/* The first packet of @list that does not follow the one before; -1: there is none. */
static int list_disorder(const struct packet_list *list)
{
	unsigned int i;

	for (i = 1; i < list->n; i++)
		if (list->packets[i].ts_ns <= list->packets[i - 1].ts_ns)
			return (int)i;
	return -1;
}

/* Flow 0 has PEER's port 40000, flow 1 its port 40001, ... */
static struct packet packet_of_flow(uint8_t af, unsigned int flow, uint32_t n)
{
	struct packet p = packet_of(af, n & 1, n);

	*(n & 1 ? &p.tuple.dport : &p.tuple.sport) += (uint16_t)flow;
	return p;
}

static void record_flows(struct bed *b, uint8_t af, unsigned int flows, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		struct packet p = packet_of_flow(af, i % flows, i / flows);

		p.ts_ns = T0 + i * 1000;
		record(b, i / 8 % CPUS, &p);
	}
}

static void test_several(const struct family *f)
{
	struct packet p = packet_of_flow(f->af, 0, 0);
	struct recall what = { .until_ns = UINT64_MAX, .max = 10 };
	struct packet_list list = { 0 };
	unsigned int i, of[3] = { 0 };
	struct bed b;

	begin(&b);
	record_flows(&b, f->af, 3, 120);
	recall_add(&what, &p.tuple);
	p = packet_of_flow(f->af, 2, 0);
	recall_add(&what, &p.tuple);
	p.tuple = tuple_reverse(&p.tuple);
	recall_add(&what, &p.tuple);
	check_int(what.n_flows, 2, "a flow and its reverse are one (%s)", f->name);
	check_int(recorder__recall(b.flight, &what, &list), 0, "two flows are recalled (%s)",
		  f->name);
	for (i = 0; i < list.n; i++)
		of[list.packets[i].tuple.sport + list.packets[i].tuple.dport - 40080]++;
	check(of[0] == 10 && !of[1] && of[2] == 10, "... with the newest of each (%s)", f->name);
	check_int(list_disorder(&list), -1, "... in one list, by time (%s)", f->name);
	check(list.n && list.packets[0].ts_ns == T0 + 90 * 1000, "... none older (%s)", f->name);
	free(list.packets);
	end(&b);
}

static void test_bounds(const struct family *f)
{
	struct packet p = packet_of(f->af, false, 0);
	struct recall what = { .max = 1000 };
	struct packet_list list = { 0 };
	struct bed b;

	begin(&b);
	record_flows(&b, f->af, 1, CPUS * (SLOTS - 8));
	recall_add(&what, &p.tuple);
	what.until_ns = UINT64_MAX;
	recorder__recall(b.flight, &what, &list);
	check(list.n == CPUS * (SLOTS - 8) && list_disorder(&list) == -1,
	      "a list grows to all that there is (%s)", f->name);
	what.from_ns = T0 + 20 * 1000;
	what.until_ns = T0 + 100 * 1000;
	recorder__recall(b.flight, &what, &list);
	check(list.n == 80 && list.packets[0].ts_ns == T0 + 20 * 1000,
	      "packets are recalled from one time up to another (%s)", f->name);
	what.max = 7;
	recorder__recall(b.flight, &what, &list);
	check(list.n == 7 && list.packets[0].ts_ns == T0 + 93 * 1000, "... the newest of them (%s)",
	      f->name);
	what.max = 0;
	recorder__recall(b.flight, &what, &list);
	check_int(list.n, 0, "... or none (%s)", f->name);
	free(list.packets);
	end(&b);
}

static void test_counts(void)
{
	struct bed b;

	begin(&b);
	b.cpu[0].count[RST_CNT_RESETS] = 2;
	b.cpu[2].count[RST_CNT_RESETS] = 40;
	b.cpu[1].count[RST_CNT_FRAGMENT] = 7;
	check_int(recorder__count(b.flight, RST_CNT_RESETS), 42, "counters are summed over CPUs");
	check_int(recorder__count(b.flight, RST_CNT_FRAGMENT), 7, "... each for itself");
	end(&b);
}

static void test_bad_files(void)
{
	int fd = file_of(RING_SIZE(CPUS));

	errno = 0;
	check(!recorder__map(-1, fd, CPUS, SLOTS) && errno == EBADF,
	      "a ring that cannot be mapped is an error");
	errno = 0;
	check(!recorder__map(fd, -1, CPUS, SLOTS) && errno == EBADF,
	      "counters that cannot be mapped are an error");
	close(fd);
	recorder__free(NULL);
}

/* Recorders of several sets of maps, which say the size of their rings themselves. */
static void test_sets(const struct family *f)
{
	struct packet p = packet_of(f->af, false, 0);
	struct recall what = { .until_ns = UINT64_MAX, .max = 100 };
	struct recorder *both = recorder__new();
	struct packet_list list = { 0 };
	struct bed a, b;
	uint32_t i;

	begin(&a);
	begin(&b);
	check(!recorder__add(both, a.ring_fd, a.cpu_fd, CPUS, 0) &&
		      !recorder__add(both, b.ring_fd, b.cpu_fd, CPUS, 0),
	      "two sets of maps are read as one recorder (%s)", f->name);
	recall_add(&what, &p.tuple);
	recorder__recall(both, &what, &list);
	check_int(list.n, 0, "... nothing while their rings are empty (%s)", f->name);
	for (i = 0; i < 10; i++) {
		p = packet_of(f->af, false, i);
		(i % 2 ? &a : &b)->rings[i % CPUS].slots = SLOTS;
		record(i % 2 ? &a : &b, i % CPUS, &p);
	}
	recorder__recall(both, &what, &list);
	check(list.n == 10 && list_disorder(&list) == -1, "... in the order of time (%s)", f->name);
	check_int(recorder__recorded(both), 10, "... and counted together (%s)", f->name);
	a.cpu[0].count[RST_CNT_RESETS] = 2;
	b.cpu[1].count[RST_CNT_RESETS] = 3;
	check(recorder__count(both, RST_CNT_RESETS) == 5 &&
		      recorder__count_newest(both, RST_CNT_RESETS) == 3,
	      "... or the last one alone (%s)", f->name);
	b.rings[0].slots = b.rings[2].slots = 3;
	recorder__recall(both, &what, &list);
	check(list.n < 10, "a ring of an impossible size is left out (%s)", f->name);
	free(list.packets);
	recorder__free(both);
	end(&a);
	end(&b);
}

static struct packet rst_of(uint8_t af, uint32_t n)
{
	struct packet p = packet_of(af, true, n);

	p.flags = FLAG_RST;
	return p;
}

static unsigned int rest_of(struct backlog *backlog, uint32_t first, uint32_t step)
{
	unsigned int n = 0;
	struct event ev;

	while (backlog__next(backlog, &ev)) {
		if (!ev.wire.before_start || ev.wire.rst.seq != first + n * step)
			return 0;
		n++;
	}
	return n;
}

/* What was recorded before anybody read, without what came as an event after all. */
static void test_backlog(const struct family *f)
{
	struct backlog *backlog;
	struct packet p;
	struct bed b;
	uint32_t i;

	begin(&b);
	for (i = 0; i < 40; i++) {
		p = i % 4 ? packet_of(f->af, false, i) : rst_of(f->af, i);
		record(&b, i % CPUS, &p);
	}
	backlog = backlog__new(b.flight, T0 + 36 * 1000);
	check_int(backlog ? rest_of(backlog, 0, 4) : 0, 9,
		  "RSTs from before a time are found, oldest first (%s)", f->name);
	backlog__free(backlog);
	backlog = backlog__new(b.flight, UINT64_MAX);
	for (i = 20; i < 40 && backlog; i += 4) {
		p = rst_of(f->af, i);
		p.cpu = i % CPUS;
		backlog__forget(backlog, &p);
	}
	check_int(backlog ? rest_of(backlog, 0, 4) : 0, 5,
		  "... but for those that were reported (%s)", f->name);
	backlog__free(backlog);
	backlog__free(NULL);
	end(&b);
}

/* Rings that a hostile or broken writer has filled. */
static void test_noise(void)
{
	unsigned long long seed = 20261004, rnd = seed;
	struct reset_case c = case_of(AF_INET, 1);
	unsigned int cpu;
	struct bed b;
	size_t i;

	begin(&b);
	for (i = 0; i < RING_SIZE(CPUS) / 8; i++)
		((uint64_t *)b.rings)[i] = test_random(&rnd);
	for (cpu = 0; cpu < CPUS; cpu++)
		b.rings[cpu].head = cpu ? test_random(&rnd) : UINT64_MAX;
	recall(&b, &c);
	check(c.asked.n_history <= CASE_HISTORY_MAX, "noise in the rings does no harm (seed %llu)",
	      seed);
	end(&b);
}

int main(void)
{
	const struct family *f;

	for_each_family(f)
	{
		test_empty(f);
		test_order(f);
		test_newest(f);
		test_until(f);
		test_wrap(f);
		test_whole(f);
		test_stale(f);
		test_since(f);
		test_numbers(f);
		test_many_cpus(f);
		test_one_bucket(f);
		test_writer(f, true);
		test_writer(f, false);
		test_answers(f);
		test_newest_exact(f);
		test_again(f);
		test_several(f);
		test_bounds(f);
		test_sets(f);
		test_backlog(f);
	}
	test_counts();
	test_bad_files();
	test_noise();
	return test_done();
}
