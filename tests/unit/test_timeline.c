// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_timeline.c - what happened around a reset, in the order of time, and what of it matters.
 */
#include <stdlib.h>

#include "report/timeline.h"
#include "scene.h"

static const struct scene race = {
	.call = CALL_PASSIVE,
	.state = TCP_LISTEN,
	.seg = "PA",
	.seg_len = 10,
	.history = "<S >SA <A",
	.reason = "NO_SOCKET",
	.window = WINDOW_HANDSHAKE,
	.window_from = 12,
	.window_to = 4,
};

static const struct moment *moment_with(const struct timeline *t, const char *what)
{
	unsigned int i;

	for (i = 0; i < t->n; i++)
		if (strstr(t->moments[i].what, what))
			return &t->moments[i];
	return NULL;
}

static struct reset_case race_case(uint8_t af)
{
	struct reset_case c = scene_build(&race, af);

	c.asked.history[c.asked.n_history - 1].ts_ns = c.seen.answers.ts_ns;
	return c;
}

static bool is_sorted(const struct timeline *t)
{
	unsigned int i;

	for (i = 1; i < t->n; i++)
		if (t->moments[i].ns < t->moments[i - 1].ns)
			return false;
	return true;
}

static void test_delays(void)
{
	static const struct {
		int64_t ns;
		const char *want;
	} rows[] = {
		{ 0, "0.0 µs" },
		{ 1, "+0.0 µs" },
		{ -999949, "-999.9 µs" },
		{ -999951, "-1.00 ms" },
		{ 1000000, "+1.00 ms" },
		{ -12345678, "-12.3 ms" },
		{ -999499000, "-999 ms" },
		{ -999999000, "-1.00 s" },
		{ -2001671100, "-2.00 s" },
		{ 75000000000, "+75.00 s" },
		{ -350012000000, "-350 s" },
	};
	char buf[32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		format_delay(buf, sizeof(buf), rows[i].ns);
		check_str(buf, rows[i].want, "%lld ns are %s", (long long)rows[i].ns, rows[i].want);
	}
}

static void test_race(const struct family *f)
{
	struct reset_case c = race_case(f->af);
	struct timeline t;
	const struct moment *m;

	own_account(&c.seen.kernel)->cpu = 3;
	t = timeline_make(&c, &sample_context);
	/* Three of the handshake, the segment, the call, the RST, both ends of the window. */
	check_int(t.n, 8, "a race has its packets, the kernel's call and the window (%s)", f->name);
	check(is_sorted(&t), "... in the order of time");
	m = moment_with(&t, "tcp_v");
	check(m && m->matters && m->ns == -1000 && !strcmp(m->where, "CPU 3"),
	      "... the call is where and when it was");
	check_has(m ? m->what : NULL, "reason NO_SOCKET", "... with the kernel's reason");
	m = moment_with(&t, ": start");
	check(m && m->matters && m->ns == -1000 - 12000 && !strcmp(m->where, "CPU 1"),
	      "... so is the begin of the window");
	m = moment_with(&t, ": end");
	check(m && m->ns == -1000 - 4000, "... and its end");
	m = moment_with(&t, "RST seq");
	check(m && m->matters && !m->ns && !strcmp(m->where, "eth2 tc-egress"),
	      "... the RST is at 0");
	m = moment_with(&t, "SYN seq");
	check(m && !m->matters && m->ns < 0, "... the SYN is before, and matters less");
	timeline_free(&t);
	check(!t.moments && !t.n, "a timeline that was freed has nothing");
}

static void test_answer(void)
{
	struct reset_case c = race_case(AF_INET);
	struct timeline t = timeline_make(&c, &sample_context);
	const struct moment *m = moment_with(&t, "<< triggered");

	check(m && m->matters && strstr(m->what, "PSH ACK") && strstr(m->what, " len 10"),
	      "the segment that was answered is marked");
	timeline_free(&t);
	c.asked.n_history = 0;
	t = timeline_make(&c, &sample_context);
	check(moment_with(&t, "<< triggered") && t.n == 5,
	      "it also stands there when there is no history");
	timeline_free(&t);
	c.seen.answer_match = ANSWER_NEWEST;
	t = timeline_make(&c, &sample_context);
	check(!moment_with(&t, "<< triggered") && t.n == 4, "what only may be it does not");
	timeline_free(&t);
}

/* An open window has no end; a TIME_WAIT one another name. */
static void test_windows(void)
{
	struct scene s = race;
	struct reset_case c;
	struct timeline t;

	s.window = WINDOW_TIMEWAIT;
	s.window_to = 0;
	c = scene_build(&s, AF_INET);
	t = timeline_make(&c, &sample_context);
	check(moment_with(&t, "TIME_WAIT socket replaces the socket: start"),
	      "a window of TIME_WAIT says so");
	check(!moment_with(&t, ": end"), "a window that is open has no end");
	timeline_free(&t);
}

/* Without a RST there is none in it; the clash and its call are. */
static void test_stall(void)
{
	static const struct scene s = {
		.place = IN, .stall = true, .clash = CALL_CHALLENGE, .clash_by_nat = true
	};
	struct reset_case c = scene_build(&s, AF_INET);
	struct timeline t = timeline_make(&c, &sample_context);

	check(moment_with(&t, "tcp_send_challenge_ack()"), "a stall has the call that made it");
	check(!moment_with(&t, "RST"), "... and no RST");
	timeline_free(&t);
}

/* Seen twice, by another tuple the second time. */
static void test_sightings(void)
{
	static const struct scene s = { .place = THROUGH, .asked = true };
	struct reset_case c = scene_build(&s, AF_INET);
	const struct moment *m;
	struct timeline t;

	c.seen.sightings[1].tuple = make_tuple(AF_INET, PEER, 40000, INNER, 8080);
	c.seen.sightings[1].ts_ns += 5000;
	t = timeline_make(&c, &sample_context);
	m = moment_with(&t, "(same RST)");
	check(m && m->ns == 5000 && strstr(m->what, "192.0.2.3:8080") &&
		      !strcmp(m->where, "eth3 tc-egress"),
	      "the second sighting is the same RST, as it left");
	timeline_free(&t);
}

/* As many moments as a case can have find room. */
static void test_many(void)
{
	struct reset_case c = race_case(AF_INET);
	struct timeline t;
	unsigned int i;

	for (i = 0; i < CASE_HISTORY_MAX; i++)
		c.asked.history[i] = c.asked.history[0];
	for (i = 0; i < CASE_SIGHTINGS_MAX; i++)
		c.seen.sightings[i] = c.seen.sightings[0];
	c.asked.n_history = CASE_HISTORY_MAX;
	c.seen.n_sightings = CASE_SIGHTINGS_MAX;
	own_account(&c.seen.clash)->call = CALL_TIMEWAIT;
	own_account(&c.seen.receive)->call = CALL_RECEIVE;
	t = timeline_make(&c, &sample_context);
	/* The answer, three calls, two ends of the window. */
	check_int(t.n, CASE_HISTORY_MAX + CASE_SIGHTINGS_MAX + 6, "the fullest case has room");
	check(is_sorted(&t), "... in the order of time");
	timeline_free(&t);
}

int main(void)
{
	const struct family *f;

	test_delays();
	for_each_family(f) test_race(f);
	test_answer();
	test_windows();
	test_stall();
	test_sightings();
	test_many();
	return test_done();
}
