#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What `rstscope causes ID` says under "In a lab", run as it is pasted, provokes
# that cause. Its namespaces have fixed names, so this has a /run/netns of its own.

if [ -z "${OWN_NETNS-}" ] && [ "$(id -u)" -eq 0 ]; then
	OWN_NETNS=1 exec unshare --mount "$BASH" "$0"
fi

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

commands_of()	# ID
{
	"$RSTSCOPE" causes "$1" | sed -n '/^In a lab$/,/^See also$/s/^    //p'
}

# In place of the commands of these names that the text has: watch writes where
# we can read it, and the pause until it is attached lasts as long as it must.
# shellcheck disable=SC2317 # the text calls them
rstscope()
{
	exec "$RSTSCOPE" "$@" --json --ready-file "$ready" > "$out" 2> "$out.talk"
}

# shellcheck disable=SC2317
attached()
{
	[ -e "$ready" ] || [ -z "$(jobs -pr)" ]
}

# shellcheck disable=SC2317
sleep()	# SECONDS
{
	[ "$1" = 3 ] || command sleep "$1"
	[ "$1" != 3 ] || wait_for 20 attached || :
}

run_lab()	# ID
{
	rm -f "$ready"
	commands_of "$1" > "$work/$1.sh"
	timeout 60 "$BASH" "$work/$1.sh" > "$work/$1.said" 2>&1 < /dev/null || :
	for ns in $(ip netns list | cut -d ' ' -f 1); do
		ip netns pids "$ns" | xargs -r kill
		ip netns del "$ns"
	done
}

named()	# JQ
{
	jq -se "any($1)" "$out" > /dev/null
}

has_macvlan()
{
	local works=1

	ip netns add lab
	ip -n lab link add a0 type veth peer name b0
	ip -n lab link add link a0 name c0 type macvlan 2> /dev/null || works=0
	ip netns del lab
	[ $works = 1 ]
}

# Why this one is not run; fails if it is.
reason_to_skip()	# ID
{
	case $1 in
	out-of-memory | too-many-orphans) echo "changes the whole machine" ;;
	ehash-race-*) echo "a race of nanoseconds" ;;
	mptcp) [ ! -d /proc/sys/net/mptcp ] && echo "no MPTCP here" ;;
	bpf-program) ! command -v clang > /dev/null && echo "needs clang" ;;
	guest) ! has_macvlan && echo "this kernel has no macvlan" ;;
	*) return 1 ;;
	esac
}

verdict_of()	# ID
{
	case $1 in
	conntrack-expired)
		echo '.cause == "conntrack-expired" or
			(.cause == "no-socket" and .confidence != "certain")'
		;;
	*) echo ".cause == \"$1\"" ;;
	esac
}

check_lab()	# ID
{
	local id=$1 why tries=3

	why=$(reason_to_skip "$id") && {
		skip "commands for $id" "$why"
		return
	}
	out=$work/$id.ndjson ready=$work/$id.ready
	# Where a machine is very busy, pauses of milliseconds in the text may not do.
	while run_lab "$id"; do
		[ -e "$ready" ] || skip_all "watch does not work here: $(tail -n 1 "$out.talk")"
		tries=$((tries - 1))
		! named "$(verdict_of "$id")" || break
		[ "$tries" -gt 0 ] || break
	done
	# Where the kernel is mended, the connection just works.
	if [ "$id" = early-demux-clash ] && [ ! -s "$out" ]; then
		check "commands for $id find a mended kernel" grep -q '^connected after 0' \
			"$work/$id.said"
	else
		check "commands for $id provoke it" named "$(verdict_of "$id")"
	fi
}

need_root
have_rstscope || skip_all "rstscope is not built"
command -v python3 > /dev/null || skip_all "needs python3"
mkdir -p "$work" /run/netns
mount -t tmpfs none /run/netns
export RSTSCOPE out ready
export -f rstscope sleep attached wait_for
for id in $("$RSTSCOPE" causes | cut -d ' ' -f 1); do
	check_lab "$id"
done
finish
