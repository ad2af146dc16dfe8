#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Test of the virtual machines themselves, one TAP-like line for each check.
set -eu -o pipefail

me=selftest.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
	cat <<EOF
Usage: tests/vm/selftest.sh [LABEL...]

Checks run.sh and the kernels LABEL (default 6.1; "all" for every label of
tests/vm/kernels.txt).  Prints "ok - ...", "not ok - ..." or "ok - ... # SKIP
why" for each check, and exits with 1 if one of them failed.

Examples:
  tests/vm/selftest.sh
  tests/vm/selftest.sh 5.10 6.12
EOF
}

passed=0 failed=0 skipped=0

pass() { echo "ok - $*"; passed=$((passed + 1)); }
fail() { echo "not ok - $*"; failed=$((failed + 1)); }
skip() { echo "ok - $1 # SKIP $2"; skipped=$((skipped + 1)); }

# is DESCRIPTION GOT WANTED
is() {
	if [ "$2" = "$3" ]; then pass "$1"; else fail "$1 (got $2, wanted $3)"; fi
}

# holds DESCRIPTION COMMAND...
holds() {
	local what=$1
	shift
	if "$@" >/dev/null 2>&1; then pass "$what"; else fail "$what"; fi
}

# run OPTION...: run.sh, with its status in rc, output in $work/stdout, $work/stderr.
run() {
	rc=0
	"$vm_dir/run.sh" "$@" >"$work/stdout" 2>"$work/stderr" || rc=$?
}

# The checks of everyday use, most of them inside.
check_inside() {
	local k=$1 line
	run --kernel "$k" --verbose --timeout 300 --append selftest=1 --env SELFTEST=$'a b\n"c' \
		--env HOST_TIME="$(date +%s)" --out "$work/results" \
		-- bash tests/vm/selftest-guest.sh "x  y' \$z"
	sed -n 's/^run.sh: kernel/#/p' "$work/stderr"
	while IFS= read -r line; do
		case $line in
		'ok - '*) pass "$k: ${line#ok - }" ;;
		'not ok - '*) fail "$k: ${line#not ok - }" ;;
		*) echo "$line" ;;
		esac
	done <"$work/stdout"
	is "$k: status 7 comes back" $rc 7
	holds "$k: a file of /out arrives" grep -qx content "$work/results/sub/file"
	is "$k: with its mode" "$(stat -c %a "$work/results/sub/file" 2>/dev/null)" 640
	holds "$k: no complaint of the kernel" awk '/BUG:|WARNING:|Oops/ { exit 1 }' "$work/results/dmesg"
	[ $rc -eq 7 ] || sed 's/^/# /' "$work/stderr"
}

# Ways to end, on one kernel only: they are run.sh's affair.
check_ends() {
	local k=$1
	run --kernel "$k" --timeout 12 -- bash -c 'echo before; sleep 100'
	is "$k: out of time gives 124" $rc 124
	holds "$k: output before that arrives" grep -qx before "$work/stdout"
	holds "$k: and the reason is said" grep -q 'out of time after 12 s' "$work/stderr"
	run --kernel "$k" --console "$work/console" -- bash -c 'echo c >/proc/sysrq-trigger; sleep 100'
	is "$k: a panic gives 125" $rc 125
	holds "$k: with the console's end" grep -q 'Kernel panic' "$work/stderr"
	holds "$k: --console keeps it" grep -q 'Kernel panic' "$work/console"
	run --kernel "$k" --append init=/none --append rdinit=/none -- true
	is "$k: a machine that cannot boot gives 125" $rc 125
	is "$k: after three tries" "$(grep -c 'again$' "$work/stderr")" 2
	run --kernel "$k" -- bash -c 'kill -SEGV $$'
	is "$k: killed by a signal gives 128 + N" $rc 139
	run --kernel "$k" -- no-such-program
	is "$k: an unknown command gives 127" $rc 127
	check_volume "$k"
	check_two_at_once "$k"
	check_interrupt "$k"
}

# Much output, of all byte values, arrives complete.
check_volume() {
	run --kernel "$1" -- bash -c 'seq 300000; printf "\000\377\r\n"'
	is "$1: much output arrives unchanged" \
		"$(sha256sum <"$work/stdout")" "$({ seq 300000; printf '\000\377\r\n'; } | sha256sum)"
}

check_two_at_once() {
	local a b rc1=0 rc2=0
	"$vm_dir/run.sh" --kernel "$1" -- bash -c 'echo one; exit 11' >"$work/one" 2>&1 &
	a=$!
	"$vm_dir/run.sh" --kernel "$1" -- bash -c 'echo two; exit 12' >"$work/two" 2>&1 &
	b=$!
	wait $a || rc1=$?
	wait $b || rc2=$?
	is "$1: two machines at once" "$(cat "$work/one" "$work/two" | tr '\n' ' ')$rc1 $rc2" "one two 11 12"
}

gone() { [ -n "$1" ] && ! kill -0 "$1"; }

# TERM ends everything and leaves nothing behind.
check_interrupt() {
	local pid tmp=$work/tmp rc=0 qemu
	mkdir -p "$tmp"
	TMPDIR=$tmp "$vm_dir/run.sh" --kernel "$1" -- bash -c 'echo up; sleep 100' >"$work/stdout" 2>&1 &
	pid=$!
	for _ in $(seq 300); do
		grep -q up "$work/stdout" && break
		sleep 0.1
	done
	qemu=$(pgrep -f "file=$tmp/" | head -n 1)
	kill -TERM $pid
	wait $pid || rc=$?
	is "$1: TERM ends run.sh with 143" $rc 143
	holds "$1: no temporary file is left" rmdir "$tmp"
	holds "$1: QEMU has ended" gone "$qemu"
}

check_options() {
	run
	is "no command: status 2" $rc 2
	run --kernel no-such-kernel -- true
	is "unknown kernel: status 2" $rc 2
	run --timeout x -- true
	is "bad number: status 2" $rc 2
	holds "run.sh --help" "$vm_dir/run.sh" --help
	holds "fetch.sh --help" "$vm_dir/fetch.sh" --help
}

# available LABEL: is the kernel here?  Otherwise say that it is skipped.
available() {
	local rc=0
	"$vm_dir/fetch.sh" "$1" 2>"$work/stderr" || rc=$?
	[ $rc -ne 0 ] || return 0
	if [ $rc -eq $EX_SKIP ]; then
		skip "$1: machine" "$(tail -n 1 "$work/stderr" | sed 's/.*skipped: //')"
	else
		fail "$1: fetch.sh exits with $rc: $(tail -n 1 "$work/stderr")"
	fi
	return 1
}

main() {
	local k first=yes kernels=("$@")
	case ${1:-6.1} in
	--help | -h) usage; exit ;;
	all) mapfile -t kernels < <(kernel_labels) ;;
	esac
	[ ${#kernels[@]} -gt 0 ] || kernels=(6.1)
	work=$(mktemp -d "${TMPDIR:-/tmp}/vm-selftest.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	check_options
	for k in "${kernels[@]}"; do
		kernel_row "$k" >/dev/null || die $EX_USAGE "no kernel $k"
		available "$k" || continue
		check_inside "$k"
		[ $first = no ] || check_ends "$k"
		first=no
	done
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed -eq 0 ]
}

main "$@"
