// SPDX-License-Identifier: GPL-2.0-only
/*
 * lab sniff: print every RST seen on one interface, one a line, so that a
 * test knows what was on the wire without trusting the program under test.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lab.h"

static volatile sig_atomic_t stop;

static void on_stop(int sig)
{
	(void)sig;
	stop = 1;
}

/* Only resets reach user space: a storm must not overflow the socket. */
static void attach_filter(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4, 0, 5),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 9),
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
		BPF_STMT(BPF_LD | BPF_B | BPF_IND, 13),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 4, 5, 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 6, 0, 5),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 53),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 4, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 256),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog prog = { ARRAY_SIZE(code), code };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)))
		die("filter: %s", strerror(errno));
}

static int open_sniffer(const struct options *o)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
	};
	int fd, size = 8 << 20;

	enter_ns(o->server_ns);
	ll.sll_ifindex = if_nametoindex(o->ifname);
	if (!ll.sll_ifindex && strcmp(o->ifname, "any"))
		die("interface %s: %s", o->ifname, strerror(errno));
	/* Protocol 0 until bind: nothing of other interfaces may slip in. */
	fd = socket(AF_PACKET, SOCK_DGRAM, 0);
	if (fd < 0)
		die("packet socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	attach_filter(fd);
	if (bind(fd, (struct sockaddr *)&ll, sizeof(ll)))
		die("bind %s: %s", o->ifname, strerror(errno));
	return fd;
}

static void print_rst(const uint8_t *p, size_t n, const char *dir)
{
	const struct iphdr *v4 = (const struct iphdr *)p;
	const struct ip6_hdr *v6 = (const struct ip6_hdr *)p;
	bool is4 = v4->version == 4;
	size_t ip = is4 ? v4->ihl * 4u : sizeof(*v6);
	const struct tcphdr *th = (const struct tcphdr *)(p + ip);
	union sa src = { 0 }, dst = { 0 };

	if (n < ip + sizeof(*th))
		return;
	src.sa.sa_family = dst.sa.sa_family = is4 ? AF_INET : AF_INET6;
	if (is4) {
		src.v4.sin_addr.s_addr = v4->saddr;
		dst.v4.sin_addr.s_addr = v4->daddr;
	} else {
		src.v6.sin6_addr = v6->ip6_src;
		dst.v6.sin6_addr = v6->ip6_dst;
	}
	say("rst %s %s %u %s %u %s seq %u ack %u ttl %u id %u", dir, sa_ip(&src), ntohs(th->source),
	    sa_ip(&dst), ntohs(th->dest), flags_text(p[ip + 13]), ntohl(th->seq),
	    ntohl(th->ack_seq), is4 ? v4->ttl : v6->ip6_hlim, is4 ? ntohs(v4->id) : 0);
}

/* False when nothing is waiting. */
static bool next_rst(int fd)
{
	struct sockaddr_ll from;
	socklen_t len = sizeof(from);
	uint8_t p[256];
	ssize_t n = recvfrom(fd, p, sizeof(p), MSG_DONTWAIT, (struct sockaddr *)&from, &len);
	bool out = from.sll_pkttype == PACKET_OUTGOING;

	if (n < 0)
		return false;
	/* Loopback shows each packet twice; one of them is enough. */
	if (n >= 20 && !(from.sll_hatype == ARPHRD_LOOPBACK && out))
		print_rst(p, n, out ? "out" : "in");
	return true;
}

static void make_ready(const struct options *o)
{
	int fd;

	if (!o->ready_file)
		return;
	fd = open(o->ready_file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		die("%s: %s", o->ready_file, strerror(errno));
	close(fd);
}

int cmd_sniff(const struct options *o)
{
	struct sigaction act = { .sa_handler = on_stop };
	struct tpacket_stats st = { 0 };
	socklen_t len = sizeof(st);
	int fd;

	if (!o->ifname)
		die("--interface is needed");
	fd = open_sniffer(o);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	make_ready(o);
	while (!stop) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		/* An end that comes just before poll() is not lost this way. */
		poll(&p, 1, 200);
		while (next_rst(fd))
			;
	}
	while (next_rst(fd))
		;
	getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &st, &len);
	if (st.tp_drops)
		die("%u resets were lost", st.tp_drops);
	return 0;
}
