// SPDX-License-Identifier: GPL-2.0-only
/*
 * rst_xdp.bpf.c - XDP program of the wire view: arrivals, before GRO and before any tc filter.
 */
#include <linux/bpf.h>
#include <xdp/xdp_helpers.h>

#include "rst_recorder.bpf.h"

/* Observers run first: others in the libxdp dispatcher may drop or redirect. */
struct {
	__uint(priority, 5);
	__uint(XDP_PASS, 1);
} XDP_RUN_CONFIG(rst_xdp);

/*
 * To be set by a loader that asks for multi-buffer XDP (5.18): then the length of the packet is
 * not that of its linear part. `rstscope watch` does not ask for it: where a large MTU needs it,
 * it falls back to generic XDP or tc.
 */
const volatile __u32 has_frags = 0;

SEC("xdp")
int rst_xdp(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	void *data = (void *)(long)ctx->data;
	struct segment seg = {};
	__u32 len = end - data;
	int err;

	if (has_frags)
		len = bpf_xdp_get_buff_len(ctx);
	err = parse_tcp(data, end, len, 0, &seg);
	if (err)
		count_refused(err);
	else
		record(&seg,
		       (ctx->ingress_ifindex & RST_META_IFINDEX) | RST_HOOK_XDP
									   << RST_META_HOOK_SHIFT,
		       NULL, NULL);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
