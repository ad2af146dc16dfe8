// SPDX-License-Identifier: GPL-2.0-only
/* Namespaces, addresses, sockets and hand-made segments. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "lab.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static int start_ns = -1;

static int open_ns(const char *name)
{
	char path[256];
	int fd;

	if (strchr(name, '/'))
		snprintf(path, sizeof(path), "%s", name);
	else
		snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die("namespace %s: %s", name, strerror(errno));
	return fd;
}

/* NULL goes back to where the process was started. */
void enter_ns(const char *name)
{
	int fd;

	if (start_ns < 0)
		start_ns = open_ns("/proc/self/ns/net");
	fd = name ? open_ns(name) : start_ns;
	if (setns(fd, CLONE_NEWNET))
		die("setns %s: %s", name ? name : "back", strerror(errno));
	if (name)
		close(fd);
}

socklen_t sa_len(const union sa *a)
{
	return a->sa.sa_family == AF_INET ? sizeof(a->v4) : sizeof(a->v6);
}

uint16_t sa_port(const union sa *a)
{
	return ntohs(a->v4.sin_port); /* at the same place in both */
}

void sa_set_port(union sa *a, uint16_t port)
{
	a->v4.sin_port = htons(port);
}

void sa_parse(union sa *a, const char *text, uint16_t port)
{
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, text, &a->v4.sin_addr) == 1)
		a->sa.sa_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &a->v6.sin6_addr) == 1)
		a->sa.sa_family = AF_INET6;
	else
		die("not an address: '%s'", text);
	sa_set_port(a, port);
}

/* Good for two calls within one expression. */
const char *sa_ip(const union sa *a)
{
	static char text[2][INET6_ADDRSTRLEN];
	static int turn;

	turn = !turn;
	if (a->sa.sa_family == AF_INET)
		return inet_ntop(AF_INET, &a->v4.sin_addr, text[turn], sizeof(text[turn]));
	return inet_ntop(AF_INET6, &a->v6.sin6_addr, text[turn], sizeof(text[turn]));
}

void say_tuple(const char *what, const union sa *a, const union sa *b)
{
	say("%s %s %u %s %u", what, sa_ip(a), sa_port(a), sa_ip(b), sa_port(b));
}

int tcp_socket(const struct options *o, const char *ns, int family)
{
	struct timeval five = { .tv_sec = 5 };
	int fd, one = 1;

	enter_ns(ns);
	fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, o->mptcp ? IPPROTO_MPTCP : 0);
	if (fd < 0)
		die("socket: %s", strerror(errno));
	enter_ns(NULL);
	/* No single call may use up the time of the whole command. */
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &five, sizeof(five));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &five, sizeof(five));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

int tcp_listen(const struct options *o, int backlog)
{
	union sa a;
	int fd;

	sa_parse(&a, strchr(o->addr, ':') ? "::" : "0.0.0.0", o->listen_port);
	fd = tcp_socket(o, o->server_ns, a.sa.sa_family);
	if (bind(fd, &a.sa, sa_len(&a)) || listen(fd, backlog))
		die("listen on port %u: %s", o->listen_port, strerror(errno));
	return fd;
}

/* Which source address the routing table of the client picks for dst. */
void source_for(union sa *src, const struct options *o, const union sa *dst)
{
	socklen_t len = sizeof(*src);
	int fd;

	if (o->client_addr) {
		sa_parse(src, o->client_addr, 0);
		return;
	}
	enter_ns(o->client_ns);
	fd = socket(dst->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	enter_ns(NULL);
	if (fd < 0 || connect(fd, &dst->sa, sa_len(dst)) || getsockname(fd, &src->sa, &len))
		die("route to %s: %s", sa_ip(dst), strerror(errno));
	sa_set_port(src, 0);
	close(fd);
}

void tcp_repair(int fd, int on)
{
	if (setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)))
		die("TCP_REPAIR: %s", strerror(errno));
}

/* connect() keeps the number that the closed socket was given. */
void set_isn(int fd, uint32_t isn)
{
	int queue = TCP_SEND_QUEUE, one = 1;

	tcp_repair(fd, TCP_REPAIR_ON);
	if (setsockopt(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, &queue, sizeof(queue)) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_QUEUE_SEQ, &isn, sizeof(isn)))
		die("TCP_QUEUE_SEQ: %s", strerror(errno));
	tcp_repair(fd, TCP_REPAIR_OFF_NO_WP);
	/* The end of repair mode takes this away. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
}

static uint32_t queue_seq(int fd, int queue)
{
	uint32_t seq = 0;
	socklen_t len = sizeof(seq);

	if (setsockopt(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, &queue, sizeof(queue)) ||
	    getsockopt(fd, IPPROTO_TCP, TCP_QUEUE_SEQ, &seq, &len))
		die("TCP_QUEUE_SEQ: %s", strerror(errno));
	return seq;
}

void read_seq(int fd, uint32_t *snd, uint32_t *rcv)
{
	tcp_repair(fd, TCP_REPAIR_ON);
	*snd = queue_seq(fd, TCP_SEND_QUEUE);
	*rcv = queue_seq(fd, TCP_RECV_QUEUE);
	/* The plain "off" would send a window probe, a segment nobody wants. */
	tcp_repair(fd, TCP_REPAIR_OFF_NO_WP);
}

static uint32_t sum16(const void *data, size_t len, uint32_t sum)
{
	const uint8_t *p = data;

	for (; len > 1; len -= 2, p += 2)
		sum += p[0] << 8 | p[1];
	return len ? sum + (p[0] << 8) : sum;
}

static uint16_t tcp_checksum(const struct segment *s, const void *tcp, size_t len)
{
	uint32_t sum = IPPROTO_TCP + len;

	if (s->src.sa.sa_family == AF_INET) {
		sum = sum16(&s->src.v4.sin_addr, 4, sum);
		sum = sum16(&s->dst.v4.sin_addr, 4, sum);
	} else {
		sum = sum16(&s->src.v6.sin6_addr, 16, sum);
		sum = sum16(&s->dst.v6.sin6_addr, 16, sum);
	}
	sum = sum16(tcp, len, sum);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum & 0xffff);
}

static size_t put_ip(uint8_t *buf, const struct segment *s, size_t payload)
{
	struct iphdr *v4 = (struct iphdr *)buf;
	struct ip6_hdr *v6 = (struct ip6_hdr *)buf;

	if (s->src.sa.sa_family == AF_INET) {
		*v4 = (struct iphdr){
			.version = 4,
			.ihl = 5,
			.ttl = s->ttl,
			.frag_off = htons(0x4000),
			.protocol = IPPROTO_TCP,
			.tot_len = htons(sizeof(*v4) + payload),
			.saddr = s->src.v4.sin_addr.s_addr,
			.daddr = s->dst.v4.sin_addr.s_addr,
		};
		return sizeof(*v4);
	}
	memset(v6, 0, sizeof(*v6));
	v6->ip6_flow = htonl(6u << 28);
	v6->ip6_plen = htons(payload);
	v6->ip6_nxt = IPPROTO_TCP;
	v6->ip6_hlim = s->ttl;
	v6->ip6_src = s->src.v6.sin6_addr;
	v6->ip6_dst = s->dst.v6.sin6_addr;
	return sizeof(*v6);
}

static size_t put_options(uint8_t *buf, const struct segment *s)
{
	/* A SYN without MSS option would fall back to 536. */
	static const uint8_t mss[4] = { 2, 4, 1460 >> 8, 1460 & 0xff };

	if (!s->optlen && s->flags & 0x02) {
		memcpy(buf, mss, sizeof(mss));
		return sizeof(mss);
	}
	memcpy(buf, s->opt, s->optlen);
	return s->optlen;
}

static size_t put_tcp(uint8_t *buf, const struct segment *s)
{
	struct tcphdr *th = (struct tcphdr *)buf;
	size_t opt = put_options(buf + sizeof(*th), s);
	size_t len = sizeof(*th) + opt + s->len;
	uint16_t sum;

	memset(th, 0, sizeof(*th));
	th->source = htons(sa_port(&s->src));
	th->dest = htons(sa_port(&s->dst));
	th->seq = htonl(s->seq);
	th->ack_seq = htonl(s->ack);
	th->doff = (sizeof(*th) + opt) / 4;
	buf[13] = s->flags;
	th->window = htons(s->win);
	memset(buf + sizeof(*th) + opt, 'x', s->len);
	sum = tcp_checksum(s, th, len);
	th->check = sum;
	return len;
}

void send_segment(const char *ns, const struct segment *s)
{
	static uint8_t tcp[2048], packet[sizeof(tcp) + 64];
	union sa to = s->dst;
	size_t len, ip;
	int fd;

	if (s->len > 1400)
		die("a crafted segment carries at most 1400 bytes");
	len = put_tcp(tcp, s);
	ip = put_ip(packet, s, len);
	memcpy(packet + ip, tcp, len);
	sa_set_port(&to, 0); /* IPv6 raw sockets take it for a protocol */
	enter_ns(ns);
	fd = socket(to.sa.sa_family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0)
		die("raw socket: %s", strerror(errno));
	enter_ns(NULL);
	if (sendto(fd, packet, ip + len, 0, &to.sa, sa_len(&to)) < 0)
		die("send a crafted segment: %s", strerror(errno));
	close(fd);
	say("segment %s %u %s %u flags %s seq %u ack %u len %u ttl %u", sa_ip(&s->src),
	    sa_port(&s->src), sa_ip(&s->dst), sa_port(&s->dst), flags_text(s->flags), s->seq,
	    s->ack, s->len, s->ttl);
}

static const char flag_letters[] = "FSRPAUEW";

uint8_t parse_flags(const char *text, size_t len)
{
	uint8_t flags = 0;

	for (size_t i = 0; i < len; i++) {
		const char *at = strchr(flag_letters, text[i]);

		if (!at || !text[i])
			die("unknown TCP flag '%c' (know %s)", text[i], flag_letters);
		flags |= 1 << (at - flag_letters);
	}
	return flags;
}

const char *flags_text(uint8_t flags)
{
	static char text[9];
	int n = 0;

	for (int i = 0; i < 8; i++)
		if (flags & 1 << i)
			text[n++] = flag_letters[i];
	if (!n)
		text[n++] = '-';
	text[n] = '\0';
	return text;
}
