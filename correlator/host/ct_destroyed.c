// SPDX-License-Identifier: GPL-2.0-only
/*
 * ct_destroyed.c - the NAT mappings that conntrack has dropped of late, by ctnetlink's events.
 */
#include "host/ct_destroyed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack_tcp.h>

#include "host/conntrack.h"

#define RECEIVE_BUFFER (4 << 20)
#define READS_AT_ONCE 64
#define N_BUCKETS 4096 /* a power of two */

/* One entry under each of the two tuples that its segments bear before NAT. */
struct link {
	struct link *next;
	struct entry *entry;
	struct tuple tuple;
};

struct entry {
	struct gone_mapping gone;
	struct link links[2];
};

struct ct_destroyed {
	struct mnl_socket *nl;
	uint64_t now_ns; /* of the read under way */
	uint64_t losses;
	struct link *buckets[N_BUCKETS];
	struct entry entries[CT_GONE_MAX]; /* ring */
	unsigned int next;
};

static unsigned int bucket(const struct tuple *t)
{
	uint64_t key[4];

	memcpy(key, t->saddr, 16);
	memcpy(key + 2, t->daddr, 16);
	key[0] ^= key[1] * 3 ^ key[2] * 5 ^ key[3] * 7 ^ ((uint64_t)t->sport << 16 | t->dport);
	return (unsigned int)((key[0] * 0x9e3779b97f4a7c15ull) >> 52) % N_BUCKETS;
}

static void enter(struct ct_destroyed *g, struct entry *e, unsigned int i, const struct tuple *t)
{
	struct link **head = &g->buckets[bucket(t)];

	e->links[i] = (struct link){ *head, e, *t };
	*head = &e->links[i];
}

static void leave(struct ct_destroyed *g, struct entry *e)
{
	unsigned int i;

	for (i = 0; i < 2 && e->gone.known; i++) {
		struct link **at = &g->buckets[bucket(&e->links[i].tuple)];

		while (*at != &e->links[i])
			at = &(*at)->next;
		*at = e->links[i].next;
	}
}

/* A connection that was ending by itself does not need its mapping for long. */
static bool had_ended(const struct nf_conntrack *ct)
{
	switch (nfct_attr_is_set(ct, ATTR_TCP_STATE) ? nfct_get_attr_u8(ct, ATTR_TCP_STATE) :
						       TCP_CONNTRACK_NONE) {
	case TCP_CONNTRACK_TIME_WAIT:
	case TCP_CONNTRACK_CLOSE:
	case TCP_CONNTRACK_LAST_ACK:
	case TCP_CONNTRACK_FIN_WAIT:
	case TCP_CONNTRACK_CLOSE_WAIT:
		return true;
	default:
		return false;
	}
}

static void remember(struct ct_destroyed *g, const struct conntrack *mapping, uint32_t by_port)
{
	struct entry *e = &g->entries[g->next++ % CT_GONE_MAX];

	leave(g, e);
	e->gone = (struct gone_mapping){
		.known = true,
		.by_request = by_port != 0,
		.by_port = by_port,
		.ts_ns = g->now_ns,
		.ct = *mapping,
	};
	enter(g, e, 0, &mapping->orig);
	enter(g, e, 1, &mapping->reply);
}

static int on_destroy(const struct nlmsghdr *nlh, void *data)
{
	struct nf_conntrack *ct = nfct_new();
	struct conntrack mapping = { 0 };
	struct ct_destroyed *g = data;

	if (!ct)
		return MNL_CB_OK;
	if (nfct_nlmsg_parse(nlh, ct) >= 0 && nfct_get_attr_u8(ct, ATTR_L4PROTO) == IPPROTO_TCP &&
	    !had_ended(ct)) {
		conntrack_read(ct, &mapping);
		if (mapping.snat || mapping.dnat)
			remember(g, &mapping, nlh->nlmsg_pid);
	}
	nfct_destroy(ct);
	return MNL_CB_OK;
}

struct ct_destroyed *ct_destroyed__open(void)
{
	struct ct_destroyed *g = calloc(1, sizeof(*g));
	int err, size = RECEIVE_BUFFER;

	if (!g)
		return NULL;
	g->nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!g->nl || mnl_socket_bind(g->nl, NF_NETLINK_CONNTRACK_DESTROY, MNL_SOCKET_AUTOPID)) {
		err = errno;
		ct_destroyed__free(g);
		errno = err;
		return NULL;
	}
	/* Best effort: with the small buffer that everybody has, it only loses more. */
	setsockopt(ct_destroyed__fd(g), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return g;
}

int ct_destroyed__fd(const struct ct_destroyed *g)
{
	return mnl_socket_get_fd(g->nl);
}

int ct_destroyed__read(struct ct_destroyed *g, uint64_t now_ns)
{
	char buf[32768];
	unsigned int i;
	ssize_t len;

	g->now_ns = now_ns;
	/* A flood of them must not keep the caller from everything else. */
	for (i = 0; i < READS_AT_ONCE; i++) {
		len = mnl_socket_recvfrom(g->nl, buf, sizeof(buf));
		if (len > 0)
			mnl_cb_run(buf, (size_t)len, 0, 0, on_destroy, g);
		else if (len < 0 && errno == ENOBUFS)
			g->losses++;
		else
			return len < 0 && errno != EAGAIN && errno != EINTR ? -errno : 0;
	}
	return 0;
}

uint64_t ct_destroyed__losses(const struct ct_destroyed *g)
{
	return g->losses;
}

bool ct_destroyed__find(const struct ct_destroyed *g, const struct tuple *t,
			struct gone_mapping *ret)
{
	const struct link *l;

	for (l = g->buckets[bucket(t)]; l; l = l->next) {
		if (!tuple_equal(&l->tuple, t))
			continue;
		*ret = l->entry->gone;
		return true;
	}
	return false;
}

void ct_destroyed__free(struct ct_destroyed *g)
{
	if (!g)
		return;
	if (g->nl)
		mnl_socket_close(g->nl);
	free(g);
}
