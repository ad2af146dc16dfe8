// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_closes.c - what is learned of the closes of this host's services, from a recorder that is a table.
 */
#include <stdlib.h>

#include "cmd/closes.h"
#include "samples.h"

/* Connections of port 80 here: data at a time, FIN at another, both in ms from T0; and what is special. */
struct past {
	uint16_t client, port;
	unsigned int data_ms, fin_ms;
	bool by_client; /* sends its FIN 1 ms before */
	bool repeated;	/* the FIN is recorded once more, 1 ms later */
	bool ingress;	/* the FIN came in: it is not this host's */
};

static const struct past *past;
static unsigned int n_past, asked;
static uint64_t overwritten_ns;

static struct packet packet(const struct past *p, bool own, const char *flags, uint32_t len,
			    unsigned int ms)
{
	return (struct packet){
		.ts_ns = T0 + ms * MS,
		.tuple = own ? make_tuple(AF_INET, LOCAL, p->port, PEER, p->client) :
			       make_tuple(AF_INET, PEER, p->client, LOCAL, p->port),
		.flags = make_flags(flags),
		.len = len,
		.hook = own && !p->ingress ? HOOK_TC_EGRESS : HOOK_TC_INGRESS,
	};
}

static void put(struct packet_list *list, struct packet p)
{
	list->packets = realloc(list->packets, (list->n + 1) * sizeof(p));
	if (!list->packets)
		abort();
	list->packets[list->n++] = p;
}

/* In the order of time. */
static void put_all(struct packet_list *list, const struct past *p, uint64_t until_ns)
{
	put(list, packet(p, false, "PA", 100, p->data_ms - 1));
	put(list, packet(p, true, "PA", 100, p->data_ms));
	put(list, packet(p, false, "A", 0, p->data_ms + 1));
	if (p->by_client)
		put(list, packet(p, false, "FA", 0, p->fin_ms - 1));
	put(list, packet(p, true, "FA", 0, p->fin_ms));
	if (p->repeated)
		put(list, packet(p, true, "FA", 0, p->fin_ms + 1));
	while (list->n && list->packets[list->n - 1].ts_ns >= until_ns)
		list->n--;
}

static int recall(void *ctx, const struct recall *what, struct packet_list *list)
{
	unsigned int i;

	(void)ctx;
	list->n = 0;
	list->lost = 0;
	list->since_ns = overwritten_ns;
	for (i = 0; i < n_past; i++)
		if (past[i].client == what->flows[0].dport && past[i].port == what->flows[0].sport)
			put_all(list, &past[i], what->until_ns);
	return 0;
}

static int fins(void *ctx, uint64_t after_ns, uint64_t until_ns, struct packet_list *list)
{
	struct packet_list all = { 0 };
	unsigned int i;

	(void)ctx;
	asked++;
	for (i = 0; i < n_past; i++)
		put_all(&all, &past[i], UINT64_MAX);
	list->n = 0;
	for (i = 0; i < all.n; i++)
		if (all.packets[i].flags & FLAG_FIN && all.packets[i].ts_ns > after_ns &&
		    all.packets[i].ts_ns < until_ns)
			put(list, all.packets[i]);
	free(all.packets);
	return 0;
}

static const struct watch_host host = { .recall = recall, .fins = fins };

/* The last of @list is the connection of the case, whose request came at @rst_ms. */
static struct own_closes ask(struct closes *cl, const struct past *list, unsigned int n,
			     unsigned int rst_ms)
{
	struct packet_list own = { 0 };
	struct reset_case c;

	past = list;
	n_past = n;
	case_init(&c);
	put_all(&own, &past[n - 1], UINT64_MAX);
	c.seen.rst = packet(&past[n - 1], true, "R", 0, rst_ms);
	c.asked.n_history = own.n;
	memcpy(c.asked.history, own.packets, own.n * sizeof(*own.packets));
	free(own.packets);
	closes__ask(cl, &host, &c);
	return c.asked.closes;
}

static void check_closes(struct own_closes got, unsigned int seen, unsigned int same,
			 const char *what)
{
	check_int(got.seen, seen, "%s: seen", what);
	check_int(got.same, same, "%s: after the same time", what);
}

#define CLOSED(client_, port_, data, fin)                                                \
	{                                                                                \
		.client = (client_), .port = (port_), .data_ms = (data), .fin_ms = (fin) \
	}
#define THREE CLOSED(1, 80, 1000, 6000), CLOSED(2, 80, 2000, 7100), CLOSED(3, 80, 3000, 5000)

static void test_learning(void)
{
	static const struct past first[] = { THREE, CLOSED(4, 80, 5000, 10000) };
	static const struct past more[] = { THREE, CLOSED(4, 80, 5000, 10000),
					    CLOSED(5, 80, 9000, 14000) };
	static const struct past other[] = { THREE, CLOSED(5, 81, 9000, 14000) };
	struct closes *cl = closes__new();

	check_closes(ask(cl, first, 4, 10001), 3, 2, "three before it");
	check_closes(ask(cl, more, 5, 14001), 4, 3, "the first one counts for the second");
	check_closes(ask(cl, more, 5, 14002), 4, 3, "asked twice, itself does not count");
	check_closes(ask(cl, other, 4, 14001), 0, 0, "another service");
	closes__free(cl);
	closes__free(NULL);
}

static void test_what_does_not_count(void)
{
	static const struct past by_client[] = {
		{ .client = 1, .port = 80, .data_ms = 1000, .fin_ms = 6000, .by_client = true },
		CLOSED(4, 80, 5000, 10000)
	};
	static const struct past repeated[] = {
		{ .client = 1, .port = 80, .data_ms = 1000, .fin_ms = 6000, .repeated = true },
		CLOSED(4, 80, 5000, 10000)
	};
	static const struct past ingress[] = {
		{ .client = 1, .port = 80, .data_ms = 1000, .fin_ms = 6000, .ingress = true },
		CLOSED(4, 80, 5000, 10000)
	};
	static const struct past at_once[] = { CLOSED(1, 80, 1000, 1100),
					       CLOSED(4, 80, 5000, 10000) };
	static const struct past busy[] = { THREE, CLOSED(4, 80, 5000, 5100) };
	struct closes *cl = closes__new();

	check_closes(ask(cl, by_client, 2, 10001), 0, 0, "closed by the client first");
	closes__free(cl);
	cl = closes__new();
	check_closes(ask(cl, repeated, 2, 10001), 1, 1, "a FIN that is recorded twice");
	closes__free(cl);
	cl = closes__new();
	check_closes(ask(cl, ingress, 2, 10001), 0, 0, "another host's service");
	closes__free(cl);
	cl = closes__new();
	check_closes(ask(cl, at_once, 2, 10001), 0, 0, "closed at once");
	asked = 0;
	check_closes(ask(cl, busy, 4, 5101), 0, 0, "a case that was closed at once");
	check_int(asked, 0, "... is no reason to look");
	closes__free(cl);
	cl = closes__new();
	overwritten_ns = T0 + 2500 * MS;
	check_closes(ask(cl, (const struct past[]){ THREE, CLOSED(4, 80, 5000, 10000) }, 4, 10001),
		     1, 0, "what is overwritten in part");
	overwritten_ns = 0;
	closes__free(cl);
}

/* More services, and more of one, than there is room for. */
static void test_bounds(void)
{
	static struct past many[201];
	struct closes *cl = closes__new();
	struct own_closes got = { 0 };
	unsigned int i;

	for (i = 0; i < 200; i++)
		many[i] = (struct past)CLOSED((uint16_t)(1 + i), 80, 1000 + i, 6000 + i);
	many[200] = (struct past)CLOSED(999, 80, 5000, 10000);
	check_closes(ask(cl, many, 201, 10001), 64, 64, "the newest of one");
	for (i = 0; i < 300; i++) {
		struct past p[] = { CLOSED(1, (uint16_t)(100 + i), 1000, 6000),
				    CLOSED(2, (uint16_t)(100 + i), 5000, 10000) };

		got = ask(cl, p, 2, 10001);
	}
	check_closes(got, 1, 1, "the last of many services");
	closes__free(cl);
}

int main(void)
{
	test_learning();
	test_what_does_not_count();
	test_bounds();
	return test_done();
}
