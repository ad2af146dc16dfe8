#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# matrix.sh [MACHINE...] - what the sensor names, for each cause, on each kernel, with each kernel view.
#
# MACHINE is "host" (the kernel that runs now), a label of tests/vm/kernels.txt, or LABEL+lockdown
# (booted with lockdown=confidentiality). Each boots once; the live tests provoke every reset once, and
# one watch a view judges it (tests/net/lib_tiers.sh). Prints the table, and leaves it as Markdown in
# $BUILD/matrix/matrix.md. Ends with 1 if an answer was wrong, missing or weaker than it had to be.
#
# JOBS: virtual machines at a time (2). PATTERNS: names of live tests; "rst_ not_" are many more
# resets, and hours: to start four watches takes long in emulation, and mixed.sh does that only twice.

set -eu -o pipefail

root=$(cd "${0%/*}/.." && pwd)
cd "$root"
out=$(realpath -m "${BUILD:-build}")/matrix
tiers="fentry kprobe tracepoint none"
# All causes that can be provoked at will, and those that depend on the kernel.
read -ra patterns <<< "${PATTERNS:-mixed impact nat_remapped early_demux ehash out_of_memory too_many_orphans mptcp fin_wait2}"
export WORLDS="strict gateway" COUNT=${COUNT:-96}
[ $# -gt 0 ] || set -- host 5.10.218 5.10 6.1 6.12 7.x 6.12+lockdown

# What runs on the machine itself; $1 is the directory for the results.
# shellcheck disable=SC2016 # expanded there
inside='mkdir -p "$1" && uname -r > "$1/kernel" && cd "$2" && shift 2 &&
	env OUT="$out" tests/net/run.sh "$@"'

run_host()
{
	env TIERS="$tiers" out="$out/host" bash -c "$inside" sh "$out/host" "$root" "${patterns[@]}"
}

run_vm()	# MACHINE
{
	local append=()

	[[ $1 != *+lockdown ]] || append=(--append lockdown=confidentiality)
	tests/vm/run.sh --kernel "${1%+*}" "${append[@]}" --timeout 3400 --out "$out/$1" \
		--env TIERS="$tiers" --env WORLDS="$WORLDS" --env COUNT="$COUNT" --env HEALTHY=20 --env out=/out -- \
		bash -c "$inside" sh /out /src "${patterns[@]}"
}

run_machine()	# MACHINE
{
	local status=0 start=$SECONDS

	if [ "$1" = host ]; then
		run_host > "$out/$1.log" 2>&1 || status=$?
	else
		run_vm "$1" > "$out/$1.log" 2>&1 || status=$?
	fi
	echo "$status" > "$out/$1.status"
	printf '  %-16s %5d s, status %d, %s\n' "$1" $((SECONDS - start)) "$status" "$out/$1.log"
	grep '^[a-z_0-9]*: not ok' "$out/$1.log" | sed "s/^/$1: /" || :
}

rm -rf "$out"
mkdir -p "$out"
# Under sudo, what is built must stay the user's.
[ -z "${SUDO_USER-}" ] || trap 'chown -R "$SUDO_USER:" "$out"' EXIT
for machine; do
	while [ "$(jobs -pr | wc -l)" -ge "${JOBS:-2}" ]; do
		wait -n || :
	done
	run_machine "$machine" &
done
wait
tests/matrix_table.sh markdown "$out" "$@" > "$out/matrix.md"
tests/matrix_table.sh text "$out" "$@"
if grep -qvx 0 "$out"/*.status; then exit 1; fi
