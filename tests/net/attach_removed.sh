#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Other agents remove what a watch has attached: it is attached again, the gap is reported, and nobody
# is fought; what others have attached stays.

# check() and wait_for() call functions that shellcheck takes for unreachable.
# shellcheck disable=SC2317
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

have_rstscope || skip_all "rstscope is not built"
topo2
RST="$RSTSCOPE"

ours()	# DIRECTION: how many filters of a watch there are
{
	tc -n "$S" filter show dev eth0 "$1" | grep -c ' rstscope ' || :
}

both_attached()
{
	[ "$(ours ingress)" -eq 1 ] && [ "$(ours egress)" -eq 1 ]
}

has_qdisc()
{
	tc -n "$S" qdisc show dev eth0 | grep -q clsact
}

no_qdisc()
{
	! has_qdisc
}

logged()	# REGEX [COUNT]
{
	[ "$(grep -cE "$1" "$talk")" -ge "${2:-1}" ]
}

no_loss()
{
	! grep -q 'somebody has removed' "$talk"
}

own_filter()	# an agent's, which lets everything pass
{
	tc -n "$S" filter add dev eth0 ingress pref 7 protocol all bpf da bytecode '1,6 0 0 4294967295'
}

# --- filters on a clsact qdisc ---

RSTSCOPE="$work/without-links"
printf '#!/bin/sh\nexec "%s" no-links "%s" "$@"\n' "$LAB" "$RST" > "$RSTSCOPE"
chmod +x "$RSTSCOPE"
start_watch "$S" -i eth0
[ -z "$no_events" ] || { settle; skip_all "$no_events"; }
lab_run closed-port -p 81
expect_reset RA '.cause == "closed-port"' "watched by filters"

tc -n "$S" qdisc del dev eth0 clsact
check "a qdisc that somebody deletes is made again with our filters" wait_for 60 both_attached
wait_for 60 logged 'attached again' || :
check "... which is reported" logged 'somebody has removed our programs from tc ingress and tc egress'
check "... with the length of the gap" logged 'attached again; nothing was recorded there for [0-9.]* s'
lab_run closed-port -p 82
expect_reset RA '.cause == "closed-port"' "after the qdisc was deleted"

# Who deletes it makes his own.
tc -n "$S" qdisc del dev eth0 clsact
tc -n "$S" qdisc add dev eth0 clsact
own_filter
check "a qdisc that somebody replaces by his own gets our filters" wait_for 60 both_attached
wait_for 60 logged 'attached again' 2 || :
check "... after a longer wait, as it happened again" logged 'again; nothing is recorded there for 1 s'
tc -n "$S" filter del dev eth0 egress pref 2
check "a filter of ours that somebody deletes is added again" wait_for 60 both_attached
check "... after 2 s" logged 'removed from tc egress again; nothing is recorded there for 2 s'
lab_run closed-port -p 83
expect_reset RA '.cause == "closed-port"' "after a filter was deleted"
settle
check "the summary counts what others removed" logged 'programs removed by others 3 times'
check "the other's qdisc stays after the end" has_qdisc
check "... with his filter and without ours" \
	[ "$(tc -n "$S" filter show dev eth0 ingress | grep -c 'pref 7 .*bytecode')/$(ours ingress)/$(ours egress)" = 1/0/0 ]
tc -n "$S" qdisc del dev eth0 clsact

# --- killed in between ---

start_watch "$S" -i eth0
stop_sniff
tc -n "$S" qdisc del dev eth0 clsact
wait_for 60 both_attached || :
kill -KILL "$watch_pid"
wait_exit 10 "$watch_pid"
check "a watch that had to attach again is killed and leaves filters" both_attached
"$RST" watch --netns "$S" -i eth0 --duration 0.1 > /dev/null 2> "$work/next" || :
check "... which the next start removes, with the qdisc that was made again" no_qdisc

# --- tcx ---

RSTSCOPE=$RST
tc -n "$S" qdisc add dev eth0 clsact
own_filter
start_watch "$S" -i eth0
if ! logged 'tc ingress \(tcx\)'; then
	skip "tcx beside clsact" "this kernel has no tcx"
	settle
	finish
fi
tc -n "$S" qdisc del dev eth0 clsact
lab_run closed-port -p 84
expect_reset RA '.cause == "closed-port"' "by tcx, the qdisc of others having been deleted"
settle
check "... which is no loss of ours" no_loss
finish
