#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# plain_attach.sh - the objects work with nothing but tc and ip link.
#
# What the README shows: programs attached by hand, from the object files,
# share one recorder through maps pinned by name. Runs in network and mount
# namespaces of its own, with a bpffs of its own, so that nothing that it
# makes can stay behind or meet what is there.
#
# $USERLAND: a directory to chroot to for the iproute2 that attaches; else the
# machine's own.

set -eu -o pipefail

dir=$(cd "${0%/*}" && pwd)
BUILD=${BUILD:-build}
[[ $BUILD == /* ]] || BUILD=$dir/../../$BUILD
tc_obj=$BUILD/bpf/rst_tc.bpf.o
xdp_obj=$BUILD/bpf/rst_xdp.bpf.o
bpftool=/usr/sbin/bpftool
[ -x "$bpftool" ] || bpftool=bpftool
here=10.77.0.1
there=10.77.0.2
failures=0
peer=

ok()
{
	echo "ok - $*"
}

not_ok()
{
	echo "not ok - $*"
	failures=$((failures + 1))
}

skip_all()
{
	echo "ok - plain_attach # SKIP $*"
	exit 0
}

check()	# DESC COMMAND ARGS...
{
	local desc=$1 out

	shift
	if out=$("$@" 2>&1); then
		ok "$desc"
		return
	fi
	not_ok "$desc"
	printf '%s\n' "$*" "$out" | sed 's/^/# /'
}

# shellcheck disable=SC2317,SC2329 # by trap
clean_up()
{
	[ -z "$peer" ] || kill "$peer" 2> /dev/null || :
}

# a0 is ours, b0 is in the namespace of $peer, reached with at_peer.
make_net()
{
	unshare -n sleep 1000 > /dev/null 2>&1 &
	peer=$!
	until [ "$(readlink "/proc/$peer/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do
		kill -0 "$peer" || return 1
	done
	ip link add a0 type veth peer name b0 netns "$peer"
	ip addr add "$here/24" dev a0
	ip link set a0 up
	at_peer ip addr add "$there/24" dev b0
	at_peer ip link set b0 up
}

# tc or ip, as the user types them who attaches by hand.
by_hand()	# PROGRAM ARGS...
{
	if [ -n "${USERLAND:-}" ]; then
		chroot "$USERLAND" "$@"
	else
		"$@"
	fi
}

# What the other iproute2 must find there; the mount namespace is ours.
furnish_userland()
{
	mount --rbind /sys "$USERLAND/sys"
	mount --bind /proc "$USERLAND/proc"
	mount --bind "$BUILD/bpf" "$USERLAND/mnt"
	tc_obj=/mnt/${tc_obj##*/}
	xdp_obj=/mnt/${xdp_obj##*/}
}

at_peer()
{
	nsenter -t "$peer" -n "$@"
}

# One SYN comes in by a0, one RST leaves by it: refused at once, not timed out.
knock()
{
	local status=0

	at_peer timeout 5 bash -c ": < /dev/tcp/$here/9" 2> /dev/null || status=$?
	[ "$status" -eq 1 ]
}

# The first eight bytes of a CPU's ring, which is too long to be read as a whole.
head_of()	# CPU
{
	local words b=() i sum=0

	words=$("$bpftool" -j map lookup pinned "$pins/rst_ring" \
		key "$(($1 & 255))" "$(($1 >> 8))" 0 0 2> /dev/null | head -c 200 || true)
	mapfile -t b < <(grep -o '"value":.*' <<< "$words" | grep -o '0x[0-9a-f]*' | head -n 8)
	for ((i = 7; i >= 0; i--)); do
		sum=$((sum * 256 + b[i]))
	done
	echo "$sum"
}

# Values of a pinned map, all CPUs together.
total()	# MEMBER|head
{
	local cpu sum=0

	if [ "$1" != head ]; then
		"$bpftool" -j map dump pinned "$pins/rst_cpus" |
			jq "[.[].formatted.value | $1] | add"
		return
	fi
	for ((cpu = 0; cpu < $(getconf _NPROCESSORS_CONF); cpu++)); do
		sum=$((sum + $(head_of "$cpu")))
	done
	echo "$sum"
}

adds()	# MEMBER|head N COMMAND ARGS...: the command makes the total grow by N
{
	local member=$1 n=$2 before after

	shift 2
	before=$(total "$member")
	"$@" || return
	after=$(total "$member")
	echo "$member: $before, then $after"
	[ $((after - before)) -eq "$n" ]
}

# Ids of the maps of a program that is attached here, without the object's own constants and scratch.
maps_of()	# PROGRAM-ID
{
	local map

	for map in $("$bpftool" -j prog show id "$1" | jq '.map_ids[]'); do
		"$bpftool" -j map show id "$map" |
			jq -r 'select(.name | test("rodata|scratch") | not) | "\(.name) \(.id)"'
	done | sort
}

program_at()	# ingress|egress|xdp
{
	case $1 in
	xdp) ip -j link show dev a0 | jq '.[0].xdp.prog.id' ;;
	*) tc -j filter show dev a0 "$1" | jq '[.[].options.prog.id? // empty][0]' ;;
	esac
}

shares_maps()	# HOOK HOOK
{
	diff <(maps_of "$(program_at "$1")") <(maps_of "$(program_at "$2")")
}

attach_tc()
{
	check "tc attaches the ingress program from the object file" \
		by_hand tc filter add dev a0 ingress bpf direct-action obj "$tc_obj" sec tc/ingress
	check "tc attaches the egress program from the object file" \
		by_hand tc filter add dev a0 egress bpf da obj "$tc_obj" sec tc/egress
}

no_maps_left()
{
	local try id

	for ((try = 0; try < 100; try++)); do
		for id in "${map_ids[@]}"; do
			! "$bpftool" map show id "$id" > /dev/null 2>&1 || continue 2
		done
		return 0
	done
	return 1
}

[ "$(id -u)" -eq 0 ] || skip_all "needs root"
for tool in tc ip jq nsenter unshare "$bpftool"; do
	command -v "$tool" > /dev/null || skip_all "$tool is missing"
done
if [ "${1:-}" != inside ]; then
	exec unshare -mn --propagation private "$BASH" "$0" inside
fi
trap clean_up EXIT
mount -t bpf bpffs /sys/fs/bpf || skip_all "cannot mount a bpffs"
[ -z "${USERLAND:-}" ] || furnish_userland
make_net || skip_all "cannot make network namespaces"
check "the peer reaches us before anything is attached" knock
by_hand tc qdisc add dev a0 clsact

attach_tc
pins=$(find /sys/fs/bpf -name rst_cpus -printf '%h\n' | head -n 1)
for map in rst_ring rst_cpus rst_readers rst_handoffs rst_reader_info; do
	check "$map is pinned by its name" [ -e "$pins/$map" ]
done
check "nothing is pinned by a name that is not ours" \
	[ -z "$(find "$pins" ! -type d ! -name 'rst_*')" ]
check "ingress and egress share their maps" shares_maps ingress egress
check "a SYN and the RST that answers it are both recorded" adds head 2 knock
# 1 is RST_CNT_RESETS.
check "the RST is counted" adds '.count[1]' 1 knock
# 9 is RST_CNT_UNREAD.
check "... as one that nobody reads" adds '.count[9]' 1 knock

check "ip link attaches the XDP program from the object file" \
	by_hand ip link set dev a0 xdp obj "$xdp_obj" sec xdp
check "XDP and tc share their maps" shares_maps xdp ingress
check "XDP records the SYN too" adds head 3 knock
mapfile -t map_ids < <(maps_of "$(program_at ingress)" | cut -d' ' -f2)

check "ip link detaches the XDP program" by_hand ip link set dev a0 xdp off
check "tc detaches the programs" by_hand tc qdisc del dev a0 clsact
check "the maps outlive the programs, and nobody writes to them" adds head 0 knock
rm -r "${pins:?}"
check "once the pins are removed, the maps are gone" no_maps_left
[ "$failures" -eq 0 ]
