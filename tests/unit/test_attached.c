// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_attached.c - what rtnetlink answers about programs on interfaces, also what it should not, and
 * the state of rings of any version.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "host/if_programs.h"
#include "live/attached.h"
#include "live/bpf_holders.h"
#include "live/ring_state.h"
#include "rst_ring.h"
#include "test.h"

static char buf[1024];

/* --- answers --------------------------------------------------------------------------------------------- */

static struct nlmsghdr *put_link(int mode, uint32_t id)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifm;
	struct nlattr *nest;

	nlh->nlmsg_type = RTM_NEWLINK;
	ifm = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifm));
	ifm->ifi_index = 7;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, "eth0");
	nest = mnl_attr_nest_start(nlh, IFLA_XDP);
	mnl_attr_put_u8(nlh, IFLA_XDP_ATTACHED, (uint8_t)mode);
	if (mode == XDP_ATTACHED_MULTI)
		mnl_attr_put_u32(nlh, IFLA_XDP_DRV_PROG_ID, id + 1);
	mnl_attr_put_u32(nlh, mode == XDP_ATTACHED_MULTI ? IFLA_XDP_SKB_PROG_ID : IFLA_XDP_PROG_ID,
			 id);
	mnl_attr_nest_end(nlh, nest);
	return nlh;
}

static struct nlmsghdr *put_tc(uint16_t type, const char *kind)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct tcmsg *tcm;

	nlh->nlmsg_type = type;
	tcm = mnl_nlmsg_put_extra_header(nlh, sizeof(*tcm));
	tcm->tcm_ifindex = 7;
	tcm->tcm_handle = 1;
	tcm->tcm_info = TC_H_MAKE(49152u << 16, htons(ETH_P_ALL));
	mnl_attr_put_strz(nlh, TCA_KIND, kind);
	return nlh;
}

static struct nlmsghdr *put_filter(const char *name)
{
	struct nlmsghdr *nlh = put_tc(RTM_NEWTFILTER, "bpf");
	struct nlattr *options;

	mnl_attr_put_u32(nlh, TCA_CHAIN, 3);
	options = mnl_attr_nest_start(nlh, TCA_OPTIONS);
	mnl_attr_put_str(nlh, TCA_BPF_NAME, name);
	mnl_attr_put_u32(nlh, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	mnl_attr_put_u32(nlh, TCA_BPF_ID, 1234);
	mnl_attr_nest_end(nlh, options);
	return nlh;
}

static void test_xdp(void)
{
	struct if_xdp x;

	check(if_xdp_parse(put_link(XDP_ATTACHED_DRV, 5), &x) && x.ifindex == 7 &&
		      !strcmp(x.name, "eth0"),
	      "an interface has its number and name");
	check(x.prog_id[IF_XDP_NATIVE] == 5 && !x.prog_id[IF_XDP_GENERIC] &&
		      !x.prog_id[IF_XDP_OFFLOADED],
	      "one XDP program by its mode");
	check(if_xdp_parse(put_link(XDP_ATTACHED_SKB, 5), &x) && x.prog_id[IF_XDP_GENERIC] == 5,
	      "... generic");
	check(if_xdp_parse(put_link(XDP_ATTACHED_HW, 5), &x) && x.prog_id[IF_XDP_OFFLOADED] == 5,
	      "... offloaded");
	check(if_xdp_parse(put_link(XDP_ATTACHED_MULTI, 5), &x) && x.prog_id[IF_XDP_GENERIC] == 5 &&
		      x.prog_id[IF_XDP_NATIVE] == 6,
	      "two by two modes");
	check(if_xdp_parse(put_link(XDP_ATTACHED_NONE, 0), &x) && !x.prog_id[IF_XDP_NATIVE] &&
		      !x.prog_id[IF_XDP_GENERIC] && !x.prog_id[IF_XDP_OFFLOADED],
	      "and none");
	check(!if_xdp_parse(put_filter("x"), &x), "a filter is no interface");
}

static void test_filter(void)
{
	struct if_filter f;
	char name[200];

	check(if_filter_parse(put_filter("rst_tc.bpf.o:[tc/ingress]"), &f) && f.prog_id == 1234 &&
		      f.pref == 49152 && f.handle == 1 && f.chain == 3 && f.protocol == ETH_P_ALL &&
		      f.direct_action && !f.is_head,
	      "a BPF filter has its program, priority, handle and chain");
	check_str(f.name, "rst_tc.bpf.o:[tc/ingress]", "... and what iproute2 named it");
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = 0;
	if_filter_parse(put_filter(name), &f);
	check_int(strlen(f.name), sizeof(f.name) - 1, "a long name is cut");
	check(if_filter_parse(put_tc(RTM_NEWTFILTER, "flower"), &f) && f.is_head && !f.prog_id &&
		      !strcmp(f.kind, "flower"),
	      "filters of other kinds have no program");
}

static void test_qdisc(void)
{
	bool egress = true;
	uint32_t ifindex;

	check(if_qdisc_parse(put_tc(RTM_NEWQDISC, "clsact"), &ifindex, &egress) && egress &&
		      ifindex == 7,
	      "clsact has filters of both directions");
	check(if_qdisc_parse(put_tc(RTM_NEWQDISC, "ingress"), &ifindex, &egress) && !egress,
	      "ingress has those of one");
	check(!if_qdisc_parse(put_tc(RTM_NEWQDISC, "fq_codel"), &ifindex, &egress),
	      "other qdiscs have none");
}

/* In memory of its own, so that a sanitizer sees what is read beyond. */
static void parse_all(const struct nlmsghdr *from, uint32_t len, unsigned int *parsed)
{
	struct nlmsghdr *nlh = malloc(len);
	struct if_filter f;
	struct if_xdp x;
	uint32_t ifindex;
	bool egress;

	if (!nlh)
		abort();
	memcpy(nlh, from, len);
	nlh->nlmsg_len = len;
	*parsed += if_xdp_parse(nlh, &x) && memchr(x.name, 0, sizeof(x.name));
	*parsed += if_filter_parse(nlh, &f) && memchr(f.name, 0, sizeof(f.name)) &&
		   memchr(f.kind, 0, sizeof(f.kind));
	*parsed += if_qdisc_parse(nlh, &ifindex, &egress);
	free(nlh);
}

/* Cut at each byte, and with lengths of attributes that are too short, too long, or none. */
static void test_hostile(struct nlmsghdr *nlh, const char *what)
{
	static const uint16_t lengths[] = { 0, 1, 3, 4, 5, 0x7fff, 0xffff };
	unsigned int parsed = 0, cut_short = 0;
	uint32_t len, at;
	size_t i;

	for (len = sizeof(*nlh); len < sizeof(*nlh) + sizeof(struct ifinfomsg); len++)
		parse_all(nlh, len, &cut_short);
	check_int(cut_short, 0, "%s: a header that is cut short is not read", what);
	for (; len <= nlh->nlmsg_len; len++)
		parse_all(nlh, len, &parsed);
	for (at = sizeof(*nlh) + sizeof(struct ifinfomsg); at + 4 <= nlh->nlmsg_len; at += 4) {
		uint16_t *attr_len = (void *)((char *)nlh + at), was = *attr_len;

		for (i = 0; i < ARRAY_SIZE(lengths); i++) {
			*attr_len = lengths[i];
			parse_all(nlh, nlh->nlmsg_len, &parsed);
		}
		*attr_len = was;
	}
	check(parsed, "%s: attributes of any length do no harm", what);
}

/* --- rings ----------------------------------------------------------------------------------------------- */

#define CPUS 2

static int make_rings(struct rst_ring **ret)
{
	int fd = memfd_create("rings", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, CPUS * sizeof(**ret)))
		abort();
	*ret = mmap(NULL, CPUS * sizeof(**ret), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (*ret == MAP_FAILED)
		abort();
	return fd;
}

static void write_head(struct rst_ring *ring, uint64_t head, uint32_t abi, uint32_t slots)
{
	uint32_t words[2] = { abi, slots };

	ring->head = head;
	memcpy((char *)ring + sizeof(ring->head), words, sizeof(words));
}

static void test_rings(void)
{
	struct ring_state s;
	struct rst_ring *rings;
	int fd = make_rings(&rings);

	if (ring_state_read(fd, sizeof(*rings), CPUS, &s))
		abort();
	check(!s.abi && !s.cpus[0].recorded && !s.cpus[0].held, "rings may be empty");
	ring_state_free(&s);
	write_head(&rings[1], 4 + 3, 3, 4);
	rings[1].rec[3].ts_ns = 40; /* number 4, the oldest that is left */
	rings[1].rec[2].ts_ns = 70;
	if (ring_state_read(fd, sizeof(*rings), CPUS, &s))
		abort();
	check(s.abi == 3 && s.slots == 4, "a ring says its version and size");
	check(s.cpus[1].recorded == 7 && s.cpus[1].held == 4, "... and how full it is");
	check(s.cpus[1].oldest_ns == 40 && s.cpus[1].newest_ns == 70, "... and since when");
	ring_state_free(&s);
	write_head(&rings[1], 7, 3, 5);
	if (ring_state_read(fd, sizeof(*rings), CPUS, &s))
		abort();
	check(s.abi == 3 && !s.slots && !s.cpus[1].held && s.cpus[1].recorded == 7,
	      "a size that is no power of two is not believed");
	ring_state_free(&s);
	write_head(&rings[1], 7, 3, 2 * RST_RING_SLOTS);
	if (ring_state_read(fd, sizeof(*rings), CPUS, &s))
		abort();
	check(!s.slots && !s.cpus[1].held, "... nor one beyond the map");
	ring_state_free(&s);
	write_head(&rings[0], 1, 0, 0);
	write_head(&rings[1], 0, 0, 0);
	rings[0].rec[0].ts_ns = 9;
	if (ring_state_read(fd, sizeof(*rings), CPUS, &s))
		abort();
	check(s.abi == 2 && s.cpus[0].held == 1 && s.cpus[0].oldest_ns == 9,
	      "one that says nothing is of version 2");
	ring_state_free(&s);
	if (ring_state_read(fd, sizeof(*rings) - 64, CPUS, &s))
		abort();
	check(s.cpus[0].recorded == 1 && !s.cpus[0].held,
	      "rings of another shape have a head only");
	ring_state_free(&s);
	munmap(rings, CPUS * sizeof(*rings));
	close(fd);
}

static void test_shape(void)
{
	struct bpf_map_info info = {
		.type = BPF_MAP_TYPE_ARRAY,
		.name = "rst_ring",
		.key_size = 4,
		.value_size = sizeof(struct rst_ring),
		.max_entries = 2,
		.map_flags = BPF_F_MMAPABLE,
	};

	check(attached_ring_fits(&info), "our ring has the shape of one");
	info.type = BPF_MAP_TYPE_HASH;
	check(!attached_ring_fits(&info), "a hash of that name is none");
	info.type = BPF_MAP_TYPE_ARRAY;
	info.map_flags = 0;
	check(!attached_ring_fits(&info), "nor is what cannot be mapped");
	info.map_flags = BPF_F_MMAPABLE;
	info.value_size = 8;
	check(!attached_ring_fits(&info), "nor one without a head");
	info.value_size = sizeof(struct rst_ring);
	strcpy(info.name, "rst_rings");
	check(!attached_ring_fits(&info), "nor one of another name");
}

/* --- descriptors ----------------------------------------------------------------------------------------- */

static void test_fdinfo(void)
{
	static const char link[] = "pos:\t0\nflags:\t02000002\nlink_type:\ttcx\nlink_id:\t7\n"
				   "prog_tag:\tabc\nprog_id:\t8\n";

	check(bpf_fd_kind("anon_inode:bpf-map") == BPF_KIND_MAP &&
		      bpf_fd_kind("anon_inode:bpf-prog") == BPF_KIND_PROGRAM &&
		      bpf_fd_kind("anon_inode:bpf_link") == BPF_KIND_LINK &&
		      bpf_fd_kind("anon_inode:[eventpoll]") == BPF_KIND_OTHER,
	      "descriptors of BPF objects are told apart");
	check(bpf_fdinfo_id(link, BPF_KIND_LINK) == 7 &&
		      bpf_fdinfo_id(link, BPF_KIND_PROGRAM) == 8 &&
		      !bpf_fdinfo_id(link, BPF_KIND_MAP),
	      "... and have their ids");
	check(!bpf_fdinfo_id("", BPF_KIND_MAP) && !bpf_fdinfo_id("map_id", BPF_KIND_MAP) &&
		      !bpf_fdinfo_id("map_id:", BPF_KIND_MAP) &&
		      !bpf_fdinfo_id("x map_id:\t3", BPF_KIND_MAP),
	      "... or none");
}

int main(void)
{
	test_xdp();
	test_filter();
	test_qdisc();
	test_hostile(put_link(XDP_ATTACHED_MULTI, 5), "interface");
	test_hostile(put_filter("name"), "filter");
	test_hostile(put_tc(RTM_NEWQDISC, "clsact"), "qdisc");
	test_rings();
	test_shape();
	test_fdinfo();
	return test_done();
}
