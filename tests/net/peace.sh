#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A watch beside the programs of others on the same interface: what it says of those that run before it, and
# that all of them are there afterwards as they were.

# check() and wait_for() call functions that shellcheck takes for unreachable.
# shellcheck disable=SC2317
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

have_rstscope || skip_all "rstscope is not built"
topo2
rst=$RSTSCOPE

printf '#!/bin/sh\nexec "%s" no-links "%s" "$@"\n' "$LAB" "$rst" > "$work/without-links"
chmod +x "$work/without-links"

filters()	# of others
{
	tc -n "$S" qdisc show dev eth0 clsact
	for dir in ingress egress; do
		tc -n "$S" filter show dev eth0 $dir | grep -v ' rstscope ' | grep 'handle' || :
	done
}

add_filter()	# DIRECTION PREF RETURN
{
	tc -n "$S" filter add dev eth0 "$1" pref "$2" protocol all bpf da bytecode "1,6 0 0 $3"
}

logged()	# REGEX
{
	grep -qE "$1" "$talk" || gone "$watch_pid"
}

not_logged()
{
	! grep -qE "$1" "$talk"
}

pass_on=4294967295 accept=0	# TC_ACT_UNSPEC, TC_ACT_OK

# --- two programs on clsact, one of which ends the chain ---

tc -n "$S" qdisc add dev eth0 clsact
add_filter ingress 1 $accept
add_filter egress 9 $accept
before=$(filters)
RSTSCOPE=$work/without-links
start_watch "$S" -i eth0
[ -z "$no_events" ] || { settle; skip_all "$no_events"; }
check "a filter with priority 1 before ours is named at the start" \
	logged "'eth0': filter .*\(pref 1\) of others runs before ours at tc ingress"
check "... with what that means" logged 'accepts, drops or redirects is not recorded'
check "one after ours is not" not_logged 'before ours at tc egress'
check "ours is never at the priority of another" \
	[ "$(tc -n "$S" filter show dev eth0 ingress | grep -c 'pref 1 .*handle')" -eq 1 ]
lab_run closed-port -p 81
expect_reset RA '.cause == "closed-port"' "what the other accepts before us: the kernel's account remains"

add_filter egress 1 $pass_on
wait_for 10 logged 'before ours at tc egress' || :
check "a filter that somebody puts before ours is noticed" \
	logged "'eth0': filter .*\(pref 1\) of others runs before ours at tc egress"
tc -n "$S" filter del dev eth0 egress pref 1
wait_for 10 logged 'no program of others runs before ours at tc egress any more' || :
check "... and its end is, too" logged 'no program of others runs before ours at tc egress any more'
settle
check "the others' qdisc and filters are as they were" [ "$before" = "$(filters)" ]
tc -n "$S" qdisc del dev eth0 clsact
RSTSCOPE=$rst

# --- tcx programs before and after ---

others=()

other()	# HOOK before|after: a program of somebody else; false where the kernel takes none
{
	local file=$work/other.$1.$2

	rm -f "$file"
	ip netns exec "$S" "$LAB" tcx eth0 "$1" "$2" "$file" 2> "$work/other.err" &
	others+=($!)
	at_exit "kill_child $!"
	wait_for 20 ended_or_exists $! "$file" && [ -e "$file" ]
}

others_live()
{
	local pid

	for pid in "${others[@]}"; do
		! gone "$pid" || return 1
	done
}

end_others()
{
	local pid

	for pid in "${others[@]}"; do
		kill -KILL "$pid" 2> /dev/null || :
		wait_exit 5 "$pid"
	done
	others=()
}

if other ingress after && other egress after; then
	start_watch "$S" -i eth0
	# A second watch attaches before the first, and is no stranger.
	first=("$watch_pid" "$events" "$talk")
	launch_watch second "$S" -i eth0
	watch_started second "$watch_pid" || not_ok "a second watch starts"
	second=$watch_pid
	watch_pid=${first[0]} events=${first[1]} talk=${first[2]}
	check "tcx programs after ours are no matter" not_logged 'before ours'
	other egress before || not_ok "a program is attached before ours"
	wait_for 30 logged 'before ours at tc egress' || :
	check "one that gets before ours is noticed; a second watch is not one of them" \
		logged "'eth0': tcx program [0-9]+ of others runs before ours at tc egress"
	end_watch "$second"
	lab_run linger-zero -p 80
	expect_reset RA '.cause == "linger-zero"' "among tcx programs of others"
	settle
	check "the others' programs are still there" others_live
	end_others

	# Ours by filters, because of its limits, where others use tcx.
	other ingress after || not_ok "a program is attached"
	RSTSCOPE=$work/without-links
	start_watch "$S" -i eth0
	RSTSCOPE=$rst
	check "where ours is a filter, a tcx program of others comes before it" \
		logged "'eth0': tcx program [0-9]+( and [0-9]+ more)? of others runs? before ours at tc ingress"
	settle
	check "... and stays" others_live
	end_others
else
	skip "tcx programs of others" "$(cat "$work/other.err")"
	end_others
fi

# --- XDP ---

ip_xdp()
{
	ip -n "$S" -d link show dev eth0 | grep -c 'prog/xdp\|xdp.*id ' || :
}

no_xdp()
{
	[ "$(ip_xdp)" -eq 0 ]
}

if other xdp before; then
	start_watch "$S" -i eth0 --xdp
	check "a plain XDP program leaves no room, which is said" \
		logged "'eth0': XDP program [0-9]+ is attached without libxdp's dispatcher"
	check "... and tc is used" logged 'wire view: eth0 by tc ingress'
	lab_run linger-zero -p 80
	expect_reset RA '.cause == "linger-zero"' "beside a plain XDP program"
	settle
	check "the other's program is still there" [ "$(ip_xdp)" -gt 0 ]
	end_others
	wait_for 60 no_xdp || :
else
	skip "a plain XDP program" "$(cat "$work/other.err")"
	end_others
fi

start_watch "$S" -i eth0 --xdp
if ! logged 'by XDP'; then
	skip "XDP that is removed" "no XDP here: $(grep -m 1 XDP "$talk")"
	settle
	finish
fi
ip -n "$S" link set dev eth0 xdpgeneric off
ip -n "$S" link set dev eth0 xdpdrv off 2> /dev/null || :
wait_for 20 logged 'attached again' || :
check "an XDP program of ours that somebody removes is noticed" logged 'removed our programs from XDP'
check "... and attached again" logged 'attached again'
lab_run linger-zero -p 80
expect_reset RA '.cause == "linger-zero"' "after XDP was removed"
settle
check "... and no XDP program is left at the end" wait_for 10 no_xdp
finish
