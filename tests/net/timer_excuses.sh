#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# When these tests excuse that the kernel's account of a reset is missing (lib_timers.sh): never when
# the kernel's own trace has the reset, when accounts found no RST, or when it happens often.

# check() calls the functions.
# shellcheck disable=SC2317

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

# What an event looks like where the join failed, or the tracepoint did not run.
without_account()	# TUPLE
{
	# shellcheck disable=SC2086 # the tuple is four words
	set -- $1
	jq -c --argjson port "$2" '.cause = "unknown" | .kernel = {"view": "tracepoint", "function": null} |
		if .rst.sport == 80 then .rst.dport = $port else .rst.sport = $port end' "$watched"
}

verdict()	# TUPLE
{
	expect_timer_event "$1" true x | head -n 1
}

is_excused()	# TUPLE
{
	[[ $(verdict "$1") == "ok - x: event # SKIP"* ]]
}

is_failure()	# TUPLE
{
	[[ $(verdict "$1") == "not ok - x: event" ]]
}

fails_as_often()	# EXCUSED CHECKED
(
	timers_excused=$1 timers_checked=$2
	[[ $(check_timers) == "not ok"* ]]
)

not()
{
	! "$@"
}

topo2
trace_timers
[ -n "$timer_trace" ] || skip_all "no tracefs, or no tcp:tcp_send_reset in it"
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run linger-zero -p 80
	tuples[fam]=$tuple
done
settle
[ -z "$no_events" ] || skip_all "$no_events"

watched=$work/watched
summary=$work/summary
cp "$events" "$watched"
cp "$talk" "$summary"
events=$work/altered
for fam in 4 6; do
	# A connection that never was: nothing traced it.
	read -r from port to to_port <<< "${tuples[fam]}"
	never="$from $((port ^ 1)) $to $to_port"

	talk=$summary
	without_account "${tuples[fam]}" > "$events"
	sed -i "\\|\"$from\"|!d" "$events"
	check "a reset that the kernel traced is not excused, IPv$fam" is_failure "${tuples[fam]}"
	without_account "$never" > "$events"
	sed -i "\\|\"$from\"|!d" "$events"
	check "one that it did not trace is, IPv$fam" is_excused "$never"

	talk=$work/altered.stderr
	{ cat "$summary"; echo "1 kernel reset not seen on any watched interface"; } > "$talk"
	check "... unless an account found no RST, IPv$fam" is_failure "$never"
	sed 's/ 0 events lost/ 2 events lost/' "$summary" > "$talk"
	check "... or events were lost, IPv$fam" is_failure "$never"
	talk=$summary
	check "... or there is no trace, IPv$fam" eval "timer_trace= is_failure '$never'"
done
check "one of two may be excused" not fails_as_often 1 2
check "two of eight may" not fails_as_often 2 8
check "two of seven are too many" fails_as_often 2 7
check "all are too many" fails_as_often 4 4
finish
