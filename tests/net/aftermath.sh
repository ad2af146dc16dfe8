#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The server resets a connection, and its client never hears of it: every segment
# that it goes on to send is answered by one more RST. All of these refer to the
# first, and none says that there was no connection. A SYN begins another one.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

deaf="INPUT -p tcp --sport 80 --tcp-flags RST RST -j DROP"

# The rest refer to the first, which FILTER fits, in FILE's reports of TUPLE; but those that a slow machine had
# no time to look into.
# shellcheck disable=SC2317 # called by settle
refer_to_first()	# FILE TUPLE FILTER
{
	local events=$1

	events_of "$2" | jq -s -e "(.[0] | .follows == null and ($3))"' and
		(.[0].id as $first | length >= 4 and (.[1:] | all(.lost.hurried or (.follows.id == $first and
			(.evidence | any(test("already been reset")) and
				all(test("no live connection") | not)) and
			(.keepalive_race or (.advice[0].do | test("first RST")))))))' > /dev/null
}

# shellcheck disable=SC2317 # called by settle
refer()	# TUPLE DESC
{
	if [ -n "$no_events" ]; then
		skip "$2" "$no_events"
		return
	fi
	check "$2: the rest refer to the first" \
		refer_to_first "$events" "$1" '.cause == "linger-zero"'
	[ -s "$work/$watch_n.pcap" ] || return 0
	"$RSTSCOPE" explain -r "$work/$watch_n.pcap" --json > "$work/explained" 2> "$work/explained.err" || :
	check "$2: in a capture, too" refer_to_first "$work/explained" "$1" true
}

topo2
start_watch "$S" -i eth0
for fam in 4 6; do
	pick_iptables
	# shellcheck disable=SC2086 # words of the rule
	lab_run play -p 80 open exchange run="$(ipt_words "$C" -A $deaf)" \
		server:linger=0 server:close client:send=10 \
		client:segment=PA,seq=+10,len=10 client:segment=PA,seq=+20,len=10 \
		client:segment=PA,seq=+30,len=10 run="$(ipt_words "$C" -D $deaf)"
	later refer "$tuple" "a client that goes on, IPv$fam"

	# Refused again and again: each SYN is an attempt of its own.
	for i in 1 2; do
		lab_run play -p 81 --sport 45300 stray=S
	done
	later expect_events 2 "$tuple" '.follows == null and .cause == "closed-port"' \
		"two attempts from one port, IPv$fam"
done
settle
finish
