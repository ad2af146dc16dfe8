#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Resets that look as if a race in the socket hash table had made them, and
# races that do not happen: the same traffic without a probe, and with one that
# holds a processor just beside the window.

# shellcheck source-path=SCRIPTDIR source=lib_race.sh
. "${0%/*}/lib_race.sh"

not_race='(.cause | startswith("ehash-race") | not) and .kernel.race == null'

# --- look-alikes ---

# How many resets there are depends on how long the emulated machine takes; what must hold is that
# none of them is taken for a race.
lookalike()	# DESC STEP...
{
	local desc="$1, IPv$fam"

	shift
	lab_run play -p 80 "$@"
	later each_watch every_reset_is_told "$tuple" "$desc"
}

# shellcheck disable=SC2317 # called by each_watch
every_reset_is_told()	# TUPLE DESC
{
	local n

	if [ -n "$no_events" ]; then
		skip "$2: events" "$no_events"
		return
	fi
	n=$(events_of "$1" | jq -c "select($not_race)" | wc -l) || n=-1
	check "$2: $n events, as many as resets, and no race" [ "$n" -eq "$(wire_count "$1")" ]
	[ "$n" -eq "$(wire_count "$1")" ] || show_events "$1"
}

race_topo
start_watch "$S" -i eth0
for fam in 4 6; do
	lookalike "data just after its connection was made and lost" \
		open server:silent-close client:send=10 client:expect=ECONNRESET
	lookalike "a reset that overtook the ACK before it" \
		open client:segment=R client:segment=A client:expect=ECONNRESET
	lookalike "data of a connection that another host had" listen stray=PA,len=5
	# The SYN-ACK is still in the delay.
	lookalike "a wrong ACK to a request, just before the right one" \
		listen connect-start stray=A client:state=ESTABLISHED accept
done
settle

# --- no race ---

quiet_race()	# N DESC
{
	for fam in 4 6; do
		provoke "$1" "${race[@]}"
		later each_watch expect_race_events "$fam" 0 true "$2, IPv$fam: no"
	done
}

nothing_reset()	# DESC
{
	expect_no_wire "$1"
	settle
}

without()
{
	start_watch "$S" -i eth0
	quiet_race 100 "${race[0]} without a probe"
	nothing_reset "${race[0]} without a probe"
}

beside()	# FUNCTION WHERE
{
	start_spin "$1" "$2" $SPIN_US
	if [ "$window" = none ]; then
		skip "probe at $1 $2" "$cannot"
		return
	fi
	start_watch "$S" -i eth0
	quiet_race 20 "probe at $1 $2"
	stop_spin
	check "the probe at $1 $2 was hit" [ "$hits" -ge 20 ]
	nothing_reset "probe at $1 $2"
}

race=("race-handshake")
without
beside inet_ehash_insert entry
beside inet_ehash_insert hashed
race=(race-close --delay-us 200)
without
hashdance=$(function_of inet_twsk_hashdance_schedule inet_twsk_hashdance)
beside "$hashdance" entry
beside "$hashdance" armed
finish
