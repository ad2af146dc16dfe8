#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# embed_text.sh FILE... - print C that holds these texts; "report.css" becomes report_css.

set -eu

printf '// Made by docs/embed_text.sh from docs/report/; do not edit.\n#include "report/report_page.h"\n'
for file; do
	printf '\nconst char %s[] =\n' "$(basename "$file" | tr . _)"
	sed 's/\\/\\\\/g; s/"/\\"/g; s/^.*$/\t"&\\n"/' "$file"
	printf ';\n'
done
