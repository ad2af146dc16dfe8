/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cause_page.h - a cause in full: its text (docs/causes/ID.md) with facts and advice of its row.
 */
#ifndef CAUSE_PAGE_H
#define CAUSE_PAGE_H

#include <jansson.h>

#include "base/markdown.h"
#include "diagnose/causes.h"
#include "report/cause_texts.h"

/* The sections that each text has, in this order. */
#define SECTION_WHAT "\n## What happens\n"
#define SECTION_TELL "\n## How to tell\n"
#define SECTION_KERNELS "\n## Affected kernels\n"
#define SECTION_LAB "\n## In a lab\n"

/** cause_text_find() - what is written about this id; NULL if nothing is */
const struct cause_text *cause_text_find(const char *id);

/** cause_page_print() - print all about one cause; 0 or -errno */
int cause_page_print(const struct markdown *p, const struct cause *cause);

/** cause_page_print_all() - print docs/causes.md or docs/rstscope-causes.7; 0 or -errno */
int cause_page_print_all(FILE *out, enum markdown_format format);

/** cause_json() - one row of the catalogue; NULL when out of memory */
json_t *cause_json(const struct cause *cause);

/** cause_nearest() - the id that @id may be a misspelling of; NULL if none is like it */
const char *cause_nearest(const char *id);

#endif
