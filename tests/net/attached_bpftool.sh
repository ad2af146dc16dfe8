#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Programs that are attached by `bpftool net attach tcx_ingress`: found, read, and left there.

# check() and wait_for() call functions that shellcheck takes for unreachable.
# shellcheck disable=SC2317
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

have_rstscope || skip_all "rstscope is not built"
need_root
objects=$(cd "${RSTSCOPE%/*}" && pwd)/bpf
[ -e "$objects/rst_tc.bpf.o" ] || skip_all "$objects/rst_tc.bpf.o is not built"
# A mount namespace of its own, for a bpffs of its own.
[ "${1-}" = inside ] || exec unshare -m --propagation private "$BASH" "$0" inside
while umount /sys/fs/bpf 2> /dev/null; do :; done
mount -t bpf bpffs /sys/fs/bpf || skip_all "cannot mount a bpffs"

# The machine's own if it knows tcx, which came with version 7.5; else that of Debian 13.
root=
knows_tcx()
{
	[[ $(${root:+chroot "$root"} bpftool net help 2>&1) == *tcx_ingress* ]]
}

if ! knows_tcx; then
	root=$("$root_dir/tests/vm/userland.sh" trixie bpftool 2> "$work/userland.err") ||
		skip_all "no bpftool that knows tcx: $(tail -n 1 "$work/userland.err")"
	knows_tcx || skip_all "bpftool of Debian 13 does not run here"
	mount --rbind /sys "$root/sys"
	mount --bind /proc "$root/proc"
	mount --bind "$objects" "$root/mnt"
	objects=/mnt
fi
topo2

tool()	# ARGS...
{
	nsenter --net="/run/netns/$S" ${root:+chroot "$root"} bpftool "$@" 2>> "$work/bpftool.err"
}

is_attached()
{
	[ "$(tool net show dev eth0 | grep -cE 'tcx/(ingress|egress) rst_tc_')" -eq 2 ]
}

loaded=/sys/fs/bpf/rst
tool prog loadall "$objects/rst_tc.bpf.o" $loaded type classifier ||
	skip_all "bpftool loads nothing here: $(tail -n 1 "$work/bpftool.err")"
tool net attach tcx_ingress pinned $loaded/rst_tc_ingress dev eth0 ||
	skip_all "no tcx here: $(tail -n 1 "$work/bpftool.err")"
tool net attach tcx_egress pinned $loaded/rst_tc_egress dev eth0 || :
check "bpftool attaches both programs" is_attached

start_watch "$S" --attached
check "a watch finds what bpftool has attached" \
	grep -q 'attached: eth0 ingress by rst_tc_ingress (tcx), program' "$talk"
check "... in both directions" grep -q 'attached: eth0 egress by rst_tc_egress (tcx), program' "$talk"
lab_run closed-port -p 81
expect_reset RA '.type == "passive" and .origin == "local"' "recorded by programs that bpftool has attached"
settle
check "they stay when the watch ends" is_attached
"$RSTSCOPE" status --netns "$S" --json > "$work/json" || :
without_link_but_pinned()
{
	jq -e '.recorders | length == 1 and (.[0].programs | length == 2 and all(.[]; .way == "tcx" and
		.by.kind == "no-link" and (.pin | startswith("/sys/fs/bpf/rst/"))))' "$work/json" > /dev/null
}
check "status says how they are attached, and where they are pinned" without_link_but_pinned
"$RSTSCOPE" detach --netns "$S" --all > "$work/detach" 2>&1 || :
check "detach lists them" grep -q 'attached by hand and is left' "$work/detach"
check "... and leaves them" is_attached
# Half an attach.
tool net detach tcx_ingress dev eth0 || :
"$RSTSCOPE" watch --netns "$S" --attached --view none --duration 0.1 > /dev/null 2> "$work/half" || :
check "a watch of egress alone says what is not seen" \
	grep -q "'eth0': only egress is recorded; incoming resets are not seen" "$work/half"
"$RSTSCOPE" detach --netns "$S" --all --by-hand > "$work/detach" 2>&1 || :
none_attached()
{
	[ "$(tool net show dev eth0 | grep -c rst_tc_)" -eq 0 ]
}
check "... unless asked for" none_attached
finish
