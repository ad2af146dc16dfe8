/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watch.h - from events to reported resets: what `watch` does with what its host tells it.
 *
 * Knows no descriptor and no kernel: the host reads the events, answers questions and has the
 * clocks. The live one is watch_host.c, that of the tests is a table.
 */
#ifndef WATCH_H
#define WATCH_H

#include "cmd/case_choice.h"
#include "cmd/group_option.h"
#include "cmd/rst_filter.h"
#include "live/decode.h"
#include "live/recorder.h"
#include "report/sink.h"
#include "rst_event.h"

struct watch;

/* For the summary, all since the start. */
struct watch_counts {
	uint64_t recorded; /* segments */
	uint64_t lost;	   /* events */
	uint64_t missed;   /* probes that were skipped */
	uint64_t ct_losses;
	uint64_t gaps;		       /* others removed our programs from an interface, */
	uint64_t gap_ns;	       /* and that long it was not watched */
	uint64_t user_stacks_skipped;  /* stacks of applications that were wanted, and not taken */
	uint64_t packets[RST_CNT_MAX]; /* by enum rst_count */
};

struct watch_host {
	void *ctx;
	uint64_t (*now_ns)(void *ctx);	      /* CLOCK_MONOTONIC */
	int64_t (*wall_offset_ns)(void *ctx); /* from there to the wall clock */
	uint64_t (*cpu_ns)(void *ctx);	      /* spent by this thread */
	/* Hand all that waits to watch__event(), or until that returns an error; 0 or -errno. */
	int (*read_events)(void *ctx);
	uint64_t (*lost)(void *ctx);   /* events, so far, and */
	uint64_t (*missed)(void *ctx); /* probes that were skipped */
	uint32_t (*views)(void *ctx);  /* enum coverage */
	int (*recall)(void *ctx, const struct recall *what, struct packet_list *list);
	/* The FINs that are recorded from after @after_ns and before @until_ns. */
	int (*fins)(void *ctx, uint64_t after_ns, uint64_t until_ns, struct packet_list *list);
	/* Who has the socket of the account, for the two that follow, which may be too late to find out. */
	void (*remember_owner)(void *ctx, const struct kernel_event *k);
	void (*find_owner)(void *ctx, struct reset_case *c); /* and the killer */
	void (*find_victim)(void *ctx, bool may_search, struct reset_case *c);
	/* Who has such sockets; the BPF programs of others; who writes to a tap: into asked.suspects. */
	void (*find_raw_sockets)(void *ctx, struct reset_case *c);
	void (*find_programs)(void *ctx, uint32_t ifindex, bool ingress, struct reset_case *c);
	void (*find_guest)(void *ctx, uint32_t ifindex, struct reset_case *c);
	/* The stack of the application that made it, into asked.user_stack, for as long as it is reported. */
	void (*find_user_stack)(void *ctx, struct reset_case *c);
	int (*is_local)(void *ctx, const uint8_t *addr, uint8_t family); /* 1, 0 or -errno */
	enum nat_rules (*nat_rules)(void *ctx);
	/* conntrack: is it loaded, and the entry of a tuple (1, 0 or -errno) */
	bool (*ct_is_active)(void *ctx);
	int (*ct_lookup)(void *ctx, const struct tuple *t, struct conntrack *ret);
	/* The mapping of a tuple that conntrack has dropped, as far as was reported by now. */
	void (*read_dropped)(void *ctx, uint64_t now_ns);
	bool (*find_dropped)(void *ctx, const struct tuple *t, struct gone_mapping *ret);
	void (*count)(void *ctx, struct watch_counts *ret);
	/*
	 * Of the other namespaces; NULL: there is none. name_netns knows the inode and fills in the
	 * rest. From enter_netns (0 or -errno) to leave_netns, nat_rules and ct_lookup are about that
	 * namespace. @pid: a process that may be in it, or 0.
	 */
	void (*name_netns)(void *ctx, struct case_netns *netns, uint32_t pid);
	int (*enter_netns)(void *ctx, uint32_t ino, uint32_t pid);
	void (*leave_netns)(void *ctx);
};

enum direction { DIRECTION_BOTH, DIRECTION_IN, DIRECTION_OUT };

/* All that is pointed to must live as long as the watch. */
struct watch_config {
	const struct watch_host *host;
	struct sinks *sinks;
	const struct filter *filter;	     /* NULL = everything */
	const struct report_context *report; /* but for the wall clock, which is the host's */
	enum direction direction;
	struct case_choice choice;
	struct group_option group;
	uint64_t count; /* 0 = no limit */
	uint32_t netns; /* as in struct join_ops */
};

/** watch__new() - NULL with errno */
struct watch *watch__new(const struct watch_config *cfg);

/** watch__event() - take one event; -ECANCELED: no more are wanted */
int watch__event(struct watch *w, const struct event *ev);

/** watch__turn() - read what waits, and report what is due; 0 or -errno of the reading */
int watch__turn(struct watch *w);

/** watch__next_ns() - when there is something to do without an event; UINT64_MAX = never */
uint64_t watch__next_ns(const struct watch *w);

/** watch__is_over() - the number is full, the time has come, or nobody reads what we write */
bool watch__is_over(const struct watch *w);

/** watch__end_after() - what happens later than @ns from now is not reported */
void watch__end_after(struct watch *w, uint64_t ns);

/** watch__stop() - what happened by now is still reported, by watch__finish() */
void watch__stop(struct watch *w);

/** watch__finish() - report all that has happened by the end; 0 or -errno of the reading */
int watch__finish(struct watch *w);

/** watch__output_error() - why standard output could not be written; 0 */
int watch__output_error(const struct watch *w);

/** watch__check_clock() - has the wall clock been set? Every turn does so, too. */
void watch__check_clock(struct watch *w);

/** watch__reopen() - the files of the sinks may have been moved away */
void watch__reopen(struct watch *w);

void watch__print_summary(const struct watch *w, FILE *out);

/** watch__free() - takes NULL */
void watch__free(struct watch *w);

#endif
