// SPDX-License-Identifier: GPL-2.0-only
/*
 * watch_run.c - the parts of a watch, joined by one event loop.
 */
#include "cmd/watch_run.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/output_file.h"
#include "base/stoppable.h"
#include "cmd/watch_host.h"
#include "cmd/watch_modules.h"
#include "cmd/watch_sinks.h"
#include "host/capabilities.h"
#include "host/debug_lines.h"
#include "host/file_owner.h"

struct app {
	const struct watch_options *opt;
	struct loop *loop;
	struct loop_source *timer;
	struct loop_source *attaching; /* armed as long as interfaces wait for it */
	struct loop_source *guarding;  /* what is attached */
	const struct filter *filter;
	struct debug_lines *lines;
	struct watch_sinks sinks;
	struct live_host *host;
	struct report_context report;
	struct watch *watch;
	struct watch_modules *modules;
	uint32_t home; /* inode of our namespace, where others are watched, too; else 0 */
	int err;
};

/* --- what the loop calls ------------------------------------------------------------------------ */

static void stop(struct app *a, int err)
{
	a->err = err;
	loop__stop(a->loop);
}

static void take_turn(void *ctx)
{
	struct app *a = ctx;
	int err = watch__turn(a->watch);

	if (err)
		error("read events: %s", error_name(err));
	if (err || watch__is_over(a->watch))
		stop(a, err);
	else
		loop_timer__arm(a->timer, watch__next_ns(a->watch), 0);
}

static void on_stop(void *ctx)
{
	struct app *a = ctx;

	watch__stop(a->watch);
	stop(a, 0);
}

static void on_reopen(void *ctx)
{
	struct app *a = ctx;

	watch__reopen(a->watch);
	loop_timer__arm(a->timer, watch__next_ns(a->watch), 0);
}

static void on_clock(void *ctx)
{
	watch__check_clock(((struct app *)ctx)->watch);
}

/*
 * Of a watch before: who waits for it would take it for ours. A file that has something in it is none,
 * whatever was meant by naming it.
 */
static void remove_stale_ready_file(const char *path)
{
	struct file_owner owner;
	struct stat st;

	if (!path || lstat(path, &st) || !S_ISREG(st.st_mode) || st.st_size ||
	    output_file_check(path))
		return;
	owner = file_owner_of(path);
	file_owner_enter(&owner);
	if (unlink(path))
		debug("remove '%s': %s", path, error_name(errno));
	file_owner_leave(&owner);
}

static int create_ready_file(const char *path)
{
	struct file_owner owner;
	int fd;

	if (!path)
		return 0;
	owner = file_owner_of(path);
	file_owner_enter(&owner);
	fd = output_file_open(path, OUTPUT_TOUCH);
	file_owner_leave(&owner);
	if (fd < 0) {
		error("create ready file '%s': %s", path, error_name(fd));
		return fd;
	}
	close(fd);
	return 0;
}

static int start_modules(struct app *a)
{
	struct watch_modules_config cfg = {
		.loop = a->loop,
		.host = a->host,
		.keep = (a->opt->xdp || a->opt->attached || a->opt->all_netns ? KEEP_ADMIN : 0u) |
			(a->opt->user_stacks ? KEEP_MAP_FILES : 0u) |
			(sinks__need_setuid(a->sinks.list) ? KEEP_SETUID : 0u),
		.on_dropped = take_turn,
		.ctx = a,
	};

	a->modules = watch_modules__start(&cfg);
	if (a->modules)
		return 0;
	error("monitor module loading: %s", error_name(errno));
	return -errno;
}

static void arm_guard(const struct app *a)
{
	loop_timer__arm(a->guarding, sensor__guard_ns(live_host__sensor(a->host)), 0);
}

static void guard(void *ctx)
{
	struct app *a = ctx;

	sensor__guard(live_host__sensor(a->host));
	arm_guard(a);
}

static void say_unread(const struct app *a)
{
	uint64_t unread = sensor__unread(live_host__sensor(a->host));

	if (unread)
		notice("%" PRIu64
		       " RSTs were seen while nobody was reading, counted at each program "
		       "that they passed; those that are still recorded are reported",
		       unread);
}

/* What waited for the last interface. */
static int get_ready(struct app *a)
{
	int err;

	if (a->opt->duration > 0)
		watch__end_after(a->watch, (uint64_t)(a->opt->duration * 1e9));
	if (!a->opt->quiet)
		sensor__print_plan(live_host__sensor(a->host), stderr);
	say_unread(a);
	if (!a->opt->quiet && isatty(STDERR_FILENO))
		notice("watching for resets; press Ctrl-C to stop");
	/* Before the capabilities are dropped: it may be in a user's directory. */
	err = create_ready_file(a->opt->ready_file);
	if (!err)
		err = start_modules(a);
	arm_guard(a);
	if (!err)
		take_turn(a);
	return err;
}

/* Some at a time: what comes in meanwhile is reported, and a signal is obeyed. */
static void attach_some(void *ctx)
{
	struct app *a = ctx;
	int waiting = sensor__attach_some(live_host__sensor(a->host));

	if (waiting > 0)
		loop_timer__arm(a->attaching, 0, 0);
	else if (!waiting && !a->modules)
		waiting = get_ready(a);
	/* Once it runs, one that came and could not be attached to is no reason to end. */
	if (waiting < 0 && !a->modules)
		stop(a, waiting);
}

static void on_links(void *ctx)
{
	struct app *a = ctx;
	struct sensor *sensor = live_host__sensor(a->host);
	int n = sensor__read_links(sensor);

	if (n < 0)
		warning("monitor interfaces: %s", error_name(n));
	if (sensor__to_attach(sensor))
		loop_timer__arm(a->attaching, 0, 0);
	/* Not before the ready file: attaching is watched once it is complete. */
	if (a->modules)
		arm_guard(a);
	if (n != 0)
		return;
	error("all watched interfaces were removed");
	stop(a, -ENODEV);
}

/* --- setting up --------------------------------------------------------------------------------- */

static int on_event(void *ctx, const struct event *ev)
{
	return watch__event(((struct app *)ctx)->watch, ev);
}

/*
 * The line of the call, not the one where it returns to: that may be the next. Code of modules
 * is not in vmlinux.
 */
static const char *source_line(void *ctx, const struct frame *f)
{
	struct app *a = ctx;
	uint64_t text = sensor__text(live_host__sensor(a->host));

	if (!text || !f->name || f->module[0])
		return NULL;
	return debug_lines__find(a->lines, f->addr - (f->offset ? 1 : 0) - text);
}

static int open_loop(struct app *a)
{
	signal(SIGPIPE, SIG_IGN);
	/* A file that may not grow any more is a full disk. */
	signal(SIGXFSZ, SIG_IGN);
	a->loop = loop__new();
	if (!a->loop)
		return -errno;
	a->timer = loop__add_timer(a->loop, take_turn, a);
	a->attaching = loop__add_timer(a->loop, attach_some, a);
	a->guarding = loop__add_timer(a->loop, guard, a);
	if (!a->timer || !a->attaching || !a->guarding ||
	    !loop__add_signal(a->loop, SIGINT, on_stop, a) ||
	    !loop__add_signal(a->loop, SIGTERM, on_stop, a) ||
	    !loop__add_signal(a->loop, SIGHUP, on_reopen, a))
		return -errno;
	return 0;
}

static int attach(struct app *a)
{
	struct sensor_config cfg = {
		.interfaces = a->opt->interfaces,
		.n_interfaces = a->opt->n_interfaces,
		.tier = a->opt->tier,
		.btf_path = a->opt->btf_path,
		.all_netns = a->opt->all_netns,
		.xdp = a->opt->xdp,
		.user_stacks = a->opt->user_stacks,
		.mark = a->opt->mark,
		.exit_when_gone = a->opt->exit_when_gone,
		.attached = a->opt->attached,
		.progress = !a->opt->quiet,
		.on_event = on_event,
		.ctx = a,
	};
	int err = live_host__attach(a->host, &cfg);
	struct sensor *sensor = live_host__sensor(a->host);

	if (err)
		return err;
	a->report = (struct report_context){
		.host = a->sinks.host,
		.view = sensor__tier(sensor),
		.ifname = sensor__ifname,
		.ifname_ctx = sensor,
		.source_line = source_line,
		.source_ctx = a,
	};
	return 0;
}

static int open_watch(struct app *a)
{
	struct watch_config cfg = {
		.host = live_host__ops(a->host),
		.sinks = a->sinks.list,
		.filter = a->filter,
		.report = &a->report,
		.direction = a->opt->direction,
		.choice = a->opt->choice,
		.group = a->opt->group,
		.count = a->opt->count,
		.netns = a->home,
	};
	struct sensor *sensor = live_host__sensor(a->host);

	a->watch = watch__new(&cfg);
	if (!a->watch || !loop__add_fd(a->loop, sensor__event_fd(sensor), take_turn, a) ||
	    !loop__add_fd(a->loop, sensor__link_fd(sensor), on_links, a))
		return -errno;
	/* Nice to have: the time of each report is compared, too. */
	if (!loop__add_clock(a->loop, on_clock, a))
		debug("monitor the wall clock: %s", error_name(errno));
	return 0;
}

static int set_up(struct app *a)
{
	int err = open_loop(a);

	if (err)
		error("set up the event loop: %s", error_name(err));
	a->host = live_host__new();
	if (!err && !a->host)
		err = -ENOMEM;
	if (!err && a->opt->all_netns)
		err = live_host__watch_neighbours(a->host, &a->home);
	a->sinks.recording.recall = live_host__recall;
	a->sinks.recording.recall_ctx = a->host;
	if (!err)
		err = watch_sinks__open(&a->sinks, a->opt);
	if (!err)
		err = attach(a);
	if (!err)
		err = open_watch(a);
	return err ? err : loop_timer__arm(a->attaching, 0, 0);
}

/* --- running ------------------------------------------------------------------------------------ */

static int run(struct app *a)
{
	int err, finished;

	err = loop__run(a->loop);
	err = err ? err : a->err;
	finished = watch__finish(a->watch);
	err = err ? err : finished;
	/* Who stops a watch whose output nobody reads knows that. */
	if (watch__output_error(a->watch) && watch__output_error(a->watch) != -EINTR) {
		err = watch__output_error(a->watch);
		error("write to standard output: %s", error_name(err));
	}
	if (!a->opt->quiet)
		watch__print_summary(a->watch, stderr);
	sinks__print_losses(a->sinks.list, stderr);
	return err;
}

static void tear_down(struct app *a)
{
	watch_sinks__close(&a->sinks);
	/* All is written. Detaching from hundreds of interfaces takes seconds. */
	stop_signals_release();
	watch_modules__free(a->modules);
	loop__free(a->loop);
	watch__free(a->watch);
	live_host__free(a->host);
}

int watch_run(const struct watch_options *opt, const struct filter *filter,
	      struct debug_lines *lines)
{
	struct app a = { .opt = opt, .filter = filter, .lines = lines };
	int err;

	remove_stale_ready_file(opt->ready_file);
	err = set_up(&a);
	if (!err)
		err = run(&a);
	tear_down(&a);
	return err;
}
