#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The life of a watch around its resets: ends by signal with events waiting and with a pipe that nobody
# reads, no interface yet, no work while nothing happens, and what it may still do.

# check() calls functions that shellcheck takes for unreachable.
# shellcheck disable=SC2317
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

have_rstscope || skip_all "rstscope is not built"
topo2

# --- many resets, and a signal at once ---

launch_watch many "$S" -i eth0
watch_started many "$watch_pid" || skip_all "watch does not work here: $(tail -n 1 "$talk")"
# shellcheck disable=SC2016 # expanded by the inner shell
ip netns exec "$C" bash -c 'kill -STOP $3
	for ((i = 0; i < $1; i++)); do : < /dev/tcp/$2/81; done
	kill -INT $3; kill -CONT $3' bash 500 "$S4" "$watch_pid" 2> /dev/null || :
wait_exit 20 "$watch_pid"
lost=$(sed -n 's/.* \([0-9]*\) events lost.*/\1/p' "$talk")
check "SIGINT with events waiting ends with status 0 (status $status)" [ "$status" -eq 0 ]
check "reported ($(event_count)) and lost ($lost) are all 500 that were sent" \
	[ $(($(event_count) + ${lost:-0})) -eq 500 ]
check "most are reported" [ "$(event_count)" -ge 400 ]

# --- a pipe that nobody reads ---

mkfifo "$work/blocked" 2> /dev/null || :
rm -f "$work/blocked.ready"
"$RSTSCOPE" watch --netns "$S" -i eth0 --json --ready-file "$work/blocked.ready" \
	> "$work/blocked" 2> "$work/blocked.err" &
watch_pid=$!
at_exit "kill_child $watch_pid"
exec 9< "$work/blocked"
wait_for 60 ended_or_exists "$watch_pid" "$work/blocked.ready" || :
# shellcheck disable=SC2016 # expanded by the inner shell
ip netns exec "$C" bash -c 'for ((i = 0; i < 100; i++)); do : < /dev/tcp/$1/81; done' bash "$S4" 2> /dev/null || :
is_blocked()
{
	grep -q poll "/proc/$watch_pid/wchan" 2> /dev/null
}
wait_for 5 is_blocked || :
kill -INT "$watch_pid"
ended_after_two()
{
	gone "$watch_pid" || { kill -INT "$watch_pid"; false; }
}
# By itself, or by one more while it detaches.
ended_well()
{
	[ "$status" -eq 0 ] || [ "$status" -eq 130 ]
}
wait_for 5 ended_after_two || :
wait_exit 1 "$watch_pid"
exec 9<&-
check "two SIGINTs end a watch whose output nobody reads (status $status)" ended_well
check "the summary says what was not taken" grep -q 'not written to standard output' "$work/blocked.err"

# --- nothing is up yet ---

empty=${S}e
ip netns add "$empty"
at_exit "ip netns del $empty"
launch_watch empty "$empty" -i any
if watch_started empty "$watch_pid"; then
	ip -n "$empty" link add a0 type veth peer name a1
	ip -n "$empty" link set lo up
	lo_is_watched()
	{
		gone "$watch_pid" || grep -q '^wire view: lo' "$talk"
	}
	wait_for 5 lo_is_watched || :
	check "-i any waits for the first interface to come up" grep -q '^wire view: lo' "$talk"
	end_watch "$watch_pid"
else
	not_ok "-i any starts where no interface is up: $(tail -n 2 "$talk")"
fi

# --- no work while nothing happens, and no rights to come back to ---

status_of()	# FIELD
{
	awk -v f="$1:" '$1 == f { print $2 }' "/proc/$watch_pid/status"
}
is_dropped()
{
	[ "$(status_of NoNewPrivs)" = 1 ] && [ "$(status_of CapBnd)" = 0000000000000000 ]
}
launch_watch idle "$S" -i eth0
watch_started idle "$watch_pid" || not_ok "watch starts: $(tail -n 2 "$talk")"
check "no program that it executed would get more rights" wait_for 5 is_dropped
asleep()
{
	[ "$(status_of State)" = S ]
}
wait_for 5 asleep || :
before=$(status_of voluntary_ctxt_switches)
# Ten times what it took to look for a module when it was polled: an interval, not a wait.
timeout 2 tail -f /dev/null || :
after=$(status_of voluntary_ctxt_switches)
if grep -q "module .* is not loaded" "$talk" && [ ! -e /sys/module ]; then
	skip "no wake-ups" "modules are looked for"
else
	# Every five seconds it looks whether its programs are still attached.
	check "an idle watch does not wake up but to look after its programs ($before, two seconds later $after times)" \
		[ "$after" -le "$((before + 1))" ]
fi
end_watch "$watch_pid"
finish
