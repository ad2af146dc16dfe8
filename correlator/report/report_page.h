/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report_page.h - the parts of the HTML report, from docs/report/.
 */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

extern const char report_html[]; /* with the marks of document_html.c */
extern const char report_css[];
extern const char report_js[];

#endif
