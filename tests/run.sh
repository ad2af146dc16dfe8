#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [unit] [threads] [bpf] [net] [schema] [report] [fuzz] [vm] - run the tests (default: all), print what did not pass, and
# end with one line: "N passed, N failed, N skipped".
#
# Every test prints "ok - X", "not ok - X" or "ok - X # SKIP why". A test that dies is a failure.

set -eu -o pipefail

root=$(cd "${0%/*}/.." && pwd)
cd "$root"
BUILD=${BUILD:-build}
logs=$BUILD/test-out
passed=0 failed=0 skipped=0 failing=() counted=()
# Under sudo, what is built must stay the user's.
[ -z "${SUDO_USER-}" ] || trap 'chown -R "$SUDO_USER:" "$logs"' EXIT
mkdir -p "$logs"

count()	# LOG NAME STATUS
{
	local log=$1 name=$2 status=$3

	counted+=("$log")
	if [ "$status" -ne 0 ] && ! grep -q '^\([a-z_0-9.]*: \)*not ok' "$log"; then
		echo "not ok - $name ended with status $status" >> "$log"
	elif ! grep -qE '^([a-z_0-9.]*: )*(not )?ok' "$log"; then
		echo "not ok - $name checked nothing" >> "$log"
	fi
	passed=$((passed + $(grep -E '^([a-z_0-9.]*: )*ok' "$log" | grep -vc '# SKIP' || :)))
	skipped=$((skipped + $(grep -cE '^([a-z_0-9.]*: )*ok .*# SKIP' "$log" || :)))
	if grep -qE '^([a-z_0-9.]*: )*not ok' "$log"; then
		failed=$((failed + $(grep -cE '^([a-z_0-9.]*: )*not ok' "$log")))
		failing+=("$log")
	fi
	grep -E '^([a-z_0-9.]*: )*(not ok|ok .*# SKIP|#)' "$log" | sed "s|^|$name: |" || :
}

log_of()	# NAME
{
	echo "$logs/${1//\//_}.tap"
}

# Only runs it: what came of it is for conclude().
attempt()	# NAME COMMAND...
{
	local name=$1 status=0 log start=$SECONDS

	shift
	log=$(log_of "$name")
	"$@" > "$log" 2>&1 < /dev/null || status=$?
	echo "$status $((SECONDS - start))" > "$log.end"
}

conclude()	# NAME
{
	local name=$1 log status seconds

	log=$(log_of "$name")
	read -r status seconds < "$log.end"
	rm "$log.end"
	count "$log" "$name" "$status"
	printf '  %-28s %4d s, status %d, %s\n' "$name" "$seconds" "$status" "$log"
}

run()	# NAME COMMAND...
{
	attempt "$@"
	conclude "$1"
}

# As many at a time as there are processors: they share nothing.
run_unit()
{
	local t tests=()

	for t in tests/unit/test_*.c; do
		t=${t##*/}
		tests+=("${t%.c}")
	done
	for t in "${tests[@]}"; do
		[ "$(jobs -pr | wc -l)" -lt "$(nproc)" ] || wait -n
		attempt "unit/$t" "$BUILD/tests/$t" &
	done
	wait
	for t in "${tests[@]}"; do
		conclude "unit/$t"
	done
}

# Once more, at the end: a log is often kept by its last lines only.
list_failures()
{
	local log

	echo "failed:"
	for log in "${failing[@]}"; do
		grep -E '^([a-z_0-9.]*: )*not ok' "$log" | sed "s|^|  ${log##*/}: |"
	done
}

# What runs in several threads, under the thread sanitizer; it does not work with every kernel's layout of
# memory.
run_threads()
{
	local t=build/tsan/tests/test_prescan

	if "$t" 2>&1 | grep -q 'FATAL: ThreadSanitizer'; then
		echo "ok - threads # SKIP the thread sanitizer cannot run here" | tee "$logs/threads.tap"
		skipped=$((skipped + 1))
	else
		run threads "$t"
	fi
}

run_bpf()
{
	local t

	for t in tests/bpf/test_*.c; do
		t=${t##*/}
		run "bpf/${t%.c}" "$BUILD/tests/${t%.c}"
	done
	for t in tests/bpf/*.sh; do
		[ ! -e "$t" ] || run "bpf/${t##*/}" bash "$t"
	done
}

run_net()
{
	rm -rf "$logs/net"
	run net env RETRY=1 OUT="$root/$logs/net" tests/net/run.sh
}

# What the live tests printed as JSON must be what the schema promises, and no sentence may contradict the
# data beside it.
run_schema()
{
	local reports

	run schema /usr/bin/python3 tests/schema.py docs/report.schema.json "$logs/net"
	mapfile -d '' reports < <(find "$logs/net" \( -name '*.ndjson' -o -name '*.explained' \) -print0)
	[ ${#reports[@]} -eq 0 ] || run truth "$BUILD/tests/test_truth" "${reports[@]}"
}

# The HTML report in a browser. What it needs of npm is fetched into build/, once.
run_report()
{
	local why='' node=$BUILD/tests/report

	mkdir -p "$node"
	cp tests/report/*.mjs tests/report/package*.json tests/report/.npmrc "$node"
	mkdir -p "$BUILD/tests/cases"
	cp -r tests/cases/. "$BUILD/tests/cases"
	if ! command -v npm > /dev/null; then
		why="no npm"
	elif ! (cd "$node" && npm ci --no-audit --no-fund) > "$logs/npm.log" 2>&1; then
		why="npm cannot install playwright-core: $(tail -n 1 "$logs/npm.log")"
	fi
	if [ -n "$why" ]; then
		echo "ok - report # SKIP $why" | tee "$logs/report.tap"
		skipped=$((skipped + 1))
		return
	fi
	run report node "$node/test_report.mjs" "$(realpath "$BUILD")/rstscope" "$(realpath "$logs")/report"
}

# What fuzzing has found, and its seeds, once more under sanitizers.
run_fuzz()
{
	local dir

	for dir in tests/fuzz/corpus/*/; do
		dir=${dir%/}
		run "fuzz/${dir##*/}" "build/asan/tests/${dir##*/}" "$dir"/*
	done
}

# What tells most of each kernel in a few minutes of emulation: the ways to ask it, the bug that all have,
# and those that only it has. All tests take an hour there: VM_KERNELS="6.1 5.10.218".
telling()	# LABEL
{
	local on_all="views rst_dnat_invalid rst_linger_zero rst_unread_data"

	case $1 in
	5.10.218) echo "$on_all race_handshake" ;;
	6.1) echo "bpf $on_all rst_early_demux race_timewait" ;;
	*) echo "$on_all" ;;
	esac
}

run_kernel()	# LABEL [PATTERN...]
{
	local label=$1 status=0

	shift
	tests/vm/fetch.sh "$label" > "$logs/fetch.$label.log" 2>&1 || status=$?
	if [ "$status" -eq 4 ]; then
		echo "ok - kernel $label # SKIP $(tail -n 1 "$logs/fetch.$label.log")" |
			tee "$logs/vm_$label.tap"
		skipped=$((skipped + 1))
		return
	fi
	run "vm/$label" tests/vm/run.sh --kernel "$label" --timeout 1500 \
		--out "$logs/vm.$label" -- tests/vm/suite.sh "$@"
	booted=$((booted + 1))
}

# One kernel at least must have run.
run_vm()
{
	local booted=0 label

	for label in ${VM_KERNELS-}; do
		run_kernel "$label"
	done
	for label in 6.1 5.10.218 6.12 7.x; do
		# shellcheck disable=SC2046 # a list of words
		[ -n "${VM_KERNELS-}" ] || run_kernel "$label" $(telling "$label")
	done
	[ "$booted" -gt 0 ] || {
		echo "not ok - no other kernel could be had"
		failed=$((failed + 1))
	}
}

[ $# -gt 0 ] || set -- unit threads bpf net schema report fuzz vm
for suite; do
	case $suite in
	unit | threads | bpf | net | schema | report | fuzz | vm) "run_$suite" ;;
	*)
		echo "usage: tests/run.sh [unit] [threads] [bpf] [net] [schema] [report] [fuzz] [vm]" >&2
		exit 2
		;;
	esac
done
[ "$failed" -eq 0 ] || list_failures
[ ${#counted[@]} -eq 0 ] || grep -h ': # unsteady' "${counted[@]}" || :
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
