// SPDX-License-Identifier: GPL-2.0-only
/*
 * closes.c - after how long this host closes idle connections: what the recorder shows, by service.
 *
 * Asked only when a request met the end of an idle connection. Then the FINs that the recorder still
 * has of that service are looked at, each with what came before it on its connection; what is learned
 * so is kept while we run. On a busy host that is a sample, and never one of whose silence a part is
 * overwritten.
 */
#include "cmd/closes.h"

#include <stdlib.h>
#include <string.h>

#define PORTS_MAX 64
/* Of a service, the newest. */
#define SPANS_MAX 64
/* Looked at for one case. */
#define FINS_MAX 64
/* Of a connection before its FIN: what acknowledges the last data, on several interfaces. */
#define BEFORE_MAX 16
/* Who closes sooner has no timer for idle connections. */
#define IDLE_MIN_NS 500000000ull
#define NS_PER_SEC 1000000000ull

/* A FIN that a service sent on an idle connection. */
struct close {
	uint64_t fin_ns;  /* when */
	uint64_t span_ns; /* after the last data */
};

struct service {
	uint16_t port;	     /* 0 = free */
	uint64_t learned_ns; /* FINs up to that time are learned */
	struct close closes[SPANS_MAX];
	unsigned int n; /* so far: more than there is room for */
};

struct closes {
	struct service services[PORTS_MAX];
	unsigned int next; /* to be dropped for another */
	struct packet_list fins, before;
};

struct closes *closes__new(void)
{
	return calloc(1, sizeof(struct closes));
}

void closes__free(struct closes *cl)
{
	if (!cl)
		return;
	free(cl->fins.packets);
	free(cl->before.packets);
	free(cl);
}

static struct service *service_of(struct closes *cl, uint16_t port)
{
	struct service *s;
	unsigned int i;

	for (i = 0; i < PORTS_MAX; i++)
		if (cl->services[i].port == port)
			return &cl->services[i];
	s = &cl->services[cl->next++ % PORTS_MAX];
	*s = (struct service){ .port = port };
	return s;
}

/*
 * The close by the end with this tuple, as the first to do so, of a connection that was idle; of what
 * came before the last data nothing needs to be known.
 */
static struct close find_close(const struct packet *packets, unsigned int n,
			       const struct tuple *own, uint64_t since_ns)
{
	struct close none = { 0 };
	uint64_t data_ns = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		const struct packet *p = &packets[i];

		if (p->flags & FLAG_RST)
			return none;
		if (p->flags & FLAG_FIN && (!tuple_equal(&p->tuple, own) || p->len))
			return none;
		if (p->flags & FLAG_FIN)
			return data_ns > since_ns ? (struct close){ p->ts_ns, p->ts_ns - data_ns } :
						    none;
		if (p->len)
			data_ns = p->ts_ns;
	}
	return none;
}

/* Of a FIN that is recorded twice, because it was repeated or left by several interfaces, the first counts. */
static struct close close_of(struct closes *cl, const struct watch_host *h,
			     const struct packet *fin)
{
	struct recall what = { .until_ns = fin->ts_ns + 1, .max = BEFORE_MAX };

	recall_add(&what, &fin->tuple);
	if (h->recall(h->ctx, &what, &cl->before) || cl->before.lost)
		return (struct close){ 0 };
	return find_close(cl->before.packets, cl->before.n, &fin->tuple, cl->before.since_ns);
}

static void add(struct service *s, const struct close *close)
{
	unsigned int n = s->n < SPANS_MAX ? s->n : SPANS_MAX, i;

	for (i = 0; i < n; i++)
		if (s->closes[i].fin_ns == close->fin_ns)
			return;
	if (close->span_ns >= IDLE_MIN_NS)
		s->closes[s->n++ % SPANS_MAX] = *close;
}

static bool is_of_service(const struct packet *fin, const struct tuple *own)
{
	return fin->hook == HOOK_TC_EGRESS && fin->tuple.sport == own->sport &&
	       !tuple_equal(&fin->tuple, own);
}

static void learn(struct closes *cl, const struct watch_host *h, struct service *s,
		  const struct tuple *own, uint64_t until_ns)
{
	unsigned int i, looked = 0;

	if (h->fins(h->ctx, s->learned_ns, until_ns, &cl->fins))
		return;
	/* The newest first: they are the last to be overwritten. */
	for (i = cl->fins.n; i-- > 0 && looked < FINS_MAX;) {
		struct close close;

		if (!is_of_service(&cl->fins.packets[i], own))
			continue;
		looked++;
		close = close_of(cl, h, &cl->fins.packets[i]);
		add(s, &close);
	}
	s->learned_ns = until_ns;
}

/* A timer fires late, and begins a little before or after what is measured does. */
static bool is_same_timer(uint64_t a, uint64_t b)
{
	uint64_t apart = a > b ? a - b : b - a, most = (a < b ? a : b) / 10;

	return apart <= (most < NS_PER_SEC ? most : NS_PER_SEC);
}

/* Of the others. */
static struct own_closes count(const struct service *s, const struct close *own)
{
	unsigned int n = s->n < SPANS_MAX ? s->n : SPANS_MAX, i;
	struct own_closes ret = { 0 };

	for (i = 0; i < n; i++) {
		if (s->closes[i].fin_ns == own->fin_ns)
			continue;
		ret.seen++;
		ret.same += is_same_timer(s->closes[i].span_ns, own->span_ns);
	}
	return ret;
}

void closes__ask(struct closes *cl, const struct watch_host *h, struct reset_case *c)
{
	const struct tuple *own = &c->seen.rst.tuple;
	struct close close =
		find_close(c->asked.history, c->asked.n_history, own, c->asked.history_since_ns);
	struct service *s;

	if (c->seen.rst.hook != HOOK_TC_EGRESS || close.span_ns < IDLE_MIN_NS)
		return;
	s = service_of(cl, own->sport);
	learn(cl, h, s, own, c->seen.rst.ts_ns);
	c->asked.closes = count(s, &close);
	add(s, &close);
}
