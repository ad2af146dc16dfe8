// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_readers.c - several readers of one recorder: each gets every event once and whole, joins for
 * itself, and loses only its own; and who holds which place.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>
#include <arpa/inet.h>
#include <bpf/bpf.h>

#include "harness.h"
#include "live/reader.h"
#include "packet.h"

#define RST 0x04
#define N_RESETS 40u
#define KERNEL_ID 0x1000000000077ULL

/* A reader beside the test bed's own. */
struct peer {
	int events;
	int handoff;
	struct ring_buffer *rb;
	struct rst_ev_wire got[MAX_EVENTS];
	unsigned int n;
};

static int on_event(void *ctx, void *data, size_t size)
{
	struct peer *p = ctx;

	if (p->n < MAX_EVENTS && size == sizeof(p->got[0]))
		memcpy(&p->got[p->n], data, size);
	p->n++;
	return 0;
}

static bool peer_open(struct bed *b, struct peer *p, uint32_t slot, unsigned int bytes)
{
	memset(p, 0, sizeof(*p));
	if (bed__make_reader(bytes, &p->events, &p->handoff))
		return false;
	p->rb = ring_buffer__new(p->events, on_event, p, NULL);
	return p->rb &&
	       !bpf_map_update_elem(b->maps.fd[MAP_HANDOFFS], &slot, &p->handoff, BPF_ANY) &&
	       !bpf_map_update_elem(b->maps.fd[MAP_READERS], &slot, &p->events, BPF_ANY);
}

static void peer_close(struct bed *b, struct peer *p, uint32_t slot)
{
	bpf_map_delete_elem(b->maps.fd[MAP_READERS], &slot);
	bpf_map_delete_elem(b->maps.fd[MAP_HANDOFFS], &slot);
	ring_buffer__free(p->rb);
	close(p->events);
	close(p->handoff);
}

static bool access_handoff(const struct bed *b, int fd, struct rst_handoff *h, bool write)
{
	struct rst_handoff *all = calloc((unsigned int)libbpf_num_possible_cpus(), sizeof(*all));
	uint32_t zero = 0;
	int err;

	if (!all)
		return false;
	err = bpf_map_lookup_elem(fd, &zero, all);
	if (write) {
		all[b->cpu] = *h;
		err = bpf_map_update_elem(fd, &zero, all, BPF_ANY);
	}
	*h = all[b->cpu];
	free(all);
	return !err;
}

static bool feed_reset(struct bed *b, enum entry e, uint32_t seq)
{
	const struct recipe reset = { .reverse = true, .flags = RST, .seq = seq };
	struct run run = { 0 };
	struct outcome out;
	struct packet p;

	packet_build(&p, &reset, 4, !entry_is_l3(e));
	run.data = p.bytes;
	run.len = p.len;
	return !bed__run(b, e, &run, &out);
}

static bool feed_resets(struct bed *b)
{
	static const enum entry at[] = { TC_EGRESS, TC_INGRESS, XDP };
	bool good = true;
	uint32_t i;

	for (i = 0; i < N_RESETS; i++)
		good &= feed_reset(b, at[i % 3], 5000 + i);
	return good;
}

/* Every record of the ring, in its order, each with an id of its own. */
static bool has_all(const struct bed *b, const struct rst_ev_wire *got, unsigned int n)
{
	unsigned int i, j;

	if (n != N_RESETS) {
		note("%u events of %u", n, N_RESETS);
		return false;
	}
	for (i = 0; i < n; i++) {
		if (memcmp(&got[i].rst, bed__record(b, n - 1 - i), sizeof(got[i].rst)) ||
		    got[i].hdr.version != RST_ABI_VERSION || !got[i].hdr.id)
			return false;
		for (j = 0; j < i; j++)
			if (got[i].hdr.id == got[j].hdr.id)
				return false;
	}
	return true;
}

static void check_many(struct bed *b, unsigned int readers)
{
	struct peer *peers = calloc(RST_READERS_MAX, sizeof(*peers));
	bool good = peers;
	unsigned int i;

	bed__clear(b);
	for (i = 1; good && i < readers; i++)
		good &= peer_open(b, &peers[i], i, 0);
	good = good && feed_resets(b);
	ok(good && bed__head(b) == N_RESETS, "%u readers: a packet is recorded once", readers);
	bed__collect(b);
	good = good && has_all(b, b->events, b->n_events);
	for (i = 1; good && i < readers; i++) {
		ring_buffer__consume(peers[i].rb);
		good &= has_all(b, peers[i].got, peers[i].n);
	}
	ok(good, "%u readers: each has every event once and whole", readers);
	ok(!bed__count(b, RST_CNT_UNREAD), "%u readers: none goes unread", readers);
	for (i = 1; peers && i < readers; i++)
		peer_close(b, &peers[i], i);
	free(peers);
}

static void check_lazy(struct bed *b)
{
	const unsigned int room = 4096 / (sizeof(struct rst_ev_wire) + 8);
	struct rst_handoff lazy = { 0 }, ours = { 0 };
	struct peer p;
	bool good;

	bed__clear(b);
	good = peer_open(b, &p, 5, 4096) && feed_resets(b);
	bed__collect(b);
	ok(good && has_all(b, b->events, b->n_events),
	   "a reader beside one that does not read has every event");
	good = good && access_handoff(b, p.handoff, &lazy, false) &&
	       access_handoff(b, b->maps.fd[MAP_HANDOFF], &ours, false);
	ok(good && lazy.lost_wire == N_RESETS - room && !ours.lost_wire,
	   "what is lost is counted for the one that lost it");
	ok(!bed__count(b, RST_CNT_UNREAD), "what one reader has is not unread");
	ring_buffer__consume(p.rb);
	ok(p.n == room, "the one that did not read still has what found room");
	peer_close(b, &p, 5);
}

/* The kernel view of one reader has announced the RST, that of the other has not. */
static void check_join(struct bed *b)
{
	struct rst_handoff half = { .kernel_id = KERNEL_ID,
				    .kernel_seq = 5000,
				    .kernel_func = RST_FUNC_PASSIVE },
			   left = { 0 };
	struct peer p;
	bool good;

	bed__clear(b);
	good = peer_open(b, &p, 1, 0) && feed_reset(b, TC_EGRESS, 5000);
	bed__collect(b);
	ring_buffer__consume(p.rb);
	memcpy(&half.kernel_peer, b->events[0].rst.daddr + 12, sizeof(half.kernel_peer));
	half.kernel_peer_port = b->events[0].rst.dport;
	half.kernel_ts = now_ns();
	bed__clear(b);
	p.n = 0;
	good = good && access_handoff(b, p.handoff, &half, true) && feed_reset(b, TC_EGRESS, 5000);
	bed__collect(b);
	ring_buffer__consume(p.rb);
	good = good && b->n_events == 1 && p.n == 1;
	ok(good && p.got[0].hdr.join_id == KERNEL_ID && !b->events[0].hdr.join_id,
	   "a RST joins the account of the reader that has one");
	good = good && access_handoff(b, b->maps.fd[MAP_HANDOFF], &left, false);
	ok(good && left.wire_id == b->events[0].hdr.id,
	   "... and waits for that of the reader that has none yet");
	ok(good && p.got[0].now_asked && b->events[0].now_asked &&
		   p.got[0].now_state == b->events[0].now_state,
	   "both know whether there is a socket");
	peer_close(b, &p, 1);
}

static void check_nobody(struct bed *b)
{
	uint32_t slot = 0;
	bool good;

	bed__clear(b);
	good = !bpf_map_delete_elem(b->maps.fd[MAP_READERS], &slot) &&
	       !bpf_map_delete_elem(b->maps.fd[MAP_HANDOFFS], &slot) && feed_resets(b);
	ok(good && bed__head(b) == N_RESETS && bed__count(b, RST_CNT_RESETS) == N_RESETS,
	   "without a reader, packets and RSTs are recorded and counted");
	ok(bed__count(b, RST_CNT_UNREAD) == N_RESETS && !bed__collect(b),
	   "... as RSTs that nobody has read");
}

/* Without a kernel view. */
static struct reader *make_reader(void)
{
	int events = -1, handoff = -1;
	struct reader *r = reader__new(&events, &handoff);

	if (r) {
		close(events);
		close(handoff);
	}
	return r;
}

/* --- places ------------------------------------------------------------------------------------ */

static struct reader_maps maps_of(const struct bed *b)
{
	return (struct reader_maps){ b->maps.fd[MAP_READERS], b->maps.fd[MAP_HANDOFFS],
				     b->maps.fd[MAP_READER_INFO] };
}

static void check_places(struct bed *b)
{
	struct reader *readers[RST_READERS_MAX] = { 0 }, *late = make_reader();
	struct reader_maps maps = maps_of(b);
	struct reader_place places[RST_READERS_MAX];
	bool good = late;
	unsigned int i;

	for (i = 0; i < RST_READERS_MAX && good; i++) {
		readers[i] = make_reader();
		good = readers[i] && !reader__register(readers[i], &maps, 0, NULL);
	}
	ok(good, "%u readers find a place", RST_READERS_MAX);
	ok(good && reader__register(late, &maps, 0, NULL) == -EUSERS, "one more does not");
	good = good && reader_places(maps.info, places) == RST_READERS_MAX;
	for (i = 0; i < RST_READERS_MAX && good; i++)
		good = places[i].lives && places[i].process.pid == (uint32_t)getpid();
	ok(good, "the places name their process");
	reader__free(readers[3]);
	readers[3] = NULL;
	ok(good && !reader__register(late, &maps, 0, NULL), "a place that was given up is taken");
	for (i = 0; i < RST_READERS_MAX; i++)
		reader__free(readers[i]);
	reader__free(late);
	ok(good && !reader_places(maps.info, places), "in the end all are free");
}

/* Registers, and is killed before it can give its place up. */
static void die_as_reader(const struct reader_maps *maps)
{
	pid_t child = fork();

	if (!child) {
		struct reader *r = make_reader();

		_exit(!r || reader__register(r, maps, 0, NULL));
	}
	waitpid(child, NULL, 0);
}

static void check_dead(struct bed *b)
{
	struct reader_maps maps = maps_of(b);
	struct reader_place places[RST_READERS_MAX];
	struct reader *r = make_reader();
	unsigned int i;
	bool good = r;

	bed__clear(b);
	for (i = 0; i < RST_READERS_MAX; i++)
		die_as_reader(&maps);
	good = good && reader_places(maps.info, places) == 1 && !places[0].lives;
	ok(good, "the place of a process that was killed is taken by the next");
	good = good && !reader__register(r, &maps, 0, NULL) &&
	       reader_places(maps.info, places) == 1 && places[0].lives;
	ok(good, "... at once, and by one that lives");
	good = good && feed_resets(b);
	reader__free(r);
	ok(good && !bed__count(b, RST_CNT_UNREAD), "its events come");
}

static void check_unread(struct bed *b)
{
	struct reader_maps maps = maps_of(b);
	struct reader *first = make_reader(), *second = make_reader(), *third = make_reader();
	uint64_t n = 0;
	bool good = first && second && third;

	good = good && !reader__register(first, &maps, 7, &n);
	ok(good && n == 7, "a first reader is told of all that nobody has read");
	good = good && !reader__register(second, &maps, 7, &n);
	ok(good && !n, "a second one beside it not again");
	reader__free(first);
	reader__free(second);
	good = good && !reader__register(third, &maps, 12, &n);
	ok(good && n == 5, "a later one of what has come since");
	reader__free(third);
}

int main(void)
{
	const struct bed_config cfg = { .slots = 1024 };
	struct bed *b;

	if (!begin("readers of the recorder"))
		return 0;
	b = bed__open(&cfg, -1);
	if (!b) {
		ok(false, "load the wire view: %s", strerror(errno));
		return finish();
	}
	check_many(b, 1);
	check_many(b, 2);
	check_many(b, RST_READERS_MAX);
	check_lazy(b);
	check_join(b);
	check_nobody(b);
	check_places(b);
	check_dead(b);
	check_unread(b);
	bed__close(b);
	return finish();
}
