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
# A test runs what it needs itself: a server that comes with a package is neither started now nor
# with the machine.
servers=(nginx haproxy)
policy=/usr/sbin/policy-rc.d

start_no_servers()
{
	[ ! -e "$policy" ] || return 0
	printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" > /dev/null
	"${as_root[@]}" chmod 755 "$policy"
	# shellcheck disable=SC2064 # as they are now
	trap "${as_root[*]} rm -f $policy" EXIT
}

disable_new_servers()
{
	local s

	for s in "${servers[@]}"; do
		[[ " ${missing[*]} " != *" $s"[\ -]* ]] || [ ! -e "/lib/systemd/system/$s.service" ] ||
			"${as_root[@]}" systemctl disable "$s" > /dev/null 2>&1 || :
	done
}

echo "installing Debian packages${as_root:+ with sudo}: ${missing[*]}" >&2
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y
	-o DPkg::Lock::Timeout=120 --no-install-recommends install)
start_no_servers
if ! "${apt[@]}" "${missing[@]}" >/dev/null; then
	echo "the package lists may be old: apt-get update" >&2
	"${as_root[@]}" apt-get -q update >/dev/null
	"${apt[@]}" "${missing[@]}" >/dev/null
fi
disable_new_servers
