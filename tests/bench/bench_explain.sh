#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# bench_explain.sh - what it takes to explain a capture, beside libpcap's bare read loop, tshark and
# tcptrace on the same file, in turn, in one run; medians of RUNS (5). Memory is the peak resident size.
#
# PACKETS (2000000) of which the 200000 conversations are FLOWS, and ten times as many.

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

compare()	# PACKETS FLOWS
{
	local file=$dir/$2.pcap i name base
	local -A commands=(
		[loop]="$BUILD/tests/read_capture $file"
		[quiet]="$BUILD/rstscope explain -q -r $file"
		[brief]="$BUILD/rstscope explain -b -r $file"
		[text]="$BUILD/rstscope explain -r $file"
		[json]="$BUILD/rstscope explain --json -r $file"
		[tcptrace]="tcptrace -n $file"
	)

	"$BUILD/tests/make_capture" "$1" "$2" > "$file"
	echo "$1 packets, $2 conversations, $("$BUILD/rstscope" explain -q -r "$file" 2> /dev/null)"
	command -v tcptrace > /dev/null || unset "commands[tcptrace]"
	# In turn, so that a noisy moment hits all alike.
	for ((i = 0; i < RUNS; i++)); do
		for name in "${!commands[@]}"; do
			[ "$name" != tcptrace ] || [ "$i" -eq 0 ] || continue
			# shellcheck disable=SC2086 # words
			measure ${commands[$name]} >> "$dir/$2.$name"
		done
	done
	base=$(median "$dir/$2.loop")
	for name in loop quiet brief text json tcptrace; do
		[ -n "${commands[$name]-}" ] || continue
		# shellcheck disable=SC2086
		line "${commands[$name]/$file/FILE}" "$(median "$dir/$2.$name")" "$base" "$(peak_mb ${commands[$name]})"
	done
	# Once is enough: it takes minutes.
	if [ -z "${NO_TSHARK-}" ] && [ "$2" = "$FLOWS" ] && command -v tshark > /dev/null; then
		measure tshark -r "$file" -Y tcp.flags.reset==1 > "$dir/tshark"
		line "tshark -r FILE -Y tcp.flags.reset==1" "$(median "$dir/tshark")" "$base" "-"
	fi
	rm -f "$file"
}

echo "$(grep -m 1 'model name' /proc/cpuinfo | sed 's/.*: //'), Linux $(uname -r), median of $RUNS"
compare "$PACKETS" "$FLOWS"
compare "$((PACKETS * 10))" "$((FLOWS * 10))"
