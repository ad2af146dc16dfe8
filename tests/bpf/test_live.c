// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_live.c - packets that BPF_PROG_TEST_RUN cannot make, on interfaces of a network namespace
 * of our own: cut before the end of the IP header, with headers in page fragments, aggregated.
 *
 * What is sent on a0 comes out of b0; t0 is a tun interface, without Ethernet.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "harness.h"
#include "packet.h"
#include "reference.h"

#define SYN 0x02
#define RST 0x04
#define ACK 0x10

#define PATIENCE_NS 2000000000ULL

struct net {
	struct bed *b;
	int a0;
	int b0;
	int t0;
	int send;    /* packet socket, frames begin with a virtio_net_hdr */
	int capture; /* of b0 */
	int tun;     /* each packet begins with a tun_pi */
};

/* What all CPUs together have recorded and refused. */
struct totals {
	uint64_t head;
	uint64_t count[RST_CNT_MAX];
};

static void add_up(const struct bed *b, struct totals *ret)
{
	unsigned int cpu, i;

	memset(ret, 0, sizeof(*ret));
	for (cpu = 0; cpu < b->maps.cpus; cpu++) {
		ret->head += bed__ring(b, cpu)->head;
		for (i = 0; i < RST_CNT_MAX; i++)
			ret->count[i] += b->cpus[cpu].count[i];
	}
}

/* The receiving half runs in a softirq that is over before we go on, or soon after. */
static bool wait_for(const struct bed *b, const struct totals *before, int verdict, unsigned int n)
{
	uint64_t since = now_ns(), got;
	struct totals now;

	do {
		add_up(b, &now);
		got = verdict == VERDICT_RECORD ? now.head - before->head :
						  now.count[verdict] - before->count[verdict];
		if (got >= n)
			break;
		sched_yield();
	} while (now_ns() - since < PATIENCE_NS);
	if (got != n)
		note("%d times %s, expected %u", (int)got,
		     verdict == VERDICT_RECORD ? "recorded" : count_names[verdict], n);
	return got == n;
}

/* The last record of a hook, on whatever CPU. */
static const struct rst_pkt *last_of_hook(const struct bed *b, uint32_t hook)
{
	const struct rst_pkt *best = NULL;
	size_t i;

	for (i = 0; i < (size_t)b->maps.cpus * b->maps.slots; i++) {
		const struct rst_pkt *rec =
			&bed__ring(b, i / b->maps.slots)->rec[i % b->maps.slots];

		if (rec->ts_ns && (rec->meta & RST_META_HOOK) == hook << RST_META_HOOK_SHIFT &&
		    (!best || rec->ts_ns > best->ts_ns))
			best = rec;
	}
	return best;
}

static int send_frame(const struct net *n, const struct packet *p,
		      const struct virtio_net_hdr *vnet)
{
	static uint8_t frame[sizeof(*vnet) + sizeof(p->bytes)];
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_ifindex = n->a0,
		.sll_protocol = htons(p->family == 4 ? ETH_P_IP : ETH_P_IPV6),
	};

	memcpy(frame, vnet, sizeof(*vnet));
	memcpy(frame + sizeof(*vnet), p->bytes, p->len);
	if (sendto(n->send, frame, sizeof(*vnet) + p->len, 0, (struct sockaddr *)&to, sizeof(to)) <
	    0)
		return -errno;
	return 0;
}

static bool comes_out_unchanged(const struct net *n, const struct packet *p)
{
	static uint8_t got[sizeof(p->bytes)];
	struct pollfd pfd = { .fd = n->capture, .events = POLLIN };
	ssize_t len;

	if (poll(&pfd, 1, (int)(PATIENCE_NS / 1000000)) != 1) {
		note("nothing came out");
		return false;
	}
	len = recv(n->capture, got, sizeof(got), 0);
	if (len == (ssize_t)p->len && !memcmp(got, p->bytes, p->len))
		return true;
	note("%zd bytes came out, %zu went in", len, p->len);
	return false;
}

/* What came out and was not waited for. */
static void drain(const struct net *n)
{
	struct pollfd pfd = { .fd = n->capture, .events = POLLIN };
	uint8_t byte;

	while (poll(&pfd, 1, 50) == 1)
		recv(n->capture, &byte, 1, MSG_TRUNC);
}

static bool check_one(const struct net *n, uint32_t hook, int ifindex, struct rst_pkt want,
		      uint32_t meta)
{
	const struct rst_pkt *got = last_of_hook(n->b, hook);

	want.meta |= meta | (uint32_t)ifindex | hook << RST_META_HOOK_SHIFT;
	return got && same_record(got, &want, hook == RST_HOOK_TC_EGRESS ? "egress" : "ingress");
}

/* Through tc egress of a0 and tc ingress of b0; @meta: expected of both records. */
static bool cross_wire(const struct net *n, const struct packet *p,
		       const struct virtio_net_hdr *vnet, int verdict, const struct rst_pkt *want,
		       uint32_t meta)
{
	struct totals before;
	int err;

	add_up(n->b, &before);
	err = send_frame(n, p, vnet);
	if (err) {
		note("send %zu bytes: %s", p->len, strerror(-err));
		return false;
	}
	if (!comes_out_unchanged(n, p) || !wait_for(n->b, &before, verdict, 2))
		return false;
	return verdict != VERDICT_RECORD || (check_one(n, RST_HOOK_TC_EGRESS, n->a0, *want, meta) &&
					     check_one(n, RST_HOOK_TC_INGRESS, n->b0, *want, meta));
}

static void check_cuts(const struct net *n, int family)
{
	static const struct recipe recipes[] = {
		{ .payload = 20 },
		{ .ip_options = 40, .extensions = "hdA", .tcp_options = 40 },
	};
	static const struct virtio_net_hdr vnet;
	struct packet p;
	bool good = true;
	size_t i, len;

	for (i = 0; i < sizeof(recipes) / sizeof(recipes[0]); i++) {
		packet_build(&p, &recipes[i], family, true);
		len = p.len;
		for (p.len = ETH_HLEN + 1; p.len < len && good; p.len++)
			good = cross_wire(n, &p, &vnet, RST_CNT_TRUNCATED, NULL, 0);
	}
	if (!good)
		note("cut after %zu bytes", p.len - 1);
	ok(good,
	   "IPv%d: segments on the wire, cut after each byte in turn, are counted as truncated",
	   family);
}

/* More than a page, so that the kernel keeps no more linear than it is told. */
static void check_fragments(const struct net *n, int family)
{
	static const struct {
		const char *what;
		struct recipe in;
	} cases[] = {
		{ "a plain segment", { .payload = 8000, .seq = 1 } },
		{ "a segment with options",
		  { .payload = 8000, .seq = 2, .ip_options = 40, .tcp_options = 40 } },
		{ "a segment with extension headers",
		  { .payload = 8000, .seq = 3, .extensions = "hdrfA" } },
	};
	struct virtio_net_hdr vnet = { 0 };
	struct rst_pkt want;
	struct packet p;
	size_t i, linear, end;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool good = true;

		if (cases[i].in.extensions && family == 4)
			continue;
		packet_build(&p, &cases[i].in, family, true);
		packet_record(&cases[i].in, family, &want);
		end = p.at[AT_TCP] + 21;
		for (linear = ETH_HLEN; linear < end && good; linear++) {
			vnet.hdr_len = (uint16_t)linear;
			good = cross_wire(n, &p, &vnet, VERDICT_RECORD, &want, 0);
		}
		if (!good)
			note("with %zu bytes outside of fragments", linear - 1);
		ok(good, "IPv%d: %s is recorded wherever its page fragments begin", family,
		   cases[i].what);
	}
}

static void check_far_header(const struct net *n)
{
	const struct recipe recipe = { .payload = 8000, .extensions = "DDDD" };
	const struct virtio_net_hdr vnet = { .hdr_len = ETH_HLEN };
	struct packet p;

	packet_build(&p, &recipe, 6, true);
	ok(cross_wire(n, &p, &vnet, RST_CNT_TRUNCATED, NULL, 0),
	   "a TCP header 300 bytes deep in page fragments is counted as truncated");
}

static void check_aggregated(const struct net *n, int family)
{
	const struct recipe recipe = { .payload = 8000, .seq = 4, .flags = ACK };
	struct virtio_net_hdr vnet = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = family == 4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6,
		.gso_size = 1000,
		.csum_offset = 16,
	};
	struct rst_pkt want;
	struct packet p;

	packet_build(&p, &recipe, family, true);
	packet_record(&recipe, family, &want);
	vnet.csum_start = (uint16_t)p.at[AT_TCP];
	vnet.hdr_len = (uint16_t)(p.at[AT_TCP] + 20);
	ok(cross_wire(n, &p, &vnet, VERDICT_RECORD, &want, RST_META_GSO),
	   "IPv%d: an aggregated segment as a virtual machine sends it is marked as such", family);
}

static void check_big_tcp(const struct net *n)
{
	static const char what[] =
		"100000 bytes in one segment (BIG TCP) are recorded as 65535 or more";
	const struct recipe recipe = { .payload = 100000, .no_length = true, .seq = 5 };
	struct virtio_net_hdr vnet = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = VIRTIO_NET_HDR_GSO_TCPV6,
		.gso_size = 1000,
		.csum_offset = 16,
	};
	struct rst_pkt want;
	struct packet p;
	int err;

	packet_build(&p, &recipe, 6, true);
	packet_record(&recipe, 6, &want);
	want.len = 0xffff;
	vnet.csum_start = (uint16_t)p.at[AT_TCP];
	vnet.hdr_len = (uint16_t)(p.at[AT_TCP] + 20);
	err = send_frame(n, &p, &vnet);
	if (err) {
		skip(strerror(-err), "%s", what);
		return;
	}
	/* a0 has seen it by now; how b0 gets it depends on what the kernel makes of it. */
	want.meta |= last_of_hook(n->b, RST_HOOK_TC_EGRESS)->meta & RST_META_GSO;
	ok(check_one(n, RST_HOOK_TC_EGRESS, n->a0, want, RST_META_LEN_MAX), "%s", what);
	drain(n);
}

static void check_vlan(const struct net *n)
{
	const struct recipe recipe = { .tags = { 0x8100 }, .payload = 10, .seq = 6 };
	static const struct virtio_net_hdr vnet;
	struct totals before;
	struct rst_pkt want;
	struct packet p;

	packet_build(&p, &recipe, 4, true);
	packet_record(&recipe, 4, &want);
	add_up(n->b, &before);
	/* The tag is in the packet on egress, beside it on ingress. */
	ok(!send_frame(n, &p, &vnet) && wait_for(n->b, &before, VERDICT_RECORD, 2) &&
		   check_one(n, RST_HOOK_TC_EGRESS, n->a0, want, 0) &&
		   check_one(n, RST_HOOK_TC_INGRESS, n->b0, want, 0),
	   "a segment in a VLAN is recorded where the kernel keeps the tag aside, too");
	drain(n);
}

static bool into_tun(const struct net *n, const void *bytes, size_t len, uint16_t proto)
{
	static uint8_t buf[sizeof(struct tun_pi) + 2048];
	struct tun_pi pi = { .proto = htons(proto) };

	memcpy(buf, &pi, sizeof(pi));
	memcpy(buf + sizeof(pi), bytes, len);
	return write(n->tun, buf, sizeof(pi) + len) == (ssize_t)(sizeof(pi) + len);
}

static bool out_of_tun(const struct net *n, const void *bytes, size_t len, uint16_t proto)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_ifindex = n->t0,
		.sll_protocol = htons(proto),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	bool good;

	good = sendto(fd, bytes, len, 0, (struct sockaddr *)&to, sizeof(to)) == (ssize_t)len;
	close(fd);
	return good;
}

static void check_tun(const struct net *n, int family, bool egress)
{
	bool (*through)(const struct net *, const void *, size_t, uint16_t) =
		egress ? out_of_tun : into_tun;
	uint16_t proto = family == 4 ? ETH_P_IP : ETH_P_IPV6;
	const struct recipe recipe = { .payload = 20, .seq = 7 };
	struct totals before;
	struct rst_pkt want;
	bool good = true;
	struct packet p;
	size_t len;

	packet_build(&p, &recipe, family, false);
	packet_record(&recipe, family, &want);
	add_up(n->b, &before);
	good = through(n, p.bytes, p.len, proto) && wait_for(n->b, &before, VERDICT_RECORD, 1) &&
	       check_one(n, egress ? RST_HOOK_TC_EGRESS : RST_HOOK_TC_INGRESS, n->t0, want, 0);
	ok(good, "IPv%d: a segment that %s a tun interface is recorded", family,
	   egress ? "leaves by" : "comes in by");
	for (len = 1, good = true; len < p.len && good; len++) {
		add_up(n->b, &before);
		good = through(n, p.bytes, len, proto) &&
		       wait_for(n->b, &before, RST_CNT_TRUNCATED, 1);
	}
	if (!good)
		note("cut after %zu bytes", len - 1);
	ok(good, "IPv%d: cut after each byte in turn, it is counted as truncated", family);
}

static void check_unknown_protocol(const struct net *n)
{
	const struct recipe recipe = { .payload = 20 };
	struct totals before, after;
	struct packet p;
	bool sent;

	packet_build(&p, &recipe, 4, true);
	add_up(n->b, &before);
	sent = into_tun(n, p.bytes, p.len, 0);
	/* One that is recorded is behind it: nothing is left to wait for. */
	packet_build(&p, &recipe, 4, false);
	sent &= into_tun(n, p.bytes, p.len, ETH_P_IP);
	wait_for(n->b, &before, VERDICT_RECORD, 1);
	add_up(n->b, &after);
	ok(sent && after.head == before.head + 1,
	   "without Ethernet, a packet of no known protocol is not read as an Ethernet frame");
}

static bool cross_xdp(const struct net *n, const struct packet *p,
		      const struct virtio_net_hdr *vnet, const struct rst_pkt *want)
{
	struct totals before;
	struct rst_pkt xdp = *want;

	add_up(n->b, &before);
	if (send_frame(n, p, vnet) || !comes_out_unchanged(n, p) ||
	    !wait_for(n->b, &before, VERDICT_RECORD, 3))
		return false;
	xdp.meta |= (uint32_t)n->b0 | RST_HOOK_XDP << RST_META_HOOK_SHIFT;
	return same_record(last_of_hook(n->b, RST_HOOK_XDP), &xdp, "xdp") &&
	       check_one(n, RST_HOOK_TC_INGRESS, n->b0, *want, 0);
}

static void check_xdp(const struct net *n, uint32_t flags, const char *mode)
{
	struct recipe recipe = { .payload = 1000, .seq = 8 };
	struct virtio_net_hdr vnet = { 0 };
	struct rst_pkt want;
	struct packet p;
	bool good = true;
	int err, family;

	err = bpf_xdp_attach(n->b0, n->b->fd[XDP], flags, NULL);
	if (err) {
		skip(strerror(-err), "%s XDP records what arrives", mode);
		return;
	}
	for (family = 4; family <= 6; family += 2) {
		packet_build(&p, &recipe, family, true);
		packet_record(&recipe, family, &want);
		good &= cross_xdp(n, &p, &vnet, &want);
	}
	ok(good, "%s XDP records what arrives, before tc and like tc", mode);
	if (flags & XDP_FLAGS_SKB_MODE) {
		recipe.payload = 8000;
		vnet.hdr_len = ETH_HLEN;
		packet_build(&p, &recipe, 6, true);
		packet_record(&recipe, 6, &want);
		ok(cross_xdp(n, &p, &vnet, &want),
		   "%s XDP records a segment that lies in page fragments", mode);
	}
	bpf_xdp_detach(n->b0, flags, NULL);
}

static int attach(struct bed *b, int ifindex, bool egress, enum entry e)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex,
		    .attach_point = egress ? BPF_TC_EGRESS : BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = b->fd[e]);
	int err = bpf_tc_hook_create(&hook);

	if (err && err != -EEXIST)
		return err;
	return bpf_tc_attach(&hook, &opts);
}

static int open_tun(void)
{
	struct ifreq ifr = { .ifr_name = "t0", .ifr_flags = IFF_TUN };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0 && ioctl(fd, TUNSETIFF, &ifr)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static int open_capture(int ifindex)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_ifindex = ifindex,
		.sll_protocol = htons(ETH_P_ALL),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&at, sizeof(at))) {
		close(fd);
		return -1;
	}
	return fd;
}

static const char setup[] = "exec >/dev/null 2>&1; set -e;"
			    "for i in all default; do p=/proc/sys/net/ipv6/conf/$i/disable_ipv6;"
			    "	[ ! -e $p ] || echo 1 > $p; done;"
			    "ip link add a0 mtu 65535 type veth peer name b0 mtu 65535;"
			    "ip link set a0 up; ip link set b0 up;"
			    "ip link set t0 up || :";

/* In a new network namespace; it vanishes with us. */
static bool set_up(struct net *n)
{
	int one = 1;

	if (unshare(CLONE_NEWNET))
		return false;
	n->tun = open_tun();
	if (system(setup))
		return false;
	n->a0 = (int)if_nametoindex("a0");
	n->b0 = (int)if_nametoindex("b0");
	n->t0 = (int)if_nametoindex("t0");
	n->send = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	n->capture = open_capture(n->b0);
	return n->a0 && n->b0 && n->capture >= 0 &&
	       !setsockopt(n->send, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)) &&
	       !attach(n->b, n->a0, true, TC_EGRESS) && !attach(n->b, n->b0, false, TC_INGRESS);
}

static void check_ethernet(const struct net *n)
{
	int family;

	for (family = 4; family <= 6; family += 2) {
		check_cuts(n, family);
		check_fragments(n, family);
		check_aggregated(n, family);
	}
	check_far_header(n);
	check_big_tcp(n);
	check_vlan(n);
	check_xdp(n, XDP_FLAGS_SKB_MODE, "generic");
	/* Native XDP of veth takes no more than a page. */
	if (!system("ip link set a0 mtu 1500 && ip link set b0 mtu 1500"))
		check_xdp(n, XDP_FLAGS_DRV_MODE, "native");
}

static void check_no_ethernet(const struct net *n)
{
	int family;

	if (n->tun < 0 || !n->t0 || attach(n->b, n->t0, true, L3_EGRESS) ||
	    attach(n->b, n->t0, false, L3_INGRESS)) {
		skip("no tun interface", "packets of an interface without Ethernet");
		return;
	}
	for (family = 4; family <= 6; family += 2) {
		check_tun(n, family, false);
		check_tun(n, family, true);
	}
	check_unknown_protocol(n);
}

int main(void)
{
	const struct bed_config cfg = { .slots = 256 };
	struct net n = { 0 };

	if (!begin("packets on live interfaces"))
		return 0;
	n.b = bed__open(&cfg, -1);
	if (!n.b) {
		ok(false, "load the wire view: %s", strerror(errno));
		return finish();
	}
	if (set_up(&n)) {
		check_ethernet(&n);
		check_no_ethernet(&n);
	} else {
		skip("cannot make interfaces", "packets on live interfaces");
	}
	bed__close(n.b);
	return finish();
}
