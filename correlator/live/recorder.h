/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * recorder.h - read the flight recorder: one ring of packet records per CPU, shared with BPF.
 */
#ifndef RECORDER_H
#define RECORDER_H

#include "model/case.h"

struct recorder;

/**
 * recorder__map() - map the recorder
 * @ring_fd: rst_ring, @cpu_fd: rst_cpus
 * @cpus, @slots: how many rings, and records used of each (a power of two)
 *
 * Return: NULL with errno on failure.
 */
struct recorder *recorder__map(int ring_fd, int cpu_fd, unsigned int cpus, unsigned int slots);

/*
 * Programs that were loaded one by one can have several sets of maps: they are read as one recorder.
 *
 * recorder__new() - without any; recorder__add() - one more set, 0 or -errno
 * @slots: as above; 0 = what each ring says itself, and none of one that nothing was written to
 */
struct recorder *recorder__new(void);
int recorder__add(struct recorder *f, int ring_fd, int cpu_fd, unsigned int cpus,
		  unsigned int slots);

/* Of a reset: its own flow, the segment that it answers, and both images of a translation. */
#define RECALL_FLOWS_MAX 4

/* What to look for: the packets of some flows, both directions of each. */
struct recall {
	struct tuple flows[RECALL_FLOWS_MAX];
	unsigned int n_flows;
	uint64_t from_ns; /* from this one up to, without it, the other */
	uint64_t until_ns;
	unsigned int max; /* of each flow, the newest so many */
};

/** recall_add() - another flow, unless it or its reverse is asked for already */
void recall_add(struct recall *what, const struct tuple *flow);

/*
 * Packets that were found, oldest first. All zero is an empty list; it grows as it must, keeps its
 * memory from one recall to the next, and whoever has it frees "packets".
 */
struct packet_list {
	struct packet *packets;
	unsigned int n;
	unsigned int room;
	uint64_t since_ns; /* what came before is overwritten; 0 = nothing was */
	uint64_t lost;	   /* records overwritten while we read */
};

/**
 * recorder__recall() - the packets of some flows, from all CPUs
 * @list: what was there before is dropped
 *
 * Records that are overwritten meanwhile are left out. One recall serves both uses of a reset's
 * past: ask for all its flows (the RST's own first), from 0 until the RST, each with as many
 * packets as the greater of the two uses wants; then give the list to list_to_history() and to
 * watch_record__keep(), which take their parts. What came after the RST is another recall, later,
 * with from_ns = the RST's time: it costs as much as there came.
 *
 * Return: 0, or -ENOMEM: the list has what there was room for.
 */
int recorder__recall(const struct recorder *f, const struct recall *what, struct packet_list *list);

/**
 * list_to_history() - what a recall has found of the RST's own flow becomes the case's history
 *
 * Fills the newest CASE_HISTORY_MAX before the RST, since when they are whole, and how many were
 * lost; and chooses the answer where the BPF side found no exact one.
 */
void list_to_history(const struct packet_list *list, struct reset_case *c);

/**
 * recorder__resets() - all RSTs that are recorded, from before @until_ns, oldest first
 * @list: what was there before is dropped
 *
 * Return: 0 or -ENOMEM.
 */
int recorder__resets(const struct recorder *f, uint64_t until_ns, struct packet_list *list);

/** recorder__fins() - the same of FINs, from after @after_ns */
int recorder__fins(const struct recorder *f, uint64_t after_ns, uint64_t until_ns,
		   struct packet_list *list);

/** recorder__count() - one of enum rst_count, summed over the CPUs */
uint64_t recorder__count(const struct recorder *f, int which);

/** recorder__count_newest() - the same, of the set that was added last */
uint64_t recorder__count_newest(const struct recorder *f, int which);

/** recorder__recorded() - packets recorded so far */
uint64_t recorder__recorded(const struct recorder *f);

void recorder__free(struct recorder *f);

#endif
