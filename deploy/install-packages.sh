#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# install-packages.sh PACKAGE... - install the Debian packages that are missing; says so first.

set -eu -o pipefail

is_installed()
{
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

command -v dpkg-query >/dev/null || {
	echo "note: not a Debian system; make sure that these are there: $*" >&2
	exit 0
}
missing=()
for package; do
	is_installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
	as_root=(sudo)
	command -v sudo >/dev/null || {
		echo "error: as root, install: apt-get install --no-install-recommends ${missing[*]}" >&2
		exit 1
	}
fi
echo "installing Debian packages${as_root:+ with sudo}: ${missing[*]}" >&2
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y
	-o DPkg::Lock::Timeout=120 --no-install-recommends install)
if ! "${apt[@]}" "${missing[@]}" >/dev/null; then
	echo "the package lists may be old: apt-get update" >&2
	"${as_root[@]}" apt-get -q update >/dev/null
	"${apt[@]}" "${missing[@]}" >/dev/null
fi
