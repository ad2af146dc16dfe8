// SPDX-License-Identifier: GPL-2.0-only
/*
 * clsact.c - BPF filters on a clsact qdisc: put there, found again by their program, and removed.
 *
 * Whose a filter is, its program says: the kernel does not give a program's id to another. A
 * qdisc has no such mark; whether it is the one that we made is for the caller to know.
 */
#include "host/clsact.h"

#include <errno.h>
#include <string.h>
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#define MESSAGE_SIZE 256
#define MAX_FOUND 8 /* filters of one program on one hook: we add one */
#define DETACH_TRIES 3

static uint32_t parent_of(enum clsact_direction dir)
{
	return TC_H_MAKE(TC_H_CLSACT, dir == CLSACT_INGRESS ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS);
}

static struct nlmsghdr *put_message(void *buf, uint16_t type, uint16_t flags, uint32_t ifindex,
				    uint32_t parent, struct tcmsg **ret_tcm)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct tcmsg *tcm;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	tcm = mnl_nlmsg_put_extra_header(nlh, sizeof(*tcm));
	tcm->tcm_ifindex = (int)ifindex;
	tcm->tcm_parent = parent;
	*ret_tcm = tcm;
	return nlh;
}

static struct nlmsghdr *put_qdisc(void *buf, uint16_t type, uint16_t flags, uint32_t ifindex)
{
	struct tcmsg *tcm;
	struct nlmsghdr *nlh = put_message(buf, type, flags, ifindex, TC_H_CLSACT, &tcm);

	tcm->tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
	mnl_attr_put_strz(nlh, TCA_KIND, "clsact");
	return nlh;
}

int clsact_exists(struct netlink *nl, uint32_t ifindex)
{
	char buf[MESSAGE_SIZE];
	int err;

	err = netlink__ask(nl, put_qdisc(buf, RTM_GETQDISC, NLM_F_ACK, ifindex), NULL, NULL);
	/* Where there once was one, there is now one without a handle, which passes everything. */
	if (err == -ENOENT || err == -EINVAL)
		return 0;
	return err ? err : 1;
}

static void put_program(struct nlmsghdr *nlh, int prog_fd)
{
	struct nlattr *options;

	mnl_attr_put_strz(nlh, TCA_KIND, "bpf");
	options = mnl_attr_nest_start(nlh, TCA_OPTIONS);
	mnl_attr_put_u32(nlh, TCA_BPF_FD, (uint32_t)prog_fd);
	mnl_attr_put_strz(nlh, TCA_BPF_NAME, CLSACT_NAME);
	mnl_attr_put_u32(nlh, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	mnl_attr_nest_end(nlh, options);
}

static struct nlmsghdr *put_filter(void *buf, uint32_t ifindex, enum clsact_direction dir,
				   int prog_fd, uint16_t priority)
{
	struct nlmsghdr *nlh;
	struct tcmsg *tcm;

	nlh = put_message(buf, RTM_NEWTFILTER, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, ifindex,
			  parent_of(dir), &tcm);
	tcm->tcm_info = TC_H_MAKE((uint32_t)priority << 16, htons(ETH_P_ALL));
	put_program(nlh, prog_fd);
	return nlh;
}

/* Without a qdisc there is no filter either, and why there is none is the better reason. */
static int attach_with_qdisc(struct netlink *nl, uint32_t ifindex, enum clsact_direction dir,
			     int prog_fd, uint16_t priority, bool *ret_made)
{
	enum { QDISC, FILTER, N };
	char buf[N * MESSAGE_SIZE];
	struct nlmsghdr *qdisc, *filter;
	int errs[N], err;

	qdisc = put_qdisc(buf, RTM_NEWQDISC, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, ifindex);
	filter = put_filter(buf + NLMSG_ALIGN(qdisc->nlmsg_len), ifindex, dir, prog_fd, priority);
	err = netlink__batch(nl, buf, NLMSG_ALIGN(qdisc->nlmsg_len) + filter->nlmsg_len, errs, N);
	if (err)
		return err;
	*ret_made = !errs[QDISC];
	if (errs[FILTER] && errs[QDISC] && errs[QDISC] != -EEXIST)
		return errs[QDISC];
	return errs[FILTER];
}

int clsact_attach(struct netlink *nl, uint32_t ifindex, enum clsact_direction dir, int prog_fd,
		  uint16_t priority, bool may_make, bool *ret_made)
{
	char buf[MESSAGE_SIZE];
	int err;

	*ret_made = false;
	if (may_make)
		return attach_with_qdisc(nl, ifindex, dir, prog_fd, priority, ret_made);
	err = netlink__ask(nl, put_filter(buf, ifindex, dir, prog_fd, priority), NULL, NULL);
	return err && !clsact_exists(nl, ifindex) ? -ENOENT : err;
}

struct found {
	uint32_t prog_id; /* looked for; 0 = any filter */
	struct tcmsg at[MAX_FOUND];
	unsigned int n;
};

static uint32_t program_of(const struct nlattr *options)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, options) if (mnl_attr_get_type(attr) ==
						    TCA_BPF_ID) return mnl_attr_get_u32(attr);
	return 0;
}

static int look_at_filter(const struct nlmsghdr *nlh, void *data)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	struct found *found = data;
	bool is_bpf = false, match = !found->prog_id;

	mnl_attr_for_each (attr, nlh, sizeof(*tcm)) {
		if (mnl_attr_get_type(attr) == TCA_KIND)
			is_bpf = !strcmp(mnl_attr_get_str(attr), "bpf");
		else if (mnl_attr_get_type(attr) == TCA_OPTIONS && is_bpf && found->prog_id)
			match = program_of(attr) == found->prog_id;
	}
	if (match && found->n < MAX_FOUND)
		found->at[found->n++] = *tcm;
	return MNL_CB_OK;
}

static int find_filters(struct netlink *nl, uint32_t ifindex, enum clsact_direction dir,
			struct found *found)
{
	char buf[MESSAGE_SIZE];
	struct tcmsg *tcm;
	struct nlmsghdr *nlh =
		put_message(buf, RTM_GETTFILTER, NLM_F_DUMP, ifindex, parent_of(dir), &tcm);

	return netlink__ask(nl, nlh, look_at_filter, found);
}

static int remove_filter(struct netlink *nl, const struct tcmsg *at)
{
	char buf[MESSAGE_SIZE];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct tcmsg *tcm;

	nlh->nlmsg_type = RTM_DELTFILTER;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	tcm = mnl_nlmsg_put_extra_header(nlh, sizeof(*tcm));
	*tcm = *at;
	mnl_attr_put_strz(nlh, TCA_KIND, "bpf");
	return netlink__ask(nl, nlh, NULL, NULL);
}

/* The priority, the handle and the protocol make it a change of this filter. */
static int replace_filter(struct netlink *nl, const struct tcmsg *at, int prog_fd)
{
	char buf[MESSAGE_SIZE];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct tcmsg *tcm;

	nlh->nlmsg_type = RTM_NEWTFILTER;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_REPLACE;
	tcm = mnl_nlmsg_put_extra_header(nlh, sizeof(*tcm));
	*tcm = *at;
	put_program(nlh, prog_fd);
	return netlink__ask(nl, nlh, NULL, NULL);
}

int clsact_replace(struct netlink *nl, uint32_t ifindex, enum clsact_direction dir,
		   uint32_t old_prog_id, int prog_fd)
{
	struct found found = { .prog_id = old_prog_id };
	int err = old_prog_id ? find_filters(nl, ifindex, dir, &found) : 0;
	unsigned int i;

	for (i = 0; i < found.n && !err; i++)
		err = replace_filter(nl, &found.at[i], prog_fd);
	return err ? err : (int)found.n;
}

/* Return: how many there were, all of which were removed; or -errno. */
static int detach_found(struct netlink *nl, uint32_t ifindex, enum clsact_direction dir,
			uint32_t prog_id)
{
	struct found found = { .prog_id = prog_id };
	int err = find_filters(nl, ifindex, dir, &found);
	unsigned int i;

	for (i = 0; i < found.n && !err; i++)
		err = remove_filter(nl, &found.at[i]);
	return err ? err : (int)found.n;
}

/* Somebody may remove them, or their qdisc, in the same moment: it is done when none is found. */
int clsact_detach(struct netlink *nl, uint32_t ifindex, enum clsact_direction dir, uint32_t prog_id)
{
	int removed = 0, n, tries = DETACH_TRIES;

	if (!prog_id)
		return 0;
	do {
		n = detach_found(nl, ifindex, dir, prog_id);
		removed += n > 0 ? n : 0;
	} while (n && --tries);
	return n < 0 ? n : removed;
}

int clsact_remove(struct netlink *nl, uint32_t ifindex)
{
	struct found found = { .prog_id = 0 };
	char buf[MESSAGE_SIZE];
	int err;

	err = find_filters(nl, ifindex, CLSACT_INGRESS, &found);
	if (!err)
		err = find_filters(nl, ifindex, CLSACT_EGRESS, &found);
	if (err)
		return err;
	if (found.n)
		return -EBUSY;
	return netlink__ask(nl, put_qdisc(buf, RTM_DELQDISC, NLM_F_ACK, ifindex), NULL, NULL);
}
