// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_conntrack.c - conntrack's entries, and those that it has dropped, as the kernel reports them.
 *
 * In a network namespace of its own, where conntrack has the entries that the test gives it.
 */
#include <poll.h>
#include <time.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack_tcp.h>

#include "host/conntrack.h"
#include "host/ct_destroyed.h"
#include "namespace.h"
#include "samples.h"

enum nat { NO_NAT, TO_INNER, FROM_OTHER };

static struct nfct_handle *handle;

static void set_address(struct nf_conntrack *ct, const struct tuple *t, bool dst, int v4, int v6)
{
	const uint8_t *addr = dst ? t->daddr : t->saddr;

	if (t->family == AF_INET6)
		nfct_set_attr(ct, (enum nf_conntrack_attr)v6, addr);
	else
		nfct_set_attr(ct, (enum nf_conntrack_attr)v4, addr + 12);
}

static struct nf_conntrack *entry(const struct tuple *t, enum nat nat, uint8_t state)
{
	struct nf_conntrack *ct = nfct_new();
	struct tuple inner = make_tuple(t->family, OTHER, 0, INNER, 0);

	if (!ct)
		abort();
	nfct_set_attr_u8(ct, ATTR_L3PROTO, t->family);
	nfct_set_attr_u8(ct, ATTR_L4PROTO, IPPROTO_TCP);
	set_address(ct, t, false, ATTR_IPV4_SRC, ATTR_IPV6_SRC);
	set_address(ct, t, true, ATTR_IPV4_DST, ATTR_IPV6_DST);
	nfct_set_attr_u16(ct, ATTR_PORT_SRC, htons(t->sport));
	nfct_set_attr_u16(ct, ATTR_PORT_DST, htons(t->dport));
	nfct_setobjopt(ct, NFCT_SOPT_SETUP_REPLY);
	nfct_set_attr_u8(ct, ATTR_TCP_STATE, state);
	nfct_set_attr_u32(ct, ATTR_TIMEOUT, 600);
	if (nat == TO_INNER) {
		set_address(ct, &inner, true, ATTR_DNAT_IPV4, ATTR_DNAT_IPV6);
		nfct_set_attr_u16(ct, ATTR_DNAT_PORT, htons(8080));
	} else if (nat == FROM_OTHER) {
		set_address(ct, &inner, false, ATTR_SNAT_IPV4, ATTR_SNAT_IPV6);
		nfct_set_attr_u16(ct, ATTR_SNAT_PORT, htons(50000));
	}
	return ct;
}

static int change(enum nf_conntrack_query what, const struct tuple *t, enum nat nat, uint8_t state)
{
	struct nf_conntrack *ct = entry(t, nat, state);
	int err = nfct_query(handle, what, ct) ? -errno : 0;

	nfct_destroy(ct);
	return err;
}

static int create(const struct tuple *t, enum nat nat)
{
	return change(NFCT_Q_CREATE, t, nat, TCP_CONNTRACK_ESTABLISHED);
}

static int destroy(const struct tuple *t)
{
	return change(NFCT_Q_DESTROY, t, NO_NAT, TCP_CONNTRACK_ESTABLISHED);
}

/* --- asking for an entry ---------------------------------------------------------------------------- */

static void test_lookup(struct ctnl *c, const struct family *f)
{
	struct tuple t = make_tuple(f->af, PEER, 40000, LOCAL, 80), back;
	struct tuple want = make_tuple(f->af, INNER, 8080, PEER, 40000);
	struct conntrack ct = { .state = CT_RELATED };

	check_int(ctnl__lookup(c, &t, &ct), 0, "without an entry none is found (%s)", f->name);
	check(!ct.has_entry && ct.state == CT_RELATED, "... and the answer stays as it was");
	if (!check_int(create(&t, TO_INNER), 0, "conntrack takes an entry (%s)", f->name))
		return;
	check_int(ctnl__lookup(c, &t, &ct), 1, "now it is found (%s)", f->name);
	check(ct.has_entry && ct.dnat && !ct.snat, "... with its NAT");
	check(tuple_equal(&ct.orig, &t), "... as it was");
	check(tuple_equal(&ct.reply, &want), "... and as replies come");
	check_int(ctnl__lookup(c, &want, &ct), 1, "it is found by its reply too");
	check(tuple_equal(&ct.orig, &t), "... and is the same");
	back = tuple_reverse(&t);
	check_int(ctnl__lookup(c, &back, &ct), 0, "what NAT hides is in no entry");
	t.sport++;
	check_int(ctnl__lookup(c, &t, &ct), 0, "another port is another connection");
	check_int(create(&t, FROM_OTHER), 0, "... which gets an entry");
	check_int(ctnl__lookup(c, &t, &ct), 1, "... that is found");
	check(ct.snat && !ct.dnat && ct.reply.dport == 50000, "... with SNAT");
	check_int(destroy(&t), 0, "it is deleted");
	check_int(ctnl__lookup(c, &t, &ct), 0, "... and found no more");
}

/* --- what was dropped ------------------------------------------------------------------------------- */

static bool was_dropped(struct ct_destroyed *g, const struct tuple *t, struct gone_mapping *gone)
{
	memset(gone, 0, sizeof(*gone));
	return ct_destroyed__find(g, t, gone);
}

static void test_mapping(struct ct_destroyed *g, const struct family *f)
{
	struct tuple t = make_tuple(f->af, PEER, 44001, LOCAL, 80);
	struct tuple reply = make_tuple(f->af, INNER, 8080, PEER, 44001);
	struct pollfd p = { .fd = ct_destroyed__fd(g), .events = POLLIN };
	struct gone_mapping gone;

	check_int(create(&t, TO_INNER), 0, "there is a mapping (%s)", f->name);
	check_int(ct_destroyed__read(g, 1), 0, "nothing was dropped yet");
	check(!was_dropped(g, &t, &gone), "... so it is not found");
	check_int(destroy(&t), 0, "somebody deletes it");
	check_int(poll(&p, 1, 10000), 1, "... which is reported");
	check_int(ct_destroyed__read(g, 4711), 0, "... and read");
	check(was_dropped(g, &t, &gone) && gone.known, "it is found by its first direction");
	check(gone.ts_ns == 4711 && gone.by_request, "... with when and how it went");
	check(gone.ct.dnat && tuple_equal(&gone.ct.orig, &t) && tuple_equal(&gone.ct.reply, &reply),
	      "... and what it was");
	check(was_dropped(g, &reply, &gone) && tuple_equal(&gone.ct.orig, &t),
	      "it is found by its reply");
	t.dport++;
	check(!was_dropped(g, &t, &gone), "another port is another mapping");
}

/* Only what somebody may still need. */
static void test_unneeded(struct ct_destroyed *g)
{
	static const struct {
		const char *name;
		enum nat nat;
		uint8_t state;
		bool want;
	} rows[] = {
		{ "a connection without NAT", NO_NAT, TCP_CONNTRACK_ESTABLISHED, false },
		{ "one that was established", TO_INNER, TCP_CONNTRACK_ESTABLISHED, true },
		{ "one that had only begun", TO_INNER, TCP_CONNTRACK_SYN_SENT, true },
		{ "one in FIN_WAIT", TO_INNER, TCP_CONNTRACK_FIN_WAIT, false },
		{ "one in CLOSE_WAIT", TO_INNER, TCP_CONNTRACK_CLOSE_WAIT, false },
		{ "one in LAST_ACK", TO_INNER, TCP_CONNTRACK_LAST_ACK, false },
		{ "one in TIME_WAIT", TO_INNER, TCP_CONNTRACK_TIME_WAIT, false },
		{ "one that was reset", TO_INNER, TCP_CONNTRACK_CLOSE, false },
	};
	struct gone_mapping gone;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct tuple t = make_tuple(AF_INET, PEER, (uint16_t)(41000 + i), LOCAL, 80);
		int err = change(NFCT_Q_CREATE, &t, rows[i].nat, rows[i].state);

		check_int(err ? err : destroy(&t), 0, "%s comes and goes", rows[i].name);
		ct_destroyed__read(g, 1);
		check_int(was_dropped(g, &t, &gone), rows[i].want, "... and is %s",
			  rows[i].want ? "remembered" : "not remembered");
	}
}

/* Of one tuple the newest is told. */
static void test_again(struct ct_destroyed *g)
{
	struct tuple t = make_tuple(AF_INET, PEER, 42000, LOCAL, 80);
	struct gone_mapping gone;
	uint64_t n;

	for (n = 1; n <= 3; n++) {
		check_int(create(&t, n == 2 ? FROM_OTHER : TO_INNER) ?: destroy(&t), 0,
			  "a mapping comes and goes, time %d", (int)n);
		ct_destroyed__read(g, n);
	}
	check(was_dropped(g, &t, &gone) && gone.ts_ns == 3 && gone.ct.dnat, "the newest is found");
}

/* Nobody deletes it: its time is over. The kernel notices when it is looked up. */
static void test_timeout(struct ct_destroyed *g, struct ctnl *c)
{
	struct tuple t = make_tuple(AF_INET, PEER, 43000, LOCAL, 80);
	struct nf_conntrack *ct = entry(&t, TO_INNER, TCP_CONNTRACK_ESTABLISHED);
	struct gone_mapping gone;
	struct conntrack found;
	unsigned int i;

	nfct_set_attr_u32(ct, ATTR_TIMEOUT, 1);
	check_int(nfct_query(handle, NFCT_Q_CREATE, ct), 0, "a mapping has a second to live");
	nfct_destroy(ct);
	for (i = 0; i < 1000 && !was_dropped(g, &t, &gone); i++) {
		struct pollfd p = { .fd = ct_destroyed__fd(g), .events = POLLIN };

		ctnl__lookup(c, &t, &found);
		poll(&p, 1, 20);
		ct_destroyed__read(g, 1);
	}
	check(was_dropped(g, &t, &gone) && !gone.by_request, "it times out, at nobody's request");
}

/* The oldest make room: the memory that a flood can take has a bound. */
static void test_bound(struct ct_destroyed *g)
{
	struct tuple first = make_tuple(AF_INET, PEER, 1, LOCAL, 80), t = first;
	struct gone_mapping gone;
	unsigned int i;
	int err = 0;

	for (i = 0; i <= CT_GONE_MAX && !err; i++) {
		t.sport = (uint16_t)(i + 1);
		err = create(&t, TO_INNER);
		err = err ? err : destroy(&t);
		err = err ? err : ct_destroyed__read(g, i);
		if (i == CT_GONE_MAX - 1)
			check(was_dropped(g, &first, &gone), "all that it holds are found");
	}
	check_int(err, 0, "one more comes and goes");
	check(was_dropped(g, &t, &gone), "... and is found");
	check(!was_dropped(g, &first, &gone), "... and the oldest no more");
	first.sport++;
	check(was_dropped(g, &first, &gone), "... but the second oldest");
}

/* Reports that nobody reads are lost, and that is counted. */
static void test_losses(struct ct_destroyed *g)
{
	struct tuple t = make_tuple(AF_INET, PEER, 1, OTHER, 80);
	int i, err = 0, size = 1;

	setsockopt(ct_destroyed__fd(g), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	check_int(ct_destroyed__losses(g), 0, "nothing was lost so far");
	for (i = 0; i < 100 && !err; i++) {
		t.sport = (uint16_t)(i + 1);
		err = create(&t, TO_INNER);
		err = err ? err : destroy(&t);
	}
	check_int(err, 0, "more come and go than the socket holds");
	check_int(ct_destroyed__read(g, 1), 0, "that they were lost is no error");
	check_int(ct_destroyed__losses(g), 1, "... but is counted");
}

int main(void)
{
	const struct family *f;
	struct ct_destroyed *g;
	struct ctnl *c;
	int err;

	if (!namespace_enter(CLONE_NEWNET))
		return test_done();
	handle = nfct_open(CONNTRACK, 0);
	c = handle ? ctnl__open() : NULL;
	g = c ? ct_destroyed__open() : NULL;
	err = errno;
	if (!g || !ctnl__is_active()) {
		test_skip("no conntrack here: %s", strerror(err));
		return test_done();
	}
	for_each_family(f) test_lookup(c, f);
	for_each_family(f) test_mapping(g, f);
	test_unneeded(g);
	test_again(g);
	test_timeout(g, c);
	test_bound(g);
	test_losses(g);
	ct_destroyed__free(g);
	ct_destroyed__free(NULL);
	ctnl__free(c);
	ctnl__free(NULL);
	nfct_close(handle);
	return test_done();
}
