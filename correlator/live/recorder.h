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
 * @ring_fd: flight_ring, @cpu_fd: flight_cpu
 * @cpus, @slots: how many rings, and records in each (a power of two)
 *
 * Return: NULL with errno on failure.
 */
struct recorder *recorder__map(int ring_fd, int cpu_fd, unsigned int cpus, unsigned int slots);

/**
 * recorder__recall() - the flow's packets before the RST, from all CPUs
 *
 * Fills c->history (the newest, oldest first) and, where the BPF side found no exact match,
 * c->answers. Records that are overwritten meanwhile are left out.
 */
void recorder__recall(const struct recorder *f, struct reset_case *c);

/**
 * recorder__trace() - the packets of some tuples, both directions, from all CPUs
 * @from_ns, @until_ns: from the one up to, without it, the other
 * @out: the newest @max of them, oldest first
 *
 * Return: how many there are.
 */
unsigned int recorder__trace(const struct recorder *f, const struct tuple *tuples,
			     unsigned int n_tuples, uint64_t from_ns, uint64_t until_ns,
			     struct packet *out, unsigned int max);

/** recorder__count() - one of enum rst_count, summed over the CPUs */
uint64_t recorder__count(const struct recorder *f, int which);

/** recorder__recorded() - packets recorded so far */
uint64_t recorder__recorded(const struct recorder *f);

void recorder__free(struct recorder *f);

#endif
