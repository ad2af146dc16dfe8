// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_recorder.c - the flight recorder, from rings that are files in memory.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "live/recorder.h"
#include "rst_event.h"
#include "samples.h"

#define CPUS 3
#define SLOTS 64

struct bed {
	struct recorder *flight;
	struct rst_pkt *ring;
	struct rst_cpu *cpu;
	int ring_fd, cpu_fd;
};

#define RING_SIZE (CPUS * SLOTS * sizeof(struct rst_pkt))
#define CPU_SIZE (CPUS * sizeof(struct rst_cpu))

static int file_of(size_t size)
{
	int fd = memfd_create("ring", MFD_CLOEXEC);

	return fd < 0 || ftruncate(fd, (off_t)size) ? -1 : fd;
}

static void begin(struct bed *b)
{
	b->ring_fd = file_of(RING_SIZE);
	b->cpu_fd = file_of(CPU_SIZE);
	b->ring = mmap(NULL, RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, b->ring_fd, 0);
	b->cpu = mmap(NULL, CPU_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, b->cpu_fd, 0);
	b->flight = recorder__map(b->ring_fd, b->cpu_fd, CPUS, SLOTS);
}

static void end(struct bed *b)
{
	recorder__free(b->flight);
	munmap(b->ring, RING_SIZE);
	munmap(b->cpu, CPU_SIZE);
	close(b->ring_fd);
	close(b->cpu_fd);
}

/* As BPF writes: the record first, then the head. */
static void record(struct bed *b, unsigned int cpu, const struct packet *p)
{
	struct rst_pkt *rec = &b->ring[cpu * SLOTS + b->cpu[cpu].head % SLOTS];

	*rec = (struct rst_pkt){
		.ts_ns = p->ts_ns,
		.sport = htons(p->tuple.sport),
		.dport = htons(p->tuple.dport),
		.seq = htonl(p->seq),
		.ack = htonl(p->ack),
		.meta = p->tuple.family == AF_INET6 ? RST_META_V6 : 0,
		.len = (uint16_t)p->len,
		.flags = p->flags,
	};
	memcpy(rec->saddr, p->tuple.saddr, 16);
	memcpy(rec->daddr, p->tuple.daddr, 16);
	b->cpu[cpu].head++;
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
	check(c.asked.n_history == 1 && c.asked.history[0].seq == 11,
	      "the record that BPF may be writing over is left out, the next is not (%s)", f->name);
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
	b.cpu[0].count[RST_CNT_LOST_WIRE] = 2;
	b.cpu[2].count[RST_CNT_LOST_WIRE] = 40;
	b.cpu[1].count[RST_CNT_LOST_KERNEL] = 7;
	check_int(recorder__count(b.flight, RST_CNT_LOST_WIRE), 42,
		  "counters are summed over CPUs");
	check_int(recorder__count(b.flight, RST_CNT_LOST_KERNEL), 7, "... each for itself");
	end(&b);
}

static void test_bad_files(void)
{
	int fd = file_of(RING_SIZE);

	errno = 0;
	check(!recorder__map(-1, fd, CPUS, SLOTS) && errno == EBADF,
	      "a ring that cannot be mapped is an error");
	errno = 0;
	check(!recorder__map(fd, -1, CPUS, SLOTS) && errno == EBADF,
	      "counters that cannot be mapped are an error");
	close(fd);
	recorder__free(NULL);
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
	for (i = 0; i < RING_SIZE / 8; i++)
		((uint64_t *)b.ring)[i] = test_random(&rnd);
	for (cpu = 0; cpu < CPUS; cpu++)
		b.cpu[cpu].head = cpu ? test_random(&rnd) : UINT64_MAX;
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
		test_answers(f);
		test_newest_exact(f);
		test_again(f);
		test_several(f);
		test_bounds(f);
	}
	test_counts();
	test_bad_files();
	test_noise();
	return test_done();
}
