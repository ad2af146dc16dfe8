#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# record.sh [PATTERN...] - record evidence of real resets on this kernel, as root.
#
# Runs the scripts tests/net/rst_CAUSE.sh with `watch --evidence`, and keeps of each cause that a
# script is about one case a family: $CASES/CAUSE/RELEASE-VIEW-vN.json (default: tests/cases).
# Look at what changed before committing it: the directory's name is taken as the truth.
# For answers that are open without a kernel view: WATCH_ARGS="--view none".

set -eu -o pipefail

root=$(cd "${0%/*}/../.." && pwd)
CASES=${CASES:-$root/tests/cases}
export OUT=${OUT:-$(mktemp -d)}
mkdir -p "$OUT"
short=$(uname -r | grep -oE '^[0-9]+\.[0-9]+(\.[0-9]+)?')

# A script is about the cause that it is named after; one is about two.
causes_of()	# NAME
{
	case $1 in
	timeouts) echo "keepalive-timeout user-timeout" ;;
	*) echo "${1//_/-}" ;;
	esac
}

# The first line of each family with this cause and the best confidence that there is.
keep()	# EVIDENCE CAUSE
{
	local v line name

	for v in 4 6; do
		line=$(jq -c --arg cause "$2" --argjson v6 "$([ $v = 6 ] && echo true || echo false)" '
			select((.cause == $cause or .cause == "unknown") and
			       (.evidence.rst.tuple[0] | contains(":")) == $v6)' "$1" |
			awk '!sure && /"confidence":"certain"/ { sure = $0 }
			     !any { any = $0 }
			     END { if (any) print sure ? sure : any }')
		[ -n "$line" ] || continue
		name=$short-$(jq -r .view <<< "$line")-v$v.json
		mkdir -p "$CASES/$2"
		jq . <<< "$line" > "$CASES/$2/$name"
		echo "$2/$name"
	done
}

[ $# -gt 0 ] || set -- rst_
for script in "$root"/tests/net/rst_*.sh; do
	name=${script##*/rst_}
	name=${name%.sh}
	for pattern; do
		[[ rst_$name == *"$pattern"* ]] || continue
		rm -f "$OUT/evidence.$name"
		WATCH_ARGS="${WATCH_ARGS-} --evidence $OUT/evidence.$name" bash "$script" > \
			"$OUT/$name.tap" 2>&1 || echo "# $script failed: see $OUT/$name.tap" >&2
		for cause in $(causes_of "$name"); do
			[ ! -s "$OUT/evidence.$name" ] || keep "$OUT/evidence.$name" "$cause"
		done
		break
	done
done
