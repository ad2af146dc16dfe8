#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# rooms.sh - refuse an include between the rooms of correlator/ that goes the wrong way. Each room
# may include headers of itself and of those before it in this list, never of those after it.

set -eu -o pipefail

rooms=(
	"base      text, log, progress, event loop: no types of ours"
	"model     the values that travel: cases, packets, tuples; no I/O"
	"host      asks this machine: interfaces, namespaces, conntrack, owners of sockets"
	"diagnose  facts in, cause out; pure"
	"report    a classified case for people and programs: sinks, documents, templates"
	"live      attaches, reads and joins what the kernel reports"
	"capture   from the packets of a file to its resets"
	"archive   cases to disk and back: recordings, stores, evidence"
	"cmd       arguments, composition, exit codes"
)

cd "${0%/*}/../correlator"
wrong=0
before=" "
for line in "${rooms[@]}"; do
	read -r room answers <<< "$line"
	before+="$room "
	while IFS=: read -r file number include; do
		[ -n "$file" ] || continue
		other=${include#*\"}
		other=${other%%/*}
		[[ $before != *" $other "* ]] || continue
		echo "correlator/$file:$number: $room/ ($answers) may include only:$before" >&2
		wrong=1
	done < <(grep -nE '^#include "[a-z_]+/' \
		"$room"/*.[ch] /dev/null)
done
for file in *.[ch] */*.[ch]; do
	[ -e "$file" ] || continue
	[[ $before == *" ${file%%/*} "* ]] || {
		echo "correlator/$file: in none of the rooms:$before" >&2
		wrong=1
	}
done
exit $wrong
