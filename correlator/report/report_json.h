/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report_json.h - a classified case as a document; every field is named here and nowhere else.
 */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include "base/json_writer.h"
#include "report/report_lines.h"

/** report_json() - the document of docs/report.schema.json, outermost or as an element of an array */
void report_json(struct json_writer *w, const struct reset_case *c,
		 const struct report_context *ctx);

#endif
