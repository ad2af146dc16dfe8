/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rst_recorder.bpf.h - the flight recorder, and the event that a RST raises.
 *
 * Every TCP segment leaves a record in the ring of the CPU that it crosses, linked to the one
 * before it in its bucket of flows: no lock, no hash table, no copy to user space. Only a RST costs more: the ring is searched backwards for the segment
 * that it answers, and both go to user space with the id of the kernel's own account of it.
 */
#ifndef RST_RECORDER_BPF_H
#define RST_RECORDER_BPF_H

#include "rst_maps.bpf.h"
#include "rst_parse.bpf.h"

/* <sys/socket.h> is not for BPF. */
#define AF_UNSPEC 0
#define AF_INET 2
#define AF_INET6 10
#define AF_PACKET 17
#define SOCK_RAW 3

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RST_RING_CPUS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct rst_cpu);
} rst_cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, RST_READERS_MAX);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__array(values, struct rst_events_map);
} rst_readers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, RST_READERS_MAX);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__array(values, struct rst_handoff_map);
} rst_handoffs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RST_READERS_MAX);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct rst_reader_info);
} rst_reader_info SEC(".maps");

/* Where an event is made: on the stack the verifier would follow each of its values. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rst_ev_wire);
} rst_scratch SEC(".maps");

/*
 * The last eight bytes of a record, in one store. @tcp12: those of the TCP header from the 13th on,
 * of which the first, the data offset, makes room for the TTL. And an IPv4 address as the last four
 * bytes of eight.
 */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LAST_BYTES(ttl, tcp12, len, ipid) \
	((tcp12 & 0xffffff00) | (ttl) | (len) << 32 | (ipid) << 48)
#define IPV4_WORD(addr) ((addr) << 32)
#else
#define LAST_BYTES(ttl, tcp12, len, ipid) \
	(((tcp12 & 0x00ffffff) | (ttl) << 24) << 32 | (len) << 16 | (ipid))
#define IPV4_WORD(addr) (addr)
#endif

/* Both return what rst_flow_hash() wants of the addresses. */
static __always_inline __u64 store_v6(struct rst_pkt *rec, const struct segment *seg)
{
	const __u64 *from = seg->ip + offsetof(struct ipv6hdr, saddr);
	__u64 *s = (__u64 *)rec->saddr, *d = (__u64 *)rec->daddr, x;

	x = s[0] = from[0];
	x ^= s[1] = from[1];
	x ^= d[0] = from[2];
	x ^= d[1] = from[3];
	return (x ^ x << 32) & ~0xffffffffULL;
}

static __always_inline __u64 store_v4(struct rst_pkt *rec, const struct segment *seg)
{
	const __u32 *from = seg->ip + offsetof(struct iphdr, saddr);
	__u64 *s = (__u64 *)rec->saddr, *d = (__u64 *)rec->daddr, x;

	s[0] = 0;
	d[0] = 0;
	x = s[1] = IPV4_WORD((__u64)from[0]);
	x ^= d[1] = IPV4_WORD((__u64)from[1]);
	return IPV4_WORD(1ULL) == 1 ? x << 32 : x;
}

static __always_inline void store_address(__u8 *to, const void *from, __u8 is_v6)
{
	__u32 *word = (__u32 *)to;
	const __u32 *src = from;

	if (is_v6) {
		word[0] = src[0];
		word[1] = src[1];
		word[2] = src[2];
		word[3] = src[3];
	} else {
		word[0] = 0;
		word[1] = 0;
		word[2] = 0;
		word[3] = src[0];
	}
}

static __always_inline int same_address(const __u8 *a, const __u8 *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;

	return x[0] == y[0] && x[1] == y[1];
}

static __always_inline void count(__u32 cpu, enum rst_count what)
{
	struct rst_cpu *c = bpf_map_lookup_elem(&rst_cpus, &cpu);

	if (c)
		c->count[what]++;
}

/* All of a record but its time. Returns the hash of its flow, and @ret_rest for rst_link(). */
static __always_inline __u64 fill_record(struct rst_pkt *rec, const struct segment *seg, __u64 meta,
					 __u32 cpu, __u64 *ret_rest)
{
	__u64 len = seg->payload, numbers, last, ports, addresses;
	const void *tcp = seg->tcp;

	if (len > 0xffff) {
		if (len & PAYLOAD_JUMBO)
			count(cpu, RST_CNT_JUMBO);
		len &= 0xffffffff;
		if (len > 0xffff) {
			len = 0xffff;
			meta |= RST_META_LEN_MAX;
		}
	}
	last = *(const __u32 *)(tcp + 12);
	if (seg->is_v6) {
		const struct ipv6hdr *ip = seg->ip;

		last = LAST_BYTES((__u64)ip->hop_limit, last, len, 0ULL);
		meta |= RST_META_V6;
		addresses = store_v6(rec, seg);
	} else {
		const struct iphdr *ip = seg->ip;

		last = LAST_BYTES((__u64)ip->ttl, last, len, (__u64)ip->id);
		addresses = store_v4(rec, seg);
	}
	*(__u64 *)&rec->ttl = last;
	rec->meta = meta;
	numbers = *(const __u64 *)(tcp + offsetof(struct tcphdr, seq));
	*(__u64 *)&rec->seq = numbers;
	*ret_rest = rst_rest(numbers, last, meta);
	ports = *(const __u32 *)tcp;
	*(__u32 *)&rec->sport = ports;
	return rst_flow_hash(addresses, (ports ^ ports >> 16) & 0xffff);
}

static __always_inline int same_family(const struct rst_pkt *a, const struct rst_pkt *b)
{
	return !((a->meta ^ b->meta) & RST_META_V6);
}

/* Does @rec run from the RST's receiver to its sender? */
static __always_inline int is_opposite(const struct rst_pkt *rec, const struct rst_pkt *rst)
{
	return same_family(rec, rst) && rec->sport == rst->dport && rec->dport == rst->sport &&
	       same_address(rec->saddr, rst->daddr) && same_address(rec->daddr, rst->saddr);
}

static __always_inline int is_same_way(const struct rst_pkt *rec, const struct rst_pkt *rst)
{
	return same_family(rec, rst) && rec->sport == rst->sport && rec->dport == rst->dport &&
	       same_address(rec->saddr, rst->saddr) && same_address(rec->daddr, rst->daddr);
}

/* RFC 9293, 3.10.7.1: what a reset that answers @rec must look like. */
static __always_inline int answers_exactly(const struct rst_pkt *rec, const struct rst_pkt *rst)
{
	if (rec->flags & TCP_RST)
		return 0;
	if (rec->flags & TCP_ACK)
		return !(rst->flags & TCP_ACK) && rec->ack == rst->seq;
	return (rst->flags & TCP_ACK) && rst->seq == 0 &&
	       bpf_ntohl(rst->ack) == bpf_ntohl(rec->seq) + rec->len + !!(rec->flags & TCP_SYN) +
					      !!(rec->flags & TCP_FIN);
}

/*
 * Searches this CPU's ring, newest first, from before the RST's own record.
 * Copies the best match to @ev; user space looks wider when it is not exact.
 */
static __always_inline void find_answered(struct rst_ev_wire *ev, const struct rst_ring *ring)
{
	__u32 i;

	ev->answer = RST_ANSWER_NONE;
	ev->answers.ts_ns = 0;
	for (i = 2; i < RST_SCAN_BACK && i <= ring_slots; i++) {
		const struct rst_pkt *rec = &ring->rec[(ring->head - i) & (ring_slots - 1)];

		if (!rec->ts_ns)
			return;
		if (is_opposite(rec, &ev->rst)) {
			if (answers_exactly(rec, &ev->rst)) {
				ev->answers = *rec;
				ev->answer = RST_ANSWER_EXACT;
				return;
			}
		} else if (!is_same_way(rec, &ev->rst)) {
			continue;
		}
		if (ev->answer == RST_ANSWER_NONE) {
			ev->answers = *rec;
			ev->answer = RST_ANSWER_NEWEST;
		}
	}
}

static __always_inline int meets_kernel_half(const struct rst_handoff *h, const struct rst_pkt *rst,
					     __u64 now)
{
	if (!h->kernel_id || now - h->kernel_ts > RST_HANDOFF_NS)
		return 0;
	if (h->kernel_peer_port != rst->dport || h->kernel_peer != last_word(rst->daddr))
		return 0;
	if (h->kernel_func == RST_FUNC_ACTIVE)
		return (rst->flags & TCP_ACK) && h->kernel_ack == bpf_ntohl(rst->ack);
	if (rst->flags & TCP_ACK)
		return rst->seq == 0 && h->kernel_ack == bpf_ntohl(rst->ack);
	return h->kernel_seq == bpf_ntohl(rst->seq);
}

static __always_inline void copy_tuple(struct rst_tuple *to, const struct rst_pkt *from)
{
	store_address(to->saddr, from->saddr, 1);
	store_address(to->daddr, from->daddr, 1);
	to->sport = from->sport;
	to->dport = from->dport;
	to->family = from->meta & RST_META_V6 ? AF_INET6 : AF_INET;
	to->pad = 0;
}

/*
 * Does the flow of this reset have a socket at this moment? The kernel's look-up may just have
 * failed to find it. Asked only for what answers a segment that carried an ACK: it may belong to
 * a connection. @segment: as TCP saw it, NULL = the reverse of the RST
 */
static __always_inline void look_up_socket(struct __sk_buff *skb, struct rst_ev_wire *ev,
					   const struct rst_tuple *segment)
{
	struct bpf_sock_tuple t = {};
	struct bpf_tcp_sock *tp;
	struct bpf_sock *sk;
	__u32 len = sizeof(t.ipv4);

	if (ev->rst.meta & RST_META_V6) {
		len = sizeof(t.ipv6);
		store_address((void *)t.ipv6.saddr, segment ? segment->saddr : ev->rst.daddr, 1);
		store_address((void *)t.ipv6.daddr, segment ? segment->daddr : ev->rst.saddr, 1);
		t.ipv6.sport = segment ? segment->sport : ev->rst.dport;
		t.ipv6.dport = segment ? segment->dport : ev->rst.sport;
	} else {
		t.ipv4.saddr = last_word(segment ? segment->saddr : ev->rst.daddr);
		t.ipv4.daddr = last_word(segment ? segment->daddr : ev->rst.saddr);
		t.ipv4.sport = segment ? segment->sport : ev->rst.dport;
		t.ipv4.dport = segment ? segment->dport : ev->rst.sport;
	}
	ev->now_asked = 1;
	sk = bpf_skc_lookup_tcp(skb, &t, len, BPF_F_CURRENT_NETNS, 0);
	if (!sk)
		return;
	/* A listener has no numbers, although bpf_tcp_sock() grants some. */
	if (sk->state != BPF_TCP_LISTEN) {
		ev->now_state = sk->state;
		tp = bpf_tcp_sock(sk);
		if (tp) {
			ev->now_full = 1;
			ev->now_rcv_nxt = tp->rcv_nxt;
			ev->now_snd_nxt = tp->snd_nxt;
		}
	}
	bpf_sk_release(sk);
}

static __always_inline struct rst_handoff *handoff_of(__u32 slot)
{
	void *handoff = bpf_map_lookup_elem(&rst_handoffs, &slot);
	__u32 zero = 0;

	return handoff ? bpf_map_lookup_elem(handoff, &zero) : NULL;
}

/*
 * The segment that a RST of our own answers, as the kernel view of some reader has it: all of them
 * see the same. @ret_any: is there a reader at all?
 */
static __always_inline const struct rst_tuple *find_segment(const struct rst_ev_wire *ev,
							    int *ret_any)
{
	const struct rst_tuple *segment = NULL;
	__u32 slot;

	for (slot = 0; slot < RST_READERS_MAX; slot++) {
		struct rst_handoff *h = handoff_of(slot);

		if (!h)
			continue;
		*ret_any = 1;
		if (!segment && meets_kernel_half(h, &ev->rst, ev->hdr.ts_ns))
			segment = &h->kernel_segment;
	}
	return segment;
}

/* Takes the kernel's half of this reset, or leaves ours for it. */
static __always_inline void join_kernel(struct rst_handoff *h, struct rst_ev_wire *ev)
{
	if (meets_kernel_half(h, &ev->rst, ev->hdr.ts_ns)) {
		ev->hdr.join_id = h->kernel_id;
		h->kernel_id = 0;
		h->wire_id = 0;
		return;
	}
	h->wire_id = ev->hdr.id;
	h->wire_ts = ev->hdr.ts_ns;
	h->wire_seq = bpf_ntohl(ev->rst.seq);
	h->wire_ack = bpf_ntohl(ev->rst.ack);
	h->wire_flags = ev->rst.flags;
	copy_tuple(&h->wire, &ev->rst);
}

/* @is_own: a RST that this host sends. Returns whether the reader has got the event. */
static __always_inline int report(struct rst_ev_wire *ev, __u32 slot, int is_own)
{
	void *events = bpf_map_lookup_elem(&rst_readers, &slot);
	struct rst_handoff *h = handoff_of(slot);

	if (!events || !h)
		return 0;
	ev->hdr.id = new_event_id(ev->hdr.cpu, h);
	ev->hdr.join_id = 0;
	if (is_own)
		join_kernel(h, ev);
	if (!bpf_ringbuf_output(events, ev, sizeof(*ev), 0))
		return 1;
	h->lost_wire++;
	return 0;
}

/* @sk: of any family: AF_PACKET's sockets and those of taps have no address */
static __always_inline enum rst_maker maker_of_socket(struct bpf_sock *sk)
{
	__u32 family;

	sk = bpf_sk_fullsock(sk);
	if (!sk)
		return RST_MAKER_TCP; /* a request, or TIME_WAIT */
	family = sk->family;
	if (family == AF_PACKET)
		return RST_MAKER_PACKET;
	if (family == AF_UNSPEC)
		return RST_MAKER_QUEUE;
	if (family != AF_INET && family != AF_INET6)
		return RST_MAKER_OTHER;
	if (sk->type == SOCK_RAW)
		return sk->protocol == IPPROTO_TCP ? RST_MAKER_ANSWERER : RST_MAKER_RAW;
	return sk->protocol == IPPROTO_TCP ? RST_MAKER_TCP : RST_MAKER_OTHER;
}

/* Is the RST for the very socket that its buffer is of? Then what the socket sent was turned into it. */
static __always_inline int is_turned(struct bpf_sock *sk, const struct rst_pkt *rst)
{
	__u32 v4 = sk->src_ip4, v6 = sk->src_ip6[3], address;

	/* Or clang chooses the offset first, and the verifier takes no computed one. */
	barrier_var(v4);
	barrier_var(v6);
	address = rst->meta & RST_META_V6 ? v6 : v4;
	return sk->src_port == bpf_ntohs(rst->dport) && address == last_word(rst->daddr);
}

/* Who made the RST, as its buffer tells. */
static __always_inline enum rst_maker find_maker(struct __sk_buff *skb, const struct rst_pkt *rst,
						 int leaving)
{
	struct bpf_sock *sk = skb->sk;

	if (!leaving)
		return sk && is_turned(sk, rst) ? RST_MAKER_TURNED : RST_MAKER_NOT_ASKED;
	if (skb->ingress_ifindex)
		return RST_MAKER_CAME_IN;
	return sk ? maker_of_socket(sk) : RST_MAKER_NONE;
}

/* The event is made once, and copied to each reader with an id of its own. */
static __noinline int raise_reset(struct __sk_buff *skb, struct rst_pkt *rec, struct rst_ring *ring,
				  enum rst_maker maker)
{
	__u32 cpu = bpf_get_smp_processor_id(), zero = 0, slot;
	int any = 0, reported = 0, is_own;
	const struct rst_tuple *segment;
	struct rst_ev_wire *ev;
	struct rst_cpu *c;

	/* Nothing here reads it; whoever looks for the maps of this program finds it, too. */
	asm volatile("" : : "r"(&rst_reader_info));
	c = bpf_map_lookup_elem(&rst_cpus, &cpu);
	ev = bpf_map_lookup_elem(&rst_scratch, &zero);
	if (!rec || !ring || !c || !ev)
		return 0;
	c->count[RST_CNT_RESETS]++;
	__builtin_memset(ev, 0, sizeof(*ev));
	ev->hdr.type = RST_EV_WIRE;
	ev->hdr.version = RST_ABI_VERSION;
	ev->hdr.cpu = cpu;
	ev->hdr.ts_ns = rec->ts_ns;
	ev->rst = *rec;
	ev->maker = maker;
	segment = find_segment(ev, &any);
	if (!any) {
		c->count[RST_CNT_UNREAD]++;
		return 0;
	}
	/* A forwarded RST is nobody's here: it must not take or leave anything. */
	is_own = skb && !(rec->meta & RST_META_FORWARDED);
	if (skb && maker == RST_MAKER_CAME_IN)
		ev->now_rcv_nxt = skb->ingress_ifindex;
	else if (is_own && !(rec->flags & TCP_ACK))
		look_up_socket(skb, ev, segment);
	find_answered(ev, ring);
	for (slot = 0; slot < RST_READERS_MAX; slot++)
		reported |= report(ev, slot, is_own);
	if (!reported)
		c->count[RST_CNT_UNREAD]++;
	return 0;
}

/*
 * The bits of skb->mark that a RST gets; mask 0 = none, and no code is left that could write one.
 * Both values are below the mask. User space may set them before load.
 */
const volatile __u32 mark_mask = 0;
const volatile __u32 mark_value = 0;
const volatile __u32 mark_active = 0;

/*
 * Did our TCP send this RST on its own initiative? The RST itself says so, whatever is probed:
 * tcp_send_active_reset() sets ACK and the connection's next sequence number. What answers a
 * segment (tcp_v4_send_reset(), nf_send_reset() and those of IPv6) sets ACK only with sequence
 * number 0 (RFC 9293, 3.10.7.1).
 */
static __always_inline int is_active(const struct rst_pkt *rst)
{
	return (rst->flags & TCP_ACK) && rst->seq;
}

/* @is_own: sent by this host */
static __always_inline void mark_reset(struct __sk_buff *skb, const struct rst_pkt *rst, int is_own)
{
	if (mark_mask)
		skb->mark = (skb->mark & ~mark_mask) |
			    (is_own && is_active(rst) ? mark_active : mark_value);
}

/**
 * record() - leave one segment in this CPU's ring
 * @seg: from parse_tcp()
 * @meta: RST_META_* known to the caller: interface, hook, GSO, forwarded
 * @skb: the packet; NULL for XDP
 * @leaving: the same at tc egress, where it meets the kernel's account; else NULL
 */
static __always_inline void record(const struct segment *seg, __u32 meta, struct __sk_buff *skb,
				   struct __sk_buff *leaving)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct rst_ring *ring;
	struct rst_pkt *rec;
	__u64 n, slot, hash, rest;
	enum rst_maker maker = RST_MAKER_NOT_ASKED;
	__u32 *newest;

	ring = bpf_map_lookup_elem(&rst_ring, &cpu);
	if (!ring) {
		count(cpu, RST_CNT_NO_SLOT);
		return;
	}
	n = ring->head + 1;
	slot = ring->head & ((__u64)ring_slots - 1);
	if (!slot) {
		ring->abi = RST_ABI_VERSION;
		ring->slots = ring_slots;
	}
	rec = &ring->rec[slot];
	barrier_var(rec); /* or clang computes it again and again */
	hash = fill_record(rec, seg, meta, cpu, &rest);
	rec->ts_ns = bpf_ktime_get_ns();
	newest = &ring->newest[rst_bucket(hash)];
	ring->link[slot] = rst_link(hash, rec->ts_ns, rest, n, *newest);
	/* On x86 stores are seen in this order; where not, the check tells (rst_ring.h). */
	barrier();
	*newest = n;
	ring->head = n;
	if (!(rec->flags & TCP_RST))
		return;
	if (skb) {
		mark_reset(skb, rec, leaving && !(meta & RST_META_FORWARDED));
		maker = find_maker(skb, rec, leaving != NULL);
	}
	raise_reset(leaving, rec, ring, maker);
}

/* Counts a packet that parse_tcp() would not read. @why: its return value. */
static __always_inline void count_refused(int why)
{
	if (why == PARSE_OTHER)
		return;
	if (why == PARSE_SHORT)
		why = RST_CNT_TRUNCATED;
	if (why > 0 && why < RST_CNT_MAX)
		count(bpf_get_smp_processor_id(), why);
}

#endif
