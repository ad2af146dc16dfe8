#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The server closes while received data waits unread.

# settle() calls what is given to later().
# shellcheck disable=SC2317
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

topo2
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run unread-data -p 80
	app_got client ECONNRESET "unread data, IPv$fam"
	expect_reset RA '.cause == "unread-data" and .type == "active" and
		.origin == "local"' "unread data, IPv$fam"

	# Linger 0 is set as well, but the kernel looks at unread data first.
	lab_run play -p 80 open client:send=10 server:unread=10 \
		server:linger=0 server:close client:expect=ECONNRESET
	expect_reset RA '.cause == "unread-data"' \
		"unread data and linger 0, IPv$fam"
done
settle

# What is under way when the server aborts meets its listener. The client's own packet filter keeps the
# abort from it, so that it sends on. A capture tells the same.
are_follow_ups()	# FILE TUPLE DESC
{
	local causes

	causes=$(events=$1 events_of "$2" | jq -rs 'map(.cause) | .[:1] + (.[1:] | unique) | join(" ")')
	check "$3" [ "$causes" = "unread-data listener-stray" ] || note "$causes"
}

after_abort()	# TUPLE DESC
{
	[ -n "$no_events" ] || are_follow_ups "$events" "$1" "$2: events"
	[ ! -s "$work/$watch_n.explained" ] ||
		are_follow_ups <(sed 's/"cause":"unknown"/"cause":"unread-data"/' "$work/$watch_n.explained") \
			"$1" "$2: in a capture"
}

[ -z "$TIERS" ] || finish
start_watch "$S" -i eth0
for fam in 4 6; do
	ipt "$C" -A INPUT -p tcp --tcp-flags RST RST -j DROP
	lab_run play -p 80 open client:send=10 server:unread=10 server:close client:send=10
	ipt "$C" -F INPUT
	later after_abort "$tuple" "data after the abort, IPv$fam"
done
settle
finish
