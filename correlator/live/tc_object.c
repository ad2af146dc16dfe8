// SPDX-License-Identifier: GPL-2.0-only
/*
 * tc_object.c - the tc programs of the wire view, loaded: which one an interface needs.
 */
#include "live/tc_object.h"

#include <errno.h>
#include <linux/if_arp.h>

#include "rst_tc.skel.h"

static int set_mark(struct bpf_object *obj, const struct mark *mark)
{
	int err = embedded_set(obj, "mark_mask", mark->mask);

	if (!err)
		err = embedded_set(obj, "mark_value", mark->value);
	if (!err)
		err = embedded_set(obj, "mark_active", mark->active);
	return err;
}

struct bpf_object *tc_object_open(const struct shared_maps *maps, const struct mark *mark)
{
	struct bpf_program *prog;
	struct bpf_object *obj;
	const void *elf;
	size_t size;
	int err;

	elf = rst_tc__elf_bytes(&size);
	obj = embedded_open(elf, size, "rst_tc", NULL, maps);
	if (!obj)
		return NULL;
	/* "tc/ingress" is what tc users type; libbpf before 1.3 does not know it. */
	bpf_object__for_each_program (prog, obj)
		bpf_program__set_type(prog, BPF_PROG_TYPE_SCHED_CLS);
	err = set_mark(obj, mark);
	if (!err)
		return obj;
	bpf_object__close(obj);
	errno = -err;
	return NULL;
}

int tc_object_load(struct bpf_object *obj, struct shared_maps *maps)
{
	return embedded_load(obj, maps);
}

/* Packets on these begin with the IP header. */
static bool has_no_ethernet(const struct link_info *link)
{
	return link->type != ARPHRD_ETHER && link->type != ARPHRD_LOOPBACK;
}

struct bpf_program *tc_object_program(const struct bpf_object *obj, const struct link_info *link,
				      enum tc_direction dir)
{
	static const char *const names[2][2] = { { "rst_tc_ingress", "rst_tc_in_l3" },
						 { "rst_tc_egress", "rst_tc_eg_l3" } };

	return bpf_object__find_program_by_name(obj, names[dir][has_no_ethernet(link)]);
}

bool tc_object_supports(const struct link_info *link)
{
	switch (link->type) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK:
	case ARPHRD_NONE:
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
	case ARPHRD_IPGRE:
	case ARPHRD_IP6GRE:
	case ARPHRD_PPP:
	case ARPHRD_RAWIP:
		return true;
	default:
		return false;
	}
}
