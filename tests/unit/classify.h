/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * classify.h - check which cause a scene gets.
 *
 * Where the evidence of a row allows more than one, the row names all that are right; "unknown" is
 * right wherever it stands among them.
 */
#ifndef TEST_CLASSIFY_H
#define TEST_CLASSIFY_H

#include "scene.h"

#define CLOSE_STACK \
	"tcp_close inet_release __sock_release sock_close __fput task_work_run do_syscall_64"
#define SOFTIRQ "ip_local_deliver net_rx_action handle_softirqs do_softirq"
#define TIMER "call_timer_fn __run_timers run_timer_softirq handle_softirqs irq_exit_rcu"
#define RCV "tcp_v4_do_rcv tcp_v4_rcv " SOFTIRQ

static inline bool is_among(const char *id, const char *list)
{
	size_t len = strlen(id);

	for (; list; list = strchr(list, '|'), list += !!list)
		if (!strncmp(list, id, len) && (!list[len] || list[len] == '|'))
			return true;
	return false;
}

static inline bool is_right(const struct scene *s, const struct reset_case *c)
{
	enum confidence most = s->most ? s->most : CONF_CERTAIN;

	if (!is_among(c->diagnosis.cause->id, s->want))
		return false;
	return c->diagnosis.confidence == CONF_NONE ||
	       (c->diagnosis.confidence >= s->least && c->diagnosis.confidence <= most);
}

static inline void test_scene(const struct scene *s, const struct family *f)
{
	static const char *const conf[] = { "none", "possible", "likely", "certain" };
	struct reset_case c = scene_build(s, f->af);

	classify(&c);
	if (!check(is_right(s, &c), "%s (%s)", s->name, f->name))
		printf("#   got  %s, %s\n#   want %s, %s to %s\n", c.diagnosis.cause->id,
		       conf[c.diagnosis.confidence], s->want, conf[s->least],
		       conf[s->most ? s->most : CONF_CERTAIN]);
}

static inline void test_scenes(const struct scene *rows, size_t n)
{
	const struct family *f;
	size_t i;

	for_each_family(f) for (i = 0; i < n; i++) test_scene(&rows[i], f);
}

#endif
