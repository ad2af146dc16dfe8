// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_recall.c - what the BPF programs record, the recorder's reader finds: each packet of a flow,
 * both ways, on all CPUs that saw it, until the ring has come round, and none of another flow.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>

#include "harness.h"
#include "live/recorder.h"
/* Two things are called packet. */
#define packet test_packet
#include "packet.h"
#undef packet

#define SLOTS 64
#define FLOWS 6
#define ROUNDS 40

struct sent {
	unsigned int cpu;
	unsigned int flow;
	uint32_t seq;
};

struct log {
	struct sent sent[3 * ROUNDS * FLOWS];
	unsigned int n;
};

/* Flows differ in the client's address, its port, or both. */
static struct recipe recipe_of(unsigned int flow, uint32_t seq)
{
	static const unsigned int payloads[] = { 0, 1, 1000, 3000 };

	return (struct recipe){
		.client = (uint8_t)(1 + flow % 3),
		.sport = 40000 + flow / 3,
		.reverse = seq & 1,
		.seq = seq,
		.ack = ~seq,
		.payload = payloads[seq / 2 % 4],
		.flags = seq % 5 ? 0x18 : 0x10,
	};
}

static bool send_one(struct bed *b, enum entry e, int family, unsigned int flow, struct log *log)
{
	const struct recipe in = recipe_of(flow, log->n);
	static struct test_packet p;
	struct run run = { 0 };
	struct outcome out;
	int err;

	packet_build(&p, &in, family, !entry_is_l3(e));
	run.data = p.bytes;
	run.len = p.len;
	err = bed__run(b, e, &run, &out);
	if (err)
		note("%s: BPF_PROG_TEST_RUN: %s", entry_names[e], strerror(-err));
	log->sent[log->n++] = (struct sent){ b->cpu, flow, in.seq };
	return !err;
}

/* Is it one of the last that its CPU recorded? */
static bool is_left(const struct log *log, unsigned int i)
{
	unsigned int later = 0, k;

	for (k = i + 1; k < log->n; k++)
		later += log->sent[k].cpu == log->sent[i].cpu;
	return later < SLOTS;
}

static struct tuple tuple_of(unsigned int flow, int family)
{
	const struct recipe in = recipe_of(flow, 0);
	struct rst_pkt rec;
	struct tuple t;

	packet_record(&in, family, &rec);
	t = (struct tuple){
		.sport = ntohs(rec.sport),
		.dport = ntohs(rec.dport),
		.family = family == 6 ? AF_INET6 : AF_INET,
	};
	memcpy(t.saddr, rec.saddr, 16);
	memcpy(t.daddr, rec.daddr, 16);
	return t;
}

static bool check_packet(const struct packet *p, const struct sent *sent, int family)
{
	const struct recipe in = recipe_of(sent->flow, sent->seq);
	struct rst_pkt want;

	packet_record(&in, family, &want);
	if (p->seq == in.seq && p->ack == in.ack && p->len == want.len && p->cpu == sent->cpu &&
	    p->flags == want.flags && p->ttl == want.ttl && p->window == ntohs(want.window) &&
	    p->ipid == ntohs(want.ipid) && p->tuple.sport == ntohs(want.sport))
		return true;
	note("packet %u of CPU %u found, expected %u of CPU %u", p->seq, p->cpu, sent->seq,
	     sent->cpu);
	return false;
}

static bool check_flow(const struct recorder *f, unsigned int flow, int family,
		       const struct log *log)
{
	struct recall what = { .until_ns = UINT64_MAX, .max = 1000 };
	struct tuple t = tuple_of(flow, family);
	struct packet_list list = { 0 };
	unsigned int i, n = 0;
	bool good;

	recall_add(&what, &t);
	good = !recorder__recall(f, &what, &list) && !list.lost;
	for (i = 0; i < log->n && good; i++)
		if (log->sent[i].flow == flow && is_left(log, i))
			good = n < list.n &&
			       check_packet(&list.packets[n++], &log->sent[i], family);
	if (list.n != n)
		note("flow %u: %u packets found", flow, list.n);
	good &= list.n == n;
	free(list.packets);
	return good;
}

/* On two CPUs in turns, if there are two. */
static void check_entry(enum entry e, int family)
{
	const struct bed_config cfg = { .slots = SLOTS };
	struct bed *b = bed__open(&cfg, 0);
	struct recorder *f = b ? recorder__map(b->maps.fd[MAP_RING], b->maps.fd[MAP_CPU],
					       b->maps.cpus, b->maps.slots) :
				 NULL;
	struct log log = { .n = 0 };
	unsigned int i, flow;
	bool good = f;

	for (i = 0; i < 3 * ROUNDS && good; i++) {
		bed__move(b, i / ROUNDS % 2);
		for (flow = 0; flow < FLOWS; flow++)
			good &= send_one(b, e, family, (flow + i) % (1 + i % FLOWS), &log);
		if (i % 20 == 5)
			for (flow = 0; flow < FLOWS; flow++)
				good &= check_flow(f, flow, family, &log);
	}
	for (flow = 0; flow < FLOWS; flow++)
		good = good && check_flow(f, flow, family, &log);
	ok(good, "%s, IPv%d: what is recorded can be recalled, by flow", entry_names[e], family);
	recorder__free(f);
	bed__close(b);
}

int main(void)
{
	enum entry e;

	if (!begin("recalling what the wire view has recorded"))
		return 0;
	for (e = XDP; e < N_ENTRIES; e++) {
		check_entry(e, 4);
		check_entry(e, 6);
	}
	return finish();
}
