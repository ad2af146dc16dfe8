#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# iproute2_versions.sh - the objects work with the tc and ip of other Debian releases, too.

set -eu -o pipefail

dir=$(cd "${0%/*}" && pwd)
failures=0

try()	# SUITE
{
	local suite=$1 root status=0 version

	root=$("$dir/../vm/userland.sh" "$suite" iproute2 2> "$log") || status=$?
	if [ "$status" -eq 4 ]; then
		echo "ok - iproute2 of $suite # SKIP $(tail -n 1 "$log")"
		return
	elif [ "$status" -ne 0 ]; then
		sed 's/^/# /' "$log"
		echo "not ok - iproute2 of $suite could be fetched"
		failures=$((failures + 1))
		return
	fi
	version=$(chroot "$root" ip -V)
	USERLAND=$root "$dir/plain_attach.sh" > "$log" || failures=$((failures + 1))
	sed -E "s/^((not )?ok - )/\\1$suite, ${version##*, }: /" "$log"
}

if [ "$(id -u)" -ne 0 ]; then
	echo "ok - iproute2 versions # SKIP needs root"
	exit 0
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for suite in bullseye trixie; do
	try "$suite"
done
[ "$failures" -eq 0 ]
