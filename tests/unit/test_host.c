// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_host.c - what the kernel answers about interfaces, addresses, filters, namespaces and capabilities.
 *
 * In a network namespace of its own, where the test decides what there is.
 */
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "host/capabilities.h"
#include "host/clsact_order.h"
#include "host/netlink.h"
#include "host/netns.h"
#include "host/process_id.h"
#include "namespace.h"
#include "samples.h"

/* --- changes, by rtnetlink itself ------------------------------------------------------------------ */

static int send_request(struct nlmsghdr *nlh)
{
	struct mnl_socket *s = mnl_socket_open(NETLINK_ROUTE);
	char buf[8192];
	ssize_t n;
	int err;

	if (!s || mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID))
		abort();
	nlh->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = 1;
	if (mnl_socket_sendto(s, nlh, nlh->nlmsg_len) < 0)
		abort();
	n = mnl_socket_recvfrom(s, buf, sizeof(buf));
	err = mnl_cb_run(buf, (size_t)n, 1, mnl_socket_get_portid(s), NULL, NULL) < 0 ? -errno : 0;
	mnl_socket_close(s);
	return err;
}

static int make_link(const char *name, const char *kind)
{
	char buf[512];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nlattr *info;

	nlh->nlmsg_type = RTM_NEWLINK;
	nlh->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, kind);
	mnl_attr_nest_end(nlh, info);
	return send_request(nlh);
}

static int remove_link(uint32_t ifindex)
{
	char buf[512];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifm;

	nlh->nlmsg_type = RTM_DELLINK;
	ifm = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifm));
	ifm->ifi_index = (int)ifindex;
	return send_request(nlh);
}

static int set_up(uint32_t ifindex, bool up)
{
	char buf[512];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifm;

	nlh->nlmsg_type = RTM_NEWLINK;
	ifm = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifm));
	ifm->ifi_index = (int)ifindex;
	ifm->ifi_change = IFF_UP;
	ifm->ifi_flags = up ? IFF_UP : 0;
	return send_request(nlh);
}

static int add_address(uint32_t ifindex, const struct tuple *t)
{
	size_t len = t->family == AF_INET6 ? 16 : 4;
	char buf[512];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifaddrmsg *ifa;

	nlh->nlmsg_type = RTM_NEWADDR;
	nlh->nlmsg_flags = NLM_F_CREATE;
	ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	ifa->ifa_family = t->family;
	ifa->ifa_prefixlen = (uint8_t)(len * 8);
	ifa->ifa_index = ifindex;
	ifa->ifa_flags = 0x02; /* IFA_F_NODAD */
	mnl_attr_put(nlh, IFA_LOCAL, len, t->saddr + 16 - len);
	return send_request(nlh);
}

/* A filter, when there are "ops" of classic BPF; else a qdisc. */
static int add_tc(uint16_t type, uint32_t handle, uint32_t parent, const char *kind,
		  const struct sock_filter *ops)
{
	char buf[512];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nlattr *options;
	struct tcmsg *tcm;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
	tcm = mnl_nlmsg_put_extra_header(nlh, sizeof(*tcm));
	tcm->tcm_ifindex = 1;
	tcm->tcm_handle = handle;
	tcm->tcm_parent = parent;
	tcm->tcm_info = ops ? TC_H_MAKE(1u << 16, htons(ETH_P_ALL)) : 0;
	mnl_attr_put_strz(nlh, TCA_KIND, kind);
	if (ops) {
		options = mnl_attr_nest_start(nlh, TCA_OPTIONS);
		mnl_attr_put_u16(nlh, TCA_BPF_OPS_LEN, 1);
		mnl_attr_put(nlh, TCA_BPF_OPS, sizeof(*ops), ops);
		mnl_attr_nest_end(nlh, options);
	}
	return send_request(nlh);
}

/* --- interfaces -------------------------------------------------------------------------------------- */

struct seen {
	struct link_info links[16];
	unsigned int n;
};

static void on_link(void *ctx, const struct link_info *link)
{
	struct seen *s = ctx;

	if (s->n < ARRAY_SIZE(s->links))
		s->links[s->n++] = *link;
}

static const struct link_info *link_named(const struct seen *s, const char *name)
{
	unsigned int i;

	for (i = s->n; i-- > 0;)
		if (!strcmp(s->links[i].name, name))
			return &s->links[i];
	return NULL;
}

/* Everything that the monitor has to say by now. */
static struct seen changes(struct netlink *nl)
{
	struct seen s = { .n = 0 };

	check_int(netlink__monitor(nl, on_link, &s), 0, "the changes are read");
	return s;
}

static void test_links(struct netlink *nl)
{
	struct seen s = { .n = 0 };
	struct pollfd p = { .fd = netlink__monitor_fd(nl), .events = POLLIN };
	const struct link_info *l;

	check_int(netlink__links(nl, on_link, &s), 0, "interfaces are listed");
	l = link_named(&s, "lo");
	if (!check(l, "a new namespace has lo"))
		return;
	check(l->ifindex == 1 && l->type == 772 && !l->up && !l->gone,
	      "... with number 1, of its own type, and down");
	check_int(poll(&p, 1, 0), 0, "nothing has changed yet");
	check(!changes(nl).n, "... so there is nothing to read");
	check_int(set_up(1, true), 0, "lo goes up");
	check_int(poll(&p, 1, 10000), 1, "... and the monitor becomes readable");
	s = changes(nl);
	l = link_named(&s, "lo");
	check(l && l->up && l->ifindex == 1, "... and says so");
	check_int(poll(&p, 1, 0), 0, "what was read is not read again");
}

static void test_coming_and_going(struct netlink *nl)
{
	static const char name[] = "fifteen-letters";
	struct seen s = { .n = 0 };
	const struct link_info *l;
	static const char *const kinds[] = { "dummy", "bridge", "veth" };
	uint32_t ifindex;
	int err = 1;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds) && err; i++)
		err = make_link(name, kinds[i]);
	if (err) {
		test_skip("an interface comes and goes: none can be made: %s", strerror(-err));
		return;
	}
	s = changes(nl);
	l = link_named(&s, name);
	if (!check(l && !l->gone && l->ifindex > 1, "an interface with the longest name comes"))
		return;
	ifindex = l->ifindex;
	check_int(remove_link(ifindex), 0, "it goes");
	s = changes(nl);
	l = link_named(&s, name);
	check(l && l->gone && l->ifindex == ifindex, "... which is reported");
	s.n = 0;
	netlink__links(nl, on_link, &s);
	check(!link_named(&s, name), "... and it is listed no more");
}

static int give_up(const struct nlmsghdr *nlh, void *ctx)
{
	(void)nlh, (void)ctx;
	errno = ECANCELED;
	return MNL_CB_ERROR;
}

/* The end of the answer, in a message of its own, is not read then. */
static void test_answer_left(struct netlink *nl)
{
	struct seen s = { .n = 0 };
	char buf[256];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	check_int(netlink__ask(nl, nlh, give_up, NULL), -ECANCELED,
		  "an answer is not read to its end");
	check_int(netlink__links(nl, on_link, &s), 0, "... which spoils no later answer");
	check(link_named(&s, "lo"), "... that is whole");
	check_int(clsact_exists(nl, 1), 0, "... nor that after the next");
}

/* More changes than the socket holds are reported as lost, once. */
static void test_overflow(struct netlink *nl)
{
	struct seen s = { .n = 0 };
	int i, err = 0, size = 1;

	setsockopt(netlink__monitor_fd(nl), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	for (i = 0; i < 64 && !err; i++)
		err = set_up(1, i % 2);
	check_int(err, 0, "lo goes down and up many times");
	for (i = 0; i < 64 && !err; i++)
		err = netlink__monitor(nl, on_link, &s);
	check_int(err, -ENOBUFS, "changes that were missed are reported");
	check_int(netlink__monitor(nl, on_link, &s), 0, "... once");
}

static void test_addresses(struct netlink *nl)
{
	const struct family *f;
	unsigned int i;

	for_each_family(f)
	{
		struct tuple t = make_tuple(f->af, LOCAL, 0, PEER, 0);

		check_int(netlink__is_local(nl, t.saddr, f->af), 0,
			  "an address that nobody has is not local (%s)", f->name);
		if (!check_int(add_address(1, &t), 0, "lo gets it (%s)", f->name))
			continue;
		/* IPv6 does it in the background. */
		for (i = 0; i < 1000 && netlink__is_local(nl, t.saddr, f->af) != 1; i++)
			poll(NULL, 0, 10);
		check_int(netlink__is_local(nl, t.saddr, f->af), 1, "now it is (%s)", f->name);
		check_int(netlink__is_local(nl, t.daddr, f->af), 0,
			  "... and its neighbour is not (%s)", f->name);
	}
}

static int add_clsact(void)
{
	return add_tc(RTM_NEWQDISC, TC_H_MAKE(TC_H_CLSACT, 0), TC_H_CLSACT, "clsact", NULL);
}

static void on_tc(void *ctx, uint32_t ifindex)
{
	*(uint32_t *)ctx = ifindex;
}

static void test_followed(struct netlink *nl)
{
	uint32_t changed = 0;
	struct seen s = { .n = 0 };
	int err = add_clsact();

	if (err) {
		test_skip("changes of qdiscs: no clsact: %s", strerror(-err));
		return;
	}
	netlink__monitor(nl, on_link, &s);
	check_int(netlink__follow_tc(nl, on_tc, &changed), 0, "changes of qdiscs can be followed");
	netlink__monitor(nl, on_link, &s);
	check_int(changed, 0, "... those of before are none");
	clsact_remove(nl, 1);
	netlink__monitor(nl, on_link, &s);
	check_int(changed, 0, "... nor are our own");
	err = add_clsact();
	netlink__monitor(nl, on_link, &s);
	check(!err && changed == 1, "... somebody else's are");
	clsact_remove(nl, 1);
}

static void test_filters(struct netlink *nl)
{
	static const struct sock_filter ops[] = { BPF_STMT(BPF_RET | BPF_K, 0) };
	uint32_t egress = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS);
	struct clsact_order order;
	int err;

	check_int(clsact_exists(nl, 1), 0, "lo has no clsact qdisc at first");
	err = add_clsact();
	if (err) {
		test_skip("filters of tc: no clsact: %s", strerror(-err));
		return;
	}
	check_int(clsact_exists(nl, 1), 1, "... then it has");
	check_int(clsact_remove(nl, 1), 0, "without filters it can be removed");
	check_int(clsact_exists(nl, 1), 0, "... and it is");
	err = add_clsact();
	if (!err)
		err = add_tc(RTM_NEWTFILTER, 0, egress, "bpf", ops);
	if (err) {
		test_skip("filters of tc: no filter by BPF: %s", strerror(-err));
		return;
	}
	check_int(clsact_look(nl, 1, CLSACT_EGRESS, 4711, &order), 0, "one looks who is there");
	check(!order.ours && order.lowest && !strcmp(order.before_name, ""),
	      "... a filter of somebody else's, and none of ours");
	check_int(clsact_look(nl, 1, CLSACT_INGRESS, 4711, &order), 0,
		  "... in the other direction");
	check(!order.ours && !order.lowest, "... there is nobody");
	check_int(clsact_detach(nl, 1, CLSACT_EGRESS, 4711), 0,
		  "a filter with another program is not removed");
	check_int(clsact_remove(nl, 1), -EBUSY, "... nor the qdisc under it");
	check_int(clsact_exists(nl, 1), 1, "... which stays");
}

/* --- network namespaces -------------------------------------------------------------------------------- */

static ino_t netns_of(const char *path)
{
	struct stat st = { 0 };

	stat(path, &st);
	return st.st_ino;
}

/* A process in a network namespace of its own; it ends when @ret_end is closed. */
static pid_t start_elsewhere(int *ret_end)
{
	int ready[2], end[2];
	pid_t pid;
	char c;

	if (pipe(ready) || pipe(end))
		abort();
	fflush(stdout);
	pid = fork();
	if (!pid) {
		close(end[1]);
		if (unshare(CLONE_NEWNET) || write(ready[1], "", 1) != 1)
			_exit(1);
		_exit(read(end[0], &c, 1) != 0);
	}
	close(end[0]);
	close(ready[1]);
	check_int(read(ready[0], &c, 1), 1, "a process has another network namespace");
	close(ready[0]);
	*ret_end = end[1];
	return pid;
}

static void test_netns(void)
{
	ino_t here = netns_of("/proc/self/ns/net"), there;
	char path[64], number[32];
	int end;
	pid_t pid = start_elsewhere(&end);

	snprintf(number, sizeof(number), "%d", pid);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	there = netns_of(path);
	check(there && there != here, "... which is not ours");
	check_int(netns_enter(number), 0, "a namespace is entered by a process's number");
	check(netns_of("/proc/self/ns/net") == there, "... and is the one");
	snprintf(path, sizeof(path), "/proc/%d/ns/net", getppid());
	check(netns_enter("1") < 0, "a namespace of others is refused");
	check(netns_of("/proc/self/ns/net") == there, "... and nothing has changed");
	if (check(!mount("tmpfs", "/run", "tmpfs", 0, NULL) && !mkdir("/run/netns", 0755) &&
			  namespace_write("/dev/null", ""),
		  "there is a place for names")) {
		snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
		check(!symlink(path, "/run/netns/web"), "a namespace has a name");
		check_int(netns_enter("web"), 0, "it is entered by its name");
		check(netns_of("/proc/self/ns/net") == there, "... and is the one");
		check_int(netns_enter("db"), -ENOENT, "a name that does not exist is refused");
		check_int(netns_enter("8080x"), -ENOENT, "a number and a letter are a name");
	}
	check_int(netns_enter("/proc/self/ns/mnt"), -EINVAL,
		  "another kind of namespace is refused");
	check_int(netns_enter("/no/such/file"), -ENOENT, "a path that does not exist is refused");
	check_int(netns_enter(""), -EINVAL, "nothing is refused");
	close(end);
	waitpid(pid, NULL, 0);
}

/* --- capabilities --------------------------------------------------------------------------------------- */

static bool has(cap_value_t cap, cap_flag_t flag)
{
	cap_flag_value_t value = CAP_CLEAR;
	cap_t caps = cap_get_proc();

	cap_get_flag(caps, cap, flag, &value);
	cap_free(caps);
	return value == CAP_SET;
}

static void lose(cap_value_t cap)
{
	cap_t caps = cap_get_proc();

	cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, CAP_CLEAR);
	cap_set_proc(caps);
	cap_free(caps);
}

static void test_missing(void)
{
	check_str(capabilities_missing(), NULL, "root lacks nothing");
	lose(CAP_NET_ADMIN);
	check_str(capabilities_missing(), "CAP_NET_ADMIN", "what is lacking has its name");
	lose(CAP_BPF);
	check_str(capabilities_missing(), "CAP_BPF", "... the first of them");
}

static void test_drop(bool keep_admin)
{
	check_int(capabilities_drop(keep_admin), 0, "capabilities are dropped");
	check_int(has(CAP_SYS_ADMIN, CAP_EFFECTIVE), keep_admin, "CAP_SYS_ADMIN %s",
		  keep_admin ? "stays where it is needed" : "goes");
	check(has(CAP_BPF, CAP_EFFECTIVE) && has(CAP_PERFMON, CAP_EFFECTIVE) &&
		      has(CAP_NET_ADMIN, CAP_EFFECTIVE),
	      "what watching needs stays");
	check(!has(CAP_CHOWN, CAP_PERMITTED) && !has(CAP_KILL, CAP_PERMITTED) &&
		      !has(CAP_NET_RAW, CAP_PERMITTED) && !has(CAP_SETUID, CAP_PERMITTED),
	      "what it does not need is gone for good");
	check_str(capabilities_missing(), NULL, "nothing is missing afterwards");
	check_int(capabilities_drop(true), 0, "dropping again is no error");
	check_int(has(CAP_SYS_ADMIN, CAP_EFFECTIVE), keep_admin, "... and gives nothing back");
}

/* In a child, because nothing can be taken back. */
static void apart(void (*test)(bool arg), bool arg)
{
	unsigned int failed = test_failures;
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		test(arg);
		exit(test_failures != failed);
	}
	waitpid(pid, &status, 0);
	check_int(status, 0, "... all of that holds");
}

static void test_missing_apart(bool unused)
{
	(void)unused;
	test_missing();
}

/* --- processes ----------------------------------------------------------------------------------------- */

static void test_processes(void)
{
	struct process_id self = process_id_self(), p = self;
	char name[32];

	check(self.pid == (uint32_t)getpid() && self.pid_ns && self.start_ticks,
	      "a process is known by its PID, its namespace and its start");
	check(process_lives(&self), "... and lives");
	process_name(&self, name, sizeof(name));
	check_str(name, "test_host", "... and has a name");
	p.start_ticks--;
	check(!process_lives(&p), "an earlier one with the same PID does not");
	p = self;
	p.pid = (uint32_t)fork();
	if (!p.pid)
		_exit(0);
	waitpid((pid_t)p.pid, NULL, 0);
	check(!process_lives(&p), "nor one that has ended");
	process_name(&p, name, sizeof(name));
	check_str(name, "?", "... and has no name");
}

int main(void)
{
	struct netlink *nl;

	test_processes();

	if (!namespace_enter(CLONE_NEWNET | CLONE_NEWNS))
		return test_done();
	mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
	nl = netlink__open();
	if (!check(nl, "rtnetlink answers"))
		return test_done();
	test_links(nl);
	test_coming_and_going(nl);
	test_answer_left(nl);
	test_addresses(nl);
	test_followed(nl);
	test_filters(nl);
	test_overflow(nl);
	netlink__free(nl);
	netlink__free(NULL);
	apart(test_missing_apart, false);
	apart(test_drop, true);
	apart(test_drop, false);
	test_netns();
	return test_done();
}
