/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lines_sample.h - what the sample tells of itself: an address, and its lines from outside in.
 */
#ifndef LINES_SAMPLE_H
#define LINES_SAMPLE_H

struct sample {
	const void *addr; /* behind a call */
	int line[3];
};

void _stext(void);
void sample_plain(struct sample *s);
void sample_inlined(struct sample *s);

#endif
