// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmd_watch.c - name the cause of every reset as it happens.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "cmd/command.h"
#include "cmd/rst_filter.h"
#include "cmd/watch_options.h"
#include "cmd/watch_record.h"
#include "cmd/watch_store.h"
#include "host/capabilities.h"
#include "host/conntrack.h"
#include "host/ct_destroyed.h"
#include "host/debug_lines.h"
#include "host/nat_rules.h"
#include "host/netns.h"
#include "host/socket_owner.h"
#include "live/join.h"
#include "live/recorder.h"
#include "report/sink.h"
#include "rst_event.h"

#define NS_PER_SEC 1000000000ull
/* Recalling history may take this part of a second; a storm of resets then goes without. */
#define RECALL_BUDGET_NS (NS_PER_SEC / 4)
#define EVENTS_PER_TICK 64
/* conntrack's report of a dropped entry may be read so long after the reset that it explains. */
#define REPORT_DELAY_NS 20000000u
/* A REJECT rule brings its module with it; there is no event for that in every namespace. */
#define MODULE_CHECK_NS (NS_PER_SEC / 5)
/* The age of what is stored counts also where nothing happens. */
#define KEEP_CHECK_NS (60 * NS_PER_SEC)

struct watch {
	struct watch_options opt;
	struct sensor *sensor;
	struct join *join;
	struct filter *filter;
	struct ctnl *ctnl;
	struct nat_reader *nat;
	struct ct_destroyed *gone; /* NULL = conntrack is not at work here, or does not report */
	bool gone_refused;
	struct owner_cache *owners;
	struct debug_lines *lines;
	struct sink sink;
	struct sink evidence;	     /* out == NULL: not wanted, or it failed */
	struct watch_record *record; /* NULL = not wanted */
	struct watch_store *store;   /* likewise */
	struct report_context report;
	char host[256];
	uint64_t start_ns;
	uint64_t by_cause[64];
	uint64_t reported;
	uint64_t recall_second; /* start of the budget's current second */
	uint64_t recall_spent_ns;
	uint64_t without_history;
	struct packet_list recalled; /* of the reset that is being opened */
	uint64_t n_events;
	bool said_lost;
	int err;
	bool done;
};

/* Set by SIGINT and SIGTERM; the write that they may interrupt must not be taken up again. */
static volatile sig_atomic_t stop_requested;
static int stop_fd = -1;

static void on_stop(int sig)
{
	static const uint64_t one = 1;

	(void)sig;
	stop_requested = 1;
	if (write(stop_fd, &one, sizeof(one)) < 0)
		return;
}

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

/* What may have told of a reset and did not, for whichever reason. */
static uint64_t lost_so_far(void *ctx)
{
	const struct watch *w = ctx;

	return sensor__lost_events(w->sensor) + sensor__missed(w->sensor);
}

static bool may_recall(struct watch *w, uint64_t now)
{
	if (now - w->recall_second > NS_PER_SEC) {
		w->recall_second = now;
		w->recall_spent_ns = 0;
	}
	return w->recall_spent_ns < RECALL_BUDGET_NS;
}

/*
 * The segment that was answered, where the kernel told it; else the RST as it was seen, then its
 * reverse: one that answers an untranslated segment has a tuple that conntrack never had.
 */
static int look_up_entry(struct watch *w, struct reset_case *c)
{
	struct tuple back = tuple_reverse(&c->seen.rst.tuple);
	int found;

	if (c->seen.kernel->has_segment)
		return ctnl__lookup(w->ctnl, &c->seen.kernel->segment, &c->asked.ct);
	if (c->seen.kind == CASE_STALL)
		return ctnl__lookup(w->ctnl, &c->seen.clash->segment, &c->asked.ct);
	found = ctnl__lookup(w->ctnl, &c->seen.rst.tuple, &c->asked.ct);
	return found ? found : ctnl__lookup(w->ctnl, &back, &c->asked.ct);
}

static void ask_conntrack(struct watch *w, struct reset_case *c)
{
	/* A segment that carried an entry was translated: nothing to ask. */
	if (c->asked.ct_asked || c->asked.ct.has_entry ||
	    (c->seen.kernel->nfct_known && c->seen.kernel->nfct & 8))
		return;
	if (!ctnl__is_active()) {
		c->asked.ct_asked = true;
		c->asked.nat_rules = NAT_RULES_NONE;
		return;
	}
	c->asked.nat_rules = nat_reader__rules(w->nat);
	if (!w->ctnl)
		w->ctnl = ctnl__open();
	if (!w->ctnl || look_up_entry(w, c) < 0)
		return;
	c->asked.ct_asked = true;
	/* An entry exists for the tuple, yet the segment carried none: it was refused. */
	if (mapping_is_due(&c->asked.ct, &c->seen.kernel->segment) && c->seen.kernel->nfct_known &&
	    c->seen.kernel->nfct == 0 && c->seen.kernel->lookup == LOOKUP_NONE)
		c->asked.ct.state = CT_INVALID;
}

/* A mapping that was dropped before: of the segment, or of the one that made the peer reset. */
static void ask_gone(struct watch *w, struct reset_case *c, uint64_t until_ns)
{
	struct tuple back = tuple_reverse(&c->seen.rst.tuple);
	struct gone_mapping gone;

	if (!w->gone || c->seen.kind == CASE_STALL || c->asked.ct.has_entry || c->asked.gone.known)
		return;
	if (ct_destroyed__find(w->gone,
			       c->seen.kernel->has_segment ? &c->seen.kernel->segment : &back,
			       &gone) &&
	    gone.ts_ns <= until_ns)
		c->asked.gone = gone;
}

/* One look at the rings, for the history and for the recording. */
static void recall_flow(struct watch *w, struct reset_case *c)
{
	struct recall what = { .until_ns = c->seen.rst.ts_ns, .max = CASE_HISTORY_MAX };

	recall_add(&what, &c->seen.rst.tuple);
	watch_record__widen(w->record, c, &what);
	recorder__recall(sensor__flight(w->sensor), &what, &w->recalled);
	list_to_history(&w->recalled, c);
	watch_record__keep(w->record, &w->recalled, c);
}

/* The rings go on turning, and the owner may exit: what will not wait is read at once. */
static void on_opened(void *ctx, struct reset_case *c)
{
	struct watch *w = ctx;
	uint64_t spent;

	c->asked.views = sensor__views(w->sensor);
	/* A stall is nothing without conntrack's word on it. */
	if (c->seen.kind == CASE_STALL)
		ask_conntrack(w, c);
	if (!may_recall(w, clock_ns(CLOCK_MONOTONIC))) {
		c->asked.hurried = true;
		w->without_history++;
		return;
	}
	/* Our own time: that others keep the CPU busy is no reason to know less. */
	spent = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	owner_find(w->owners, c);
	/* Now and not later: an entry that is made after the reset proves nothing. */
	ask_conntrack(w, c);
	recall_flow(w, c);
	/* On a busy machine we read late; what was reported by now still came before we knew. */
	if (w->gone && !ct_destroyed__read(w->gone, clock_ns(CLOCK_MONOTONIC)))
		ask_gone(w, c, UINT64_MAX);
	w->recall_spent_ns += clock_ns(CLOCK_THREAD_CPUTIME_ID) - spent;
}

/* Where a RST that came in will go once NAT is undone: the other image of its flow. */
static const uint8_t *real_destination(const struct reset_case *c)
{
	if (c->asked.ct.has_entry && tuple_equal(&c->seen.rst.tuple, &c->asked.ct.orig))
		return c->asked.ct.reply.saddr;
	if (c->asked.ct.has_entry && tuple_equal(&c->seen.rst.tuple, &c->asked.ct.reply))
		return c->asked.ct.orig.saddr;
	return c->seen.rst.tuple.daddr;
}

static void ask_routes(struct watch *w, struct reset_case *c)
{
	struct netlink *nl = sensor__netlink(w->sensor);
	const struct tuple *t = &c->seen.rst.tuple;

	if (c->seen.sightings[0].hook == HOOK_TC_EGRESS)
		c->asked.src_local = netlink__is_local(nl, t->saddr, t->family);
	else
		c->asked.dst_local = netlink__is_local(nl, real_destination(c), t->family);
}

static bool is_in_direction(const struct watch *w, const struct reset_case *c)
{
	bool out = c->seen.sightings[0].hook == HOOK_TC_EGRESS;

	return w->opt.direction == DIRECTION_BOTH || (w->opt.direction == DIRECTION_OUT) == out;
}

/* A side show: that its disk is full must not end the watch. */
static void write_evidence(struct watch *w, const struct reset_case *c)
{
	int err;

	if (!w->evidence.out)
		return;
	err = w->evidence.ops->emit(&w->evidence, c, &w->report);
	if (!err)
		return;
	error("write evidence to '%s': %s; no more is written", w->opt.evidence_file,
	      error_name(err));
	fclose(w->evidence.out);
	w->evidence.out = NULL;
}

static bool is_recorded_to_stdout(const struct watch *w)
{
	return w->record && !strcmp(w->opt.recording, "-");
}

static void on_dropped(void *ctx, struct reset_case *c)
{
	(void)ctx;
	watch_record_drop(c);
}

static void tell(struct watch *w, struct reset_case *c)
{
	if (w->done || (stop_requested && w->err) || !filter__matches(w->filter, &c->seen.rst) ||
	    !is_in_direction(w, c))
		return;
	ask_routes(w, c);
	ask_gone(w, c, c->seen.rst.ts_ns + REPORT_DELAY_NS);
	if (!c->asked.owner.known)
		owner_find(w->owners, c);
	classify(c);
	/* A challenge ACK is the right answer to a SYN of the same connection. */
	if (c->seen.kind == CASE_STALL && !(c->diagnosis.facts_yes & FACT(CLASH)))
		return;
	write_evidence(w, c);
	watch_record__add(w->record, sensor__flight(w->sensor), c, &w->report);
	watch_store__add(w->store, c, &w->report);
	if (!is_recorded_to_stdout(w))
		w->err = w->sink.ops->emit(&w->sink, c, &w->report);
	if (w->err) {
		w->done = true;
		return;
	}
	w->by_cause[c->diagnosis.cause - causes]++;
	w->done = ++w->reported == w->opt.count;
}

static void on_completed(void *ctx, struct reset_case *c)
{
	tell(ctx, c);
	watch_record_drop(c);
}

/* In a storm the ring is never empty: what is due must not wait for that. */
static void on_event(void *ctx, const struct event *ev)
{
	struct watch *w = ctx;

	if (stop_requested)
		return;
	join__event(w->join, ev);
	/* By event time: who has been kept from reading must not close a case too soon. */
	if (++w->n_events % EVENTS_PER_TICK == 0)
		join__tick(w->join, ev->kind == EVENT_WIRE ? ev->wire.rst.ts_ns : ev->kernel.ts_ns);
}

static int poll_timeout(const struct watch *w, uint64_t now)
{
	uint64_t next = join__next_ns(w->join), end = UINT64_MAX;

	if (w->opt.duration > 0)
		end = w->start_ns + (uint64_t)(w->opt.duration * (double)NS_PER_SEC);
	if (end < next)
		next = end;
	if ((sensor__lacks_modules(w->sensor) || !(w->gone || w->gone_refused)) &&
	    now + MODULE_CHECK_NS < next)
		next = now + MODULE_CHECK_NS;
	if (w->opt.keep_ns && now + KEEP_CHECK_NS < next)
		next = now + KEEP_CHECK_NS;
	if (sensor__to_attach(w->sensor))
		return 0;
	if (next == UINT64_MAX)
		return -1;
	return next <= now ? 0 : (int)((next - now) / 1000000 + 1);
}

static bool is_over(const struct watch *w, uint64_t now)
{
	return w->done || (w->opt.duration > 0 &&
			   now >= w->start_ns + (uint64_t)(w->opt.duration * (double)NS_PER_SEC));
}

static int follow_links(struct watch *w)
{
	int n = sensor__read_links(w->sensor);

	if (n < 0)
		warning("follow interfaces: %s", error_name(n));
	if (n != 0)
		return 0;
	error("no watched interface is left");
	return -ENODEV;
}

static void drop_privileges(const struct watch *w)
{
	int err = capabilities_drop(w->opt.xdp || sensor__lacks_modules(w->sensor));

	if (err)
		warning("drop privileges: %s", error_name(err));
}

/* conntrack may begin its work at any time; to ask before would load it. */
static void follow_conntrack(struct watch *w, struct pollfd *fd)
{
	if (!w->gone && !w->gone_refused && ctnl__is_active()) {
		w->gone = ct_destroyed__open();
		w->gone_refused = !w->gone;
		if (w->gone_refused)
			warning("conntrack's reports of dropped entries: %s; 'conntrack-expired' "
				"cannot be named",
				error_name(errno));
	}
	fd->fd = w->gone ? ct_destroyed__fd(w->gone) : -1;
}

/* A side show: that it fails must not end the watch. */
static void read_gone(struct watch *w, uint64_t now)
{
	int err = w->gone ? ct_destroyed__read(w->gone, now) : 0;

	if (!err)
		return;
	warning("conntrack's reports of dropped entries: %s; no more are read", error_name(err));
	ct_destroyed__free(w->gone);
	w->gone = NULL;
	w->gone_refused = true;
}

/* For modules that were not loaded when we attached. */
static void look_again(struct watch *w)
{
	if (!sensor__lacks_modules(w->sensor))
		return;
	sensor__look_again(w->sensor);
	if (!sensor__lacks_modules(w->sensor))
		drop_privileges(w);
}

static void warn_of_losses(struct watch *w)
{
	uint64_t lost = sensor__lost_events(w->sensor) + join__stats(w->join)->refused;

	if (w->said_lost || !lost)
		return;
	w->said_lost = true;
	warning("resets come faster than they can be told: some are lost (the summary counts them)");
}

static int run(struct watch *w)
{
	struct pollfd fds[] = {
		{ .fd = sensor__event_fd(w->sensor), .events = POLLIN },
		{ .fd = sensor__link_fd(w->sensor), .events = POLLIN },
		{ .fd = stop_fd, .events = POLLIN },
		{ .events = POLLIN }, /* conntrack's reports */
	};
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	int err = 0;

	while (!err && !is_over(w, now)) {
		follow_conntrack(w, &fds[3]);
		if (poll(fds, 4, poll_timeout(w, now)) < 0 && errno != EINTR)
			return -errno;
		if (stop_requested)
			break;
		look_again(w);
		join__read_begins(w->join);
		now = clock_ns(CLOCK_MONOTONIC);
		read_gone(w, now);
		err = sensor__read_events(w->sensor);
		if (err)
			error("read events: %s", error_name(err));
		/* All that had been told when the reading began is known now. */
		join__tick(w->join, now);
		watch_store__flush(w->store);
		now = clock_ns(CLOCK_MONOTONIC);
		warn_of_losses(w);
		if (!err && fds[1].revents)
			err = follow_links(w);
		if (sensor__to_attach(w->sensor))
			sensor__attach_some(w->sensor);
	}
	/* What has been seen by now is still told, unless nobody reads it. */
	join__flush(w->join);
	return err;
}

static void print_summary(const struct watch *w)
{
	static const struct {
		int count;
		const char *name;
	} counts[] = {
		{ RST_CNT_FRAGMENT, "fragments" },
		{ RST_CNT_TRUNCATED, "truncated packets" },
		{ RST_CNT_MALFORMED, "malformed packets" },
		{ RST_CNT_EXT_LIMIT, "packets with too many headers" },
		{ RST_CNT_NO_SLOT, "packets of CPUs without a recorder" },
	};
	const struct recorder *f = sensor__flight(w->sensor);
	const struct join_stats *st = join__stats(w->join);
	size_t i;

	fprintf(stderr, "%" PRIu64 " reset%s", w->reported, w->reported == 1 ? "" : "s");
	for (i = 0; i < n_causes; i++)
		if (w->by_cause[i])
			fprintf(stderr, ", %" PRIu64 " %s", w->by_cause[i], causes[i].id);
	fprintf(stderr, "\n%" PRIu64 " segments recorded, %" PRIu64 " events lost",
		recorder__recorded(f), sensor__lost_events(w->sensor) + st->refused);
	if (sensor__missed(w->sensor))
		fprintf(stderr, ", %" PRIu64 " probes skipped", sensor__missed(w->sensor));
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (recorder__count(f, counts[i].count))
			fprintf(stderr, ", %" PRIu64 " %s not read",
				recorder__count(f, counts[i].count), counts[i].name);
	if (w->without_history)
		fprintf(stderr, ", %" PRIu64 " resets told without history (too many at once)",
			w->without_history);
	if (w->gone && ct_destroyed__losses(w->gone))
		fprintf(stderr, ", conntrack's reports lost %" PRIu64 " times",
			ct_destroyed__losses(w->gone));
	if (st->unclaimed && !st->refused && !sensor__lost_events(w->sensor))
		fprintf(stderr, "\n%" PRIu64 " reset%s of the kernel crossed no watched interface",
			st->unclaimed, st->unclaimed == 1 ? "" : "s");
	fputc('\n', stderr);
}

static void list_link(void *ctx, const struct link_info *link)
{
	(void)ctx;
	printf("%u\t%s\t%s\n", link->ifindex, link->name, link->up ? "up" : "down");
}

static int list_interfaces(void)
{
	struct netlink *nl = netlink__open();
	int err = nl ? netlink__links(nl, list_link, NULL) : -errno;

	netlink__free(nl);
	if (err)
		error("list interfaces: %s", error_name(err));
	return err ? EXIT_RUNTIME : EXIT_OK;
}

static int create_ready_file(const char *path)
{
	int fd;

	if (!path)
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0) {
		error("create ready file '%s': %s", path, error_name(errno));
		return -errno;
	}
	close(fd);
	return 0;
}

static int open_evidence(struct watch *w)
{
	FILE *out;

	if (!w->opt.evidence_file)
		return 0;
	out = fopen(w->opt.evidence_file, "ae");
	if (!out) {
		error("open '%s': %s", w->opt.evidence_file, error_name(errno));
		return -errno;
	}
	return sink_open(&w->evidence, "evidence", out);
}

/* Before anything is attached; what the header needs is known by now. */
static int open_record(struct watch *w)
{
	gethostname(w->host, sizeof(w->host) - 1);
	w->report.host = w->host;
	if (!w->opt.recording)
		return 0;
	w->record = watch_record__open(&w->opt, &w->report);
	if (w->record)
		return 0;
	error("create recording '%s': %s", w->opt.recording, error_name(errno));
	return -EIO;
}

static int open_store(struct watch *w)
{
	struct store_config cfg = {
		.path = w->opt.store,
		.keep_ns = w->opt.keep_ns,
		.keep_bytes = w->opt.keep_bytes,
	};
	char why[256] = "";

	if (!w->opt.store)
		return 0;
	w->store = watch_store__open(&cfg, why, sizeof(why));
	if (w->store)
		return 0;
	error("open store '%s': %s", w->opt.store, *why ? why : error_name(errno));
	return -EIO;
}

/* Without SA_RESTART: standard output may be a pipe that nobody reads. */
static int catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_stop };

	signal(SIGPIPE, SIG_IGN);
	stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (stop_fd < 0)
		return -errno;
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	return 0;
}

/*
 * The line of the call, not the one where it returns to: that may be the next. Code of modules
 * is not in vmlinux.
 */
static const char *source_line(void *ctx, const struct frame *f)
{
	struct watch *w = ctx;
	uint64_t text = sensor__text(w->sensor);

	if (!text || !f->name || f->module[0])
		return NULL;
	return debug_lines__find(w->lines, f->addr - (f->offset ? 1 : 0) - text);
}

/* What comes in meanwhile is reported, and a signal is obeyed. */
static int attach_all(struct watch *w)
{
	int waiting;

	do {
		waiting = sensor__attach_some(w->sensor);
		sensor__read_events(w->sensor);
		join__tick(w->join, clock_ns(CLOCK_MONOTONIC));
	} while (waiting > 0 && !stop_requested && !w->done);
	return waiting < 0 ? waiting : 0;
}

static int open_watch(struct watch *w)
{
	struct sensor_config cfg = {
		.interfaces = w->opt.interfaces,
		.n_interfaces = w->opt.n_interfaces,
		.tier = w->opt.tier,
		.btf_path = w->opt.btf_path,
		.xdp = w->opt.xdp,
		.progress = !w->opt.quiet,
		.on_event = on_event,
		.ctx = w,
	};
	struct join_ops ops = {
		.opened = on_opened,
		.completed = on_completed,
		.dropped = on_dropped,
		.lost = lost_so_far,
		.ctx = w,
	};
	int err;

	w->join = join__new(&ops);
	w->owners = owner_cache__new();
	w->nat = nat_reader__open("");
	if (!w->join || !w->owners || !w->nat)
		return -ENOMEM;
	w->sensor = sensor__open(&cfg);
	if (!w->sensor)
		return -errno;
	w->report = (struct report_context){
		.host = w->host,
		.view = sensor__tier(w->sensor),
		.wall_offset_ns = (int64_t)(clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC)),
		.ifname = sensor__ifname,
		.ifname_ctx = w->sensor,
		.source_line = source_line,
		.source_ctx = w,
	};
	err = sink_open(&w->sink, w->opt.json ? "json" : "text", stdout);
	if (!err)
		err = attach_all(w);
	w->start_ns = clock_ns(CLOCK_MONOTONIC);
	return err;
}

static void close_watch(struct watch *w)
{
	watch_record__close(w->record);
	watch_store__close(w->store);
	sensor__free(w->sensor);
	join__free(w->join);
	filter__free(w->filter);
	ctnl__free(w->ctnl);
	nat_reader__free(w->nat);
	ct_destroyed__free(w->gone);
	owner_cache__free(w->owners);
	debug_lines__free(w->lines);
	free(w->recalled.packets);
	free(w->opt.expression);
	if (w->evidence.out)
		fclose(w->evidence.out);
}

static void say_start(const struct watch *w)
{
	sensor__print_plan(w->sensor, stderr);
	if (isatty(STDERR_FILENO))
		notice("watching for resets; Ctrl-C ends it");
}

static int watch(struct watch *w)
{
	int err = catch_signals();

	if (!err)
		err = open_evidence(w);
	if (!err)
		err = open_record(w);
	if (!err)
		err = open_store(w);
	if (!err)
		err = open_watch(w);
	if (err)
		return err;
	if (!w->opt.quiet)
		say_start(w);
	drop_privileges(w);
	err = stop_requested ? 0 : create_ready_file(w->opt.ready_file);
	if (!err)
		err = run(w);
	if (w->err && !stop_requested) {
		error("write to standard output: %s", error_name(w->err));
		err = w->err;
	}
	if (!w->opt.quiet)
		print_summary(w);
	close(stop_fd);
	return err;
}

static int open_lines(struct watch *w)
{
	struct lines_config cfg = {
		.file = w->opt.vmlinux,
		.notes = "/sys/kernel/notes",
		.root = "",
	};
	char why[512] = "";

	w->lines = debug_lines__open(&cfg, why, sizeof(why));
	if (w->lines)
		return EXIT_OK;
	error("--vmlinux '%s': %s", w->opt.vmlinux ? w->opt.vmlinux : "", why);
	return EXIT_RUNTIME;
}

/* Everything that can be wrong before anything is attached. */
static int prepare(struct watch *w)
{
	const char *missing;
	char why[256];
	int err;

	if (w->opt.expression) {
		w->filter = filter__compile(w->opt.expression, why, sizeof(why));
		if (!w->filter) {
			error("filter '%s': %s (see pcap-filter(7))", w->opt.expression, why);
			return EXIT_USAGE;
		}
	}
	if (w->opt.netns) {
		err = netns_enter(w->opt.netns);
		if (err) {
			error("network namespace '%s': %s", w->opt.netns, error_name(err));
			return EXIT_RUNTIME;
		}
	}
	if (w->opt.list)
		return EXIT_OK;
	missing = capabilities_missing();
	if (missing) {
		error("%s is missing: run as root (sudo rstscope watch ...)", missing);
		return EXIT_RUNTIME;
	}
	return open_lines(w);
}

/* What the kernel lacks is another thing than what went wrong. */
static int exit_code(int err)
{
	if (!err)
		return EXIT_OK;
	return err == -EOPNOTSUPP || err == -ENOSYS ? EXIT_UNSUPPORTED : EXIT_RUNTIME;
}

int cmd_watch(int argc, char **argv)
{
	static struct watch w;
	int status;

	watch_options_parse(&w.opt, argc, argv);
	log_libraries();
	status = prepare(&w);
	if (status == EXIT_OK && w.opt.list)
		status = list_interfaces();
	else if (status == EXIT_OK)
		status = exit_code(watch(&w));
	close_watch(&w);
	return status;
}
