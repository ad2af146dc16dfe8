#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# An interface that is watched by name is removed, comes back with another number, is renamed, and moves to
# another namespace and back: the watch goes on, unless it is told to end.

# check() and wait_for() call functions that shellcheck takes for unreachable.
# shellcheck disable=SC2317
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

have_rstscope || skip_all "rstscope is not built"
topo2

logged()	# REGEX [COUNT]
{
	[ "$(grep -cE "$1" "$talk")" -ge "${2:-1}" ] || gone "$watch_pid"
}

attached()	# COUNT [NAME]: for the Nth time
{
	logged "^wire view: ${2:-eth0} by" "$1"
}

reported()	# PORT IF
{
	[ "$(jq -c "select(.cause == \"closed-port\" and .rst.sport == $1 and .[\"if\"] == \"$2\")" "$events" |
		wc -l)" -eq 1 ]
}

provoke()	# PORT IF DESC: one reset, and its report with this name of the interface
{
	lab_run closed-port -p "$1"
	wait_for 10 reported "$1" "$2" || :
	check "$3: a reset is reported, with $2" reported "$1" "$2"
}

new_cable()
{
	cable "$C" eth0 "$C4" "$C6" 02:00:00:00:02:11 "$S" eth0 "$S4" "$S6" 02:00:00:00:02:01
}

number()
{
	ip -n "$S" -o link show dev "$1" | cut -d: -f1
}

watch_n=1
launch_watch 1 "$S" -i eth0
watch_started 1 "$watch_pid" || skip_all "watch does not work here: $(tail -n 1 "$talk")"
provoke 81 eth0 "at first"

before=$(number eth0)
ip -n "$S" link del eth0
wait_for 10 logged "interface 'eth0' was removed" || :
check "a named interface that is removed is waited for" \
	logged "interface 'eth0' was removed; waiting for it to come back"
ip -n "$S" link add other0 type veth peer name other1
new_cable
wait_for 20 attached 2 || :
check "... and watched when it comes back with another number" \
	[ "$before" -ne "$(number eth0)" -a -n "$(grep "interface 'eth0' is back" "$talk")" ]
provoke 82 eth0 "after it came back"

ip -n "$S" link set eth0 down
ip -n "$S" link set eth0 name lan0
ip -n "$S" link set lan0 up
wait_for 10 logged "'eth0' is called 'lan0' now" || :
cable_end "$S" lan0 "$S4" "$S6" "$C4" "$C6" 02:00:00:00:02:11 2> /dev/null || :
provoke 83 lan0 "renamed"

# Another one of that name is watched, too.
ip -n "$S" link set other0 name eth0
wait_for 20 attached 3 || :
check "another interface that takes the name is watched beside it" attached 3
ip -n "$S" link del eth0
wait_for 10 logged "'eth0' was removed" 2 || :
provoke 84 lan0 "when that is gone"

ip -n "$S" link set lan0 down
ip -n "$S" link set lan0 name eth0
wait_for 10 logged "'lan0' is called 'eth0' now" || :
ip -n "$S" link set eth0 netns "$C" name moved0
wait_for 10 logged "'eth0' was moved to another network namespace; waiting" || :
check "one that is moved to another namespace is waited for" \
	logged "interface 'eth0' was moved to another network namespace; waiting for it to come back"
ip -n "$C" link set moved0 netns "$S" name eth0
wait_for 20 attached 4 || :
cable_end "$S" eth0 "$S4" "$S6" "$C4" "$C6" 02:00:00:00:02:11
provoke 85 eth0 "after it moved back"
end_watch "$watch_pid"
# shellcheck disable=SC2016 # by eval
check "nobody else is blamed for what went with an interface" eval '! grep "somebody has removed" "$talk"'

# --- the old way ---

launch_watch 2 "$S" -i eth0 --exit-when-gone
if watch_started 2 "$watch_pid"; then
	ip -n "$S" link del eth0
	wait_exit 20 "$watch_pid"
	check "--exit-when-gone ends with status 1 (status $status)" [ "$status" -eq 1 ]
	check "... and says why" grep -q 'all watched interfaces were removed' "$talk"
else
	not_ok "watch --exit-when-gone starts: $(tail -n 2 "$talk")"
fi
launch_watch 3 "$S" -i nosuch0
watch_started 3 "$watch_pid" || :
check "an interface that does not exist at the start is an error (status $status)" [ "$status" -eq 1 ]
finish
