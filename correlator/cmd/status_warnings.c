// SPDX-License-Identifier: GPL-2.0-only
/*
 * status_warnings.c - what deserves attention of what is attached, and what to do about it.
 */
#include "cmd/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/if_ether.h>

#include "live/bpf_ids.h"
#include "rst_event.h"

__attribute__((format(printf, 3, 4))) static int warn(struct status *s, const char *id,
						      const char *fmt, ...)
{
	struct status_warning *grown =
		realloc(s->warnings, (s->n_warnings + 1) * sizeof(*s->warnings));
	char *text;
	va_list ap;
	int n;

	if (!grown)
		return -ENOMEM;
	s->warnings = grown;
	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return -ENOMEM;
	grown[s->n_warnings++] = (struct status_warning){ .id = id, .text = text };
	return 0;
}

static const char *direction(const struct attached_program *p)
{
	return p->path->ingress ? "ingress" : "egress";
}

/* --- interfaces ---------------------------------------------------------------------------- */

struct halves {
	bool in, out, xdp, tc_in;
};

/* What is attached by hand to one interface: a watch always has both halves. */
static struct halves halves_of(const struct status *s, uint32_t ifindex)
{
	const struct status_recorder *sr;
	const struct status_program *sp;
	struct halves h = { 0 };

	for (sr = s->recorders; sr < s->recorders + s->n_recorders; sr++) {
		for (sp = sr->programs; sp < sr->programs + sr->n_programs && !sr->is_watch; sp++) {
			if (sp->p->path->ifindex != ifindex)
				continue;
			if (!sp->p->path->ingress)
				h.out = true;
			else if (sp->p->way == ATTACHED_XDP || sp->p->way == ATTACHED_DISPATCHED)
				h.xdp = true;
			else
				h.tc_in = true;
		}
	}
	h.in = h.xdp || h.tc_in;
	return h;
}

static int warn_of_half(struct status *s, const char *ifname, const struct halves *h)
{
	int err = 0;

	if (h->in && !h->out)
		err = warn(
			s, "ingress-only",
			"'%s' has no program at tc egress: segments that leave, and resets that this "
			"host sends there, are not recorded; attach the section tc/egress, too",
			ifname);
	if (h->out && !h->in)
		err = warn(
			s, "egress-only",
			"'%s' has no program at XDP or tc ingress: segments that arrive, and what "
			"resets answer, are not recorded; attach the section tc/ingress, too",
			ifname);
	if (!err && h->xdp && h->tc_in)
		err = warn(
			s, "twice",
			"'%s' has programs at XDP and at tc ingress: each segment that arrives is "
			"recorded twice; detach one of them",
			ifname);
	return err;
}

static int warn_of_namesakes(struct status *s, const struct attached_path *path)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < path->n && !err; i++)
		if (attached_is_namesake(&path->programs[i]))
			err = warn(
				s, "no-ring",
				"'%s' %s: %s (program %u) uses no map rst_ring: it is of an older "
				"version of rstscope, which this one cannot read, or not of rstscope; "
				"detach it and attach the object of this version",
				path->ifname, direction(&path->programs[i]), path->programs[i].name,
				path->programs[i].prog_id);
	return err;
}

static int warn_of_interfaces(struct status *s)
{
	const struct attached_path *path;
	uint32_t last = 0;
	struct halves h;
	int err = 0;

	/* Ordered by interface. */
	for (path = attached__paths(s->attached); path && !err; path = path->next) {
		err = warn_of_namesakes(s, path);
		if (err || path->ifindex == last)
			continue;
		last = path->ifindex;
		h = halves_of(s, path->ifindex);
		err = warn_of_half(s, path->ifname, &h);
	}
	return err;
}

/* --- order --------------------------------------------------------------------------------- */

/* "xdp_filter (XDP), bpf (tc filter, pref 7)": those of others before @p */
static unsigned int list_before(const struct attached_program *p, FILE *out)
{
	const struct attached_program *q = p->path->programs;
	unsigned int n = 0;

	for (; q < p->path->programs + p->place; q++) {
		if (q->recorder)
			continue;
		fprintf(out, "%s%s (", n++ ? ", " : "", *q->name ? q->name : "unnamed");
		if (q->way == ATTACHED_FILTER)
			fprintf(out, "tc filter, pref %u)", q->filter.pref);
		else
			fprintf(out, "%s)", q->way == ATTACHED_TCX ? "tcx" : "XDP");
	}
	return n;
}

static const char *loss_of(const struct attached_program *p)
{
	return p->way == ATTACHED_XDP || p->way == ATTACHED_DISPATCHED ?
		       "packets that they do not pass on are not recorded" :
		       "packets that they drop, redirect or accept for good (TC_ACT_OK) are not "
		       "recorded";
}

static int warn_of_order(struct status *s, const struct status_program *sp)
{
	char *list = NULL;
	size_t len;
	FILE *out = open_memstream(&list, &len);
	unsigned int n;
	int err = 0;

	if (!out)
		return -ENOMEM;
	n = list_before(sp->p, out);
	if (fclose(out))
		err = -ENOMEM;
	else if (n)
		err = warn(s, "not-first", "'%s' %s: these run before %s: %s; %s",
			   sp->p->path->ifname, direction(sp->p), sp->p->name, list,
			   loss_of(sp->p));
	free(list);
	return err;
}

/* What plain tc users forget. */
static int warn_of_filter(struct status *s, const struct status_program *sp)
{
	const struct attached_program *p = sp->p;
	int err = 0;

	if (p->way != ATTACHED_FILTER)
		return 0;
	if (!p->filter.direct_action)
		err = warn(
			s, "no-direct-action",
			"'%s' %s: %s is attached without 'da' (direct-action): filters after it do "
			"not run; add it again with 'bpf da'",
			p->path->ifname, direction(p), p->name);
	if (!err && p->filter.protocol != ETH_P_ALL)
		err = warn(
			s, "protocol",
			"'%s' %s: the filter of %s is for protocol 0x%04x only: other packets are "
			"not recorded; add it again with 'protocol all'",
			p->path->ifname, direction(p), p->name, p->filter.protocol);
	if (!err && p->filter.chain)
		err = warn(
			s, "chain",
			"'%s' %s: %s is in chain %u: it runs only for packets that another filter "
			"sends there",
			p->path->ifname, direction(p), p->name, p->filter.chain);
	return err;
}

static int warn_of_programs(struct status *s, const struct status_recorder *sr)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < sr->n_programs && !err; i++) {
		err = warn_of_order(s, &sr->programs[i]);
		if (!err)
			err = warn_of_filter(s, &sr->programs[i]);
		if (!err && sr->programs[i].loader == LOADED_BY_DEAD_WATCH)
			err = warn(
				s, "dead-watch",
				"'%s' %s: %s was left by a watch that is no more, which the next `rstscope "
				"watch` in this network namespace removes; or `rstscope attach` has pinned "
				"it out of sight",
				sr->programs[i].p->path->ifname, direction(sr->programs[i].p),
				sr->programs[i].p->name);
	}
	return err;
}

/* --- recorders ----------------------------------------------------------------------------- */

static int warn_of_recorder(struct status *s, const struct status_recorder *sr)
{
	const uint64_t *count = sr->state.count;
	int err = 0;

	if (sr->r->abi != RST_ABI_VERSION)
		err = warn(
			s, "abi",
			"recorder %u has ABI %u, this rstscope reads ABI %u: detach its programs, "
			"remove its pins, and attach the objects of this version",
			sr->r->ring_id, sr->r->abi, RST_ABI_VERSION);
	if (!err && !sr->pin && !sr->is_watch)
		err = warn(
			s, "no-pin",
			"the maps of recorder %u are pinned nowhere in sight: what is attached "
			"later gets a recorder of its own. `ip netns exec`, `ip -n` and `tc -n` pin "
			"in a mount namespace that ends with them; "
			"`nsenter --net=/run/netns/NAME tc ...` does not",
			sr->r->ring_id);
	if (!err && count[ATTACHED_NO_SLOT])
		err = warn(
			s, "no-slot",
			"recorder %u has room for %u CPUs: %llu segments on others were not recorded",
			sr->r->ring_id, sr->r->cpus, (unsigned long long)count[ATTACHED_NO_SLOT]);
	return err;
}

static int warn_of_versions(struct status *s)
{
	unsigned int i;

	for (i = 1; i < s->n_recorders; i++)
		if (s->recorders[i].r->abi != s->recorders[0].r->abi)
			return warn(s, "two-abis",
				    "programs of ABI %u and of ABI %u are attached: no watch reads "
				    "both",
				    s->recorders[0].r->abi, s->recorders[i].r->abi);
	return 0;
}

/* --- pins ---------------------------------------------------------------------------------- */

static bool is_attached_here(const struct status *s, uint32_t ring_id)
{
	const struct attached_recorder *r = attached__recorders(s->attached);

	while (r && r->ring_id != ring_id)
		r = r->next;
	return r;
}

/* Programs that are not attached, or in another network namespace. */
static bool is_used(uint32_t map_id)
{
	uint32_t ids[64], id, i;
	struct bpf_prog_info info;

	for (id = bpf_program_next_id(0); id; id = bpf_program_next_id(id)) {
		if (bpf_program_by_id(id, &info, ids, 64))
			continue;
		for (i = 0; i < info.nr_map_ids && i < 64; i++)
			if (ids[i] == map_id)
				return true;
	}
	return false;
}

static int warn_of_pin(struct status *s, const struct bpf_pin *pin)
{
	const char *name = strrchr(pin->path, '/');

	if (pin->is_ring && is_attached_here(s, pin->id))
		return 0;
	if (pin->is_ring && is_used(pin->id))
		return warn(
			s, "elsewhere",
			"'%s' belongs to programs that are not attached in this network namespace",
			pin->path);
	if (pin->is_ring)
		return warn(s, "no-programs",
			    "'%s' is pinned, and no program uses it; if nothing is to be attached "
			    "again, remove it with the maps rst_* beside it",
			    pin->path);
	if (strcmp(name ? name + 1 : pin->path, "rst_ring"))
		return 0;
	return warn(s, "wrong-pin",
		    "'%s' is not a recorder's map: programs cannot be attached with pins in that "
		    "directory; remove it",
		    pin->path);
}

static int warn_of_pins(struct status *s)
{
	unsigned int i;
	int err = 0;

	if (!s->pins.n_mounts)
		return warn(
			s, "no-bpffs",
			"no BPF file system is mounted in this mount namespace, so nothing can be "
			"pinned or found by its pin: `mount -t bpf bpffs /sys/fs/bpf`");
	for (i = 0; i < s->pins.n && !err; i++)
		err = warn_of_pin(s, &s->pins.pins[i]);
	if (!err && s->pins.cut_short)
		err = warn(s, "many-pins", "there are more pins than were looked at (%u)",
			   s->pins.n);
	return err;
}

int status_warn(struct status *s)
{
	unsigned int i;
	int err = warn_of_pins(s);

	if (!err)
		err = warn_of_versions(s);
	for (i = 0; i < s->n_recorders && !err; i++) {
		err = warn_of_recorder(s, &s->recorders[i]);
		if (!err)
			err = warn_of_programs(s, &s->recorders[i]);
	}
	return err ? err : warn_of_interfaces(s);
}
