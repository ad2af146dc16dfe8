// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_abi.c - what the BPF programs and user space share has one layout on both sides.
 *
 * Every member of every struct of rst_event.h, compared with the BTF of each object that has
 * it. Needs no root.
 */
#include <errno.h>
#include <string.h>
#include <bpf/btf.h>

#include "harness.h"
#include "rst_abi.skel.h"
#include "rst_fentry.skel.h"
#include "rst_kprobe.skel.h"
#include "rst_tc.skel.h"
#include "rst_tracepoint.skel.h"
#include "rst_xdp.skel.h"

struct member {
	const char *name;
	size_t offset;
	size_t size;
};

struct layout {
	const char *name;
	size_t size;
	const struct member *members;
	size_t n_members;
};

#define MEMBER(type, name)                                                           \
	{                                                                            \
#name, offsetof(struct type, name), sizeof(((struct type *)0)->name) \
	}

#define M(name) MEMBER(rst_pkt, name)
static const struct member pkt[] = {
	M(ts_ns), M(saddr), M(daddr), M(seq),	 M(ack), M(sport), M(dport),
	M(meta),  M(ttl),   M(flags), M(window), M(len), M(ipid),
};
#undef M

#define M(name) MEMBER(rst_cpu, name)
static const struct member cpu[] = { M(count), M(pad) };
#undef M

#define M(name) MEMBER(rst_ring, name)
static const struct member ring[] = {
	M(head), M(abi), M(slots), M(pad), M(newest), M(link), M(rec)
};
#undef M

#define M(name) MEMBER(rst_reader_info, name)
static const struct member reader_info[] = { M(pid), M(pid_ns), M(start_ticks), M(since_ns),
					     M(unread) };
#undef M

#define M(name) MEMBER(rst_ev_hdr, name)
static const struct member ev_hdr[] = { M(type), M(version), M(cpu), M(ts_ns), M(id), M(join_id) };
#undef M

#define M(name) MEMBER(rst_ev_wire, name)
static const struct member ev_wire[] = { M(hdr),	 M(rst),	M(answers),  M(answer),
					 M(now_asked),	 M(now_state),	M(now_full), M(maker),
					 M(now_rcv_nxt), M(now_snd_nxt) };
#undef M

#define M(name) MEMBER(rst_ev_kernel, name)
static const struct member ev_kernel[] = {
	M(hdr),		  M(sk),
	M(skb),		  M(ct),
	M(nfct),	  M(sk_flags),
	M(sk_lingertime), M(sk_ino),
	M(sk_cgroup),	  M(task_cgroup),
	M(skb_seq),	  M(skb_ack),
	M(skb_len),	  M(rcv_nxt),
	M(snd_nxt),	  M(unread),
	M(netns),	  M(reason),
	M(tgid),	  M(tid),
	M(has),		  M(linger2),
	M(user_timeout),  M(ifindex),
	M(func),	  M(sk_state),
	M(sk_shutdown),	  M(tw_substate),
	M(skb_flags),	  M(hook),
	M(stack_len),	  M(comm),
	M(why),		  M(stack),
	M(window),	  M(seen),
	M(mem_pages),	  M(mem_limit),
	M(wmem_queued),	  M(exit_code),
	M(jiffies),	  M(bytes_received),
	M(bytes_acked),	  M(snd_una),
	M(write_seq),	  M(copied_seq),
	M(lsndtime),	  M(lrcvtime),
	M(pad),		  M(process),
	M(closer),
};
#undef M

#define M(name) MEMBER(rst_closer, name)
static const struct member closer[] = { M(ts_ns), M(cgroup), M(tgid), M(tid), M(comm), M(process) };
#undef M

#define M(name) MEMBER(rst_user_stack, name)
static const struct member user_stack[] = {
	M(event_id), M(start_stack), M(start), M(registers), M(tgid),
	M(tid),	     M(pieces),	     M(pad),   M(bytes),
};
#undef M

#define M(name) MEMBER(rst_user_count, name)
static const struct member user_count[] = { M(since_ns), M(taken), M(skipped) };
#undef M

#define M(name) MEMBER(rst_tuple, name)
static const struct member tuple[] = { M(saddr), M(daddr), M(sport), M(dport), M(family), M(pad) };
#undef M

#define M(name) MEMBER(rst_ct, name)
static const struct member ct[] = { M(orig), M(reply), M(status), M(tcp_state), M(pad) };
#undef M

#define M(name) MEMBER(rst_handoff, name)
static const struct member handoff[] = {
	M(events),   M(lost_wire),	M(lost_kernel), M(kernel_id),	     M(kernel_ts),
	M(wire_id),  M(wire_ts),	M(kernel_seq),	M(kernel_ack),	     M(wire_seq),
	M(wire_ack), M(kernel_func),	M(wire_flags),	M(kernel_peer_port), M(kernel_peer),
	M(wire),     M(kernel_segment),
};
#undef M

#define M(name) MEMBER(rst_invalid, name)
static const struct member invalid[] = { M(ts_ns), M(skb), M(ct), M(skb_seq), M(has_ct), M(why) };
#undef M

#define M(name) MEMBER(rst_cgroup, name)
static const struct member cgroup[] = { M(known), M(names), M(name) };
#undef M

#define M(name) MEMBER(rst_window, name)
static const struct member window[] = {
	M(start_ns), M(end_ns), M(notice_id), M(cpu), M(kind), M(rcv_nxt), M(snd_nxt),
};
#undef M

#define M(name) MEMBER(rst_flow, name)
static const struct member flow[] = { M(local), M(remote), M(lport), M(rport), M(netns) };
#undef M

#define LAYOUT(name)                                                                          \
	{                                                                                     \
		"rst_" #name, sizeof(struct rst_##name), name, sizeof(name) / sizeof(name[0]) \
	}
static const struct layout layouts[] = {
	LAYOUT(pkt),	     LAYOUT(cpu),	LAYOUT(ring),	LAYOUT(ev_hdr),
	LAYOUT(ev_wire),     LAYOUT(ev_kernel), LAYOUT(tuple),	LAYOUT(ct),
	LAYOUT(handoff),     LAYOUT(invalid),	LAYOUT(window), LAYOUT(flow),
	LAYOUT(reader_info), LAYOUT(cgroup),	LAYOUT(closer), LAYOUT(user_stack),
	LAYOUT(user_count),
};

static const struct {
	const char *name;
	const void *(*elf)(size_t *size);
	bool has_all;
} objects[] = {
	{ "rst_abi", rst_abi__elf_bytes, true },
	{ "rst_tc", rst_tc__elf_bytes, false },
	{ "rst_xdp", rst_xdp__elf_bytes, false },
	{ "rst_fentry", rst_fentry__elf_bytes, false },
	{ "rst_kprobe", rst_kprobe__elf_bytes, false },
	{ "rst_tracepoint", rst_tracepoint__elf_bytes, false },
};

static bool same_member(const struct btf *btf, const struct btf_type *t, unsigned int i,
			const struct member *m)
{
	const struct btf_member *b = &btf_members(t)[i];
	const char *name = btf__name_by_offset(btf, b->name_off);

	if (!strcmp(name, m->name) && btf_member_bit_offset(t, i) == m->offset * 8 &&
	    !btf_member_bitfield_size(t, i) && btf__resolve_size(btf, b->type) == (long)m->size)
		return true;
	note("member %u: BPF has %s at bit %u, %lld bytes; user space %s at byte %zu, %zu bytes", i,
	     name, btf_member_bit_offset(t, i), (long long)btf__resolve_size(btf, b->type), m->name,
	     m->offset, m->size);
	return false;
}

static bool same_layout(const struct btf *btf, const struct btf_type *t, const struct layout *l)
{
	bool same = t->size == l->size && btf_vlen(t) == l->n_members;
	unsigned int i;

	if (!same)
		note("BPF has %u bytes in %u members; user space %zu in %zu", t->size, btf_vlen(t),
		     l->size, l->n_members);
	for (i = 0; i < btf_vlen(t) && i < l->n_members; i++)
		same &= same_member(btf, t, i, &l->members[i]);
	return same;
}

/* The bytes between members would be the compiler's business, and nobody would clear them. */
static void check_padding(const struct layout *l)
{
	size_t end = 0, i;

	for (i = 0; i < l->n_members && l->members[i].offset == end; i++)
		end += l->members[i].size;
	if (i < l->n_members)
		note("%zu bytes before %s", l->members[i].offset - end, l->members[i].name);
	ok(i == l->n_members && end == l->size, "struct %s has no hidden padding", l->name);
}

static void check_object(const char *name, const void *elf, size_t size, bool has_all)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = name);
	struct bpf_object *obj = bpf_object__open_mem(elf, size, &opts);
	const struct btf *btf = obj ? bpf_object__btf(obj) : NULL;
	size_t i;

	if (!btf) {
		ok(false, "open %s: %s", name, strerror(errno));
		bpf_object__close(obj);
		return;
	}
	for (i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		int id = btf__find_by_name_kind(btf, layouts[i].name, BTF_KIND_STRUCT);

		if (id < 0 && !has_all)
			continue;
		ok(id > 0 && same_layout(btf, btf__type_by_id(btf, (__u32)id), &layouts[i]),
		   "struct %s of %s is that of user space", layouts[i].name, name);
	}
	bpf_object__close(obj);
}

int main(void)
{
	size_t i, size;

	begin(NULL);
	for (i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		check_padding(&layouts[i]);
	for (i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		const void *elf = objects[i].elf(&size);

		check_object(objects[i].name, elf, size, objects[i].has_all);
	}
	return finish();
}
