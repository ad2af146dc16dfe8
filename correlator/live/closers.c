// SPDX-License-Identifier: GPL-2.0-only
/*
 * closers.c - who closed the socket of a connection, as the BPF programs saw it.
 *
 * A process that loses its connection closes the socket within microseconds: /proc does not know any more whose
 * it was.
 */
#include "live/closers.h"

#include <arpa/inet.h>
#include <string.h>
#include <bpf/bpf.h>

#include "live/decode.h"
#include "rst_event.h"

bool closer_find(int map_fd, const struct kernel_event *k, struct closer *ret)
{
	const struct tuple *t = &k->sock.tuple;
	struct rst_closer closer;
	struct rst_flow flow = {
		.lport = htons(t->sport),
		.rport = htons(t->dport),
		.netns = k->netns,
	};

	memcpy(flow.local, t->saddr, sizeof(flow.local));
	memcpy(flow.remote, t->daddr, sizeof(flow.remote));
	if (map_fd < 0 || bpf_map_lookup_elem(map_fd, &flow, &closer) || closer.ts_ns < k->ts_ns)
		return false;
	decode_closer(&closer, ret);
	return true;
}
