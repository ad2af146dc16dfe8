/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rst_parse.bpf.h - find the TCP header of a packet; one parser for XDP and tc.
 *
 * Works on (data, data_end) and reads nothing beyond. What is not a whole, unfragmented TCP
 * header is named by an rst_count and never guessed at.
 */
#ifndef RST_PARSE_BPF_H
#define RST_PARSE_BPF_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "rst_event.h"

#define MAX_VLAN_TAGS 2
#define MAX_IPV6_EXTENSIONS 6

#define ETH_P_QINQ_OLD 0x9100
#define IP_OFFSET_OR_MORE 0x3fff /* any fragment, the first one too */
#define IPV6_OFFSET_OR_MORE 0xfff9

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

/* parse_tcp() wants the rest of the headers made linear and to be called again. */
#define PARSE_OTHER (-1) /* not IP, not TCP: nothing to record or count */
#define PARSE_SHORT (-2) /* the linear part ends before the headers do */

struct segment {
	void *ip; /* struct iphdr or struct ipv6hdr */
	struct tcphdr *tcp;
	__u64 payload; /* bytes, and PAYLOAD_JUMBO */
	__u64 is_v6;
};

/* The IP header has no length: the payload is as long as the buffer. */
#define PAYLOAD_JUMBO (1ULL << 32)

struct vlan_tag {
	__be16 tci;
	__be16 proto;
};

struct ipv6_ext {
	__u8 next;
	__u8 len;      /* units of 8 bytes after the first; of 4 bytes for AH */
	__be16 offset; /* fragment header only */
	__be32 ident;
};

static __always_inline int parse_vlan(void **cursor, void *end, __be16 *proto)
{
	struct vlan_tag *tag;
	int i;

	for (i = 0; i < MAX_VLAN_TAGS; i++) {
		if (*proto != bpf_htons(ETH_P_8021Q) && *proto != bpf_htons(ETH_P_8021AD) &&
		    *proto != bpf_htons(ETH_P_QINQ_OLD))
			return 0;
		tag = *cursor;
		if ((void *)(tag + 1) > end)
			return PARSE_SHORT;
		*proto = tag->proto;
		*cursor = tag + 1;
	}
	if (*proto == bpf_htons(ETH_P_8021Q) || *proto == bpf_htons(ETH_P_8021AD) ||
	    *proto == bpf_htons(ETH_P_QINQ_OLD))
		return RST_CNT_EXT_LIMIT;
	return 0;
}

/*
 * The extension headers, by number: 8 bytes and "mul" times the length byte; "fragment" are the
 * bits of the offset field that make it a true fragment ("atomic" ones, RFC 6946, are whole
 * packets). 0: not an extension header. A table and not a chain of tests, because each test
 * would double the paths that the verifier walks.
 */
#define EXT_IS 0x10u
#define EXT_MUL 0x0fu
#define EXT_RULE(mul, fragment) (EXT_IS | (mul) | (__u32)bpf_htons(fragment) << 16)

const volatile __u32 ipv6_ext_rules[256] = {
	[IPPROTO_HOPOPTS] = EXT_RULE(8, 0), [IPPROTO_ROUTING] = EXT_RULE(8, 0),
	[IPPROTO_DSTOPTS] = EXT_RULE(8, 0), [IPPROTO_MH] = EXT_RULE(8, 0),
	[IPPROTO_AH] = EXT_RULE(4, 0),	    [IPPROTO_FRAGMENT] = EXT_RULE(0, IPV6_OFFSET_OR_MORE),
};

/*
 * Walks the extension headers. *@cursor points at the first one and moves to the transport
 * header. Returns 0 for TCP, else what parse_tcp() returns.
 */
static __always_inline int parse_ipv6_extensions(void **cursor, void *end, __u8 next)
{
	struct ipv6_ext *ext;
	__u64 step;
	__u32 rule;
	int i;

	for (i = 0; i <= MAX_IPV6_EXTENSIONS; i++) {
		rule = ipv6_ext_rules[next];
		if (!rule)
			return next == IPPROTO_TCP ? 0 : PARSE_OTHER;
		ext = *cursor;
		if ((void *)(ext + 1) > end)
			return PARSE_SHORT;
		if (ext->offset & (rule >> 16))
			return RST_CNT_FRAGMENT;
		step = 8 + (__u32)ext->len * (rule & EXT_MUL);
		/* The verifier of 6.1 loses the bounds of a product; clang knows them too well. */
		asm volatile("%0 &= 0xfff" : "+r"(step));
		*cursor += step;
		next = ext->next;
	}
	return RST_CNT_EXT_LIMIT;
}

/* Finds the end of the IP headers. @ret_len: bytes from the IP header to the end of the packet
 * as the header states it, 0 for a jumbogram. */
static __always_inline int parse_ipv4(void **cursor, void *end, __u64 *ret_len)
{
	struct iphdr *ip = *cursor;
	__u64 ihl;

	if ((void *)(ip + 1) > end)
		return PARSE_SHORT;
	if (ip->version != 4)
		return RST_CNT_MALFORMED;
	if (ip->protocol != IPPROTO_TCP)
		return PARSE_OTHER;
	if (ip->frag_off & bpf_htons(IP_OFFSET_OR_MORE))
		return RST_CNT_FRAGMENT;
	ihl = ip->ihl * 4;
	if (ihl < sizeof(*ip))
		return RST_CNT_MALFORMED;
	*ret_len = bpf_ntohs(ip->tot_len);
	*cursor += ihl;
	return 0;
}

static __always_inline int parse_ipv6(void **cursor, void *end, __u64 *ret_len)
{
	struct ipv6hdr *ip = *cursor;

	if ((void *)(ip + 1) > end)
		return PARSE_SHORT;
	if (ip->version != 6)
		return RST_CNT_MALFORMED;
	*ret_len = ip->payload_len ? bpf_ntohs(ip->payload_len) + sizeof(*ip) : 0;
	*cursor += sizeof(*ip);
	return parse_ipv6_extensions(cursor, end, ip->nexthdr);
}

/**
 * parse_tcp() - find the TCP header and the payload's length
 * @data: first byte; Ethernet if @proto is 0, else the IP header
 * @end: end of the readable bytes
 * @packet_len: bytes of the whole packet from @data, also where they are not readable here
 * @proto: ethertype of an interface without Ethernet headers; 0 = read it
 * @seg: filled when 0 is returned
 *
 * Return: 0; PARSE_OTHER or PARSE_SHORT; or the rst_count that says why not.
 */
static __always_inline int parse_tcp(void *data, void *end, __u64 packet_len, __be16 proto,
				     struct segment *seg)
{
	/* 64 bits wide: narrower ones take two more instructions each time. */
	__u64 headers, ip_len = 0, doff;
	void *cursor = data;
	int err;

	if (!proto) {
		struct ethhdr *eth = data;

		if ((void *)(eth + 1) > end)
			return PARSE_SHORT;
		/* struct ethhdr is packed, so clang would read two bytes. */
		proto = *(const __be16 *)(data + offsetof(struct ethhdr, h_proto));
		cursor = eth + 1;
		err = parse_vlan(&cursor, end, &proto);
		if (err)
			return err;
	}
	seg->ip = cursor;
	seg->is_v6 = proto == bpf_htons(ETH_P_IPV6);
	if (seg->is_v6)
		err = parse_ipv6(&cursor, end, &ip_len);
	else if (proto == bpf_htons(ETH_P_IP))
		err = parse_ipv4(&cursor, end, &ip_len);
	else
		err = PARSE_OTHER;
	if (err)
		return err;

	seg->tcp = cursor;
	if ((void *)(seg->tcp + 1) > end)
		return PARSE_SHORT;
	packet_len -= seg->ip - data;
	doff = seg->tcp->doff * 4;
	headers = (cursor - seg->ip) + doff;
	if (!ip_len) {
		if (doff < sizeof(struct tcphdr) || headers > packet_len)
			return RST_CNT_MALFORMED;
		seg->payload = (packet_len - headers) | PAYLOAD_JUMBO;
		return 0;
	}
	if (ip_len > packet_len)
		return RST_CNT_TRUNCATED;
	if (doff < sizeof(struct tcphdr) || headers > ip_len)
		return RST_CNT_MALFORMED;
	seg->payload = ip_len - headers;
	return 0;
}

#endif
