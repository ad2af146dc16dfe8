#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# embed.sh FILE.md... - print C that holds these texts, each under its file's name.

set -eu

printf '// Made by docs/embed.sh from docs/causes/; do not edit.\n#include "report/cause_texts.h"\n\n'
printf 'const struct cause_text cause_texts[] = {\n'
for file; do
	id=${file##*/}
	printf '\t{ "%s",\n' "${id%.md}"
	sed 's/\\/\\\\/g; s/"/\\"/g; s/^.*$/\t  "&\\n"/' "$file"
	printf '\t},\n'
done
printf '};\n\nconst size_t n_cause_texts = sizeof(cause_texts) / sizeof(cause_texts[0]);\n'
