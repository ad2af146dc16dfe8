/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * members.h - the members of a structure, down to numbers, texts and pointers, as the compiler laid them out.
 *
 * From this program's own debug information, so that none can be forgotten. Of a list only the first element.
 */
#ifndef MEMBERS_H
#define MEMBERS_H

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MEMBERS_MAX 512

struct member_at {
	char name[96]; /* "rst.tuple.sport", "sightings[0].ttl" */
	size_t offset, size;
	bool enumeration;
};

struct members {
	struct member_at at[MEMBERS_MAX];
	unsigned int n;
};

static inline bool members_type(Dwarf_Die *of, Dwarf_Die *ret)
{
	Dwarf_Attribute attr;
	Dwarf_Die die;

	if (!dwarf_formref_die(dwarf_attr_integrate(of, DW_AT_type, &attr), &die))
		return false;
	return !dwarf_peel_type(&die, ret);
}

static inline void members_walk(Dwarf_Die *type, const char *name, size_t offset,
				struct members *m);

static inline void members_of_struct(Dwarf_Die *type, const char *name, size_t offset,
				     struct members *m)
{
	Dwarf_Attribute attr;
	Dwarf_Word at;
	Dwarf_Die die, inner;
	char path[96];

	if (dwarf_child(type, &die))
		return;
	do {
		if (dwarf_tag(&die) != DW_TAG_member || !members_type(&die, &inner))
			continue;
		dwarf_formudata(dwarf_attr(&die, DW_AT_data_member_location, &attr), &at);
		snprintf(path, sizeof(path), "%s%s%s", name, *name ? "." : "", dwarf_diename(&die));
		members_walk(&inner, path, offset + at, m);
	} while (!dwarf_siblingof(&die, &die));
}

static inline void members_walk(Dwarf_Die *type, const char *name, size_t offset, struct members *m)
{
	Dwarf_Word size = 0;
	Dwarf_Die inner;
	char path[96];

	if (dwarf_tag(type) == DW_TAG_structure_type) {
		members_of_struct(type, name, offset, m);
	} else if (dwarf_tag(type) == DW_TAG_array_type && members_type(type, &inner) &&
		   dwarf_tag(&inner) != DW_TAG_base_type) {
		snprintf(path, sizeof(path), "%s[0]", name);
		members_walk(&inner, path, offset, m);
	} else if (m->n < MEMBERS_MAX && !dwarf_aggregate_size(type, &size)) {
		snprintf(m->at[m->n].name, sizeof(m->at[0].name), "%s", name);
		m->at[m->n].enumeration = dwarf_tag(type) == DW_TAG_enumeration_type;
		m->at[m->n].offset = offset;
		m->at[m->n++].size = size;
	}
}

/* Of "struct @name"; none without debug information. */
static inline void members_find(const char *name, struct members *m)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	Dwarf *dw = fd < 0 ? NULL : dwarf_begin(fd, DWARF_C_READ);
	Dwarf_Off off = 0, next;
	Dwarf_Die unit, die;
	size_t head;

	m->n = 0;
	for (; dw && !m->n && !dwarf_nextcu(dw, off, &next, &head, NULL, NULL, NULL); off = next) {
		if (!dwarf_offdie(dw, off + head, &unit) || dwarf_child(&unit, &die))
			continue;
		do {
			if (dwarf_tag(&die) == DW_TAG_structure_type && dwarf_diename(&die) &&
			    !strcmp(dwarf_diename(&die), name) &&
			    !dwarf_hasattr(&die, DW_AT_declaration))
				members_of_struct(&die, "", 0, m);
		} while (!m->n && !dwarf_siblingof(&die, &die));
	}
	dwarf_end(dw);
	if (fd >= 0)
		close(fd);
}

#endif
