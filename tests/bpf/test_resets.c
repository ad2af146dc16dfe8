// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_resets.c - the event that a RST raises: the segment it answers, and what it takes from
 * the kernel view or leaves for it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <bpf/bpf.h>

#include "harness.h"
#include "packet.h"

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10

#define STEPS 4
#define NO_STEP (-1)
#define FAMILIES 2

struct step {
	struct recipe in;
	enum entry at;
	bool used;
};

struct history {
	const char *what;
	struct step before[STEPS];
	struct recipe rst;
	enum entry at;
	uint32_t answer; /* enum rst_answer */
	int step;	 /* that is answered */
};

#define SEEN(...)                                                     \
	{                                                             \
		.in = { __VA_ARGS__ }, .at = TC_INGRESS, .used = true \
	}
#define SENT(...)                                                    \
	{                                                            \
		.in = { __VA_ARGS__ }, .at = TC_EGRESS, .used = true \
	}
#define SEEN_BY_XDP(...)                                       \
	{                                                      \
		.in = { __VA_ARGS__ }, .at = XDP, .used = true \
	}

/* The client is far, the server is here, unless a row says otherwise. */
/* clang-format off */
static const struct history histories[] = {
	{ "a RST takes the ack of the data it answers for its seq",
	  { SEEN(.seq = 1000, .ack = 5000, .payload = 100) },
	  { .reverse = true, .flags = RST, .seq = 5000 }, TC_EGRESS, RST_ANSWER_EXACT, 0 },
	{ "a RST with all bits in seq answers an ack with all bits",
	  { SEEN(.seq = 1, .ack = 0xffffffff, .flags = ACK) },
	  { .reverse = true, .flags = RST, .seq = 0xffffffff }, TC_EGRESS, RST_ANSWER_EXACT, 0 },
	{ "a RST answers a FIN with an ack by its ack",
	  { SEEN(.seq = 1000, .ack = 5000, .flags = FIN | ACK) },
	  { .reverse = true, .flags = RST, .seq = 5000 }, TC_EGRESS, RST_ANSWER_EXACT, 0 },
	{ "a SYN counts for one",
	  { SEEN(.seq = 1000, .flags = SYN, .tcp_options = 40) },
	  { .reverse = true, .flags = RST | ACK, .ack = 1001 }, TC_EGRESS, RST_ANSWER_EXACT, 0 },
	{ "a SYN with data counts for one and its data",
	  { SEEN(.seq = 1000, .flags = SYN, .payload = 10) },
	  { .reverse = true, .flags = RST | ACK, .ack = 1011 }, TC_EGRESS, RST_ANSWER_EXACT, 0 },
	{ "a FIN without ack counts for one and its data",
	  { SEEN(.seq = 1000, .flags = FIN, .payload = 20) },
	  { .reverse = true, .flags = RST | ACK, .ack = 1021 }, TC_EGRESS, RST_ANSWER_EXACT, 0 },
	{ "SYN and FIN together count for two",
	  { SEEN(.seq = 1000, .flags = SYN | FIN) },
	  { .reverse = true, .flags = RST | ACK, .ack = 1002 }, TC_EGRESS, RST_ANSWER_EXACT, 0 },
	{ "data without any flag count for their length",
	  { SEEN(.seq = 1000, .flags = NO_FLAGS, .payload = 3000) },
	  { .reverse = true, .flags = RST | ACK, .ack = 4000 }, TC_EGRESS, RST_ANSWER_EXACT, 0 },
	{ "a SYN at the end of the sequence space is answered with ack 0",
	  { SEEN(.seq = 0xffffffff, .flags = SYN) },
	  { .reverse = true, .flags = RST | ACK }, TC_EGRESS, RST_ANSWER_EXACT, 0 },
	{ "data across the end of the sequence space are answered past it",
	  { SEEN(.seq = 0xfffffff0, .flags = PSH, .payload = 32) },
	  { .reverse = true, .flags = RST | ACK, .ack = 16 }, TC_EGRESS, RST_ANSWER_EXACT, 0 },
	{ "a RST that arrives answers what we sent",
	  { SENT(.seq = 1000, .flags = SYN) },
	  { .reverse = true, .flags = RST | ACK, .ack = 1001 }, TC_INGRESS, RST_ANSWER_EXACT, 0 },
	{ "a RST that XDP sees answers what tc saw leave",
	  { SENT(.seq = 1000, .ack = 5000) },
	  { .reverse = true, .flags = RST, .seq = 5000 }, XDP, RST_ANSWER_EXACT, 0 },
	{ "a RST that tc sees leave answers what XDP saw",
	  { SEEN_BY_XDP(.seq = 1000, .ack = 5000) },
	  { .reverse = true, .flags = RST, .seq = 5000 }, TC_EGRESS, RST_ANSWER_EXACT, 0 },
	{ "an exact answer is preferred to a newer segment of the flow",
	  { SEEN(.seq = 1000, .ack = 5000, .payload = 1), SENT(.reverse = true, .seq = 5000),
	    SEEN(.seq = 1001, .ack = 5001) },
	  { .reverse = true, .flags = RST, .seq = 5000 }, TC_EGRESS, RST_ANSWER_EXACT, 0 },
	{ "of two segments that fit, the newer one is answered",
	  { SEEN(.seq = 1000, .ack = 5000, .payload = 1), SEEN(.seq = 1001, .ack = 5000) },
	  { .reverse = true, .flags = RST, .seq = 5000 }, TC_EGRESS, RST_ANSWER_EXACT, 1 },

	/* Not exact, so the newest of the flow. */
	{ "a seq one beside the ack is not exact",
	  { SEEN(.seq = 1000, .ack = 5000) },
	  { .reverse = true, .flags = RST, .seq = 5001 }, TC_EGRESS, RST_ANSWER_NEWEST, 0 },
	{ "an ack one beside the SYN is not exact",
	  { SEEN(.seq = 1000, .flags = SYN) },
	  { .reverse = true, .flags = RST | ACK, .ack = 1000 }, TC_EGRESS, RST_ANSWER_NEWEST, 0 },
	{ "a RST with an ack is no exact answer to a segment with one",
	  { SEEN(.seq = 1000, .ack = 5000) },
	  { .reverse = true, .flags = RST | ACK, .seq = 5000, .ack = 1000 }, TC_EGRESS,
	  RST_ANSWER_NEWEST, 0 },
	{ "a RST without an ack is no exact answer to a segment without one",
	  { SEEN(.seq = 1000, .flags = SYN) },
	  { .reverse = true, .flags = RST, .ack = 1001 }, TC_EGRESS, RST_ANSWER_NEWEST, 0 },
	{ "a RST with an ack and a seq is no exact answer to a SYN",
	  { SEEN(.seq = 1000, .flags = SYN) },
	  { .reverse = true, .flags = RST | ACK, .seq = 1, .ack = 1001 }, TC_EGRESS,
	  RST_ANSWER_NEWEST, 0 },
	{ "the ack field of a SYN does not count",
	  { SEEN(.seq = 1000, .ack = 5000, .flags = SYN) },
	  { .reverse = true, .flags = RST, .seq = 5000 }, TC_EGRESS, RST_ANSWER_NEWEST, 0 },
	{ "a reset of one's own has the newest segment, here one of the same direction",
	  { SEEN(.seq = 1000, .ack = 5000), SENT(.reverse = true, .seq = 5000, .payload = 7) },
	  { .reverse = true, .flags = RST | ACK, .seq = 5007, .ack = 1000 }, TC_EGRESS,
	  RST_ANSWER_NEWEST, 1 },
	{ "a reset of one's own has the newest segment, here one of the other direction",
	  { SENT(.reverse = true, .seq = 5000, .payload = 7), SEEN(.seq = 1000, .ack = 5007) },
	  { .reverse = true, .flags = RST | ACK, .seq = 5007, .ack = 1000 }, TC_EGRESS,
	  RST_ANSWER_NEWEST, 1 },
	{ "a RST is no answer to a RST, however well it fits",
	  { SEEN(.seq = 1000, .ack = 5000, .flags = RST | ACK) },
	  { .reverse = true, .flags = RST, .seq = 5000 }, TC_EGRESS, RST_ANSWER_NEWEST, 0 },
	{ "a RST answers the segment before a RST that fits as well",
	  { SEEN(.seq = 1000, .ack = 5000),
	    SEEN(.seq = 1000, .ack = 5000, .flags = RST | ACK) },
	  { .reverse = true, .flags = RST, .seq = 5000 }, TC_EGRESS, RST_ANSWER_EXACT, 0 },
	{ "a RST that went the same way is no answer",
	  { SEEN(.seq = 1000, .ack = 5000),
	    SENT(.reverse = true, .flags = RST, .seq = 5000) },
	  { .reverse = true, .flags = RST, .seq = 5000 }, TC_EGRESS, RST_ANSWER_EXACT, 0 },

	/* Others. */
	{ "a RST that nothing came before answers nothing",
	  {}, { .reverse = true, .flags = RST, .seq = 5000 }, TC_EGRESS, RST_ANSWER_NONE,
	  NO_STEP },
	{ "another host with the same ports is another flow",
	  { SEEN(.client = 9, .ack = 5000) },
	  { .reverse = true, .flags = RST, .seq = 5000 }, TC_EGRESS, RST_ANSWER_NONE, NO_STEP },
	{ "another client port is another flow",
	  { SEEN(.sport = 40001, .ack = 5000) },
	  { .reverse = true, .flags = RST, .seq = 5000 }, TC_EGRESS, RST_ANSWER_NONE, NO_STEP },
	{ "another server port is another flow",
	  { SEEN(.dport = 444, .ack = 5000) },
	  { .reverse = true, .flags = RST, .seq = 5000 }, TC_EGRESS, RST_ANSWER_NONE, NO_STEP },
	{ "the same hosts with the ports exchanged are another flow",
	  { SEEN(.sport = 443, .dport = 40000, .ack = 5000) },
	  { .reverse = true, .flags = RST, .seq = 5000 }, TC_EGRESS, RST_ANSWER_NONE, NO_STEP },
	{ "an equal ack in another flow misleads nobody",
	  { SEEN(.ack = 5000), SEEN(.client = 9, .ack = 5000), SEEN(.sport = 40001, .ack = 5000) },
	  { .reverse = true, .flags = RST, .seq = 5000 }, TC_EGRESS, RST_ANSWER_EXACT, 0 },
	{ "an equal ack in the same direction misleads nobody",
	  { SENT(.reverse = true, .seq = 4000, .ack = 5000) },
	  { .reverse = true, .flags = RST, .seq = 5000 }, TC_EGRESS, RST_ANSWER_NEWEST, 0 },
	{ "port 0 is a port",
	  { SEEN(.sport = NO_PORT, .ack = 5000), SEEN(.ack = 5000) },
	  { .sport = NO_PORT, .reverse = true, .flags = RST, .seq = 5000 }, TC_EGRESS,
	  RST_ANSWER_EXACT, 0 },
};
/* clang-format on */

/* Runs one packet, which must come out as it went in. */
static bool feed(struct bed *b, enum entry e, const struct recipe *in, int family,
		 uint32_t ingress_ifindex)
{
	struct run run = { .ingress_ifindex = ingress_ifindex };
	struct outcome out;
	struct packet p;
	int err;

	packet_build(&p, in, family, !entry_is_l3(e));
	run.data = p.bytes;
	run.len = p.len;
	err = bed__run(b, e, &run, &out);
	if (err) {
		note("%s: BPF_PROG_TEST_RUN: %s", entry_names[e], strerror(-err));
		return false;
	}
	return out.unchanged && out.retval == entry_passes(e);
}

static bool feed_times(struct bed *b, const struct recipe *in, int family, unsigned int n)
{
	bool good = true;

	while (n--)
		good &= feed(b, TC_INGRESS, in, family, 0);
	return good;
}

/* The one event there is, of the last record. */
static const struct rst_ev_wire *only_event(struct bed *b)
{
	const struct rst_ev_wire *ev = &b->events[0];

	if (bed__collect(b) != 1) {
		note("%u events", b->n_events);
		return NULL;
	}
	if (ev->hdr.type != RST_EV_WIRE || ev->hdr.version != RST_ABI_VERSION ||
	    ev->hdr.cpu != b->cpu || ev->hdr.ts_ns != ev->rst.ts_ns ||
	    ev->hdr.id >> 48 != b->cpu + 1) {
		note("type %u version %u cpu %u id %#llx", ev->hdr.type, ev->hdr.version,
		     ev->hdr.cpu, (unsigned long long)ev->hdr.id);
		return NULL;
	}
	if (memcmp(&ev->rst, bed__record(b, 0), sizeof(ev->rst))) {
		note("the event's RST is not the one in the ring");
		return NULL;
	}
	return ev;
}

/* @back: the record that must be answered, counted from the RST's */
static bool check_answer(struct bed *b, uint32_t answer, unsigned int back)
{
	const struct rst_ev_wire *ev = only_event(b);
	const struct rst_pkt *want;

	if (!ev)
		return false;
	if (ev->answer != answer) {
		note("answer %u, expected %u", ev->answer, answer);
		return false;
	}
	if (answer == RST_ANSWER_NONE)
		return !ev->answers.ts_ns;
	want = bed__record(b, back);
	if (ev->answers.ts_ns != want->ts_ns)
		note("answers the wrong segment");
	return ev->answers.ts_ns == want->ts_ns && same_record(&ev->answers, want, "answers");
}

static void check_history(struct bed *b, const struct history *h, int family)
{
	bool good = true;
	int i, n = 0;

	bed__clear(b);
	for (i = 0; i < STEPS && h->before[i].used; i++, n++)
		good &= feed(b, h->before[i].at, &h->before[i].in, family, 0);
	bed__collect(b); /* of the RSTs before */
	b->n_events = 0;
	good &= feed(b, h->at, &h->rst, family, 0);
	good &= check_answer(b, h->answer, h->step == NO_STEP ? 0 : (unsigned int)(n - h->step));
	ok(good, "IPv%d: %s", family, h->what);
}

static void check_histories(struct bed *b)
{
	size_t i;

	for (i = 0; i < sizeof(histories) / sizeof(histories[0]); i++) {
		check_history(b, &histories[i], 4);
		check_history(b, &histories[i], 6);
	}
}

static const struct recipe data = { .seq = 1000, .ack = 5000, .payload = 100 };
static const struct recipe other = { .client = 9, .seq = 1000, .ack = 5000 };
static const struct recipe reset = { .reverse = true, .flags = RST, .seq = 5000 };

/* The IPv6 addresses ::8.0.x.x stand in a record as the IPv4 addresses do. */
static void check_families(struct bed *b)
{
	struct rst_pkt as_v4;
	struct run run = { 0 };
	struct outcome out;
	struct packet p;
	bool good;

	bed__clear(b);
	packet_build(&p, &data, 6, true);
	packet_record(&data, 4, &as_v4);
	memcpy(p.bytes + p.at[AT_IP] + 8, as_v4.saddr, 16);
	memcpy(p.bytes + p.at[AT_IP] + 24, as_v4.daddr, 16);
	run.data = p.bytes;
	run.len = p.len;
	good = !bed__run(b, TC_INGRESS, &run, &out);
	good &= feed(b, TC_EGRESS, &reset, 4, 0);
	good &= check_answer(b, RST_ANSWER_NONE, 0);
	ok(good, "an IPv6 flow whose addresses end in those of an IPv4 flow is another flow");
}

static void check_look_back(struct bed *b)
{
	bool good;

	bed__clear(b);
	good = feed(b, TC_INGRESS, &data, 4, 0);
	good &= feed_times(b, &other, 4, RST_SCAN_BACK - 3);
	good &= feed(b, TC_EGRESS, &reset, 4, 0);
	good &= check_answer(b, RST_ANSWER_EXACT, RST_SCAN_BACK - 2);
	ok(good, "a segment just inside the look-back limit is found");

	bed__clear(b);
	good = feed(b, TC_INGRESS, &data, 4, 0);
	good &= feed_times(b, &other, 4, RST_SCAN_BACK);
	good &= feed(b, TC_EGRESS, &reset, 4, 0);
	good &= check_answer(b, RST_ANSWER_NONE, 0);
	ok(good, "a segment outside of the look-back limit is left to user space");

	bed__clear(b);
	good = feed_times(b, &data, 4, RST_SCAN_BACK * 2);
	good &= feed(b, TC_EGRESS, &reset, 4, 0);
	good &= check_answer(b, RST_ANSWER_EXACT, 1);
	ok(good, "in a ring full of the same flow, the last segment is answered");
}

static void check_other_cpu(struct bed *b)
{
	static const char what[] = "a segment that another CPU saw is left to user space";
	unsigned int home = b->cpu;
	bool good;

	bed__clear(b);
	good = feed(b, TC_INGRESS, &data, 4, 0);
	if (bed__move(b, home ? home - 1 : home + 1)) {
		skip("needs two CPUs", "%s", what);
		return;
	}
	bed__clear(b);
	good &= feed(b, TC_EGRESS, &reset, 4, 0);
	good &= check_answer(b, RST_ANSWER_NONE, 0) && bed__head(b) == 1;
	bed__move(b, home);
	good &= bed__head(b) == 1;
	ok(good, "%s", what);
}

static void check_wrap(unsigned int slots)
{
	const struct bed_config cfg = { .slots = slots };
	struct bed *b = bed__open(&cfg, -1);
	bool good = b;
	unsigned int i;

	/* The pair comes to lie at each pair of slots, the last and the first too. */
	for (i = 0; b && i < slots + 2 && good; i++) {
		bed__collect(b);
		b->n_events = 0;
		good &= feed(b, TC_INGRESS, &data, 6, 0) && feed(b, TC_EGRESS, &reset, 6, 0);
		good &= check_answer(b, RST_ANSWER_EXACT, 1);
		good &= feed(b, TC_INGRESS, &other, 6, 0) && bed__head(b) == 3 * (i + 1);
	}
	ok(good, "in a ring of %u records, answers are found across its end", slots);

	if (b)
		bed__clear(b);
	good = b && feed_times(b, &other, 4, 5 * slots) && feed(b, TC_EGRESS, &reset, 4, 0);
	good = good && check_answer(b, RST_ANSWER_NONE, 0);
	ok(good, "in a ring of %u records that has wrapped, a RST does not answer itself", slots);
	bed__close(b);
}

static bool access_handoff(struct bed *b, struct rst_handoff *h, bool write)
{
	unsigned int n = (unsigned int)libbpf_num_possible_cpus();
	struct rst_handoff *all = calloc(n, sizeof(*all));
	int fd = b->maps.fd[MAP_HANDOFF];
	uint32_t zero = 0;
	int err;

	if (!all)
		return false;
	if (write) {
		all[b->cpu] = *h;
		err = bpf_map_update_elem(fd, &zero, all, BPF_ANY);
	} else {
		err = bpf_map_lookup_elem(fd, &zero, all);
		*h = all[b->cpu];
	}
	free(all);
	return !err;
}

static uint64_t lost_events(struct bed *b)
{
	struct rst_handoff h = { 0 };

	return access_handoff(b, &h, false) ? h.lost_wire : UINT64_MAX;
}

static void check_full_buffer(void)
{
	const struct bed_config cfg = { .slots = 256, .events_bytes = 4096 };
	struct bed *b = bed__open(&cfg, -1);
	const unsigned int room = 4096 / (sizeof(struct rst_ev_wire) + 8), n = room + 7;
	bool good = b;
	unsigned int i;

	for (i = 0; b && i < n; i++)
		good &= feed(b, TC_EGRESS, &reset, 4, 0);
	good = good && bed__count(b, RST_CNT_RESETS) == n &&
	       bed__count(b, RST_CNT_UNREAD) == n - room && lost_events(b) == n - room;
	ok(good, "events that find the buffer full are counted as lost");
	good = b && bed__collect(b) == room;
	ok(good, "the events that found room are there");
	good = b && bed__head(b) == n;
	for (i = 0; good && i < n; i++)
		good &= bed__record(b, i)->seq == htonl(5000) && bed__record(b, i)->flags == RST;
	ok(good, "the RSTs whose events were lost are recorded");
	if (b)
		b->n_events = 0;
	good = b && feed(b, TC_EGRESS, &reset, 4, 0) && only_event(b) && lost_events(b) == n - room;
	ok(good, "once the buffer was read, events come again");
	bed__close(b);
}

static void check_no_room(void)
{
	const struct bed_config no_ring = { .slots = 64, .rings = 1 };
	const struct bed_config no_cpu = { .slots = 64, .cpus = 1 };
	static const struct rst_cpu untouched;
	struct bed *b;
	bool good;

	b = bed__open(&no_ring, 1);
	if (!b && errno == EINVAL) {
		skip("needs two CPUs", "a CPU without room in the recorder");
		return;
	}
	good = b && feed(b, TC_INGRESS, &data, 4, 0) && feed(b, TC_EGRESS, &reset, 4, 0) &&
	       feed(b, XDP, &reset, 6, 0) && bed__count(b, RST_CNT_NO_SLOT) == 3 && !bed__head(b) &&
	       !bed__collect(b) && !bed__ring(b, 0)->head;
	ok(good, "packets of a CPU without room in the ring pass, and are counted");
	bed__close(b);
	b = bed__open(&no_cpu, 1);
	good = b && feed(b, TC_INGRESS, &data, 4, 0) && feed(b, TC_EGRESS, &reset, 4, 0) &&
	       feed(b, XDP, &reset, 6, 0) && !bed__collect(b) && !bed__ring(b, 0)->head &&
	       !memcmp(&b->cpus[0], &untouched, sizeof(untouched));
	ok(good, "packets of a CPU without even counters pass, and touch nobody else's");
	bed__close(b);
}

#define KERNEL_ID 0x1000000000077ULL
#define MS 1000000ULL

enum meeting {
	JOINS,	/* takes the kernel's half */
	LEAVES, /* leaves its own, the kernel's stays */
	IGNORES,
};

/* clang-format off */
static const struct {
	const char *what;
	uint8_t func; /* of the kernel's half; 0: there is none */
	uint32_t seq;
	uint32_t ack;
	uint64_t age_ns;
	struct recipe rst;
	enum entry at;
	uint32_t ingress_ifindex;
	enum meeting meeting;
} meetings[] = {
	{ "a RST takes the passive half with its seq", RST_FUNC_PASSIVE, 5000, 1000, 0,
	  { .reverse = true, .flags = RST, .seq = 5000 }, TC_EGRESS, 0, JOINS },
	{ "a RST without Ethernet takes the passive half with its seq",
	  RST_FUNC_PASSIVE, 5000, 1000, 0,
	  { .reverse = true, .flags = RST, .seq = 5000 }, L3_EGRESS, 0, JOINS },
	{ "a RST with seq 0 takes the passive half with its ack", RST_FUNC_PASSIVE, 0, 1001, 0,
	  { .reverse = true, .flags = RST | ACK, .ack = 1001 }, TC_EGRESS, 0, JOINS },
	{ "a RST takes the half of a REJECT with its seq", RST_FUNC_REJECT, 5000, 1000, 0,
	  { .reverse = true, .flags = RST, .seq = 5000 }, TC_EGRESS, 0, JOINS },
	{ "a RST with seq 0 takes the half of a REJECT with its ack",
	  RST_FUNC_REJECT, 0, 1001, 0,
	  { .reverse = true, .flags = RST | ACK, .ack = 1001 }, TC_EGRESS, 0, JOINS },
	{ "a RST takes the active half with its ack, whatever its seq",
	  RST_FUNC_ACTIVE, 5000, 1000, 0,
	  { .reverse = true, .flags = RST | ACK, .seq = 4999, .ack = 1000 }, TC_EGRESS, 0, JOINS },
	{ "a passive half with another seq stays", RST_FUNC_PASSIVE, 5000, 1000, 0,
	  { .reverse = true, .flags = RST, .seq = 5001 }, TC_EGRESS, 0, LEAVES },
	{ "a passive half with another ack stays", RST_FUNC_PASSIVE, 0, 1001, 0,
	  { .reverse = true, .flags = RST | ACK, .ack = 1002 }, TC_EGRESS, 0, LEAVES },
	{ "a passive half stays when the RST has ack and seq", RST_FUNC_PASSIVE, 5000, 1001, 0,
	  { .reverse = true, .flags = RST | ACK, .seq = 5000, .ack = 1001 }, TC_EGRESS, 0, LEAVES },
	{ "an active half with another ack stays", RST_FUNC_ACTIVE, 5000, 1000, 0,
	  { .reverse = true, .flags = RST | ACK, .seq = 5000, .ack = 1001 }, TC_EGRESS, 0, LEAVES },
	{ "an active half stays when the RST has no ack", RST_FUNC_ACTIVE, 5000, 1000, 0,
	  { .reverse = true, .flags = RST, .seq = 5000, .ack = 1000 }, TC_EGRESS, 0, LEAVES },
	{ "an expired half is not taken", RST_FUNC_PASSIVE, 5000, 1000, RST_HANDOFF_NS + MS,
	  { .reverse = true, .flags = RST, .seq = 5000 }, TC_EGRESS, 0, LEAVES },
	{ "a long expired half is not taken", RST_FUNC_ACTIVE, 5000, 1000, 100000 * MS,
	  { .reverse = true, .flags = RST | ACK, .seq = 5000, .ack = 1000 }, TC_EGRESS, 0, LEAVES },
	{ "a RST that the kernel view did not announce is left for it", 0, 0, 0, 0,
	  { .reverse = true, .flags = RST, .seq = 5000 }, TC_EGRESS, 0, LEAVES },
	{ "a RST with seq 0 is not taken for one of an empty half", 0, 0, 0, 0,
	  { .reverse = true, .flags = RST | ACK }, TC_EGRESS, 0, LEAVES },
	{ "a forwarded RST takes nothing and leaves nothing", RST_FUNC_PASSIVE, 5000, 1000, 0,
	  { .reverse = true, .flags = RST, .seq = 5000 }, TC_EGRESS, 7, IGNORES },
	{ "a forwarded RST leaves nothing", 0, 0, 0, 0,
	  { .reverse = true, .flags = RST, .seq = 5000 }, TC_EGRESS, 7, IGNORES },
	{ "a RST that arrives takes nothing and leaves nothing", RST_FUNC_PASSIVE, 5000, 1000, 0,
	  { .reverse = true, .flags = RST, .seq = 5000 }, TC_INGRESS, 0, IGNORES },
	{ "a RST that arrives without Ethernet takes nothing and leaves nothing",
	  RST_FUNC_PASSIVE, 5000, 1000, 0,
	  { .reverse = true, .flags = RST, .seq = 5000 }, L3_INGRESS, 0, IGNORES },
	{ "a RST that arrives by XDP takes nothing and leaves nothing",
	  RST_FUNC_PASSIVE, 5000, 1000, 0,
	  { .reverse = true, .flags = RST, .seq = 5000 }, XDP, 0, IGNORES },
};
/* clang-format on */

static bool check_left(const struct rst_handoff *h, const struct rst_ev_wire *ev, int family)
{
	const struct rst_pkt *rst = &ev->rst;

	return h->wire_id == ev->hdr.id && h->wire_ts == ev->hdr.ts_ns &&
	       h->wire_seq == ntohl(rst->seq) && h->wire_ack == ntohl(rst->ack) &&
	       h->wire_flags == rst->flags && !memcmp(h->wire.saddr, rst->saddr, 16) &&
	       !memcmp(h->wire.daddr, rst->daddr, 16) && h->wire.sport == rst->sport &&
	       h->wire.dport == rst->dport && h->wire.family == (family == 4 ? AF_INET : AF_INET6);
}

/* Where the RST of this recipe goes to, as the recorder sees it. */
static void set_peer(struct bed *b, enum entry at, const struct recipe *rst, int family,
		     struct rst_handoff *h)
{
	const struct rst_ev_wire *ev;

	bed__clear(b);
	ev = feed(b, at, rst, family, 0) ? only_event(b) : NULL;
	if (!ev)
		return;
	memcpy(&h->kernel_peer, ev->rst.daddr + 12, sizeof(h->kernel_peer));
	h->kernel_peer_port = ev->rst.dport;
}

static bool check_meeting(struct bed *b, size_t i, int family)
{
	uint64_t id = meetings[i].func ? KERNEL_ID : 0;
	struct rst_handoff before = {
		.kernel_id = id,
		.kernel_ts = now_ns() - meetings[i].age_ns,
		.kernel_seq = meetings[i].seq,
		.kernel_ack = meetings[i].ack,
		.kernel_func = meetings[i].func,
	}, after;
	const struct rst_ev_wire *ev;

	set_peer(b, meetings[i].at, &meetings[i].rst, family, &before);
	before.kernel_ts = now_ns() - meetings[i].age_ns;
	bed__clear(b);
	if (!access_handoff(b, &before, true) ||
	    !feed(b, meetings[i].at, &meetings[i].rst, family, meetings[i].ingress_ifindex))
		return false;
	ev = only_event(b);
	if (!ev || !access_handoff(b, &after, false))
		return false;
	switch (meetings[i].meeting) {
	case JOINS:
		return ev->hdr.join_id == KERNEL_ID && !after.kernel_id && !after.wire_id;
	case LEAVES:
		return !ev->hdr.join_id && after.kernel_id == id && check_left(&after, ev, family);
	default:
		before.events = after.events;
		return !ev->hdr.join_id && !memcmp(&before, &after, sizeof(after));
	}
}

static void check_taken_once(struct bed *b)
{
	struct rst_handoff h = {
		.kernel_id = KERNEL_ID,
		.kernel_ts = now_ns(),
		.kernel_seq = 5000,
		.kernel_func = RST_FUNC_PASSIVE,
	};
	bool good;

	set_peer(b, TC_EGRESS, &reset, 4, &h);
	h.kernel_ts = now_ns();
	bed__clear(b);
	good = access_handoff(b, &h, true) && feed(b, TC_EGRESS, &reset, 4, 0) &&
	       feed(b, TC_EGRESS, &reset, 4, 0) && bed__collect(b) == 2 &&
	       b->events[0].hdr.join_id == KERNEL_ID && !b->events[1].hdr.join_id &&
	       access_handoff(b, &h, false) && h.wire_id == b->events[1].hdr.id;
	ok(good, "the kernel's half is taken once; a second RST leaves its own");
	good = b->events[0].hdr.id && b->events[1].hdr.id &&
	       b->events[0].hdr.id != b->events[1].hdr.id;
	ok(good, "two events have two ids, and none is 0");
}

static void check_meetings(struct bed *b)
{
	size_t i;

	for (i = 0; i < sizeof(meetings) / sizeof(meetings[0]); i++) {
		ok(check_meeting(b, i, 4), "IPv4: %s", meetings[i].what);
		ok(check_meeting(b, i, 6), "IPv6: %s", meetings[i].what);
	}
	check_taken_once(b);
}

int main(void)
{
	const struct bed_config cfg = { .slots = 1024 };
	struct bed *b;

	if (!begin("RST events of the wire view"))
		return 0;
	b = bed__open(&cfg, -1);
	if (!b) {
		ok(false, "load the wire view: %s", strerror(errno));
		return finish();
	}
	check_histories(b);
	check_families(b);
	check_look_back(b);
	check_other_cpu(b);
	check_meetings(b);
	bed__close(b);
	check_wrap(64);
	check_wrap(16);
	check_full_buffer();
	check_no_room();
	return finish();
}
