// SPDX-License-Identifier: GPL-2.0-only
/*
 * known_links.c - the interfaces that were ever seen: reports name some that may be gone by then.
 */
#include "live/known_links.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void known_links_init(struct known_links *l)
{
	*l = (struct known_links){ .first = NULL };
	l->last = &l->first;
}

struct known_link *known_links_find(const struct known_links *l, uint32_t ifindex)
{
	struct known_link *k = l->first;

	while (k && k->link.ifindex != ifindex)
		k = k->next;
	return k;
}

struct known_link *known_links_remember(struct known_links *l, const struct link_info *link)
{
	struct known_link *k = known_links_find(l, link->ifindex);

	if (k) {
		if (link->name[0])
			k->link = *link;
		return k;
	}
	k = calloc(1, sizeof(*k));
	if (!k)
		return NULL;
	k->link = *link;
	*l->last = k;
	l->last = &k->next;
	return k;
}

bool known_links_has(const struct known_links *l, const char *name)
{
	const struct known_link *k;

	for (k = l->first; k; k = k->next)
		if (!strcmp(k->link.name, name))
			return true;
	return false;
}

const char *known_links_name(struct known_links *l, uint32_t ifindex)
{
	const struct known_link *k = known_links_find(l, ifindex);
	char *name;

	if (k)
		return k->link.name;
	/* Of what was not seen on the wire. */
	if (!ifindex)
		return "-";
	name = l->unknown[l->n_unknown++ % IFNAMES];
	snprintf(name, sizeof(l->unknown[0]), "if%u", ifindex);
	return name;
}

void known_links_free(struct known_links *l)
{
	struct known_link *k;

	while ((k = l->first)) {
		l->first = k->next;
		free(k);
	}
}
