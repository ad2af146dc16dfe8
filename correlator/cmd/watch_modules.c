// SPDX-License-Identifier: GPL-2.0-only
/*
 * watch_modules.c - what waits for kernel modules.
 *
 * A REJECT rule brings its module with it, the first rule of NAT brings conntrack. The kernel says
 * so; where it does not, looking now and then must do.
 */
#include "cmd/watch_modules.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "host/capabilities.h"
#include "host/module_events.h"

#define NS_PER_SEC 1000000000ull
/* Where nobody says what was loaded: nearly at once in the first minute, later only conntrack. */
#define LOOK_FIRST_NS (NS_PER_SEC / 5)
#define LOOK_LATER_NS (10 * NS_PER_SEC)
/* Probing a module takes CAP_SYS_ADMIN, which nobody should keep for the sake of a perhaps. */
#define KEEP_ADMIN_NS (60 * NS_PER_SEC)

struct watch_modules {
	struct watch_modules_config cfg;
	int fd; /* of the kernel's word on modules; -1: it does not speak here */
	struct loop_source *events;
	struct loop_source *look;
	struct loop_source *minute;
	bool waits_for_probes; /* and has CAP_SYS_ADMIN as long */
	bool listens;	       /* to conntrack */
};

static void drop_capabilities(const struct watch_modules *m)
{
	int err = capabilities_drop(m->cfg.keep | (m->waits_for_probes ? KEEP_ADMIN : 0));

	if (err)
		warning("drop capabilities: %s", error_name(err));
}

static void follow_conntrack(struct watch_modules *m)
{
	int fd = live_host__follow_conntrack(m->cfg.host);

	if (fd < 0)
		return;
	m->listens = true;
	if (!loop__add_fd(m->cfg.loop, fd, m->cfg.on_dropped, m->cfg.ctx))
		warning("conntrack events: %s", error_name(errno));
}

static void arm_look(struct watch_modules *m)
{
	uint64_t period = m->waits_for_probes ? LOOK_FIRST_NS : LOOK_LATER_NS;

	if (!m->look)
		return;
	if (sensor__lacks_modules(live_host__sensor(m->cfg.host)) || !m->listens)
		loop_timer__arm(m->look, monotonic_ns() + period, period);
	else
		loop_timer__arm(m->look, UINT64_MAX, 0);
}

/* No more probes will be wanted: they are all there, or it took too long. */
static void stop_waiting(struct watch_modules *m)
{
	if (!m->waits_for_probes)
		return;
	m->waits_for_probes = false;
	loop__remove(m->cfg.loop, m->minute);
	m->minute = NULL;
	drop_capabilities(m);
	arm_look(m);
}

static void look_again(void *ctx)
{
	struct watch_modules *m = ctx;
	struct sensor *sensor = live_host__sensor(m->cfg.host);

	if (!m->listens)
		follow_conntrack(m);
	/* Without CAP_SYS_ADMIN some ways to probe remain. */
	if (sensor__lacks_modules(sensor))
		sensor__look_again(sensor);
	if (!sensor__lacks_modules(sensor))
		stop_waiting(m);
	if (m->look && m->listens && !sensor__lacks_modules(sensor))
		arm_look(m);
}

static void on_module(void *ctx)
{
	struct watch_modules *m = ctx;

	if (module_events_read(m->fd))
		look_again(m);
}

static void on_minute(void *ctx)
{
	stop_waiting(ctx);
}

static int wait_for_modules(struct watch_modules *m)
{
	struct loop *loop = m->cfg.loop;

	m->fd = module_events_open();
	if (m->fd >= 0)
		m->events = loop__add_fd(loop, m->fd, on_module, m);
	else
		m->look = loop__add_timer(loop, look_again, m);
	if (m->waits_for_probes)
		m->minute = loop__add_timer(loop, on_minute, m);
	if (!(m->events || m->look) || (m->waits_for_probes && !m->minute))
		return -errno;
	if (m->minute)
		loop_timer__arm(m->minute, monotonic_ns() + KEEP_ADMIN_NS, 0);
	return 0;
}

struct watch_modules *watch_modules__start(const struct watch_modules_config *cfg)
{
	struct watch_modules *m = calloc(1, sizeof(*m));
	int err;

	if (!m)
		return NULL;
	m->cfg = *cfg;
	m->fd = -1;
	m->waits_for_probes = sensor__lacks_modules(live_host__sensor(cfg->host));
	err = wait_for_modules(m);
	if (err) {
		watch_modules__free(m);
		errno = -err;
		return NULL;
	}
	/* What was loaded before we listened, and since we attached. */
	look_again(m);
	drop_capabilities(m);
	arm_look(m);
	return m;
}

void watch_modules__free(struct watch_modules *m)
{
	if (!m)
		return;
	loop__remove(m->cfg.loop, m->events);
	loop__remove(m->cfg.loop, m->look);
	loop__remove(m->cfg.loop, m->minute);
	if (m->fd >= 0)
		close(m->fd);
	free(m);
}
