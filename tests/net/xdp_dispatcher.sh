#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# XDP beside a user of libxdp: a watch and attach join its dispatcher and leave it as it was, and what xdp-loader has
# put there is found. An XDP program without a dispatcher leaves no room, and stays.

# check() and wait_for() call functions that shellcheck takes for unreachable.
# shellcheck disable=SC2317
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

have_rstscope || skip_all "rstscope is not built"
need_root
object=$(cd "${RSTSCOPE%/*}" && pwd)/bpf/rst_xdp.bpf.o
[ -e "$object" ] || skip_all "$object is not built"
# A mount namespace, for a bpffs with the pins of libxdp that nobody else sees.
[ "${1-}" = inside ] || exec unshare -m --propagation private "$BASH" "$0" inside
while umount /sys/fs/bpf 2> /dev/null; do :; done
mount -t bpf bpffs /sys/fs/bpf || skip_all "cannot mount a bpffs"
topo2

# ip netns exec would mount a /sys without bpffs.
xdp()	# PROGRAM ARGS...
{
	nsenter --net="/run/netns/$S" "$@" > "$work/xdp.said" 2>&1
}

rs()	# COMMAND ARGS...: its messages are in $work/said
{
	local command=$1

	shift
	status=0
	"$RSTSCOPE" "$command" --netns "$S" "$@" > "$work/said" 2>&1 || status=$?
	return $status
}

does()	# TEXT COMMAND ARGS...: rs succeeds, and says this
{
	local text=$1

	shift
	! rs "$@" || ! grep -q -- "$text" "$work/said" || return 0
	note "status $status: $(cat "$work/said")"
	return 1
}

# What libxdp has in the dispatcher of eth0: priority, name and id of each.
dispatched()
{
	xdp xdp-loader status eth0 || :
	awk '$1 == "=>" { print $2, $3, $4 }' "$work/xdp.said"
}

others()
{
	dispatched | grep -v ' rst_xdp ' || :
}

ours()
{
	dispatched | grep -c ' rst_xdp ' || :
}

others_are()	# LINES
{
	[ "$(others)" = "$1" ] || { note "$(cat "$work/xdp.said")"; return 1; }
}

ours_are()	# N
{
	[ "$(ours)" -eq "$1" ] || { note "$(cat "$work/xdp.said")"; return 1; }
}

# shellcheck disable=SC2016 # belongs to jq
first='[.recorders[].programs[] | select(.hook == "ingress")] | length == 1 and (.[0] |
	.way == "xdp-dispatcher" and .place == 1 and .of == 2 and (.after[0].name | startswith("xdpfilt")))'

status_has()	# FILTER
{
	! rs status --json || ! jq -e "$1" "$work/said" > /dev/null || return 0
	note "$(cat "$work/said")"
	return 1
}

logged()	# REGEX
{
	grep -qE "$1" "$talk" || { note "$(cat "$talk")"; return 1; }
}

skip_rest()	# WHY
{
	skip "a dispatcher" "$1"
	finish
}

# --- no dispatcher ---

rm -f "$work/plain"
ip netns exec "$S" "$LAB" tcx eth0 xdp before "$work/plain" 2> "$work/plain.err" &
plain=$!
at_exit "kill_child $plain"
wait_for 20 ended_or_exists $plain "$work/plain" || :
if [ -e "$work/plain" ]; then
	has_plain()
	{
		ip -n "$S" -d link show dev eth0 | grep -q 'xdp.*id '
	}
	check "beside an XDP program without a dispatcher, attach says so and uses tc" \
		does "eth0.*XDP program [0-9]* is attached without libxdp's dispatcher" attach -i eth0 --xdp
	check "... at ingress" status_has \
		'[.recorders[].programs[] | select(.hook == "ingress") | .way] | . == ["tcx"] or . == ["tc-filter"]'
	check "... and detach leaves that program" does 'eth0: detached' detach --all
	check "... on its interface" has_plain
	kill_child $plain
	wait_exit 10 $plain
	wait_for 60 eval '! has_plain' || :
else
	skip "an XDP program without a dispatcher" "$(cat "$work/plain.err")"
fi

# --- a dispatcher with a program of somebody else ---

for tool in xdp-loader xdp-filter; do
	command -v $tool > /dev/null || skip_rest "$tool is missing (xdp-tools)"
done
xdp xdp-filter load eth0 || skip_rest "no XDP here: $(tail -n 1 "$work/xdp.said")"
before=$(others)
[ -n "$before" ] || skip_rest "libxdp has no dispatcher on this kernel"

start_watch "$S" -i eth0 --xdp
[ -z "$no_events" ] || { settle; skip_rest "$no_events"; }
check "a watch joins the dispatcher" logged '^wire view: eth0 by XDP'
check "... before the other" status_has "$first"
lab_run closed-port -p 81
expect_reset RA '.cause == "closed-port"' "in a dispatcher"
settle
check "... leaves it at the end" ours_are 0
check "... and the other is as it was" others_are "$before"

launch_watch killed "$S" -i eth0 --xdp --view none
watch_started killed "$watch_pid" || not_ok "a watch starts: $(tail -n 2 "$talk")"
{ kill -KILL "$watch_pid"; wait_exit 10 "$watch_pid"; } 2> /dev/null
check "a killed watch leaves its program" ours_are 1
rs watch -i eth0 --view none --duration 0.1 || :
check "... which the next start takes off" ours_are 0
check "... and not the other" others_are "$before"

# --- attach and detach ---

root=/sys/fs/bpf/rstscope
check "attach joins the dispatcher" does 'eth0: attached$' attach -i eth0 --xdp
check "... once" does 'attached already' attach -i eth0 --xdp
check "... before the other" status_has "$first"
mv $root/[0-9]* $root/91
check "another version is replaced" does 'replaced in place' attach -i eth0
check "... by one" ours_are 1
check "detach takes it off" does 'eth0: detached' detach --all
check "... with its pins" [ ! -e $root ]
check "... and nothing of the other" others_are "$before"
check "... nor any program of ours" ours_are 0

# --- by hand ---

if xdp xdp-loader load eth0 "$object"; then
	check "what xdp-loader has loaded is found in the dispatcher" status_has "$first"
	launch_watch by_hand "$S" --attached --view none
	watch_started by_hand "$watch_pid" || not_ok "watch --attached starts: $(tail -n 2 "$talk")"
	check "... also by a watch" logged "attached: eth0 ingress by rst_xdp \\(XDP.*by libxdp's dispatcher"
	check "... which reports that egress is missing" logged 'only ingress is recorded'
	lab_run play -p 80 open exchange client:linger=0 client:close server:expect=ECONNRESET
	one_event()
	{
		[ "$(events_of "$tuple" | jq -c 'select(.hook == "xdp" and .rst)' | wc -l)" -eq 1 ]
	}
	wait_for 30 one_event || :
	check "a reset that arrives there is reported" one_event || show_events
	end_watch "$watch_pid"
	check "detach lists it and leaves it" does 'attached by hand and is left' detach --all
	check "... there" ours_are 1
	check "... unless asked for" does 'eth0: detached' detach --all --by-hand
	check "... and then it is gone" ours_are 0
	check "... but the other is not" others_are "$before"
else
	not_ok "xdp-loader loads our program: $(tail -n 3 "$work/xdp.said")"
fi

# --- what is removed with the dispatcher ---

pinned()	# by libxdp, of ours
{
	find /sys/fs/bpf/xdp -name '*-prog' 2> /dev/null | while read -r pin; do
		bpftool prog show pinned "$pin" | grep ' name rst_xdp ' || :
	done
}

none_pinned()
{
	[ -z "$(pinned)" ] || { note "$(find /sys/fs/bpf/xdp)"; return 1; }
}

ip -n "$S" link add v0 type veth peer name v1
rs attach -i v0 --xdp || not_ok "attach to v0: $(cat "$work/said")"
ip -n "$S" link del v0
check "when its interface is removed, libxdp's pins stay" [ -n "$(pinned)" ]
rs detach --all || :
check "... until the next detach" none_pinned

ip -n "$S" link add v0 type veth peer name v1
launch_watch removed "$S" -i v0 --xdp --view none
watch_started removed "$watch_pid" || not_ok "a watch starts: $(tail -n 2 "$talk")"
ip -n "$S" link del v0
wait_for 30 none_pinned > /dev/null || :
check "a watch removes them at once" none_pinned
end_watch "$watch_pid"
check "the other's own tool takes it off in the end" xdp xdp-filter unload eth0

finish
