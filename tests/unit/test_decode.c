// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_decode.c - event bytes as BPF, a recording, or an attacker makes them.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <netinet/tcp.h>

#include "live/decode.h"
#include "rst_event.h"
#include "samples.h"

static const char *name_reason(void *ctx, int value)
{
	(void)ctx;
	return value == 1 ? "NO_SOCKET" : NULL;
}

static void name_frame(void *ctx, uint64_t addr, struct frame *ret)
{
	static const char *const symbols[] = { NULL, "bpf_get_stack", "__traceiter_tcp_send_reset",
					       "tcp_v4_send_reset", "bpf_of_the_kernel" };

	(void)ctx;
	*ret = (struct frame){ .addr = addr };
	if (addr < ARRAY_SIZE(symbols))
		*ret = (struct frame){ symbols[addr], "", addr, 0x12, 0x34 };
}

static const struct kernel_names names = { name_reason, name_frame, NULL };

static struct rst_ev_hdr header(uint16_t type)
{
	return (struct rst_ev_hdr){ .type = type,
				    .version = RST_ABI_VERSION,
				    .cpu = 3,
				    .ts_ns = T0,
				    .id = 11,
				    .join_id = 12 };
}

static struct rst_pkt record_of(const struct family *f)
{
	struct rst_pkt p = {
		.ts_ns = T0,
		.sport = htons(80),
		.dport = htons(40000),
		.seq = htonl(0x01020304),
		.ack = htonl(0xfffefdfc),
		.meta = 7 | RST_HOOK_TC_EGRESS << RST_META_HOOK_SHIFT |
			(f->af == AF_INET6 ? RST_META_V6 : 0),
		.len = 1448,
		.window = htons(501),
		.ipid = htons(0xabcd),
		.flags = FLAG_RST | FLAG_ACK,
		.ttl = 64,
	};

	set_host(p.saddr, f->af, LOCAL);
	set_host(p.daddr, f->af, PEER);
	return p;
}

static struct rst_ev_wire wire_of(const struct family *f)
{
	return (struct rst_ev_wire){ .hdr = header(RST_EV_WIRE),
				     .rst = record_of(f),
				     .answers = record_of(f),
				     .answer = RST_ANSWER_EXACT };
}

static struct rst_tuple wire_tuple(const struct family *f)
{
	struct rst_tuple t = { .sport = htons(80), .dport = htons(40000), .family = f->af };

	set_host(t.saddr, f->af, LOCAL);
	set_host(t.daddr, f->af, PEER);
	return t;
}

static struct rst_ev_kernel kernel_of(const struct family *f)
{
	struct rst_ev_kernel k = {
		.hdr = header(RST_EV_KERNEL),
		.sk = wire_tuple(f),
		.skb = wire_tuple(f),
		.has = RST_HAS_SK | RST_HAS_FULLSK | RST_HAS_SKB | RST_HAS_REASON | RST_HAS_NFCT,
		.sk_flags = 0x311,
		.sk_lingertime = 5,
		.sk_ino = 4711,
		.sk_cgroup = 42,
		.rcv_nxt = 100,
		.snd_nxt = 200,
		.linger2 = -1,
		.skb_seq = 300,
		.skb_ack = 400,
		.skb_len = 10,
		.skb_flags = FLAG_ACK,
		.reason = 1,
		.tgid = 77,
		.exit_code = 9,
		.func = RST_FUNC_PASSIVE,
		.sk_state = TCP_CLOSE,
		.comm = "nginx",
	};

	return k;
}

/* In memory of exactly @len bytes, so that ASan sees a read beyond. */
static int decode_exactly(const void *buf, size_t len, struct event *ret)
{
	void *copy = malloc(len);
	int err;

	memcpy(copy, buf, len);
	err = decode_event(copy, len, &names, ret);
	free(copy);
	return err;
}

static void test_wire(const struct family *f)
{
	struct rst_ev_wire in = wire_of(f);
	struct tuple want = make_tuple(f->af, LOCAL, 80, PEER, 40000);
	const struct packet *p;
	struct event ev;

	if (!check_int(decode_exactly(&in, sizeof(in), &ev), 0, "a wire event is read (%s)",
		       f->name))
		return;
	p = &ev.wire.rst;
	check_int(ev.kind, EVENT_WIRE, "its kind is known (%s)", f->name);
	check_int(ev.wire.id, 11, "its id is kept (%s)", f->name);
	check_int(ev.wire.join_id, 12, "the id of the kernel's account is kept (%s)", f->name);
	check(tuple_equal(&p->tuple, &want), "the tuple is in host order (%s)", f->name);
	check_int(p->seq, 0x01020304, "SEQ is in host order (%s)", f->name);
	check_int(p->ack, 0xfffefdfcu, "ACK is in host order (%s)", f->name);
	check_int(p->window, 501, "the window is in host order (%s)", f->name);
	check_int(p->ipid, 0xabcd, "the IP id is in host order (%s)", f->name);
	check_int(p->len, 1448, "the length is kept (%s)", f->name);
	check_int(p->ifindex, 7, "the interface is apart from the other bits (%s)", f->name);
	check_int(p->hook, HOOK_TC_EGRESS, "the hook is apart from the other bits (%s)", f->name);
	check_int(p->cpu, 3, "the CPU is that of the header (%s)", f->name);
	check_int(p->ttl, 64, "the TTL is kept (%s)", f->name);
	check_int(ev.wire.match, ANSWER_EXACT, "the answer's match is kept (%s)", f->name);
}

static void test_meta(void)
{
	static const struct {
		const char *name;
		uint32_t meta;
		uint32_t ifindex;
		enum hook hook;
		bool gso, forwarded;
	} rows[] = {
		{ "no bits are XDP on interface 0", 0, 0, HOOK_XDP, false, false },
		{ "the largest interface index fits", RST_META_IFINDEX, 0xffffff, HOOK_XDP, false,
		  false },
		{ "tc ingress is read", RST_HOOK_TC_INGRESS << RST_META_HOOK_SHIFT | 1, 1,
		  HOOK_TC_INGRESS, false, false },
		{ "GSO is read", RST_META_GSO | 1, 1, HOOK_XDP, true, false },
		{ "forwarded is read", RST_META_FORWARDED | 1, 1, HOOK_XDP, false, true },
		{ "all bits at once do no harm", 0xffffffff, 0xffffff, HOOK_PCAP, true, true },
	};
	struct packet p;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rst_pkt rec = { .ts_ns = 1, .meta = rows[i].meta };

		decode_packet(&rec, 9, &p);
		check(p.ifindex == rows[i].ifindex && p.hook == rows[i].hook &&
			      p.gso == rows[i].gso && p.forwarded == rows[i].forwarded &&
			      p.cpu == 9,
		      "%s", rows[i].name);
	}
}

static void test_answer_numbers(void)
{
	static const struct {
		uint32_t number;
		enum answer_match want;
	} rows[] = { { RST_ANSWER_NONE, ANSWER_NONE },
		     { RST_ANSWER_NEWEST, ANSWER_NEWEST },
		     { RST_ANSWER_EXACT, ANSWER_EXACT },
		     { 3, ANSWER_NONE },
		     { 0xffffffff, ANSWER_NONE } };
	struct rst_ev_wire in = wire_of(&families[0]);
	struct event ev;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		in.answer = rows[i].number;
		decode_exactly(&in, sizeof(in), &ev);
		check_int(ev.wire.match, rows[i].want, "match number %u is understood",
			  rows[i].number);
	}
}

static void test_kernel(const struct family *f)
{
	struct rst_ev_kernel in = kernel_of(f);
	struct tuple want = make_tuple(f->af, LOCAL, 80, PEER, 40000);
	const struct kernel_event *k;
	struct event ev;

	if (!check_int(decode_exactly(&in, sizeof(in), &ev), 0, "a kernel event is read (%s)",
		       f->name))
		return;
	k = &ev.kernel;
	check_int(ev.kind, EVENT_KERNEL, "its kind is known (%s)", f->name);
	check(k->id == 11 && k->join_id == 12 && k->ts_ns == T0 && k->cpu == 3,
	      "its header is kept (%s)", f->name);
	check(tuple_equal(&k->sock.tuple, &want), "the socket's tuple is in host order (%s)",
	      f->name);
	check(k->has_segment && tuple_equal(&k->segment, &want),
	      "the segment's tuple is in host order (%s)", f->name);
	check(k->segment_seq == 300 && k->segment_ack == 400 && k->segment_len == 10 &&
		      k->segment_flags == FLAG_ACK,
	      "the segment's numbers are not turned again (%s)", f->name);
	check(k->sock.present && k->sock.full && k->sock.flags == 0x311 &&
		      k->sock.lingertime == 5 && k->sock.linger2 == -1 && k->sock.ino == 4711 &&
		      k->sock.cgroup == 42 && k->sock.rcv_nxt == 100 && k->sock.snd_nxt == 200,
	      "the socket's fields are kept (%s)", f->name);
	check_str(k->reason, "NO_SOCKET", "the reason has its name (%s)", f->name);
	check_str(k->comm, "nginx", "the task's name is kept (%s)", f->name);
	check_int(k->tgid, 77, "the task's id is kept (%s)", f->name);
	check(!k->exiting && !k->oom_killed && k->exit_code == 9,
	      "a task that lives is not exiting (%s)", f->name);
}

static void test_calls(void)
{
	static const enum kernel_call want[] = {
		[RST_FUNC_PASSIVE] = CALL_PASSIVE,   [RST_FUNC_ACTIVE] = CALL_ACTIVE,
		[RST_FUNC_RECEIVE] = CALL_RECEIVE,   [RST_FUNC_REJECT] = CALL_REJECT,
		[RST_FUNC_NF_DROP] = CALL_NF_DROP,   [RST_FUNC_CHALLENGE] = CALL_CHALLENGE,
		[RST_FUNC_TIMEWAIT] = CALL_TIMEWAIT, [RST_FUNC_WINDOW] = CALL_WINDOW
	};
	struct rst_ev_kernel in = kernel_of(&families[0]);
	unsigned int func, accepted = 0;
	struct event ev;

	for (func = 0; func < 256; func++) {
		int err;

		in.func = (uint8_t)func;
		err = decode_exactly(&in, sizeof(in), &ev);
		if (func >= 1 && func < ARRAY_SIZE(want))
			check(!err && ev.kernel.call == want[func], "function %u is known", func);
		else
			accepted += err != -EPROTO;
	}
	check_int(accepted, 0, "functions that we do not know are refused");
}

static void test_lookups(void)
{
	static const struct {
		const char *name;
		uint32_t has;
		uint8_t state, func;
		enum lookup want;
	} rows[] = {
		{ "no socket is a look-up that found nothing", 0, 0, RST_FUNC_PASSIVE,
		  LOOKUP_NONE },
		{ "without a socket its state means nothing", 0, TCP_LISTEN, RST_FUNC_PASSIVE,
		  LOOKUP_NONE },
		{ "LISTEN is a listener", RST_HAS_SK, TCP_LISTEN, RST_FUNC_PASSIVE,
		  LOOKUP_LISTENER },
		{ "TIME_WAIT is a mini-socket", RST_HAS_SK, TCP_TIME_WAIT, RST_FUNC_PASSIVE,
		  LOOKUP_TIMEWAIT },
		{ "NEW_SYN_RECV is a request", RST_HAS_SK, 12, RST_FUNC_PASSIVE, LOOKUP_REQUEST },
		{ "ESTABLISHED is established", RST_HAS_SK, TCP_ESTABLISHED, RST_FUNC_PASSIVE,
		  LOOKUP_ESTABLISHED },
		{ "CLOSE is another state", RST_HAS_SK, TCP_CLOSE, RST_FUNC_PASSIVE, LOOKUP_OTHER },
		{ "a state that does not exist is another state", RST_HAS_SK, 255, RST_FUNC_PASSIVE,
		  LOOKUP_OTHER },
		{ "netfilter looks no socket up", 0, 0, RST_FUNC_REJECT, LOOKUP_UNKNOWN },
	};
	struct event ev;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rst_ev_kernel in = kernel_of(&families[0]);

		in.has = rows[i].has;
		in.sk_state = rows[i].state;
		in.func = rows[i].func;
		decode_exactly(&in, sizeof(in), &ev);
		check_int(ev.kernel.lookup, rows[i].want, "%s", rows[i].name);
	}
}

static void test_conntrack(void)
{
	static const struct {
		const char *name;
		uint32_t has;
		uint64_t nfct;
		uint32_t status;
		enum ct_state state;
		bool entry, snat, dnat;
	} rows[] = {
		{ "a mark that was not read says nothing", 0, 8, 0, CT_UNKNOWN, false, false,
		  false },
		{ "no mark is none", RST_HAS_NFCT, 0, 0, CT_NONE, false, false, false },
		{ "7 is untracked", RST_HAS_NFCT, 7, 0, CT_UNTRACKED, false, false, false },
		{ "an entry in original direction is established", RST_HAS_NFCT | RST_HAS_CT, 8,
		  0x30, CT_ESTABLISHED, true, true, true },
		{ "an entry in reply direction is established", RST_HAS_NFCT | RST_HAS_CT, 8 + 3,
		  0x10, CT_ESTABLISHED, true, true, false },
		{ "an expected connection is related", RST_HAS_NFCT | RST_HAS_CT, 8 + 1, 0x20,
		  CT_RELATED, true, false, true },
		{ "a new entry is new", RST_HAS_NFCT | RST_HAS_CT, 8 + 2, 0, CT_NEW, true, false,
		  false },
		{ "an entry with a number beyond the enum is not known", RST_HAS_NFCT | RST_HAS_CT,
		  8 + 7, 0, CT_UNKNOWN, true, false, false },
		{ "a report of conntrack makes it INVALID", RST_HAS_NFCT | RST_HAS_INVALID, 0, 0,
		  CT_INVALID, false, false, false },
	};
	struct event ev;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rst_ev_kernel in = kernel_of(&families[0]);
		const struct conntrack *ct = &ev.kernel.ct;

		in.has = rows[i].has;
		in.nfct = rows[i].nfct;
		in.ct.status = rows[i].status;
		decode_exactly(&in, sizeof(in), &ev);
		check_int(ct->state, rows[i].state, "%s", rows[i].name);
		check(ct->has_entry == rows[i].entry && ct->snat == rows[i].snat &&
			      ct->dnat == rows[i].dnat,
		      "... and its entry and NAT bits are right");
	}
}

static void test_why(void)
{
	static const struct {
		const char *name;
		const char *why;
		const char *want;
	} rows[] = {
		{ "conntrack's words are kept", "invalid new", "invalid new" },
		{ "an argument that we do not have is left out with its space",
		  "SEQ is over upper bound %u (over the window)",
		  "SEQ is over upper bound (over the window)" },
		{ "an argument inside brackets is left out", "packet (index %d) in dir %d invalid",
		  "packet (index) in dir invalid" },
		{ "an argument alone leaves nothing", "%s", "" },
		{ "a format character at the very end is no argument", "loss of 100%",
		  "loss of 100%" },
		{ "no words are no words", "", "" },
	};
	struct rst_ev_kernel in = kernel_of(&families[0]);
	struct event ev;
	size_t i;

	in.has = RST_HAS_INVALID | RST_HAS_NFCT;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(in.why, 'x', sizeof(in.why));
		strcpy(in.why, rows[i].why);
		decode_exactly(&in, sizeof(in), &ev);
		check_str(ev.kernel.ct.why, rows[i].want, "%s", rows[i].name);
	}
	memset(in.why, 'w', sizeof(in.why));
	decode_exactly(&in, sizeof(in), &ev);
	check_int(strlen(ev.kernel.ct.why), RST_WHY_LEN,
		  "words without an end are cut at their field");
	check_int(strspn(ev.kernel.ct.why, "w"), RST_WHY_LEN,
		  "... and nothing of their neighbour is in them");
	memset(in.why, '%', sizeof(in.why));
	decode_exactly(&in, sizeof(in), &ev);
	check(strlen(ev.kernel.ct.why) <= 1, "format characters alone do no harm");
}

static void test_texts(void)
{
	struct rst_ev_kernel in = kernel_of(&families[0]);
	static const int reasons[] = { 2, 99, -1, INT_MAX, INT_MIN };
	struct event ev;
	char want[32];
	size_t i;

	memset(in.comm, 'c', sizeof(in.comm));
	decode_exactly(&in, sizeof(in), &ev);
	check_int(strlen(ev.kernel.comm), RST_COMM_LEN - 1, "a task name without an end is cut");
	for (i = 0; i < ARRAY_SIZE(reasons); i++) {
		in.reason = reasons[i];
		snprintf(want, sizeof(want), "%d", reasons[i]);
		decode_exactly(&in, sizeof(in), &ev);
		check_str(ev.kernel.reason, want, "a reason without a name prints as its number");
	}
	in.has &= ~RST_HAS_REASON;
	decode_exactly(&in, sizeof(in), &ev);
	check_str(ev.kernel.reason, "", "no reason is no text");
}

static void test_stack(void)
{
	struct rst_ev_kernel in = kernel_of(&families[0]);
	struct event ev;
	size_t i;

	in.stack_len = 4;
	in.stack[0] = 1;
	in.stack[1] = 2;
	in.stack[2] = 3;
	in.stack[3] = 4;
	decode_exactly(&in, sizeof(in), &ev);
	check_int(ev.kernel.stack_len, 2, "the frames of our own probe are left out");
	check_str(ev.kernel.stack[0].name, "tcp_v4_send_reset", "the function is innermost then");
	check_str(ev.kernel.stack[1].name, "bpf_of_the_kernel",
		  "what looks like a probe further out is a caller");
	check(ev.kernel.stack[0].addr == 3 && ev.kernel.stack[0].offset == 0x12 &&
		      ev.kernel.stack[0].size == 0x34,
	      "a frame keeps its address, and its place in the function");
	for (i = 0; i < RST_STACK_DEPTH; i++)
		in.stack[i] = 3;
	in.stack_len = 0xffff;
	decode_exactly(&in, sizeof(in), &ev);
	check_int(ev.kernel.stack_len, RST_STACK_DEPTH, "a depth beyond the field is cut");
	in.stack_len = 3;
	in.stack[1] = 1ull << 60;
	decode_exactly(&in, sizeof(in), &ev);
	check(ev.kernel.stack_len == 3 && !ev.kernel.stack[1].name,
	      "an address without a name stays a frame among the callers");
	in.stack[0] = 1ull << 60;
	decode_exactly(&in, sizeof(in), &ev);
	check(ev.kernel.stack_len == 1 && ev.kernel.stack[0].name,
	      "nameless frames before the function are those of the probe");
}

static void test_unread(void)
{
	static const struct {
		const char *name;
		uint32_t has, unread;
		bool known;
	} rows[] = {
		{ "without the probe at close() nothing is known of unread data", 0, 5, false },
		{ "with the probe, nothing found means nothing unread", RST_HAS_CLOSE_ENTRY, 0,
		  true },
		{ "with the probe, the bytes are kept", RST_HAS_CLOSE_ENTRY | RST_HAS_UNREAD, 5,
		  true },
	};
	struct event ev;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rst_ev_kernel in = kernel_of(&families[0]);

		in.has |= rows[i].has;
		in.unread = rows[i].unread;
		decode_exactly(&in, sizeof(in), &ev);
		check(ev.kernel.sock.unread_known == rows[i].known &&
			      (!rows[i].known || ev.kernel.sock.unread == rows[i].unread),
		      "%s", rows[i].name);
	}
}

/* An IPv6 socket that serves IPv4 must compare equal to its packets. */
static void test_mapped(void)
{
	static const struct {
		const char *name;
		bool saddr, daddr;
		uint16_t family;
		uint8_t want;
	} rows[] = {
		{ "a mapped IPv4 connection is IPv4", true, true, AF_INET6, AF_INET },
		{ "a socket with one mapped end stays IPv6", true, false, AF_INET6, AF_INET6 },
		{ "... whichever end it is", false, true, AF_INET6, AF_INET6 },
		{ "an IPv4 tuple stays IPv4", false, false, AF_INET, AF_INET },
		{ "no family stays none", true, true, 0, 0 },
	};
	struct tuple want = make_tuple(AF_INET, LOCAL, 80, PEER, 40000);
	struct event ev;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rst_ev_kernel in = kernel_of(&families[0]);

		memset(in.sk.saddr + 10, rows[i].saddr ? 0xff : 0, 2);
		memset(in.sk.daddr + 10, rows[i].daddr ? 0xff : 0, 2);
		in.sk.family = rows[i].family;
		decode_exactly(&in, sizeof(in), &ev);
		check_int(ev.kernel.sock.tuple.family, rows[i].want, "%s", rows[i].name);
		if (rows[i].want == AF_INET)
			check(tuple_equal(&ev.kernel.sock.tuple, &want),
			      "... and equal to its packets' tuple");
	}
}

/* @want: what a cut event must give; the whole one must be taken. */
static void test_cuts(const char *what, const void *buf, size_t full)
{
	long first_wrong = -1;
	struct event ev;
	size_t len;

	for (len = 0; len < full && first_wrong < 0; len++)
		if (decode_exactly(buf, len, &ev) != -EMSGSIZE)
			first_wrong = (long)len;
	check_int(first_wrong, -1, "a %s event cut at any length is too short", what);
	check_int(decode_exactly(buf, full, &ev), 0, "a whole %s event is taken", what);
}

static void test_strangers(void)
{
	static const struct {
		const char *name;
		uint16_t type, version;
	} rows[] = {
		{ "version 0 is refused", RST_EV_WIRE, 0 },
		{ "the next version is refused", RST_EV_WIRE, RST_ABI_VERSION + 1 },
		{ "version 65535 is refused", RST_EV_KERNEL, 0xffff },
		{ "type 0 is refused", 0, RST_ABI_VERSION },
		{ "the next type is refused", RST_EV_KERNEL + 1, RST_ABI_VERSION },
		{ "type 65535 is refused", 0xffff, RST_ABI_VERSION },
	};
	struct event ev;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rst_ev_kernel in = kernel_of(&families[0]);

		in.hdr.type = rows[i].type;
		in.hdr.version = rows[i].version;
		check_int(decode_exactly(&in, sizeof(in), &ev), -EPROTO, "%s", rows[i].name);
		check_int(decode_exactly(&in, sizeof(in.hdr), &ev), -EPROTO,
			  "... also when only the header is there");
	}
}

static void test_untouched(void)
{
	static const struct {
		const char *name;
		uint16_t type;
		uint8_t func;
		size_t len;
	} rows[] = {
		{ "a wire event that is too short leaves the result alone", RST_EV_WIRE, 1, 40 },
		{ "a kernel event that is too short leaves the result alone", RST_EV_KERNEL, 1,
		  40 },
		{ "a function that we do not know leaves the result alone", RST_EV_KERNEL, 99,
		  sizeof(struct rst_ev_kernel) },
	};
	struct event ev, before;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rst_ev_kernel in = kernel_of(&families[0]);

		memset(&ev, 0xaa, sizeof(ev));
		memset(&before, 0xaa, sizeof(before));
		in.hdr.type = rows[i].type;
		in.func = rows[i].func;
		decode_exactly(&in, rows[i].len, &ev);
		check(!memcmp(&ev, &before, sizeof(ev)), "%s", rows[i].name);
	}
}

static void test_noise(void)
{
	unsigned long long seed = 20261001, state = seed;
	unsigned char buf[sizeof(struct rst_ev_kernel)];
	unsigned int round, bad = 0;
	struct event ev;
	size_t i;

	printf("# seed %llu\n", seed);
	for (round = 0; round < 20000; round++) {
		struct rst_ev_hdr hdr = header(round & 1 ? RST_EV_WIRE : RST_EV_KERNEL);

		for (i = 0; i < sizeof(buf); i++)
			buf[i] = (unsigned char)test_random(&state);
		memcpy(buf, &hdr, sizeof(hdr));
		if (decode_exactly(buf, sizeof(buf), &ev) || ev.kind != EVENT_KERNEL)
			continue;
		bad += ev.kernel.stack_len > CASE_STACK_MAX;
		bad += !memchr(ev.kernel.comm, 0, sizeof(ev.kernel.comm));
		bad += !memchr(ev.kernel.reason, 0, sizeof(ev.kernel.reason));
		bad += !memchr(ev.kernel.ct.why, 0, sizeof(ev.kernel.ct.why));
	}
	check_int(bad, 0, "noise behind a good header keeps within all bounds");
}

int main(void)
{
	struct rst_ev_wire wire = wire_of(&families[0]);
	struct rst_ev_kernel kernel = kernel_of(&families[1]);
	const struct family *f;

	for_each_family(f)
	{
		test_wire(f);
		test_kernel(f);
	}
	test_meta();
	test_answer_numbers();
	test_calls();
	test_lookups();
	test_conntrack();
	test_why();
	test_texts();
	test_stack();
	test_unread();
	test_mapped();
	test_cuts("wire", &wire, sizeof(wire));
	test_cuts("kernel", &kernel, sizeof(kernel));
	test_strangers();
	test_untouched();
	test_noise();
	return test_done();
}
