/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watch_host.h - this machine as the host of a watch: sensor, conntrack, owners, clocks.
 */
#ifndef WATCH_HOST_H
#define WATCH_HOST_H

#include "cmd/watch.h"
#include "live/sensor.h"

struct live_host;

/** live_host__new() - nothing is attached yet; NULL with errno */
struct live_host *live_host__new(void);

/**
 * live_host__watch_neighbours() - the resets of all network namespaces are asked for
 * @ret_home: inode of our own
 *
 * Return: 0 or -errno.
 */
int live_host__watch_neighbours(struct live_host *h, uint32_t *ret_home);

/** live_host__attach() - open the sensor; 0 or -errno, which has been logged */
int live_host__attach(struct live_host *h, const struct sensor_config *cfg);

struct sensor *live_host__sensor(const struct live_host *h);

/** live_host__ops() - for watch__new(); lives as long as @h */
const struct watch_host *live_host__ops(const struct live_host *h);

/** live_host__recall() - recorder__recall() of the sensor, once that is attached */
int live_host__recall(void *host, const struct recall *what, struct packet_list *list);

/**
 * live_host__follow_conntrack() - listen to its reports, once it is loaded
 *
 * Return: a descriptor that is readable when there are some, once, when it begins; else -1.
 */
int live_host__follow_conntrack(struct live_host *h);

/** live_host__free() - detach everything; takes NULL */
void live_host__free(struct live_host *h);

#endif
