#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Fetch programs of another Debian suite, with their libraries, to chroot to.
set -eu -o pipefail

me=userland.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$vm_dir/apt.sh"

usage() {
	cat <<EOF
Usage: tests/vm/userland.sh SUITE PACKAGE...

Unpacks the PACKAGEs of a Debian SUITE, and what they depend on, into a
directory of the cache, and prints it. What is there already is left as it is.
No maintainer script is run.

Exit status: 0 done, 2 wrong options, 3 a program is missing on the host,
4 the packages cannot be had here (the last line says why), 1 anything else.

Example:
  tests/vm/userland.sh bullseye iproute2
EOF
}

# unpack ROOT PACKAGE...
unpack() {
	local root=$1 dir deb log=$work/apt/log
	shift
	# Every suite since bookworm expects these links, no package has them.
	for dir in bin sbin lib lib64; do
		mkdir -p "$root/usr/$dir"
		ln -s "usr/$dir" "$root/$dir"
	done
	apt apt-get install -y --no-install-recommends --download-only "$@" >"$log" 2>&1 || skip "$*: $(why "$log")"
	for deb in "$work"/apt/cache/archives/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$root"
	done
	mkdir -p "$root"/{proc,sys,dev,tmp,mnt}
}

cleanup() {
	[ -z "${work:-}" ] || rm -rf "$work"
	work=
}

main() {
	local suite root
	case ${1:-} in
	--help | -h) usage; exit ;;
	'' | -*) die $EX_USAGE "no suite named (see --help)" ;;
	esac
	[ $# -gt 1 ] || die $EX_USAGE "no package named (see --help)"
	need apt-get apt-config dpkg-deb tar flock
	suite=$1
	shift
	root=$vm_cache/userland/$suite-$(IFS=-; echo "$*")
	mkdir -p "$vm_cache/userland"
	exec 8>"$root.lock"
	flock 8
	if [ ! -d "$root" ]; then
		work=$(mktemp -d "$vm_cache/.fetch.XXXXXX")
		trap cleanup EXIT
		trap 'exit 130' INT
		trap 'exit 143' TERM HUP
		say "reading the package lists of $suite"
		update "$suite"
		unpack "$work/root" "$@"
		mv "$work/root" "$root"
	fi
	echo "$root"
}

main "$@"
