// SPDX-License-Identifier: GPL-2.0-only
/*
 * advice.c - which advice fits a case.
 */
#include "diagnose/advice.h"

#include "diagnose/programs.h"

/* For whichever cause: the process ended with the connection open. */
static const struct advice on_exit_advice[] = {
	{
		.needs = FACT(OOM_KILLED),
		.action =
			"give the process more memory, or find what it needs it for: raise MemoryMax= "
			"(systemd) or resources.limits.memory (Kubernetes); `journalctl -k -g oom` "
			"shows what the OOM killer saw",
		.price = "less memory for others on this host",
		.undo = "restore the previous limit",
	},
	{
		.needs = FACT(CRASHED),
		.action = "find out why it crashed: `coredumpctl info`, or its core file and log",
		.price = "none",
		.undo = "none needed",
	},
	{
		.needs = FACT(SIGNALLED),
		.forbids = FACT(OOM_KILLED) | FACT(CRASHED),
		.action =
			"stop it gracefully: take it out of the load balancer, send SIGTERM, let the "
			"application drain its connections when it gets that, and leave time for it "
			"before SIGKILL (TimeoutStopSec= in systemd; preStop and "
			"terminationGracePeriodSeconds in Kubernetes)",
		.price = "a stop or roll-out takes longer",
		.undo = "restore the previous timeout",
	},
	{
		.needs = FACT(IN_EXIT),
		.forbids = FACT(SIGNALLED),
		.action = "in the application, close or drain open connections before exit()",
		.price = "the exit takes longer: set a timeout",
		.undo = "none needed",
	},
};

/* For whichever cause: a request met the end of a connection that had been idle. */
static const struct advice on_race_advice[] = {
	{
		.action =
			"let {rst.dst}, which sends the requests, give up idle connections first: "
			"its idle timeout must be shorter than that of {rst.src}{race.timers}",
		.price = "more handshakes",
		.undo = "restore the previous timeout",
	},
	{
		.action = "let the client repeat an idempotent request on a new connection when a "
			  "reused one is reset before any byte of the response",
		.price = "a request that is not idempotent must not be repeated",
		.undo = "none needed",
	},
};

/* For whichever cause, too: it is not the one that matters. */
static const struct advice on_follow_advice = {
	.action = "find out why {first.src} sent the first RST of this connection, at {first.time}",
	.price = "none",
	.undo = "none needed",
};

#define N_ON_RACE (sizeof(on_race_advice) / sizeof(on_race_advice[0]))
#define N_ON_EXIT (sizeof(on_exit_advice) / sizeof(on_exit_advice[0]))

static bool fits(const struct reset_case *c, const struct advice *a)
{
	return !(a->needs & ~c->diagnosis.facts_yes) && !(a->forbids & c->diagnosis.facts_yes);
}

static bool take(const struct advice *a, unsigned int *i)
{
	return a && !(*i)--;
}

static const struct advice *on_race(const struct advice *program, unsigned int i)
{
	if (take(program, &i))
		return program;
	return i < N_ON_RACE ? &on_race_advice[i] : NULL;
}

const struct advice *case_advice(const struct reset_case *c, unsigned int i)
{
	const struct program_advice *row = program_advice_of(c);
	const struct advice *own = c->diagnosis.cause->advice, *program = row ? &row->advice : NULL;
	unsigned int at;

	if (c->diagnosis.impact.race)
		return on_race(program, i);
	if (c->diagnosis.facts_yes & FACT(FOLLOWS))
		return i ? NULL : &on_follow_advice;
	if (take(program, &i))
		return program;
	for (at = 0; at < N_ON_EXIT; at++)
		if (fits(c, &on_exit_advice[at]) && take(&on_exit_advice[at], &i))
			return &on_exit_advice[at];
	for (at = 0; at < CAUSE_ADVICE_MAX && own[at].action; at++)
		if (fits(c, &own[at]) && take(&own[at], &i))
			return &own[at];
	return NULL;
}
