// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_classify_any.c - what must hold for any evidence, also for such as no kernel gives.
 */
#include <stdlib.h>

#include "classify.h"

static unsigned long long rnd;

static unsigned int below(unsigned int n)
{
	return (unsigned int)(test_random(&rnd) % n);
}

static struct scene random_scene(void)
{
	static const char *const stacks[] = {
		NULL,
		"? ?",
		"tcp_send_active_reset __tcp_close " CLOSE_STACK,
		"tcp_send_active_reset tcp_disconnect __tcp_close " CLOSE_STACK,
		"tcp_send_active_reset tcp_disconnect __sys_connect do_syscall_64",
		"tcp_send_active_reset tcp_keepalive_timer " TIMER,
		"tcp_send_active_reset tcp_abort tcp_diag_destroy do_syscall_64",
		"tcp_v4_send_reset " RCV,
		"tcp_v4_send_reset tcp_check_req tcp_v4_rcv " SOFTIRQ,
		"tcp_v4_send_reset subflow_syn_recv_sock tcp_check_req tcp_v4_rcv " SOFTIRQ,
	};
	static const char *const reasons[] = {
		NULL,	     "NOT_SPECIFIED",	   "TCP_STATE",
		"NO_SOCKET", "TCP_ABORT_ON_CLOSE", "TCP_ABORT_ON_MEMORY",
		"TCP_FLAGS", "INVALID_SYN"
	};
	static const char *const segs[] = { NULL, "S", "A", "PA", "FA", "SA", "" };
	static const char *const histories[] = { NULL, "<S >SA <A", "<S >SA <A >FA <A", "<S >RA",
						 "<PA >A" };
	static const uint8_t states[] = { 0,
					  TCP_ESTABLISHED,
					  TCP_SYN_SENT,
					  TCP_FIN_WAIT2,
					  TCP_TIME_WAIT,
					  TCP_CLOSE,
					  TCP_LISTEN,
					  12,
					  255 };

	struct scene s = {
		.place = (enum place)below(6),
		.call = (enum kernel_call)below(6),
		.stack = stacks[below(ARRAY_SIZE(stacks))],
		.reason = reasons[below(ARRAY_SIZE(reasons))],
		.state = states[below(ARRAY_SIZE(states))],
		.substate = below(2) ? TCP_FIN_WAIT2 : TCP_TIME_WAIT,
		.flags = below(32),
		.lingertime = below(2),
		.linger2 = (int)below(3) - 1,
		.unread = below(2),
		.unread_known = below(2),
		.user_timeout = below(2),
		.seg = segs[below(ARRAY_SIZE(segs))],
		.seg_len = below(2) * 10,
		.history = histories[below(ARRAY_SIZE(histories))],
		.blind = below(2),
		.rst_ttl = (uint8_t)(40 + below(3)),
		.peer_ttl = (uint8_t)(40 + below(30)),
		.mark = (enum mark)below(4),
		.map = (enum mapping)below(6),
		.asked = below(2),
		.reported = below(2),
		.blind_views = below(512),
		.lost_events = below(2),
		.window = (enum window_kind)below(3),
		.window_from = (int)below(30),
		.window_to = (int)below(30),
		.window_same_cpu = below(2),
		.window_other = below(2),
		.now_state = states[below(ARRAY_SIZE(states))],
		.now_elsewhere = below(2),
		.clash = below(4) ? CALL_NONE :
			 below(2) ? CALL_CHALLENGE :
				    CALL_TIMEWAIT,
		.clash_by_nat = below(2),
		.gone = !below(4),
		.mem_pages = below(2),
		.mem_limit = below(2),
	};

	/* A kernel does not contradict itself: a reason goes with the function that gives it. */
	if (s.reason && !strcmp(s.reason, "INVALID_SYN"))
		s.stack = stacks[below(2) ? 8 : 0];
	else if (s.reason && !strncmp(s.reason, "TCP_ABORT", 9))
		s.stack = stacks[below(2) ? 2 : 0];
	else if (s.stack == stacks[2])
		s.reason = NULL;
	return s;
}

static const char *fault_of(const struct reset_case *c)
{
	unsigned int i, k;

	if (c->diagnosis.facts_yes & c->diagnosis.facts_no)
		return "a fact is both true and false";
	if ((c->diagnosis.facts_yes | c->diagnosis.facts_no) >> FACT_MAX)
		return "a fact beyond the last";
	if ((c->diagnosis.confidence == CONF_NONE) != (c->diagnosis.cause == &causes[n_causes - 1]))
		return "unknown has a confidence, or a cause has none";
	if (c->diagnosis.confidence != CONF_NONE && !cause_way(c))
		return "a cause without the way that proved it";
	if (c->diagnosis.confidence == CONF_CERTAIN && c->diagnosis.n_candidates > CAUSE_BEHIND_MAX)
		return "a certain cause has candidates beside it";
	for (i = 0; i < c->diagnosis.n_candidates; i++) {
		if (c->diagnosis.candidates[i] == c->diagnosis.cause)
			return "the cause is its own candidate";
		for (k = 0; k < c->diagnosis.n_ruled_out; k++)
			if (c->diagnosis.ruled_out[k].cause == c->diagnosis.candidates[i])
				return "a candidate was ruled out";
	}
	for (k = 0; k < c->diagnosis.n_ruled_out; k++)
		if (!((c->diagnosis.facts_yes | c->diagnosis.facts_no) >>
			      c->diagnosis.ruled_out[k].fact &
		      1))
			return "ruled out by a fact that is not known";
	return NULL;
}

static void test_invariants(void)
{
	const char *fault = NULL;
	unsigned int round;

	for (round = 0; round < 50000 && !fault; round++) {
		struct scene s = random_scene();
		struct reset_case c = scene_build(&s, round & 1 ? AF_INET6 : AF_INET), again;

		classify(&c);
		again = c;
		classify(&again);
		fault = fault_of(&c);
		if (!fault && memcmp(&c, &again, sizeof(c)))
			fault = "the same case gave another answer";
	}
	check_str(fault, NULL, "50000 random cases: every answer is consistent (round %u)", round);
}

/* Each takes evidence away. */
static void lose_stack(struct reset_case *c)
{
	own_account(&c->seen.kernel)->stack_len = 0;
}

static void lose_reason(struct reset_case *c)
{
	own_account(&c->seen.kernel)->reason[0] = 0;
}

static void lose_history(struct reset_case *c)
{
	c->asked.n_history = 0;
}

static void lose_segment(struct reset_case *c)
{
	own_account(&c->seen.kernel)->has_segment = false;
	c->seen.answer_match = ANSWER_NONE;
}

static void lose_conntrack(struct reset_case *c)
{
	struct kernel_event *k = own_account(&c->seen.kernel);

	k->nfct_known = k->invalid_reported = c->asked.ct_asked = false;
	c->asked.ct = k->ct = (struct conntrack){ .state = CT_UNKNOWN };
	c->asked.nat_rules = NAT_RULES_UNKNOWN;
}

static void lose_kernel(struct reset_case *c)
{
	c->seen.kernel = &no_account;
	c->asked.ct = (struct conntrack){ .state = CT_UNKNOWN };
	c->asked.ct_asked = false;
	c->asked.views = 0;
}

static void lose_path(struct reset_case *c)
{
	c->seen.n_sightings = 0;
	c->asked.dst_local = c->asked.src_local = -1;
}

static bool would_hold(const struct way *w, const struct reset_case *c)
{
	return !(w->needs & ~c->diagnosis.facts_yes) && !(w->forbids & ~c->diagnosis.facts_no);
}

/*
 * Less evidence may make a cause less certain, or unknown. It must never prove what all the
 * evidence did not: that would be absence taken for proof.
 */
static bool contradicts_itself(const struct reset_case *c)
{
	const struct kernel_event *k = c->seen.kernel;
	bool sends = k->call != CALL_NONE && k->call != CALL_NF_DROP;
	bool sent_here = c->seen.n_sightings && c->seen.sightings[0].hook == HOOK_TC_EGRESS &&
			 !c->seen.sightings[0].forwarded;

	return (sends && !sent_here) ||
	       (k->reason[0] && (c->diagnosis.facts_no & FACT(REASON_CLOSE)) && k->sock.unread);
}

static void test_less_is_never_more(void)
{
	static const struct {
		const char *name;
		void (*lose)(struct reset_case *c);
	} rows[] = {
		{ "without the stack", lose_stack },
		{ "without the kernel's reason", lose_reason },
		{ "without the history", lose_history },
		{ "without the segment", lose_segment },
		{ "without conntrack", lose_conntrack },
		{ "without the kernel's account", lose_kernel },
		{ "without the path", lose_path },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *full = "", *less = "";
		unsigned int round, wrong = 0;

		for (round = 0; round < 20000; round++) {
			struct scene s = random_scene();
			struct reset_case c = scene_build(&s, AF_INET), d = c;

			classify(&c);
			/* Where views contradict each other, losing one may well decide. */
			if (contradicts_itself(&c))
				continue;
			rows[i].lose(&d);
			classify(&d);
			if (d.diagnosis.confidence != CONF_CERTAIN || would_hold(cause_way(&d), &c))
				continue;
			full = c.diagnosis.cause->id;
			less = d.diagnosis.cause->id;
			wrong++;
		}
		if (!check_int(wrong, 0, "%s nothing new becomes certain", rows[i].name))
			printf("#   for example %s became %s\n", full, less);
	}
}
int main(void)
{
	const char *seed = getenv("SEED");

	rnd = seed ? strtoull(seed, NULL, 0) : 20261004;
	printf("# seed %llu (SEED=N repeats another)\n", rnd);
	test_invariants();
	test_less_is_never_more();
	return test_done();
}
