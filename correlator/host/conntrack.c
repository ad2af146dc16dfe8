// SPDX-License-Identifier: GPL-2.0-only
/*
 * conntrack.c - ask conntrack from user space, by libnetfilter_conntrack.
 */
#include "host/conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>

struct ctnl {
	struct nfct_handle *handle;
	struct nf_conntrack *query;
	struct conntrack *answer; /* of the query under way */
	bool found;
};

bool ctnl__is_active(void)
{
	return !access("/proc/sys/net/netfilter/nf_conntrack_count", F_OK);
}

static void read_tuple(const struct nf_conntrack *ct, bool reply, struct tuple *t)
{
	enum nf_conntrack_attr v4src = reply ? ATTR_REPL_IPV4_SRC : ATTR_ORIG_IPV4_SRC;
	enum nf_conntrack_attr v4dst = reply ? ATTR_REPL_IPV4_DST : ATTR_ORIG_IPV4_DST;
	enum nf_conntrack_attr v6src = reply ? ATTR_REPL_IPV6_SRC : ATTR_ORIG_IPV6_SRC;
	enum nf_conntrack_attr v6dst = reply ? ATTR_REPL_IPV6_DST : ATTR_ORIG_IPV6_DST;
	uint32_t addr;

	memset(t, 0, sizeof(*t));
	t->family = nfct_get_attr_u8(ct, ATTR_L3PROTO);
	if (t->family == AF_INET6) {
		memcpy(t->saddr, nfct_get_attr(ct, v6src), 16);
		memcpy(t->daddr, nfct_get_attr(ct, v6dst), 16);
	} else {
		addr = nfct_get_attr_u32(ct, v4src);
		memcpy(t->saddr + 12, &addr, 4);
		addr = nfct_get_attr_u32(ct, v4dst);
		memcpy(t->daddr + 12, &addr, 4);
	}
	t->sport = ntohs(nfct_get_attr_u16(ct, reply ? ATTR_REPL_PORT_SRC : ATTR_ORIG_PORT_SRC));
	t->dport = ntohs(nfct_get_attr_u16(ct, reply ? ATTR_REPL_PORT_DST : ATTR_ORIG_PORT_DST));
}

void conntrack_read(const struct nf_conntrack *ct, struct conntrack *ret)
{
	uint32_t status = nfct_get_attr_u32(ct, ATTR_STATUS);

	ret->has_entry = true;
	ret->snat = status & IPS_SRC_NAT;
	ret->dnat = status & IPS_DST_NAT;
	read_tuple(ct, false, &ret->orig);
	read_tuple(ct, true, &ret->reply);
}

static int on_entry(enum nf_conntrack_msg_type type, struct nf_conntrack *ct, void *data)
{
	struct ctnl *c = data;

	(void)type;
	c->found = true;
	conntrack_read(ct, c->answer);
	return NFCT_CB_CONTINUE;
}

struct ctnl *ctnl__open(void)
{
	struct ctnl *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return NULL;
	c->handle = nfct_open(CONNTRACK, 0);
	c->query = c->handle ? nfct_new() : NULL;
	if (!c->query) {
		err = errno;
		ctnl__free(c);
		errno = err;
		return NULL;
	}
	nfct_callback_register(c->handle, NFCT_T_ALL, on_entry, c);
	return c;
}

void ctnl__free(struct ctnl *c)
{
	if (!c)
		return;
	if (c->query)
		nfct_destroy(c->query);
	if (c->handle)
		nfct_close(c->handle);
	free(c);
}

static void fill_query(struct nf_conntrack *query, const struct tuple *t)
{
	uint32_t addr;

	nfct_set_attr_u8(query, ATTR_L3PROTO, t->family);
	nfct_set_attr_u8(query, ATTR_L4PROTO, IPPROTO_TCP);
	if (t->family == AF_INET6) {
		nfct_set_attr(query, ATTR_IPV6_SRC, t->saddr);
		nfct_set_attr(query, ATTR_IPV6_DST, t->daddr);
	} else {
		memcpy(&addr, t->saddr + 12, 4);
		nfct_set_attr_u32(query, ATTR_IPV4_SRC, addr);
		memcpy(&addr, t->daddr + 12, 4);
		nfct_set_attr_u32(query, ATTR_IPV4_DST, addr);
	}
	nfct_set_attr_u16(query, ATTR_PORT_SRC, htons(t->sport));
	nfct_set_attr_u16(query, ATTR_PORT_DST, htons(t->dport));
}

int ctnl__lookup(struct ctnl *c, const struct tuple *t, struct conntrack *ret)
{
	nfct_destroy(c->query);
	c->query = nfct_new();
	if (!c->query)
		return -ENOMEM;
	fill_query(c->query, t);
	c->answer = ret;
	c->found = false;
	if (nfct_query(c->handle, NFCT_Q_GET, c->query) && errno != ENOENT)
		return -errno;
	return c->found;
}
