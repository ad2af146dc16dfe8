#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# bench_explain.sh - what it takes to explain a capture, beside libpcap's bare read loop, tshark and
# tcptrace on the same file, in turn, in one run; medians of RUNS (5; of tshark 3, of tcptrace 1). Memory
# is the peak resident size.
#
# BEFORE=PROGRAM is another build of rstscope, for `explain --json` beside this one's.
#
# PACKETS (2000000) in FLOWS (200000) conversations, of which one of a hundred is reset; the same, one of
# ten, which is one of a hundred packets; and ten times as much of that.

set -eu -o pipefail

cd "${0%/*}/../.."
BUILD=${BUILD:-build}
RUNS=${RUNS:-5} PACKETS=${PACKETS:-2000000} FLOWS=${FLOWS:-200000}
dir=$(mktemp -d "${TMPDIR:-/tmp}/rstscope-bench.XXXXXX")
trap 'rm -rf "$dir"' EXIT

# Prints seconds and KiB of one run.
measure()	# COMMAND...
{
	/usr/bin/env TIMEFORMAT='%R' bash -c '
		exec 3>&2
		time "$@" > /dev/null 2>&1' sh "$@" 2>&1
}

peak_mb()	# COMMAND...
{
	/usr/bin/python3 - "$@" <<-'PYTHON'
		import resource, subprocess, sys
		subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
		print(round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024))
	PYTHON
}

median()	# FILE
{
	sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

line()	# NAME SECONDS BASE MB
{
	awk -v n="$1" -v s="$2" -v b="$3" -v m="$4" 'BEGIN { printf "%-44s %8.3f s %8.2f x %6s MB\n", n, s, s / b, m }'
}

compare()	# PACKETS FLOWS EVERY OTHERS...
{
	local name base i packets=$1 flows=$2 every=$3
	local file=$dir/capture times=$dir/times
	local -A commands=(
		[loop]="$BUILD/tests/read_capture $file"
		[quiet]="$BUILD/rstscope explain -q -r $file"
		[brief]="$BUILD/rstscope explain -b -r $file"
		[text]="$BUILD/rstscope explain -r $file"
		[json]="$BUILD/rstscope explain --json -r $file"
		[before]="${BEFORE-} explain --json -r $file"
		[tshark]="tshark -r $file -Y tcp.flags.reset==1"
		[tcptrace]="tcptrace -n $file"
	)
	local -A runs=([tshark]=3 [tcptrace]=1)
	local order=(loop quiet brief text json ${BEFORE:+before})

	shift 3
	for name; do
		! command -v "$name" > /dev/null || order+=("$name")
	done
	mkdir "$times"
	"$BUILD/tests/make_capture" "$packets" "$flows" "$every" > "$file"
	echo "$packets packets, $flows conversations: $("$BUILD/rstscope" explain -q -r "$file" 2> /dev/null)"
	# In turn, so that a noisy moment hits all alike.
	for ((i = 0; i < RUNS; i++)); do
		for name in "${order[@]}"; do
			[ "$i" -lt "${runs[$name]-$RUNS}" ] || continue
			# shellcheck disable=SC2086 # words
			measure ${commands[$name]} >> "$times/$name"
		done
	done
	base=$(median "$times/loop")
	for name in "${order[@]}"; do
		# shellcheck disable=SC2086
		line "${commands[$name]/$file/FILE}" "$(median "$times/$name")" "$base" "$(peak_mb ${commands[$name]})"
	done
	rm -rf "$file" "$times"
}

echo "$(grep -m 1 'model name' /proc/cpuinfo | sed 's/.*: //'), Linux $(uname -r), median of $RUNS"
compare "$PACKETS" "$FLOWS" 100 tshark tcptrace
compare "$PACKETS" "$FLOWS" 10 tshark tcptrace
compare "$((PACKETS * 10))" "$((FLOWS * 10))" 10
