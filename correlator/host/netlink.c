// SPDX-License-Identifier: GPL-2.0-only
/*
 * netlink.c - what rtnetlink knows: interfaces, their coming and going, local addresses, and changes
 *	of clsact qdiscs.
 */
#include "host/netlink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* netlink(7): the kernel never sends more in one read; 8 KiB is what iproute2 starts with. */
#define ANSWER_SIZE 32768
#define REQUEST_SIZE 256

struct netlink {
	struct mnl_socket *ask;
	struct mnl_socket *monitor;
	unsigned int seq;
	void (*on_tc)(void *ctx, uint32_t ifindex); /* NULL: not followed */
	void *tc_ctx;
};

static struct mnl_socket *open_socket(unsigned int groups, int flags)
{
	struct mnl_socket *s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | flags);

	if (s && mnl_socket_bind(s, groups, MNL_SOCKET_AUTOPID)) {
		mnl_socket_close(s);
		s = NULL;
	}
	return s;
}

struct netlink *netlink__open(void)
{
	struct netlink *nl = calloc(1, sizeof(*nl));
	int err;

	if (!nl)
		return NULL;
	nl->ask = open_socket(0, 0);
	nl->monitor = nl->ask ? open_socket(RTMGRP_LINK, SOCK_NONBLOCK) : NULL;
	if (!nl->monitor) {
		err = errno;
		netlink__free(nl);
		errno = err;
		return NULL;
	}
	return nl;
}

void netlink__free(struct netlink *nl)
{
	if (!nl)
		return;
	if (nl->ask)
		mnl_socket_close(nl->ask);
	if (nl->monitor)
		mnl_socket_close(nl->monitor);
	free(nl);
}

/*
 * Of the question that was asked last. What an answer before had left, because reading it ended with
 * an error, would be taken for this one's, and so on for ever.
 */
static ssize_t receive(const struct netlink *nl, char *buf)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;
	ssize_t n;

	do {
		n = mnl_socket_recvfrom(nl->ask, buf, ANSWER_SIZE);
		if (n < 0 && errno != EINTR)
			return -errno;
	} while (n < 0 || (mnl_nlmsg_ok(nlh, (int)n) && nlh->nlmsg_seq != nl->seq));
	return n;
}

int netlink__ask(struct netlink *nl, struct nlmsghdr *nlh,
		 int (*cb)(const struct nlmsghdr *nlh, void *ctx), void *ctx)
{
	char buf[ANSWER_SIZE];
	unsigned int port = mnl_socket_get_portid(nl->ask);
	ssize_t n;
	int ret;

	nlh->nlmsg_seq = ++nl->seq;
	if (mnl_socket_sendto(nl->ask, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	do {
		n = receive(nl, buf);
		if (n < 0)
			return (int)n;
		ret = mnl_cb_run(buf, (size_t)n, nl->seq, port, cb, ctx);
		if (ret < 0)
			return -errno;
		/* A get of one object is answered once, without NLMSG_DONE. */
	} while (ret > MNL_CB_STOP && (nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP);
	return 0;
}

int netlink__batch(struct netlink *nl, void *messages, size_t len, int *ret_errs, unsigned int n)
{
	unsigned int first = nl->seq + 1, got = 0;
	char buf[ANSWER_SIZE];
	struct nlmsghdr *nlh;
	int left = (int)len;
	ssize_t size;

	for (nlh = messages; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
		nlh->nlmsg_seq = ++nl->seq;
	if (mnl_socket_sendto(nl->ask, messages, len) < 0)
		return -errno;
	while (got < n) {
		size = mnl_socket_recvfrom(nl->ask, buf, sizeof(buf));
		if (size < 0)
			return -errno;
		nlh = (struct nlmsghdr *)buf;
		for (left = (int)size; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
			const struct nlmsgerr *ack = mnl_nlmsg_get_payload(nlh);

			if (nlh->nlmsg_type != NLMSG_ERROR || nlh->nlmsg_seq - first >= n)
				continue;
			ret_errs[nlh->nlmsg_seq - first] = ack->error;
			got++;
		}
	}
	return 0;
}

struct link_visitor {
	link_fn fn;
	void *ctx;
};

static int visit_link(const struct nlmsghdr *nlh, void *data)
{
	const struct ifinfomsg *ifm = mnl_nlmsg_get_payload(nlh);
	const struct link_visitor *v = data;
	struct link_info link = {
		.ifindex = (uint32_t)ifm->ifi_index,
		.type = ifm->ifi_type,
		.up = ifm->ifi_flags & IFF_UP,
		.gone = nlh->nlmsg_type == RTM_DELLINK,
		.new_netnsid = -1,
		.new_ifindex = (uint32_t)ifm->ifi_index,
	};
	const struct nlattr *attr;

	/* AF_BRIDGE notifications speak of ports, not of interfaces. */
	if (ifm->ifi_family != AF_UNSPEC)
		return MNL_CB_OK;
	mnl_attr_for_each (attr, nlh, sizeof(*ifm)) {
		if (mnl_attr_get_type(attr) == IFLA_IFNAME)
			strncpy(link.name, mnl_attr_get_str(attr), sizeof(link.name) - 1);
		else if (mnl_attr_get_type(attr) == IFLA_NEW_NETNSID)
			link.new_netnsid = (int32_t)mnl_attr_get_u32(attr);
		else if (mnl_attr_get_type(attr) == IFLA_NEW_IFINDEX)
			link.new_ifindex = mnl_attr_get_u32(attr);
	}
	v->fn(v->ctx, &link);
	return MNL_CB_OK;
}

int netlink__links(struct netlink *nl, link_fn fn, void *ctx)
{
	struct link_visitor v = { fn, ctx };
	char buf[REQUEST_SIZE];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifm;

	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	ifm = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifm));
	ifm->ifi_family = AF_UNSPEC;
	return netlink__ask(nl, nlh, visit_link, &v);
}

static int visit_nsid(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;

	mnl_attr_for_each (attr, nlh, sizeof(struct rtgenmsg))
		if (mnl_attr_get_type(attr) == NETNSA_NSID)
			*(int32_t *)data = (int32_t)mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

int32_t netlink__nsid(struct netlink *nl, int netns_fd)
{
	char buf[REQUEST_SIZE];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct rtgenmsg *msg;
	int32_t id = -1;

	nlh->nlmsg_type = RTM_GETNSID;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	msg = mnl_nlmsg_put_extra_header(nlh, sizeof(*msg));
	msg->rtgen_family = AF_UNSPEC;
	mnl_attr_put_u32(nlh, NETNSA_FD, (uint32_t)netns_fd);
	return netlink__ask(nl, nlh, visit_nsid, &id) ? -1 : id;
}

static int visit_route(const struct nlmsghdr *nlh, void *data)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type == RTM_NEWROUTE)
		*(int *)data = rtm->rtm_type == RTN_LOCAL;
	return MNL_CB_OK;
}

int netlink__is_local(struct netlink *nl, const uint8_t *addr, uint8_t family)
{
	char buf[REQUEST_SIZE];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct rtmsg *rtm;
	int local = 0, err;

	nlh->nlmsg_type = RTM_GETROUTE;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = family;
	if (family == AF_INET6) {
		rtm->rtm_dst_len = 128;
		mnl_attr_put(nlh, RTA_DST, 16, addr);
	} else {
		rtm->rtm_dst_len = 32;
		mnl_attr_put(nlh, RTA_DST, 4, addr + 12);
	}
	err = netlink__ask(nl, nlh, visit_route, &local);
	/* No route to an address means that it is not ours. */
	if (err == -ENETUNREACH || err == -EHOSTUNREACH || err == -EACCES || err == -EINVAL)
		return 0;
	return err ? err : local;
}

int netlink__monitor_fd(const struct netlink *nl)
{
	return mnl_socket_get_fd(nl->monitor);
}

int netlink__follow_tc(struct netlink *nl, void (*fn)(void *ctx, uint32_t ifindex), void *ctx)
{
	int group = RTNLGRP_TC;

	if (!nl->on_tc &&
	    mnl_socket_setsockopt(nl->monitor, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
		return -errno;
	nl->on_tc = fn;
	nl->tc_ctx = ctx;
	return 0;
}

struct monitor {
	struct netlink *nl;
	struct link_visitor links;
};

/* Its qdisc, and the filters on both of its hooks. */
static bool is_clsact(const struct tcmsg *tcm)
{
	return tcm->tcm_parent != TC_H_ROOT && TC_H_MAJ(tcm->tcm_parent) == TC_H_MAJ(TC_H_CLSACT);
}

static int visit_change(const struct nlmsghdr *nlh, void *data)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(nlh);
	struct monitor *m = data;

	switch (nlh->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return visit_link(nlh, &m->links);
	case RTM_NEWQDISC:
	case RTM_DELQDISC:
	case RTM_NEWTFILTER:
	case RTM_DELTFILTER:
	case RTM_DELCHAIN:
		if (m->nl->on_tc && is_clsact(tcm) &&
		    nlh->nlmsg_pid != mnl_socket_get_portid(m->nl->ask))
			m->nl->on_tc(m->nl->tc_ctx, (uint32_t)tcm->tcm_ifindex);
	}
	return MNL_CB_OK;
}

int netlink__monitor(struct netlink *nl, link_fn fn, void *ctx)
{
	struct monitor m = { nl, { fn, ctx } };
	char buf[ANSWER_SIZE];
	ssize_t n;

	for (;;) {
		n = mnl_socket_recvfrom(nl->monitor, buf, sizeof(buf));
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		if (mnl_cb_run(buf, (size_t)n, 0, 0, visit_change, &m) < 0)
			return -errno;
	}
}
