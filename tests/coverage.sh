#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# coverage.sh BUILD - print which lines of correlator/ have run since the counters of this build (made with
# --coverage) were removed: for each room and each of its files, and for all of it.

set -eu -o pipefail

cd "${0%/*}/.."
# What is left of files that are no more.
find "$1/obj" -name '*.gcno' | while read -r notes; do
	source=${notes#"$1/obj/"}
	[ -e "correlator/${source%.gcno}.c" ] || [ -e "$1/${source%.gcno}.c" ] || rm "$notes"
done
gcovr --root . --filter correlator/ --csv - "$1" | awk -F, '
	NR > 1 {
		room = $1
		sub("[^/]*$", "", room)
		n = split($1 SUBSEP room SUBSEP "total", names, SUBSEP)
		for (i = 1; i <= n; i++) {
			lines[names[i]] += $2
			ran[names[i]] += $3
		}
	}
	END {
		for (name in lines)
			printf "%-44s %6d of %6d  %5.1f %%\n", name, ran[name], lines[name],
			       lines[name] ? 100 * ran[name] / lines[name] : 100
	}' | LC_ALL=C sort
