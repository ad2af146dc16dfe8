// SPDX-License-Identifier: GPL-2.0-only
/*
 * status.c - what is attached and how it does, gathered for `rstscope status`.
 *
 * Looks only: nothing is changed, but that the kernel counts runs for a second if it is asked to.
 */
#include "cmd/status.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "live/bpf_ids.h"
#include "live/pin_place.h"
#include "live/reader.h"
#include "rst_event.h"

#define NS_PER_SEC 1000000000ll

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

/* --- names --------------------------------------------------------------------------------- */

const char *status_way_name(enum attached_way way)
{
	static const char *const names[] = {
		[ATTACHED_XDP] = "xdp",
		[ATTACHED_DISPATCHED] = "xdp-dispatcher",
		[ATTACHED_TCX] = "tcx",
		[ATTACHED_FILTER] = "tc-filter",
	};

	return names[way];
}

const char *status_mode_name(enum if_xdp_mode mode)
{
	static const char *const names[] = {
		[IF_XDP_OFFLOADED] = "offloaded",
		[IF_XDP_NATIVE] = "native",
		[IF_XDP_GENERIC] = "generic",
	};

	return names[mode];
}

const char *status_loader_name(enum status_loader loader)
{
	static const char *const names[] = {
		[LOADED_BY_WATCH] = "watch",	 [LOADED_BY_DEAD_WATCH] = "dead-watch",
		[LOADED_BY_ATTACH] = "attach",	 [LOADED_BY_TC] = "tc",
		[LOADED_BY_FILTER] = "filter",	 [LOADED_BY_NETLINK] = "netlink",
		[LOADED_BY_LIBXDP] = "libxdp",	 [LOADED_BY_LINK_PIN] = "pinned-link",
		[LOADED_BY_PROCESS] = "process", [LOADED_BY_UNSEEN] = "unseen-link",
		[LOADED_BY_COMMAND] = "no-link",
	};

	return names[loader];
}

const char *status_count_name(enum attached_count count)
{
	static const char *const names[] = {
		[ATTACHED_RESETS] = "resets",
		[ATTACHED_FRAGMENTS] = "fragments",
		[ATTACHED_TRUNCATED] = "truncated",
		[ATTACHED_MALFORMED] = "malformed",
		[ATTACHED_JUMBO] = "jumbo",
		[ATTACHED_GSO] = "gso",
		[ATTACHED_EXT_LIMIT] = "ext_limit",
		[ATTACHED_NO_SLOT] = "no_slot",
		[ATTACHED_UNREAD] = "unread",
		[ATTACHED_LOST_WIRE] = "lost_wire",
		[ATTACHED_LOST_KERNEL] = "lost_kernel",
	};

	return names[count];
}

void status_wall_time(const struct status *s, uint64_t boottime_ns, char *ret, size_t size)
{
	time_t t = (time_t)((s->boot_ns + (int64_t)boottime_ns) / NS_PER_SEC);
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(ret, size, "%Y-%m-%dT%H:%M:%SZ", &tm))
		snprintf(ret, size, "?");
}

/* --- programs ------------------------------------------------------------------------------ */

static bool is_wanted(const struct status_options *o, const char *ifname)
{
	unsigned int i;

	for (i = 0; i < o->n_interfaces; i++)
		if (!strcmp(o->interfaces[i], ifname) || !strcmp(o->interfaces[i], "any"))
			return true;
	return !o->n_interfaces;
}

static bool is_named(const struct bpf_holder *h, const char *comm)
{
	return h && !strcmp(h->comm, comm);
}

/* `rstscope attach` pins what belongs to it in one place. */
static bool is_pinned_by_attach(const char *path)
{
	return path && !strncmp(path, PIN_ROOT "/", strlen(PIN_ROOT "/"));
}

static enum status_loader loader_of_link(const struct status_program *sp)
{
	if (sp->link_pin)
		return is_pinned_by_attach(sp->link_pin) ? LOADED_BY_ATTACH : LOADED_BY_LINK_PIN;
	if (is_named(sp->holder, "rstscope"))
		return LOADED_BY_WATCH;
	return sp->holder ? LOADED_BY_PROCESS : LOADED_BY_UNSEEN;
}

static enum status_loader loader_of_filter(const struct status_program *sp, const char *ring_pin)
{
	if (strcmp(sp->p->filter.name, CLSACT_NAME))
		return strstr(sp->p->filter.name, ":[") ? LOADED_BY_TC : LOADED_BY_FILTER;
	if (is_pinned_by_attach(ring_pin))
		return LOADED_BY_ATTACH;
	return is_named(sp->holder, "rstscope") ? LOADED_BY_WATCH : LOADED_BY_DEAD_WATCH;
}

/* The link of a filter is its program: a watch keeps it open. */
static void find_loader(const struct status *s, const char *ring_pin, struct status_program *sp)
{
	const struct attached_program *p = sp->p;

	sp->pin = bpf_pins_find(&s->pins, BPF_KIND_PROGRAM, p->prog_id);
	sp->link_pin = bpf_pins_find(&s->pins, BPF_KIND_LINK, p->link_id);
	sp->holder = p->link_id ? bpf_holders_find(&s->holders, BPF_KIND_LINK, p->link_id) :
				  bpf_holders_find(&s->holders, BPF_KIND_PROGRAM, p->prog_id);
	if (p->way == ATTACHED_FILTER)
		sp->loader = loader_of_filter(sp, ring_pin);
	else if (p->way != ATTACHED_TCX && is_pinned_by_attach(ring_pin))
		sp->loader = LOADED_BY_ATTACH;
	else if (p->way == ATTACHED_DISPATCHED)
		sp->loader = LOADED_BY_LIBXDP;
	else if (p->link_id)
		sp->loader = loader_of_link(sp);
	else
		sp->loader = p->way == ATTACHED_XDP ? LOADED_BY_NETLINK : LOADED_BY_COMMAND;
}

static int add_programs(const struct status *s, const struct status_options *o,
			struct status_recorder *sr)
{
	struct status_program *sp;
	unsigned int i;

	sr->programs = calloc(sr->r->n_programs + 1, sizeof(*sr->programs));
	if (!sr->programs)
		return -ENOMEM;
	for (i = 0; i < sr->r->n_programs; i++) {
		if (!is_wanted(o, sr->r->programs[i]->path->ifname))
			continue;
		sp = &sr->programs[sr->n_programs++];
		sp->p = sr->r->programs[i];
		find_loader(s, sr->pin, sp);
		sr->is_watch |= sp->loader == LOADED_BY_WATCH || sp->loader == LOADED_BY_DEAD_WATCH;
	}
	return 0;
}

/* XDP of a watch has neither a link nor a descriptor: the rest of its recorder tells. */
static void adopt_by_watch(const struct status *s, struct status_recorder *sr)
{
	const struct bpf_holder *h = bpf_holders_find(&s->holders, BPF_KIND_MAP, sr->r->ring_id);
	struct status_program *sp;

	for (sp = sr->programs; sp < sr->programs + sr->n_programs && sr->is_watch; sp++) {
		if (sp->p->way != ATTACHED_XDP && sp->p->way != ATTACHED_DISPATCHED)
			continue;
		sp->holder = h;
		sp->loader = is_named(h, "rstscope") ? LOADED_BY_WATCH : LOADED_BY_DEAD_WATCH;
	}
}

/* --- readers ------------------------------------------------------------------------------- */

static bool has_reader(const struct status_recorder *sr, uint32_t pid)
{
	unsigned int i;

	for (i = 0; i < sr->n_readers; i++)
		if (sr->readers[i].pid == pid)
			return true;
	return false;
}

/* Who has the ring open: before version 3 a reader is not registered. */
static void guess_readers(const struct status *s, struct status_recorder *sr)
{
	const struct bpf_holder *h;
	unsigned int i;

	for (i = 0; i < s->holders.n && sr->n_readers < STATUS_MAX_READERS; i++) {
		h = &s->holders.holders[i];
		if (h->kind != BPF_KIND_MAP || h->id != sr->r->ring_id ||
		    has_reader(sr, (uint32_t)h->pid))
			continue;
		sr->readers[sr->n_readers].pid = (uint32_t)h->pid;
		memcpy(sr->readers[sr->n_readers++].comm, h->comm, sizeof(h->comm));
	}
}

static void add_reader(struct status_recorder *sr, const struct reader_place *place)
{
	struct status_reader *reader = &sr->readers[sr->n_readers++];
	int handoffs = attached_recorder_map(sr->r, "rst_handoffs");
	struct reader_losses lost;

	reader->pid = place->process.pid;
	reader->since_ns = place->since_ns;
	process_name(&place->process, reader->comm, sizeof(reader->comm));
	if (handoffs < 0 || reader_place_lost(handoffs, place->slot, &lost))
		return;
	reader->has_lost = true;
	reader->lost_wire = lost.wire;
	reader->lost_kernel = lost.kernel;
}

/* The place of a process that was killed is taken by the next reader: it does not read. */
static void find_readers(const struct status *s, struct status_recorder *sr)
{
	struct reader_place places[RST_READERS_MAX];
	int info = attached_recorder_map(sr->r, "rst_reader_info"), n, i;

	if (sr->r->abi != RST_ABI_VERSION || info < 0) {
		guess_readers(s, sr);
		return;
	}
	n = reader_places(info, places);
	for (i = 0; i < n; i++)
		if (places[i].lives)
			add_reader(sr, &places[i]);
}

/* --- all together -------------------------------------------------------------------------- */

static int add_recorder(struct status *s, const struct status_options *o,
			const struct attached_recorder *r)
{
	struct status_recorder *sr = &s->recorders[s->n_recorders];
	int err;

	memset(sr, 0, sizeof(*sr));
	sr->r = r;
	sr->pin = bpf_pins_find(&s->pins, BPF_KIND_MAP, r->ring_id);
	err = attached_state_read(r, &sr->state);
	if (!err)
		err = add_programs(s, o, sr);
	if (!err) {
		adopt_by_watch(s, sr);
		find_readers(s, sr);
	}
	/* Of interfaces that were not asked for. */
	if (err || !sr->n_programs) {
		attached_state_free(&sr->state);
		free(sr->programs);
		return err;
	}
	s->n_recorders++;
	return 0;
}

static int add_recorders(struct status *s, const struct status_options *o)
{
	const struct attached_recorder *r;
	unsigned int n = 0;
	int err = 0;

	for (r = attached__recorders(s->attached); r; r = r->next)
		n++;
	s->recorders = calloc(n + 1, sizeof(*s->recorders));
	if (!s->recorders)
		return -ENOMEM;
	for (r = attached__recorders(s->attached); r && !err; r = r->next)
		err = add_recorder(s, o, r);
	return err;
}

static void note_runs(struct status *s, bool subtract)
{
	struct status_recorder *sr;
	struct status_program *sp;

	for (sr = s->recorders; sr < s->recorders + s->n_recorders; sr++) {
		for (sp = sr->programs; sp < sr->programs + sr->n_programs; sp++) {
			sp->runs = sp->p->runs - (subtract ? sp->runs : 0);
			sp->run_ns = sp->p->run_ns - (subtract ? sp->run_ns : 0);
		}
	}
}

/* The kernel stops counting with the descriptor, also when we are killed. */
static int measure(struct status *s)
{
	int fd = bpf_stats_open(), err;

	if (fd < 0) {
		s->measure_err = fd;
		return 0;
	}
	err = attached__read_runs(s->attached);
	note_runs(s, false);
	if (!err)
		sleep(1);
	close(fd);
	if (!err)
		err = attached__read_runs(s->attached);
	note_runs(s, true);
	s->measured = true;
	return err;
}

static int gather(const struct status_options *o, struct status *s)
{
	int err;

	s->now_ns = (uint64_t)clock_ns(CLOCK_MONOTONIC);
	s->boot_ns = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);
	s->attached = attached__find();
	if (!s->attached)
		return -errno;
	err = bpf_pins_read(&s->pins);
	if (!err)
		err = bpf_holders_read(&s->holders);
	if (!err)
		err = add_recorders(s, o);
	if (err)
		return err;
	note_runs(s, false);
	if (o->stats && s->n_recorders)
		err = measure(s);
	return err ? err : status_warn(s);
}

int status_gather(const struct status_options *o, struct status *ret)
{
	struct status s = { 0 };
	int err = gather(o, &s);

	if (err)
		status_free(&s);
	else
		*ret = s;
	return err;
}

void status_free(struct status *s)
{
	unsigned int i;

	for (i = 0; i < s->n_recorders; i++) {
		attached_state_free(&s->recorders[i].state);
		free(s->recorders[i].programs);
	}
	free(s->recorders);
	for (i = 0; i < s->n_warnings; i++)
		free(s->warnings[i].text);
	free(s->warnings);
	bpf_pins_free(&s->pins);
	bpf_holders_free(&s->holders);
	attached__free(s->attached);
}
