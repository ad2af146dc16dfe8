/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cause_texts.h - what docs/causes/ID.md says about each cause, as built in by docs/embed.sh.
 */
#ifndef CAUSE_TEXTS_H
#define CAUSE_TEXTS_H

#include <stddef.h>

struct cause_text {
	const char *id;
	const char *markdown; /* "# ID", then sections; see cause_page.h */
};

extern const struct cause_text cause_texts[];
extern const size_t n_cause_texts;

#endif
