// SPDX-License-Identifier: GPL-2.0-only
/*
 * decode.c - event bytes into the values of case.h; the only place that turns byte order.
 */
#include "live/decode.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <netinet/tcp.h>

#include "model/kernel_bits.h"
#include "model/stack.h"
#include "rst_event.h"

#define IPS_SRC_NAT 0x10
#define IPS_DST_NAT 0x20

/* The kernel's numbers; <netinet/tcp.h> stops at TCP_CLOSING. */
#define KERNEL_TCP_NEW_SYN_RECV 12

void decode_packet(const struct rst_pkt *rec, uint32_t cpu, struct packet *ret)
{
	*ret = (struct packet){
		.ts_ns = rec->ts_ns,
		.tuple.sport = ntohs(rec->sport),
		.tuple.dport = ntohs(rec->dport),
		.tuple.family = rec->meta & RST_META_V6 ? AF_INET6 : AF_INET,
		.seq = ntohl(rec->seq),
		.ack = ntohl(rec->ack),
		.len = rec->len,
		.ifindex = rec->meta & RST_META_IFINDEX,
		.cpu = cpu,
		.window = ntohs(rec->window),
		.ipid = ntohs(rec->ipid),
		.flags = rec->flags,
		.ttl = rec->ttl,
		.hook = (enum hook)((rec->meta & RST_META_HOOK) >> RST_META_HOOK_SHIFT),
		.gso = rec->meta & RST_META_GSO,
		.forwarded = rec->meta & RST_META_FORWARDED,
	};
	memcpy(ret->tuple.saddr, rec->saddr, 16);
	memcpy(ret->tuple.daddr, rec->daddr, 16);
}

static bool is_mapped(const uint8_t *addr)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(addr, prefix, sizeof(prefix));
}

/* An IPv6 socket that serves IPv4 (RFC 4291, 2.5.5.2) must compare equal to its packets. */
static void unmap(struct tuple *t)
{
	if (t->family != AF_INET6 || !is_mapped(t->saddr) || !is_mapped(t->daddr))
		return;
	t->family = AF_INET;
	memset(t->saddr, 0, 12);
	memset(t->daddr, 0, 12);
}

static void decode_tuple(const struct rst_tuple *from, struct tuple *to)
{
	memset(to, 0, sizeof(*to));
	memcpy(to->saddr, from->saddr, 16);
	memcpy(to->daddr, from->daddr, 16);
	to->sport = ntohs(from->sport);
	to->dport = ntohs(from->dport);
	to->family = from->family;
	unmap(to);
}

static enum maker decode_maker(uint8_t maker)
{
	static const enum maker makers[] = {
		[RST_MAKER_NONE] = MAKER_NONE,	       [RST_MAKER_TCP] = MAKER_TCP,
		[RST_MAKER_ANSWERER] = MAKER_ANSWERER, [RST_MAKER_RAW] = MAKER_RAW,
		[RST_MAKER_PACKET] = MAKER_PACKET,     [RST_MAKER_QUEUE] = MAKER_QUEUE,
		[RST_MAKER_OTHER] = MAKER_OTHER,       [RST_MAKER_CAME_IN] = MAKER_CAME_IN,
		[RST_MAKER_TURNED] = MAKER_TURNED,
	};

	return maker < sizeof(makers) / sizeof(makers[0]) ? makers[maker] : MAKER_NOT_ASKED;
}

static int decode_wire(const void *buf, size_t len, struct wire_event *ret)
{
	const struct rst_ev_wire *ev = buf;

	if (len < sizeof(*ev))
		return -EMSGSIZE;
	ret->id = ev->hdr.id;
	ret->join_id = ev->hdr.join_id;
	ret->before_start = false;
	decode_packet(&ev->rst, ev->hdr.cpu, &ret->rst);
	decode_packet(&ev->answers, ev->hdr.cpu, &ret->answers);
	ret->match = ev->answer == RST_ANSWER_EXACT  ? ANSWER_EXACT :
		     ev->answer == RST_ANSWER_NEWEST ? ANSWER_NEWEST :
						       ANSWER_NONE;
	ret->now = (struct socket_now){
		.asked = ev->now_asked,
		.full = ev->now_full,
		.state = ev->now_state,
		.rcv_nxt = ev->now_rcv_nxt,
		.snd_nxt = ev->now_snd_nxt,
	};
	ret->maker = decode_maker(ev->maker);
	ret->came_by = 0;
	if (ret->maker == MAKER_CAME_IN) {
		ret->came_by = ev->now_rcv_nxt;
		ret->now.rcv_nxt = 0;
	}
	return 0;
}

static enum kernel_call decode_call(uint8_t func)
{
	static const enum kernel_call calls[] = {
		[RST_FUNC_PASSIVE] = CALL_PASSIVE,   [RST_FUNC_ACTIVE] = CALL_ACTIVE,
		[RST_FUNC_RECEIVE] = CALL_RECEIVE,   [RST_FUNC_REJECT] = CALL_REJECT,
		[RST_FUNC_NF_DROP] = CALL_NF_DROP,   [RST_FUNC_CHALLENGE] = CALL_CHALLENGE,
		[RST_FUNC_TIMEWAIT] = CALL_TIMEWAIT, [RST_FUNC_WINDOW] = CALL_WINDOW,
	};

	return func < sizeof(calls) / sizeof(calls[0]) ? calls[func] : CALL_NONE;
}

static enum lookup decode_lookup(const struct rst_ev_kernel *ev)
{
	if (!(ev->has & RST_HAS_SK))
		return LOOKUP_NONE;
	switch (ev->sk_state) {
	case TCP_LISTEN:
		return LOOKUP_LISTENER;
	case TCP_TIME_WAIT:
		return LOOKUP_TIMEWAIT;
	case KERNEL_TCP_NEW_SYN_RECV:
		return LOOKUP_REQUEST;
	case TCP_ESTABLISHED:
		return LOOKUP_ESTABLISHED;
	default:
		return LOOKUP_OTHER;
	}
}

/*
 * How many jiffies make a second, by how many there have been since boot; 0 = not known. They begin
 * five minutes before they overflow 32 bits (INITIAL_JIFFIES).
 */
static unsigned int jiffies_per_second(uint64_t jiffies, uint64_t ts_ns)
{
	static const unsigned int rates[] = { 100, 250, 300, 1000 };
	size_t i;

	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		uint64_t since_boot = jiffies - (uint32_t)(-300 * (int)rates[i]);
		uint64_t ms = since_boot * 1000 / rates[i], uptime = ts_ns / 1000000;

		if (ms < uptime + uptime / 8 + 2000 && uptime < ms + ms / 8 + 2000)
			return rates[i];
	}
	return 0;
}

static void decode_counts(const struct rst_ev_kernel *ev, struct kernel_sock *s)
{
	unsigned int rate = jiffies_per_second(ev->jiffies, ev->hdr.ts_ns);

	s->counts_known = ev->has & RST_HAS_COUNTS;
	if (!s->counts_known)
		return;
	s->bytes_received = ev->bytes_received;
	s->bytes_acked = ev->bytes_acked;
	s->snd_una = ev->snd_una;
	s->write_seq = ev->write_seq;
	s->copied_seq = ev->copied_seq;
	s->times_known = rate;
	if (!rate)
		return;
	s->sent_ms = (uint32_t)(((uint32_t)ev->jiffies - ev->lsndtime) * 1000ull / rate);
	s->heard_ms = (uint32_t)(((uint32_t)ev->jiffies - ev->lrcvtime) * 1000ull / rate);
}

static void decode_sock(const struct rst_ev_kernel *ev, struct kernel_sock *s)
{
	s->present = ev->has & RST_HAS_SK;
	if (!s->present)
		return;
	s->full = ev->has & RST_HAS_FULLSK;
	s->state = ev->sk_state;
	s->tw_substate = ev->tw_substate;
	s->flags = ev->sk_flags;
	s->lingertime = ev->sk_lingertime;
	s->ino = ev->sk_ino;
	s->cgroup = ev->sk_cgroup;
	s->rcv_nxt = ev->rcv_nxt;
	s->snd_nxt = ev->snd_nxt;
	s->linger2 = ev->linger2;
	s->user_timeout = ev->user_timeout;
	s->shutdown = ev->sk_shutdown;
	s->unread = ev->unread;
	s->unread_known = ev->has & RST_HAS_CLOSE_ENTRY;
	s->memory_known = ev->has & RST_HAS_MEMORY;
	s->mem_pages = ev->mem_pages;
	s->mem_limit = ev->mem_limit;
	s->wmem_queued = ev->wmem_queued;
	decode_counts(ev, s);
	decode_tuple(&ev->sk, &s->tuple);
}

/* conntrack's text is a format string whose arguments we do not have: leave out " %u". */
static void copy_without_arguments(char *to, size_t len, const char *from, size_t from_len)
{
	size_t n = 0, i;

	for (i = 0; i < from_len && from[i] && n + 1 < len; i++) {
		if (from[i] == '%' && i + 1 < from_len && from[i + 1]) {
			i++;
			if (n && to[n - 1] == ' ')
				n--;
			continue;
		}
		to[n++] = from[i];
	}
	to[n] = 0;
}

static void decode_conntrack(const struct rst_ev_kernel *ev, struct kernel_event *k)
{
	struct conntrack *ct = &k->ct;

	k->nfct_known = ev->has & RST_HAS_NFCT;
	k->nfct = (uint8_t)ev->nfct;
	k->invalid_reported = ev->has & RST_HAS_INVALID;
	if (ev->has & RST_HAS_CT) {
		ct->has_entry = true;
		ct->snat = ev->ct.status & IPS_SRC_NAT;
		ct->dnat = ev->ct.status & IPS_DST_NAT;
		decode_tuple(&ev->ct.orig, &ct->orig);
		decode_tuple(&ev->ct.reply, &ct->reply);
	}
	if (k->invalid_reported) {
		ct->state = CT_INVALID;
		copy_without_arguments(ct->why, sizeof(ct->why), ev->why, sizeof(ev->why));
		return;
	}
	if (!k->nfct_known)
		return;
	if (k->nfct & NFCT_ENTRY) {
		static const enum ct_state states[] = { CT_ESTABLISHED, CT_RELATED, CT_NEW,
							CT_ESTABLISHED, CT_RELATED };
		unsigned int info = k->nfct & NFCT_INFO;

		ct->state = info < 5 ? states[info] : CT_UNKNOWN;
	} else {
		/* No entry is INVALID only where conntrack is at work: facts.c knows. */
		ct->state = k->nfct == NFCT_UNTRACKED ? CT_UNTRACKED : CT_NONE;
	}
}

static void decode_stack(const struct rst_ev_kernel *ev, const struct kernel_names *names,
			 struct kernel_event *k)
{
	unsigned int i, n = ev->stack_len < RST_STACK_DEPTH ? ev->stack_len : RST_STACK_DEPTH;

	for (i = 0; i < n && k->stack_len < CASE_STACK_MAX; i++) {
		struct frame *f = &k->stack[k->stack_len];

		names->frame(names->ctx, ev->stack[i], f);
		/* The frames of our own probe come first, and say nothing. */
		if (k->stack_len || (f->name && !is_of_probe(f->name)))
			k->stack_len++;
	}
}

static void decode_window(const struct rst_ev_kernel *ev, struct hash_window *w)
{
	if (!(ev->has & RST_HAS_WINDOW) || ev->window.kind > RST_WINDOW_TIMEWAIT)
		return;
	*w = (struct hash_window){
		.kind = (enum window_kind)ev->window.kind,
		.start_ns = ev->window.start_ns,
		.end_ns = ev->window.end_ns,
		.cpu = ev->window.cpu,
		.rcv_nxt = ev->window.rcv_nxt,
		.snd_nxt = ev->window.snd_nxt,
	};
}

/* The segment as TCP had it, or as it was on the wire. */
static void decode_segment(const struct rst_ev_kernel *ev, struct kernel_event *k)
{
	k->has_segment = ev->has & RST_HAS_SKB;
	decode_tuple(&ev->skb, &k->segment);
	k->segment_seq = ev->skb_seq;
	k->segment_ack = ev->skb_ack;
	k->segment_len = ev->skb_len;
	k->segment_flags = ev->skb_flags;
	if (!(ev->has & RST_HAS_SEEN))
		return;
	decode_packet(&ev->seen, ev->hdr.cpu, &k->syn);
	k->has_segment = true;
	k->segment = k->syn.tuple;
	k->segment_seq = k->syn.seq;
	k->segment_ack = k->syn.ack;
	k->segment_len = k->syn.len;
	k->segment_flags = k->syn.flags;
}

void decode_closer(const struct rst_closer *from, struct closer *ret)
{
	ret->ts_ns = from->ts_ns;
	ret->cgroup = from->cgroup;
	ret->task.tgid = from->tgid;
	ret->task.tid = from->tid;
	snprintf(ret->task.comm, sizeof(ret->task.comm), "%.15s", from->comm);
	snprintf(ret->task.process, sizeof(ret->task.process), "%.15s", from->process);
}

static int decode_kernel(const void *buf, size_t len, const struct kernel_names *names,
			 struct kernel_event *k)
{
	const struct rst_ev_kernel *ev = buf;
	const char *reason;

	if (len < sizeof(*ev))
		return -EMSGSIZE;
	if (decode_call(ev->func) == CALL_NONE)
		return -EPROTO;
	memset(k, 0, sizeof(*k));
	k->id = ev->hdr.id;
	k->join_id = ev->hdr.join_id;
	k->ts_ns = ev->hdr.ts_ns;
	k->cpu = ev->hdr.cpu;
	k->call = decode_call(ev->func);
	k->lookup = k->call == CALL_NF_DROP || k->call == CALL_REJECT ? LOOKUP_UNKNOWN :
									decode_lookup(ev);
	decode_sock(ev, &k->sock);
	decode_segment(ev, k);
	decode_window(ev, &k->window);
	k->hook = ev->hook;
	decode_conntrack(ev, k);
	if (ev->has & RST_HAS_REASON) {
		reason = names->rst_reason(names->ctx, ev->reason);
		if (reason)
			snprintf(k->reason, sizeof(k->reason), "%s", reason);
		else
			snprintf(k->reason, sizeof(k->reason), "%d", ev->reason);
	}
	decode_stack(ev, names, k);
	k->tgid = ev->tgid;
	k->exiting = ev->has & RST_HAS_EXIT;
	k->oom_killed = ev->has & RST_HAS_OOM;
	k->exit_code = ev->exit_code;
	k->task_cgroup = ev->task_cgroup;
	memcpy(k->comm, ev->comm, sizeof(k->comm));
	k->comm[sizeof(k->comm) - 1] = 0;
	k->tid = ev->tid;
	snprintf(k->process, sizeof(k->process), "%.15s", ev->process);
	k->netns = ev->netns;
	if (ev->has & RST_HAS_CLOSER)
		decode_closer(&ev->closer, &k->closer);
	return 0;
}

int decode_event(const void *buf, size_t len, const struct kernel_names *names, struct event *ret)
{
	const struct rst_ev_hdr *hdr = buf;
	int err;
	if (len < sizeof(*hdr))
		return -EMSGSIZE;
	if (hdr->version != RST_ABI_VERSION)
		return -EPROTO;
	switch (hdr->type) {
	case RST_EV_WIRE:
		err = decode_wire(buf, len, &ret->wire);
		break;
	case RST_EV_KERNEL:
		err = decode_kernel(buf, len, names, &ret->kernel);
		break;
	default:
		err = -EPROTO;
	}
	if (!err)
		ret->kind = hdr->type == RST_EV_WIRE ? EVENT_WIRE : EVENT_KERNEL;
	return err;
}
