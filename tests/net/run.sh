#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [PATTERN...] - run the live tests whose names contain a PATTERN.
#
# Prints their results with the name of the script before each, keeps what
# the sensor and the wire said in $OUT, and ends with "net: N passed, N failed,
# N skipped". A script that dies before it has finished is a failure too.
#
# $RETRY=1: a script that fails runs a second time, which counts; what failed the first time is listed
# as unsteady. For busy machines: whatever is listed there is looked at, too.

set -eu -o pipefail

net_dir=$(cd "${0%/*}" && pwd)
root_dir=$(cd "$net_dir/../.." && pwd)
export OUT=${OUT:-$root_dir/build/test-out/net}
export LAB=${LAB:-$root_dir/build/tests/lab}

build_lab()
{
	mkdir -p "${LAB%/*}"
	"${CC:-cc}" -std=gnu11 -O2 -Wall -Wextra -Werror -pthread -o "$LAB" "$net_dir"/lab*.c
}

wanted()	# NAME PATTERN...
{
	local name=$1 p

	shift
	[ $# -gt 0 ] || return 0
	for p; do
		[[ $name != *"$p"* ]] || return 0
	done
	return 1
}

attempt()	# SCRIPT LOG: false when something failed
{
	local status=0

	"$BASH" "$1" > "$2" 2>&1 < /dev/null || status=$?
	if [ "$status" -ne 0 ] && ! grep -q '^not ok' "$2"; then
		echo "not ok - the script ended with status $status" >> "$2"
	elif ! grep -qE '^(not )?ok' "$2"; then
		echo "not ok - the script checked nothing" >> "$2"
	fi
	! grep -q '^not ok' "$2"
}

run_one()	# SCRIPT NAME
{
	local log=$OUT/$2.tap first=$OUT/$2.first

	rm -f "$first"
	if ! attempt "$1" "$log" && [ -n "${RETRY-}" ]; then
		mv "$log" "$first"
		attempt "$1" "$log" || :
		# Checks may be named by what came out: the comparison is by hand.
		sed -n 's/^not ok/# unsteady/p' "$first" >> "$log"
	fi
	sed "s/^/$2: /" "$log"
	passed=$((passed + $(grep -E '^ok' "$log" | grep -vc '# SKIP' || :)))
	skipped=$((skipped + $(grep -cE '^ok .*# SKIP' "$log" || :)))
	failed=$((failed + $(grep -c '^not ok' "$log" || :)))
}

[ -x "$LAB" ] || build_lab
mkdir -p "$OUT"
passed=0 failed=0 skipped=0
for script in "$net_dir"/*.sh; do
	name=${script##*/}
	name=${name%.sh}
	case $name in
	lib* | run) continue ;;
	esac
	wanted "$name" "$@" || continue
	run_one "$script" "$name"
done
echo "net: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
