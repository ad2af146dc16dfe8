// SPDX-License-Identifier: GPL-2.0-only
/*
 * if_programs.c - what rtnetlink knows of BPF programs on interfaces: XDP, and filters of clsact.
 *
 * The kernel's answers are trusted to be well-formed no more than is needed: every attribute is
 * measured before it is read.
 */
#include "host/if_programs.h"

#include <arpa/inet.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#define REQUEST_SIZE 256

static uint32_t get_u32(const struct nlattr *attr)
{
	return mnl_attr_validate(attr, MNL_TYPE_U32) < 0 ? 0 : mnl_attr_get_u32(attr);
}

/* Names may be longer than we have room for, and need not end with a 0. */
static void get_text(const struct nlattr *attr, char *to, size_t size)
{
	size_t len = mnl_attr_get_payload_len(attr);

	if (len >= size)
		len = size - 1;
	memset(to, 0, size);
	memcpy(to, mnl_attr_get_payload(attr), len);
}

static bool text_is(const struct nlattr *attr, const char *word)
{
	char text[32];

	get_text(attr, text, sizeof(text));
	return !strcmp(text, word);
}

static bool has_room(const struct nlmsghdr *nlh, uint16_t type, size_t size)
{
	return nlh->nlmsg_type == type && nlh->nlmsg_len >= MNL_NLMSG_HDRLEN + size;
}

/*
 * Up to the message's end; mnl_attr_for_each() goes to the next multiple of four, which may be
 * beyond what was received.
 */
static int left_of(const struct nlmsghdr *nlh, const struct nlattr *attr)
{
	return (int)((const char *)nlh + nlh->nlmsg_len - (const char *)attr);
}

#define for_each_attr(attr, nlh, offset)                             \
	for ((attr) = mnl_nlmsg_get_payload_offset((nlh), (offset)); \
	     mnl_attr_ok((attr), left_of((nlh), (attr))); (attr) = mnl_attr_next((attr)))

/* Before 4.16, or with one program, there is no more than the mode and one id. */
static void parse_xdp_nest(const struct nlattr *nest, struct if_xdp *x)
{
	uint32_t single = 0;
	uint8_t mode = XDP_ATTACHED_NONE;
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest)
	{
		switch (mnl_attr_get_type(attr)) {
		case IFLA_XDP_ATTACHED:
			if (mnl_attr_validate(attr, MNL_TYPE_U8) >= 0)
				mode = mnl_attr_get_u8(attr);
			break;
		case IFLA_XDP_PROG_ID:
			single = get_u32(attr);
			break;
		case IFLA_XDP_DRV_PROG_ID:
			x->prog_id[IF_XDP_NATIVE] = get_u32(attr);
			break;
		case IFLA_XDP_SKB_PROG_ID:
			x->prog_id[IF_XDP_GENERIC] = get_u32(attr);
			break;
		case IFLA_XDP_HW_PROG_ID:
			x->prog_id[IF_XDP_OFFLOADED] = get_u32(attr);
			break;
		}
	}
	if (mode == XDP_ATTACHED_DRV)
		x->prog_id[IF_XDP_NATIVE] = single;
	else if (mode == XDP_ATTACHED_SKB)
		x->prog_id[IF_XDP_GENERIC] = single;
	else if (mode == XDP_ATTACHED_HW)
		x->prog_id[IF_XDP_OFFLOADED] = single;
}

bool if_xdp_parse(const struct nlmsghdr *nlh, struct if_xdp *ret)
{
	const struct ifinfomsg *ifm = mnl_nlmsg_get_payload(nlh);
	struct if_xdp x = { 0 };
	const struct nlattr *attr;

	if (!has_room(nlh, RTM_NEWLINK, sizeof(*ifm)) || ifm->ifi_family != AF_UNSPEC)
		return false;
	x.ifindex = (uint32_t)ifm->ifi_index;
	for_each_attr(attr, nlh, sizeof(*ifm))
	{
		if (mnl_attr_get_type(attr) == IFLA_IFNAME)
			get_text(attr, x.name, sizeof(x.name));
		else if (mnl_attr_get_type(attr) == IFLA_XDP)
			parse_xdp_nest(attr, &x);
	}
	*ret = x;
	return true;
}

static void parse_bpf_options(const struct nlattr *nest, struct if_filter *f)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest)
	{
		if (mnl_attr_get_type(attr) == TCA_BPF_ID)
			f->prog_id = get_u32(attr);
		else if (mnl_attr_get_type(attr) == TCA_BPF_NAME)
			get_text(attr, f->name, sizeof(f->name));
		else if (mnl_attr_get_type(attr) == TCA_BPF_FLAGS)
			f->direct_action = get_u32(attr) & TCA_BPF_FLAG_ACT_DIRECT;
	}
}

bool if_filter_parse(const struct nlmsghdr *nlh, struct if_filter *ret)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr, *options = NULL;
	struct if_filter f = { 0 };

	if (!has_room(nlh, RTM_NEWTFILTER, sizeof(*tcm)))
		return false;
	f.pref = TC_H_MAJ(tcm->tcm_info) >> 16;
	f.protocol = ntohs((uint16_t)TC_H_MIN(tcm->tcm_info));
	f.handle = tcm->tcm_handle;
	for_each_attr(attr, nlh, sizeof(*tcm))
	{
		if (mnl_attr_get_type(attr) == TCA_KIND)
			get_text(attr, f.kind, sizeof(f.kind));
		else if (mnl_attr_get_type(attr) == TCA_CHAIN)
			f.chain = get_u32(attr);
		else if (mnl_attr_get_type(attr) == TCA_OPTIONS)
			options = attr;
	}
	f.is_head = !options;
	if (options && !strcmp(f.kind, "bpf"))
		parse_bpf_options(options, &f);
	*ret = f;
	return true;
}

bool if_qdisc_parse(const struct nlmsghdr *nlh, uint32_t *ret_ifindex, bool *ret_egress)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(nlh);
	bool ingress = false, egress = false;
	const struct nlattr *attr;

	if (!has_room(nlh, RTM_NEWQDISC, sizeof(*tcm)))
		return false;
	for_each_attr(attr, nlh, sizeof(*tcm))
	{
		if (mnl_attr_get_type(attr) != TCA_KIND)
			continue;
		egress = text_is(attr, "clsact");
		ingress = egress || text_is(attr, "ingress");
	}
	if (!ingress)
		return false;
	*ret_ifindex = (uint32_t)tcm->tcm_ifindex;
	*ret_egress = egress;
	return true;
}

struct visitor {
	void (*xdp)(void *ctx, const struct if_xdp *xdp);
	void (*qdisc)(void *ctx, uint32_t ifindex, bool egress);
	void (*filter)(void *ctx, const struct if_filter *filter);
	void *ctx;
};

static int visit(const struct nlmsghdr *nlh, void *data)
{
	const struct visitor *v = data;
	struct if_filter filter;
	struct if_xdp xdp;
	uint32_t ifindex;
	bool egress;

	if (v->xdp && if_xdp_parse(nlh, &xdp))
		v->xdp(v->ctx, &xdp);
	else if (v->qdisc && if_qdisc_parse(nlh, &ifindex, &egress))
		v->qdisc(v->ctx, ifindex, egress);
	else if (v->filter && if_filter_parse(nlh, &filter))
		v->filter(v->ctx, &filter);
	return MNL_CB_OK;
}

static struct nlmsghdr *put_dump(char *buf, uint16_t type)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	return nlh;
}

int if_xdp_each(struct netlink *nl, void (*fn)(void *ctx, const struct if_xdp *xdp), void *ctx)
{
	struct visitor v = { .xdp = fn, .ctx = ctx };
	char buf[REQUEST_SIZE];
	struct nlmsghdr *nlh = put_dump(buf, RTM_GETLINK);

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	return netlink__ask(nl, nlh, visit, &v);
}

int if_qdisc_each(struct netlink *nl, void (*fn)(void *ctx, uint32_t ifindex, bool egress),
		  void *ctx)
{
	struct visitor v = { .qdisc = fn, .ctx = ctx };
	char buf[REQUEST_SIZE];
	struct nlmsghdr *nlh = put_dump(buf, RTM_GETQDISC);

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct tcmsg));
	return netlink__ask(nl, nlh, visit, &v);
}

int if_filter_each(struct netlink *nl, uint32_t ifindex, enum clsact_direction dir,
		   void (*fn)(void *ctx, const struct if_filter *filter), void *ctx)
{
	struct visitor v = { .filter = fn, .ctx = ctx };
	char buf[REQUEST_SIZE];
	struct nlmsghdr *nlh = put_dump(buf, RTM_GETTFILTER);
	struct tcmsg *tcm = mnl_nlmsg_put_extra_header(nlh, sizeof(*tcm));

	tcm->tcm_ifindex = (int)ifindex;
	tcm->tcm_parent =
		TC_H_MAKE(TC_H_CLSACT, dir == CLSACT_INGRESS ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS);
	return netlink__ask(nl, nlh, visit, &v);
}
