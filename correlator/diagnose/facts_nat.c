// SPDX-License-Identifier: GPL-2.0-only
/*
 * facts_nat.c - what conntrack's entry of the segment proves, and what a mapping that was dropped does.
 */
#include "diagnose/facts.h"

#include <stddef.h>

#include "model/kernel_bits.h"

bool mapping_is_due(const struct conntrack *ct, const struct tuple *seg)
{
	if (!ct->has_entry)
		return false;
	return (ct->dnat && tuple_equal(seg, &ct->orig)) ||
	       (ct->snat && tuple_equal(seg, &ct->reply));
}

bool is_made_by_leak(const struct conntrack *ct, const struct tuple *rst)
{
	struct tuple back = tuple_reverse(rst);

	if (!ct->has_entry)
		return false;
	return (ct->dnat && tuple_equal(&back, &ct->reply) && !tuple_equal(rst, &ct->orig)) ||
	       (ct->snat && tuple_equal(&back, &ct->orig) && !tuple_equal(rst, &ct->reply));
}

/* Before the rules were read, only a segment without entry among others' left it open. */
static bool has_no_nat(const struct reset_case *c)
{
	const struct kernel_event *k = c->seen.kernel;

	if (c->asked.nat_rules != NAT_RULES_NOT_READ)
		return c->asked.nat_rules == NAT_RULES_NONE;
	return c->asked.ct_asked && !k->invalid_reported &&
	       !(c->asked.ct_tracking && k->nfct_known && !k->nfct && k->lookup == LOOKUP_NONE);
}

static void gather_conntrack(struct reset_case *c)
{
	const struct kernel_event *k = c->seen.kernel;
	bool due = mapping_is_due(&c->asked.ct, &k->segment);

	if (k->call != CALL_PASSIVE || !k->has_segment)
		return;
	/* TCP drops the mark before it looks at a listener or a full socket: no evidence then. */
	if (k->nfct_known && (k->lookup == LOOKUP_NONE || k->lookup == LOOKUP_TIMEWAIT))
		facts_set(c, FACT_NOT_TRACKED, k->nfct == 0);
	if (k->invalid_reported)
		facts_set(c, FACT_NOT_TRACKED, true);
	/* The reports are kept for one segment per CPU, so silence weakens and does not disprove. */
	facts_set(c, FACT_REFUSED, k->invalid_reported || !(c->asked.views & COVERS_INVALID));
	/* Without entry and with rules: what the rules would have made of it, nobody knows. */
	if (k->nfct & NFCT_ENTRY)
		facts_set(c, FACT_UNTRANSLATED, false);
	else if (c->asked.ct.has_entry)
		facts_set(c, FACT_UNTRANSLATED, due);
	else if (has_no_nat(c))
		facts_set(c, FACT_UNTRANSLATED, false);
}

bool is_remapped(const struct reset_case *c, struct tuple *ret)
{
	const struct conntrack *old = &c->asked.gone.ct;
	struct tuple images[CASE_IMAGES_MAX], outer = tuple_reverse(&old->orig);
	unsigned int n = case_images_now(c, images), i;
	const struct tuple *inner = NULL;
	bool is_of_client = false;

	if (!c->asked.gone.known || !old->dnat)
		return false;
	for (i = 0; i < n; i++) {
		if (tuple_equal(&images[i], &outer))
			is_of_client = true;
		else if (tuple_same_destination(&images[i], &old->reply) &&
			 !tuple_same_source(&images[i], &old->reply))
			inner = &images[i];
	}
	if (!is_of_client || !inner)
		return false;
	if (ret)
		*ret = *inner;
	return true;
}

/*
 * Is it the connection that the mapping was for, and not one that the client began since, with the
 * same port? Its SYN would be there: what the recorder has goes back to that time.
 */
static bool is_same_connection(const struct reset_case *c)
{
	struct tuple outer = tuple_reverse(&c->asked.gone.ct.orig);
	bool behind_nat = !tuple_equal(&c->seen.rst.tuple, &outer);
	uint64_t since = c->asked.gone.ts_ns;
	unsigned int i;

	if (c->asked.hurried || c->asked.lost_packets || c->asked.history_since_ns >= since ||
	    c->asked.n_history == CASE_HISTORY_MAX)
		return false;
	for (i = 0; i < c->asked.n_history; i++)
		if ((behind_nat || c->asked.history[i].ts_ns > since) &&
		    c->asked.history[i].flags & FLAG_SYN)
			return false;
	return c->asked.n_history > 0;
}

/* Presence only: who began to listen later does not know what was dropped before. */
static void gather_gone(struct reset_case *c)
{
	if (!c->asked.gone.known)
		return;
	if (is_remapped(c, NULL)) {
		if (is_same_connection(c))
			facts_set(c, FACT_REMAPPED, true);
		return;
	}
	facts_set(c, FACT_MAPPING_GONE, true);
	if (c->asked.ct_asked && !c->asked.ct.has_entry)
		facts_set(c, FACT_UNTRANSLATED, false);
}

void facts_nat_gather(struct reset_case *c)
{
	gather_conntrack(c);
	gather_gone(c);
}
